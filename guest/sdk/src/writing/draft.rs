//! What is to stand in an entry, claim by claim.

use super::rules::{Form, Rule};
use crate::{
    Attributes,
    types::{Attribute, ClaimValue, Problem, problem},
};

/// Values that attributes are to have; none: the attribute goes.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) attributes: Vec<Wanted>,
}

/// What one attribute is to have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The change that wants it.
    pub(crate) field: String,
    pub(crate) attribute: Attribute,
}

/// A claim and the value it is to have; none: it goes.
pub(crate) type Wish<'a> = (&'a str, Option<&'a ClaimValue>);

impl Draft {
    /// Wants an attribute to have these values. Two changes that want different things of one attribute
    /// are a problem.
    pub(crate) fn put(
        &mut self,
        field: &str,
        attribute: &str,
        values: Vec<Vec<u8>>,
    ) -> Result<(), Problem> {
        let known = self
            .attributes
            .iter()
            .find(|known| known.attribute.name.eq_ignore_ascii_case(attribute));
        match known {
            Some(known) if known.attribute.values == values => Ok(()),
            Some(known) => Err(problem(
                field,
                format!(
                    "{attribute} of the directory holds {} too, and both cannot be; change one of them",
                    known.field
                ),
            )),
            None => {
                self.attributes.push(Wanted {
                    field: field.to_owned(),
                    attribute: Attribute {
                        name: attribute.to_owned(),
                        values,
                    },
                });
                Ok(())
            }
        }
    }

    /// The values that an attribute is to have, where it is to have some.
    pub(crate) fn values(&self, attribute: &str) -> Option<&[Vec<u8>]> {
        let known = self
            .attributes
            .iter()
            .find(|known| known.attribute.name.eq_ignore_ascii_case(attribute))?;
        (!known.attribute.values.is_empty()).then_some(&known.attribute.values)
    }

    /// Writes claims by the rules. `user` is the entry as it is.
    pub(crate) fn write(
        &mut self,
        wishes: &[Wish<'_>],
        rules: &[Rule<'_>],
        user: Attributes<'_>,
        problems: &mut Vec<Problem>,
    ) {
        for (claim, _) in wishes {
            if !rules.iter().any(|rule| rule.is_of(claim)) {
                let message = "no mapper of the federation writes it; leave it out, or add a mapper of the kind \
                               attribute without settings that change the value";
                problems.push(problem(*claim, message));
            }
        }
        for rule in rules {
            let written = match rule.form {
                Form::FullName { given, family } => {
                    self.write_full_name(rule, [given, family], wishes, user)
                }
                _ => match wish(wishes, rule.claim) {
                    Some((claim, value)) => self.write_claim(rule, claim, value),
                    None => Ok(()),
                },
            };
            problems.extend(written.err());
        }
    }

    fn write_claim(
        &mut self,
        rule: &Rule<'_>,
        claim: &str,
        value: Option<&ClaimValue>,
    ) -> Result<(), Problem> {
        let values = match value {
            Some(value) => rule.form.values(value),
            None => Ok(Vec::new()),
        };
        let values = values.map_err(|message| problem(claim, message))?;
        self.put(claim, rule.attribute, values)
    }

    /// One attribute for three claims: what is not wished for stays as it is read now.
    fn write_full_name(
        &mut self,
        rule: &Rule<'_>,
        [given, family]: [&str; 2],
        wishes: &[Wish<'_>],
        user: Attributes<'_>,
    ) -> Result<(), Problem> {
        let whole = wish(wishes, rule.claim);
        let parts = [wish(wishes, given), wish(wishes, family)];
        let Some((field, _)) = whole.or(parts[0]).or(parts[1]) else {
            return Ok(());
        };
        let fail = |message: &str| problem(field, message);
        let text = |wish: Option<Wish<'_>>, now: Option<&str>| match wish {
            None => Ok(now.unwrap_or_default().to_owned()),
            Some((_, None)) => Ok(String::new()),
            Some((claim, Some(value))) => {
                let values = Form::Text
                    .values(value)
                    .map_err(|message| problem(claim, message))?;
                Ok(String::from_utf8(values.concat()).unwrap_or_default())
            }
        };
        let now = user.text(rule.attribute).map(parted);
        let given = text(parts[0], now.and_then(|(given, _)| given))?;
        let family = text(parts[1], now.map(|(_, family)| family))?;
        let joined = [&*given, &*family].join(" ").trim().to_owned();
        let full = match whole {
            Some(_) => text(whole, None)?,
            None => joined.clone(),
        };
        let read = parted(&full);
        let has_parts = parts.iter().any(Option::is_some);
        let comes_back = !has_parts
            || (full == joined && read == ((!given.is_empty()).then_some(&*given), &*family));
        if !comes_back {
            return Err(fail(
                "the directory keeps the whole name, which is parted at its last space, so these parts \
                 would come back as others; choose a family name without a space",
            ));
        }
        let values = (!full.is_empty()).then(|| full.into_bytes());
        self.put(field, rule.attribute, values.into_iter().collect())
    }
}

/// As the kind `full-name` reads it.
fn parted(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once(char::is_whitespace) {
        Some((given, family)) => (Some(given.trim_end()), family),
        None => (None, name),
    }
}

fn wish<'w>(wishes: &[Wish<'w>], claim: &str) -> Option<Wish<'w>> {
    wishes.iter().find(|(name, _)| *name == claim).copied()
}
