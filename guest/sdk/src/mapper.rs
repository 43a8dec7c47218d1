//! The standard mapper kinds: from attributes to claims and groups.
//!
//! Mappers are parsed once, when a federation is translated, travel in the plan's memo, and are
//! applied to each entry from there. Where several yield one claim, the later that has a value
//! counts. What the directory does not say is left out, never blank.

mod attribute;
mod constant;
mod format;
mod full_name;
mod group;
mod settings;

use crate::{
    attributes::Attributes,
    memo::{Reader, Writer},
    types::{Claim, ClaimValue, Group, KindHelp, Mapper, Problem, problem},
};
use attribute::AttributeRule;
use constant::ConstantRule;
use full_name::FullNameRule;
use group::GroupRule;
use settings::Fields;

/// The mappers of a federation, parsed.
#[derive(Debug, Default)]
pub struct MapperSet<'a>(Vec<Rule<'a>>);

/// What mappers made of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// No two have the same name.
    pub claims: Vec<Claim>,
    /// In the order of the mappers and of the directory, each once.
    pub groups: Vec<Group>,
}

#[derive(Debug)]
enum Rule<'a> {
    Attribute(AttributeRule<'a>),
    Constant(ConstantRule<'a>),
    FullName(FullNameRule<'a>),
    Group(GroupRule<'a>),
}

/// Collects what parsing finds.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What the operator should know although nothing is wrong.
    pub notes: Vec<Problem>,
}

impl<'a> MapperSet<'a> {
    /// Parses mappers. What is wrong with any of them is added to `findings`, under `mapper.NAME`, and
    /// the mapper left out.
    pub fn parse(mappers: &'a [Mapper], findings: &mut Findings) -> Self {
        let mut rules = Vec::with_capacity(mappers.len());
        for (at, mapper) in mappers.iter().enumerate() {
            let is_repeated = mappers
                .iter()
                .take(at)
                .any(|other| other.name == mapper.name);
            if is_repeated {
                findings.problems.push(problem(
                    format!("mapper.{}", mapper.name),
                    "two mappers have this name; give one of them another",
                ));
            } else {
                rules.extend(Rule::parse(mapper, findings));
            }
        }
        Self(rules)
    }

    /// Writes the mappers into a memo.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.number(self.0.len());
        for rule in &self.0 {
            rule.encode(writer);
        }
    }

    /// Reads the mappers of a memo.
    pub(crate) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.number()?;
        let mut rules = Vec::with_capacity(count.min(100));
        for _ in 0..count {
            rules.push(Rule::decode(reader)?);
        }
        Some(Self(rules))
    }

    /// The attributes that the mappers read, with repetitions.
    pub fn attributes(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().flat_map(Rule::attributes)
    }

    /// The names of the claims that the mappers can yield, each once.
    pub fn claims(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for claim in self.0.iter().flat_map(Rule::claims) {
            if !names.contains(&claim) {
                names.push(claim);
            }
        }
        names
    }

    /// Applies the mappers to an entry.
    ///
    /// # Errors
    ///
    /// Groups that cannot be told in full, under the name of their attribute: a shorter list would mean
    /// something else.
    pub fn apply(&self, entry: Attributes<'_>) -> Result<Mapped, Problem> {
        let mut mapped = Mapped::default();
        mapped.claims.reserve(self.0.len() + 2);
        for rule in &self.0 {
            match rule {
                Rule::Attribute(rule) => mapped.put(rule.claim, rule.value(entry)),
                Rule::Constant(rule) => mapped.put(rule.claim, Some(rule.value())),
                Rule::FullName(rule) => rule.apply(entry, |name, value| mapped.put(name, value)),
                Rule::Group(rule) => rule.apply(entry, &mut mapped.groups)?,
            }
        }
        Ok(mapped)
    }
}

impl Mapped {
    fn put(&mut self, name: &str, value: Option<ClaimValue>) {
        let Some(value) = value else {
            return;
        };
        match self.claims.iter_mut().find(|claim| claim.name == name) {
            Some(claim) => claim.value = value,
            None => self.claims.push(Claim {
                name: name.to_owned(),
                value,
            }),
        }
    }
}

impl<'a> Rule<'a> {
    fn parse(mapper: &'a Mapper, findings: &mut Findings) -> Option<Self> {
        match mapper.kind.as_str() {
            attribute::KIND => {
                AttributeRule::parse(Fields::of(mapper, attribute::SETTINGS, findings))
                    .map(Self::Attribute)
            }
            constant::KIND => ConstantRule::parse(Fields::of(mapper, constant::SETTINGS, findings))
                .map(Self::Constant),
            full_name::KIND => {
                FullNameRule::parse(Fields::of(mapper, full_name::SETTINGS, findings))
                    .map(Self::FullName)
            }
            group::KIND => {
                GroupRule::parse(Fields::of(mapper, group::SETTINGS, findings)).map(Self::Group)
            }
            other => {
                let known: Vec<_> = KINDS.iter().map(|(kind, ..)| *kind).collect();
                let message = format!(
                    "there is no mapper kind {other:?}; there are {}",
                    known.join(", ")
                );
                findings
                    .problems
                    .push(problem(format!("mapper.{}", mapper.name), message));
                None
            }
        }
    }

    fn encode(&self, writer: &mut Writer) {
        match self {
            Self::Attribute(rule) => {
                writer.octet(0);
                rule.encode(writer);
            }
            Self::Constant(rule) => {
                writer.octet(1);
                rule.encode(writer);
            }
            Self::FullName(rule) => {
                writer.octet(2);
                rule.encode(writer);
            }
            Self::Group(rule) => {
                writer.octet(3);
                rule.encode(writer);
            }
        }
    }

    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        match reader.octet()? {
            0 => AttributeRule::decode(reader).map(Self::Attribute),
            1 => ConstantRule::decode(reader).map(Self::Constant),
            2 => FullNameRule::decode(reader).map(Self::FullName),
            3 => GroupRule::decode(reader).map(Self::Group),
            _ => None,
        }
    }

    fn attributes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (first, second) = match self {
            Self::Attribute(rule) => (Some(rule.attribute), rule.fallback),
            Self::Constant(_) => (None, None),
            Self::FullName(rule) => (Some(rule.attribute), None),
            Self::Group(rule) => (Some(rule.attribute), None),
        };
        first.into_iter().chain(second)
    }

    fn claims(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let names = match self {
            Self::Attribute(rule) => [Some(rule.claim), None, None],
            Self::Constant(rule) => [Some(rule.claim), None, None],
            Self::FullName(rule) => [Some(rule.claim), Some(rule.given), Some(rule.family)],
            Self::Group(_) => [None; 3],
        };
        names.into_iter().flatten()
    }
}

const KINDS: &[(&str, &str, &[settings::Known])] = &[
    (
        attribute::KIND,
        "A claim from an attribute.",
        attribute::SETTINGS,
    ),
    (
        constant::KIND,
        "The same claim for everyone.",
        constant::SETTINGS,
    ),
    (
        full_name::KIND,
        "The claims name, given_name and family_name from one attribute, parted at its last space.",
        full_name::SETTINGS,
    ),
    (
        group::KIND,
        "Groups from an attribute that names them by their DN.",
        group::SETTINGS,
    ),
];

/// The standard kinds, for a policy's description.
pub fn kinds() -> Vec<KindHelp> {
    KINDS
        .iter()
        .map(|(kind, about, settings)| KindHelp {
            kind: (*kind).to_owned(),
            about: (*about).to_owned(),
            settings: settings.iter().map(settings::Known::help).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
