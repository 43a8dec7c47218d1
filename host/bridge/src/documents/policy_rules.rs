//! Which policies may serve a realm, and the digests that policies are named by.

use super::section::Section;
use bridge_model::policy::{PolicyKey, PolicyKeyError, PolicyRules};
use serde::Serialize;
use utoipa::ToSchema;

/// More than any machine has processors, in milliseconds of their time in a second.
const CPU_MS_MAX: i64 = 1_000_000;
/// More than any id has.
const NAME_OCTETS_MAX: usize = 128;

/// Which policies may serve the realm, and how much of the processor they may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyRules)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyRulesDocument {
    /// Ids or digests of the only policies that may serve the realm. Preset: none, and all may.
    #[schema(value_type = Option<Vec<String>>, example = json!(["generic"]))]
    pub(crate) allowed: Vec<String>,
    /// Keys whose signatures count: `ed25519:` and 64 hexadecimal digits. Preset: none.
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) trusted_keys: Vec<String>,
    /// Whether a policy that is not built in needs a signature of a trusted key. Preset: `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) signature_required: bool,
    /// Milliseconds of processor time that all policies of the realm together may use in a second; beyond
    /// that sign-ins to the realm are refused for a moment. A call that had to be ended counts four times.
    /// Preset: 250.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    pub(crate) cpu_ms_per_second: u32,
}

impl From<&PolicyRules> for PolicyRulesDocument {
    fn from(rules: &PolicyRules) -> Self {
        Self {
            allowed: rules.allowed.clone(),
            trusted_keys: rules
                .trusted_keys
                .iter()
                .map(PolicyKey::to_string)
                .collect(),
            signature_required: rules.signature_required,
            cpu_ms_per_second: rules.cpu_ms_per_second,
        }
    }
}

/// Reads the rules of a realm.
pub(super) fn read(section: Section<'_>) -> PolicyRules {
    let preset = PolicyRules::default();
    let allowed = section.each("allowed", |text| name(&text));
    let trusted_keys = section.each("trusted_keys", |text| key(&text));
    let signature_required = section.flag("signature_required", preset.signature_required);
    if signature_required && trusted_keys.is_empty() && !section.is_faulty("trusted_keys") {
        let message = "names no key, so that no signature counts; name the keys that you trust, or set signature_required to false";
        section.fault("trusted_keys", message);
    }
    let cpu = i64::from(preset.cpu_ms_per_second);
    let cpu = section.number("cpu_ms_per_second", cpu, 1..=CPU_MS_MAX);
    section.finish();
    PolicyRules {
        allowed,
        trusted_keys,
        signature_required,
        cpu_ms_per_second: u32::try_from(cpu).unwrap_or(preset.cpu_ms_per_second),
    }
}

/// A public key. Hexadecimal digits are taken in any letter case.
fn key(text: &str) -> Result<PolicyKey, String> {
    let read = text.trim().to_ascii_lowercase().parse();
    read.map_err(|error: PolicyKeyError| {
        format!("{error}; write what `policy key` shows as the public key")
    })
}

/// An id, or a digest.
fn name(text: &str) -> Result<String, String> {
    if text
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("sha256:")
    {
        return digest(text);
    }
    let name = text.trim();
    let fits = |c: char| !c.is_control() && !c.is_whitespace();
    if name.is_empty() || name.len() > NAME_OCTETS_MAX || !name.chars().all(fits) {
        return Err(format!(
            "{text:?} is neither the id of a policy nor its digest; write it as GET /policies shows it"
        ));
    }
    Ok(name.to_owned())
}

/// A component's digest, with its digits in lower case.
///
/// # Errors
///
/// What it has to be.
pub(crate) fn digest(text: &str) -> Result<String, String> {
    let digest = text.trim().to_ascii_lowercase();
    let digits = digest.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(digest);
    }
    Err(format!(
        "{text:?} is no digest; write `sha256:` and 64 hexadecimal digits, as `policy inspect` shows it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{Document, Node};
    use serde_json::{Value, json};

    fn read_rules(value: &Value) -> Result<PolicyRules, Vec<String>> {
        let node = Node::from(value);
        let read = Document::read(&node, |_, section| Some(read(section)));
        read.map_err(|wrong| wrong.into_iter().map(|wrong| wrong.member).collect())
    }

    #[test]
    fn rules_are_the_same_after_they_were_shown() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let rules = json!({
            "allowed": ["generic", digest],
            "trusted_keys": [format!("ed25519:{}", "1b".repeat(32))],
            "signature_required": true,
            "cpu_ms_per_second": 40,
        });
        let read = read_rules(&rules).expect("taken");
        assert_eq!(read.trusted_keys, [PolicyKey([0x1b; 32])]);
        let shown = serde_json::to_value(PolicyRulesDocument::from(&read)).expect("JSON");
        assert_eq!(shown, rules);
        assert_eq!(read_rules(&json!({})), Ok(PolicyRules::default()));
    }

    #[test]
    fn digits_may_be_in_capitals() {
        let capitals = json!({
            "allowed": [format!("SHA256:{}", "0A".repeat(32))],
            "trusted_keys": [format!("ed25519:{}", "1B".repeat(32))],
        });
        let read = read_rules(&capitals).expect("taken");
        assert_eq!(read.allowed, [format!("sha256:{}", "0a".repeat(32))]);
        assert_eq!(read.trusted_keys, [PolicyKey([0x1b; 32])]);
    }

    #[test]
    fn everything_that_is_wrong_with_rules_is_told() {
        for (rules, member) in [
            (json!({"allowed": ["a b"]}), "allowed[0]"),
            (json!({"allowed": ["x", "sha256:12"]}), "allowed[1]"),
            (json!({"allowed": "generic"}), "allowed"),
            (json!({"trusted_keys": ["rsa:1"]}), "trusted_keys[0]"),
            (json!({"signature_required": true}), "trusted_keys"),
            (json!({"cpu_ms_per_second": 0}), "cpu_ms_per_second"),
            (json!({"cpu_ms_per_second": "much"}), "cpu_ms_per_second"),
            (json!({"colour": "blue"}), "colour"),
        ] {
            assert_eq!(read_rules(&rules), Err(vec![member.to_owned()]), "{rules}");
        }
    }
}
