//! `/clients`: the applications of a realm.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Document, Patch, Segments},
    caller::Caller,
    change::{Done, Wanted, audited},
    etag::{Conditions, tagged},
    merge::merged,
    problem::{Kind, Problem},
    shape::Shape,
};
use crate::documents::{Around, ClientDocument, read_client};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{
    admin::{AdminScope, Administrator},
    audit::AuditKind,
    client::Client,
    names::{ClientId, RealmName},
    ports::{Precondition, StoreError},
    realm::Realm,
};
use http::{StatusCode, header};
use serde_json::Value;

const TAG: &str = "clients";
pub(super) const READ: Access = Access::realm(AdminScope::ClientRead);
pub(super) const WRITE: Access = Access::realm(AdminScope::ClientWrite);
const ALL: &str = "/clients";
const ONE: &str = "/clients/{client_id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let shape = Shape::of::<ClientDocument>;
    vec![
        Endpoint::get(ALL, READ, list)
            .about(TAG, "list_clients", "All clients, by id")
            .answers(200, "The clients", Shape::list_of::<ClientDocument>()),
        Endpoint::post(ALL, WRITE, create)
            .about(
                TAG,
                "create_client",
                "Makes a client; its secrets are made apart from it",
            )
            .takes(shape())
            .answers(201, "The client", shape()),
        Endpoint::get(ONE, READ, get)
            .about(TAG, "get_client", "One client")
            .conditional()
            .answers(200, "The client", shape()),
        Endpoint::put(ONE, WRITE, put)
            .about(
                TAG,
                "replace_client",
                "Replaces a client, or makes it with If-None-Match: *; its secrets stay",
            )
            .takes(shape())
            .conditional()
            .answers(200, "The client as it is now", shape())
            .answers(201, "The client, made", shape()),
        Endpoint::patch(ONE, WRITE, patch)
            .about(
                TAG,
                "change_client",
                "Changes members of a client (RFC 7396)",
            )
            .takes(Shape::object())
            .conditional()
            .answers(200, "The client as it is now", shape()),
        Endpoint::delete(ONE, WRITE, delete)
            .about(
                TAG,
                "delete_client",
                "Deletes a client with its secrets; what was issued to it is dead",
            )
            .conditional()
            .answers_empty(204, "It is gone"),
    ]
}

async fn list(State(state): State<AdminState>, call: RealmCall) -> Result<Response, Problem> {
    let clients = state.web.store.clients(&call.realm.name).await?;
    let documents = clients.iter().map(ClientDocument::from);
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
        let client = read(&state, &realm, &document)?;
        may_give(&caller.administrator, &client)?;
        made(&state, &client).await
    })
    .await?;
    // Every character of an id that has a meaning in a path is written so that it has none.
    let id: String = url::form_urlencoded::byte_serialize(kept.id.as_str().as_bytes()).collect();
    let location = [(header::LOCATION, format!("{}/{id}", caller.path))];
    let answer = (
        StatusCode::CREATED,
        location,
        Json(ClientDocument::from(&kept)),
    );
    Ok(tagged(kept.revision, answer))
}

async fn made(state: &AdminState, client: &Client) -> Result<Done<Client>, Problem> {
    let now = state.web.clock.now();
    let kept = state
        .web
        .store
        .save_client(client, Precondition::Absent, now)
        .await?;
    Ok(Done {
        after: shown(&kept),
        ..Done::new(kept)
    })
}

async fn get(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let client = find(&state, &call.realm, &segments).await?;
    Ok(conditions.answer(client.revision, &ClientDocument::from(&client)))
}

async fn put(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    conditions: Conditions,
    Document(document): Document,
) -> Result<Response, Problem> {
    if conditions.wants_new() {
        return put_new(&state, call, &segments, &document).await;
    }
    let current = find(&state, &call.realm, &segments).await?;
    let precondition = conditions.of_change(current.revision, false);
    save(
        &state,
        &call.realm,
        &call.caller,
        (document, current, precondition),
    )
    .await
}

