//! What a federation makes of people, saved or not.

use super::{
    AdminState,
    access::RealmCall,
    api::Endpoint,
    body::{Body, OptionalBody, Segments},
    change::{Done, Wanted, audited},
    federation_actions::{ASK, TAG},
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
use bridge_federation::{People, PreviewError, Whom};
use bridge_model::{audit::AuditKind, plan};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How many people are shown where nobody says.
const PEOPLE: u32 = 5;

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

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/user-federations/preview", ASK, draft_preview)
            .about(
                TAG,
                "preview",
                "What a federation would make of people, before it is saved",
            )
            .takes(Shape::of::<Question>())
            .answers(200, "The people", Shape::of::<Shown>()),
        Endpoint::post("/user-federations/{id}/preview", ASK, saved_people)
            .about(
                TAG,
                "preview_saved",
                "What a saved federation makes of people",
            )
            .takes_optional(Shape::of::<Persons>())
            .answers(200, "The people", Shape::of::<Shown>()),
    ]
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
    Ok(Json(Box::pin(shown).await?).into_response())
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
    Ok(Json(Box::pin(shown).await?).into_response())
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
