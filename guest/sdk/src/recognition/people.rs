//! What the entries that were seen say of the people of a directory.

use super::{is_within, note};
use crate::{
    Attributes, Defaults,
    dn::{self, Name},
    id::{self, Stability},
    types::{Entry, Problem},
};

/// The people and groups among a few entries of one naming context.
pub(super) struct People<'a> {
    context: &'a str,
    defaults: &'a Defaults,
    persons: Vec<&'a Entry>,
    groups: Vec<&'a Entry>,
    /// Organizational units right below the context that are named as the place for people.
    places: Vec<&'a str>,
}

impl<'a> People<'a> {
    /// Persons are entries with all of the vendor's object classes; if there is none, with any class of
    /// a person. So a service account that is a bare `person` is none where people are more than that.
    pub(super) fn among(samples: &'a [Entry], context: &'a str, defaults: &'a Defaults) -> Self {
        let inside: Vec<&Entry> = samples
            .iter()
            .filter(|entry| child(context, &entry.dn).is_some())
            .collect();
        let of = |is: &dyn Fn(&Entry) -> bool| -> Vec<&'a Entry> {
            inside.iter().copied().filter(|entry| is(entry)).collect()
        };
        let is_named = |entry: &Entry| {
            let is_unit = dn::first_type(&entry.dn).is_some_and(|it| it.eq_ignore_ascii_case("ou"));
            let name = dn::first_value(&entry.dn)
                .unwrap_or_default()
                .to_lowercase();
            is_unit && PLACES.contains(&name.as_str())
        };
        let mut persons = of(&|entry| has_all(entry, defaults.user_object_classes));
        if persons.is_empty() {
            persons = of(&|entry| PERSON_CLASSES.iter().any(|class| has_class(entry, class)));
        }
        Self {
            context,
            defaults,
            persons,
            groups: of(&|entry| GROUP_CLASSES.iter().any(|class| has_class(entry, class))),
            places: inside
                .iter()
                .filter(|entry| is_named(entry) && child(context, &entry.dn) == Some(&entry.dn))
                .map(|entry| entry.dn.as_str())
                .collect(),
        }
    }

    /// Where people live: the one branch right below the context that has everybody with an address, or
    /// everybody where nobody has one; else the context. Accounts of services mostly have none. No
    /// deeper, since a few persons say little of the branches of a branch.
    pub(super) fn base(&self, notes: &mut Vec<Problem>) -> &'a str {
        let context = self.context;
        let mut people: Vec<&Entry> = self.persons.clone();
        people.retain(|entry| has_mail(entry));
        if people.is_empty() {
            people.clone_from(&self.persons);
        }
        let Some(branch) = branch(context, &people) else {
            let message = "no people were seen; check that the service account may read them";
            note(notes, "users_dn", message.to_owned());
            return self.places.iter().min().copied().unwrap_or(context);
        };
        let is_outside = |entry: &&Entry| !is_within(&entry.dn, branch);
        if self.persons.iter().any(is_outside) {
            let message = format!(
                "everybody with mail who was looked at lives below {branch}, and others elsewhere; write \
                 {context} if they should sign in too"
            );
            note(notes, "users_dn", message);
        } else if branch != context {
            let message = format!(
                "everybody who was looked at lives below {branch}; write {context} if others live elsewhere"
            );
            note(notes, "users_dn", message);
        }
        branch
    }

    /// Where all groups live; none where there are no groups.
    pub(super) fn groups_base(&self) -> Option<&'a str> {
        if self.groups.is_empty() {
            return None;
        }
        branch(self.context, &self.groups).or(Some(self.context))
    }

    /// The vendor's, unless everybody has another instead.
    pub(super) fn username_attribute(&self, notes: &mut Vec<Problem>) -> String {
        let default = self.defaults.username_attribute;
        if self.persons.is_empty() || self.all_have(default) {
            return default.to_owned();
        }
        let other = USERNAMES.iter().find(|name| self.all_have(name));
        let message = match other {
            Some(other) => format!(
                "not everybody who was looked at has {default}, and all have {other}; choose what people type"
            ),
            None => format!(
                "not everybody who was looked at has {default}; choose an attribute that all people have"
            ),
        };
        note(notes, "username_ldap_attribute", message);
        (*other.unwrap_or(&default)).to_owned()
    }

    /// The attribute that names everybody's entry, else the vendor's.
    pub(super) fn rdn_attribute(&self) -> String {
        let default = self.defaults.rdn_attribute;
        let mut kinds = self.persons.iter().map(|entry| dn::first_type(&entry.dn));
        let kind = kinds.next().flatten().unwrap_or(default);
        let is_same = |other: Option<&str>| other.is_some_and(|it| it.eq_ignore_ascii_case(kind));
        if !kind.eq_ignore_ascii_case(default) && kinds.all(is_same) {
            return kind.to_owned();
        }
        default.to_owned()
    }

    /// The vendor's, unless everybody shows another that the directory makes.
    pub(super) fn uuid_attribute(&self, notes: &mut Vec<Problem>) -> String {
        let default = self.defaults.uuid_attribute;
        if self.persons.is_empty() || self.all_have(default) {
            return default.to_owned();
        }
        let shown = self
            .persons
            .first()
            .into_iter()
            .flat_map(|entry| &entry.attributes);
        let other = shown
            .map(|attribute| attribute.name.as_str())
            .filter(|name| {
                matches!(id::stability(name), Stability::Stable(_)) && self.all_have(name)
            })
            .min();
        if other.is_none() {
            let message = format!(
                "not everybody who was looked at shows {default}, without which nobody is recognised again; \
                 let the service account read it, or name another attribute that never changes"
            );
            note(notes, "uuid_ldap_attribute", message);
        }
        other.unwrap_or(default).to_owned()
    }

    /// The vendor's where everybody has them, else the classes of persons that everybody has.
    pub(super) fn object_classes(&self) -> Vec<String> {
        let classes = self.defaults.user_object_classes;
        if self.persons.iter().all(|entry| has_all(entry, classes)) {
            return classes.iter().map(|class| (*class).to_owned()).collect();
        }
        let common = PERSON_CLASSES
            .iter()
            .filter(|class| self.persons.iter().all(|entry| has_class(entry, class)));
        common.map(|class| (*class).to_owned()).collect()
    }

    /// Says so where nobody has an address.
    pub(super) fn check_mail(&self, notes: &mut Vec<Problem>) {
        if !self.persons.is_empty() && !self.persons.iter().any(|entry| has_mail(entry)) {
            let message = "nobody who was looked at has mail, so there will be no claim email; name the \
                           attribute with the address in a mapper email";
            note(notes, "mapper.email", message.to_owned());
        }
    }

    fn all_have(&self, attribute: &str) -> bool {
        let has = |entry: &&Entry| {
            Attributes::of(entry)
                .values(attribute)
                .octets()
                .next()
                .is_some()
        };
        self.persons.iter().all(has)
    }
}

