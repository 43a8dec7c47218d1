//! What could be in force instead.

use crate::{
    chain::{Fitted, Misfit, fit},
    member::ActiveFederation,
    review::translate,
    translate::{Problems, TranslateError},
};
use bridge_model::{
    entry::{Attribute, Entry},
    plan::{Mapper, Plan},
    ports::{DirectoryError, Policies, PolicyError, StoreError},
    realm::{PlannedFederation, Realm},
};

/// What could be in force of a federation instead of what is: another version of its policy, another
/// list of mappers, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// The digest of a policy that is loaded; none: the one that the federation has.
    pub digest: Option<String>,
    /// The operator's mappers; none: those that the federation has.
    pub mappers: Option<Vec<Mapper>>,
}

/// Why a candidate cannot run beside what is in force.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// It is what is in force.
    #[error("nothing is to be compared; name a policy by its digest, or give a list of mappers")]
    Nothing,
    /// There is no such federation.
    #[error("there is no such federation")]
    Missing,
    /// What is in force cannot be asked.
    #[error("the federation cannot be asked: {0}")]
    NotInForce(String),
    /// A rule of the realm keeps the policy out.
    #[error("{0}")]
    Rules(String),
    /// The candidate does not fit the federation.
    #[error("{0}")]
    Problems(Problems),
    /// The policy is not there, or failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The directory cannot be reached as the federation says.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TranslateError> for CandidateError {
    fn from(error: TranslateError) -> Self {
        match error {
            TranslateError::Problems(problems) => Self::Problems(problems),
            TranslateError::Policy(error) => Self::Policy(error),
        }
    }
}

/// The federation as it would be with a candidate, with its policies, as far as the realm's rules let them
/// serve it.
pub(crate) fn draft(
    policies: &dyn Policies,
    realm: &Realm,
    planned: &PlannedFederation,
    candidate: &Candidate,
) -> Result<Fitted, CandidateError> {
    if candidate.digest.is_none() && candidate.mappers.is_none() {
        return Err(CandidateError::Nothing);
    }
    let mut federation = planned.federation.clone();
    if let Some(digest) = &candidate.digest {
        federation.policy_digest = Some(digest.clone());
    }
    if let Some(mappers) = &candidate.mappers {
        federation.mappers.clone_from(mappers);
    }
    let translated = translate(policies, &federation, planned.managed_by.clone())?;
    let drafted = PlannedFederation {
        revision: planned.revision,
        ..translated
    };
    match fit(policies, &realm.policies, drafted) {
        Ok(fitted) => Ok(fitted),
        Err(Misfit::Policy(error)) => Err(error.into()),
        Err(Misfit::Refused(reason)) => Err(CandidateError::Rules(reason)),
    }
}

/// What differs between two plans, in words; that a policy's own octets differ says nothing to people.
pub(crate) fn plan_changes(before: &Plan, after: &Plan) -> Vec<String> {
    let mut changes = Vec::new();
    let mut text = |name: &str, was: &str, is: &str| {
        if was != is {
            changes.push(format!("{name} was {was}, would be {is}"));
        }
    };
    text("login_filter", &before.login_filter, &after.login_filter);
    text("users_filter", &before.users_filter, &after.users_filter);
    let list = |names: &[String]| names.join(" ");
    text(
        "user_object_classes",
        &list(&before.user_object_classes),
        &list(&after.user_object_classes),
    );
    text(
        "username_attribute",
        &before.username_attribute,
        &after.username_attribute,
    );
    let identified = |plan: &Plan| {
        let form = serde_json::to_value(plan.stable_id.form).unwrap_or_default();
        format!(
            "{} as {}",
            plan.stable_id.attribute,
            form.as_str().unwrap_or_default()
        )
    };
    text("stable_id", &identified(before), &identified(after));
    let named = |names: &[String], others: &[String]| -> Vec<String> {
        let is_new = |name: &&String| !others.iter().any(|it| it.eq_ignore_ascii_case(name));
        names.iter().filter(is_new).cloned().collect()
    };
    for (what, was, is) in [
        ("attributes", &before.attributes, &after.attributes),
        ("claims", &before.claims, &after.claims),
    ] {
        for (verb, names) in [("no more", named(was, is)), ("now also", named(is, was))] {
            if !names.is_empty() {
                changes.push(format!("{what}: {verb} {}", names.join(", ")));
            }
        }
    }
    changes
}

/// The attributes that one federation reads of users and another does not.
pub(crate) fn beyond(own: &ActiveFederation, other: &ActiveFederation) -> Vec<String> {
    let asked = own.own_attributes();
    let is_more = |name: &String| !asked.iter().any(|it| it.eq_ignore_ascii_case(name));
    other.own_attributes().into_iter().filter(is_more).collect()
}

/// Takes the attributes out of an entry that were read for somebody else alone: of these `more` names,
/// as far as none of `asked` means them too.
pub(crate) fn set_aside(entry: &mut Entry, asked: &[String], more: &[String]) -> Vec<Attribute> {
    if more.is_empty() {
        return Vec::new();
    }
    let is_meant = |attribute: &Attribute, names: &[String]| {
        names.iter().any(|name| is_asked(&attribute.name, name))
    };
    let mut aside = Vec::new();
    entry.attributes.retain(|attribute| {
        let is_kept = !is_meant(attribute, more) || is_meant(attribute, asked);
        if !is_kept {
            aside.push(attribute.clone());
        }
        is_kept
    });
    aside
}

/// Whether a directory answers with this description where this was asked for: the same attribute, with
/// all options that were asked for (RFC 4512 section 2.5.2), whatever range it gives.
fn is_asked(description: &str, asked: &str) -> bool {
    let mut own = description.split(';');
    let mut wanted = asked.split(';');
    let is_same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let options: Vec<_> = own.by_ref().skip(1).collect();
    let base = description.split(';').next().unwrap_or_default();
    is_same(base, wanted.next().unwrap_or_default())
        && wanted
            .filter(|option| !option.to_ascii_lowercase().starts_with("range="))
            .all(|option| options.iter().any(|own| is_same(own, option)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::attribute;

    #[test]
    fn what_was_read_for_another_alone_is_set_aside() {
        let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let mut entry = Entry {
            dn: "uid=a".to_owned(),
            attributes: vec![
                attribute("UID", &["a"]),
                attribute("cn;lang-de", &["A"]),
                attribute("cn", &["A"]),
                attribute("member;range=0-1499", &["x"]),
                attribute("title", &["t"]),
                attribute("unasked", &["u"]),
            ],
        };
        let asked = names(&["uid", "cn;lang-de", "member"]);
        let aside = set_aside(
            &mut entry,
            &asked,
            &names(&["cn", "title", "member;range=0-*"]),
        );
        let left = |list: &[Attribute]| list.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        assert_eq!(left(&aside), ["cn", "title"]);
        assert_eq!(
            left(&entry.attributes),
            ["UID", "cn;lang-de", "member;range=0-1499", "unasked"]
        );
        assert_eq!(set_aside(&mut entry, &asked, &[]), []);
    }
}
