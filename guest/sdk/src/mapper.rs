//! The standard mapper kinds: from attributes to claims and groups.
//!
//! Mappers are parsed once, when a federation is translated, travel in the plan's memo, and are
//! applied to each entry from there. Where several yield one claim, the later that has a value
//! counts. What the directory does not say is left out, never blank.

mod attribute;
mod constant;
pub(crate) mod format;
mod full_name;
mod group;
mod settings;

use crate::{
    attributes::Attributes,
    defaults::Known,
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
pub struct MapperSet<'a>(Vec<Parsed<'a>>);

/// What mappers made of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// No two have the same name.
    pub claims: Vec<Claim>,
    /// In the order of the mappers and of the directory, each once.
    pub groups: Vec<Group>,
    /// The mappers that failed and were left out.
    pub left_out: Vec<LeftOut>,
}

/// A mapper that failed and whose failure the operator, or its kind, puts up with.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The mapper's name.
    pub mapper: String,
    /// Why it failed.
    pub problem: Problem,
}

/// A mapper, parsed.
#[derive(Debug)]
struct Parsed<'a> {
    name: &'a str,
    on_error: OnError,
    rule: Rule<'a>,
}

/// What a failure of a mapper does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnError {
    /// The person is not served.
    Deny,
    /// What it would have given is left out.
    LeaveOut,
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
                rules.extend(Parsed::parse(mapper, findings));
            }
        }
        Self(rules)
    }

    /// Writes the mappers into a memo.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.number(self.0.len());
        for mapper in &self.0 {
            mapper.encode(writer);
        }
    }

    /// Reads the mappers of a memo.
    pub(crate) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.number()?;
        let mut rules = Vec::with_capacity(count.min(100));
        for _ in 0..count {
            rules.push(Parsed::decode(reader)?);
        }
        Some(Self(rules))
    }

    /// The attributes that the mappers read, with repetitions.
    pub fn attributes(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().flat_map(|mapper| mapper.rule.attributes())
    }

    /// The names of the claims that the mappers can yield, each once.
    pub fn claims(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for claim in self.0.iter().flat_map(|mapper| mapper.rule.claims()) {
            if !names.contains(&claim) {
                names.push(claim);
            }
        }
        names
    }

    /// Applies the mappers to an entry. A mapper fails where the directory has a value that it cannot
    /// read, or only a part of the values.
    ///
    /// # Errors
    ///
    /// The first failure of a mapper that denies: of a group mapper, unless its setting `on_error` says
    /// otherwise, since fewer groups would mean something else.
    pub fn apply(&self, entry: Attributes<'_>) -> Result<Mapped, Problem> {
        let mut mapped = Mapped::default();
        mapped.claims.reserve(self.0.len() + 2);
        for mapper in &self.0 {
            match (mapper.rule.apply(entry, &mut mapped), mapper.on_error) {
                (Ok(()), _) => {}
                (Err(problem), OnError::Deny) => return Err(problem),
                (Err(problem), OnError::LeaveOut) => mapped.left_out.push(LeftOut {
                    mapper: mapper.name.to_owned(),
                    problem,
                }),
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

impl<'a> Parsed<'a> {
    fn parse(mapper: &'a Mapper, findings: &mut Findings) -> Option<Self> {
        let known = KINDS.iter().find(|(kind, ..)| *kind == mapper.kind);
        let Some((kind, _, settings)) = known else {
            let kinds: Vec<_> = KINDS.iter().map(|(kind, ..)| *kind).collect();
            let message = format!(
                "there is no mapper kind {:?}; choose one of {}",
                mapper.kind,
                kinds.join(", ")
            );
            let field = format!("mapper.{}", mapper.name);
            findings.problems.push(problem(field, message));
            return None;
        };
        let mut fields = Fields::of(mapper, settings, findings);
        let on_error = match fields.setting(settings::ON_ERROR) {
            Some(settings::DENY) => OnError::Deny,
            _ => OnError::LeaveOut,
        };
        let rule = match *kind {
            attribute::KIND => AttributeRule::parse(fields).map(Rule::Attribute),
            constant::KIND => ConstantRule::parse(fields).map(Rule::Constant),
            full_name::KIND => FullNameRule::parse(fields).map(Rule::FullName),
            _ => GroupRule::parse(fields).map(Rule::Group),
        };
        rule.map(|rule| Self {
            name: &mapper.name,
            on_error,
            rule,
        })
    }

    fn encode(&self, writer: &mut Writer) {
        writer.text(self.name);
        writer.octet(u8::from(self.on_error == OnError::Deny));
        self.rule.encode(writer);
    }

    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            name: reader.text()?,
            on_error: match reader.octet()? {
                0 => OnError::LeaveOut,
                _ => OnError::Deny,
            },
            rule: Rule::decode(reader)?,
        })
    }
}

impl<'a> Rule<'a> {
    /// Adds what the entry gives; nothing where it fails.
    fn apply(&self, entry: Attributes<'_>, mapped: &mut Mapped) -> Result<(), Problem> {
        match self {
            Self::Attribute(rule) => mapped.put(rule.claim, rule.value(entry)?),
            Self::Constant(rule) => mapped.put(rule.claim, Some(rule.value())),
            Self::FullName(rule) => rule.apply(entry, |name, value| mapped.put(name, value))?,
            Self::Group(rule) => {
                let others = mapped.groups.len();
                return rule
                    .apply(entry, &mut mapped.groups)
                    .inspect_err(|_| mapped.groups.truncate(others));
            }
        }
        Ok(())
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

const KINDS: &[(&str, &str, &[Known])] = &[
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
            settings: settings.iter().map(Known::help).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
