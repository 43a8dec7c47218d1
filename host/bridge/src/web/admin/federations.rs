//! `/user-federations`: the configured directories of a realm.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Document, Parameters, Patch, Segments},
    caller::Caller,
    change::{Done, Wanted, audited},
    etag::{Conditions, tagged},
    merge::merged,
    problem::{Kind, Problem},
    shape::Shape,
};
use crate::documents::{Around, FederationDocument, ReadFederation, read_federation};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::subject_effect;
use bridge_model::{
    admin::AdminScope,
    audit::AuditKind,
    federation::ServiceBind,
    names::{FederationId, FederationName, RealmName},
    ports::Precondition,
    realm::{PlannedFederation, Realm},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) const TAG: &str = "user federations";
pub(super) const READ: Access = Access::realm(AdminScope::FederationRead);
const WRITE: Access = Access::realm(AdminScope::FederationWrite);
const ALL: &str = "/user-federations";
const ONE: &str = "/user-federations/{id}";
/// The query that says that people may become others.
const CHANGE_SUBJECTS: &str = "change_subjects";

/// What was made.
#[derive(Serialize, ToSchema)]
struct Made {
    /// Its id.
    id: Uuid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaveQuery {
    #[serde(default)]
    change_subjects: bool,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let shape = Shape::of::<FederationDocument>;
    let changes = |endpoint: Endpoint| {
        endpoint
            .query(
                CHANGE_SUBJECTS,
                "Whether the people who are known through it may become others to all applications",
                Shape::flag(),
            )
            .conditional()
            .answers(200, "The federation as it is now", shape())
    };
    vec![
        Endpoint::get(ALL, READ, list)
            .about(
                TAG,
                "list_federations",
                "All federations, in the order in which they are asked",
            )
            .answers(
                200,
                "The federations",
                Shape::list_of::<FederationDocument>(),
            ),
        Endpoint::post(ALL, WRITE, create)
            .about(TAG, "create_federation", "Makes a federation")
            .takes(shape())
            .answers(
                201,
                "It is made, and asked at the next sign-in",
                Shape::of::<Made>(),
            ),
        Endpoint::get(ONE, READ, get)
            .about(
                TAG,
                "get_federation",
                "One federation, without its bind credential",
            )
            .conditional()
            .answers(200, "The federation", shape()),
        changes(
            Endpoint::put(ONE, WRITE, put)
                .about(
                    TAG,
                    "replace_federation",
                    "Replaces a federation; the bind credential stays where none is given",
                )
                .takes(shape()),
        ),
        changes(
            Endpoint::patch(ONE, WRITE, patch)
                .about(
                    TAG,
                    "change_federation",
                    "Changes members of a federation (RFC 7396)",
                )
                .takes(Shape::object()),
        ),
        Endpoint::delete(ONE, WRITE, delete)
            .about(
                TAG,
                "delete_federation",
                "Deletes a federation, the users known through it and their sessions",
            )
            .conditional()
            .answers_empty(204, "It is gone"),
    ]
}

async fn list(State(state): State<AdminState>, call: RealmCall) -> Result<Response, Problem> {
    let federations = state.web.store.federations(&call.realm.name).await?;
    let documents = federations.iter().map(FederationDocument::from);
    Ok(Json(documents.collect::<Vec<_>>()).into_response())
}

async fn create(
    State(state): State<AdminState>,
    call: RealmCall,
    Document(document): Document,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let wanted = Wanted::new(
        AuditKind::Created,
        &realm.name,
        object(&realm.name, &document),
    );
    let kept = audited(&state, &caller, wanted, async {
        let read = read(&state, &realm, &document, false)?;
        let mut planned = read.planned;
        planned.federation.id = FederationId(state.web.random.uuid());
        let store = &state.web.store;
        let now = state.web.clock.now();
        let credential = read.bind_credential.as_ref();
        let kept = store
            .save_federation(&planned, credential, Precondition::Absent, now)
            .await?;
        state.federations.reload(&realm.name);
        Ok(Done {
            after: shown(&kept),
            policy: Some(kept.policy.clone()),
            ..Done::new(kept)
        })
    })
    .await?;
    let id = kept.federation.id.0;
    let location = [(header::LOCATION, format!("{}/{id}", caller.path))];
    let answer = (StatusCode::CREATED, location, Json(Made { id }));
    Ok(tagged(kept.revision, answer))
}

async fn get(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    Ok(conditions.answer(planned.revision, &FederationDocument::from(&planned)))
}

async fn put(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Parameters(query): Parameters<SaveQuery>,
    conditions: Conditions,
    Document(document): Document,
) -> Result<Response, Problem> {
    let current = find(&state, &call.realm, &segments).await?;
    let precondition = conditions.of_change(current.revision, false);
    let wish = Wish {
        document,
        current,
        precondition,
        may_change_subjects: query.change_subjects,
    };
    save(&state, &call.realm, &call.caller, wish).await
}

async fn patch(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Parameters(query): Parameters<SaveQuery>,
    conditions: Conditions,
    Patch(patch): Patch,
) -> Result<Response, Problem> {
    let current = find(&state, &call.realm, &segments).await?;
    let precondition = conditions.of_change(current.revision, true);
    let wish = Wish {
        document: merged(shown(&current).unwrap_or_default(), patch),
        current,
        precondition,
        may_change_subjects: query.change_subjects,
    };
    save(&state, &call.realm, &call.caller, wish).await
}

/// A change of a federation that somebody wants.
struct Wish {
    document: Value,
    current: PlannedFederation,
    precondition: Result<Precondition, Problem>,
    may_change_subjects: bool,
}

async fn save(
    state: &AdminState,
    realm: &Realm,
    caller: &Caller,
    wish: Wish,
) -> Result<Response, Problem> {
    let current = &wish.current;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(current));
    let kept = audited(state, caller, wanted, async {
        let read = read(state, realm, &wish.document, has_credential(current))?;
        // RFC 9110 section 13.2.1: a condition is looked at once everything else is right.
        let precondition = wish.precondition?;
        let mut planned = read.planned;
        planned.federation.id = current.federation.id;
        planned.federation.subject_namespace = read
            .subject_namespace
            .unwrap_or_else(|| current.federation.subject_namespace.clone());
        let store = state.web.store.as_ref();
        let effect = subject_effect(store, current, &planned).await?;
        if effect > 0 && !wish.may_change_subjects {
            return Err(changes_subjects(effect, current, &planned));
        }
        let (credential, now) = (read.bind_credential.as_ref(), state.web.clock.now());
        let saved = store.save_federation(&planned, credential, precondition, now);
        let kept = saved.await?;
        state.federations.reload(&realm.name);
        Ok(Done {
            before: shown(current),
            after: shown(&kept),
            policy: Some(kept.policy.clone()),
            ..Done::new(kept)
        })
    })
    .await?;
    let document = Json(FederationDocument::from(&kept));
    Ok(tagged(kept.revision, document))
}

