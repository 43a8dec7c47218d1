//! A user as Keycloak shows one.

use bridge_federation::lay_claims;
use bridge_model::{decision::Refusal, time::Timestamp, user::StoredUser};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Claims that have a member of their own, or are no attribute of anybody's.
pub(super) const NO_ATTRIBUTES: &[&str] = &[
    "preferred_username",
    "given_name",
    "family_name",
    "email",
    "email_verified",
    "groups",
    "roles",
];

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeycloakUser)]
pub(super) struct UserRepresentation {
    /// The claim `sub`.
    pub(super) id: String,
    /// When the user was first known here, in milliseconds since 1970-01-01T00:00:00Z.
    created_timestamp: u64,
    /// The user name.
    pub(super) username: String,
    /// The claim `given_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Option<String>,
    /// The claim `family_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<String>,
    /// The claim `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    /// The claim `email_verified`.
    pub(super) email_verified: bool,
    /// Whether neither the directory nor an administrator keeps the user out.
    pub(super) enabled: bool,
    /// The federation that the user was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    federation_link: Option<Uuid>,
    /// The federation that the user lives in, where it imports nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Uuid>,
    /// All other claims that are text, each as a list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<String, Vec<String>>,
    /// Always empty: what has to be done before a sign-in is the directory's to say.
    required_actions: Vec<String>,
    /// Always false: passwords are all there is.
    totp: bool,
}

impl UserRepresentation {
    /// A user as they are at a time.
    pub(super) fn of(user: &StoredUser, now: Timestamp) -> Self {
        let claims = claims(user);
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let known = &user.known;
        let federation = Some(known.federation.0);
        let is_imported = user.imported.is_some();
        Self {
            id: known.subject.clone(),
            created_timestamp: known.created_at.0.saturating_mul(1_000),
            username: known.username.clone(),
            first_name: text("given_name"),
            last_name: text("family_name"),
            email: text("email"),
            email_verified: claims.get("email_verified") == Some(&Value::Bool(true)),
            enabled: is_enabled(user, now),
            federation_link: federation.filter(|_| is_imported),
            origin: federation.filter(|_| !is_imported),
            attributes: attributes(&claims),
            required_actions: Vec::new(),
            totp: false,
        }
    }
}

/// Whether somebody is neither switched off nor kept out. That a password is too old, or an account
/// locked for a while, switches nobody off.
fn is_enabled(user: &StoredUser, now: Timestamp) -> bool {
    let bars = user.imported.iter().flat_map(|imported| &imported.bars);
    let is_off = bars
        .filter(|bar| bar.reason == Refusal::Disabled)
        .any(|bar| bar.holds_at(now));
    !(user.known.blocked || user.local.disabled || is_off)
}

/// What is said of somebody, with what is kept here over what the directory says.
fn claims(user: &StoredUser) -> Map<String, Value> {
    let imported = user.imported.as_deref();
    let mut claims = imported.map(|user| user.claims.clone()).unwrap_or_default();
    lay_claims(&mut claims, &user.local);
    claims
}

fn attributes(claims: &Map<String, Value>) -> BTreeMap<String, Vec<String>> {
    let others = claims
        .iter()
        .filter(|(name, _)| !NO_ATTRIBUTES.contains(&name.as_str()));
    let listed = others.filter_map(|(name, value)| Some((name.clone(), texts(value)?)));
    listed.collect()
}

/// The texts of a claim; none where it is something else.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(values) => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::{
        account::User,
        names::{FederationId, FederationName, RealmName},
        realm::PolicyRef,
        user::{KnownUser, LocalProfile},
    };
    use serde_json::json;

    #[test]
    fn an_address_that_is_kept_here_is_not_the_verified_one() {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let user = User {
            subject: "s".to_owned(),
            username: "ada".to_owned(),
            claims: object(json!({ "email": "ada@x.example", "email_verified": true })),
            bars: Vec::new(),
            group_dns: Vec::new(),
            federation: FederationName::new("people").expect("a name"),
            federation_id: FederationId(Uuid::nil()),
            entry_dn: "uid=ada".to_owned(),
            policy: PolicyRef {
                id: "generic".to_owned(),
                version: "1".to_owned(),
                digest: "sha256:0".to_owned(),
            },
        };
        let known = KnownUser {
            realm: RealmName::new("staff").expect("a name"),
            subject: "s".to_owned(),
            federation: user.federation_id,
            username: "ada".to_owned(),
            entry_dn: "uid=ada".to_owned(),
            blocked: false,
            created_at: Timestamp(7),
        };
        let shown = |claims: Value| {
            let stored = StoredUser {
                known: known.clone(),
                imported: Some(Box::new(user.clone())),
                imported_at: Some(Timestamp(8)),
                local: LocalProfile {
                    claims: object(claims),
                    ..LocalProfile::default()
                },
            };
            UserRepresentation::of(&stored, Timestamp(9))
        };
        assert!(shown(json!({})).email_verified);
        let kept = shown(json!({ "email": "ada@y.example", "sub": "root", "title": "Countess" }));
        assert_eq!(kept.email.as_deref(), Some("ada@y.example"));
        assert!(!kept.email_verified);
        let attributes: Vec<_> = kept.attributes.keys().collect();
        assert_eq!(attributes, ["title"]);
    }
}
