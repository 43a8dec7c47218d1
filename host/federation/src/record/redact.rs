//! Which values of a sign-in are somebody's.

use super::Pseudonyms;
use crate::reads::is_secret;
use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    realm::PlannedFederation,
    search::{Finding, Reply},
};

/// Shorter values stand in too many texts for another reason.
const TOLD_OCTETS_MIN: usize = 4;

/// What is taken out of what was read for one plan.
///
/// Values of attributes that the plan does not ask for, and of those that hold secrets, are left out. Of
/// the others a value becomes its pseudonym, unless it says of the account and not of the person: object
/// classes, truth values, times, and numbers and OIDs of attributes that no mapper reads.
pub(super) struct Redaction<'a> {
    /// None: values are kept.
    pub(super) pseudonyms: Option<&'a Pseudonyms>,
    /// The attributes that the plan asks for.
    asked: Vec<String>,
    /// The attributes of which claims are made.
    mapped: Vec<String>,
}

impl<'a> Redaction<'a> {
    pub(super) fn new(planned: &PlannedFederation, pseudonyms: Option<&'a Pseudonyms>) -> Self {
        let plan = &planned.plan;
        let mut asked = plan.attributes.clone();
        asked.push(plan.stable_id.attribute.clone());
        let mapped = plan.mappers.iter().chain(&planned.federation.mappers);
        let mapped = mapped.filter_map(|mapper| mapper.ldap_attribute.as_ref());
        let chained = plan.chained.iter().flat_map(|it| &it.plan.attributes);
        let own = [
            &plan.username_attribute,
            &plan.rdn_attribute,
            &plan.stable_id.attribute,
        ];
        Self {
            pseudonyms,
            asked,
            mapped: mapped.chain(chained).chain(own).cloned().collect(),
        }
    }

    /// A person's entry.
    pub(super) fn person(&self, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        entry
            .attributes
            .retain(|attribute| is_one_of(&attribute.name, &self.asked));
        self.entry(&entry)
    }

    /// What a read gave.
    pub(super) fn finding(&self, finding: &Finding) -> Finding {
        Finding {
            key: finding.key.clone(),
            result_code: finding.result_code,
            entries: finding.entries.iter().map(|it| self.entry(it)).collect(),
        }
    }

    /// The answer to a bind. Its text says what a refusal means; what of it is the person's is replaced.
    pub(super) fn reply(&self, reply: &Reply, entry: &Entry) -> Reply {
        let Some(pseudonyms) = self.pseudonyms else {
            return reply.clone();
        };
        let mut diagnostic = reply.diagnostic.clone();
        let values = entry.attributes.iter().flat_map(|it| {
            let is_kept = |value: &&Vec<u8>| !self.is_kept(&it.name, value);
            it.values.iter().filter(is_kept)
        });
        let texts = values.filter_map(|value| std::str::from_utf8(value).ok());
        for text in texts.chain([entry.dn.as_str()]) {
            if text.len() >= TOLD_OCTETS_MIN && diagnostic.contains(text) {
                diagnostic = diagnostic.replace(text, &pseudonyms.of_text_or_dn(text));
            }
        }
        Reply {
            diagnostic,
            ..reply.clone()
        }
    }

    fn entry(&self, entry: &Entry) -> Entry {
        let attributes = entry.attributes.iter();
        let attributes = attributes.filter(|attribute| !is_secret(&attribute.name));
        let Some(pseudonyms) = self.pseudonyms else {
            return Entry {
                dn: entry.dn.clone(),
                attributes: attributes.cloned().collect(),
            };
        };
        let replaced = |attribute: &Attribute| Attribute {
            name: attribute.name.clone(),
            values: attribute
                .values
                .iter()
                .map(|value| {
                    if self.is_kept(&attribute.name, value) {
                        value.clone()
                    } else {
                        pseudonyms.of(value)
                    }
                })
                .collect(),
        };
        Entry {
            dn: pseudonyms.of_text_or_dn(&entry.dn),
            attributes: attributes.map(replaced).collect(),
        }
    }

