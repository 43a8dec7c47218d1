//! Sign-ins on their way: from the page to the session and the code.

use crate::{
    account, gate, opaque, paths,
    provider::{Browser, Parts},
    return_address::{AnswerError, ReturnAddress},
    token,
};
use bridge_model::{
    account::{AuthenticatedUser, KeptOut},
    client::{Client, GrantType},
    ports::StoreError,
    realm::Realm,
    secret::Secret,
    session::{AuthorizationRequest, Grant, GrantStage, Interaction, Session, SignInEnd},
    time::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;

/// What a sign-in page shows and needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPage {
    /// What people call the application. It comes from its operator: escape it.
    pub client_name: String,
    /// The client.
    pub client: Client,
    /// The user name to begin with. It comes from the request: escape it.
    pub login_hint: Option<String>,
    /// The form's CSRF token, for [`Provider::begin_sign_in`](crate::Provider::begin_sign_in).
    pub csrf: String,
    /// What the page's `form-action` has to admit besides `'self'`, as browsers apply it to the
    /// redirect after the form too: an origin such as `https://app.example`, or a scheme such as
    /// `com.example.app:`; none: the sign-in ends at a page here.
    pub redirect_origin: Option<String>,
}

/// A sign-in that is done.
#[derive(Debug)]
pub struct Completed {
    /// Where the browser goes, by status 303.
    pub to: String,
    /// The value of the session cookie: always a new one, so that nobody can have known it before.
    pub session: Secret,
    /// How long the session lasts.
    pub session_seconds: u64,
}

