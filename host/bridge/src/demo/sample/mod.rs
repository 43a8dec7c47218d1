//! The sample application: signs people in by OpenID Connect like any other, and shows what came of
//! it and where it came from.
//!
//! ```text
//! GET /sample/{realm}/sign-in   keeps state, nonce and code verifier; to the bridge
//! GET /sample/callback          code → token → JWKS → userinfo; to the page below
//! GET /sample/signed-in         the ID token, the userinfo, the entry, the policy
//! ```
//!
//! It is a client of the bridge in front of it and has no rights beyond that, but for one: it may look
//! where a person comes from ([`Origins`]), because that is what it is there to show.

mod endpoints;
mod failure;
mod id_token;
mod kept;
mod pages;
mod relying_party;
mod view;

use self::{
    kept::Kept,
    relying_party::{Begun, RelyingParty},
};
use async_trait::async_trait;
use axum::{Router, middleware::from_fn, routing::get};
use bridge_federation::SignIns;
use bridge_model::{
    entry::Entry,
    names::{ClientId, FederationName, RealmName},
    ports::{Clock, Random, Store},
    realm::PolicyRef,
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// The path of the callback, which every realm has to register.
pub(crate) const CALLBACK: &str = "/sample/callback";
/// The start page. It is at `/` too.
const START: &str = "/sample";
const SIGN_IN: &str = "/sample/{realm}/sign-in";
const SIGNED_IN: &str = "/sample/signed-in";
const STYLESHEET: &str = "/sample/style.css";

/// As long as the bridge keeps a sign-in on its way.
const BEGUN_LIFETIME: Duration = Duration::from_mins(30);
/// Sign-ins on their way at once.
const BEGUN_MAX: usize = 1000;
/// How long a page can be looked at again.
const SHOWN_LIFETIME: Duration = Duration::from_mins(30);
/// Pages kept at once, some tens of kilobytes each.
const SHOWN_MAX: usize = 64;

/// What the sample is told.
#[derive(Clone, Debug)]
pub(crate) struct SampleSettings {
    /// The address that the bridge and the sample are reached at.
    pub(crate) base_url: Url,
    /// What the sample is called in every realm.
    pub(crate) client_id: ClientId,
    /// The realms.
    pub(crate) realms: Vec<SampleRealm>,
    /// The people who can be tried.
    pub(crate) users: Vec<SampleUser>,
}

/// A realm that people can sign in to.
#[derive(Clone, Debug)]
pub(crate) struct SampleRealm {
    /// Its name.
    pub(crate) name: RealmName,
    /// What people call it.
    pub(crate) title: String,
    /// Where its directory is.
    pub(crate) directory_url: String,
}

/// Somebody who is in every directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SampleUser {
    /// The user name.
    pub(crate) username: &'static str,
    /// The password.
    pub(crate) password: &'static str,
    /// What to expect of a sign-in.
    pub(crate) about: &'static str,
}

/// Where a person comes from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The federation.
    pub(crate) federation: FederationName,
    /// The entry.
    pub(crate) entry: Entry,
    /// The claim `sub` that follows from it.
    pub(crate) subject: String,
    /// The policy that made claims of it.
    pub(crate) policy: PolicyRef,
    /// How long the policy took.
    pub(crate) policy_time: Duration,
}

/// Whoever knows where people come from.
#[async_trait]
pub(crate) trait Origins: Send + Sync {
    /// Where a user of a realm comes from; or why that cannot be told, in words.
    async fn origin(&self, realm: &RealmName, username: &str) -> Result<Origin, String>;
}

/// The bridge's own knowledge.
pub(crate) struct BridgeOrigins {
    /// Who knows the federations.
    pub(crate) sign_ins: SignIns,
    /// Who knows the realms.
    pub(crate) store: Arc<dyn Store>,
}

#[async_trait]
impl Origins for BridgeOrigins {
    async fn origin(&self, realm: &RealmName, username: &str) -> Result<Origin, String> {
        let realm = self.store.realm(realm).await;
        let realm = realm
            .map_err(|error| error.to_string())?
            .ok_or("there is no such realm any more")?;
        let preview = self.sign_ins.preview(&realm, username).await;
        let preview = preview.map_err(|error| error.to_string())?;
        Ok(Origin {
            federation: preview.federation,
            entry: preview.entry,
            subject: preview.user.subject,
            policy: preview.policy,
            policy_time: preview.policy_time,
        })
    }
}

/// The sample application; cheap to clone.
#[derive(Clone)]
pub(crate) struct Sample(Arc<Parts>);

struct Parts {
    settings: SampleSettings,
    party: RelyingParty,
    origins: Arc<dyn Origins>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Sign-ins on their way, by state.
    begun: Kept<Visit>,
    /// Pages, by browser.
    shown: Kept<Arc<str>>,
}

/// A sign-in on its way, with the browser that it belongs to.
struct Visit {
    browser: String,
    begun: Begun,
}

impl Sample {
    /// A sample in front of a bridge in the same process.
    pub(crate) fn new(
        settings: SampleSettings,
        bridge: Router,
        origins: Arc<dyn Origins>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let party = RelyingParty {
            bridge,
            redirect_uri: redirect_uri(&settings.base_url),
            base_url: settings.base_url.clone(),
            client_id: settings.client_id.clone(),
        };
        Self(Arc::new(Parts {
            settings,
            party,
            origins,
            clock,
            random,
            begun: Kept::new(BEGUN_MAX, BEGUN_LIFETIME),
            shown: Kept::new(SHOWN_MAX, SHOWN_LIFETIME),
        }))
    }
}

/// Where a bridge at `base_url` has to send people back to.
pub(crate) fn redirect_uri(base_url: &Url) -> String {
    let mut uri = base_url.clone();
    uri.set_path(CALLBACK);
    uri.into()
}

/// The pages of the sample, for the listener that the bridge is on.
pub(crate) fn router(sample: Sample) -> Router {
    Router::new()
        .route("/", get(endpoints::start))
        .route(START, get(endpoints::start))
        .route(SIGN_IN, get(endpoints::sign_in))
        .route(CALLBACK, get(endpoints::callback))
        .route(SIGNED_IN, get(endpoints::signed_in))
        .route(STYLESHEET, get(pages::stylesheet))
        .layer(from_fn(pages::secure))
        .with_state(sample)
}

#[cfg(test)]
mod tests;
