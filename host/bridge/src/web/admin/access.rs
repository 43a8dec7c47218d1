//! Who may call what, and on which realm.

use super::{
    AdminState,
    caller::Caller,
    change::{self, Wanted},
    problem::{Kind, Problem},
};
use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bridge_model::{
    admin::{AdminScope, Administrator},
    audit::AuditKind,
    names::RealmName,
    realm::Realm,
};
use http::{Method, request::Parts};

/// On what an endpoint acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// On one realm: the token's own, or the one that the path names before the prefix.
    Realm,
    /// On one realm, which the resource's own path names.
    NamedRealm,
    /// On one realm, or for the platform on all of them.
    RealmOrAll,
    /// On one realm, which may be made by it; for the platform the body may be all that names it.
    NewRealm,
    /// On no realm in particular, and any administrator may.
    Any,
    /// On the platform.
    Platform,
}

/// What an endpoint asks of its caller. It stands beside the route, and in the API's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// On what it acts.
    pub(super) ground: Ground,
    /// The scope that it needs; none: any.
    pub(super) scope: Option<AdminScope>,
    /// Whether it has a directory asked.
    pub(super) asks_directory: bool,
}

impl Access {
    /// Whether it is as much as administering a realm that people of groups administer: who names a
    /// directory decides who is in its groups, and who gives people passwords can be any of them.
    fn makes_administrators(self) -> bool {
        match self.scope {
            Some(AdminScope::FederationWrite) => !self.asks_directory,
            Some(AdminScope::UserWrite) => self.asks_directory,
            _ => false,
        }
    }
}

/// A call on a realm.
pub(super) struct RealmCall {
    /// The realm.
    pub(super) realm: Realm,
    /// Who calls.
    pub(super) caller: Caller,
}

/// A call on the platform, or on whatever the body names.
pub(super) struct Call {
    /// The realm, where there is one.
    pub(super) realm: Option<Realm>,
    /// Who calls.
    pub(super) caller: Caller,
}

/// The realm that was found. Stands in a request's extensions.
#[derive(Clone)]
struct ActedOn(Option<Realm>);

/// Lets a call through to its handler, or not.
pub(super) async fn authorise(
    State((state, access)): State<(AdminState, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let checked = check(&state, access, &mut parts).await;
    request = Request::from_parts(parts, body);
    match checked {
        Ok(realm) => {
            request.extensions_mut().insert(ActedOn(realm));
            next.run(request).await
        }
        Err(problem) => {
            note_refused(&state, &request, &problem);
            problem.into_response()
        }
    }
}

async fn check(
    state: &AdminState,
    access: Access,
    parts: &mut Parts,
) -> Result<Option<Realm>, Problem> {
    let caller = caller(parts)?;
    let resource = if access.ground == Ground::NamedRealm {
        Some(realm_segment(parts).await?)
    } else {
        None
    };
    let wanted = acted_on(&caller, access.ground, resource.as_deref())?;
    if let Some(scope) = access.scope
        && !caller.administrator.may(scope)
    {
        return Err(insufficient(scope));
    }
    if access.asks_directory && caller.administrator.client_id.is_some() {
        state
            .limits
            .directory_request(&key(&caller.administrator))?;
    }
    let Some(name) = wanted else {
        return Ok(None);
    };
    tracing::Span::current().record("realm", name.as_str());
    let realm = state.web.store.realm(&name).await?;
    if access.makes_administrators()
        && realm
            .as_ref()
            .is_some_and(|realm| !realm.admin_groups.is_empty())
        && !caller.administrator.may(AdminScope::RealmAdmin)
    {
        return Err(insufficient(AdminScope::RealmAdmin));
    }
    match (realm, access.ground) {
        (None, Ground::NewRealm) if caller.administrator.is_of_platform() => Ok(None),
        (None, _) => Err(Problem::unknown_realm()),
        (found, _) => Ok(found),
    }
}

/// The realm that a call acts on, whether it is there or not; none: on none.
///
/// A realm's administrator has one realm. Any other is not there, wherever it is named and whatever
/// it is named for, so that nobody hears which realms there are.
fn acted_on(
    caller: &Caller,
    ground: Ground,
    resource: Option<&str>,
) -> Result<Option<RealmName>, Problem> {
    let parsed = |name: &str| RealmName::new(name).map_err(|_| Problem::unknown_realm());
    let named = caller.named.as_deref().map(parsed).transpose()?;
    let own = match &caller.administrator.realm {
        Some(own) if !caller.administrator.is_of_platform() => Some(own.clone()),
        _ => None,
    };
    if let (Some(own), Some(named)) = (&own, &named)
        && own != named
    {
        return Err(Problem::unknown_realm());
    }
    match ground {
        Ground::Realm => match own.or(named) {
            Some(realm) => Ok(Some(realm)),
            None => Err(Problem::new(
                Kind::Invalid,
                "all realms are yours: name one in the path, as /realms/NAME before the prefix",
            )),
        },
        Ground::NamedRealm => {
            let resource = parsed(resource.unwrap_or_default())?;
            match own.or(named) {
                Some(only) if only != resource => Err(Problem::unknown_realm()),
                _ => Ok(Some(resource)),
            }
        }
        Ground::RealmOrAll | Ground::NewRealm => Ok(own.or(named)),
        Ground::Platform if own.is_some() => Err(Problem::new(
            Kind::Forbidden,
            "this takes an administrator of the platform",
        )),
        Ground::Platform | Ground::Any => Ok(None),
    }
}

/// Who an administrator is to the limits.
fn key(administrator: &Administrator) -> String {
    let realm = administrator.realm.as_ref().map_or("", RealmName::as_str);
    format!("{realm} {}", administrator.name)
}

/// RFC 6750 section 3.1.
fn insufficient(scope: AdminScope) -> Problem {
    Problem::new(
        Kind::Forbidden,
        format!("the token does not have the scope {scope}"),
    )
    .challenge(&format!(
        "Bearer realm=\"admin\", error=\"insufficient_scope\", scope=\"{scope}\""
    ))
}

async fn realm_segment(parts: &mut Parts) -> Result<String, Problem> {
    let segments = RawPathParams::from_request_parts(parts, &()).await;
    let segments = segments.map_err(|_| Problem::unknown_realm())?;
    let mut segments = segments.iter();
    let found = segments.find(|(name, _)| matches!(*name, "name" | "realm"));
    found
        .map(|(_, value)| value.to_owned())
        .ok_or_else(Problem::unknown_realm)
}

fn caller(parts: &Parts) -> Result<Caller, Problem> {
    let caller = parts.extensions.get::<Caller>().cloned();
    caller.ok_or_else(|| Problem::new(Kind::Internal, "nobody was asked who they are"))
}

/// A change that was refused at the door stands in the audit trail too.
fn note_refused(state: &AdminState, request: &Request, problem: &Problem) {
    let kind = match *request.method() {
        Method::GET | Method::HEAD => return,
        Method::DELETE => AuditKind::Removed,
        Method::PUT | Method::PATCH => AuditKind::Changed,
        _ => AuditKind::Created,
    };
    let Some(caller) = request.extensions().get::<Caller>() else {
        return;
    };
    let wanted = Wanted {
        kind,
        object: request.uri().path().to_owned(),
        realm: caller.administrator.realm.clone(),
    };
    change::note_refused(state, caller, wanted, problem);
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let realm = parts.extensions.get::<ActedOn>().cloned();
        let ActedOn(realm) = realm
            .ok_or_else(|| Problem::new(Kind::Internal, "nobody was asked what they may do"))?;
        Ok(Self {
            realm,
            caller: caller(parts)?,
        })
    }
}

