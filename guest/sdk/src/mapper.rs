//! The standard mapper kinds: from attributes to claims, groups and roles.
//!
//! Mappers are parsed once, when a federation is translated, travel in the plan's memo, and are
//! applied to each entry from there, where groups are read in as many calls as that takes. Where several
//! yield one claim, the later that has a value counts. What the directory does not say is left out,
//! never blank.

mod account_control;
mod address;
mod attribute;
mod certificate;
mod constant;
pub(crate) mod format;
mod full_name;
mod group;
mod membership;
mod phone;
mod rule;
pub(crate) mod settings;

pub use rule::kinds;

use crate::{
    attributes::Attributes,
    defaults::Defaults,
    memo::{Reader, Writer},
    types::{Claim, ClaimValue, Finding, Group, Mapper, Problem, Role, Search, Subtree, problem},
};
use rule::Rule;
use settings::Fields;

/// The mappers of a federation, parsed.
#[derive(Debug, Default)]
pub struct MapperSet<'a>(Vec<Parsed<'a>>);

/// What mappers are parsed for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The vendor's.
    pub defaults: &'a Defaults,
    /// Where groups live, by the federation's setting `groups.dn`.
    pub groups_base: Option<&'a str>,
    /// What the operator made readable.
    pub readable: &'a [Subtree],
}

/// The person whom mappers are applied to.
#[derive(Clone, Copy, Debug)]
pub struct Who<'p> {
    /// The DN of the person's entry.
    pub dn: &'p str,
    /// Its attributes.
    pub entry: Attributes<'p>,
    /// The user name.
    pub username: &'p str,
    /// Whether the directory has the account switched on.
    pub is_enabled: bool,
    /// What earlier calls asked for.
    pub findings: &'p [Finding],
}

/// How far the mappers came.
#[derive(Debug, PartialEq, Eq)]
pub enum Applied {
    /// To the end.
    Done(Mapped),
    /// First these reads.
    Read(Vec<Search>),
}

/// What mappers made of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// No two have the same name.
    pub claims: Vec<Claim>,
    /// In the order of the mappers and of the directory, each once.
    pub groups: Vec<Group>,
    /// Each once.
    pub roles: Vec<Role>,
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
    pub fn parse(mappers: &'a [Mapper], scope: Scope<'a>, findings: &mut Findings) -> Self {
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
                rules.extend(Parsed::parse(mapper, scope, findings));
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
    pub fn apply(&self, who: Who<'_>) -> Result<Applied, Problem> {
        let mut mapped = Mapped::default();
        mapped.claims.reserve(self.0.len() + 2);
        let mut wishes = Vec::new();
        for mapper in &self.0 {
            let applied = mapper.rule.apply(mapper.name, who, &mut mapped);
            match (applied, mapper.on_error) {
                (Ok(None), _) => {}
                (Ok(Some(more)), _) => wishes.extend(more),
                (Err(problem), OnError::Deny) => return Err(problem),
                (Err(problem), OnError::LeaveOut) => mapped.left_out.push(LeftOut {
                    mapper: mapper.name.to_owned(),
                    problem,
                }),
            }
        }
        Ok(if wishes.is_empty() {
            Applied::Done(mapped)
        } else {
            Applied::Read(wishes)
        })
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

impl Mapped {
    /// Adds a group, unless another mapper gave it already; then what this one knows more is kept.
    fn join(&mut self, group: Group) {
        match self.groups.iter_mut().find(|known| known.dn == group.dn) {
            Some(known) => {
                known.id = known.id.take().or(group.id);
                for parent in group.parents {
                    if !known.parents.contains(&parent) {
                        known.parents.push(parent);
                    }
                }
            }
            None => self.groups.push(group),
        }
    }
}

impl<'a> Parsed<'a> {
    fn parse(mapper: &'a Mapper, scope: Scope<'a>, findings: &mut Findings) -> Option<Self> {
        let kind = mapper.kind.as_str();
        if !rule::is_kind(kind) {
            let kinds: Vec<_> = rule::names().collect();
            let message = format!(
                "there is no mapper kind {:?}; choose one of {}",
                mapper.kind,
                kinds.join(", ")
            );
            let field = format!("mapper.{}", mapper.name);
            findings.problems.push(problem(field, message));
            return None;
        }
        let settings = rule::settings_of(kind, scope.defaults);
        let mut fields = Fields::of(mapper, settings, scope, findings);
        let on_error = match fields.setting(settings::ON_ERROR) {
            Some(settings::DENY) => OnError::Deny,
            _ => OnError::LeaveOut,
        };
        let rule = Rule::parse(kind, fields);
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

#[cfg(test)]
mod tests;