/// Why a sign-in does not go on.
#[derive(Debug, thiserror::Error)]
pub enum InteractionError {
    /// Unknown, over, ended, of another browser, or its application is no longer there: the person
    /// has to start again at the application.
    #[error("the sign-in is over, or was begun in another browser")]
    Expired,
    /// The form is not the one that this browser was given.
    #[error("the form was not sent from the sign-in page of this browser")]
    Forged,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far the clocks of two nodes may be apart.
const SKEW: Duration = Duration::from_secs(10);
/// RFC 6749 section 4.1.2: the longest a code may live.
const CODE_LIFETIME_MAX: Duration = Duration::from_mins(10);

/// What a client is told whose users the person is not one of.
pub(crate) const NOT_FOR_THEM: &str = "the person may not use this client";

/// An interaction of this browser, to which its client can still be answered.
struct Begun {
    interaction: Interaction,
    binding: Secret,
    client: Client,
    to: Destination,
}

/// Where a sign-in ends.
enum Destination {
    /// At its client.
    Client(ReturnAddress),
    /// At the account page, whose path this is.
    Account(String),
}

/// Keeps a sign-in that begins; gives its id, and the value of the browser's binding if it is new. A
/// browser has one binding for all its interactions, so that two tabs do not end each other's.
pub(crate) async fn begin_interaction(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
    request: AuthorizationRequest,
) -> Result<(String, Option<Secret>), StoreError> {
    let kept = browser.binding.clone().filter(opaque::is_whole);
    let (binding, is_new) = match kept {
        Some(binding) => (binding, false),
        None => (opaque::draw(&*parts.random), true),
    };
    let id = opaque::draw(&*parts.random);
    let interaction = Interaction {
        id: opaque::digest(&id),
        realm: realm.name.clone(),
        browser: opaque::digest(&binding),
        request,
        expires_at: parts.now().plus(realm.lifetimes.interaction),
    };
    parts.store.add_interaction(&interaction).await?;
    Ok((opaque::encode(id.expose()), is_new.then_some(binding)))
}

pub(crate) async fn page(
    parts: &Parts,
    realm: &Realm,
    interaction: &str,
    browser: &Browser,
) -> Result<SignInPage, InteractionError> {
    let begun = load(parts, realm, interaction, browser).await?;
    Ok(begun.page(interaction))
}

pub(crate) async fn begin(
    parts: &Parts,
    realm: &Realm,
    interaction: &str,
    browser: &Browser,
    csrf: &str,
) -> Result<SignInPage, InteractionError> {
    let begun = load(parts, realm, interaction, browser).await?;
    let expected = opaque::csrf(&begun.binding, interaction);
    if !opaque::is_same(expected.as_bytes(), csrf.as_bytes()) {
        return Err(InteractionError::Forged);
    }
    Ok(begun.page(interaction))
}

pub(crate) async fn complete(
    parts: &Parts,
    realm: &Realm,
    interaction: &str,
    browser: &Browser,
    user: AuthenticatedUser,
) -> Result<Completed, InteractionError> {
    let begun = load(parts, realm, interaction, browser).await?;
    // What was asked for with `prompt` and `max_age` is kept by this: the password was given in this
    // interaction, and to this realm.
    let begun_at = begun
        .interaction
        .expires_at
        .minus(realm.lifetimes.interaction);
    if *user.realm() != realm.name || user.auth_time() < begun_at.minus(SKEW) {
        return Err(InteractionError::Expired);
    }
    // Whoever let the person in may have done so for another client, and it is a moment ago.
    let (came, auth_time) = (user.user().clone(), user.auth_time());
    let may_use = match gate::readmit(parts, realm, &begun.client, came, auth_time).await? {
        Ok(_) => true,
        Err(KeptOut::NotInAllowedGroups) => false,
        Err(_) => return Err(InteractionError::Expired),
    };
    let ends = parts.now().plus(realm.lifetimes.session);
    let (secret, session) = draw_session(parts, realm, &user, ends);
    let (to, grant) = match begun.to {
        Destination::Client(to) if may_use => {
            let request = begun.interaction.request;
            let (code, grant) = draw_code(parts, realm, &begun.client, request, &user, session.id);
            (to.with_code(&code), Some(grant))
        }
        to => (to.denied(), None),
    };
    let end = SignInEnd {
        interaction: begun.interaction.id,
        former: browser.session.as_ref().map(opaque::digest),
        session,
        grant,
    };
    // Of two tabs that come to the same end one wins.
    if !parts.store.complete_sign_in(&end).await? {
        return Err(InteractionError::Expired);
    }
    Ok(Completed {
        to,
        session: secret,
        session_seconds: realm.lifetimes.session.as_secs(),
    })
}

/// Ends an interaction of somebody who may not use the client, and gives the answer to the client.
pub(crate) async fn deny(
    parts: &Parts,
    realm: &Realm,
    interaction: &str,
    browser: &Browser,
) -> Result<String, InteractionError> {
    let begun = load(parts, realm, interaction, browser).await?;
    end(parts, realm, &begun).await?;
    Ok(begun.to.denied())
}

/// Makes a code for a client, and the grant behind it. Only for a person who passed the account gate.
pub(crate) async fn issue_code(
    parts: &Parts,
    realm: &Realm,
    client: &Client,
    request: AuthorizationRequest,
    user: &AuthenticatedUser,
    session: Uuid,
) -> Result<String, StoreError> {
    let (code, grant) = draw_code(parts, realm, client, request, user, session);
    parts.store.add_grant(&grant).await?;
    Ok(code)
}

/// A code, and the grant behind it, which is not kept yet.
fn draw_code(
    parts: &Parts,
    realm: &Realm,
    client: &Client,
    request: AuthorizationRequest,
    user: &AuthenticatedUser,
    session: Uuid,
) -> (String, Grant) {
    let (now, code) = (parts.now(), opaque::draw(&*parts.random));
    let code_expires_at = now.plus(realm.lifetimes.code.min(CODE_LIFETIME_MAX));
    let grant = Grant {
        id: parts.random.uuid_at(now),
        realm: realm.name.clone(),
        session,
        request,
        user: user.user().clone(),
        auth_time: user.auth_time(),
        code: opaque::digest(&code),
        code_expires_at,
        // As long as the last token that can come of it, so that a replay still finds it.
        expires_at: code_expires_at.plus(token::lifetime(realm, client)),
        stage: GrantStage::Issued,
    };
    (opaque::encode(code.expose()), grant)
}

/// Ends an interaction, unless somebody else was faster.
async fn end(parts: &Parts, realm: &Realm, begun: &Begun) -> Result<(), InteractionError> {
    let (store, id) = (&parts.store, begun.interaction.id);
    if store.end_interaction(&realm.name, id).await? {
        Ok(())
    } else {
        Err(InteractionError::Expired)
    }
}

/// A new session; the one that the browser had before is ended, so that its cookie is worth nothing.
pub(crate) async fn start_session(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
    user: &AuthenticatedUser,
    expires_at: Timestamp,
) -> Result<(Secret, Uuid), StoreError> {
    let now = parts.now();
    if let Some(former) = &browser.session {
        let former = parts
            .store
            .session(&realm.name, opaque::digest(former), now)
            .await?;
        if let Some(former) = former {
            parts.store.retire_session(&realm.name, former.id).await?;
        }
    }
    let (secret, session) = draw_session(parts, realm, user, expires_at);
    parts.store.add_session(&session).await?;
    Ok((secret, session.id))
}

/// The value of a session's cookie, and the session, which is not kept yet.
fn draw_session(
    parts: &Parts,
    realm: &Realm,
    user: &AuthenticatedUser,
    expires_at: Timestamp,
) -> (Secret, Session) {
    let secret = opaque::draw(&*parts.random);
    let session = Session {
        id: parts.random.uuid_at(parts.now()),
        realm: realm.name.clone(),
        secret: opaque::digest(&secret),
        user: user.user().clone(),
        auth_time: user.auth_time(),
        expires_at,
    };
    (secret, session)
}

async fn load(
    parts: &Parts,
    realm: &Realm,
    interaction: &str,
    browser: &Browser,
) -> Result<Begun, InteractionError> {
    let expired = || InteractionError::Expired;
    if !realm.enabled {
        return Err(expired());
    }
    let id = opaque::digest(&opaque::decode(interaction).ok_or_else(expired)?);
    let binding = browser.binding.clone().ok_or_else(expired)?;
    let interaction = parts
        .store
        .interaction(&realm.name, id, parts.now())
        .await?;
    let interaction = interaction.ok_or_else(expired)?;
    if !opaque::is_same(&interaction.browser.0, &opaque::digest(&binding).0) {
        return Err(expired());
    }
    let (client, to) = destination(parts, realm, &interaction.request)
        .await?
        .ok_or_else(expired)?;
    Ok(Begun {
        interaction,
        binding,
        client,
        to,
    })
}

/// Where a sign-in ends; none: its client has been switched off or changed since.
async fn destination(
    parts: &Parts,
    realm: &Realm,
    request: &AuthorizationRequest,
) -> Result<Option<(Client, Destination)>, StoreError> {
    if account::is_asked_for(realm, request) {
        let path = paths::of_realm(paths::ACCOUNT, &realm.name);
        return Ok(Some((account::client(realm), Destination::Account(path))));
    }
    let client = parts.store.client(&realm.name, &request.client_id).await?;
    let may_ask = |client: &Client| {
        client.enabled && client.grant_types.contains(&GrantType::AuthorizationCode)
    };
    let is_registered = |client: &Client| {
        let mut registered = client.redirect_uris.iter();
        registered.any(|uri| uri.fits(&request.redirect_uri))
    };
    let client = client.filter(may_ask).filter(is_registered);
    let to = ReturnAddress::new(&request.redirect_uri, parts.issuer(&realm.name));
    let to = to.map(|to| Destination::Client(to.with_state(request.state.clone())));
    Ok(client.zip(to))
}

impl Destination {
    /// The answer where the person may not use the client.
    fn denied(self) -> String {
        match self {
            Self::Client(to) => to.with_error(AnswerError::AccessDenied, NOT_FOR_THEM),
            Self::Account(path) => path,
        }
    }
}

impl Begun {
    fn page(self, interaction: &str) -> SignInPage {
        let name = self.client.name.clone();
        SignInPage {
            client_name: name.unwrap_or_else(|| self.client.id.to_string()),
            client: self.client,
            login_hint: self.interaction.request.login_hint,
            csrf: opaque::csrf(&self.binding, interaction),
            redirect_origin: match self.to {
                Destination::Client(to) => Some(to.form_action()),
                Destination::Account(_) => None,
            },
        }
    }
}

#[cfg(test)]
#[path = "sign_in/tests.rs"]
mod tests;
