//! What may be said: the check that stands between a policy's identity and a token.

mod groups;
mod web;

use bridge_model::{
    claims::is_of_the_protocol,
    decision::{Claim, ClaimValue, Group, Identity, Person},
    dn::Dn,
    entry::Entry,
    plan::{Mapper, Plan},
    search::{Finding, Setting},
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What the host makes of groups and roles, and what an operator vouches for: no policy's word.
const HOSTS_OWN: &[&str] = &["groups", "roles", "email_verified", "phone_number_verified"];

/// In `identity.more`: a mapper that failed and was left out.
const LEFT_OUT: &str = "left_out";

/// The most claims of a person.
const CLAIMS_MAX: usize = 100;
/// The most octets of all claims together: what a token can carry before headers burst.
const OCTETS_MAX: usize = 64 * 1024;
/// The most values of one claim, and the most groups: beyond that an application wants another way.
const VALUES_MAX: usize = 2_000;
/// Longer names of mappers are cut where they are only shown.
const NAME_CHARS_MAX: usize = 200;
/// How deep a JSON claim may nest.
const DEPTH_MAX: usize = 8;

/// Why an identity is refused. Nothing is cut to fit: a list that lost some of its groups means
/// something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// One of the host's own.
    #[error("the claim {0:?} is the host's own")]
    Reserved(String),
    /// Not made of ASCII letters, digits, `_`, `-`, `.`, `:` and `/`.
    #[error("{0:?} is not the name of a claim")]
    Name(String),
    /// Twice.
    #[error("the claim {0:?} stands there twice")]
    Repeated(String),
    /// Not in the plan.
    #[error("the claim {0:?} is not in the plan")]
    NotPlanned(String),
    /// Not JSON.
    #[error("the claim {0:?} is not JSON")]
    NotJson(String),
    /// Over a limit.
    #[error("too much: {0}")]
    TooLarge(&'static str),
    /// Blank.
    #[error("the user name is blank")]
    NoUsername,
}

/// Checks the name of a claim, without its language tag, where a plan announces it.
///
/// # Errors
///
/// [`ClaimError::Name`] or [`ClaimError::Reserved`].
pub fn check_name(name: &str) -> Result<(), ClaimError> {
    let follows = (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"_-.:/".contains(&c));
    if !follows {
        return Err(ClaimError::Name(name.to_owned()));
    }
    let lower = name.to_ascii_lowercase();
    if is_of_the_protocol(&lower) || HOSTS_OWN.contains(&lower.as_str()) {
        return Err(ClaimError::Reserved(name.to_owned()));
    }
    Ok(())
}

/// What may be said of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The claims, groups and roles among them.
    pub claims: Map<String, Value>,
    /// The DNs of the groups of which the claim `groups` is made, as far as they are in a directory.
    pub group_dns: Vec<String>,
}

/// Turns an identity into the claims of a person, groups and roles among them.
///
/// A group is kept only if the directory named its DN for this person, or, without a DN, if one of the
/// operator's `mappers` gives it to everyone: it reads no attribute and has the group's name as the
/// setting `group`. Roles likewise, or from a constant mapper.
///
/// # Errors
///
/// See [`ClaimError`].
pub fn assemble(
    identity: &Identity,
    plan: &Plan,
    mappers: &[Mapper],
    person: &Person,
) -> Result<Said, ClaimError> {
    if identity.username.trim().is_empty() {
        return Err(ClaimError::NoUsername);
    }
    if identity.claims.len() > CLAIMS_MAX {
        return Err(ClaimError::TooLarge("claims"));
    }
    if identity.groups.len() > VALUES_MAX || identity.roles.len() > VALUES_MAX {
        return Err(ClaimError::TooLarge("groups or roles"));
    }
    let mut claims = Map::new();
    for claim in &identity.claims {
        check_planned(claim, plan)?;
        if claims.contains_key(&claim.name) {
            return Err(ClaimError::Repeated(claim.name.clone()));
        }
        let value = json(claim)?.and_then(|value| web::only_addresses(&claim.name, value));
        if let Some(value) = value {
            claims.insert(claim.name.clone(), value);
        }
    }
    let read = ReadNames::of(person);
    let groups: Vec<_> = identity
        .groups
        .iter()
        .filter(|group| match group.dn.as_str() {
            "" => is_given_to_all(&group.name, mappers, plan),
            _ => read.has_group(group),
        })
        .collect();
    // What has no name stands nowhere, whatever the form.
    let with_name: Vec<&Group> = groups
        .iter()
        .copied()
        .filter(|group| !group.name.trim().is_empty())
        .collect();
    let named = groups::named(&with_name, plan.group_form)?;
    insert_names(&mut claims, "groups", named.iter());
    let roles = identity.roles.iter().filter(|role| {
        // Roles of a client reach that client's tokens only, which need the client's name.
        role.client.is_none() && role.source.as_deref().is_none_or(|dn| read.has_dn(dn))
    });
    insert_names(&mut claims, "roles", roles.map(|role| &role.name));
    if serde_json::to_string(&claims).map_or(usize::MAX, |text| text.len()) > OCTETS_MAX {
        return Err(ClaimError::TooLarge("octets of all claims"));
    }
    Ok(Said {
        claims,
        group_dns: groups
            .into_iter()
            .map(|group| group.dn.clone())
            .filter(|dn| !dn.is_empty())
            .collect(),
    })
}

