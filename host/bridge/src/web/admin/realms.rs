//! `/realms`: the tenants.

use super::{
    AdminState,
    access::{Access, Call, Ground, RealmCall},
    api::Endpoint,
    body::{Document, Patch, Segments},
    change::{Done, Wanted, audited},
    etag::{Conditions, tagged},
    merge::merged,
    problem::{Kind, Problem},
    shape::Shape,
};
use crate::documents::{RealmDocument, read_realm};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{
    admin::{AdminScope, Administrator},
    audit::AuditKind,
    names::RealmName,
    policy::PolicyRules,
    ports::Precondition,
    realm::{PLATFORM, Realm},
};
use http::{StatusCode, header};
use serde_json::Value;

const TAG: &str = "realms";
const PLATFORMS: Access = Access::platform(AdminScope::RealmAdmin);
const OWN: Access = PLATFORMS.on(Ground::NamedRealm);
const ALL: &str = "/realms";
const ONE: &str = "/realms/{name}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let shape = Shape::of::<RealmDocument>;
    vec![
        Endpoint::get(ALL, PLATFORMS, list)
            .about(TAG, "list_realms", "All realms, by name")
            .answers(200, "The realms", Shape::list_of::<RealmDocument>()),
        Endpoint::post(ALL, PLATFORMS, create)
            .about(
                TAG,
                "create_realm",
                "Makes a realm; its keys are made when they are first needed",
            )
            .takes(shape())
            .answers(201, "The realm", shape()),
        Endpoint::get(ONE, OWN, get)
            .about(TAG, "get_realm", "One realm")
            .conditional()
            .answers(200, "The realm", shape()),
        Endpoint::patch(ONE, OWN, patch)
            .about(
                TAG,
                "change_realm",
                "Changes members of a realm (RFC 7396); enabled switches it off and on",
            )
            .takes(Shape::object())
            .conditional()
            .answers(200, "The realm as it is now", shape()),
        Endpoint::delete(ONE, PLATFORMS, delete)
            .about(
                TAG,
                "delete_realm",
                "Deletes a realm with everything in it; who its people were is forgotten for good",
            )
            .conditional()
            .answers_empty(204, "It is gone"),
    ]
}

async fn list(State(state): State<AdminState>, _: Call) -> Result<Response, Problem> {
    let realms = state.web.store.realms().await?;
    let documents = realms.iter().map(RealmDocument::from);
    Ok(Json(documents.collect::<Vec<_>>()).into_response())
}

async fn create(
    State(state): State<AdminState>,
    call: Call,
    Document(document): Document,
) -> Result<Response, Problem> {
    let caller = call.caller;
    let name = document.get("name").and_then(Value::as_str);
    let name = name.and_then(|name| RealmName::new(name).ok());
    let wanted = Wanted {
        kind: AuditKind::Created,
        object: name.as_ref().map_or_else(|| "realm".to_owned(), name_of),
        realm: name,
    };
    let kept = audited(&state, &caller, wanted, async {
        let realm = read_realm(&document, state.policies.as_ref())?;
        may_rule(&caller.administrator, None, &realm)?;
        let now = state.web.clock.now();
        let kept = state
            .web
            .store
            .save_realm(&realm, Precondition::Absent, now)
            .await?;
        state.federations.reload(&kept.name);
        Ok(Done {
            after: shown(&kept),
            ..Done::new(kept)
        })
    })
    .await?;
    let location = [(header::LOCATION, format!("{}/{}", caller.path, kept.name))];
    let answer = (
        StatusCode::CREATED,
        location,
        Json(RealmDocument::from(&kept)),
    );
    Ok(tagged(kept.revision, answer))
}

async fn get(call: RealmCall, conditions: Conditions) -> Response {
    conditions.answer(call.realm.revision, &RealmDocument::from(&call.realm))
}

async fn patch(
    State(state): State<AdminState>,
    call: RealmCall,
    conditions: Conditions,
    Patch(patch): Patch,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&realm.name));
    let kept = audited(&state, &caller, wanted, async {
        let document = merged(shown(&realm).unwrap_or_default(), patch);
        let changed = read_realm(&document, state.policies.as_ref())?;
        if changed.name != realm.name {
            let message = "is part of the issuer and cannot change; make a new realm";
            return Err(Problem::of_member("name", message));
        }
        may_rule(&caller.administrator, Some(&realm), &changed)?;
        let precondition = conditions.of_change(realm.revision, true)?;
        let now = state.web.clock.now();
        let kept = state
            .web
            .store
            .save_realm(&changed, precondition, now)
            .await?;
        state.federations.reload(&kept.name);
        Ok(Done {
            before: shown(&realm),
            after: shown(&kept),
            ..Done::new(kept)
        })
    })
    .await?;
    let document = Json(RealmDocument::from(&kept));
    Ok(tagged(kept.revision, document))
}

async fn delete(
    State(state): State<AdminState>,
    call: Call,
    segments: Segments,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let caller = call.caller;
    let name = segments.named("name", "realm", RealmName::new)?;
    // A path that names two realms may be meant for either.
    if caller
        .named
        .as_deref()
        .is_some_and(|named| named != name.as_str())
    {
        return Err(Problem::unknown_realm());
    }
    let realm = state.web.store.realm(&name).await?;
    let realm = realm.ok_or_else(Problem::unknown_realm)?;
    let wanted = Wanted::new(AuditKind::Removed, &name, name_of(&name));
    audited(&state, &caller, wanted, async {
        let precondition = conditions.of_change(realm.revision, false)?;
        if name.as_str() == PLATFORM {
            return Err(Problem::new(
                Kind::Conflict,
                "the administrators of all realms live here: this realm stays",
            ));
        }
        state.web.store.remove_realm(&name, precondition).await?;
        state.federations.reload(&name);
        state.web.provider.forget(&name);
        state.sources.forget_realm(&name);
        Ok(Done {
            before: shown(&realm),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The rules for policies keep one realm's policies from another's time, and the platform's word on who
/// is trusted: they are the platform's to change.
///
/// # Errors
///
/// For anybody else who would change them.
pub(super) fn may_rule(
    administrator: &Administrator,
    before: Option<&Realm>,
    after: &Realm,
) -> Result<(), Problem> {
    let before = before.map_or_else(PolicyRules::default, |realm| realm.policies.clone());
    let may = administrator.is_of_platform() && administrator.may(AdminScope::PolicyAdmin);
    if before == after.policies || may {
        return Ok(());
    }
    let scope = AdminScope::PolicyAdmin;
    let message = format!(
        "is for administrators of the platform with the scope {scope}; send it as it is shown"
    );
    Err(Problem {
        kind: Kind::Forbidden,
        ..Problem::of_member("policies", message)
    })
}

/// `realm staff`.
fn name_of(name: &RealmName) -> String {
    format!("realm {name}")
}

fn shown(realm: &Realm) -> Option<Value> {
    serde_json::to_value(RealmDocument::from(realm)).ok()
}
