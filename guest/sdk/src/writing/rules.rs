//! Where a claim is written: the mappers that read one plainly, turned around.

use crate::{
    attributes,
    mapper::format::is_email,
    memo::{Reader, Writer},
    types::{ClaimValue, Mapper},
};

/// How a claim stands in an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule<'a> {
    pub(crate) claim: &'a str,
    pub(crate) attribute: &'a str,
    pub(crate) form: Form<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    Text,
    Texts,
    Email,
    Emails,
    Integer,
    Boolean,
    /// The claims of the parts: what stands before the last space, and behind it.
    FullName {
        given: &'a str,
        family: &'a str,
    },
}

/// The rules of mappers. One that makes something else of a value, or has a setting that is not known
/// here, gives none.
pub(crate) fn of(mappers: &[Mapper]) -> Vec<Rule<'_>> {
    mappers.iter().filter_map(Rule::of).collect()
}

impl<'a> Rule<'a> {
    fn of(mapper: &'a Mapper) -> Option<Self> {
        let setting = |name: &str| {
            let set = mapper.settings.iter().find(|setting| setting.name == name);
            set.map(|setting| setting.value.trim())
                .filter(|value| !value.is_empty())
        };
        let knows = |known: &[&str]| {
            let mut set = mapper.settings.iter();
            set.all(|set| set.value.trim().is_empty() || known.contains(&&*set.name))
        };
        let claim = setting("claim");
        let attribute = mapper.ldap_attribute.as_deref().map(str::trim);
        let attribute = attribute.filter(|attribute| !attribute.is_empty());
        match &*mapper.kind {
            "attribute" if knows(ATTRIBUTE) => {
                let is_list = setting("multivalued") == Some("all");
                let form = match (setting("format").unwrap_or("text"), is_list) {
                    ("text", false) => Form::Text,
                    ("text", true) => Form::Texts,
                    ("email", false) => Form::Email,
                    ("email", true) => Form::Emails,
                    ("integer", false) => Form::Integer,
                    ("boolean", false) => Form::Boolean,
                    _ => return None,
                };
                Some(Self {
                    claim: claim.unwrap_or(&mapper.name),
                    attribute: attribute?,
                    form,
                })
            }
            "full-name" if knows(FULL_NAME) => Some(Self {
                claim: claim.unwrap_or("name"),
                attribute: attribute.unwrap_or("cn"),
                form: Form::FullName {
                    given: setting("given_name_claim").unwrap_or("given_name"),
                    family: setting("family_name_claim").unwrap_or("family_name"),
                },
            }),
            _ => None,
        }
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.text(self.claim);
        writer.text(self.attribute);
        writer.octet(match self.form {
            Form::Text => 0,
            Form::Texts => 1,
            Form::Email => 2,
            Form::Emails => 3,
            Form::Integer => 4,
            Form::Boolean => 5,
            Form::FullName { .. } => 6,
        });
        if let Form::FullName { given, family } = self.form {
            writer.text(given);
            writer.text(family);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            claim: reader.text()?,
            attribute: reader.text()?,
            form: match reader.octet()? {
                0 => Form::Text,
                1 => Form::Texts,
                2 => Form::Email,
                3 => Form::Emails,
                4 => Form::Integer,
                5 => Form::Boolean,
                6 => Form::FullName {
                    given: reader.text()?,
                    family: reader.text()?,
                },
                _ => return None,
            },
        })
    }

    /// Whether the rule says anything of a claim.
    pub(crate) fn is_of(&self, claim: &str) -> bool {
        let is_part = match self.form {
            Form::FullName { given, family } => given == claim || family == claim,
            _ => false,
        };
        is_part || self.claim == claim
    }
}

impl Form<'_> {
    /// The values that an attribute has for a claim's value.
    ///
    /// # Errors
    ///
    /// What is wrong with the value.
    pub(crate) fn values(self, value: &ClaimValue) -> Result<Vec<Vec<u8>>, &'static str> {
        match self {
            Self::Text | Self::FullName { .. } => Ok(vec![text(one(value)?)?]),
            Self::Texts => all(value)?.into_iter().map(text).collect(),
            Self::Email => Ok(vec![email(one(value)?)?]),
            Self::Emails => all(value)?.into_iter().map(email).collect(),
            Self::Integer => match value {
                ClaimValue::Integer(number) => Ok(vec![number.to_string().into_bytes()]),
                other => match one(other)?.trim().parse::<i64>() {
                    Ok(number) => Ok(vec![number.to_string().into_bytes()]),
                    Err(_) => Err("it is no whole number; write one"),
                },
            },
            Self::Boolean => {
                let truth = match value {
                    ClaimValue::Boolean(truth) => Some(*truth),
                    other => attributes::boolean(one(other)?.trim()),
                };
                match truth {
                    Some(true) => Ok(vec![b"TRUE".to_vec()]),
                    Some(false) => Ok(vec![b"FALSE".to_vec()]),
                    None => Err("it is neither true nor false; write one of these"),
                }
            }
        }
    }
}

fn one(value: &ClaimValue) -> Result<&str, &'static str> {
    match value {
        ClaimValue::Text(text) => Ok(text),
        ClaimValue::Texts(texts) => match texts.as_slice() {
            [text] => Ok(text),
            _ => Err("it has one value in the directory; give one"),
        },
        ClaimValue::Integer(_) | ClaimValue::Boolean(_) | ClaimValue::Json(_) => {
            Err("it is a text in the directory; give one")
        }
    }
}

fn all(value: &ClaimValue) -> Result<Vec<&str>, &'static str> {
    let mut texts: Vec<&str> = match value {
        ClaimValue::Texts(texts) => texts.iter().map(String::as_str).collect(),
        other => vec![one(other)?],
    };
    texts.sort_unstable();
    texts.dedup();
    Ok(texts)
}

/// As it is read again: without space at either end, and not blank.
fn text(text: &str) -> Result<Vec<u8>, &'static str> {
    match attributes::text(text.as_bytes()) {
        Some(text) if !text.contains(is_unfit) => Ok(text.as_bytes().to_vec()),
        Some(_) => Err("it has characters that are no text; remove them"),
        None => Err("it is blank; leave it out instead"),
    }
}

/// Addresses have lines, and else no text has controls.
fn is_unfit(character: char) -> bool {
    character.is_control() && character != '\n' && character != '\r' && character != '\t'
}

fn email(address: &str) -> Result<Vec<u8>, &'static str> {
    let octets = text(address)?;
    if is_email(address.trim()) {
        Ok(octets)
    } else {
        Err("it is no e-mail address; write one such as ada@example.org")
    }
}

/// Settings that change nothing of a value, or that [`Form`] has.
const ATTRIBUTE: &[&str] = &["claim", "on_error", "format", "multivalued", "fallback"];
const FULL_NAME: &[&str] = &["claim", "on_error", "given_name_claim", "family_name_claim"];
