//! `/audit-events`: who signed in, who was refused, and who changed what.

use super::{
    AdminState,
    access::{Access, Call, Ground},
    api::Endpoint,
    body::Parameters,
    openapi,
    problem::Problem,
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{
    admin::AdminScope,
    audit::{AuditKind, AuditOutcome, AuditQuery, KeptEvent},
    names::RealmName,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

const READ: Access = Access::realm(AdminScope::AuditRead).on(Ground::RealmOrAll);
const DESCRIPTION: Access = Access {
    ground: Ground::Any,
    scope: None,
    asks_directory: false,
};
/// The most events of one page.
const PAGE_MAX: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    request_id: Option<String>,
    kind: Option<AuditKind>,
    before: Option<u64>,
    limit: Option<u32>,
}

/// An event, with its place in the order of events.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
struct EventView {
    /// Its place in the order of events; never used twice.
    number: u64,
    /// When (`time`), what (`event`), what came of it (`outcome`, `reason`), who (`actor`), on what
    /// (`object`, `before`, `after`), and in which request (`request_id`).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    event: Value,
}

/// A page of events, newest first.
#[derive(Serialize, ToSchema)]
struct EventPage {
    /// The events.
    events: Vec<EventView>,
    /// What to send as `before` for the next page; none: this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about =
        "What happened, newest first: sign-ins, tokens, changes and tests, refused ones too";
    vec![
        Endpoint::get("/audit-events", READ, list)
            .about("audit", "list_audit_events", about)
            .query("request_id", "Of this request", Shape::text())
            .query(
                "kind",
                "Of this kind: sign_in, token_issued, created, changed, removed, tested, password_changed, synchronised, policy_swapped",
                Shape::text(),
            )
            .query("before", "From before this number", Shape::number())
            .query(
                "limit",
                "How many, at most 1000; 100 unless said otherwise",
                Shape::limit(PAGE_MAX),
            )
            .answers(200, "A page of events", Shape::of::<EventPage>()),
        Endpoint::get("/openapi.json", DESCRIPTION, openapi::get)
            .about("description", "get_description", "This description")
            .answers(200, "OpenAPI 3.1", Shape::object()),
    ]
}

async fn list(
    State(state): State<AdminState>,
    call: Call,
    Parameters(query): Parameters<EventQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(100);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::of_member(
            "limit",
            "is out of range; give 1 to 1000",
        ));
    }
    // Whoever has just changed something wants to see it. What is not there in time comes later.
    if let Some(trail) = &state.trail {
        trail.flush().await;
    }
    let realm = call.realm.map(|realm| realm.name);
    let after = match &realm {
        Some(realm) if !call.caller.administrator.is_of_platform() => {
            end_of_namesake(&state, realm).await?
        }
        _ => None,
    };
    let wanted = AuditQuery {
        realm,
        request_id: query.request_id,
        kind: query.kind,
        before: query.before,
        limit,
    };
    let mut events = state.web.store.events(&wanted).await?;
    events.retain(|event| after.is_none_or(|after| event.number > after));
    let is_full = events.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let page = EventPage {
        next: events.last().filter(|_| is_full).map(|event| event.number),
        events: events.iter().map(EventView::from).collect(),
    };
    Ok(Json(page).into_response())
}

/// The number of the event with which an earlier realm of the same name was deleted, if there was one:
/// what happened in it is its people's, and the platform's, and not those of the realm there is now.
async fn end_of_namesake(state: &AdminState, realm: &RealmName) -> Result<Option<u64>, Problem> {
    let object = format!("realm {realm}");
    let mut wanted = AuditQuery {
        realm: Some(realm.clone()),
        kind: Some(AuditKind::Removed),
        limit: PAGE_MAX,
        ..AuditQuery::default()
    };
    loop {
        let events = state.web.store.events(&wanted).await?;
        let end = events.iter().find(|kept| {
            kept.event.outcome == AuditOutcome::Success
                && kept.event.object.as_deref() == Some(object.as_str())
        });
        wanted.before = events.last().map(|event| event.number);
        if end.is_some() || wanted.before.is_none() {
            return Ok(end.map(|event| event.number));
        }
    }
}

impl From<&KeptEvent> for EventView {
    fn from(kept: &KeptEvent) -> Self {
        Self {
            number: kept.number,
            event: serde_json::to_value(&kept.event).unwrap_or_default(),
        }
    }
}