async fn put_new(
    state: &AdminState,
    call: RealmCall,
    segments: &Segments,
    document: &Value,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let id = segments.named("client_id", "client", ClientId::new)?;
    let name = format!("client {}/{id}", realm.name);
    let wanted = Wanted::new(AuditKind::Created, &realm.name, name);
    let kept = audited(state, &caller, wanted, async {
        let client = read(state, &realm, document)?;
        is_named_alike(&client, &id)?;
        may_give(&caller.administrator, &client)?;
        made(state, &client)
            .await
            .map_err(|problem| match problem.kind {
                // RFC 9110 section 13.1.2: the condition of the request does not hold.
                Kind::Duplicate => Problem::from(StoreError::Stale(problem.detail)),
                _ => problem,
            })
    })
    .await?;
    let answer = (StatusCode::CREATED, Json(ClientDocument::from(&kept)));
    Ok(tagged(kept.revision, answer))
}

async fn patch(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    conditions: Conditions,
    Patch(patch): Patch,
) -> Result<Response, Problem> {
    let current = find(&state, &call.realm, &segments).await?;
    let precondition = conditions.of_change(current.revision, true);
    let document = merged(shown(&current).unwrap_or_default(), patch);
    save(
        &state,
        &call.realm,
        &call.caller,
        (document, current, precondition),
    )
    .await
}

async fn save(
    state: &AdminState,
    realm: &Realm,
    caller: &Caller,
    (document, current, precondition): (Value, Client, Result<Precondition, Problem>),
) -> Result<Response, Problem> {
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&current));
    let kept = audited(state, caller, wanted, async {
        let client = read(state, realm, &document)?;
        is_named_alike(&client, &current.id)?;
        let precondition = precondition?;
        may_give(&caller.administrator, &current)?;
        may_give(&caller.administrator, &client)?;
        let now = state.web.clock.now();
        let kept = state
            .web
            .store
            .save_client(&client, precondition, now)
            .await?;
        Ok(Done {
            before: shown(&current),
            after: shown(&kept),
            ..Done::new(kept)
        })
    })
    .await?;
    let document = Json(ClientDocument::from(&kept));
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
        may_give(&caller.administrator, &current)?;
        let precondition = conditions.of_change(current.revision, false)?;
        let store = &state.web.store;
        store
            .remove_client(&realm.name, &current.id, precondition)
            .await?;
        Ok(Done {
            before: shown(&current),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The client that the path names.
pub(super) async fn find(
    state: &AdminState,
    realm: &Realm,
    segments: &Segments,
) -> Result<Client, Problem> {
    let id = segments.named("client_id", "client", ClientId::new)?;
    let client = state.web.store.client(&realm.name, &id).await?;
    client.ok_or_else(|| Problem::missing("client"))
}

fn read(state: &AdminState, realm: &Realm, document: &Value) -> Result<Client, Problem> {
    let around = Around {
        realm: &realm.name,
        rules: &realm.policies,
        policies: state.policies.as_ref(),
        has_credential: true,
    };
    Ok(read_client(document, &around)?)
}

/// Nobody gives what they do not have: neither scopes to a client, nor a way to come by the tokens of a
/// client that has more, nor one of the same name that is taken for it.
///
/// # Errors
///
/// 403, naming what is missing.
pub(super) fn may_give(administrator: &Administrator, client: &Client) -> Result<(), Problem> {
    match client
        .admin_scopes
        .iter()
        .find(|scope| !administrator.may(**scope))
    {
        None => Ok(()),
        Some(scope) => Err(Problem {
            kind: Kind::Forbidden,
            ..Problem::of_member(
                "admin_scopes",
                format!("{scope} is not yours to give; ask somebody who has it"),
            )
        }),
    }
}

fn is_named_alike(client: &Client, id: &ClientId) -> Result<(), Problem> {
    if client.id == *id {
        return Ok(());
    }
    let message = format!("is another client's; write {id}, or make a new client");
    Err(Problem::of_member("client_id", message))
}

/// `client staff/wiki`.
pub(super) fn name_of(client: &Client) -> String {
    format!("client {}/{}", client.realm, client.id)
}

fn object(realm: &RealmName, document: &Value) -> String {
    let id = document.get("client_id").and_then(Value::as_str);
    match id.map(ClientId::new) {
        Some(Ok(id)) => format!("client {realm}/{id}"),
        _ => format!("client {realm}"),
    }
}

fn shown(client: &Client) -> Option<Value> {
    serde_json::to_value(ClientDocument::from(client)).ok()
}
