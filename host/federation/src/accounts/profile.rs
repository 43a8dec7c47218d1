//! What is said of somebody, in the words of a policy.

use crate::{local::may_be_laid, sign_in::is_username};
use bridge_model::{
    decision::{Claim, ClaimValue},
    plan::Problem,
};
use serde_json::{Map, Value};

/// The most claims that are given at once.
const CLAIMS_MAX: usize = 100;
/// The most octets of all of them.
const OCTETS_MAX: usize = 64 * 1024;

/// Everything that is wrong with what is given.
pub(super) fn check(username: Option<&str>, claims: &Map<String, Value>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(username) = username
        && !is_username(username)
    {
        problems.push(problem(
            "username",
            "cannot be a user name; give one that is not blank, not longer than 256 characters, and without control characters",
        ));
    }
    for name in claims.keys() {
        if name == "preferred_username" {
            problems.push(problem(name, "is the user name; give that instead"));
        } else if !may_be_laid(name) {
            problems.push(problem(
                name,
                "is not a claim that can be given; leave it out",
            ));
        }
    }
    let octets = serde_json::to_string(claims).map_or(usize::MAX, |text| text.len());
    if claims.len() > CLAIMS_MAX || octets > OCTETS_MAX {
        problems.push(problem("profile", "is too much; give less"));
    }
    problems
}

pub(super) fn problem(field: &str, message: &str) -> Problem {
    Problem {
        field: field.to_owned(),
        message: message.to_owned(),
    }
}

/// The profile of somebody new.
pub(super) fn claims_of(username: &str, claims: &Map<String, Value>) -> Vec<Claim> {
    let own = Claim {
        name: "preferred_username".to_owned(),
        value: ClaimValue::Text(username.to_owned()),
    };
    let given = claims.iter().filter_map(|(name, given)| {
        Some(Claim {
            name: name.clone(),
            value: value_of(given)?,
        })
    });
    std::iter::once(own).chain(given).collect()
}

/// A JSON value as policies take it; none for a null.
pub(super) fn value_of(value: &Value) -> Option<ClaimValue> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(match value {
        Value::Null => return None,
        Value::Bool(yes) => ClaimValue::Boolean(*yes),
        Value::String(text) => ClaimValue::Text(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(number) => ClaimValue::Integer(number),
            None => ClaimValue::Json(value.to_string()),
        },
        Value::Array(items) => match items.iter().map(text).collect() {
            Some(texts) => ClaimValue::Texts(texts),
            None => ClaimValue::Json(value.to_string()),
        },
        Value::Object(_) => ClaimValue::Json(value.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_becomes_what_policies_take() {
        for (value, taken) in [
            (json!(null), None),
            (json!("x"), Some(ClaimValue::Text("x".to_owned()))),
            (json!(true), Some(ClaimValue::Boolean(true))),
            (json!(-3), Some(ClaimValue::Integer(-3))),
            (json!(0.5), Some(ClaimValue::Json("0.5".to_owned()))),
            (
                json!(["a", "b"]),
                Some(ClaimValue::Texts(vec!["a".to_owned(), "b".to_owned()])),
            ),
            (
                json!(["a", 1]),
                Some(ClaimValue::Json("[\"a\",1]".to_owned())),
            ),
            (
                json!({"locality": "x"}),
                Some(ClaimValue::Json("{\"locality\":\"x\"}".to_owned())),
            ),
        ] {
            assert_eq!(value_of(&value), taken, "{value}");
        }
    }

    #[test]
    fn what_is_not_a_persons_to_say_is_refused_by_name() {
        let claims = json!({
            "email": "x", "name#de": "x", "sub": "x", "groups": [], "preferred_username": "x",
            "email_verified": true, "a b": "x",
        });
        let problems = check(Some("\u{0}"), claims.as_object().expect("an object"));
        let mut fields: Vec<_> = problems.iter().map(|it| it.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "a b",
                "email_verified",
                "groups",
                "preferred_username",
                "sub",
                "username"
            ]
        );
    }
}
