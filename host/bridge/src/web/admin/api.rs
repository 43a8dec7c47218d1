//! Endpoints, each with what it asks of its caller and what it says of itself: the router and the
//! description are made of the same lines, so that neither has what the other lacks.

use super::{
    AdminState, KEYCLOAK, ROOT,
    access::{Access, Ground, authorise},
    body::{JSON, MERGE_PATCH},
    keycloak::ErrorRepresentation,
    problem::{MEDIA_TYPE, ProblemDocument},
    shape::Shape,
};
use axum::{
    Router,
    handler::Handler,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, on},
};
use bridge_model::admin::AdminScope;
use std::collections::BTreeMap;
use utoipa::openapi::{
    HttpMethod, RefOr, Required, ResponseBuilder, Schema,
    content::ContentBuilder,
    path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder},
    request_body::RequestBodyBuilder,
    response::ResponsesBuilder,
    schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    security::SecurityRequirement,
};

/// The name of the way to prove who one is, in the description.
pub(super) const TOKEN_SCHEME: &str = "token";

/// One endpoint.
pub(super) struct Endpoint {
    method: HttpMethod,
    /// What stands before the path.
    root: &'static str,
    path: &'static str,
    access: Access,
    handler: MethodRouter<AdminState>,
    operation: OperationBuilder,
    responses: ResponsesBuilder,
    shapes: Vec<(String, RefOr<Schema>)>,
}

/// All endpoints.
pub(super) struct Api {
    state: AdminState,
    router: Router<AdminState>,
    paths: PathsBuilder,
    shapes: BTreeMap<String, RefOr<Schema>>,
}

impl Access {
    /// On one realm: the token's or the path's.
    pub(super) const fn realm(scope: AdminScope) -> Self {
        Self {
            ground: Ground::Realm,
            scope: Some(scope),
            asks_directory: false,
        }
    }

    /// On the platform.
    pub(super) const fn platform(scope: AdminScope) -> Self {
        Self {
            ground: Ground::Platform,
            scope: Some(scope),
            asks_directory: false,
        }
    }

    /// The same, elsewhere.
    pub(super) const fn on(self, ground: Ground) -> Self {
        Self { ground, ..self }
    }

    /// The same, of something that has a directory asked.
    pub(super) const fn asking(self) -> Self {
        Self {
            asks_directory: true,
            ..self
        }
    }
}

impl Endpoint {
    /// Reads something.
    pub(super) fn get<H, T>(path: &'static str, access: Access, handler: H) -> Described
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        let route = on(MethodFilter::GET, handler);
        Described(Self::new(HttpMethod::Get, path, access, route))
    }

    /// Makes something, or has something done.
    pub(super) fn post<H, T>(path: &'static str, access: Access, handler: H) -> Described
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        let route = on(MethodFilter::POST, handler);
        Described(Self::new(HttpMethod::Post, path, access, route))
    }

    /// Puts something in the place of what is there.
    pub(super) fn put<H, T>(path: &'static str, access: Access, handler: H) -> Described
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        let route = on(MethodFilter::PUT, handler);
        Described(Self::new(HttpMethod::Put, path, access, route))
    }

    /// Changes something.
    pub(super) fn patch<H, T>(path: &'static str, access: Access, handler: H) -> Described
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        let route = on(MethodFilter::PATCH, handler);
        Described(Self::new(HttpMethod::Patch, path, access, route))
    }

    /// Removes something.
    pub(super) fn delete<H, T>(path: &'static str, access: Access, handler: H) -> Described
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        let route = on(MethodFilter::DELETE, handler);
        Described(Self::new(HttpMethod::Delete, path, access, route))
    }

    fn new(
        method: HttpMethod,
        path: &'static str,
        access: Access,
        handler: MethodRouter<AdminState>,
    ) -> Self {
        let problem = Shape::of::<ProblemDocument>();
        let answer = ResponseBuilder::new()
            .description("What is wrong, and what to do")
            .content(
                MEDIA_TYPE,
                ContentBuilder::new().schema(Some(problem.schema)),
            );
        let endpoint = Self {
            method,
            root: ROOT,
            path,
            access,
            handler,
            operation: OperationBuilder::new(),
            responses: ResponsesBuilder::new().response("default", answer),
            shapes: problem.named,
        };
        endpoint.with_segments()
    }

