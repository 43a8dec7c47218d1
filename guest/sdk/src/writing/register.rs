//! From a profile to the entry of a new user.

use super::{
    USERNAME,
    draft::{Draft, Wanted},
    modify::{username, wishes},
    not_writable,
};
use crate::{
    Attributes, Vendor,
    terms::Terms,
    types::{Attribute, Claim, ClaimValue, Context, Entry, NamePart, NewEntry, Problem, problem},
};

/// The claim with the user name of a new user.
const CLAIM: &str = "preferred_username";

/// A new user, for a vendor to complete.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// The user name.
    pub username: &'a str,
    /// Below which entry the new one stands.
    pub parent: &'a str,
    object_classes: &'a [&'a str],
    profile: &'a [Claim],
    draft: Draft,
}

impl NewUser<'_> {
    /// Adds a value where the attribute has none yet.
    pub fn fill_in(&mut self, attribute: &str, value: &str) {
        if self.draft.values(attribute).is_none() {
            self.draft
                .attributes
                .retain(|known| !known.attribute.name.eq_ignore_ascii_case(attribute));
            self.draft.attributes.push(Wanted {
                field: attribute.to_owned(),
                attribute: Attribute {
                    name: attribute.to_owned(),
                    values: vec![value.as_bytes().to_vec()],
                },
            });
        }
    }

    /// Fills in `cn` and `sn`, which entries of persons have to have (RFC 4519 section 3.12): from the
    /// claims of names, else from the user name. Other entries may not have them.
    pub fn fill_in_names(&mut self) {
        let is_person = |class: &&str| PERSONS.iter().any(|own| own.eq_ignore_ascii_case(class));
        if !self.object_classes.iter().any(is_person) {
            return;
        }
        let text = |name: &str| {
            let claim = self.profile.iter().find(|claim| claim.name == name)?;
            match &claim.value {
                ClaimValue::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
                _ => None,
            }
        };
        let parts = [text("given_name"), text("family_name")];
        let joined = parts
            .iter()
            .flatten()
            .copied()
            .collect::<Vec<_>>()
            .join(" ");
        let full = text("name")
            .or(Some(&*joined).filter(|joined| !joined.is_empty()))
            .unwrap_or(self.username)
            .to_owned();
        let last = full.rsplit(char::is_whitespace).next().unwrap_or(&full);
        let family = parts[1].unwrap_or(last).to_owned();
        self.fill_in("cn", &full);
        self.fill_in("sn", &family);
    }
}

/// Makes the entry of a new user, by the standard rules and what the vendor says of itself.
pub(crate) fn register<T: Vendor>(
    context: &Context,
    profile: &[Claim],
) -> Result<NewEntry, Vec<Problem>> {
    let terms = Terms::of(&context.memo).ok_or_else(not_writable)?;
    let writable = terms.writable.ok_or_else(not_writable)?;
    let Some(parent) = terms.places.first().filter(|_| writable.registers) else {
        let message = "new users are not made in this directory; set sync_registration";
        return Err(vec![problem("sync_registration", message)]);
    };
    let mut problems = Vec::new();
    let mut draft = Draft::default();
    let (named, profile): (Vec<Claim>, Vec<Claim>) = profile
        .iter()
        .cloned()
        .partition(|claim| claim.name == CLAIM);
    let name = username::<T>(named.first().map(|claim| &claim.value)).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    let put = draft.put(USERNAME, writable.username_attribute, vec![name.clone()]);
    problems.extend(put.err());
    let nobody = Entry {
        dn: String::new(),
        attributes: Vec::new(),
    };
    let before = Attributes::of(&nobody);
    draft.write(&wishes(&profile), &writable.rules, before, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let name = String::from_utf8(name).unwrap_or_default();
    let mut user = NewUser {
        username: &name,
        parent,
        object_classes: &writable.object_classes,
        profile: &profile,
        draft,
    };
    // What names the entry is unique if it is the user name, which a person's full name is not.
    user.fill_in(writable.rdn_attribute, &name);
    T::complete(&mut user);
    let NewUser { draft, .. } = user;
    let named_by = draft.values(writable.rdn_attribute).unwrap_or_default();
    let value = named_by.first().cloned().unwrap_or_default();
    let classes = writable.object_classes.iter();
    let mut attributes = vec![Attribute {
        name: "objectClass".to_owned(),
        values: classes.map(|class| class.as_bytes().to_vec()).collect(),
    }];
    let wanted = draft.attributes.into_iter().map(|wanted| wanted.attribute);
    attributes.extend(wanted.filter(|attribute| !attribute.values.is_empty()));
    Ok(NewEntry {
        parent: (*parent).to_owned(),
        name: vec![NamePart {
            attribute: writable.rdn_attribute.to_owned(),
            value,
        }],
        attributes,
    })
}

/// Object classes whose entries have to have `cn` and `sn`.
const PERSONS: &[&str] = &["person", "organizationalPerson", "inetOrgPerson"];
