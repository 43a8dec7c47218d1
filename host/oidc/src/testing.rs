//! A house to test in: a store in memory, a clock that stands still, random numbers that repeat, two
//! realms and some clients.

mod fixtures;
mod ports;
mod store;

pub(crate) use fixtures::{ada, admitted, bar_from};
pub(crate) use ports::{ManualClock, SeededRandom};
pub(crate) use store::MemoryStore;

use crate::{
    Authorized, Browser, Completed, Parameters, Provider, SecretLimits, TokenAnswer, TokenError,
    TokenRequest,
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{
    account::AuthenticatedUser,
    keys::{SigningAlgorithm, SigningKey},
    ports::Clock,
    realm::Realm,
    secret::Secret,
    session::GrantStage,
    time::Timestamp,
};
use fixtures::{clients, made_keys, realm};
use serde_json::{Map, Value};
use std::sync::Arc;
use url::Url;

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where the confidential clients are answered.
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// Their secret, which needs encoding in a header.
pub(crate) const SECRET: &str = "s3cr:t+ %/ä";

pub(crate) struct House {
    pub(crate) provider: Provider,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) realm: Realm,
    /// Another realm with the same clients and the same users, and keys of its own.
    pub(crate) other: Realm,
}

/// What a sign-in ends with.
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) id_token: String,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::at("https://id.example.test")
    }

    pub(crate) fn at(base_url: &str) -> Self {
        let house = Self::built(base_url, SecretLimits::default());
        for realm in [&house.realm, &house.other] {
            house.store.put_keys(made_keys(&realm.name));
        }
        house
    }

    pub(crate) fn with_limits(limits: SecretLimits) -> Self {
        let house = Self::built("https://id.example.test", limits);
        house.store.put_keys(made_keys(&house.realm.name));
        house
    }

    /// Without any signing keys.
    pub(crate) fn without_keys() -> Self {
        Self::built("https://id.example.test", SecretLimits::default())
    }

    fn built(base_url: &str, limits: SecretLimits) -> Self {
        let (realm, other) = (realm("staff"), realm("guests"));
        let store = Arc::new(MemoryStore::default());
        for realm in [&realm, &other] {
            for client in clients(&realm.name) {
                store.put_client(client);
            }
        }
        let clock = Arc::new(ManualClock::at(1_700_000_000));
        let provider = Provider::with_limits(
            Url::parse(base_url).expect("a URL"),
            store.clone(),
            clock.clone(),
            Arc::new(SeededRandom::new(7)),
            limits,
        );
        Self {
            provider,
            store,
            clock,
            realm,
            other,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Somebody who gave the right password to the realm right now.
    pub(crate) fn admitted(&self) -> AuthenticatedUser {
        admitted(&self.realm, self.clock.now())
    }

    pub(crate) async fn authorize(&self, query: &str) -> Authorized {
        self.authorize_in(query, &Browser::default()).await
    }

    pub(crate) async fn authorize_in(&self, query: &str, browser: &Browser) -> Authorized {
        self.provider
            .authorize(&self.realm, &Parameters::parse(query), browser)
            .await
            .expect("no page")
    }

    /// Asks for a sign-in, and gives the interaction and the browser it is bound to.
    pub(crate) async fn begin(&self, query: &str) -> (String, Browser) {
        match self.authorize(query).await {
            Authorized::SignIn {
                interaction,
                new_binding,
            } => {
                let browser = Browser {
                    session: None,
                    binding: new_binding,
                };
                (interaction, browser)
            }
            Authorized::Redirect { to } => unreachable!("no sign-in but {to}"),
        }
    }

    /// A whole sign-in of ada.
    pub(crate) async fn sign_in(&self, query: &str) -> Completed {
        let (interaction, browser) = self.begin(query).await;
        self.provider
            .complete(&self.realm, &interaction, &browser, self.admitted())
            .await
            .expect("signed in")
    }

    /// A whole sign-in of ada, as far as the code.
    pub(crate) async fn code(&self, query: &str) -> String {
        parameter(&self.sign_in(query).await.to, "code").expect("a code")
    }

    pub(crate) async fn token(&self, form: &str) -> Result<TokenAnswer, TokenError> {
        let parameters = Parameters::parse(form);
        let request = TokenRequest {
            authorization: None,
            parameters: &parameters,
            address: None,
        };
        self.provider.token(&self.realm, &request).await
    }

    /// Tokens for ada.
    pub(crate) async fn tokens(&self, client: &str, more: &str) -> Tokens {
        let code = self.code(&asked(client, more)).await;
        let answer = self.token(&redeeming(client, &code)).await.expect("tokens");
        Tokens {
            access_token: answer.access_token,
            id_token: answer.id_token.expect("somebody signed in"),
        }
    }

    /// A token that one of the realm's keys has signed, whatever its header says.
    pub(crate) fn signed(&self, by: SigningAlgorithm, header: &Value, claims: &Value) -> String {
        let keys = self.store.tables().keys.clone();
        let is_ours = |key: &&SigningKey| key.realm == self.realm.name && key.algorithm == by;
        let key = keys.iter().find(is_ours).expect("the realm has both");
        let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = parts.join(".");
        let signature = signature_of(key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The stages at which all grants stand.
    pub(crate) fn stages(&self) -> Vec<GrantStage> {
        self.store
            .grants()
            .iter()
            .map(|grant| grant.stage)
            .collect()
    }
}

/// The query of an authorization request with the scope `openid`, PKCE and a state, and more.
pub(crate) fn asked(client: &str, more: &str) -> String {
    let redirect_uri = match client {
        "cli" => "http://127.0.0.1:49152/callback",
        _ => CALLBACK,
    };
    let scope = if more.contains("scope=") {
        ""
    } else {
        "&scope=openid"
    };
    format!(
        "client_id={client}&redirect_uri={redirect_uri}&response_type=code&state=xyz\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{scope}{more}"
    )
}

/// The form that redeems a code which was asked for with [`asked`].
pub(crate) fn redeeming(client: &str, code: &str) -> String {
    let (redirect_uri, secret) = match client {
        "cli" => ("http://127.0.0.1:49152/callback", String::new()),
        _ => (CALLBACK, format!("&client_secret={}", form_encoded(SECRET))),
    };
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}\
         &code_verifier={VERIFIER}&client_id={client}{secret}"
    )
}

pub(crate) fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A query parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).expect("an address");
    let mut all = url.query_pairs().filter(|(key, _)| key == name);
    let value = all.next().map(|(_, value)| value.into_owned());
    assert!(all.next().is_none(), "{name} stands twice in {address}");
    value
}

/// The claims of a token, unverified.
pub(crate) fn claims_of(token: &str) -> Map<String, Value> {
    part_of(token, 1)
}

/// The header of a token.
pub(crate) fn header_of(token: &str) -> Map<String, Value> {
    part_of(token, 0)
}

fn part_of(token: &str, index: usize) -> Map<String, Value> {
    let part = token.split('.').nth(index).expect("three parts");
    let octets = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&octets).expect("an object")
}

fn signature_of(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let (random, private) = (SystemRandom::new(), key.private.expose());
    match key.algorithm {
        SigningAlgorithm::RS256 => {
            let pair = RsaKeyPair::from_pkcs8(private).expect("a key");
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                .expect("signed");
            signature
        }
        SigningAlgorithm::ES256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private);
            let signature = pair.expect("a key").sign(&random, message).expect("signed");
            signature.as_ref().to_vec()
        }
    }
}

/// A cookie's value that opens nothing.
pub(crate) fn stranger() -> Secret {
    Secret::new([9; 32])
}
