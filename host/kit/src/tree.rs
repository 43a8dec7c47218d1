//! The entries of one server, read from LDIF and kept in memory.
//!
//! Names that begin with `demo` are no attributes but say how the server behaves, and are neither
//! served nor matched:
//!
//! - `demoPassword`: the password of the entry; without it nobody binds as the entry.
//! - `demoBindAnswer`: the result code, a space, and the diagnostic text that a bind with the right
//!   password is answered with. Without it: success.
//! - `demoBindControl`: an OID, a space, and the base64 of the value of a control that goes with that
//!   answer. It may repeat.
//! - `demoWrongPassword`, at the root DSE: the diagnostic text for a wrong password.
//! - `demoOperational`, at the root DSE: the name of an attribute that is only served when it is
//!   asked for, beside those that RFCs declare so. It may repeat.

use crate::{
    ldif::{self, AttributeValue, LdifError, Record},
    matching,
    selection::Selection,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    filter::Filter,
    search::{Control, Found, Reply, SearchScope},
};

/// Result codes (RFC 4511 section 4.1.9).
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN_SYNTAX: u32 = 34;
const INVALID_CREDENTIALS: u32 = 49;
/// The highest that is registered (RFC 4533 section 2.6).
const RESULT_CODE_MAX: u32 = 4_096;

/// How far below its base a search looks (RFC 4511 section 4.5.1.2, and `children` of a later draft).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The base entry alone.
    Base,
    /// The entries right below the base.
    OneLevel,
    /// The base and all entries below it.
    Subtree,
    /// All entries below the base.
    Children,
}

impl From<SearchScope> for Scope {
    fn from(scope: SearchScope) -> Self {
        match scope {
            SearchScope::Base => Self::Base,
            SearchScope::OneLevel => Self::OneLevel,
            SearchScope::Subtree => Self::Subtree,
        }
    }
}

/// The entries of one server.
#[derive(Clone, Debug)]
pub struct Tree {
    name: String,
    root: Entry,
    wrong_password: String,
    operational: Vec<String>,
    nodes: Vec<Node>,
}

/// What a client wants to read.
pub struct Query<'a> {
    /// A DN; empty names the root DSE.
    pub base: &'a str,
    /// How far below.
    pub scope: Scope,
    /// What fits.
    pub filter: &'a Filter,
    /// Which attributes, as in RFC 4511 section 4.5.1.8.
    pub attributes: &'a [String],
    /// Whether values are left out.
    pub types_only: bool,
    /// The most entries; 0 is no limit.
    pub size_limit: usize,
}

#[derive(Clone, Debug)]
struct Node {
    dn: Dn,
    entry: Entry,
    password: Option<Vec<u8>>,
    answer: Reply,
}

impl Tree {
    /// Reads LDIF text: see the module for what a name that begins with `demo` means.
    ///
    /// # Errors
    ///
    /// The first line that is wrong, and why.
    pub fn parse(name: &str, ldif: &str) -> Result<Self, LdifError> {
        Self::of(name, ldif::read(ldif)?)
    }

    /// As [`Tree::parse`], with the records at hand.
    ///
    /// # Errors
    ///
    /// The first line that is wrong, and why.
    pub fn of(name: &str, records: Vec<Record>) -> Result<Self, LdifError> {
        let mut tree = Self {
            name: name.to_owned(),
            root: Entry::default(),
            wrong_password: String::new(),
            operational: Vec::new(),
            nodes: Vec::new(),
        };
        for record in records {
            let dn = Dn::parse(&record.dn)
                .map_err(|error| LdifError::new(record.line, error.to_string()))?;
            if tree.nodes.iter().any(|node| node.dn == dn) {
                return Err(LdifError::new(
                    record.line,
                    "there is an entry of this name already",
                ));
            }
            if dn.is_root() {
                tree.read_root(record)?;
            } else {
                tree.nodes.push(Node::read(dn, record)?);
            }
        }
        Ok(tree)
    }

