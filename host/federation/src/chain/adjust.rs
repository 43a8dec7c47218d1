//! What a mapper policy sees of an entry, and what it may change of an identity.

use crate::{claims, reads};
use bridge_model::{
    decision::{Adjustment, Claim, Identity},
    dn::Dn,
    entry::Entry,
    plan::MapperPlan,
};

/// The entry with the attributes that were announced, in any letter case and with whatever options the
/// directory adds to them (RFC 4512 section 2.5.2), and never with a secret.
pub(crate) fn visible(announced: &[String], entry: &Entry) -> Entry {
    let is_announced = |name: &str| announced.iter().any(|it| covers(it, name));
    let attributes = entry.attributes.iter();
    let attributes = attributes
        .filter(|attribute| is_announced(&attribute.name) && !reads::is_secret(&attribute.name));
    Entry {
        dn: entry.dn.clone(),
        attributes: attributes.cloned().collect(),
    }
}

/// Whether an attribute of this description is what was asked for: the same type, with all of the options.
fn covers(asked: &str, description: &str) -> bool {
    let mut asked = asked.split(';');
    let mut given = description.split(';');
    let is_type = match (asked.next(), given.next()) {
        (Some(asked), Some(given)) => asked.eq_ignore_ascii_case(given),
        _ => false,
    };
    let given: Vec<_> = given.collect();
    // Which part of the values it is, the directory decides.
    let is_given = |option: &str| {
        is_range(option) || given.iter().any(|given| given.eq_ignore_ascii_case(option))
    };
    is_type && asked.all(is_given)
}

fn is_range(option: &str) -> bool {
    option
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("range="))
}

/// Changes an identity, all or nothing.
///
/// # Errors
///
/// What the mapper may not do, in words for the operator.
pub(super) fn adjust(
    plan: &MapperPlan,
    identity: &mut Identity,
    adjustments: Vec<Adjustment>,
) -> Result<(), String> {
    adjustments.iter().try_for_each(|it| check(plan, it))?;
    for adjustment in adjustments {
        match adjustment {
            Adjustment::SetClaim(claim) => set(identity, claim),
            Adjustment::DropClaim(name) => drop_claims(identity, &[name]),
            Adjustment::DropGroup(dn) => drop_group(identity, &dn),
            Adjustment::DropRole(name) => identity
                .roles
                .retain(|role| role.client.is_some() || role.name != name),
            Adjustment::AddBar(bar) => identity.bars.push(bar),
        }
    }
    Ok(())
}

fn check(plan: &MapperPlan, adjustment: &Adjustment) -> Result<(), String> {
    let is_announced = |name: &str| plan.claims.iter().any(|announced| announced == name);
    let name = match adjustment {
        Adjustment::SetClaim(claim) => {
            claims::check(claim).map_err(|error| error.to_string())?;
            base(&claim.name)
        }
        Adjustment::DropClaim(name) => name,
        Adjustment::DropGroup(_) | Adjustment::DropRole(_) | Adjustment::AddBar(_) => return Ok(()),
    };
    if is_announced(name) {
        Ok(())
    } else {
        Err(format!(
            "it did not announce the claim {name:?}; ask the policy's author"
        ))
    }
}

/// A claim's name without its language tag.
fn base(name: &str) -> &str {
    name.split_once('#').map_or(name, |(base, _)| base)
}

fn set(identity: &mut Identity, claim: Claim) {
    let mut claims = identity.claims.iter_mut();
    match claims.find(|known| known.name == claim.name) {
        Some(known) => known.value = claim.value,
        None => identity.claims.push(claim),
    }
}

/// Takes claims away, in all their languages.
pub(super) fn drop_claims(identity: &mut Identity, names: &[String]) {
    let is_dropped = |claim: &Claim| names.iter().any(|name| name == base(&claim.name));
    identity.claims.retain(|claim| !is_dropped(claim));
}

/// A group that is in no directory has no DN, and is none of a mapper policy's.
fn drop_group(identity: &mut Identity, text: &str) {
    let Ok(dn) = Dn::parse(text) else {
        return;
    };
    if dn.is_root() {
        return;
    }
    let is_it = |other: &str| other == text || Dn::parse(other).is_ok_and(|other| other == dn);
    identity.groups.retain(|group| !is_it(&group.dn));
}
