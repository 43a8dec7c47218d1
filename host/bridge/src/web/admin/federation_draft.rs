//! Federations that are asked about, saved or not.

use super::{
    AdminState,
    change::Done,
    federations::{find_id, has_credential, read},
    problem::Problem,
};
use crate::documents::{Advice, FederationDocument};
use bridge_model::{
    realm::{PlannedFederation, Realm},
    secret::Secret,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is asked about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The federation as it would be saved.
    #[schema(value_type = Option<FederationDocument>)]
    federation: Option<Value>,
    /// A saved one: that one, or the one that the document would change. Then its bind credential need
    /// not be given, unless the document changes what that is tied to.
    federation_id: Option<Uuid>,
    /// Whom to show.
    pub(super) username: Option<String>,
    /// How many of all users to show, where nobody is named: 5 unless said otherwise.
    #[schema(minimum = 1, maximum = 50)]
    pub(super) limit: Option<u32>,
}

/// A federation to ask about.
pub(super) struct Draft {
    /// With its plan.
    pub(super) planned: PlannedFederation,
    /// What its service connections are bound with.
    pub(super) credential: Option<Secret>,
    /// What is not wrong but worth a look.
    pub(super) warnings: Vec<Advice>,
}

/// What came of asking: a failure where there are problems.
pub(super) fn done<T>(
    object: String,
    planned: &PlannedFederation,
    problems: &[Advice],
    value: T,
) -> Done<T> {
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
pub(super) async fn draft(
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
        (None, Some(saved))
            if saved
                .federation
                .connection
                .shares_credential_with(&planned.federation.connection) =>
        {
            state.web.store.bind_credential(&saved.federation).await?
        }
        (None, Some(_)) if needs_credential && has_credential(&planned) => {
            return Err(Problem::of_member(
                "bind_credential",
                "is tied to the URLs, the TLS settings, the hosts of referrals and the bind name, one of which changes; give it again",
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

impl Draft {
    /// A saved one.
    pub(super) async fn saved(
        state: &AdminState,
        planned: PlannedFederation,
    ) -> Result<Self, Problem> {
        let credential = state.web.store.bind_credential(&planned.federation).await?;
        Ok(Self {
            warnings: planned.plan.notes.iter().map(Advice::from).collect(),
            planned,
            credential,
        })
    }
}
