//! Somebody at their own page, and what they get.

use super::profile::{self, ProfileTyped};
use crate::web::{
    browser::{add_cookie, cookies, see_other},
    cookies::CookieKind,
    failure::Failure,
    pages::{
        AccountPage, PasswordNotes, PasswordSection, SessionRow, Shown, SignedOutPage, realm_title,
    },
    request::RequestContext,
    state::WebState,
};
use axum::response::Response;
use bridge_federation::{PasswordOutcome, SignInOutcome};
use bridge_model::{
    account::User,
    audit::{AuditEvent, AuditKind, AuditOutcome},
    federation::EditMode,
    plan::PasswordWrite,
    realm::{PlannedFederation, Realm},
    write::Complaint,
};
use bridge_oidc::{Account, AccountError, AccountForm, Browser, paths};
use serde_json::Value;
use uuid::Uuid;

/// Somebody at their own page.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) state: &'a WebState,
    pub(super) realm: &'a Realm,
    pub(super) account: &'a Account,
}

impl Place<'_> {
    /// The page, with what is to be said on it.
    pub(super) async fn page(&self, said: &Said, shown: Shown) -> Result<Response, Failure> {
        let Self {
            state,
            realm,
            account,
        } = *self;
        let sessions = state.provider.sessions(realm, account).await;
        let sessions = sessions.map_err(|error| Failure::of_store(&error))?;
        let now = state.clock.now();
        let rows = sessions.iter().map(|session| SessionRow::new(session, now));
        let planned = self.federation().await?;
        let may_change = planned.as_ref().is_some_and(takes_passwords);
        let offered = planned.as_ref().map(profile::offered).unwrap_or_default();
        let page = AccountPage {
            realm: realm_title(realm),
            name: claim(&account.user, "name").unwrap_or(&account.user.username),
            username: &account.user.username,
            facts: facts(&account.user, &offered),
            notice: said.notice,
            profile: profile::section(account, realm, &offered, &said.profile),
            password: may_change.then(|| PasswordSection {
                action: paths::of_realm(paths::ACCOUNT_PASSWORD, &realm.name),
                csrf: account.csrf(AccountForm::Password),
                notes: &said.password,
            }),
            sessions: rows.collect(),
            sessions_action: &paths::of_realm(paths::ACCOUNT_SESSIONS, &realm.name),
            sessions_csrf: &account.csrf(AccountForm::Sessions),
        };
        page.respond(shown)
    }

    /// The person's federation; none: it is gone.
    pub(super) async fn federation(&self) -> Result<Option<PlannedFederation>, Failure> {
        let id = self.account.user.federation_id;
        let found = self.state.store.federation(&self.realm.name, id).await;
        found.map_err(|error| Failure::of_store(&error))
    }

    /// Whether the person's federation takes a new password at all.
    pub(super) async fn may_change_password(&self) -> Result<bool, Failure> {
        let planned = self.federation().await?;
        Ok(planned.as_ref().is_some_and(takes_passwords))
    }

    /// After a change: the gate has been asked again, and says whether the person stays.
    pub(super) async fn changed(
        &self,
        browser: &Browser,
        outcome: SignInOutcome,
    ) -> Result<Response, Failure> {
        let Self {
            state,
            realm,
            account,
        } = *self;
        let provider = &state.provider;
        match outcome {
            SignInOutcome::SignedIn(user) => {
                let renewed = provider.renew_session(realm, browser, &user).await;
                let renewed = renewed.map_err(|error| failure_of(&error))?;
                let mut response = self.done(Done::Password)?;
                let seconds = Some(renewed.session_seconds);
                let cookies = cookies(state, realm);
                let cookie = cookies.set(CookieKind::Session, &renewed.session, seconds);
                add_cookie(&mut response, cookie)?;
                Ok(response)
            }
            // Nothing is held against the person, but nobody could be asked: this session stays, and
            // whoever knew the password so far has none.
            SignInOutcome::Throttled { .. } | SignInOutcome::Unavailable => {
                self.end_all_but_this(browser).await?;
                self.done(Done::Password)
            }
            SignInOutcome::Refused
            | SignInOutcome::NotAllowed
            | SignInOutcome::PasswordChangeRequired { .. } => {
                self.end_all_but_this(browser).await?;
                let ended = provider.end_session(realm, account, account.session).await;
                ended.map_err(|error| Failure::of_store(&error))?;
                see_other(&path(realm))
            }
        }
    }

    pub(super) async fn not_changed(&self, outcome: &PasswordOutcome) -> Result<Response, Failure> {
        match outcome {
            PasswordOutcome::Complaints(complaints) => {
                let notes = PasswordNotes::of(complaints);
                self.page(&Said::of_password(notes), Shown::Again).await
            }
            PasswordOutcome::Refused | PasswordOutcome::Changed => {
                let notes = PasswordNotes::refusal();
                self.page(&Said::of_password(notes), Shown::Refused).await
            }
            PasswordOutcome::NotSupported => {
                let notes = PasswordNotes::of(&[Complaint::NotAllowed]);
                self.page(&Said::of_password(notes), Shown::Again).await
            }
            PasswordOutcome::Throttled {
                retry_after_seconds,
            } => Err(Failure::Throttled {
                retry_after_seconds: *retry_after_seconds,
                back: path(self.realm),
            }),
            PasswordOutcome::Unavailable => Err(Failure::Unavailable {
                back: Some(path(self.realm)),
            }),
        }
    }

    pub(super) async fn end(&self, id: Uuid, context: &RequestContext) -> Result<(), Failure> {
        let provider = &self.state.provider;
        let ended = provider.end_session(self.realm, self.account, id).await;
        if ended.map_err(|error| Failure::of_store(&error))? {
            self.record(format!("session {}/{id}", self.realm.name), context);
        }
        Ok(())
    }

    pub(super) async fn end_others(
        &self,
        browser: &Browser,
        context: &RequestContext,
    ) -> Result<(), Failure> {
        if self.end_all_but_this(browser).await? > 0 {
            let object = format!("sessions of {}", self.person());
            self.record(object, context);
        }
        Ok(())
    }

    async fn end_all_but_this(&self, browser: &Browser) -> Result<u64, Failure> {
        let Some(session) = &browser.session else {
            return Ok(0);
        };
        let provider = &self.state.provider;
        let ended = provider.end_other_sessions(self.realm, session).await;
        ended.map_err(|error| Failure::of_store(&error))
    }

    /// Notes down what a person did away with.
    fn record(&self, object: String, context: &RequestContext) {
        let mut event = self.event(AuditKind::Removed, context);
        event.object = Some(object);
        self.state.audit.record(&event);
    }

    /// A line of the audit trail about what the person does to themselves: a success, unless it is said
    /// otherwise.
    pub(super) fn event(&self, kind: AuditKind, context: &RequestContext) -> AuditEvent {
        let now = self.state.clock.now();
        let mut event = AuditEvent::new(now, kind, AuditOutcome::Success);
        event.request_id = Some(context.id.clone());
        event.address = context.address.map(|address| address.to_string());
        event.realm = Some(self.realm.name.to_string());
        event.client_id = Some(self.account.client.id.to_string());
        event.federation = Some(self.account.user.federation.to_string());
        event.entry_dn = Some(self.account.user.entry_dn.clone());
        event.subject = Some(self.account.user.subject.clone());
        event.object = Some(self.person());
        event.actor = Some(self.person());
        event
    }

    fn person(&self) -> String {
        format!("user {}/{}", self.realm.name, self.account.user.subject)
    }

    /// Back to the page, which says what was done. A reload does not do it again.
    pub(super) fn done(&self, done: Done) -> Result<Response, Failure> {
        see_other(&format!("{}?done={}", path(self.realm), done.name()))
    }

    pub(super) fn signed_out(&self) -> Result<Response, Failure> {
        let page = SignedOutPage {
            realm: realm_title(self.realm),
            account: &path(self.realm),
        };
        let mut response = page.respond()?;
        let cookie = cookies(self.state, self.realm).clear(CookieKind::Session);
        add_cookie(&mut response, cookie)?;
        Ok(response)
    }
}

