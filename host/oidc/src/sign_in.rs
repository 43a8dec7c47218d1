//! Sign-ins on their way: from the page to the session and the code.

use crate::{
    opaque,
    provider::{Browser, Parts},
    return_address::ReturnAddress,
};
use bridge_model::{
    account::AuthenticatedUser,
    client::Client,
    names::ClientId,
    ports::StoreError,
    realm::Realm,
    secret::Secret,
    session::{AuthorizationRequest, Grant, GrantStage, Interaction, Session},
};
use std::time::Duration;
use uuid::Uuid;

/// What a sign-in page shows and needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPage {
    /// What people call the application. It comes from its operator: escape it.
    pub client_name: String,
    /// The client.
    pub client_id: ClientId,
    /// The user name to begin with. It comes from the request: escape it.
    pub login_hint: Option<String>,
    /// The form's CSRF token, for [`Provider::begin_sign_in`](crate::Provider::begin_sign_in).
    pub csrf: String,
    /// What the page's `form-action` has to admit besides `'self'`, as browsers apply it to the
    /// redirect after the form too: an origin such as `https://app.example`, or a scheme such as
    /// `com.example.app:`.
    pub redirect_origin: String,
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

/// An interaction of this browser, to which its client can still be answered.
struct Begun {
    interaction: Interaction,
    binding: Secret,
    client: Client,
    to: ReturnAddress,
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
    if !parts
        .store
        .end_interaction(&realm.name, begun.interaction.id)
        .await?
    {
        return Err(InteractionError::Expired);
    }
    let (secret, session) = start_session(parts, realm, browser, &user).await?;
    let code = issue_code(parts, realm, begun.interaction.request, &user, session).await?;
    Ok(Completed {
        to: begun.to.with_code(&code),
        session: secret,
        session_seconds: realm.lifetimes.session.as_secs(),
    })
}

/// Makes a code for a client, and the grant behind it. Only for a person who passed the account gate.
pub(crate) async fn issue_code(
    parts: &Parts,
    realm: &Realm,
    request: AuthorizationRequest,
    user: &AuthenticatedUser,
    session: Uuid,
) -> Result<String, StoreError> {
    let (now, code) = (parts.now(), opaque::draw(&*parts.random));
    let code_expires_at = now.plus(realm.lifetimes.code.min(CODE_LIFETIME_MAX));
    let grant = Grant {
        id: opaque::draw_uuid(&*parts.random),
        realm: realm.name.clone(),
        session,
        request,
        user: user.user().clone(),
        auth_time: user.auth_time(),
        code: opaque::digest(&code),
        code_expires_at,
        // As long as the last token that can come of it, so that a replay still finds it.
        expires_at: code_expires_at.plus(realm.lifetimes.token),
        stage: GrantStage::Issued,
    };
    parts.store.add_grant(&grant).await?;
    Ok(opaque::encode(code.expose()))
}

/// A new session; the one that the browser had before is ended, so that its cookie is worth nothing.
async fn start_session(
    parts: &Parts,
    realm: &Realm,
    browser: &Browser,
    user: &AuthenticatedUser,
) -> Result<(Secret, Uuid), StoreError> {
    let now = parts.now();
    if let Some(former) = &browser.session {
        let former = parts
            .store
            .session(&realm.name, opaque::digest(former), now)
            .await?;
        if let Some(former) = former {
            parts.store.end_session(&realm.name, former.id).await?;
        }
    }
    let secret = opaque::draw(&*parts.random);
    let session = Session {
        id: opaque::draw_uuid(&*parts.random),
        realm: realm.name.clone(),
        secret: opaque::digest(&secret),
        user: user.user().clone(),
        auth_time: user.auth_time(),
        expires_at: now.plus(realm.lifetimes.session),
    };
    parts.store.add_session(&session).await?;
    Ok((secret, session.id))
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
    // The client may have been switched off or changed since.
    let (request, issuer) = (&interaction.request, parts.issuer(&realm.name));
    let client = parts.store.client(&realm.name, &request.client_id).await?;
    let client = client.filter(|client| client.enabled).ok_or_else(expired)?;
    if !client
        .redirect_uris
        .iter()
        .any(|uri| uri.fits(&request.redirect_uri))
    {
        return Err(expired());
    }
    let to = ReturnAddress::new(&request.redirect_uri, issuer).ok_or_else(expired)?;
    let to = to.with_state(request.state.clone());
    Ok(Begun {
        interaction,
        binding,
        client,
        to,
    })
}

impl Begun {
    fn page(self, interaction: &str) -> SignInPage {
        SignInPage {
            client_name: self
                .client
                .name
                .unwrap_or_else(|| self.client.id.to_string()),
            client_id: self.client.id,
            login_hint: self.interaction.request.login_hint,
            csrf: opaque::csrf(&self.binding, interaction),
            redirect_origin: self.to.form_action(),
        }
    }
}

#[cfg(test)]
#[path = "sign_in/tests.rs"]
mod tests;
