//! What mapper kinds read from a mapper's settings.

use super::{Findings, Scope};
use crate::{
    attributes,
    types::{Mapper, problem},
};

pub(super) use crate::defaults::Known;

/// `claim`, which most kinds know.
pub(crate) const CLAIM: Known = Known {
    name: "claim",
    about: "The claim's name; the mapper's where it is not set.",
    preset: None,
    choices: &[],
};

/// What a failure of a mapper does, which every kind knows.
pub(crate) const ON_ERROR: &str = "on_error";
/// A failure refuses the sign-in.
pub(super) const DENY: &str = "deny";
const LEAVE_OUT: &str = "leave_out";

/// For kinds of claims.
pub(super) const LEFT_OUT_ON_ERROR: Known = Known {
    name: ON_ERROR,
    about: "Where the directory has a value that cannot be read: deny refuses the sign-in; leave_out \
            leaves the claim out and counts that.",
    preset: Some(LEAVE_OUT),
    choices: &[DENY, LEAVE_OUT],
};

/// For kinds of what people may do.
pub(super) const DENIED_ON_ERROR: Known = Known {
    about: "Where the directory has a value that cannot be read, or not all of them: deny refuses the \
            sign-in; leave_out leaves out all that this mapper gives, and counts that.",
    preset: Some(DENY),
    ..LEFT_OUT_ON_ERROR
};

/// Claims that the bridge alone makes; a plan that names one is refused.
const RESERVED: &[&str] = &[
    "_claim_names",
    "_claim_sources",
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "email_verified",
    "events",
    "exp",
    "htm",
    "htu",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "phone_number_verified",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "sub_jwk",
    "token_type",
    "typ",
    "verified_claims",
];

/// A mapper that is being parsed: its fields, each checked as it is asked for.
pub(super) struct Fields<'a, 'f> {
    mapper: &'a Mapper,
    known: &'static [Known],
    /// What the mapper is parsed for.
    pub(super) scope: Scope<'a>,
    findings: &'f mut Findings,
    is_sound: bool,
}

impl<'a, 'f> Fields<'a, 'f> {
    /// Begins with a mapper: settings that stand there twice are a problem, those that the kind does not
    /// know are worth a note, since a later version may.
    pub(super) fn of(
        mapper: &'a Mapper,
        known: &'static [Known],
        scope: Scope<'a>,
        findings: &'f mut Findings,
    ) -> Self {
        let mut fields = Self {
            mapper,
            known,
            scope,
            findings,
            is_sound: true,
        };
        for (at, setting) in mapper.settings.iter().enumerate() {
            if mapper
                .settings
                .iter()
                .take(at)
                .any(|other| other.name == setting.name)
            {
                fields.wrong(format!(
                    "the setting {:?} stands there twice; remove one",
                    setting.name
                ));
            }
            if !known.iter().any(|known| known.name == setting.name) {
                let message = format!(
                    "the kind {:?} does not know the setting {:?}, which has no effect; remove it",
                    mapper.kind, setting.name
                );
                fields
                    .findings
                    .notes
                    .push(problem(format!("mapper.{}", mapper.name), message));
            }
        }
        fields
    }

    /// Adds a problem of this mapper.
    pub(super) fn wrong(&mut self, message: impl Into<String>) {
        self.is_sound = false;
        self.findings
            .problems
            .push(problem(format!("mapper.{}", self.mapper.name), message));
    }

    /// What was parsed, where nothing is wrong with it.
    pub(super) fn finish<T>(self, rule: T) -> Option<T> {
        self.is_sound.then_some(rule)
    }

