//! LDIF, as far as a file of entries needs it (RFC 2849): comments, folded lines, base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::iter;

/// One entry of a file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line of its DN, counted from 1.
    pub line: usize,
    /// The DN; empty names the root DSE.
    pub dn: String,
    /// What follows the DN: at least one.
    pub values: Vec<AttributeValue>,
}

/// One value of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeValue {
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// The attribute description.
    pub description: String,
    /// The value, decoded.
    pub value: Vec<u8>,
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LdifError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what is expected.
    pub problem: String,
}

impl LdifError {
    /// A fault of a line.
    pub fn new(line: usize, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }
}

/// Reads a whole file.
///
/// # Errors
///
/// The first line that is wrong, and why.
pub fn read(text: &str) -> Result<Vec<Record>, LdifError> {
    let mut records: Vec<Record> = Vec::new();
    let mut open: Option<Record> = None;
    // The empty line at the end closes the last record like any other.
    for (line, text) in unfold(text)?
        .into_iter()
        .chain(iter::once((0, String::new())))
    {
        if text.is_empty() {
            if let Some(record) = open.take() {
                records.push(closed(record)?);
            }
            continue;
        }
        let value = attribute_value(line, &text)?;
        match &mut open {
            None if is_version(&value) && records.is_empty() => {}
            None => open = Some(begun(value)?),
            Some(record) => record.values.push(inside(value)?),
        }
    }
    Ok(records)
}

/// The lines with their numbers: comments gone, folded lines joined (RFC 2849 section 2, note 2).
fn unfold(text: &str) -> Result<Vec<(usize, String)>, LdifError> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut in_comment = false;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(rest) = line.strip_prefix(' ') {
            match lines.last_mut() {
                _ if in_comment => {}
                Some((_, last)) if !last.is_empty() => last.push_str(rest),
                _ => {
                    return Err(LdifError::new(
                        number,
                        "a line that begins with a space continues the line above, and there is none",
                    ));
                }
            }
            continue;
        }
        in_comment = line.starts_with('#');
        if !in_comment {
            lines.push((number, line.to_owned()));
        }
    }
    Ok(lines)
}

/// One line of the form `name: text` or `name:: base64`.
fn attribute_value(line: usize, text: &str) -> Result<AttributeValue, LdifError> {
    let (description, rest) = text
        .split_once(':')
        .ok_or_else(|| LdifError::new(line, "a colon is expected after the attribute's name"))?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.;=_*".contains(c);
    if description.is_empty() || !description.chars().all(allowed) {
        return Err(LdifError::new(line, "an attribute's name is expected"));
    }
    let value = if let Some(encoded) = rest.strip_prefix(':') {
        STANDARD
            .decode(encoded.trim())
            .map_err(|_| LdifError::new(line, "base64 is expected after two colons"))?
    } else if rest.starts_with('<') {
        return Err(LdifError::new(
            line,
            "values from elsewhere are not read: write the value itself",
        ));
    } else {
        rest.trim_start_matches(' ').as_bytes().to_vec()
    };
    Ok(AttributeValue {
        line,
        description: description.to_owned(),
        value,
    })
}

fn is_version(value: &AttributeValue) -> bool {
    value.description == "version" && value.value == b"1"
}

fn begun(value: AttributeValue) -> Result<Record, LdifError> {
    if !value.description.eq_ignore_ascii_case("dn") {
        return Err(LdifError::new(value.line, "an entry begins with dn:"));
    }
    let dn = String::from_utf8(value.value)
        .map_err(|_| LdifError::new(value.line, "the DN is not UTF-8"))?;
    Ok(Record {
        line: value.line,
        dn,
        values: Vec::new(),
    })
}

fn inside(value: AttributeValue) -> Result<AttributeValue, LdifError> {
    match value.description.to_ascii_lowercase().as_str() {
        "dn" => Err(LdifError::new(
            value.line,
            "an empty line is expected before the next entry",
        )),
        "changetype" | "control" => Err(LdifError::new(
            value.line,
            "entries are read here, not changes",
        )),
        _ => Ok(value),
    }
}

fn closed(record: Record) -> Result<Record, LdifError> {
    if record.values.is_empty() {
        Err(LdifError::new(
            record.line,
            "the entry has no attributes: write at least its object classes",
        ))
    } else {
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: usize, description: &str, value: &[u8]) -> AttributeValue {
        AttributeValue {
            line,
            description: description.to_owned(),
            value: value.to_vec(),
        }
    }

    #[test]
    fn reads_comments_folds_and_base64() {
        let text = "version: 1\n# A comment\n  that goes on\n\ndn: uid=ada,\n  dc=example\n\
                    uid:ada\r\ncn:: QWRhIEzDtnZlbGFjZQ==\n# between\ndescription: one\n  two\n\n\n\
                    dn:\nobjectClass: top";
        assert_eq!(
            read(text),
            Ok(vec![
                Record {
                    line: 5,
                    dn: "uid=ada, dc=example".to_owned(),
                    values: vec![
                        value(7, "uid", b"ada"),
                        value(8, "cn", "Ada Lövelace".as_bytes()),
                        value(10, "description", b"one two"),
                    ],
                },
                Record {
                    line: 14,
                    dn: String::new(),
                    values: vec![value(15, "objectClass", b"top")],
                },
            ])
        );
    }

    #[test]
    fn keeps_octets_that_are_no_text() {
        let records = read("dn: cn=x\nphoto:: //79").expect("well formed");
        assert_eq!(records[0].values, vec![value(2, "photo", &[255, 254, 253])]);
    }

    #[test]
    fn says_which_line_is_wrong() {
        for (text, line, part) in [
            ("cn: x", 1, "begins with dn"),
            ("dn: cn=x\ncn x", 2, "colon"),
            ("dn: cn=x\n: x", 2, "name"),
            ("dn: cn=x\ncn:: ä", 2, "base64"),
            ("dn: cn=x\ncn:< file:///etc/passwd", 2, "elsewhere"),
            ("dn: cn=x\n\ndn: cn=y\ncn: y", 1, "no attributes"),
            ("dn: cn=x\ncn: x\ndn: cn=y", 3, "empty line"),
            ("dn: cn=x\nchangetype: delete", 2, "changes"),
            ("\n folded", 2, "continues"),
            (" folded", 1, "continues"),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.problem.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn reads_nothing_from_nothing() {
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("# only this\n\n"), Ok(vec![]));
    }
}
