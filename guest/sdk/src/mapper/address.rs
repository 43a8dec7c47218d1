//! The kind `address`: the claim of that name (OpenID Connect Core section 5.1.1), from the attributes of
//! its parts.

use super::settings::{self, Fields, Known};
use crate::{
    attributes::Attributes,
    json,
    memo::{Reader, Writer},
    types::{ClaimValue, Problem, problem},
};

pub(super) const KIND: &str = "address";

const CLAIM: &str = "claim";
const FORMATTED: &str = "formatted";

/// The members of the claim in their order, and the attributes that they come from.
const PARTS: [(&str, &str, &str); 6] = [
    (
        FORMATTED,
        "The attributes with the whole address, its lines parted by $ (RFC 4517 section 3.3.28); the first that \
         has a value counts.",
        "postalAddress",
    ),
    (
        "street_address",
        "The attributes with street and house; the first that has a value counts.",
        "street, streetAddress",
    ),
    (
        "locality",
        "The attributes with the city; the first that has a value counts.",
        "l",
    ),
    (
        "region",
        "The attributes with the state or region; the first that has a value counts.",
        "st",
    ),
    (
        "postal_code",
        "The attributes with the postal code; the first that has a value counts.",
        "postalCode",
    ),
    (
        "country",
        "The attributes with the country; the first that has a value counts.",
        "c, co",
    ),
];

const fn part(at: usize) -> Known {
    let (name, about, preset) = PARTS[at];
    Known {
        name,
        about,
        preset: Some(preset),
        choices: &[],
    }
}

pub(super) const SETTINGS: &[Known] = &[
    settings::LEFT_OUT_ON_ERROR,
    Known {
        name: CLAIM,
        about: "The claim's name.",
        preset: Some("address"),
        choices: &[],
    },
    part(0),
    part(1),
    part(2),
    part(3),
    part(4),
    part(5),
];

#[derive(Debug)]
pub(super) struct AddressRule<'a> {
    pub(super) claim: &'a str,
    /// For each of [`PARTS`].
    sources: [Vec<&'a str>; 6],
}

impl<'a> AddressRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let rule = Self {
            claim: fields.claim_in(CLAIM),
            sources: PARTS.map(|(name, ..)| fields.attributes_in(name)),
        };
        fields.finish(rule)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.claim);
        for source in &self.sources {
            writer.number(source.len());
            for name in source {
                writer.text(name);
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let claim = reader.text()?;
        let mut sources: [Vec<&str>; 6] = Default::default();
        for source in &mut sources {
            for _ in 0..reader.number()? {
                source.push(reader.text()?);
            }
        }
        Some(Self { claim, sources })
    }

    pub(super) fn attributes(&self) -> Vec<&'a str> {
        self.sources.iter().flatten().copied().collect()
    }

    /// The claim's value; none where the directory has no part of an address.
    pub(super) fn value(&self, entry: Attributes<'_>) -> Result<Option<ClaimValue>, Problem> {
        let mut members = Vec::new();
        for ((name, ..), source) in PARTS.iter().zip(&self.sources) {
            let found = source
                .iter()
                .find_map(|attribute| Some((*attribute, entry.text(attribute)?)));
            let Some((attribute, text)) = found else {
                continue;
            };
            let text = if *name == FORMATTED {
                lines(text).ok_or_else(|| {
                    let message =
                        "a backslash stands before what is no 24 or 5C; correct the entry";
                    problem(attribute, message)
                })?
            } else {
                text.to_owned()
            };
            if !text.is_empty() {
                members.push(format!("{}:{}", json::string(name), json::string(&text)));
            }
        }
        Ok((!members.is_empty()).then(|| ClaimValue::Json(format!("{{{}}}", members.join(",")))))
    }
}

/// A Postal Address as lines (RFC 4517 section 3.3.28). None where an escape is none.
fn lines(text: &str) -> Option<String> {
    let line = |line: &str| {
        let mut parts = line.split('\\');
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (escape, rest) = part.split_at_checked(2)?;
            whole.push(match escape {
                "24" => '$',
                "5C" | "5c" => '\\',
                _ => return None,
            });
            whole.push_str(rest);
        }
        Some(whole.trim().to_owned())
    };
    let lines: Vec<_> = text.split('$').map(line).collect::<Option<_>>()?;
    let lines = lines.into_iter().filter(|line: &String| !line.is_empty());
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postal_address_has_lines() {
        for (text, expected) in [
            ("1 Main St$Springfield", Some("1 Main St\nSpringfield")),
            (" a $ $b$", Some("a\nb")),
            (
                "\\241,000,000 Sweepstakes$PO Box 1",
                Some("$1,000,000 Sweepstakes\nPO Box 1"),
            ),
            ("a\\5Cb\\5c", Some("a\\b\\")),
            ("a\\2", None),
            ("a\\41", None),
            ("a\\ü", None),
            ("$", Some("")),
        ] {
            assert_eq!(lines(text).as_deref(), expected, "{text}");
        }
    }
}