    /// Whether a value says of the account and not of the person.
    fn is_kept(&self, attribute: &str, value: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(value) else {
            return false;
        };
        let is_number = |text: &str| {
            text.bytes()
                .all(|c| c.is_ascii_digit() || b".-+".contains(&c))
        };
        attribute.eq_ignore_ascii_case("objectClass")
            || text.eq_ignore_ascii_case("true")
            || text.eq_ignore_ascii_case("false")
            || is_time(text)
            || (is_number(text) && !is_one_of(attribute, &self.mapped))
    }
}

/// Whether a text is a generalized time (RFC 4517 section 3.3.13) in UTC, to the second.
fn is_time(text: &str) -> bool {
    let (digits, rest) = text.split_at_checked(14).unwrap_or((text, ""));
    digits.len() == 14
        && digits.bytes().all(|c| c.is_ascii_digit())
        && rest
            .strip_suffix('Z')
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') && rest.len() <= 8)
}

/// Whether an attribute, with whatever options, is one of these.
fn is_one_of(description: &str, names: &[String]) -> bool {
    let base = |text: &str| text.split(';').next().unwrap_or(text).to_ascii_lowercase();
    let own = base(description);
    names.iter().any(|name| base(name) == own)
}

/// Names of places that the operator wrote.
pub(super) fn bases(planned: &PlannedFederation) -> Vec<Dn> {
    let federation = &planned.federation;
    let places = federation.users.iter().cloned();
    let places = places.chain(federation.readable());
    let mut bases: Vec<_> = places.map(|place| place.base).collect();
    let shared = planned.plan.shared.iter();
    bases.extend(shared.filter_map(|search| Dn::parse(&search.base).ok()));
    bases.retain(|base| !base.is_root());
    bases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attribute, federation, planned};

    #[test]
    fn what_says_of_the_account_stays_and_what_says_of_the_person_does_not() {
        let mut planned = planned(federation("a", "staff"));
        let more = [
            "state",
            "shoeSize",
            "number",
            "objectClass",
            "ends",
            "on",
            "userPassword",
        ];
        planned.plan.attributes.extend(more.map(str::to_owned));
        planned.federation.mappers = vec![crate::testing::mapper("number", "number")];
        let pseudonyms = Pseudonyms::new(&[1; 32], bases(&planned), &[]);
        let redaction = Redaction::new(&planned, Some(&pseudonyms));
        let entry = Entry {
            dn: "uid=ada,ou=staff,dc=example,dc=test".to_owned(),
            attributes: vec![
                attribute("UID", &["ada"]),
                attribute("state", &["66048", "-1", "1.2.840"]),
                attribute("number", &["4711"]),
                attribute("objectClass", &["person"]),
                attribute("ends", &["20301231235959.0Z"]),
                attribute("on", &["TRUE"]),
                attribute("cn;lang-de", &["Ada"]),
                attribute("userPassword", &["secret"]),
                attribute("title", &["nobody asked"]),
            ],
        };
        let after = redaction.person(&entry);
        let values = |name: &str| after.values(name).to_vec();
        for kept in ["state", "objectClass", "ends", "on"] {
            assert_eq!(values(kept), entry.values(kept), "{kept}");
        }
        for replaced in ["uid", "number", "cn;lang-de"] {
            let (now, was) = (values(replaced), entry.values(replaced));
            assert_ne!(now, was, "{replaced}");
            assert_eq!(now[0].len(), was[0].len(), "{replaced}");
        }
        assert_eq!((values("userPassword"), values("title")), (vec![], vec![]));
        let uid = String::from_utf8(values("uid").remove(0)).expect("text");
        assert_eq!(after.dn, format!("uid={uid},ou=staff,dc=example,dc=test"));
        let reply = Reply {
            result_code: 49,
            diagnostic: format!("{} is off, reason 533", entry.dn),
            controls: Vec::new(),
        };
        let told = redaction.reply(&reply, &entry).diagnostic;
        assert_eq!(told, format!("{} is off, reason 533", after.dn));
    }
}