    /// What the tree is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Answers a bind with a name and a password that are both not empty.
    pub fn bind(&self, name: &str, password: &[u8]) -> Reply {
        let node = Dn::parse(name)
            .ok()
            .and_then(|dn| self.nodes.iter().find(|node| node.dn == dn));
        match node {
            Some(node) if node.password.as_deref() == Some(password) => node.answer.clone(),
            // No word on which of the two it is.
            _ => Reply {
                result_code: INVALID_CREDENTIALS,
                diagnostic: self.wrong_password.clone(),
                controls: Vec::new(),
            },
        }
    }

    /// Reads entries, in the order of the file.
    pub fn search(&self, query: &Query<'_>) -> Found {
        let failed = |result_code| Found {
            result_code,
            entries: Vec::new(),
        };
        let Ok(base) = Dn::parse(query.base) else {
            return failed(INVALID_DN_SYNTAX);
        };
        if base.is_root() && query.scope == Scope::Base {
            return self.root_dse(query);
        }
        // A file may leave out what its entries lie below.
        if !base.is_root() && !self.nodes.iter().any(|node| node.dn.is_within(&base)) {
            return failed(NO_SUCH_OBJECT);
        }
        let selection = Selection::new(query.attributes, &self.operational, query.types_only);
        let mut entries = Vec::new();
        for node in &self.nodes {
            if !is_in_scope(&node.dn, &base, query.scope)
                || !matching::fits(query.filter, &node.entry)
            {
                continue;
            }
            if query.size_limit != 0 && entries.len() == query.size_limit {
                return Found {
                    result_code: SIZE_LIMIT_EXCEEDED,
                    entries,
                };
            }
            entries.push(selection.of(&node.entry));
        }
        Found {
            result_code: SUCCESS,
            entries,
        }
    }

    /// The root DSE. Some servers hold all of its attributes for operational, and clients do not
    /// ask for them so: here none is.
    fn root_dse(&self, query: &Query<'_>) -> Found {
        let entry = matching::fits(query.filter, &self.root)
            .then(|| Selection::everything(query.attributes, query.types_only).of(&self.root));
        Found {
            result_code: SUCCESS,
            entries: entry.into_iter().collect(),
        }
    }

    fn read_root(&mut self, record: Record) -> Result<(), LdifError> {
        if !self.root.attributes.is_empty() {
            return Err(LdifError::new(record.line, "there is a root DSE already"));
        }
        for value in record.values {
            match pseudo(&value) {
                None => add(&mut self.root, value),
                Some("wrongpassword") => self.wrong_password = text(&value)?,
                Some("operational") => self.operational.push(text(&value)?),
                Some(_) => return Err(misplaced(&value)),
            }
        }
        Ok(())
    }
}

impl Node {
    fn read(dn: Dn, record: Record) -> Result<Self, LdifError> {
        let mut node = Self {
            dn,
            entry: Entry {
                dn: record.dn,
                attributes: Vec::new(),
            },
            password: None,
            answer: Reply::default(),
        };
        for value in record.values {
            match pseudo(&value) {
                None => add(&mut node.entry, value),
                Some("password") if !value.value.is_empty() => node.password = Some(value.value),
                Some("bindanswer") => {
                    (node.answer.result_code, node.answer.diagnostic) = bind_answer(&value)?;
                }
                Some("bindcontrol") => node.answer.controls.push(bind_control(&value)?),
                Some(_) => return Err(misplaced(&value)),
            }
        }
        Ok(node)
    }
}

fn is_in_scope(dn: &Dn, base: &Dn, scope: Scope) -> bool {
    let below = dn.depth().saturating_sub(base.depth());
    dn.is_within(base)
        && match scope {
            Scope::Base => below == 0,
            Scope::OneLevel => below == 1,
            Scope::Subtree => true,
            Scope::Children => below > 0,
        }
}

/// What follows `demo` in a name that begins so.
fn pseudo(value: &AttributeValue) -> Option<&'static str> {
    let (start, rest) = value.description.split_at_checked(4)?;
    if !start.eq_ignore_ascii_case("demo") {
        return None;
    }
    let known = [
        "password",
        "bindanswer",
        "bindcontrol",
        "wrongpassword",
        "operational",
    ];
    Some(
        known
            .into_iter()
            .find(|name| name.eq_ignore_ascii_case(rest))
            .unwrap_or("unknown"),
    )
}