/// The name right below `context` that `dn` is or lies below, as `dn` writes it. None where it is not
/// below the context.
fn child<'d>(context: &str, dn: &'d str) -> Option<&'d str> {
    let context = Name::parse(context)?;
    let mut name = dn;
    // No more turns than the name has parts.
    loop {
        let parent = dn::parent(name)?;
        if Name::parse(parent)? == context {
            return Some(name);
        }
        name = parent;
    }
}

/// The one branch right below the context that all entries are inside of; the context where they are
/// in several, or right below it. None where there are no entries.
fn branch<'a>(context: &'a str, entries: &[&'a Entry]) -> Option<&'a str> {
    let mut branches = entries.iter().map(|entry| {
        let branch = child(context, &entry.dn)?;
        (branch.len() < entry.dn.len()).then_some(branch)
    });
    let first = branches.next()?;
    let name = first.and_then(Name::parse);
    let same = name.is_some() && branches.all(|other| other.and_then(Name::parse) == name);
    Some(first.filter(|_| same).unwrap_or(context))
}

fn has_mail(entry: &Entry) -> bool {
    Attributes::of(entry).text("mail").is_some()
}

fn has_all(entry: &Entry, classes: &[&str]) -> bool {
    classes.iter().all(|class| has_class(entry, class))
}

/// Whether an entry has an object class, or one that is derived from it: not every server shows the
/// classes that an entry has by inheritance (RFC 4512 section 3.3).
fn has_class(entry: &Entry, class: &str) -> bool {
    let own = Attributes::of(entry).values("objectClass");
    own.texts().any(|own| {
        own.eq_ignore_ascii_case(class)
            || DERIVED.iter().any(|(derived, from)| {
                own.eq_ignore_ascii_case(derived)
                    && from.iter().any(|from| from.eq_ignore_ascii_case(class))
            })
    })
}

/// RFC 4519 section 3, RFC 2798 section 3.
const DERIVED: &[(&str, &[&str])] = &[
    ("inetOrgPerson", &["organizationalPerson", "person"]),
    ("organizationalPerson", &["person"]),
];
/// RFC 4519 section 3, RFC 2798, RFC 2307, RFC 4524; the most particular first.
const PERSON_CLASSES: &[&str] = &[
    "inetOrgPerson",
    "organizationalPerson",
    "person",
    "posixAccount",
    "account",
];
/// RFC 4519 section 3, RFC 2307, and what other directories call it.
const GROUP_CLASSES: &[&str] = &["groupOfNames", "groupOfUniqueNames", "posixGroup", "group"];
/// What people sign in with where they do not have what the vendor's people have.
const USERNAMES: &[&str] = &["uid", "mail", "cn"];
/// What the unit for people is called, where it is empty or may not be read.
const PLACES: &[&str] = &["people", "users"];
