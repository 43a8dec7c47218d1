//! The kind `attribute`: a claim from an attribute.

use super::{
    format::{self, Format},
    phone,
    settings::{self, Fields, Known},
};
use crate::{
    attributes::{self, Attributes, Values},
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
                guid, 16 octets that become text; base64, any octets; phone, which becomes E.164 where that is \
                certain; url, an address of the web without the label behind it; locale, the language that is \
                liked best; date, which becomes YYYY-MM-DD.",
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
        name: "prefix",
        about: "What stands before each value.",
        preset: None,
        choices: &[],
    },
    Known {
        name: "suffix",
        about: "What stands behind each value.",
        preset: None,
        choices: &[],
    },
    Known {
        name: "case",
        about: "The letters of each value.",
        preset: Some("keep"),
        choices: &["keep", "lower", "upper"],
    },
    Known {
        name: "country",
        about: "With format = phone: the calling code, such as +49, of numbers that are written as they are \
                dialled within the country.",
        preset: None,
        choices: &[],
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
    shape: Option<Shape<'a>>,
}

/// What becomes of a text.
#[derive(Debug)]
struct Shape<'a> {
    prefix: &'a str,
    suffix: &'a str,
    case: Case,
    /// A calling code.
    country: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Keep,
    Lower,
    Upper,
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
            shape: Shape::parse(&mut fields),
        };
        if rule.shape.is_some() && !rule.format.is_text() {
            fields.wrong(
                "prefix, suffix and case are for text alone; remove them, or choose another format",
            );
        }
        if rule.is_array && !rule.format.is_text() {
            fields.wrong(
                "there are no lists of this format; with multivalued = all choose a format that becomes text",
            );
        }
        fields.finish(rule)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.claim);
        writer.text(self.attribute);
        writer.option(self.fallback);
        writer.octet(self.format.encode());
        writer.octet(u8::from(self.is_array) | u8::from(self.shape.is_some()) << 1);
        if let Some(shape) = &self.shape {
            shape.encode(writer);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let (claim, attribute) = (reader.text()?, reader.text()?);
        let fallback = memo::option(reader.text()?);
        let format = Format::decode(reader.octet()?)?;
        let flags = reader.octet()?;
        Some(Self {
            claim,
            attribute,
            fallback,
            format,
            is_array: flags & 1 != 0,
            shape: match flags & 2 {
                0 => None,
                _ => Some(Shape::decode(reader)?),
            },
        })
    }

    pub(super) fn attributes(&self) -> Vec<&'a str> {
        let fallback = self.fallback.into_iter();
        std::iter::once(self.attribute).chain(fallback).collect()
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
            .filter_map(|octets| self.text(octets))
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
                && let Some(value) = self.one(octets)
            {
                smallest = Some((octets, value));
            }
        }
        smallest.map(|(_, value)| value)
    }

    fn one(&self, octets: &[u8]) -> Option<ClaimValue> {
        if self.shape.is_none() {
            return self.format.value(octets);
        }
        self.text(octets).map(ClaimValue::Text)
    }

    fn text(&self, octets: &[u8]) -> Option<String> {
        let Some(shape) = &self.shape else {
            return self.format.text(octets);
        };
        let text = match (self.format, shape.country) {
            (Format::Phone, Some(country)) => phone::read(attributes::text(octets)?, Some(country)),
            (format, _) => format.text(octets),
        }?;
        Some(shape.of(&text))
    }
}

impl<'a> Shape<'a> {
    /// None where a text stays as it is.
    fn parse(fields: &mut Fields<'a, '_>) -> Option<Self> {
        let country = fields.setting("country");
        let code = country.and_then(phone::calling_code);
        if country.is_some() && code.is_none() {
            fields.wrong("the setting country is not a calling code; write one such as +49");
        }
        let shape = Self {
            prefix: fields.setting("prefix").unwrap_or_default(),
            suffix: fields.setting("suffix").unwrap_or_default(),
            case: match fields.setting("case") {
                Some("lower") => Case::Lower,
                Some("upper") => Case::Upper,
                _ => Case::Keep,
            },
            country: code,
        };
        let is_plain = shape.prefix.is_empty()
            && shape.suffix.is_empty()
            && shape.case == Case::Keep
            && shape.country.is_none();
        (!is_plain).then_some(shape)
    }

    fn encode(&self, writer: &mut Writer) {
        writer.text(self.prefix);
        writer.text(self.suffix);
        writer.octet(self.case as u8);
        writer.option(self.country);
    }

    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            prefix: reader.text()?,
            suffix: reader.text()?,
            case: match reader.octet()? {
                0 => Case::Keep,
                1 => Case::Lower,
                2 => Case::Upper,
                _ => return None,
            },
            country: memo::option(reader.text()?),
        })
    }

    fn of(&self, text: &str) -> String {
        let (prefix, suffix) = (self.prefix, self.suffix);
        match self.case {
            Case::Keep => format!("{prefix}{text}{suffix}"),
            Case::Lower => format!("{prefix}{}{suffix}", text.to_lowercase()),
            Case::Upper => format!("{prefix}{}{suffix}", text.to_uppercase()),
        }
    }
}