    /// A setting that is not blank; what is preset where it is not set.
    pub(super) fn setting(&mut self, name: &str) -> Option<&'a str> {
        let known = self.known.iter().find(|known| known.name == name)?;
        let set = self
            .mapper
            .settings
            .iter()
            .find(|setting| setting.name == name);
        let value = set
            .map(|setting| setting.value.trim())
            .filter(|value| !value.is_empty());
        if let Some(value) = value
            && !known.choices.is_empty()
            && !known.choices.contains(&value)
        {
            let choices = known.choices.join(", ");
            self.wrong(format!(
                "{value:?} is no value of the setting {name}; choose one of {choices}"
            ));
        }
        value.or(known.preset)
    }

    /// The claim's name: the setting, else the mapper's own name.
    pub(super) fn claim(&mut self) -> &'a str {
        let name = self.setting(CLAIM.name).unwrap_or(&self.mapper.name);
        self.check_claim(name);
        name
    }

    /// A claim's name that a setting of another name holds.
    pub(super) fn claim_in(&mut self, setting: &str) -> &'a str {
        let name = self.setting(setting).unwrap_or_default();
        self.check_claim(name);
        name
    }

    fn check_claim(&mut self, name: &str) {
        if let Some(message) = claim_fault(name) {
            self.wrong(message);
        }
    }

    /// The attribute that the mapper reads; a problem where it names none and none is preset.
    pub(super) fn attribute(&mut self, preset: Option<&'a str>) -> &'a str {
        let named = self.mapper.ldap_attribute.as_deref().map(str::trim);
        let Some(name) = named.filter(|name| !name.is_empty()).or(preset) else {
            self.wrong("ldap_attribute is missing; name the attribute to read");
            return "";
        };
        self.check_attribute(name);
        name
    }

    /// A setting that has to be there.
    pub(super) fn required(&mut self, name: &str) -> &'a str {
        let value = self.setting(name);
        if value.is_none() {
            self.wrong(format!("the setting {name} is missing; write it"));
        }
        value.unwrap_or_default()
    }

    /// Whether the operator names the attribute.
    pub(super) fn names_attribute(&self) -> bool {
        let named = self.mapper.ldap_attribute.as_deref();
        named.is_some_and(|name| !name.trim().is_empty())
    }

    /// A filter that a setting has, as far as it can be checked here: its parentheses are those of one
    /// filter.
    pub(super) fn filter(&mut self, name: &str) -> Option<&'a str> {
        let filter = self.setting(name)?;
        if !is_one_filter(filter) {
            self.wrong(format!(
                "the setting {name} is not a filter; write one as RFC 4515 has it, such as \
                 (businessCategory=public)"
            ));
        }
        Some(filter)
    }

    /// Attributes that a setting names, with commas between.
    pub(super) fn attributes_in(&mut self, setting: &str) -> Vec<&'a str> {
        let list = self.setting(setting).unwrap_or_default();
        let names: Vec<_> = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        for name in &names {
            self.check_attribute(name);
        }
        names
    }

    /// An attribute that a setting names.
    pub(super) fn attribute_in(&mut self, setting: &str) -> Option<&'a str> {
        let name = self.setting(setting)?;
        self.check_attribute(name);
        Some(name)
    }

    fn check_attribute(&mut self, name: &str) {
        if let Some(message) = attribute_fault(name) {
            self.wrong(message);
        }
    }
}

/// What is wrong with the name of a claim, where a mapper may not yield it.
pub(crate) fn claim_fault(name: &str) -> Option<String> {
    let follows = (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"_-.:/".contains(&c));
    let lower = name.to_ascii_lowercase();
    if !follows {
        Some(format!(
            "{name:?} is not the name of a claim, which has letters, digits, _, -, ., : and / only; set \
             claim"
        ))
    } else if lower == "groups" || lower == "roles" {
        Some(format!(
            "the bridge makes the claim {name} itself; use the kind group"
        ))
    } else if RESERVED.contains(&lower.as_str()) {
        Some(format!(
            "the claim {name} is the bridge's own; name another"
        ))
    } else {
        None
    }
}

/// What is wrong with the name of an attribute.
pub(crate) fn attribute_fault(name: &str) -> Option<String> {
    let message = || format!("{name:?} is not the name of an attribute; write one such as mail");
    (!attributes::is_description(name)).then(message)
}

/// Whether a text is one pair of parentheses with whole pairs in it. The host reads the rest; braces are
/// the host's own.
fn is_one_filter(text: &str) -> bool {
    let (mut depth, mut closed) = (0_usize, false);
    for octet in text.bytes() {
        match octet {
            b'{' | b'}' => return false,
            _ if closed => return false,
            b'(' => depth += 1,
            b')' if depth > 0 => {
                depth -= 1;
                closed = depth == 0;
            }
            _ if depth == 0 => return false,
            _ => {}
        }
    }
    closed && text.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_one_pair_of_parentheses() {
        for good in ["(cn=a)", "(&(cn=a)(!(ou=b*)))"] {
            assert!(is_one_filter(good), "{good}");
        }
        for bad in [
            "",
            "cn=a",
            "(cn=a",
            "cn=a)",
            "(cn=a)(cn=b)",
            "(cn=a))",
            "(cn={x})",
            "()",
        ] {
            assert!(!is_one_filter(bad), "{bad}");
        }
    }
}
