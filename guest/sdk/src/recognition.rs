//! Whose directory is this: from a root DSE and a few entries to a proposal.
//!
//! A vendor's part is to know its own root DSE and to say how sure it is; where people live, what
//! identifies them and what names them follows from its [`Defaults`] and from the entries that were
//! seen. Nothing here is a rule of the directory: an operator reads the proposal before it is saved.
//!
//! How sure: 90 and more for what only this product says of itself, 50 to 70 for what it shares with
//! its relatives, 10 for what every directory has.

mod people;

use crate::{
    Attributes, Defaults,
    dn::{self, Name},
    types::{EditMode, Entry, Federation, Problem, Proposal, SearchScope, Subtree, problem},
};
use people::People;

/// A root DSE (RFC 4512 section 5.1).
#[derive(Clone, Copy, Debug)]
pub struct RootDse<'a>(Attributes<'a>);

impl<'a> RootDse<'a> {
    /// The root DSE in this entry.
    pub fn of(entry: &'a Entry) -> Self {
        Self(Attributes::of(entry))
    }

    /// Its attributes.
    pub fn attributes(self) -> Attributes<'a> {
        self.0
    }

    /// Whether an attribute has this value, in any letter case.
    pub fn has(self, attribute: &str, value: &str) -> bool {
        let mut texts = self.0.values(attribute).texts();
        texts.any(|text| text.eq_ignore_ascii_case(value))
    }

    /// Whether an attribute is there at all.
    pub fn shows(self, attribute: &str) -> bool {
        self.0.values(attribute).octets().next().is_some()
    }

    /// What the product calls itself, and its version (RFC 3045): both in one lower-case text, empty
    /// where it says nothing.
    pub fn product(self) -> String {
        let said = ["vendorName", "vendorVersion"].map(|it| self.0.text(it).unwrap_or_default());
        said.join(" ").trim().to_lowercase()
    }

    /// The naming contexts that hold data of the directory's owner: not those within another, and not
    /// those that are named by `cn`, as configurations, schemas and logs of changes are, unless there
    /// are no others.
    pub fn naming_contexts(self) -> Vec<&'a str> {
        let all: Vec<(&str, Name)> = self
            .0
            .values("namingContexts")
            .texts()
            .filter_map(|text| Some((text, Name::parse(text)?)))
            .collect();
        let is_outermost = |name: &Name| {
            let mut others = all.iter().filter(|(_, other)| other != name);
            !others.any(|(_, other)| name.is_within(other))
        };
        let is_own =
            |text: &str| !dn::first_type(text).is_some_and(|it| it.eq_ignore_ascii_case("cn"));
        let texts = |keep: &dyn Fn(&str) -> bool| -> Vec<&str> {
            let outermost = all.iter().filter(|(_, name)| is_outermost(name));
            let mut texts: Vec<_> = outermost
                .map(|(text, _)| *text)
                .filter(|it| keep(it))
                .collect();
            // An attribute's values have no order.
            texts.sort_unstable();
            texts
        };
        let own = texts(&is_own);
        if own.is_empty() {
            texts(&|_| true)
        } else {
            own
        }
    }

    /// Where people are looked for: what the server names as its default, else the naming context with
    /// most of these entries in it. None where it shows no naming context.
    fn context(self, samples: &[Entry]) -> Option<&'a str> {
        let named = self.0.text("defaultNamingContext");
        if let Some(named) = named.filter(|named| Name::parse(named).is_some()) {
            return Some(named);
        }
        let entries_in = |context: &str| {
            let context = Name::parse(context);
            let is_inside = |entry: &&Entry| {
                let name = Name::parse(&entry.dn);
                name.zip(context.as_ref())
                    .is_some_and(|(name, context)| name.is_within(context))
            };
            samples.iter().filter(is_inside).count()
        };
        let contexts = self.naming_contexts();
        // Of several with the same number the first counts, and `max_by_key` takes the last.
        contexts
            .into_iter()
            .rev()
            .max_by_key(|context| entries_in(context))
    }
}

/// A federation with these defaults for this directory, fitted to the entries that were seen; every
/// member is filled in, so that the operator sees what there will be. `by` says what it was
/// recognised by, in a few words.
///
/// None where the root DSE shows no naming context: then nobody knows where to look.
pub fn propose(
    defaults: &Defaults,
    root: &Entry,
    samples: &[Entry],
    certainty: u8,
    by: &str,
) -> Option<Proposal> {
    let context = RootDse::of(root).context(samples)?;
    let people = People::among(samples, context, defaults);
    let mut notes = vec![problem(
        "vendor",
        format!("recognised by {by}; name another vendor if that is wrong"),
    )];
    let users = people.base(&mut notes);
    let readable = people
        .groups_base()
        .filter(|groups| !is_within(groups, users));
    let subtree = |base: &str| Subtree {
        base: base.to_owned(),
        scope: SearchScope::Subtree,
    };
    let username_attribute = people.username_attribute(&mut notes);
    let uuid_attribute = people.uuid_attribute(&mut notes);
    people.check_mail(&mut notes);
    Some(Proposal {
        certainty,
        federation: Federation {
            name: defaults.id.to_owned(),
            vendor: defaults.id.to_owned(),
            edit_mode: EditMode::ReadOnly,
            import_enabled: false,
            sync_registration: false,
            users: vec![subtree(users)],
            readable: readable.into_iter().map(subtree).collect(),
            username_attribute: Some(username_attribute),
            rdn_attribute: Some(people.rdn_attribute()),
            uuid_attribute: Some(uuid_attribute),
            user_object_classes: people.object_classes(),
            custom_filter: None,
            mappers: Vec::new(),
            settings: Vec::new(),
        },
        notes,
    })
}

fn is_within(dn: &str, base: &str) -> bool {
    let names = Name::parse(dn).zip(Name::parse(base));
    names.is_some_and(|(dn, base)| dn.is_within(&base))
}

/// Adds a note for the operator.
fn note(notes: &mut Vec<Problem>, field: &str, message: String) {
    notes.push(problem(field, message));
}

#[cfg(test)]
mod tests;
