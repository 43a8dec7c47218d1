//! From a value of CEL to a claim's.

use cel::{
    Value,
    objects::{Key, OptionalValue},
};
use policy_sdk::{json, types::ClaimValue};

/// The claim's value; None where the value says nothing.
///
/// # Errors
///
/// A claim cannot have such a value: "what is wrong; what to do".
pub(crate) fn value(value: &Value) -> Result<Option<ClaimValue>, String> {
    Ok(match value {
        Value::Null => None,
        Value::Bool(value) => Some(ClaimValue::Boolean(*value)),
        Value::Int(value) => Some(ClaimValue::Integer(*value)),
        Value::UInt(number) => Some(match i64::try_from(*number) {
            Ok(number) => ClaimValue::Integer(number),
            Err(_) => ClaimValue::Json(number.to_string()),
        }),
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(ClaimValue::Text(text.to_string())),
        Value::List(values) => match texts(values) {
            Some(texts) if texts.is_empty() => None,
            Some(texts) => Some(ClaimValue::Texts(texts)),
            None => Some(ClaimValue::Json(json(value)?)),
        },
        Value::Map(map) if map.map.is_empty() => None,
        Value::Opaque(_) => match optional(value)? {
            Some(inner) => self::value(&inner)?,
            None => None,
        },
        Value::Map(_) | Value::Float(_) => Some(ClaimValue::Json(json(value)?)),
        Value::Bytes(_) | Value::Function(..) | Value::Struct(_) => return Err(no_claim(value)),
    })
}

/// The texts of a list that has nothing else, without those that are blank.
fn texts(values: &[Value]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for value in values {
        match value {
            Value::String(text) if text.trim().is_empty() => {}
            Value::String(text) => texts.push(text.to_string()),
            _ => return None,
        }
    }
    Some(texts)
}

fn optional(value: &Value) -> Result<Option<Value>, String> {
    let optional = <&OptionalValue>::try_from(value).map_err(|_| no_claim(value))?;
    Ok(optional.value().cloned())
}

/// JSON text (RFC 8259), the members of a map in the order of their names.
fn json(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) if number.is_finite() => number.to_string(),
        Value::String(text) => json::string(text),
        Value::List(values) => {
            let parts = values.iter().map(json).collect::<Result<Vec<_>, _>>()?;
            format!("[{}]", parts.join(","))
        }
        Value::Map(map) => {
            let mut members = Vec::new();
            for (key, value) in map.map.iter() {
                let Key::String(name) = key else {
                    return Err(
                        "the result is a map whose keys are not all strings; write them as strings"
                            .to_owned(),
                    );
                };
                members.push((name, json(value)?));
            }
            members.sort_unstable();
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{}:{value}", json::string(name)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Opaque(_) => match optional(value)? {
            Some(inner) => json(&inner)?,
            None => "null".to_owned(),
        },
        Value::Float(_) | Value::Bytes(_) | Value::Function(..) | Value::Struct(_) => {
            return Err(no_claim(value));
        }
    })
}

fn no_claim(value: &Value) -> String {
    let what = value.type_of();
    format!("the result has a value of type {what} that JSON does not know; make a string of it")
}
