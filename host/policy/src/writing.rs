//! The optional interface `writing`: profile changes and new users.

use crate::{
    bindings::{
        exports::ldap_oidc::policy::writing as wit,
        ldap_oidc::policy::types::{ClaimParam, Context, Entry, Problem as WitProblem, Reply},
    },
    call::{Call, Linked},
    contract::{self, Breach, Checked},
    fault::Fault,
    world::{Interface, NotInWorld},
};
use bridge_model::{
    dn::Dn,
    entry::Attribute,
    plan::Problem,
    write::{EntryChange, Modification, ModifyWay, NamePart, NewEntry},
};
use wasmtime::component::{Component, ComponentExportIndex};

type ModifyArguments<'a> = (Context<'a>, Entry<'a>, &'a [wit::ProfileChange<'a>]);
type ModifyAnswer = (Result<wit::EntryChange, Vec<WitProblem>>,);
type RegisterArguments<'a> = (Context<'a>, &'a [ClaimParam<'a>]);
type RegisterAnswer = (Result<wit::NewEntry, Vec<WitProblem>>,);
type ExplainArguments<'a> = (Context<'a>, Reply<'a>);
type ExplainAnswer = (Vec<WitProblem>,);

/// Where the functions of the interface are.
pub(crate) struct Exports {
    modify: ComponentExportIndex,
    register: ComponentExportIndex,
    explain: ComponentExportIndex,
}

impl Exports {
    /// None where the component does not export the interface.
    pub(crate) fn find(component: &Component) -> Result<Option<Self>, NotInWorld> {
        let Some(interface) = Interface::find(component, NAME) else {
            return Ok(None);
        };
        Ok(Some(Self {
            modify: interface.function::<ModifyArguments<'_>, ModifyAnswer>("modify")?,
            register: interface.function::<RegisterArguments<'_>, RegisterAnswer>("register")?,
            explain: interface.function::<ExplainArguments<'_>, ExplainAnswer>("explain")?,
        }))
    }
}

impl Linked {
    /// Has a profile change translated.
    pub(crate) fn modify(
        &self,
        arguments: ModifyArguments<'_>,
    ) -> Result<Result<EntryChange, Vec<Problem>>, Fault> {
        let call: Call<'_, ModifyArguments<'_>, ModifyAnswer> =
            Call::new("modify", &self.writing()?.modify, 0, arguments);
        let (outcome,) = self.run(call)?;
        let outcome = outcome.map(EntryChange::from).map_err(problems);
        match &outcome {
            Ok(change) => check_change(change),
            Err(problems) => check_problems(problems),
        }
        .map_err(|breach| Fault::of_breach(&breach, "modify"))?;
        Ok(outcome)
    }

    /// Has the entry of a new user made.
    pub(crate) fn register(
        &self,
        arguments: RegisterArguments<'_>,
    ) -> Result<Result<NewEntry, Vec<Problem>>, Fault> {
        let call: Call<'_, RegisterArguments<'_>, RegisterAnswer> =
            Call::new("register", &self.writing()?.register, 0, arguments);
        let (outcome,) = self.run(call)?;
        let outcome = outcome.map_err(problems);
        match outcome {
            Ok(entry) => take_entry(entry).map(Ok),
            Err(problems) => check_problems(&problems).map(|()| Err(problems)),
        }
        .map_err(|breach| Fault::of_breach(&breach, "register"))
    }

    /// Asks what a refused write means.
    pub(crate) fn explain_write(
        &self,
        arguments: ExplainArguments<'_>,
    ) -> Result<Vec<Problem>, Fault> {
        let call: Call<'_, ExplainArguments<'_>, ExplainAnswer> =
            Call::new("explain", &self.writing()?.explain, 0, arguments);
        let (found,) = self.run(call)?;
        let found = problems(found);
        check_problems(&found).map_err(|breach| Fault::of_breach(&breach, "explain"))?;
        Ok(found)
    }

    fn writing(&self) -> Result<&Exports, Fault> {
        let exports = self.functions().writing.as_ref();
        exports.ok_or_else(|| Fault::not_offered("writing"))
    }
}

impl From<wit::ModifyWay> for ModifyWay {
    fn from(way: wit::ModifyWay) -> Self {
        match way {
            wit::ModifyWay::Add => Self::Add,
            wit::ModifyWay::Remove => Self::Remove,
            wit::ModifyWay::Replace => Self::Replace,
        }
    }
}

impl From<wit::Modification> for Modification {
    fn from(modification: wit::Modification) -> Self {
        Self {
            way: modification.way.into(),
            attribute: modification.attribute.into(),
        }
    }
}

