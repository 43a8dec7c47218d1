//! The kind `attribute`: a claim from an attribute.

use super::{
    format::{self, Format},
    settings::{self, Fields, Known},
};
use crate::{
    attributes::{Attributes, Values},
    memo::{self, Reader, Writer},
    types::{ClaimValue, Problem, problem},
};

pub(super) const KIND: &str = "attribute";

pub(super) const SETTINGS: &[Known] = &[
    settings::CLAIM,
    settings::LEFT_OUT_ON_ERROR,
    Known {
        name: "format",
        about: "How a value is read: text; email, which has to have the shape of an address; integer; \
                boolean; time (GeneralizedTime) and filetime, which become seconds since 1970; uuid and \
                guid, 16 octets that become text; base64, any octets.",
        preset: Some("text"),
        choices: format::NAMES,
    },
    Known {
        name: "multivalued",
        about: "first: the smallest value alone; all: an array of all values.",
        preset: Some("first"),
        choices: &["first", "all"],
    },
    Known {
        name: "fallback",
        about: "The attribute to read where the other has no value.",
        preset: None,
        choices: &[],
    },
];

#[derive(Debug)]
pub(super) struct AttributeRule<'a> {
    pub(super) claim: &'a str,
    pub(super) attribute: &'a str,
    pub(super) fallback: Option<&'a str>,
    format: Format,
    is_array: bool,
}

impl<'a> AttributeRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let rule = Self {
            claim: fields.claim(),
            attribute: fields.attribute(None),
            fallback: fields.attribute_in("fallback"),
            format: fields
                .setting("format")
                .and_then(Format::named)
                .unwrap_or(Format::Text),
            is_array: fields.setting("multivalued") == Some("all"),
        };
        if rule.is_array && !rule.format.is_text() {
            fields.wrong(
                "there are no lists of this format; with multivalued = all choose text, email, uuid, guid or \
                 base64 as format",
            );
        }
        fields.finish(rule)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.claim);
        writer.text(self.attribute);
        writer.option(self.fallback);
        writer.octet(self.format.encode());
        writer.octet(u8::from(self.is_array));
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            claim: reader.text()?,
            attribute: reader.text()?,
            fallback: memo::option(reader.text()?),
            format: Format::decode(reader.octet()?)?,
            is_array: reader.octet()? == 1,
        })
    }

    /// The claim's value; none where the directory says nothing.
    pub(super) fn value(&self, entry: Attributes<'_>) -> Result<Option<ClaimValue>, Problem> {
        let of = |attribute| self.of_values(attribute, entry.values(attribute));
        let first = of(self.attribute);
        match (&first, self.fallback) {
            (Ok(Some(_)), _) | (_, None) => first,
            (Ok(None), Some(fallback)) => of(fallback),
            // What the fallback says counts; only where it says nothing the failure does.
            (Err(_), Some(fallback)) => match of(fallback) {
                Ok(Some(value)) => Ok(Some(value)),
                _ => first,
            },
        }
    }

    fn of_values(
        &self,
        attribute: &str,
        values: Values<'_>,
    ) -> Result<Option<ClaimValue>, Problem> {
        let value = if self.is_array {
            if !values.is_whole() {
                let message =
                    "the directory gave a part of the values only; raise its limit of values";
                return Err(problem(attribute, message));
            }
            self.all(values)
        } else {
            self.smallest(values)
        };
        let is_silent = |octets| self.format.says_nothing(octets);
        if value.is_none() && !values.octets().all(is_silent) {
            let message = format!(
                "no value is {}; correct the entry, or choose another format",
                self.format.name()
            );
            return Err(problem(attribute, message));
        }
        Ok(value)
    }

    fn all(&self, values: Values<'_>) -> Option<ClaimValue> {
        let mut texts: Vec<_> = values
            .octets()
            .filter_map(|octets| self.format.text(octets))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        (!texts.is_empty()).then_some(ClaimValue::Texts(texts))
    }

    /// The smallest by octets among those that are of the format: values have no order.
    fn smallest(&self, values: Values<'_>) -> Option<ClaimValue> {
        let mut smallest: Option<(&[u8], ClaimValue)> = None;
        for octets in values.octets() {
            if smallest
                .as_ref()
                .is_none_or(|(smallest, _)| octets < *smallest)
                && let Some(value) = self.format.value(octets)
            {
                smallest = Some((octets, value));
            }
        }
        smallest.map(|(_, value)| value)
    }
}