fn misplaced(value: &AttributeValue) -> LdifError {
    let problem = format!(
        "{} means nothing here: demoPassword (not empty), demoBindAnswer and demoBindControl belong \
         to an entry, demoWrongPassword and demoOperational to the root DSE",
        value.description
    );
    LdifError::new(value.line, problem)
}

fn text(value: &AttributeValue) -> Result<String, LdifError> {
    String::from_utf8(value.value.clone())
        .map_err(|_| LdifError::new(value.line, "text in UTF-8 is expected"))
}

fn bind_answer(value: &AttributeValue) -> Result<(u32, String), LdifError> {
    let text = text(value)?;
    let (number, diagnostic) = text.split_once(' ').unwrap_or((&text, ""));
    number
        .parse()
        .ok()
        .filter(|number| *number <= RESULT_CODE_MAX)
        .map(|number| (number, diagnostic.to_owned()))
        .ok_or_else(|| LdifError::new(value.line, "a result code of LDAP is expected first"))
}

fn bind_control(value: &AttributeValue) -> Result<Control, LdifError> {
    let text = text(value)?;
    let (oid, encoded) = text.split_once(' ').unwrap_or((&text, ""));
    let is_oid = !oid.is_empty() && oid.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let octets = STANDARD.decode(encoded.trim()).ok();
    match (is_oid, octets) {
        (true, Some(octets)) => Ok(Control {
            oid: oid.to_owned(),
            critical: false,
            value: (!octets.is_empty()).then_some(octets),
        }),
        _ => Err(LdifError::new(
            value.line,
            "an OID, a space and base64 are expected",
        )),
    }
}

