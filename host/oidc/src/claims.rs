//! Which claims an application is given.

use bridge_model::{account::User, claims::is_of_the_protocol};
use serde_json::{Map, Value};

/// A scope and the claims that it gives.
pub(crate) struct Scope {
    /// The value in `scope`.
    pub(crate) name: &'static str,
    /// Names of claims.
    claims: &'static [&'static str],
}

/// The scopes there are; any other is dropped from a request (RFC 6749 section 3.3).
///
/// The first four are OpenID Connect Core section 5.4. `groups` and `roles` come with `groups`, which
/// many applications ask for, and also with `profile`, as does every claim that no scope names: an
/// operator maps a claim because applications need it, and those that move over from another provider
/// ask for no more than `openid profile email`. The claims stand both in the ID token and in the
/// userinfo answer, for the same reason.
pub(crate) const SCOPES: &[Scope] = &[
    // `sub` itself is a claim of the protocol and always there.
    Scope {
        name: OPENID,
        claims: &[],
    },
    Scope {
        name: PROFILE,
        claims: &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            USERNAME,
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
            "groups",
            "roles",
        ],
    },
    Scope {
        name: "email",
        claims: &["email", "email_verified"],
    },
    Scope {
        name: "address",
        claims: &["address"],
    },
    Scope {
        name: "phone",
        claims: &["phone_number", "phone_number_verified"],
    },
    Scope {
        name: "groups",
        claims: &["groups", "roles"],
    },
];

/// The scope that makes a request one of OpenID Connect (Core section 3.1.2.1).
pub(crate) const OPENID: &str = "openid";
/// The scope that also gives what no scope names.
const PROFILE: &str = "profile";
/// The user name, for people (Core section 5.1).
const USERNAME: &str = "preferred_username";

/// The claims that the scopes of a grant give. Whoever makes a token of them writes the claims of the
/// protocol over them.
pub(crate) fn released(user: &User, scope: &[String]) -> Map<String, Value> {
    let mut claims: Map<String, Value> = user
        .claims
        .iter()
        .filter(|(name, value)| is_released(name, scope) && !is_blank(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if is_released(USERNAME, scope) && !claims.contains_key(USERNAME) {
        claims.insert(USERNAME.to_owned(), user.username.clone().into());
    }
    claims
}

/// Names of the claims there can be, apart from those that an operator makes up.
pub(crate) fn named() -> Vec<&'static str> {
    let mut names = vec![
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "at_hash",
        "sid",
    ];
    for name in SCOPES.iter().flat_map(|scope| scope.claims) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

fn is_released(name: &str, scope: &[String]) -> bool {
    // Core section 5.2: `name#ja` is `name` in Japanese.
    let plain = name.split('#').next().unwrap_or(name);
    if is_of_the_protocol(&plain.to_ascii_lowercase()) {
        return false;
    }
    let is_granted = |name: &str| scope.iter().any(|granted| granted == name);
    let mut named = SCOPES
        .iter()
        .filter(|scope| scope.claims.contains(&plain))
        .peekable();
    if named.peek().is_none() {
        return is_granted(PROFILE);
    }
    named.any(|scope| is_granted(scope.name))
}

/// Core section 5.3.2: what is not known is left out, for an empty value can mean something else to
/// the application.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bridge_model::claims::OF_THE_PROTOCOL;
    use serde_json::json;

    fn names(claims: &Map<String, Value>, scope: &str) -> Vec<String> {
        let user = User {
            claims: claims.clone(),
            ..testing::ada()
        };
        let scope: Vec<String> = scope.split(' ').map(str::to_owned).collect();
        let mut names: Vec<String> = released(&user, &scope).keys().cloned().collect();
        names.sort();
        names
    }

    fn claims(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn each_scope_gives_its_own_claims() {
        let all = claims(json!({
            "name": "Ada", "preferred_username": "ada", "email": "ada@example.test",
            "email_verified": true, "address": {"locality": "London"}, "phone_number": "+1",
            "groups": ["staff"], "roles": ["read"], "department": "7", "name#ja": "エイダ",
        }));
        for (scope, expected) in [
            ("openid", &[][..]),
            ("openid email", &["email", "email_verified"]),
            ("openid address", &["address"]),
            ("openid phone", &["phone_number"]),
            ("openid groups", &["groups", "roles"]),
            (
                "openid profile",
                &[
                    "department",
                    "groups",
                    "name",
                    "name#ja",
                    "preferred_username",
                    "roles",
                ],
            ),
        ] {
            assert_eq!(names(&all, scope), expected, "{scope}");
        }
    }

    #[test]
    fn the_user_name_is_the_preferred_one_unless_it_was_mapped() {
        let user = testing::ada();
        let scope = ["openid".to_owned(), "profile".to_owned()];
        assert_eq!(
            released(&user, &scope).get("preferred_username"),
            Some(&json!("ada"))
        );
        let mapped = User {
            claims: claims(json!({"preferred_username": "ada.l"})),
            ..user
        };
        assert_eq!(
            released(&mapped, &scope).get("preferred_username"),
            Some(&json!("ada.l"))
        );
    }

    #[test]
    fn what_is_blank_is_left_out() {
        let some = claims(json!({
            "name": "", "nickname": " ", "gender": null, "groups": [], "x": {}, "locale": "en",
            "updated_at": 0, "flag": false,
        }));
        assert_eq!(
            names(&some, "openid profile"),
            ["flag", "locale", "preferred_username", "updated_at"]
        );
    }

    #[test]
    fn claims_of_the_protocol_never_come_from_a_person() {
        let forged: Map<String, Value> = OF_THE_PROTOCOL
            .iter()
            .map(|name| ((*name).to_owned(), json!("forged")))
            .collect();
        assert_eq!(
            names(&forged, "openid profile email groups"),
            ["preferred_username"]
        );
        let cased = claims(json!({"ACR": "x", "Nonce#en": "x", "CNF": "x"}));
        assert_eq!(names(&cased, "openid profile"), ["preferred_username"]);
    }
}