    fn with_segments(mut self) -> Self {
        for segment in self.path.split('/') {
            let name = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            let Some(name) = name else { continue };
            let mut schema = ObjectBuilder::new().schema_type(Type::String);
            if matches!(name, "id" | "secret_id") {
                schema = schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
            }
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(schema));
            self.operation = self.operation.parameter(parameter);
        }
        self
    }

    /// The same, where Keycloak has it, with errors as Keycloak's are.
    pub(super) fn in_keycloaks_shape(mut self) -> Self {
        let error = Shape::of::<ErrorRepresentation>();
        let answer = ResponseBuilder::new()
            .description("What is wrong, and what to do")
            .content(JSON, ContentBuilder::new().schema(Some(error.schema)));
        self.root = KEYCLOAK;
        self.responses = self.responses.response("default", answer);
        self.shapes.extend(error.named);
        self
    }

    /// With a parameter of the query.
    pub(super) fn query(mut self, name: &str, about: &str, shape: Shape) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(Some(about))
            .required(Required::False)
            .schema(Some(shape.schema));
        self.operation = self.operation.parameter(parameter);
        self.shapes.extend(shape.named);
        self
    }

    /// With a body.
    pub(super) fn takes(self, shape: Shape) -> Self {
        self.with_body(shape, Required::True)
    }

    /// With a body that may be left out.
    pub(super) fn takes_optional(self, shape: Shape) -> Self {
        self.with_body(shape, Required::False)
    }

    fn with_body(mut self, shape: Shape, required: Required) -> Self {
        let content = ContentBuilder::new().schema(Some(shape.schema)).build();
        let mut body = RequestBodyBuilder::new()
            .required(Some(required))
            .content(JSON, content.clone());
        if self.method == HttpMethod::Patch {
            body = body.content(MERGE_PATCH, content);
        }
        self.operation = self.operation.request_body(Some(body.build()));
        self.shapes.extend(shape.named);
        self
    }

    /// With a body of octets, of one of these media types.
    pub(super) fn takes_octets(mut self, types: &[&str]) -> Self {
        let octets = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .build();
        let mut body = RequestBodyBuilder::new().required(Some(Required::True));
        for media_type in types {
            let content = ContentBuilder::new().schema(Some(octets.clone())).build();
            body = body.content(*media_type, content);
        }
        self.operation = self.operation.request_body(Some(body.build()));
        self
    }

    /// With a header of the request that may be left out.
    pub(super) fn header(mut self, name: &str, about: &str) -> Self {
        self.operation = self.operation.parameter(header(name, about));
        self
    }

    /// With a body in the answer.
    pub(super) fn answers(mut self, status: u16, about: &str, shape: Shape) -> Self {
        let answer = ResponseBuilder::new()
            .description(about)
            .content(JSON, ContentBuilder::new().schema(Some(shape.schema)));
        self.responses = self.responses.response(status.to_string(), answer);
        self.shapes.extend(shape.named);
        self
    }

    /// With an answer that has no body.
    pub(super) fn answers_empty(mut self, status: u16, about: &str) -> Self {
        let answer = ResponseBuilder::new().description(about);
        self.responses = self.responses.response(status.to_string(), answer);
        self
    }

    /// Takes the headers that a change may be made to depend on.
    pub(super) fn conditional(mut self) -> Self {
        if self.method == HttpMethod::Get {
            let about = "The entity tag that is known already: then the answer is 304";
            self.operation = self.operation.parameter(header("If-None-Match", about));
            return self.answers_empty(304, "It is what is known already");
        }
        let about = "The entity tag that the change was made from: for any other the answer is 412";
        self.operation = self.operation.parameter(header("If-Match", about));
        self
    }
}

/// A header of a request that may be left out.
fn header(name: &str, about: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(about))
        .required(Required::False)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
}

/// An endpoint that has not said yet what it does.
pub(super) struct Described(Endpoint);

impl Described {
    /// Says what it does, in the group `tag`.
    pub(super) fn about(self, tag: &str, id: &str, summary: &str) -> Endpoint {
        let mut endpoint = self.0;
        let access = endpoint.access;
        let scopes: Vec<_> = access.scope.iter().map(|scope| scope.as_str()).collect();
        let ground = match access.ground {
            Ground::Realm | Ground::NamedRealm => "Acts on one realm.",
            Ground::NewRealm => {
                "Acts on one realm; for the platform on one that need not be there yet."
            }
            Ground::RealmOrAll => {
                "Acts on one realm; on all of them for the platform, if none is named."
            }
            Ground::Any => "Any administrator may.",
            Ground::Platform => "Takes an administrator of the platform.",
        };
        endpoint.operation = endpoint
            .operation
            .tag(tag)
            .operation_id(Some(id))
            .summary(Some(summary))
            .description(Some(match scopes.first() {
                Some(scope) => format!("{ground} Needs the scope `{scope}`."),
                None => ground.to_owned(),
            }))
            .security(SecurityRequirement::new(TOKEN_SCHEME, scopes));
        endpoint
    }
}

impl Api {
    pub(super) fn new(state: AdminState) -> Self {
        Self {
            state,
            router: Router::new(),
            paths: PathsBuilder::new(),
            shapes: BTreeMap::new(),
        }
    }

    /// Adds endpoints.
    pub(super) fn add(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        for endpoint in endpoints {
            let path = format!("{}{}", endpoint.root, endpoint.path);
            let door = from_fn_with_state((self.state.clone(), endpoint.access), authorise);
            self.router = self.router.route(&path, endpoint.handler.route_layer(door));
            let operation = endpoint.operation.responses(endpoint.responses.build());
            let item = PathItem::new(endpoint.method, operation);
            self.paths = self.paths.path(path, item);
            self.shapes.extend(endpoint.shapes);
        }
        self
    }

    /// The router, and what the description is made of.
    pub(super) fn into_parts(
        self,
    ) -> (
        Router<AdminState>,
        PathsBuilder,
        BTreeMap<String, RefOr<Schema>>,
    ) {
        (self.router, self.paths, self.shapes)
    }
}