fn add(entry: &mut Entry, value: AttributeValue) {
    let known = entry
        .attributes
        .iter_mut()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(&value.description));
    match known {
        Some(attribute) => attribute.values.push(value.value),
        None => entry.attributes.push(Attribute {
            name: value.description,
            values: vec![value.value],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LDIF: &str = "dn:
objectClass: top
vendorName: Somebody
demoWrongPassword: no such thing
demoOperational: seeAlso

dn: dc=example
objectClass: domain

dn: ou=people,dc=example
objectClass: organizationalUnit

dn: uid=ada,ou=people,dc=example
objectClass: person
uid: ada
cn;lang-fr: Comtesse
seeAlso: cn=engine,dc=example
createTimestamp: 18430901000000Z
demoPassword: secret

dn: uid=alan,ou=people,dc=example
objectClass: person
uid: alan
demoPassword: secret
demoBindAnswer: 19 locked, try again
demoBindControl: 1.2.3 AQI=

dn: uid=nobody,ou=people,dc=example
objectClass: person
uid: nobody
";

    fn tree() -> Tree {
        Tree::parse("x", LDIF).expect("well formed")
    }

    fn search(base: &str, scope: Scope, filter: &str, attributes: &[&str]) -> Found {
        let attributes: Vec<String> = attributes.iter().map(|&name| name.to_owned()).collect();
        tree().search(&Query {
            base,
            scope,
            filter: &Filter::parse(filter, &[]).expect(filter),
            attributes: &attributes,
            types_only: false,
            size_limit: 0,
        })
    }

    fn names(found: &Found) -> Vec<&str> {
        let attributes = found.entries.iter().flat_map(|entry| &entry.attributes);
        attributes
            .map(|attribute| attribute.name.as_str())
            .collect()
    }

    #[test]
    fn binds_with_the_right_password_alone() {
        let ada = "UID=Ada, OU=people, DC=example";
        assert_eq!(tree().bind(ada, b"secret"), Reply::default());
        for (name, password) in [
            (ada, "Secret"),
            (ada, ""),
            ("uid=eve,ou=people,dc=example", "secret"),
            ("uid=nobody,ou=people,dc=example", ""),
            ("ada", "secret"),
        ] {
            let reply = tree().bind(name, password.as_bytes());
            assert_eq!(reply.result_code, 49, "{name} {password}");
            assert_eq!(reply.diagnostic, "no such thing");
        }
    }

    #[test]
    fn answers_a_bind_as_the_file_says() {
        let alan = "uid=alan,ou=people,dc=example";
        let reply = tree().bind(alan, b"secret");
        assert_eq!(reply.result_code, 19);
        assert_eq!(reply.diagnostic, "locked, try again");
        assert_eq!(reply.controls.len(), 1);
        assert_eq!(reply.controls[0].oid, "1.2.3");
        assert_eq!(reply.controls[0].value, Some(vec![1, 2]));
        let reply = tree().bind(alan, b"wrong");
        assert_eq!((reply.result_code, reply.controls.len()), (49, 0));
    }

    #[test]
    fn looks_as_far_below_as_it_is_told() {
        for (base, scope, expected) in [
            ("dc=example", Scope::Base, 1),
            ("dc=example", Scope::OneLevel, 1),
            ("DC=Example", Scope::Subtree, 5),
            ("dc=example", Scope::Children, 4),
            ("", Scope::Subtree, 5),
        ] {
            let found = search(base, scope, "(objectClass=*)", &["1.1"]);
            assert_eq!(found.entries.len(), expected, "{base} {scope:?}");
        }
        let found = search("ou=x,dc=example", Scope::Subtree, "(a=*)", &[]);
        assert_eq!(found.result_code, 32);
        let found = search("people", Scope::Subtree, "(a=*)", &[]);
        assert_eq!(found.result_code, 34);
    }

    #[test]
    fn serves_what_is_asked_for() {
        let ada = "uid=ada,ou=people,dc=example";
        for (attributes, expected) in [
            (vec![], vec!["objectClass", "uid", "cn;lang-fr"]),
            (vec!["*"], vec!["objectClass", "uid", "cn;lang-fr"]),
            (vec!["+"], vec!["seeAlso", "createTimestamp"]),
            (vec!["UID", "seealso"], vec!["uid", "seeAlso"]),
            (vec!["cn"], vec!["cn;lang-fr"]),
            (vec!["1.1"], vec![]),
            (vec!["demoPassword"], vec![]),
        ] {
            let found = search(ada, Scope::Base, "(uid=ada)", &attributes);
            assert_eq!(names(&found), expected, "{attributes:?}");
        }
    }

    #[test]
    fn pseudo_attributes_are_not_matched() {
        let found = search("dc=example", Scope::Subtree, "(demoPassword=*)", &[]);
        assert!(found.entries.is_empty());
    }

    #[test]
    fn stops_at_the_size_limit() {
        let found = tree().search(&Query {
            base: "dc=example",
            scope: Scope::Subtree,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &[],
            types_only: true,
            size_limit: 2,
        });
        assert_eq!((found.result_code, found.entries.len()), (4, 2));
        assert!(found.entries[0].attributes[0].values.is_empty());
    }

    #[test]
    fn serves_the_root_dse_whole() {
        let found = search("", Scope::Base, "(objectClass=*)", &["+"]);
        assert_eq!(names(&found), ["objectClass", "vendorName"]);
        let found = search("", Scope::Base, "(objectClass=*)", &["vendorname"]);
        assert_eq!(names(&found), ["vendorName"]);
    }

    #[test]
    fn says_which_line_is_wrong() {
        for (ldif, line) in [
            ("dn: ada\na: b", 1),
            ("dn: a=b\na: b\n\ndn: A=B\na: b", 4),
            ("dn: a=b\ndemoWrongPassword: x", 2),
            ("dn: a=b\ndemoPasswort: x", 2),
            ("dn: a=b\ndemoPassword:", 2),
            ("dn: a=b\ndemoBindAnswer: what", 2),
            ("dn: a=b\ndemoBindAnswer: 9999 what", 2),
            ("dn: a=b\ndemoBindControl: x AQI=", 2),
            ("dn: a=b\ndemoBindControl: 1.2 ä", 2),
            ("dn:\ndemoPassword: x", 2),
        ] {
            assert_eq!(Tree::parse("x", ldif).expect_err(ldif).line, line, "{ldif}");
        }
    }
}
