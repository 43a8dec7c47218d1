//! Octets as people read them: lists of small numbers become text or base64, and back.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

const TEXT: &str = "$text";
const BASE64: &str = "$base64";

/// Writes all lists of octets so that people can read them. What is written so is read back as it was,
/// whatever it stood for.
pub(super) fn to_readable(value: &mut Value) {
    match value {
        Value::Array(items) => match octets(items) {
            Some(octets) => *value = readable(&octets),
            None => items.iter_mut().for_each(to_readable),
        },
        Value::Object(members) => members.values_mut().for_each(to_readable),
        _ => {}
    }
}

/// Reads back what [`to_readable`] wrote.
pub(super) fn from_readable(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(from_readable),
        Value::Object(members) => {
            let octets = match members.iter().next() {
                Some((name, Value::String(text))) if members.len() == 1 => match name.as_str() {
                    TEXT => Some(text.clone().into_bytes()),
                    BASE64 => STANDARD.decode(text).ok(),
                    _ => None,
                },
                _ => None,
            };
            match octets {
                Some(octets) => *value = Value::from(octets),
                None => members.values_mut().for_each(from_readable),
            }
        }
        _ => {}
    }
}

/// The octets of a list of at least one number, all of which are octets.
fn octets(items: &[Value]) -> Option<Vec<u8>> {
    if items.is_empty() {
        return None;
    }
    let octet = |item: &Value| u8::try_from(item.as_u64()?).ok();
    items.iter().map(octet).collect()
}

fn readable(octets: &[u8]) -> Value {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.chars().any(char::is_control) => json!({ TEXT: text }),
        _ => json!({ BASE64: STANDARD.encode(octets) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_read_back_as_they_were_written() {
        let before = json!({
            "text": [97, 195, 182],
            "octets": [0, 255],
            "none": [],
            "list": [[65], []],
            "numbers": [1, 300],
            "words": ["a"],
        });
        let mut after = before.clone();
        to_readable(&mut after);
        assert_eq!(after["text"], json!({ "$text": "aö" }));
        assert_eq!(after["octets"], json!({ "$base64": "AP8=" }));
        assert_eq!(after["list"], json!([{ "$text": "A" }, []]));
        assert_eq!(after["numbers"], before["numbers"]);
        from_readable(&mut after);
        assert_eq!(after, before);
    }
}