impl<S: Sync> FromRequestParts<S> for RealmCall {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Call { realm, caller } = Call::from_request_parts(parts, state).await?;
        let realm = realm.ok_or_else(|| Problem::new(Kind::Internal, "no realm is acted on"))?;
        Ok(Self { realm, caller })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::request::RequestContext;
    use std::sync::Arc;

    fn caller(realm: Option<&str>, named: Option<&str>) -> Caller {
        Caller {
            administrator: Arc::new(Administrator {
                realm: realm.map(|realm| RealmName::new(realm).expect("a name")),
                name: "ops".to_owned(),
                client_id: None,
                scopes: AdminScope::ALL.to_vec(),
            }),
            context: RequestContext {
                id: "0".to_owned(),
                address: None,
            },
            named: named.map(str::to_owned),
            path: String::new(),
        }
    }

    #[test]
    fn a_call_acts_on_the_realm_of_the_token_or_of_the_path() {
        let nothing = "not_found";
        let cases = [
            (Some("a"), None, Ground::Realm, Ok(Some("a"))),
            (Some("a"), Some("a"), Ground::Realm, Ok(Some("a"))),
            (Some("a"), Some("b"), Ground::Realm, Err(nothing)),
            (Some("a"), Some("B!"), Ground::Realm, Err(nothing)),
            (Some("a"), Some("platform"), Ground::Realm, Err(nothing)),
            (Some("platform"), Some("b"), Ground::Realm, Ok(Some("b"))),
            (Some("platform"), None, Ground::Realm, Err("invalid")),
            (None, Some("b"), Ground::Realm, Ok(Some("b"))),
            (None, None, Ground::Realm, Err("invalid")),
            (Some("a"), None, Ground::RealmOrAll, Ok(Some("a"))),
            (None, None, Ground::RealmOrAll, Ok(None)),
            (None, Some("b"), Ground::RealmOrAll, Ok(Some("b"))),
            (Some("a"), None, Ground::Platform, Err("forbidden")),
            (Some("a"), Some("b"), Ground::Platform, Err(nothing)),
            (Some("platform"), None, Ground::Platform, Ok(None)),
            (None, None, Ground::Platform, Ok(None)),
            (Some("a"), Some("b"), Ground::Any, Err(nothing)),
            (Some("a"), None, Ground::Any, Ok(None)),
        ];
        for (realm, named, ground, expected) in cases {
            let found = acted_on(&caller(realm, named), ground, None);
            let found = found
                .as_ref()
                .map(|name| name.as_ref().map(RealmName::as_str));
            let found = found.map_err(|problem| problem.kind.word());
            assert_eq!(found, expected, "{realm:?} {named:?} {ground:?}");
        }
    }

    #[test]
    fn the_resource_of_a_realm_is_its_own_and_the_platforms() {
        for (realm, named, resource, expected) in [
            (Some("a"), None, "a", true),
            (Some("a"), None, "b", false),
            (Some("a"), Some("b"), "b", false),
            (Some("platform"), None, "b", true),
            (Some("platform"), Some("a"), "b", false),
            (None, None, "b", true),
            (None, None, "B", false),
        ] {
            let found = acted_on(&caller(realm, named), Ground::NamedRealm, Some(resource));
            assert_eq!(found.is_ok(), expected, "{realm:?} {named:?} {resource}");
            if let Err(problem) = found {
                assert_eq!(problem, Problem::unknown_realm());
            }
        }
    }
}
