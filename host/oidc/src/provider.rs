//! The provider: one method for each endpoint.

use crate::{
    account::{self, Account, AccountError, AccountForm, OpenSession, Visit},
    admin::{self, AdminTokenError},
    authorize::{self, AuthorizeError, Authorized},
    keys::{JwkSet, KeyError, Keyring},
    metadata::Metadata,
    parameters::Parameters,
    paths,
    sign_in::{self, Completed, InteractionError, SignInPage},
    token::{self, SecretLimits, Throttle, TokenAnswer, TokenError, TokenRequest},
    userinfo::{self, UserinfoError},
};
use bridge_model::{
    account::{AuthenticatedUser, User},
    admin::Administrator,
    names::RealmName,
    ports::{Clock, Random, Store, StoreError},
    realm::Realm,
    secret::Secret,
    time::Timestamp,
};
use serde_json::{Map, Value};
use std::{fmt, sync::Arc};
use url::Url;
use uuid::Uuid;

/// An OpenID provider: the issuers of all realms below one address. A clone is the same provider.
///
/// Cancel safety: a call that is dropped leaves at most a code, an interaction or a session that
/// nobody was told of, and a code that was being redeemed may be used up.
#[derive(Clone)]
pub struct Provider(Arc<Parts>);

/// What a browser brought along: the values of the realm's cookies, decoded. A value that was not
/// made here opens nothing.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Who is signed in: as [`Completed::session`] was.
    pub session: Option<Secret>,
    /// Which browser it is: as `new_binding` of [`Authorized::SignIn`] was.
    pub binding: Option<Secret>,
}

/// What the endpoints are made of.
pub(crate) struct Parts {
    /// The public address, without a slash at the end.
    base: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: Keyring,
    pub(crate) throttle: Throttle,
}

impl Provider {
    /// A provider at a public address, which is all that its issuers are made from: a request's host
    /// name has no say.
    ///
    /// Shape: `https://id.example.test`, or with a path that all the [`paths`] are below.
    pub fn new(
        base_url: Url,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self::with_limits(base_url, store, clock, random, SecretLimits::default())
    }

    /// As [`Provider::new`], with other limits to how many client secrets can be guessed.
    pub fn with_limits(
        base_url: Url,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limits: SecretLimits,
    ) -> Self {
        let base = String::from(base_url).trim_end_matches('/').to_owned();
        let keys = Keyring::new(Arc::clone(&store), Arc::clone(&clock));
        Self(Arc::new(Parts {
            base,
            store,
            clock,
            random,
            keys,
            throttle: Throttle::new(limits),
        }))
    }

    /// The issuer of a realm: `{base_url}/realms/{realm}`.
    pub fn issuer(&self, realm: &RealmName) -> String {
        self.0.issuer(realm)
    }

    /// The realm's metadata (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2).
    pub fn metadata(&self, realm: &Realm) -> Metadata {
        Metadata::of(&self.0, &realm.name)
    }

