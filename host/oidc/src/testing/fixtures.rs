//! The people, clients, realms and keys of the house.

use super::CALLBACK;
use crate::keys;
use bridge_model::{
    account::{AuthenticatedUser, Gate, User},
    admin::AdminScope,
    client::{Client, ClientAuthentication, GrantType, RedirectUri},
    decision::{Bar, Refusal},
    keys::{SigningAlgorithm, SigningKey},
    names::{ClientId, FederationId, FederationName, RealmName},
    realm::{PolicyRef, Realm, Revision},
    search::Reply,
    time::Timestamp,
    user::Standing,
};
use serde_json::json;
use std::sync::OnceLock;
use uuid::Uuid;

/// Ada, who gave the right password to a realm, for a client that is open to everybody.
pub(crate) fn admitted(realm: &Realm, now: Timestamp) -> AuthenticatedUser {
    let gate = Gate {
        realm,
        client: &clients(&realm.name)[0],
        standing: Standing::GOOD,
        now,
    };
    gate.admit(ada(), &Reply::default()).expect("no bar")
}

/// A bar that holds from a time on.
pub(crate) fn bar_from(since: Timestamp) -> Bar {
    Bar {
        reason: Refusal::AccountExpired,
        since: Some(since),
        until: None,
    }
}

pub(crate) fn ada() -> User {
    let claims = json!({
        "name": "Ada Lovelace",
        "email": "ada@example.test",
        "email_verified": true,
        "groups": ["staff"],
        "department": "7",
    });
    User {
        subject: "subject-of-ada".to_owned(),
        username: "ada".to_owned(),
        claims: serde_json::from_value(claims).expect("an object"),
        bars: Vec::new(),
        group_dns: vec!["cn=staff,dc=example,dc=test".to_owned()],
        federation: FederationName::new("people").expect("valid"),
        federation_id: FederationId(Uuid::from_u128(7)),
        entry_dn: "uid=ada,dc=example,dc=test".to_owned(),
        policy: PolicyRef {
            id: "generic".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "sha256:00".to_owned(),
        },
    }
}

/// A realm whose administrators are in the group `operators`, as ada is not.
pub(super) fn realm(name: &str) -> Realm {
    Realm {
        admin_groups: vec!["operators".to_owned()],
        ..Realm::new(RealmName::new(name).expect("valid"))
    }
}

/// `web` and `shop` have a secret, `mobile` too but signs with ES256, `cli` is public, `old` is
/// switched off; `ops` asks for tokens for itself only, `console` for administrators.
pub(super) fn clients(realm: &RealmName) -> Vec<Client> {
    let client = |id: &str, authentication, redirect_uri: &str, signing_algorithm| Client {
        realm: realm.clone(),
        id: ClientId::new(id).expect("valid"),
        name: Some(format!("The {id}")),
        enabled: id != "old",
        authentication,
        grant_types: vec![GrantType::AuthorizationCode],
        redirect_uris: vec![RedirectUri::new(redirect_uri).expect("valid")],
        signing_algorithm,
        token_lifetime: None,
        allowed_groups: Vec::new(),
        admin_scopes: Vec::new(),
        managed_by: None,
        revision: Revision::default(),
    };
    let (secret, public) = (ClientAuthentication::Secret, ClientAuthentication::Public);
    let (rs256, es256) = (SigningAlgorithm::RS256, SigningAlgorithm::ES256);
    vec![
        client("web", secret, CALLBACK, rs256),
        client("shop", secret, CALLBACK, rs256),
        client("mobile", secret, CALLBACK, es256),
        client("cli", public, "http://127.0.0.1/callback", rs256),
        client("old", secret, CALLBACK, rs256),
        Client {
            grant_types: vec![GrantType::ClientCredentials],
            admin_scopes: vec![AdminScope::ClientWrite, AdminScope::UserRead],
            ..client("ops", secret, CALLBACK, rs256)
        },
        Client {
            admin_scopes: vec![AdminScope::FederationWrite, AdminScope::UserRead],
            ..client("console", secret, CALLBACK, es256)
        },
    ]
}

/// Keys are made once for all tests: they are slow to make.
pub(super) fn made_keys(realm: &RealmName) -> Vec<SigningKey> {
    static KEYS: [OnceLock<Vec<SigningKey>>; 2] = [OnceLock::new(), OnceLock::new()];
    let index = usize::from(realm.as_str() == "staff");
    let made = KEYS[index].get_or_init(|| {
        [SigningAlgorithm::ES256, SigningAlgorithm::RS256]
            .map(|algorithm| {
                keys::generate(realm, algorithm, Timestamp(1_600_000_000)).expect("a key")
            })
            .into()
    });
    made.clone()
}
