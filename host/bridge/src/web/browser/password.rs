//! A new password within a sign-in: for who gave the right one, which does not do any more.

use super::{cookies, interaction_failure, see_other, step::Step};
use crate::web::{
    attempt,
    failure::Failure,
    forms::NewPassword,
    pages::{PasswordNotes, Shown},
    realm::{CurrentRealm, InteractionId},
    request::{FormBody, RequestContext},
    state::WebState,
};
use axum::{Extension, extract::State, response::Response};
use bridge_federation::PasswordOutcome;
use bridge_model::write::Complaint;
use bridge_oidc::paths;
use http::HeaderMap;

/// Whoever comes by GET has lost the form, and begins again with name and password.
pub(super) async fn back(
    CurrentRealm(realm): CurrentRealm,
    InteractionId(interaction): InteractionId,
) -> Result<Response, Failure> {
    see_other(&paths::authenticate(&realm.name, &interaction))
}

/// A name, the password so far, and a new one. Nothing is done with them before the form is known to be
/// this browser's; then the password so far has to be right here too.
pub(super) async fn change(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    InteractionId(interaction): InteractionId,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    let typed = NewPassword::parse(&body)?;
    let browser = cookies(&state, &realm).read(&headers);
    let page = state
        .provider
        .begin_sign_in(&realm, &interaction, &browser, &typed.csrf)
        .await
        .map_err(|error| interaction_failure(&error))?;
    let step = Step {
        state: &state,
        realm: &realm,
        interaction: &interaction,
        browser: &browser,
        page: &page,
    };
    let username = typed.username.clone();
    if let Err(notes) = typed.check() {
        return step.password_form(&username, &notes, Shown::Again);
    }
    let changed = attempt::change_password(&state, &realm, &page.client, typed, context).await?;
    match changed {
        Ok(outcome) => step.conclude_change(outcome).await,
        Err(outcome) => not_changed(&step, &username, &outcome),
    }
}

fn not_changed(
    step: &Step<'_>,
    username: &str,
    outcome: &PasswordOutcome,
) -> Result<Response, Failure> {
    let back = step.sign_in_path();
    match outcome {
        // Nobody is signed in yet: that a password is wrong is told in the words of every refusal.
        PasswordOutcome::Complaints(complaints)
            if complaints.contains(&Complaint::WrongOldPassword) =>
        {
            step.password_form(username, &PasswordNotes::refusal(), Shown::Refused)
        }
        PasswordOutcome::Complaints(complaints) => {
            let notes = PasswordNotes::of(complaints);
            step.password_form(username, &notes, Shown::Again)
        }
        PasswordOutcome::Refused | PasswordOutcome::Changed => {
            step.password_form(username, &PasswordNotes::refusal(), Shown::Refused)
        }
        PasswordOutcome::NotSupported => Err(step.password_elsewhere()),
        PasswordOutcome::Throttled {
            retry_after_seconds,
        } => Err(Failure::Throttled {
            retry_after_seconds: *retry_after_seconds,
            back,
        }),
        PasswordOutcome::Unavailable => Err(Failure::Unavailable { back: Some(back) }),
    }
}