    /// The public keys of a realm, newest first (RFC 7517 section 5). Among them is one for each algorithm
    /// that a client of the realm uses: it is made here if it is missing, which takes a tenth of a second
    /// and more for RSA, or with the client's first token. Without clients there may be none at all.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub async fn jwks(&self, realm: &Realm) -> Result<JwkSet, KeyError> {
        let keys = self.0.keys.published(&realm.name).await?;
        Ok(JwkSet::of(&keys))
    }

    /// The authorization endpoint (OpenID Connect Core section 3.1.2): the checks of
    /// [`authorize::STEPS`], in their order.
    ///
    /// # Errors
    ///
    /// What must not be answered by a redirect. Errors that the client may hear of are no errors here
    /// but an [`Authorized::Redirect`].
    pub async fn authorize(
        &self,
        realm: &Realm,
        parameters: &Parameters,
        browser: &Browser,
    ) -> Result<Authorized, AuthorizeError> {
        authorize::authorize(&self.0, realm, parameters, browser).await
    }

    /// What the sign-in page of an interaction shows.
    ///
    /// # Errors
    ///
    /// [`InteractionError::Expired`] also for an interaction that another browser began.
    pub async fn sign_in_page(
        &self,
        realm: &Realm,
        interaction: &str,
        browser: &Browser,
    ) -> Result<SignInPage, InteractionError> {
        sign_in::page(&self.0, realm, interaction, browser).await
    }

    /// Takes the form of the sign-in page, before a password is looked at: checks the interaction, the
    /// browser and the form's CSRF token. Gives the page to show again if the sign-in fails.
    ///
    /// # Errors
    ///
    /// As [`Provider::sign_in_page`], and [`InteractionError::Forged`].
    pub async fn begin_sign_in(
        &self,
        realm: &Realm,
        interaction: &str,
        browser: &Browser,
        csrf: &str,
    ) -> Result<SignInPage, InteractionError> {
        sign_in::begin(&self.0, realm, interaction, browser, csrf).await
    }

    /// Ends an interaction with the person who signed in: a new session, and a code for the client.
    ///
    /// # Errors
    ///
    /// [`InteractionError::Expired`] also if the interaction was ended at the same time, and for a
    /// person of another realm, who signed in before the interaction began, or whom the account gate
    /// keeps out. Whoever may come in but not use the client is signed in, and the client is told
    /// `access_denied`.
    pub async fn complete(
        &self,
        realm: &Realm,
        interaction: &str,
        browser: &Browser,
        user: AuthenticatedUser,
    ) -> Result<Completed, InteractionError> {
        sign_in::complete(&self.0, realm, interaction, browser, user).await
    }

    /// Ends an interaction of somebody whom the account gate keeps from its client and from nothing else
    /// ([`KeptOut::NotInAllowedGroups`](bridge_model::account::KeptOut::NotInAllowedGroups)). Gives
    /// where the browser goes, by status 303: to the client, with `access_denied`.
    ///
    /// # Errors
    ///
    /// [`InteractionError::Expired`] also if the interaction was ended at the same time.
    pub async fn deny(
        &self,
        realm: &Realm,
        interaction: &str,
        browser: &Browser,
    ) -> Result<String, InteractionError> {
        sign_in::deny(&self.0, realm, interaction, browser).await
    }

    /// A browser at the account page: who is signed in in it, or a sign-in that begins and ends there.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub async fn visit_account(
        &self,
        realm: &Realm,
        browser: &Browser,
    ) -> Result<Visit, StoreError> {
        account::visit(&self.0, realm, browser).await
    }

    /// Takes a form of the account page, before anything is done with it: checks the session and the
    /// form's CSRF token ([`Account::csrf`]).
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn take_account_form(
        &self,
        realm: &Realm,
        browser: &Browser,
        form: AccountForm,
        csrf: &str,
    ) -> Result<Account, AccountError> {
        account::take_form(&self.0, realm, browser, form, csrf).await
    }

    /// A person's sessions that are not over: this browser's first, then the newest first.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub async fn sessions(
        &self,
        realm: &Realm,
        account: &Account,
    ) -> Result<Vec<OpenSession>, StoreError> {
        account::sessions(&self.0, realm, account).await
    }

    /// Ends one of a person's sessions, and what was granted in it. False: it is none of theirs, or was
    /// over.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub async fn end_session(
        &self,
        realm: &Realm,
        account: &Account,
        session: Uuid,
    ) -> Result<bool, StoreError> {
        account::end_session(&self.0, realm, account, session).await
    }

    /// Ends all sessions of a person but the one whose cookie has this value, and what was granted in
    /// them; gives how many. For whoever has just changed the password, among others.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub async fn end_other_sessions(
        &self,
        realm: &Realm,
        session: &Secret,
    ) -> Result<u64, StoreError> {
        account::end_others(&self.0, realm, session).await
    }

    /// After a change of the password at the account page: a new session in the place of this browser's,
    /// and the end of the person's others. What was granted in this browser lives on.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`] also for another person than the one of the session.
    pub async fn renew_session(
        &self,
        realm: &Realm,
        browser: &Browser,
        user: &AuthenticatedUser,
    ) -> Result<Completed, AccountError> {
        account::renew(&self.0, realm, browser, user).await
    }

    /// After a change of the profile: a new session in the place of this browser's, as old as that one
    /// and ending with it, with what is known of its person now.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`] also for another person, and for one whom the gate keeps out.
    pub async fn refresh_session(
        &self,
        realm: &Realm,
        browser: &Browser,
        user: User,
    ) -> Result<Completed, AccountError> {
        account::refresh(&self.0, realm, browser, user).await
    }

    /// Lets go of what is kept in memory of a realm. For a realm that was deleted: one that is made anew
    /// under its name has keys of its own, and takes nothing that the old ones signed.
    pub fn forget(&self, realm: &RealmName) {
        self.0.keys.forget(realm);
    }

    /// The token endpoint (RFC 6749 section 3.2, OpenID Connect Core section 3.1.3). No answer of it may
    /// be cached.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub async fn token(
        &self,
        realm: &Realm,
        request: &TokenRequest<'_>,
    ) -> Result<TokenAnswer, TokenError> {
        token::token(&self.0, realm, request).await
    }

    /// The userinfo endpoint (OpenID Connect Core section 5.3): the claims that an access token gives.
    /// `bearer` is the token alone, see [`bearer_token`](crate::bearer_token).
    ///
    /// # Errors
    ///
    /// See [`UserinfoError`].
    pub async fn userinfo(
        &self,
        realm: &Realm,
        bearer: Option<&str>,
    ) -> Result<Map<String, Value>, UserinfoError> {
        userinfo::userinfo(&self.0, realm, bearer).await
    }

    /// The realm that an access token says it comes from, to know whose keys to try. Nothing of the token
    /// is verified, and the realm need not exist. None: it says nothing, or names another provider.
    pub fn issuer_realm(&self, bearer: &str) -> Option<RealmName> {
        admin::issuer_realm(&self.0, bearer)
    }

    /// Who shows an access token to the admin API, and what they may do there: what the token says as far
    /// as it still holds of its client and its person. `bearer` is the token alone, see
    /// [`bearer_token`](crate::bearer_token); `realm` the one whose keys are tried, see
    /// [`Provider::issuer_realm`], and the one that is theirs to administer.
    ///
    /// # Errors
    ///
    /// [`AdminTokenError::Invalid`] also where nothing is left of what they may do.
    pub async fn administrator(
        &self,
        realm: &Realm,
        bearer: &str,
    ) -> Result<Administrator, AdminTokenError> {
        admin::administrator(&self.0, realm, bearer).await
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("base", &self.0.base)
            .finish_non_exhaustive()
    }
}

impl Parts {
    pub(crate) fn issuer(&self, realm: &RealmName) -> String {
        self.at(paths::ISSUER, realm)
    }

    /// The realm whose issuer this is.
    pub(crate) fn realm_of(&self, issuer: &str) -> Option<RealmName> {
        let (_, name) = issuer.rsplit_once('/')?;
        let realm = RealmName::new(name).ok()?;
        (self.issuer(&realm) == issuer).then_some(realm)
    }

    /// The address of an endpoint.
    pub(crate) fn at(&self, path: &str, realm: &RealmName) -> String {
        format!("{}{}", self.base, paths::of_realm(path, realm))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
