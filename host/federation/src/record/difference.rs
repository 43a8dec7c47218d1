//! Where an answer differs first from the one that was recorded.

use super::{Call, octets};
use serde::Serialize;
use serde_json::Value;

/// The first member in which two calls differ.
pub(super) fn of_call(number: usize, was: &Call, is: &Call) -> String {
    let (was, is) = (value(was), value(is));
    let (path, was, is) = first_apart("", &was, &is);
    format!("call {number}{path}: recorded {was}, now {is}")
}

fn value(call: &Call) -> Value {
    let mut value = serde_json::to_value(call).unwrap_or_default();
    octets::to_readable(&mut value);
    value
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Where two values that differ do so first, and the two there.
fn first_apart<'v>(path: &str, was: &'v Value, is: &'v Value) -> (String, &'v Value, &'v Value) {
    match (was, is) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one {
                match other.get(name) {
                    Some(now) if now == value => {}
                    Some(now) => return first_apart(&format!("{path} {name}"), value, now),
                    None => return (format!("{path} {name}"), value, &Value::Null),
                }
            }
            match other.iter().find(|(name, _)| !one.contains_key(*name)) {
                Some((name, now)) => (format!("{path} {name}"), &Value::Null, now),
                None => (path.to_owned(), was, is),
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            match pairs.find(|(_, (value, now))| value != now) {
                Some((at, (value, now))) => first_apart(&format!("{path}[{at}]"), value, now),
                None => (path.to_owned(), was, is),
            }
        }
        _ => (path.to_owned(), was, is),
    }
}