impl From<wit::NamePart> for NamePart {
    fn from(part: wit::NamePart) -> Self {
        Self {
            attribute: part.attribute,
            value: part.value,
        }
    }
}

impl From<wit::EntryChange> for EntryChange {
    fn from(change: wit::EntryChange) -> Self {
        let parts = |name: Vec<wit::NamePart>| name.into_iter().map(Into::into).collect();
        Self {
            rename: change.rename.map(parts),
            modifications: change.modifications.into_iter().map(Into::into).collect(),
        }
    }
}

fn problems(problems: Vec<WitProblem>) -> Vec<Problem> {
    problems.into_iter().map(Problem::from).collect()
}

fn take_entry(entry: wit::NewEntry) -> Result<NewEntry, Breach> {
    let parent = Dn::parse(&entry.parent).map_err(|_| Breach::new("parent", "must be a DN"))?;
    let entry = NewEntry {
        parent,
        name: entry.name.into_iter().map(NamePart::from).collect(),
        attributes: entry.attributes.into_iter().map(Attribute::from).collect(),
    };
    check_entry(&entry)?;
    Ok(entry)
}

fn check_problems(problems: &[Problem]) -> Checked {
    contract::holds(
        !problems.is_empty(),
        "problems",
        "must not be empty where nothing else is answered",
    )?;
    contract::check_problems("problem", problems)
}

fn check_change(change: &EntryChange) -> Checked {
    if let Some(name) = &change.rename {
        check_name("rename", name)?;
    }
    let modifications = &change.modifications;
    contract::count("modifications", modifications.len(), contract::ITEMS_MAX)?;
    for Modification { way, attribute } in modifications {
        let has_values = *way != ModifyWay::Add || !attribute.values.is_empty();
        let rule = "to add nothing is no modification (RFC 4511 section 4.6)";
        contract::holds(has_values, "modification", rule)?;
        check_attribute("modification", attribute)?;
    }
    Ok(())
}

fn check_entry(entry: &NewEntry) -> Checked {
    let is_somewhere = !entry.parent.is_root();
    contract::holds(is_somewhere, "parent", "must name an entry")?;
    check_name("name", &entry.name)?;
    contract::count("attributes", entry.attributes.len(), contract::ITEMS_MAX)?;
    for (at, attribute) in entry.attributes.iter().enumerate() {
        let has_values = !attribute.values.is_empty();
        contract::holds(has_values, "attribute", "must have at least one value")?;
        check_attribute("attribute", attribute)?;
        let others = entry.attributes.iter().take(at);
        let is_new = others
            .map(|other| &other.name)
            .all(|other| !other.eq_ignore_ascii_case(&attribute.name));
        contract::holds(is_new, "attribute", "must not stand there twice")?;
    }
    let has_class = |attribute: &Attribute| attribute.name.eq_ignore_ascii_case("objectClass");
    contract::holds(
        entry.attributes.iter().any(has_class),
        "attributes",
        "must have the object classes of the entry among them (RFC 4512 section 2.4)",
    )
}

fn check_name(place: &str, name: &[NamePart]) -> Checked {
    contract::holds(!name.is_empty(), place, "must have at least one part")?;
    contract::count(place, name.len(), contract::NAMES_MAX)?;
    for part in name {
        check_description(place, &part.attribute)?;
        let octets = part.value.len();
        let rule = "a value of a name must not be empty, and have at most 4,096 octets";
        contract::holds((1..=Dn::OCTETS_MAX).contains(&octets), place, rule)?;
    }
    Ok(())
}

fn check_attribute(place: &str, attribute: &Attribute) -> Checked {
    check_description(place, &attribute.name)?;
    contract::count(place, attribute.values.len(), contract::ITEMS_MAX)?;
    for (at, value) in attribute.values.iter().enumerate() {
        let is_new = !attribute.values.iter().take(at).any(|other| other == value);
        contract::holds(is_new, place, "no value may stand there twice")?;
    }
    Ok(())
}

/// RFC 4512 section 2.5.
pub(crate) fn check_description(place: &str, description: &str) -> Checked {
    contract::name(place, description)?;
    let follows = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || b"-.".contains(&octet))
    };
    contract::holds(
        description.split(';').all(follows),
        place,
        "it must be an attribute's name, with options at most (RFC 4512 section 2.5)",
    )
}

/// The interface.
pub(crate) const NAME: &str = "ldap-oidc:policy/writing@0.1.0";

#[cfg(test)]
#[path = "writing_tests.rs"]
mod tests;
