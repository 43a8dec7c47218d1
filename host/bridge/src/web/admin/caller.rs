//! Who asks: by a token, or by standing at the machine itself.

use super::{
    AdminState,
    prefix::{AskedPath, PathRealm},
    problem::{Kind, Problem},
};
use crate::web::{failure::Failure, request::RequestContext};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bridge_model::{
    admin::{AdminScope, Administrator},
    names::RealmName,
};
use bridge_oidc::AdminTokenError;
use http::{HeaderMap, header};
use std::sync::Arc;

/// The user id of the process at the other end of the Unix socket. Only the socket's listener puts it
/// into a request's extensions, where no header can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerUid(pub(super) u32);

/// Who asks, and in which request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Who.
    pub(super) administrator: Arc<Administrator>,
    /// The request.
    pub(super) context: RequestContext,
    /// The realm that the path names, as it was written.
    pub(super) named: Option<String>,
    /// The path as it was asked for.
    pub(super) path: String,
}

/// Lets nobody on whom the bridge does not know.
pub(super) async fn identify(
    State(state): State<AdminState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(context) = request.extensions().get::<RequestContext>().cloned() else {
        return Problem::new(Kind::Internal, "the request has no context").into_response();
    };
    let administrator = match request.extensions().get::<PeerUid>() {
        Some(PeerUid(uid)) => at_the_machine(*uid, state.settings.own_uid),
        None => by_token(&state, request.headers(), &context).await,
    };
    let administrator = match administrator {
        Ok(administrator) => administrator,
        Err(problem) => return problem.into_response(),
    };
    let named = request.extensions().get::<PathRealm>();
    let named = named.map(|PathRealm(realm)| realm.clone());
    let path = request.extensions().get::<AskedPath>();
    let path = path.map_or_else(String::new, |AskedPath(path)| path.clone());
    request.extensions_mut().insert(Caller {
        administrator: Arc::new(administrator),
        context,
        named,
        path,
    });
    next.run(request).await
}

/// Whoever may read the bridge's memory and database anyway: the user it runs as, and root.
fn at_the_machine(uid: u32, own: u32) -> Result<Administrator, Problem> {
    if uid != 0 && uid != own {
        return Err(Problem::new(
            Kind::Forbidden,
            "this socket is for the user that the bridge runs as, and for root",
        ));
    }
    Ok(Administrator {
        realm: None,
        name: format!("uid {uid}"),
        client_id: None,
        scopes: AdminScope::ALL.to_vec(),
    })
}

async fn by_token(
    state: &AdminState,
    headers: &HeaderMap,
    context: &RequestContext,
) -> Result<Administrator, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else {
        // RFC 6750 section 3.1: whoever brought nothing is told nothing but what is wanted.
        return Err(unauthenticated("send a token: Authorization: Bearer …")
            .challenge("Bearer realm=\"admin\""));
    };
    let token = value.to_str().ok().filter(|_| more.is_none());
    let token = token.and_then(bridge_oidc::bearer_token);
    let administrator = match token {
        Some(token) => administrator(state, token).await?,
        None => None,
    };
    let Some(administrator) = administrator else {
        state.limits.failure(context.address)?;
        return Err(
            unauthenticated("the token is not one of an administrator, or it is over")
                .challenge("Bearer realm=\"admin\", error=\"invalid_token\""),
        );
    };
    let key = administrator.realm.as_ref().map_or("", RealmName::as_str);
    state
        .limits
        .request(&format!("{key} {}", administrator.name))?;
    Ok(administrator)
}

/// The administrator whose token this is; none: nobody's.
async fn administrator(state: &AdminState, token: &str) -> Result<Option<Administrator>, Problem> {
    let provider = &state.web.provider;
    // The token says whose it is before anything of it is verified; then it has to be.
    let Some(name) = provider.issuer_realm(token) else {
        return Ok(None);
    };
    let Some(realm) = state.web.store.realm(&name).await? else {
        return Ok(None);
    };
    match provider.administrator(&realm, token).await {
        Ok(administrator) => Ok(Some(administrator)),
        Err(AdminTokenError::NoToken | AdminTokenError::Invalid) => Ok(None),
        Err(AdminTokenError::Store(error)) => Err(error.into()),
        Err(AdminTokenError::Keys(error)) => Err(Failure::of_keys(&error).into()),
    }
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
}
