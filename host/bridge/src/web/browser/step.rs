//! A sign-in on its way, at the point where it is known what came of a password.

use super::{add_cookie, cookies, interaction_failure, see_other};
use crate::web::{
    cookies::CookieKind,
    failure::Failure,
    pages::{PasswordForm, PasswordNotes, Shown, SignInForm, realm_title},
    state::WebState,
};
use axum::response::Response;
use bridge_federation::SignInOutcome;
use bridge_model::{account::AuthenticatedUser, realm::Realm};
use bridge_oidc::{Browser, Completed, SignInPage, paths};

/// An interaction that is this browser's.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) state: &'a WebState,
    pub(super) realm: &'a Realm,
    pub(super) interaction: &'a str,
    pub(super) browser: &'a Browser,
    pub(super) page: &'a SignInPage,
}

impl Step<'_> {
    /// The sign-in page.
    pub(super) fn sign_in_form(&self, is_refused: bool) -> Result<Response, Failure> {
        let form = SignInForm {
            realm: realm_title(self.realm),
            client: &self.page.client_name,
            action: &self.sign_in_path(),
            csrf: &self.page.csrf,
            login_hint: self.page.login_hint.as_deref().unwrap_or_default(),
            is_refused,
        };
        form.respond(self.page.redirect_origin.as_deref())
    }

    /// The page for a new password.
    pub(super) fn password_form(
        &self,
        username: &str,
        notes: &PasswordNotes,
        shown: Shown,
    ) -> Result<Response, Failure> {
        let form = PasswordForm {
            realm: realm_title(self.realm),
            client: &self.page.client_name,
            action: &paths::update_password(&self.realm.name, self.interaction),
            csrf: &self.page.csrf,
            username,
            notes,
        };
        form.respond(self.page.redirect_origin.as_deref(), shown)
    }

    /// Where the sign-in begins anew.
    pub(super) fn sign_in_path(&self) -> String {
        paths::authenticate(&self.realm.name, self.interaction)
    }

    /// What the browser gets for what came of a name and a password.
    pub(super) async fn conclude(
        &self,
        outcome: SignInOutcome,
        username: &str,
    ) -> Result<Response, Failure> {
        match outcome {
            SignInOutcome::SignedIn(user) => {
                let completed = self.complete(*user).await?;
                self.enter(&completed)
            }
            SignInOutcome::PasswordChangeRequired { may_change: true } => {
                self.password_form(username, &PasswordNotes::default(), Shown::First)
            }
            SignInOutcome::PasswordChangeRequired { may_change: false } => {
                Err(self.password_elsewhere())
            }
            kept_out => self.keep_out(kept_out).await,
        }
    }

    /// The same where the password was changed a moment ago. The person's other sessions end: whoever
    /// knew the password before has none.
    pub(super) async fn conclude_change(
        &self,
        outcome: SignInOutcome,
    ) -> Result<Response, Failure> {
        match outcome {
            SignInOutcome::SignedIn(user) => {
                let completed = self.complete(*user).await?;
                let provider = &self.state.provider;
                provider
                    .end_other_sessions(self.realm, &completed.session)
                    .await
                    .map_err(|error| Failure::of_store(&error))?;
                self.enter(&completed)
            }
            // A directory that is not content with what it has just taken.
            SignInOutcome::PasswordChangeRequired { .. } => Err(self.password_elsewhere()),
            kept_out => self.keep_out(kept_out).await,
        }
    }

    /// The way on where the password cannot be changed here.
    pub(super) fn password_elsewhere(&self) -> Failure {
        Failure::PasswordElsewhere {
            back: self.sign_in_path(),
        }
    }

    async fn keep_out(&self, outcome: SignInOutcome) -> Result<Response, Failure> {
        let back = self.sign_in_path();
        match outcome {
            SignInOutcome::NotAllowed => {
                let provider = &self.state.provider;
                let denied = provider.deny(self.realm, self.interaction, self.browser);
                see_other(&denied.await.map_err(|error| interaction_failure(&error))?)
            }
            SignInOutcome::Throttled {
                retry_after_seconds,
            } => Err(Failure::Throttled {
                retry_after_seconds,
                back,
            }),
            SignInOutcome::Unavailable => Err(Failure::Unavailable { back: Some(back) }),
            SignInOutcome::Refused
            | SignInOutcome::SignedIn(_)
            | SignInOutcome::PasswordChangeRequired { .. } => self.sign_in_form(true),
        }
    }

    async fn complete(&self, user: AuthenticatedUser) -> Result<Completed, Failure> {
        let provider = &self.state.provider;
        let completed = provider.complete(self.realm, self.interaction, self.browser, user);
        completed.await.map_err(|error| interaction_failure(&error))
    }

    /// To the application, with a session.
    fn enter(&self, completed: &Completed) -> Result<Response, Failure> {
        let mut response = see_other(&completed.to)?;
        let seconds = Some(completed.session_seconds);
        let cookies = cookies(self.state, self.realm);
        let cookie = cookies.set(CookieKind::Session, &completed.session, seconds);
        add_cookie(&mut response, cookie)?;
        Ok(response)
    }
}
