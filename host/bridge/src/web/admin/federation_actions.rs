//! What can be asked about a federation, saved or not: whether its directory is there, what it says of
//! itself, and what the federation makes of people.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::{Endpoint, Shape},
    body::{Body, OptionalBody, Segments},
    change::{Done, Wanted, audited},
    federations::{find, find_id, has_credential, name_of, read},
    problem::Problem,
};
use crate::documents::{Advice, FederationDocument};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::{
    People, PreviewError, TestReport, Whom, capabilities, test_authentication, test_connection,
};
use bridge_model::{
    admin::AdminScope,
    audit::AuditKind,
    federation::ServiceBind,
    plan,
    realm::{PlannedFederation, Realm},
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

const TAG: &str = "questions to directories";
pub(super) const ASK: Access = Access::realm(AdminScope::FederationWrite).asking();
/// How many people are shown where nobody says.
const PEOPLE: u32 = 5;

/// What is asked about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The federation as it would be saved.
    #[schema(value_type = Option<FederationDocument>)]
    federation: Option<Value>,
    /// A saved one: that one, or the one that the document would change. Then its bind credential need
    /// not be given, unless the document changes what that is tied to.
    federation_id: Option<Uuid>,
    /// Whom to show.
    username: Option<String>,
    /// How many of all users to show, where nobody is named: 5 unless said otherwise.
    #[schema(minimum = 1, maximum = 50)]
    limit: Option<u32>,
}

/// Whom to show of a saved federation.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Persons {
    /// Whom to show.
    username: Option<String>,
    /// How many of all users to show, where nobody is named: 5 unless said otherwise.
    #[schema(minimum = 1, maximum = 50)]
    limit: Option<u32>,
}

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

/// What a federation makes of people.
#[derive(Serialize, ToSchema)]
struct Shown {
    /// Each person: entry, identity, claims, and what is in the way of a sign-in.
    #[schema(value_type = Vec<Object>)]
    people: Value,
    /// Why there is nobody to show, each with what to do.
    problems: Vec<Advice>,
    /// What is not wrong but worth a look.
    warnings: Vec<Advice>,
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

/// A federation to ask about.
struct Draft {
    planned: PlannedFederation,
    credential: Option<Secret>,
    warnings: Vec<Advice>,
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
    let (preview, saved_preview) = at!("preview");
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
        Endpoint::post(preview, ASK, draft_preview)
            .about(
                TAG,
                "preview",
                "What a federation would make of people, before it is saved",
            )
            .takes(question())
            .answers(200, "The people", Shape::of::<Shown>()),
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
        Endpoint::post(saved_preview, ASK, saved_people)
            .about(
                TAG,
                "preview_saved",
                "What a saved federation makes of people",
            )
            .takes_optional(Shape::of::<Persons>())
            .answers(200, "The people", Shape::of::<Shown>()),
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
    let mut view = Report::of(report, draft.warnings);
    view.capabilities = found;
    done(
        name_of(&draft.planned),
        &draft.planned,
        &view.problems.clone(),
        view,
    )
}

async fn draft_preview(
    State(state): State<AdminState>,
    call: RealmCall,
    Body(question): Body<Question>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, "federation");
    let shown = audited(&state, &caller, wanted, async {
        let draft = draft(&state, &realm, &question, true).await?;
        people(&state, draft, question.username.as_deref(), question.limit).await
    });
    Ok(Json(shown.await?).into_response())
}

async fn saved_people(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    OptionalBody(persons): OptionalBody<Persons>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, name_of(&planned));
    let shown = audited(&state, &caller, wanted, async {
        let draft = Draft::saved(&state, planned).await?;
        people(&state, draft, persons.username.as_deref(), persons.limit).await
    });
    Ok(Json(shown.await?).into_response())
}

async fn people(
    state: &AdminState,
    draft: Draft,
    username: Option<&str>,
    limit: Option<u32>,
) -> Result<Done<Shown>, Problem> {
    let limit = limit.unwrap_or(PEOPLE);
    if !(1..=50).contains(&limit) {
        return Err(Problem::of_member("limit", "is out of range; give 1 to 50"));
    }
    let whom = username.map_or(Whom::First(limit), Whom::Name);
    let Draft {
        planned,
        credential,
        warnings,
    } = draft;
    let sign_ins = &state.web.sign_ins;
    let previewed = sign_ins
        .preview_draft(planned.clone(), credential, whom)
        .await;
    let (people, problems) = match previewed {
        Ok(people) => (people, Vec::new()),
        Err(PreviewError::Store(error)) => return Err(error.into()),
        Err(error) => {
            let nobody = People {
                people: Vec::new(),
                time_ms: 0,
            };
            (nobody, vec![advice(&error)])
        }
    };
    let shown = Shown {
        people: serde_json::to_value(&people.people).unwrap_or_default(),
        problems,
        warnings,
        time_ms: people.time_ms,
    };
    Ok(done(
        name_of(&planned),
        &planned,
        &shown.problems.clone(),
        shown,
    ))
}

