//! From changes of a profile to changes of an entry.

use super::{
    ENABLED, USERNAME,
    draft::{Draft, Wanted, Wish},
    not_writable, replace,
    rules::Form,
};
use crate::{
    Attributes, Vendor, dn,
    terms::{Terms, Writable},
    types::{
        Claim, ClaimValue, Context, Entry, EntryChange, Modification, NamePart, Problem,
        ProfileChange, problem,
    },
};

/// Translates a change of a profile, by the standard rules and what the vendor says of itself.
pub(crate) fn modify<T: Vendor>(
    context: &Context,
    user: &Entry,
    changes: &[ProfileChange],
) -> Result<EntryChange, Vec<Problem>> {
    let terms = Terms::of(&context.memo);
    let writable = terms.and_then(|terms| terms.writable);
    let writable = writable.ok_or_else(not_writable)?;
    let entry = Attributes::of(user);
    let mut problems = Vec::new();
    let mut change = EntryChange {
        rename: None,
        modifications: Vec::new(),
    };
    let mut draft = Draft::default();
    let mut wishes: Vec<Wish<'_>> = Vec::new();
    for (at, ProfileChange { name, value }) in changes.iter().enumerate() {
        if changes.iter().take(at).any(|other| other.name == *name) {
            problems.push(problem(name, "it is changed twice; change it once"));
        } else if name == ENABLED {
            match switched::<T>(entry, value.as_ref()) {
                Ok(mut switch) => change.modifications.append(&mut switch),
                Err(problem) => problems.push(problem),
            }
        } else if name == USERNAME {
            let put = username::<T>(value.as_ref())
                .and_then(|value| draft.put(USERNAME, writable.username_attribute, vec![value]));
            problems.extend(put.err());
        } else {
            wishes.push((name, value.as_ref()));
        }
    }
    draft.write(&wishes, &writable.rules, entry, &mut problems);
    for wanted in draft.attributes {
        if let Err(problem) = lay::<T>(wanted, user, &writable, &mut change) {
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        Ok(change)
    } else {
        Err(problems)
    }
}

fn switched<T: Vendor>(
    entry: Attributes<'_>,
    value: Option<&ClaimValue>,
) -> Result<Vec<Modification>, Problem> {
    match value {
        Some(ClaimValue::Boolean(on)) => T::switch(entry, *on),
        _ => Err(problem(
            ENABLED,
            "it is neither true nor false; write one of these",
        )),
    }
}

/// A user name as it is written.
pub(super) fn username<T: Vendor>(value: Option<&ClaimValue>) -> Result<Vec<u8>, Problem> {
    let fail = |message: &str| problem(USERNAME, message);
    let value = value.ok_or_else(|| fail("a user has a name; write one"))?;
    let octets = Form::Text.values(value).map_err(fail)?.concat();
    let text = std::str::from_utf8(&octets).unwrap_or_default();
    if text.contains(char::is_control) {
        return Err(fail("it has control characters; remove them"));
    }
    match T::check_username(text) {
        Some(message) => Err(fail(message)),
        None => Ok(octets),
    }
}

/// Adds what makes an entry have what is wanted; nothing where it has it.
fn lay<T: Vendor>(
    wanted: Wanted,
    user: &Entry,
    writable: &Writable<'_>,
    change: &mut EntryChange,
) -> Result<(), Problem> {
    let Wanted { field, attribute } = wanted;
    let entry = Attributes::of(user);
    let mut now: Vec<&[u8]> = entry.values(&attribute.name).octets().collect();
    let mut then: Vec<&[u8]> = attribute.values.iter().map(Vec::as_slice).collect();
    now.sort_unstable();
    then.sort_unstable();
    if now == then {
        return Ok(());
    }
    let named_by = dn::first_type(&user.dn).unwrap_or(writable.rdn_attribute);
    if !named_by.eq_ignore_ascii_case(&attribute.name) {
        change
            .modifications
            .push(replace(&attribute.name, attribute.values));
        return Ok(());
    }
    rename::<T>(&field, &attribute.name, &now, &then, user).map(|rename| {
        change.rename = rename.or_else(|| change.rename.take());
    })
}

/// The entry's new name. Values beside the one in the name stay, so the new one has to be the one that
/// is read.
fn rename<T: Vendor>(
    field: &str,
    attribute: &str,
    now: &[&[u8]],
    then: &[&[u8]],
    user: &Entry,
) -> Result<Option<Vec<NamePart>>, Problem> {
    let fail = |message: String| Err(problem(field, message));
    let [value] = then else {
        return fail(format!(
            "{attribute} is in the name of the entry, so it has to have one value; write one"
        ));
    };
    if !T::RENAMES {
        return fail(format!(
            "{attribute} names the entry, which keeps its name; map the claim to another attribute"
        ));
    }
    let named = dn::first_value(&user.dn).unwrap_or_default();
    if named.as_bytes() == *value {
        return Ok(None);
    }
    let others = now.iter().filter(|other| **other != named.as_bytes());
    if others.clone().any(|other| other < value) {
        return fail(format!(
            "the entry has further values of {attribute}, which would be read before the new one; remove them"
        ));
    }
    Ok(Some(vec![NamePart {
        attribute: attribute.to_owned(),
        value: value.to_vec(),
    }]))
}

/// The claims of a profile as wishes.
pub(super) fn wishes(profile: &[Claim]) -> Vec<Wish<'_>> {
    profile
        .iter()
        .map(|claim| (&*claim.name, Some(&claim.value)))
        .collect()
}