/// Whether the operator gives a group that is none of the directory's to everyone.
fn is_given_to_all(group: &str, mappers: &[Mapper], plan: &Plan) -> bool {
    // What a mapper policy does gives no groups.
    let is_chained = |mapper: &Mapper| plan.chained.iter().any(|it| it.name == mapper.name);
    let gives = |mapper: &Mapper| {
        let mut settings = mapper.settings.iter();
        mapper.ldap_attribute.is_none()
            && !is_chained(mapper)
            && settings.any(|setting| setting.name == "group" && setting.value == group)
    };
    mappers.iter().any(gives)
}

/// The names of the mappers that were left out because they failed.
pub(crate) fn left_out(identity: &Identity) -> Vec<String> {
    let more = identity.more.iter();
    let left_out = more.filter(|setting| setting.name == LEFT_OUT);
    let names = left_out.map(|setting| setting.value.chars().take(NAME_CHARS_MAX).collect());
    names.take(CLAIMS_MAX).collect()
}

/// Notes that a mapper was left out because it failed.
pub(crate) fn leave_out(identity: &mut Identity, mapper: &str) {
    identity.more.push(Setting {
        name: LEFT_OUT.to_owned(),
        value: mapper.to_owned(),
    });
}

/// Checks a claim by itself: its name, its language tag and its value.
///
/// # Errors
///
/// See [`ClaimError`]; whether the claim is planned is not looked at.
pub(crate) fn check(claim: &Claim) -> Result<(), ClaimError> {
    check_tagged(claim)?;
    match json(claim)? {
        Some(Value::String(text)) if text.len() > OCTETS_MAX => {
            Err(ClaimError::TooLarge("octets of a claim"))
        }
        _ => Ok(()),
    }
}

fn check_planned(claim: &Claim, plan: &Plan) -> Result<(), ClaimError> {
    let name = check_tagged(claim)?;
    if plan.claims.iter().any(|planned| planned == name) {
        Ok(())
    } else {
        Err(ClaimError::NotPlanned(claim.name.clone()))
    }
}

/// A claim's name without its language tag.
fn check_tagged(claim: &Claim) -> Result<&str, ClaimError> {
    let (name, tag) = claim.name.split_once('#').unwrap_or((&claim.name, "x"));
    check_name(name)?;
    let is_tag = (1..=35).contains(&tag.len())
        && tag.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    if is_tag {
        Ok(name)
    } else {
        Err(ClaimError::Name(claim.name.clone()))
    }
}

/// The JSON of a claim; nothing where there is nothing to say: a claim is left out, never blank.
fn json(claim: &Claim) -> Result<Option<Value>, ClaimError> {
    Ok(match &claim.value {
        ClaimValue::Text(text) if text.trim().is_empty() => None,
        ClaimValue::Text(text) => Some(Value::from(text.as_str())),
        ClaimValue::Texts(texts) if texts.len() > VALUES_MAX => {
            return Err(ClaimError::TooLarge("values of a claim"));
        }
        ClaimValue::Texts(texts) => {
            let texts: Vec<_> = texts
                .iter()
                .filter(|text| !text.trim().is_empty())
                .collect();
            (!texts.is_empty()).then(|| texts.iter().map(|text| text.as_str()).collect())
        }
        ClaimValue::Integer(number) => Some(Value::from(*number)),
        ClaimValue::Boolean(yes) => Some(Value::from(*yes)),
        ClaimValue::Json(text) => {
            if text.len() > OCTETS_MAX {
                return Err(ClaimError::TooLarge("octets of a claim"));
            }
            let value: Value =
                serde_json::from_str(text).map_err(|_| ClaimError::NotJson(claim.name.clone()))?;
            if depth(&value) > DEPTH_MAX {
                return Err(ClaimError::TooLarge("nesting of a claim"));
            }
            (!value.is_null()).then_some(value)
        }
    })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn insert_names<'a>(
    claims: &mut Map<String, Value>,
    claim: &str,
    names: impl Iterator<Item = &'a String>,
) {
    let mut names: Vec<_> = names.filter(|name| !name.trim().is_empty()).collect();
    names.sort();
    names.dedup();
    if !names.is_empty() {
        claims.insert(
            claim.to_owned(),
            names.into_iter().map(String::as_str).collect(),
        );
    }
}

/// The DNs that the directory named for a person, and the values that it gave with them.
struct ReadNames<'a> {
    dns: HashSet<Dn>,
    found: Vec<&'a Entry>,
}

impl<'a> ReadNames<'a> {
    fn of(person: &'a Person) -> Self {
        let found: Vec<&Entry> = person
            .findings
            .iter()
            .flat_map(|finding: &Finding| &finding.entries)
            .collect();
        let values = std::iter::once(&person.entry)
            .chain(found.iter().copied())
            .flat_map(|entry| &entry.attributes)
            .flat_map(|attribute| &attribute.values)
            .filter_map(|value| std::str::from_utf8(value).ok())
            // Only what could be a DN is parsed: most values are not.
            .filter(|value| value.contains('='));
        let dns = found
            .iter()
            .map(|entry| entry.dn.as_str())
            .chain(values)
            .filter_map(|text| Dn::parse(text).ok())
            .collect();
        Self { dns, found }
    }

    fn has_dn(&self, dn: &str) -> bool {
        Dn::parse(dn).is_ok_and(|dn| self.dns.contains(&dn))
    }

    fn has_group(&self, group: &Group) -> bool {
        let Ok(dn) = Dn::parse(&group.dn) else {
            return false;
        };
        let named_in_entry = || {
            self.found
                .iter()
                .filter(|entry| Dn::parse(&entry.dn).is_ok_and(|found| found == dn))
                .flat_map(|entry| &entry.attributes)
                .flat_map(|attribute| &attribute.values)
                .any(|value| value == group.name.as_bytes())
        };
        self.dns.contains(&dn) && (dn.has_value(&group.name) || named_in_entry())
    }
}

#[cfg(test)]
mod tests;
