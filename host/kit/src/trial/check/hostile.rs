//! What nobody hopes to find in an entry.

use super::draw::Draw;
use crate::ldif::{AttributeValue, Record};

/// As large as a value is drawn: far more than a name has, and less than all claims may have.
const LARGE_OCTETS: usize = 40_000;
/// As many groups as are drawn at once.
const GROUPS: usize = 300;

const TEXTS: [&str; 24] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\u{1b}[31mred\r\n\tx",
    "\u{202e}txt.exe",
    "*)(objectClass=*",
    "{username}",
    "\\",
    "cn=Doe\\, Jane\\+x=\\\"y\\\",o=\\#elsewhere",
    "cn=a,o=elsewhere",
    "cn=,,=",
    "=",
    "0",
    "-1",
    "99999999999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967295",
    "maybe",
    "TRUE",
    "00000000000000Z",
    "99991231235959.999Z",
    "20260230250000Z",
];

/// A value that is rarely one of its attribute's.
pub(crate) fn value(draw: &mut Draw) -> Vec<u8> {
    match draw.below(10) {
        0 => vec![0xff, 0xfe, 0x80],
        1 => vec![0; 16],
        2 => draw.octets().to_vec(),
        3 => b"x".repeat(draw.below(LARGE_OCTETS)),
        4 => "ä".repeat(draw.below(LARGE_OCTETS / 2)).into_bytes(),
        _ => draw
            .pick(&TEXTS)
            .map(|text| text.as_bytes().to_vec())
            .unwrap_or_default(),
    }
}

/// Makes a person's entry worse, in a few places. `attributes` are those that the policy reads.
pub(crate) fn spoil(record: &mut Record, attributes: &[String], draw: &mut Draw) {
    for _ in 0..draw.below(5) {
        let at = draw.below(record.values.len());
        let add = |record: &mut Record, description: String, value: Vec<u8>| {
            record.values.push(AttributeValue {
                line: 0,
                description,
                value,
            });
        };
        let known = record.values.get(at).map(|it| it.description.clone());
        match (draw.below(7), known) {
            (0, Some(name)) => record
                .values
                .retain(|it| !it.description.eq_ignore_ascii_case(&name)),
            (1, Some(name)) => add(record, name, value(draw)),
            (2, Some(_)) => {
                if let Some(place) = record.values.get_mut(at) {
                    place.value = value(draw);
                }
            }
            (3, Some(name)) => {
                let again = record.values.get(at).map(|it| it.value.clone());
                add(record, name, again.unwrap_or_default());
            }
            (4, _) => many_groups(record, at, draw),
            (5, Some(name)) => {
                let option = draw.pick(&[";lang-de", ";range=0-*", ";x-y", ";binary"]);
                let name = name.split(';').next().unwrap_or_default().to_owned();
                let name = name + option.copied().unwrap_or_default();
                add(record, name, value(draw));
            }
            _ => {
                if let Some(name) = draw.pick(attributes) {
                    let name = name.split(';').next().unwrap_or_default().to_owned();
                    add(record, name, value(draw));
                }
            }
        }
    }
}

/// Gives an attribute that names entries a great many of them.
fn many_groups(record: &mut Record, at: usize, draw: &mut Draw) {
    let is_name = |value: &&AttributeValue| {
        value
            .value
            .windows(3)
            .any(|it| it == b",dc" || it == b",DC" || it == b",ou" || it == b",OU")
    };
    let named = record.values.iter().find(is_name);
    let name = named.or_else(|| record.values.get(at));
    let Some(name) = name.map(|it| it.description.clone()) else {
        return;
    };
    let parent = super::super::name::parent(&record.dn).to_owned();
    for number in 0..draw.below(GROUPS) {
        let value = match number % 10 {
            7 => format!("cn=Group\\, {number}\\+\\\"x\\\",{parent}"),
            8 => format!("cn=Group {number},o=elsewhere"),
            9 => format!("Group {number}"),
            _ => format!("cn=Group {number},{parent}"),
        };
        record.values.push(AttributeValue {
            line: 0,
            description: name.clone(),
            value: value.into_bytes(),
        });
    }
}
