//! What a policy may have written: the check that stands between its wish and the directory.

use crate::reads;
use bridge_model::{
    dn::Dn,
    entry::Attribute,
    plan::Plan,
    realm::PlannedFederation,
    search::{SearchScope, Subtree},
    write::{EntryChange, ModifyWay, NamePart, NewEntry, Write},
};

/// The most attributes of one write.
const ATTRIBUTES_MAX: usize = 200;
/// The most octets of all values of one write: photographs are not written.
const OCTETS_MAX: usize = 256 * 1024;

/// A wish that a policy may not have. Nothing of it is written then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Forbidden {
    #[error("the policy wants to write {0}, which its plan does not announce")]
    Attribute(String),
    #[error("the policy wants to write {0}, which holds secrets")]
    Secret(String),
    #[error("the policy wants to write {0}, which says who somebody is")]
    Identity(String),
    #[error("the policy wants an entry without a name, or with one that is no text")]
    Name,
    #[error("the policy wants an entry at {0:?}, where no users live")]
    Place(String),
    #[error("the policy wants to write too much")]
    TooMuch,
}

/// The writes of a profile change, in order: to the person's own entry and nowhere else.
pub(super) fn change(plan: &Plan, dn: &Dn, change: EntryChange) -> Result<Vec<Write>, Forbidden> {
    let mut writes = Vec::new();
    let attributes = change.modifications.iter().map(|it| &it.attribute);
    check_size(attributes.clone())?;
    for attribute in attributes {
        check_attribute(plan, &attribute.name)?;
    }
    // Adding nothing is no modification that a directory takes.
    let mut modifications = change.modifications;
    modifications.retain(|it| it.way != ModifyWay::Add || !it.attribute.values.is_empty());
    if !modifications.is_empty() {
        writes.push(Write::Modify {
            dn: dn.clone(),
            modifications,
        });
    }
    if let Some(name) = change.rename {
        check_name(plan, &name)?;
        // The attribute that names new entries is one that changes write only where the plan says so.
        for part in &name {
            check_attribute(plan, &part.attribute)?;
        }
        let dn = dn.clone();
        writes.push(Write::Rename { dn, name });
    }
    Ok(writes)
}

/// The write of a new entry, and its DN.
pub(super) fn addition(
    planned: &PlannedFederation,
    new: NewEntry,
) -> Result<(Dn, Write), Forbidden> {
    let plan = &planned.plan;
    check_size(new.attributes.iter())?;
    for attribute in &new.attributes {
        // Every entry has classes; which, the plan says otherwise.
        if !attribute.name.eq_ignore_ascii_case("objectClass") && !is_of(&new.name, &attribute.name)
        {
            check_attribute(plan, &attribute.name)?;
        }
    }
    check_name(plan, &new.name)?;
    let dn = below(&new.parent, &new.name)?;
    let users = &planned.federation.users;
    if !users.iter().any(|place| covers(place, &dn)) {
        return Err(Forbidden::Place(dn.to_string()));
    }
    let mut attributes = new.attributes;
    attributes.retain(|attribute| !attribute.values.is_empty());
    for part in new.name {
        let known = attributes
            .iter_mut()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(&part.attribute));
        match known {
            Some(known) if known.values.contains(&part.value) => {}
            Some(known) => known.values.push(part.value),
            None => attributes.push(Attribute {
                name: part.attribute,
                values: vec![part.value],
            }),
        }
    }
    let write = Write::Add {
        dn: dn.clone(),
        attributes,
    };
    Ok((dn, write))
}

/// Whether a DN lies in a place where users live.
pub(super) fn covers(place: &Subtree, dn: &Dn) -> bool {
    dn.is_within(&place.base)
        && match place.scope {
            SearchScope::Base => dn.depth() == place.base.depth(),
            SearchScope::OneLevel => dn.depth() == place.base.depth() + 1,
            SearchScope::Subtree => true,
        }
}

fn check_size<'a>(attributes: impl Iterator<Item = &'a Attribute>) -> Result<(), Forbidden> {
    let (mut count, mut octets) = (0, 0);
    for attribute in attributes {
        count += 1;
        let values = attribute.values.iter().map(|value| value.len() + 1);
        octets += values.sum::<usize>();
    }
    if count > ATTRIBUTES_MAX || octets > OCTETS_MAX {
        return Err(Forbidden::TooMuch);
    }
    Ok(())
}

fn check_attribute(plan: &Plan, description: &str) -> Result<(), Forbidden> {
    let type_of = |description: &str| {
        let name = description.split(';').next().unwrap_or(description);
        name.to_ascii_lowercase()
    };
    let name = type_of(description);
    if reads::is_secret(description) {
        return Err(Forbidden::Secret(description.to_owned()));
    }
    if name == type_of(&plan.stable_id.attribute) {
        return Err(Forbidden::Identity(description.to_owned()));
    }
    let is_announced = plan.writes.iter().any(|known| type_of(known) == name);
    let is_description = reads::check_attributes(&[description.to_owned()]).is_ok();
    if !is_announced || !is_description || description.contains(";range=") {
        return Err(Forbidden::Attribute(description.to_owned()));
    }
    Ok(())
}

/// A name is made of the attribute that names entries, and of what may be written.
fn check_name(plan: &Plan, name: &[NamePart]) -> Result<(), Forbidden> {
    if name.is_empty() {
        return Err(Forbidden::Name);
    }
    for part in name {
        if reads::is_secret(&part.attribute) {
            return Err(Forbidden::Secret(part.attribute.clone()));
        }
        if !part.attribute.eq_ignore_ascii_case(&plan.rdn_attribute) {
            check_attribute(plan, &part.attribute)?;
        } else if part
            .attribute
            .eq_ignore_ascii_case(&plan.stable_id.attribute)
        {
            return Err(Forbidden::Identity(part.attribute.clone()));
        }
    }
    Ok(())
}

fn is_of(name: &[NamePart], attribute: &str) -> bool {
    let mut parts = name.iter();
    parts.any(|part| part.attribute.eq_ignore_ascii_case(attribute))
}

fn below(parent: &Dn, name: &[NamePart]) -> Result<Dn, Forbidden> {
    let is_text = |part: &NamePart| {
        std::str::from_utf8(&part.value).is_ok_and(|value| !value.trim().is_empty())
    };
    if !name.iter().all(is_text) {
        return Err(Forbidden::Name);
    }
    Dn::named(name, parent).map_err(|_| Forbidden::Name)
}

#[cfg(test)]
mod tests;
