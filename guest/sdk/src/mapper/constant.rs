//! The kind `constant`: the same claim for everyone.

use super::settings::{self, Fields, Known};
use crate::{
    attributes,
    memo::{Reader, Writer},
    types::ClaimValue,
};

pub(super) const KIND: &str = "constant";

pub(super) const SETTINGS: &[Known] = &[
    settings::CLAIM,
    settings::LEFT_OUT_ON_ERROR,
    Known {
        name: "value",
        about: "The claim's value.",
        preset: None,
        choices: &[],
    },
    Known {
        name: "format",
        about: "What the value is.",
        preset: Some("text"),
        choices: &["text", "integer", "boolean"],
    },
];

#[derive(Debug)]
pub(super) struct ConstantRule<'a> {
    pub(super) claim: &'a str,
    value: Constant<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Constant<'a> {
    Text(&'a str),
    Integer(i64),
    Boolean(bool),
}

impl<'a> Constant<'a> {
    fn read(format: &str, text: &'a str) -> Option<Self> {
        match format {
            "integer" => text.parse().ok().map(Self::Integer),
            "boolean" => attributes::boolean(text).map(Self::Boolean),
            _ => Some(Self::Text(text)),
        }
    }
}

impl<'a> ConstantRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let claim = fields.claim();
        let format = fields.setting("format").unwrap_or("text");
        let Some(text) = fields.setting("value") else {
            fields.wrong("the setting value is missing; say what the claim is");
            return None;
        };
        let Some(value) = Constant::read(format, text) else {
            fields.wrong(format!(
                "the setting value is not {format}; write such a value, or choose another format"
            ));
            return None;
        };
        fields.finish(Self { claim, value })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.claim);
        let (tag, text) = match self.value {
            Constant::Text(text) => (0, text.to_owned()),
            Constant::Integer(number) => (1, number.to_string()),
            Constant::Boolean(is) => (2, is.to_string()),
        };
        writer.octet(tag);
        writer.text(&text);
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let claim = reader.text()?;
        let format = match reader.octet()? {
            0 => "text",
            1 => "integer",
            2 => "boolean",
            _ => return None,
        };
        let value = Constant::read(format, reader.text()?)?;
        Some(Self { claim, value })
    }

    pub(super) fn value(&self) -> ClaimValue {
        match self.value {
            Constant::Text(text) => ClaimValue::Text(text.to_owned()),
            Constant::Integer(number) => ClaimValue::Integer(number),
            Constant::Boolean(is) => ClaimValue::Boolean(is),
        }
    }
}
