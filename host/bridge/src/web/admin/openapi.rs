//! The API's description of itself (OpenAPI 3.1).

use super::{AdminState, api::TOKEN_SCHEME, prefix::Prefixes};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::admin::AdminScope;
use http::{HeaderValue, header};
use std::collections::BTreeMap;
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Schema, Server, ServerBuilder,
    path::PathsBuilder,
    schema::ComponentsBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    server::ServerVariableBuilder,
};

/// The description of these paths and shapes, found below these prefixes.
pub(super) fn description(
    prefixes: &Prefixes,
    paths: PathsBuilder,
    shapes: BTreeMap<String, RefOr<Schema>>,
) -> OpenApi {
    let scopes: Vec<_> = AdminScope::ALL.iter().map(|scope| scope.as_str()).collect();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(format!(
            "An access token of a realm, with scopes of {}. A token of the realm `platform` acts on the realm that the path names before the prefix.",
            scopes.join(", ")
        )))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(shapes)
        .security_scheme(TOKEN_SCHEME, SecurityScheme::Http(token))
        .build();
    let info = InfoBuilder::new()
        .title("ldap-oidc-bridge: administration")
        .version("1")
        .description(Some(
            "Federations, clients, realms, users and the audit trail; users also in Keycloak's shape. Nothing is ever restarted: what is answered with success is in force.",
        ))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some(servers(prefixes)))
        .paths(paths.build())
        .components(Some(components))
        .build()
}

/// Each prefix, plain and below a realm.
fn servers(prefixes: &Prefixes) -> Vec<Server> {
    let mut servers = Vec::new();
    for text in prefixes.texts() {
        for (realm, about) in [
            ("", "of the token's own realm"),
            ("/realms/{realm}", "of any realm"),
        ] {
            let url = format!("{realm}{text}");
            let mut server = ServerBuilder::new().description(Some(about));
            for name in url.split(['{', '}']).skip(1).step_by(2) {
                let value = if name == "realm" {
                    "platform"
                } else {
                    "localhost"
                };
                let variable = ServerVariableBuilder::new().default_value(value);
                server = server.parameter(name, variable);
            }
            servers.push(server.url(url).build());
        }
    }
    servers
}

/// `GET /openapi.json`.
pub(super) async fn get(State(state): State<AdminState>) -> Response {
    let media_type = HeaderValue::from_static("application/json");
    let text = state.description.get().cloned().unwrap_or_default();
    ([(header::CONTENT_TYPE, media_type)], text).into_response()
}
