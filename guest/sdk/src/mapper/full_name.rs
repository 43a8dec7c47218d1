//! The kind `full-name`: three claims from one attribute.

use super::settings::{self, Fields, Known};
use crate::{
    attributes::Attributes,
    memo::{Reader, Writer},
    types::{ClaimValue, Problem, problem},
};

pub(super) const KIND: &str = "full-name";

const ATTRIBUTE: &str = "cn";

const CLAIM: &str = "claim";
const GIVEN: &str = "given_name_claim";
const FAMILY: &str = "family_name_claim";

pub(super) const SETTINGS: &[Known] = &[
    settings::LEFT_OUT_ON_ERROR,
    Known {
        name: CLAIM,
        about: "The claim with the whole name.",
        preset: Some("name"),
        choices: &[],
    },
    Known {
        name: GIVEN,
        about: "The claim with what stands before the last space.",
        preset: Some("given_name"),
        choices: &[],
    },
    Known {
        name: FAMILY,
        about: "The claim with what stands after the last space, or with all of it where there is none.",
        preset: Some("family_name"),
        choices: &[],
    },
];

#[derive(Debug)]
pub(super) struct FullNameRule<'a> {
    pub(super) attribute: &'a str,
    pub(super) claim: &'a str,
    pub(super) given: &'a str,
    pub(super) family: &'a str,
}

impl<'a> FullNameRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let rule = Self {
            attribute: fields.attribute(Some(ATTRIBUTE)),
            claim: fields.claim_in(CLAIM),
            given: fields.claim_in(GIVEN),
            family: fields.claim_in(FAMILY),
        };
        fields.finish(rule)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        for text in [self.attribute, self.claim, self.given, self.family] {
            writer.text(text);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            attribute: reader.text()?,
            claim: reader.text()?,
            given: reader.text()?,
            family: reader.text()?,
        })
    }

    pub(super) fn apply(
        &self,
        entry: Attributes<'_>,
        mut put: impl FnMut(&str, Option<ClaimValue>),
    ) -> Result<(), Problem> {
        let values = entry.values(self.attribute);
        let Some(name) = values.text() else {
            // Blank values say nothing; what is left are octets that are no text.
            return if values
                .octets()
                .all(|octets| std::str::from_utf8(octets).is_ok())
            {
                Ok(())
            } else {
                Err(problem(
                    self.attribute,
                    "no value is text; correct the entry",
                ))
            };
        };
        let value = |text: &str| Some(ClaimValue::Text(text.to_owned()));
        put(self.claim, value(name));
        match name.rsplit_once(char::is_whitespace) {
            Some((given, family)) => {
                put(self.given, value(given.trim_end()));
                put(self.family, value(family));
            }
            None => put(self.family, value(name)),
        }
        Ok(())
    }
}