/// Why there is nobody to show.
fn advice(error: &PreviewError) -> Advice {
    let (member, remedy) = match error {
        PreviewError::Nobody => (
            "username",
            "write it as people type it, or widen users_dn and the filter",
        ),
        PreviewError::Several(_) => (
            "username",
            "take an attribute that is unique as username_ldap_attribute",
        ),
        PreviewError::Directory(_) => (
            "connection_url",
            "test the connection and the authentication",
        ),
        PreviewError::Policy(_) => ("vendor", "take another vendor, or ask the policy's author"),
        PreviewError::Federation { .. } | PreviewError::Unknown | PreviewError::Store(_) => {
            ("", "test the connection and the authentication")
        }
    };
    // The part before the first semicolon is what is wrong, whatever a server wrote.
    let what = error.to_string().replace("; ", ", ");
    Advice::from(&plan::Problem {
        field: member.to_owned(),
        message: format!("{what}; {remedy}"),
    })
}

fn done<T>(object: String, planned: &PlannedFederation, problems: &[Advice], value: T) -> Done<T> {
    let members: Vec<_> = problems
        .iter()
        .map(|problem| problem.member.as_str())
        .collect();
    Done {
        object: Some(object),
        policy: Some(planned.policy.clone()),
        failed: (!members.is_empty()).then(|| format!("failed: {}", members.join(", "))),
        ..Done::new(value)
    }
}

/// The federation that a question is about, with what its service connections are bound with.
async fn draft(
    state: &AdminState,
    realm: &Realm,
    question: &Question,
    needs_credential: bool,
) -> Result<Draft, Problem> {
    let saved = match question.federation_id {
        Some(id) => Some(find_id(state, realm, id).await?),
        None => None,
    };
    let Some(document) = &question.federation else {
        return match saved {
            Some(saved) => Draft::saved(state, saved).await,
            None => Err(Problem::of_member(
                "federation",
                "is missing; give the document, or name a saved one as federation_id",
            )),
        };
    };
    let is_kept = saved.as_ref().is_some_and(has_credential);
    let read = read(state, realm, document, is_kept || !needs_credential)?;
    let mut planned = read.planned;
    if let Some(saved) = &saved {
        planned.federation.id = saved.federation.id;
        planned.federation.subject_namespace = read
            .subject_namespace
            .unwrap_or_else(|| saved.federation.subject_namespace.clone());
    }
    let credential = match (read.bind_credential, saved) {
        (Some(given), _) => Some(given),
        (None, Some(saved)) if is_tied_alike(&saved, &planned) => {
            state.web.store.bind_credential(&saved.federation).await?
        }
        (None, Some(_)) if needs_credential && has_credential(&planned) => {
            return Err(Problem::of_member(
                "bind_credential",
                "is tied to the URLs, the TLS settings and the bind name, one of which changes; give it again",
            ));
        }
        (None, _) => None,
    };
    Ok(Draft {
        planned,
        credential,
        warnings: read.warnings.iter().map(Advice::from).collect(),
    })
}

/// Whether the kept credential goes to the same servers, as well protected, and as the same name.
fn is_tied_alike(saved: &PlannedFederation, draft: &PlannedFederation) -> bool {
    let (saved, draft) = (&saved.federation.connection, &draft.federation.connection);
    saved.urls == draft.urls
        && saved.start_tls == draft.start_tls
        && saved.allow_plaintext == draft.allow_plaintext
        && saved.ca_bundle == draft.ca_bundle
        && saved.bind == draft.bind
}

impl Draft {
    async fn saved(state: &AdminState, planned: PlannedFederation) -> Result<Self, Problem> {
        let credential = match planned.federation.connection.bind {
            ServiceBind::Simple(_) => state.web.store.bind_credential(&planned.federation).await?,
            ServiceBind::None => None,
        };
        Ok(Self {
            warnings: planned.plan.notes.iter().map(Advice::from).collect(),
            planned,
            credential,
        })
    }
}

impl Report {
    /// A report as administrators see it.
    fn of(report: TestReport, warnings: Vec<Advice>) -> Self {
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