async fn delete(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let current = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Removed, &realm.name, name_of(&current));
    audited(&state, &caller, wanted, async {
        let precondition = conditions.of_change(current.revision, false)?;
        let id = current.federation.id;
        let store = &state.web.store;
        store
            .remove_federation(&realm.name, id, precondition)
            .await?;
        state.federations.reload(&realm.name);
        Ok(Done {
            before: shown(&current),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The federation that the path names.
pub(super) async fn find(
    state: &AdminState,
    realm: &Realm,
    segments: &Segments,
) -> Result<PlannedFederation, Problem> {
    let id: Uuid = segments.parsed("id", "user federation")?;
    find_id(state, realm, id).await
}

/// A federation of the realm by its id.
pub(super) async fn find_id(
    state: &AdminState,
    realm: &Realm,
    id: Uuid,
) -> Result<PlannedFederation, Problem> {
    let found = state
        .web
        .store
        .federation(&realm.name, FederationId(id))
        .await?;
    found.ok_or_else(|| Problem::missing("user federation"))
}

/// Understands a document of the realm.
pub(super) fn read(
    state: &AdminState,
    realm: &Realm,
    document: &Value,
    has_credential: bool,
) -> Result<ReadFederation, Problem> {
    let around = Around {
        realm: &realm.name,
        rules: &realm.policies,
        policies: state.policies.as_ref(),
        has_credential,
    };
    Ok(read_federation(document, &around)?)
}

/// Whether a credential is kept: there is one with every federation that binds.
pub(super) fn has_credential(planned: &PlannedFederation) -> bool {
    matches!(
        planned.federation.connection.bind,
        ServiceBind::Simple(_) | ServiceBind::External(Some(_))
    )
}

/// A federation as the audit trail shows it.
pub(super) fn shown(planned: &PlannedFederation) -> Option<Value> {
    serde_json::to_value(FederationDocument::from(planned)).ok()
}

/// `federation staff/ldap`.
pub(super) fn name_of(planned: &PlannedFederation) -> String {
    let federation = &planned.federation;
    format!("federation {}/{}", federation.realm, federation.name)
}

/// The same of a document that is not understood yet.
fn object(realm: &RealmName, document: &Value) -> String {
    let name = document.get("name").and_then(Value::as_str);
    match name.map(FederationName::new) {
        Some(Ok(name)) => format!("federation {realm}/{name}"),
        _ => format!("federation {realm}"),
    }
}

/// That people would be others to all applications.
pub(super) fn changes_subjects(
    effect: u64,
    before: &PlannedFederation,
    after: &PlannedFederation,
) -> Problem {
    let is_renamed = before.federation.subject_namespace != after.federation.subject_namespace;
    let member = if is_renamed {
        "advanced.subject_namespace"
    } else {
        "uuid_ldap_attribute"
    };
    let message = format!(
        "{effect} known users would get another subject, and no application would know them again; leave it, or send the request with ?{CHANGE_SUBJECTS}=true"
    );
    Problem {
        kind: Kind::Conflict,
        ..Problem::of_member(member, message)
    }
}