/// What is said on the page.
#[derive(Default)]
pub(super) struct Said {
    /// What has just been done.
    pub(super) notice: Option<&'static str>,
    /// About a new password.
    pub(super) password: PasswordNotes,
    /// About a profile.
    pub(super) profile: ProfileTyped,
}

impl Said {
    pub(super) fn of_password(password: PasswordNotes) -> Self {
        Self {
            password,
            ..Self::default()
        }
    }
}

/// What was done a moment ago.
#[derive(Clone, Copy)]
pub(super) enum Done {
    Profile,
    Password,
    Session,
    OtherSessions,
}

impl Done {
    const ALL: [Self; 4] = [
        Self::Profile,
        Self::Password,
        Self::Session,
        Self::OtherSessions,
    ];

    pub(super) fn in_query(query: &str) -> Option<Self> {
        let name = query.strip_prefix("done=")?;
        Self::ALL.into_iter().find(|done| done.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Password => "password",
            Self::Session => "session",
            Self::OtherSessions => "other-sessions",
        }
    }

    pub(super) fn notice(self) -> &'static str {
        match self {
            Self::Profile => "Your profile was changed.",
            Self::Password => {
                "Your password was changed, and your sessions in other browsers were ended."
            }
            Self::Session => "The session was ended.",
            Self::OtherSessions => "Your sessions in all other browsers were ended.",
        }
    }
}

/// What became of a form of the account page.
pub(super) fn failure_of(error: &AccountError) -> Failure {
    match error {
        AccountError::SignedOut => Failure::Expired,
        AccountError::Forged => Failure::Forged,
        AccountError::Store(error) => Failure::of_store(error),
    }
}

/// Whether somebody of a federation can give themselves a new password.
fn takes_passwords(planned: &PlannedFederation) -> bool {
    match planned.federation.edit_mode {
        EditMode::ReadOnly => false,
        EditMode::Writable => planned.plan.password_write != PasswordWrite::Refused,
        EditMode::Unsynced => true,
    }
}

/// What a person is shown of themselves beside their name, and cannot change.
fn facts<'a>(user: &'a User, offered: &[profile::Field]) -> Vec<(&'static str, &'a str)> {
    let shown = [
        ("Name", "name"),
        ("Given name", "given_name"),
        ("Family name", "family_name"),
        ("E-mail", "email"),
    ];
    let is_form = |name: &str| offered.iter().any(|field| field.claim == name);
    // Where a name stands as a whole, its parts say no more.
    let is_part = |name: &str| name.ends_with("_name") && claim(user, "name").is_some();
    let facts = shown.into_iter().filter_map(|(label, name)| {
        let value = claim(user, name)?;
        (!is_form(name) && !is_part(name)).then_some((label, value))
    });
    facts.collect()
}

/// A claim that is a text.
pub(super) fn claim<'a>(user: &'a User, name: &str) -> Option<&'a str> {
    user.claims.get(name).and_then(Value::as_str)
}

/// The path of the account page.
pub(super) fn path(realm: &Realm) -> String {
    paths::of_realm(paths::ACCOUNT, &realm.name)
}
