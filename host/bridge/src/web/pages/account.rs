//! The account page.

use super::{
    Failure, html,
    password::{PasswordNotes, Shown},
    time, with_policy,
};
use askama::Template;
use axum::response::Response;
use bridge_model::time::Timestamp;
use bridge_oidc::OpenSession;

/// What a person sees of their account.
#[derive(Template)]
#[template(path = "account.html")]
pub(in crate::web) struct AccountPage<'a> {
    /// What people call the realm.
    pub realm: &'a str,
    /// What the person is called; the user name where nothing else is known.
    pub name: &'a str,
    /// The user name.
    pub username: &'a str,
    /// What else is known, by label.
    pub facts: Vec<(&'static str, &'a str)>,
    /// What has just been done.
    pub notice: Option<&'static str>,
    /// The form for the profile; none: nothing of it can be changed here.
    pub profile: Option<ProfileSection>,
    /// The form for a new password; none: it cannot be changed here.
    pub password: Option<PasswordSection<'a>>,
    /// The person's sessions, this browser's first.
    pub sessions: Vec<SessionRow>,
    /// Where the form that ends sessions is sent.
    pub sessions_action: &'a str,
    /// What proves that this form is ours.
    pub sessions_csrf: &'a str,
}

/// The part of the account page for a new password.
pub(in crate::web) struct PasswordSection<'a> {
    /// Where the form is sent.
    pub action: String,
    /// What proves that the form is ours.
    pub csrf: String,
    /// What has to be put right.
    pub notes: &'a PasswordNotes,
}

/// The part of the account page for the profile.
pub(in crate::web) struct ProfileSection {
    /// Where the form is sent.
    pub action: String,
    /// What proves that the form is ours.
    pub csrf: String,
    /// What is said above it.
    pub note: Option<&'static str>,
    /// Its fields.
    pub fields: Vec<ProfileField>,
}

/// A field of the profile.
pub(in crate::web) struct ProfileField {
    /// The claim, which is the field's name too.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What a browser may fill in (HTML, autofill field names).
    pub autocomplete: &'static str,
    /// What stands in it.
    pub value: String,
    /// What has to be put right.
    pub note: Option<&'static str>,
}

impl ProfileSection {
    fn is_refused(&self) -> bool {
        self.note.is_some() || self.fields.iter().any(|field| field.note.is_some())
    }
}

/// A session as a person sees it.
#[derive(Debug)]
pub(in crate::web) struct SessionRow {
    /// Its public name.
    id: String,
    /// Whether it is this browser's.
    is_current: bool,
    /// How long ago it began.
    ago: String,
    /// When, in words.
    since: String,
    /// When, for machines.
    since_machine: String,
}

impl SessionRow {
    /// A session as it stands now.
    pub(in crate::web) fn new(session: &OpenSession, now: Timestamp) -> Self {
        Self {
            id: session.id.to_string(),
            is_current: session.is_current,
            ago: time::ago(session.auth_time, now),
            since: time::in_words(session.auth_time),
            since_machine: time::for_machines(session.auth_time),
        }
    }
}

impl AccountPage<'_> {
    /// The page; `shown` says how its form for a new password fared.
    pub(in crate::web) fn respond(&self, shown: Shown) -> Result<Response, Failure> {
        let response = html(self).ok_or(Failure::Internal)?;
        with_policy(shown.mark(response), None)
    }

    fn title(&self) -> &'static str {
        let password = self.password.as_ref();
        let profile = self.profile.as_ref();
        if password.is_some_and(|section| section.notes.is_any()) {
            "Password not changed"
        } else if profile.is_some_and(ProfileSection::is_refused) {
            "Profile not changed"
        } else {
            "Your account"
        }
    }
}

/// What a person sees who has signed out.
#[derive(Template)]
#[template(path = "signed-out.html")]
pub(in crate::web) struct SignedOutPage<'a> {
    /// What people call the realm.
    pub realm: &'a str,
    /// The account page's path.
    pub account: &'a str,
}

impl SignedOutPage<'_> {
    /// The page.
    pub(in crate::web) fn respond(&self) -> Result<Response, Failure> {
        let response = html(self).ok_or(Failure::Internal)?;
        with_policy(response, None)
    }
}
