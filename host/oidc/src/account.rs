//! A person's own pages: who is signed in in this browser, where else, and what ends that.
//!
//! They are no client of the realm's: nothing is issued for them, and the sign-in to them ends at the
//! page itself. What stands for a client there ([`client`]) is made here and never stored.

use crate::{
    gate, opaque, paths,
    provider::{Browser, Parts},
    sign_in::{self, Completed},
};
use bridge_model::{
    account::{AuthenticatedUser, User},
    client::{Client, ClientAuthentication},
    keys::SigningAlgorithm,
    names::ClientId,
    ports::StoreError,
    realm::{Realm, Revision},
    secret::Secret,
    session::{AuthorizationRequest, Session},
    time::Timestamp,
};
use uuid::Uuid;

/// Somebody who is signed in, at their own pages.
#[derive(Debug)]
pub struct Account {
    /// Who it is, as of the sign-in; let in by the gate just now.
    pub user: User,
    /// When the password was given.
    pub auth_time: Timestamp,
    /// What stands for a client at these pages, for whoever checks a password here.
    pub client: Client,
    /// The session of this browser: the claim `sid`.
    pub session: Uuid,
    /// The value of its cookie.
    secret: Secret,
    /// When it is over.
    expires_at: Timestamp,
}

/// What becomes of a browser at the account pages.
#[derive(Debug)]
pub enum Visit {
    /// Somebody is signed in.
    Open(Box<Account>),
    /// The person has to sign in first: as [`Authorized::SignIn`](crate::Authorized::SignIn).
    SignIn {
        /// The interaction's id.
        interaction: String,
        /// The value of the cookie that binds it to this browser, if there is a new one.
        new_binding: Option<Secret>,
    },
}

/// A form of the account pages. Each has CSRF tokens of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountForm {
    /// Changes the password.
    Password,
    /// Ends sessions.
    Sessions,
    /// Changes the profile.
    Profile,
}

/// Why a form of the account pages is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Nobody is signed in in this browser, or the gate keeps the person out by now.
    #[error("nobody is signed in in this browser")]
    SignedOut,
    /// The form is not the one that this browser was given.
    #[error("the form was not sent from an account page of this browser")]
    Forged,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One of a person's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its public name.
    pub id: Uuid,
    /// When the password was given.
    pub auth_time: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
    /// Whether it is the one of this browser.
    pub is_current: bool,
}

impl Account {
    /// The CSRF token of a form, which is worth nothing to another browser or in another session.
    pub fn csrf(&self, form: AccountForm) -> String {
        opaque::csrf(&self.secret, form.name())
    }
}

impl AccountForm {
    /// What goes into the token; a slash keeps it apart from an interaction's id.
    fn name(self) -> &'static str {
        match self {
            Self::Password => "account/password",
            Self::Sessions => "account/sessions",
            Self::Profile => "account/profile",
        }
    }
}

/// What stands for a client at the account pages: everybody of the realm may use them, and no endpoint
/// takes it, for it is not in the store.
pub(crate) fn client(realm: &Realm) -> Client {
    Client {
        realm: realm.name.clone(),
        id: client_id(),
        name: Some("your account".to_owned()),
        enabled: true,
        authentication: ClientAuthentication::Public,
        grant_types: Vec::new(),
        redirect_uris: Vec::new(),
        signing_algorithm: SigningAlgorithm::ES256,
        token_lifetime: None,
        allowed_groups: Vec::new(),
        admin_scopes: Vec::new(),
        managed_by: None,
        revision: Revision::default(),
    }
}

/// Whether a sign-in is one to the account pages. No client's can be taken for one: what is registered
/// is an absolute address ([`bridge_model::client::RedirectUri`]), and this is a path.
pub(crate) fn is_asked_for(realm: &Realm, request: &AuthorizationRequest) -> bool {
    request.redirect_uri == paths::of_realm(paths::ACCOUNT, &realm.name)
}

pub(crate) async fn visit(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
) -> Result<Visit, StoreError> {
    if let Some(account) = load(parts, realm, browser).await? {
        return Ok(Visit::Open(Box::new(account)));
    }
    let request = AuthorizationRequest {
        client_id: client_id(),
        redirect_uri: paths::of_realm(paths::ACCOUNT, &realm.name),
        scope: Vec::new(),
        state: None,
        nonce: None,
        code_challenge: None,
        login_required: false,
        max_age: None,
        login_hint: None,
    };
    let (interaction, new_binding) =
        sign_in::begin_interaction(parts, realm, browser, request).await?;
    Ok(Visit::SignIn {
        interaction,
        new_binding,
    })
}

pub(crate) async fn take_form(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
    form: AccountForm,
    csrf: &str,
) -> Result<Account, AccountError> {
    let account = load(parts, realm, browser).await?;
    let account = account.ok_or(AccountError::SignedOut)?;
    if opaque::is_same(account.csrf(form).as_bytes(), csrf.as_bytes()) {
        Ok(account)
    } else {
        Err(AccountError::Forged)
    }
}

