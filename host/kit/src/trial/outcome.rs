//! What came of somebody, as JSON for people and for comparison.

use super::time::rfc3339;
use bridge_federation::{BarView, IdentityView, Tried, TriedIdentity, TriedVerdict};
use bridge_model::{
    decision::{Notice, Rejection},
    realm::PlannedFederation,
    search::Reply,
    time::Timestamp,
};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What came of somebody: `comes_in`, and one of `identified`, `rejected` and `problem`.
///
/// Identified: `stable_id` (the attribute and the octets that the claim `sub` is derived from, in
/// hexadecimal), `username`, `claims` (with `groups` and `roles`), and, where there are any, `group_dns`,
/// `bars`, `notices`, `left_out`. Rejected: `reason`, and where it is so `until` and
/// `password_was_right`. A problem is a text.
pub fn outcome(tried: &Tried, planned: &PlannedFederation, reply: Option<&Reply>) -> Value {
    let has_failed = reply.is_some_and(|reply| !reply.is_success());
    let (comes_in, name, value) = match &tried.outcome {
        Ok(TriedVerdict::Rejected(_)) if reply.is_none() => (
            false,
            "problem",
            json!("the policy rejected a bind that nobody made"),
        ),
        Ok(TriedVerdict::Rejected(rejection)) => (false, "rejected", rejected(rejection)),
        Ok(TriedVerdict::Identified(_)) if has_failed => (
            false,
            "problem",
            json!("the policy identified somebody whose bind did not succeed, who is refused"),
        ),
        Ok(TriedVerdict::Identified(identity)) => match &tried.view.identity {
            Some(view) => {
                let is_free = !view.bars.iter().any(|bar| bar.holds);
                (
                    is_free,
                    "identified",
                    identified(view, identity, tried, planned),
                )
            }
            None => (false, "problem", json!(tried.view.problem)),
        },
        Err(fault) => (false, "problem", json!(fault.to_string())),
    };
    json!({ "comes_in": comes_in, name: value })
}

/// Why mappers were left out, each with its name.
pub(crate) fn mapper_failures(tried: &Tried) -> impl Iterator<Item = String> {
    tried.view.mappers.iter().filter_map(|mapper| {
        let reason = mapper.failure.as_ref()?;
        Some(format!("mapper {} was left out: {reason}", mapper.name))
    })
}

fn rejected(rejection: &Rejection) -> Value {
    let mut value = Map::new();
    value.insert("reason".to_owned(), json!(rejection.reason.reason()));
    if let Some(until) = rejection.until {
        value.insert("until".to_owned(), json!(rfc3339(until)));
    }
    if rejection.password_was_right {
        value.insert("password_was_right".to_owned(), json!(true));
    }
    Value::Object(value)
}

fn identified(
    view: &IdentityView,
    tried_as: &TriedIdentity,
    tried: &Tried,
    planned: &PlannedFederation,
) -> Value {
    let attribute = &planned.plan.stable_id.attribute;
    let octets = tried_as.identifier.as_deref().unwrap_or_default();
    let mut value = Map::new();
    value.insert(
        "stable_id".to_owned(),
        json!(format!("{attribute}={}", hexadecimal(octets))),
    );
    value.insert("username".to_owned(), json!(view.username));
    value.insert("claims".to_owned(), Value::Object(view.claims.clone()));
    let mut insert = |name: &str, list: Vec<Value>| {
        if !list.is_empty() {
            value.insert(name.to_owned(), Value::Array(list));
        }
    };
    insert(
        "group_dns",
        view.group_dns.iter().map(|dn| json!(dn)).collect(),
    );
    insert("bars", view.bars.iter().map(bar).collect());
    insert(
        "notices",
        tried_as.identity.notices.iter().map(notice).collect(),
    );
    insert(
        "left_out",
        tried.view.left_out.iter().map(|it| json!(it)).collect(),
    );
    Value::Object(value)
}

fn bar(bar: &BarView) -> Value {
    let mut value = Map::new();
    value.insert("reason".to_owned(), json!(bar.reason));
    let mut insert = |name: &str, at: Option<Timestamp>| {
        if let Some(at) = at {
            value.insert(name.to_owned(), json!(rfc3339(at)));
        }
    };
    insert("since", bar.since);
    insert("until", bar.until);
    value.insert("holds".to_owned(), json!(bar.holds));
    Value::Object(value)
}

fn notice(notice: &Notice) -> Value {
    match notice {
        Notice::GraceSignIns(left) => json!({ "grace_sign_ins": left }),
        Notice::Other(text) => json!(text),
    }
}

/// Octets as digits.
pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    let mut text = String::with_capacity(2 * octets.len());
    for octet in octets {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

/// The text of a JSON value by which two are compared: members in the order of their names, two spaces
/// a level, and a line break at the end.
pub fn canonical(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut names: Vec<_> = members.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            let members = names.into_iter();
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), sorted(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_makes_no_difference() {
        let one: Value = serde_json::from_str(r#"{"b":[{"d":1,"c":2}],"a":null}"#).expect("JSON");
        let other: Value = serde_json::from_str(r#"{"a":null,"b":[{"c":2,"d":1}]}"#).expect("JSON");
        assert_eq!(canonical(&one), canonical(&other));
        assert!(canonical(&one).starts_with("{\n  \"a\": null,\n"));
    }
}
