//! A mapper as the operator wrote it, each part checked as it is asked for.

use crate::{
    Known,
    mapper::settings::{CLAIM, ON_ERROR, attribute_fault, claim_fault},
    types::{Mapper, MapperPlan, Problem, problem},
};

/// Reads a mapper. What is wrong is collected under `mapper.NAME`, and what has no effect is noted.
///
/// The setting `on_error` is the host's and is passed over.
#[derive(Debug)]
pub struct Form<'a> {
    mapper: &'a Mapper,
    known: &'static [Known],
    problems: Vec<Problem>,
    notes: Vec<Problem>,
}

impl<'a> Form<'a> {
    /// Begins with a mapper whose kind knows these settings: one that stands there twice is a problem,
    /// one that the kind does not know is worth a note, since a later version may.
    pub fn of(mapper: &'a Mapper, known: &'static [Known]) -> Self {
        let (problems, notes) = (Vec::new(), Vec::new());
        let mut form = Self {
            mapper,
            known,
            problems,
            notes,
        };
        for (at, setting) in mapper.settings.iter().enumerate() {
            let name = &setting.name;
            let mut before = mapper.settings.iter().take(at);
            if before.any(|other| other.name == *name) {
                form.wrong(format!(
                    "the setting {name:?} stands there twice; remove one"
                ));
            }
            if name != ON_ERROR && !known.iter().any(|known| known.name == name) {
                form.note(format!(
                    "the kind {:?} does not know the setting {name:?}, which has no effect; remove it",
                    mapper.kind
                ));
            }
        }
        form
    }

    /// Adds a problem: "what is wrong; what to do".
    pub fn wrong(&mut self, message: impl Into<String>) {
        self.problems.push(problem(self.field(), message));
    }

    /// Adds something that the operator should know although nothing is wrong.
    pub fn note(&mut self, message: impl Into<String>) {
        self.notes.push(problem(self.field(), message));
    }

    fn field(&self) -> String {
        format!("mapper.{}", self.mapper.name)
    }

    /// A setting that is not blank; what is preset where it is not set. A value that is none of its
    /// choices is a problem.
    pub fn setting(&mut self, name: &str) -> Option<&'a str> {
        let known = self.known.iter().find(|known| known.name == name)?;
        let value = self.written(name).filter(|value| !value.trim().is_empty());
        if let Some(value) = value
            && !known.choices.is_empty()
            && !known.choices.contains(&value)
        {
            let choices = known.choices.join(", ");
            self.wrong(format!(
                "{value:?} is no value of the setting {name}; choose one of {choices}"
            ));
        }
        value.or(known.preset)
    }

    /// A setting to the octet, blank or not.
    pub fn written(&self, name: &str) -> Option<&'a str> {
        let mut settings = self.mapper.settings.iter();
        let setting = settings.find(|setting| setting.name == name)?;
        Some(&setting.value)
    }

    /// A setting that has to be there.
    pub fn required(&mut self, name: &str) -> &'a str {
        let value = self.setting(name);
        if value.is_none() {
            self.wrong(format!("the setting {name} is missing; write it"));
        }
        value.unwrap_or_default()
    }

    /// The claim's name: the setting `claim`, else the mapper's own name.
    pub fn claim(&mut self) -> &'a str {
        let name = self.setting(CLAIM.name).unwrap_or(&self.mapper.name);
        if let Some(message) = claim_fault(name) {
            self.wrong(message);
        }
        name
    }

    /// The attribute that the mapper names, which it has to.
    pub fn attribute(&mut self) -> &'a str {
        let named = self.mapper.ldap_attribute.as_deref().map(str::trim);
        let Some(name) = named.filter(|name| !name.is_empty()) else {
            self.wrong("ldap_attribute is missing; name the attribute to read");
            return "";
        };
        self.check_attribute(name);
        name
    }

    /// Notes that `ldap_attribute` has no effect, for a kind that finds its attributes by itself.
    pub fn no_attribute(&mut self) {
        if self.mapper.ldap_attribute.is_some() {
            self.note(format!(
                "the kind {:?} does not read ldap_attribute, which has no effect; remove it",
                self.mapper.kind
            ));
        }
    }

    /// Checks the name of an attribute that stands elsewhere.
    pub fn check_attribute(&mut self, name: &str) {
        if let Some(message) = attribute_fault(name) {
            self.wrong(message);
        }
    }

    /// The plan with the notes, where nothing is wrong.
    ///
    /// # Errors
    ///
    /// All problems.
    pub fn finish(self, plan: MapperPlan) -> Result<MapperPlan, Vec<Problem>> {
        if self.problems.is_empty() {
            let mut notes = plan.notes;
            notes.extend(self.notes);
            Ok(MapperPlan { notes, ..plan })
        } else {
            Err(self.problems)
        }
    }
}
