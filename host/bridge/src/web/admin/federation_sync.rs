//! `/user-federations/{id}/sync`: reading all users of a federation that imports, or those that
//! changed.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Parameters, Segments},
    federation_actions::ASK,
    federations::find,
    problem::{Kind, Problem},
    shape::Shape,
    sync_view::{KindView, RunView, StateView},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::SyncError;
use bridge_model::{admin::AdminScope, synchronisation::SyncKind};
use http::StatusCode;
use serde::Deserialize;

const TAG: &str = "synchronisation";
const READ: Access = Access::realm(AdminScope::FederationRead);
const PATH: &str = "/user-federations/{id}/sync";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartQuery {
    kind: Option<KindView>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, READ, state)
            .about(
                TAG,
                "get_sync",
                "How far the run is that goes on, or how the last one ended",
            )
            .answers(200, "Where it stands", Shape::of::<StateView>()),
        Endpoint::post(PATH, ASK, start)
            .about(
                TAG,
                "start_sync",
                "Begins to read a directory's users, and answers at once",
            )
            .query(
                "kind",
                "full: all users, and who is not among them is gone; changed: those that changed since the last run; full unless said otherwise",
                Shape::of::<KindView>(),
            )
            .answers(202, "The run, which goes on by itself", Shape::of::<RunView>()),
        Endpoint::delete(PATH, ASK, interrupt)
            .about(
                TAG,
                "interrupt_sync",
                "Ends the run that goes on, if one does; what it has done stays",
            )
            .answers_empty(204, "None goes on"),
    ]
}

async fn state(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    let federation = planned.federation.id;
    let known = state
        .synchroniser
        .state(&call.realm.name, federation)
        .await?;
    Ok(Json(StateView::from(known)).into_response())
}

async fn start(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Parameters(query): Parameters<StartQuery>,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    let kind = match query.kind {
        None | Some(KindView::Full) => SyncKind::Full,
        Some(KindView::Changed) => SyncKind::Changed,
    };
    let federation = planned.federation.id;
    let run = state
        .synchroniser
        .start(&call.realm.name, federation, kind)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(RunView::from(run))).into_response())
}

async fn interrupt(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    let federation = planned.federation.id;
    state
        .synchroniser
        .interrupt(&call.realm.name, federation)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<SyncError> for Problem {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Missing => Self::missing("user federation"),
            SyncError::ImportOff => Self::of_member(
                "import_enabled",
                "is off, so nobody's profile is kept here; set it to true in the federation first",
            ),
            SyncError::Running(run) => {
                let detail = "a run goes on already; wait until it is over, or end it with DELETE";
                Self {
                    run: Some(Box::new(run.into())),
                    ..Self::new(Kind::Conflict, detail)
                }
            }
            SyncError::Store(error) => error.into(),
        }
    }
}
