//! What can be asked about a federation, saved or not: whether its directory is there, what it says of
//! itself, and what the federation makes of people.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Body, OptionalBody, Segments},
    change::{Done, Wanted, audited},
    federation_draft::{Draft, Question, done, draft},
    federations::{find, name_of},
    problem::Problem,
    shape::Shape,
};
use crate::documents::Advice;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::{TestReport, capabilities, test_authentication, test_connection};
use bridge_model::{admin::AdminScope, audit::AuditKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub(super) const TAG: &str = "questions to directories";
pub(super) const ASK: Access = Access::realm(AdminScope::FederationWrite).asking();

/// Nothing more to say.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What came of asking a directory.
#[derive(Serialize, ToSchema)]
struct Report {
    /// Whether everything that was tried went well.
    passed: bool,
    /// What was tried, in order: `server`, `stage`, `result` and `text` of each.
    #[schema(value_type = Vec<Object>)]
    stages: Value,
    /// What is wrong, each with what to do.
    problems: Vec<Advice>,
    /// What is not wrong but worth a look.
    warnings: Vec<Advice>,
    /// What the directory says that it can do, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    capabilities: Option<Value>,
    /// How long it took, in milliseconds.
    time_ms: u64,
}

/// The three questions that a directory answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Connection,
    Authentication,
    Capabilities,
}

/// The paths of a question, of a draft and of a saved federation.
macro_rules! at {
    ($action:literal) => {
        (
            concat!("/user-federations/", $action),
            concat!("/user-federations/{id}/", $action),
        )
    };
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let question = Shape::of::<Question>;
    let report = Shape::of::<Report>;
    let of_draft = |endpoint: Endpoint| {
        endpoint
            .takes(question())
            .answers(200, "What came of it", report())
    };
    let of_saved = |endpoint: Endpoint| {
        endpoint
            .takes_optional(Shape::of::<Nothing>())
            .answers(200, "What came of it", report())
    };
    let (connection, saved_connection) = at!("test-connection");
    let (authentication, saved_authentication) = at!("test-authentication");
    let (able, saved_able) = at!("capabilities");
    vec![
        of_draft(Endpoint::post(connection, ASK, draft_connection).about(
            TAG,
            "test_connection",
            "Asks each server of a federation whether it is there; no credential is sent",
        )),
        of_draft(
            Endpoint::post(authentication, ASK, draft_authentication).about(
                TAG,
                "test_authentication",
                "Binds as the service account, once, and reads what the federation names",
            ),
        ),
        of_draft(Endpoint::post(able, ASK, draft_capabilities).about(
            TAG,
            "get_capabilities",
            "What a directory says of itself",
        )),
        of_saved(
            Endpoint::post(saved_connection, ASK, saved_connection_test).about(
                TAG,
                "test_saved_connection",
                "Asks each server of a saved federation whether it is there",
            ),
        ),
        of_saved(
            Endpoint::post(saved_authentication, ASK, saved_authentication_test).about(
                TAG,
                "test_saved_authentication",
                "Binds as the service account of a saved federation, once",
            ),
        ),
        of_saved(Endpoint::post(saved_able, ASK, saved_capabilities).about(
            TAG,
            "get_saved_capabilities",
            "What the directory of a saved federation says of itself",
        )),
    ]
}

async fn draft_connection(
    state: State<AdminState>,
    call: RealmCall,
    Body(question): Body<Question>,
) -> Result<Response, Problem> {
    ask_draft(&state, call, question, Ask::Connection).await
}

async fn draft_authentication(
    state: State<AdminState>,
    call: RealmCall,
    Body(question): Body<Question>,
) -> Result<Response, Problem> {
    ask_draft(&state, call, question, Ask::Authentication).await
}

async fn draft_capabilities(
    state: State<AdminState>,
    call: RealmCall,
    Body(question): Body<Question>,
) -> Result<Response, Problem> {
    ask_draft(&state, call, question, Ask::Capabilities).await
}

async fn saved_connection_test(
    state: State<AdminState>,
    call: RealmCall,
    segments: Segments,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Response, Problem> {
    ask_saved(&state, call, segments, Ask::Connection).await
}

async fn saved_authentication_test(
    state: State<AdminState>,
    call: RealmCall,
    segments: Segments,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Response, Problem> {
    ask_saved(&state, call, segments, Ask::Authentication).await
}

async fn saved_capabilities(
    state: State<AdminState>,
    call: RealmCall,
    segments: Segments,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Response, Problem> {
    ask_saved(&state, call, segments, Ask::Capabilities).await
}

async fn ask_draft(
    state: &AdminState,
    call: RealmCall,
    question: Question,
    ask: Ask,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, "federation");
    let report = audited(state, &caller, wanted, async {
        let draft = draft(state, &realm, &question, ask == Ask::Authentication).await?;
        Ok(asked(state, draft, ask).await)
    });
    Ok(Json(report.await?).into_response())
}

async fn ask_saved(
    state: &AdminState,
    call: RealmCall,
    segments: Segments,
    ask: Ask,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, name_of(&planned));
    let report = audited(state, &caller, wanted, async {
        let draft = Draft::saved(state, planned).await?;
        Ok(asked(state, draft, ask).await)
    });
    Ok(Json(report.await?).into_response())
}

async fn asked(state: &AdminState, draft: Draft, ask: Ask) -> Done<Report> {
    let directories = state.directories.as_ref();
    let federation = &draft.planned.federation;
    let mut found = None;
    let report = match ask {
        Ask::Connection => test_connection(directories, federation).await,
        Ask::Authentication => test_authentication(directories, federation, draft.credential).await,
        Ask::Capabilities => match capabilities(directories, federation, draft.credential).await {
            Ok(capabilities) => {
                found = serde_json::to_value(capabilities).ok();
                TestReport {
                    passed: true,
                    stages: Vec::new(),
                    problems: Vec::new(),
                    time_ms: 0,
                }
            }
            Err(report) => report,
        },
    };
    let mut view = Report::of(&report, draft.warnings);
    view.capabilities = found;
    done(
        name_of(&draft.planned),
        &draft.planned,
        &view.problems.clone(),
        view,
    )
}

impl Report {
    /// A report as administrators see it.
    fn of(report: &TestReport, warnings: Vec<Advice>) -> Self {
        Self {
            passed: report.passed,
            stages: serde_json::to_value(&report.stages).unwrap_or_default(),
            problems: report.problems.iter().map(Advice::from).collect(),
            warnings,
            capabilities: None,
            time_ms: report.time_ms,
        }
    }
}