/// The person's sessions, this browser's first, then the newest first.
pub(crate) async fn sessions(
    parts: &Parts,
    realm: &Realm,
    account: &Account,
) -> Result<Vec<OpenSession>, StoreError> {
    let (subject, now) = (&account.user.subject, parts.now());
    let sessions = parts.store.sessions_of(&realm.name, subject, now).await?;
    let mut open: Vec<_> = sessions
        .iter()
        .map(|session| OpenSession {
            id: session.id,
            auth_time: session.auth_time,
            expires_at: session.expires_at,
            is_current: session.id == account.session,
        })
        .collect();
    open.sort_by_key(|session| !session.is_current);
    Ok(open)
}

/// Ends one of the person's sessions; another person's is not touched, whoever knows its name.
pub(crate) async fn end_session(
    parts: &Parts,
    realm: &Realm,
    account: &Account,
    session: Uuid,
) -> Result<bool, StoreError> {
    let open = sessions(parts, realm, account).await?;
    if open.iter().any(|other| other.id == session) {
        parts.store.end_session(&realm.name, session).await
    } else {
        Ok(false)
    }
}

/// Ends the other sessions of whoever has the session with this cookie's value, and gives how many.
pub(crate) async fn end_others(
    parts: &Parts,
    realm: &Realm,
    session: &Secret,
) -> Result<u64, StoreError> {
    let now = parts.now();
    let digest = opaque::digest(session);
    let Some(kept) = parts.store.session(&realm.name, digest, now).await? else {
        return Ok(0);
    };
    let subject = &kept.user.subject;
    let mut ended = 0;
    for other in parts.store.sessions_of(&realm.name, subject, now).await? {
        if other.id != kept.id && parts.store.end_session(&realm.name, other.id).await? {
            ended += 1;
        }
    }
    Ok(ended)
}

/// Puts a new session in the place of this browser's, and ends the person's others.
pub(crate) async fn renew(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
    user: &AuthenticatedUser,
) -> Result<Completed, AccountError> {
    let former = load(parts, realm, browser).await?;
    let former = former.ok_or(AccountError::SignedOut)?;
    // Whoever's password was given: the session stays the same person's.
    if *user.realm() != realm.name || user.user().subject != former.user.subject {
        return Err(AccountError::SignedOut);
    }
    let expires_at = parts.now().plus(realm.lifetimes.session);
    let (session, _) = sign_in::start_session(parts, realm, browser, user, expires_at).await?;
    end_others(parts, realm, &session).await?;
    Ok(Completed {
        to: paths::of_realm(paths::ACCOUNT, &realm.name),
        session,
        session_seconds: realm.lifetimes.session.as_secs(),
    })
}

/// Puts a new session in the place of this browser's, with what is known of the person now. It is as old
/// as the one before and ends with it: no password was given.
pub(crate) async fn refresh(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
    user: User,
) -> Result<Completed, AccountError> {
    let former = load(parts, realm, browser).await?;
    let former = former.ok_or(AccountError::SignedOut)?;
    let person = |user: &User| (user.subject.clone(), user.federation_id);
    if person(&user) != person(&former.user) {
        return Err(AccountError::SignedOut);
    }
    let admitted = gate::readmit(parts, realm, &former.client, user, former.auth_time).await?;
    let admitted = admitted.map_err(|_| AccountError::SignedOut)?;
    let ends = former.expires_at;
    let (session, _) = sign_in::start_session(parts, realm, browser, &admitted, ends).await?;
    Ok(Completed {
        to: paths::of_realm(paths::ACCOUNT, &realm.name),
        session,
        session_seconds: ends.0.saturating_sub(parts.now().0),
    })
}

/// Who is signed in in this browser, if the gate lets them in now.
async fn load(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
) -> Result<Option<Account>, StoreError> {
    let Some(secret) = &browser.session else {
        return Ok(None);
    };
    let digest = opaque::digest(secret);
    let session = parts.store.session(&realm.name, digest, parts.now());
    let Some(Session {
        id,
        user,
        auth_time,
        expires_at,
        ..
    }) = session.await?
    else {
        return Ok(None);
    };
    let client = client(realm);
    let admitted = gate::readmit(parts, realm, &client, user, auth_time).await?;
    Ok(admitted.ok().map(|admitted| Account {
        user: admitted.user().clone(),
        auth_time,
        client,
        session: id,
        secret: secret.clone(),
        expires_at,
    }))
}

#[expect(clippy::expect_used, reason = "the text is a client's id")]
fn client_id() -> ClientId {
    ClientId::new("account").expect("letters are an id")
}

#[cfg(test)]
mod tests;
