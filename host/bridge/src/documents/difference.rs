//! What a declaration changes, member by member.

use super::Advice;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What applying a declaration does, or did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Difference {
    /// Objects that are made.
    pub(crate) created: Vec<ObjectChange>,
    /// Objects that are changed.
    pub(crate) changed: Vec<ObjectChange>,
    /// Objects that are removed.
    pub(crate) removed: Vec<ObjectChange>,
    /// What the operator should know although nothing is wrong.
    pub(crate) warnings: Vec<Advice>,
}

/// What becomes of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ObjectChange {
    /// The object.
    #[schema(example = "federation staff/headquarters")]
    pub(crate) object: String,
    /// The members that change. Where there are none, what changes is secret.
    pub(crate) members: Vec<MemberChange>,
}

/// What becomes of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct MemberChange {
    /// The member by its path.
    #[schema(example = "advanced.start_tls")]
    pub(crate) member: String,
    /// What it was; nothing: it was not there.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) before: Value,
    /// What it is then; nothing: it is not there any more.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) after: Value,
}

/// Members that say nothing of what was declared.
const NOT_DECLARED: &[&str] = &["id", "managed_by", "policy", "revision", "warnings"];

impl Difference {
    /// Whether everything is as it is declared.
    pub(crate) fn is_nothing(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl ObjectChange {
    /// What becomes of an object as it is shown before and after; none: it is not there.
    pub(crate) fn of(object: String, before: Option<&Value>, after: Option<&Value>) -> Self {
        let mut members = Vec::new();
        let empty = Value::Object(serde_json::Map::new());
        compare(
            "",
            declared(before.unwrap_or(&empty)),
            declared(after.unwrap_or(&empty)),
            &mut members,
        );
        Self { object, members }
    }
}

/// An object without what its document does not declare.
fn declared(document: &Value) -> Value {
    match document {
        Value::Object(members) => {
            let members = members.iter();
            let members = members.filter(|(name, _)| !NOT_DECLARED.contains(&name.as_str()));
            members
                .map(|(name, value)| (name.clone(), declared_below(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}

/// In a list of objects an id follows from its object.
fn declared_below(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(declared).collect(),
        other => other.clone(),
    }
}

fn compare(path: &str, before: Value, after: Value, changes: &mut Vec<MemberChange>) {
    match (before, after) {
        (before, after) if before == after => {}
        // What is made or removed is told as deep as what is changed.
        (Value::Null, Value::Object(after)) if !after.is_empty() => {
            let nothing = Value::Object(serde_json::Map::new());
            compare(path, nothing, Value::Object(after), changes);
        }
        (Value::Object(before), Value::Null) if !before.is_empty() => {
            let nothing = Value::Object(serde_json::Map::new());
            compare(path, Value::Object(before), nothing, changes);
        }
        (Value::Object(mut before), Value::Object(mut after)) => {
            let names: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
            for name in names {
                let below = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                let was = before.remove(&name).unwrap_or_default();
                let is = after.remove(&name).unwrap_or_default();
                compare(&below, was, is, changes);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (place, (was, is)) in before.into_iter().zip(after).enumerate() {
                compare(&format!("{path}[{place}]"), was, is, changes);
            }
        }
        (before, after) => changes.push(MemberChange {
            member: path.to_owned(),
            before,
            after,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_compared_as_deep_as_they_go() {
        let before = json!({
            "id": "1", "name": "a", "advanced": {"start_tls": false, "read_bases": ["x"]},
            "mapper": [{"id": "2", "name": "m"}],
        });
        let after = json!({
            "id": "3", "name": "a", "advanced": {"start_tls": true, "read_bases": ["x", "y"]},
            "mapper": [{"id": "4", "name": "m", "claim": "c"}],
        });
        let change = ObjectChange::of("x".to_owned(), Some(&before), Some(&after));
        let members: Vec<_> = change
            .members
            .iter()
            .map(|change| change.member.as_str())
            .collect();
        assert_eq!(
            members,
            [
                "advanced.read_bases",
                "advanced.start_tls",
                "mapper[0].claim"
            ]
        );
        let again = ObjectChange::of("x".to_owned(), Some(&before), Some(&before));
        assert_eq!(again.members, []);
    }

    #[test]
    fn what_is_made_or_removed_has_all_its_members() {
        let document = json!({"name": "a", "advanced": {"start_tls": true}, "revision": 1});
        let made = ObjectChange::of("x".to_owned(), None, Some(&document));
        let members: Vec<_> = made
            .members
            .iter()
            .map(|change| change.member.as_str())
            .collect();
        assert_eq!(members, ["advanced.start_tls", "name"]);
        assert!(made.members.iter().all(|change| change.before.is_null()));
        let removed = ObjectChange::of("x".to_owned(), Some(&document), None);
        assert!(removed.members.iter().all(|change| change.after.is_null()));
    }
}
