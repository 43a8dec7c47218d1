//! Groups over as many reads as it takes, from a directory of a few entries.

mod many;
mod settings;
mod sids;

use crate::{
    attributes::Attributes,
    defaults::{self, Defaults, GroupTraits},
    dn::Name,
    mapper::{Applied, Findings, Mapped, MapperSet, Scope, Who},
    memo::Memo,
    testing::ldif,
    types::{Entry, Finding, Mapper, Problem, Search, SearchScope, Setting, Subtree},
};

const SIDS: Defaults = Defaults {
    uuid_attribute: "objectGUID",
    groups: GroupTraits {
        member: "member",
        also_member: None,
        dn_attribute: "distinguishedName",
        has_sids: true,
    },
    ..defaults::RFC
};

const BASE: &str = "ou=groups,o=x";

fn mapper(kind: &str, settings: &[(&str, &str)]) -> Mapper {
    Mapper {
        name: "groups".to_owned(),
        kind: kind.to_owned(),
        ldap_attribute: None,
        settings: settings
            .iter()
            .map(|(name, value)| Setting {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
    }
}

/// A directory: the first entry is the person's.
struct Directory {
    entries: Vec<Entry>,
    /// The result code of reads by their key.
    codes: Vec<(&'static str, u32)>,
}

impl Directory {
    fn of(text: &str) -> Self {
        Self {
            entries: ldif(text).expect("LDIF"),
            codes: Vec::new(),
        }
    }

    /// Answers a read: `(a={who})` in any place of the filter, its values compared without case.
    fn answer(&self, wish: &Search) -> Finding {
        let base = Name::parse(&wish.base).expect("a base");
        let values = wish.slots.first().map_or(&[][..], |slot| &slot.values);
        let terms: Vec<_> = wish
            .filter
            .split(['(', ')'])
            .filter_map(|term| term.split_once("={who}").or_else(|| term.split_once('=')))
            .map(|(attribute, value)| {
                (
                    attribute.trim_end_matches(":1.2.840.113556.1.4.1941:"),
                    value,
                )
            })
            .collect();
        let fits = |entry: &Entry, attribute: &str, value: &str| {
            let own = Attributes::of(entry);
            match (attribute, value) {
                ("objectClass", "*") => true,
                ("entryDN" | "distinguishedName", "") => values
                    .iter()
                    .any(|value| entry.dn.as_bytes().eq_ignore_ascii_case(value)),
                (_, "") => own
                    .values(attribute)
                    .octets()
                    .any(|own| values.iter().any(|value| own.eq_ignore_ascii_case(value))),
                _ => own.values(attribute).texts().any(|own| own == value),
            }
        };
        let is_and = wish.filter.starts_with("(&");
        let entries = self.entries.iter().filter(|entry| {
            let name = Name::parse(&entry.dn).expect("a DN");
            let is_in = match wish.scope {
                SearchScope::Base => name == base,
                SearchScope::OneLevel => name.is_right_below(&base),
                SearchScope::Subtree => name.is_within(&base),
            };
            let mut terms = terms.iter();
            let fits = |(attribute, value): &(&str, &str)| fits(entry, attribute, value);
            is_in
                && if is_and {
                    terms.all(fits)
                } else {
                    terms.any(fits)
                }
        });
        let code = self.codes.iter().find(|(key, _)| *key == wish.key);
        Finding {
            key: wish.key.clone(),
            result_code: code.map_or(0, |(_, code)| *code),
            entries: entries.cloned().collect(),
        }
    }

    /// Applies a mapper until it asks for nothing more; how often it asked stands beside.
    fn apply(&self, defaults: &Defaults, one: Mapper) -> Result<(Mapped, usize), Problem> {
        let readable = [Subtree {
            base: BASE.to_owned(),
            scope: SearchScope::Subtree,
        }];
        let scope = Scope {
            defaults,
            groups_base: Some(BASE),
            readable: &readable,
        };
        let mut problems = Findings::default();
        let mappers = [one];
        let memo = Memo {
            username_attribute: "uid",
            mappers: MapperSet::parse(&mappers, scope, &mut problems),
        };
        let memo = memo.encode();
        assert_eq!(problems.problems, vec![]);
        let memo = Memo::decode(&memo).expect("a memo");
        let person = self.entries.first().expect("a person");
        let mut findings = Vec::new();
        for round in 0..8 {
            let applied = memo.mappers.apply(Who {
                dn: &person.dn,
                entry: Attributes::of(person),
                username: "ada",
                is_enabled: true,
                findings: &findings,
            })?;
            match applied {
                Applied::Done(mapped) => return Ok((mapped, round)),
                Applied::Read(wishes) => {
                    assert!(!wishes.is_empty());
                    findings.extend(wishes.iter().map(|wish| self.answer(wish)));
                }
            }
        }
        unreachable!("more rounds than the host allows")
    }

    /// Each group's name, and behind it the names of those above it.
    fn groups(&self, settings: &[(&str, &str)]) -> Result<Vec<String>, String> {
        self.groups_of(&defaults::RFC, settings)
    }

    fn groups_of(
        &self,
        defaults: &Defaults,
        settings: &[(&str, &str)],
    ) -> Result<Vec<String>, String> {
        let applied = self.apply(defaults, mapper("group", settings));
        let (mapped, _) =
            applied.map_err(|problem| format!("{}: {}", problem.field, problem.message))?;
        let line = |group: &crate::types::Group| {
            let parents = group.parents.iter().map(|dn| format!("<{}", first(dn)));
            format!("{}{}", group.name, parents.collect::<String>())
        };
        let mut lines: Vec<_> = mapped.groups.iter().map(line).collect();
        lines.sort();
        Ok(lines)
    }
}

fn first(dn: &str) -> String {
    crate::dn::first_value(dn).expect("a DN").into_owned()
}

/// a is in b and in c, b in d, d in a again; e is elsewhere.
const TREE: &str = "dn: uid=ada,ou=people,o=x
uid: ada
memberOf: cn=a,ou=groups,o=x
memberOf: cn=e,ou=elsewhere,o=x

dn: cn=a,ou=groups,o=x
entryUUID: 1
displayName: Alpha
member: UID=ada,ou=people,o=x
member: cn=d,ou=groups,o=x
memberUid: ada
memberOf: cn=b,ou=groups,o=x
memberOf: cn=c,ou=groups,o=x

dn: cn=b,ou=groups,o=x
displayName: Beta
kind: open
member: cn=a,ou=groups,o=x
memberOf: CN=d,ou=groups,o=x

dn: cn=c,ou=groups,o=x
uniqueMember: cn=a,ou=groups,o=x
gidNumber: 100

dn: cn=d,ou=groups,o=x
kind: open
member: cn=b,ou=groups,o=x
memberOf: cn=a,ou=groups,o=x
memberOf: cn=e,ou=elsewhere,o=x
";

#[test]
fn groups_of_groups_are_followed_as_far_as_they_are_to_be() {
    let directory = Directory::of(TREE);
    for strategy in ["member-of", "search"] {
        for (nested, expected) in [
            ("0", &["a"][..]),
            ("1", &["a<b<c", "b", "c"]),
            ("2", &["a<b<c", "b<d", "c", "d"]),
            ("3", &["a<b<c", "b<d", "c", "d<a"]),
            ("5", &["a<b<c", "b<d", "c", "d<a"]),
        ] {
            let groups =
                directory.groups(&[("strategy", strategy), ("nested", nested), ("base", BASE)]);
            assert_eq!(
                groups.as_deref(),
                Ok(&expected.map_owned()[..]),
                "{strategy} {nested}"
            );
        }
    }
}

trait MapOwned {
    fn map_owned(&self) -> Vec<String>;
}

impl MapOwned for [&str] {
    fn map_owned(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may fail"
)]
fn owned(texts: &[&str]) -> Result<Vec<String>, String> {
    Ok(texts.map_owned())
}

#[test]
fn what_the_entry_says_needs_no_read() {
    let directory = Directory::of(TREE);
    let (mapped, rounds) = directory
        .apply(&defaults::RFC, mapper("group", &[]))
        .expect("groups");
    assert_eq!((mapped.groups.len(), rounds), (2, 0));
}

#[test]
fn a_group_has_its_identifier_where_it_was_read() {
    let directory = Directory::of(TREE);
    let settings = [("strategy", "search")];
    let (mapped, rounds) = directory
        .apply(&defaults::RFC, mapper("group", &settings))
        .expect("groups");
    assert_eq!(rounds, 1);
    assert_eq!(mapped.groups[0].dn, "cn=a,ou=groups,o=x");
    assert_eq!(mapped.groups[0].id.as_deref(), Some(&b"1"[..]));
}

#[test]
fn members_may_be_named_by_user_name_and_number() {
    let directory = Directory::of(&TREE.replace("uid: ada\n", "uid: ada\ngidNumber: 100\n"));
    let by =
        |more: &[(&str, &str)]| directory.groups(&[&[("strategy", "search-uid")], more].concat());
    assert_eq!(by(&[]), owned(&["a"]));
    assert_eq!(by(&[("nested", "3")]), owned(&["a"]));
    assert_eq!(by(&[("primary_group", "true")]), owned(&["a", "c"]));
    assert_eq!(by(&[("user_attribute", "gidNumber")]), owned(&[]));
    let absent = by(&[("user_attribute", "employeeNumber")]).expect_err("a problem");
    assert!(absent.starts_with("employeeNumber: "), "{absent}");
    let hidden =
        Directory::of(TREE).groups(&[("strategy", "search-uid"), ("primary_group", "true")]);
    assert!(hidden.expect_err("a problem").starts_with("gidNumber: "));
}

#[test]
fn a_filter_leaves_groups_out_and_names_come_from_where_they_are() {
    let directory = Directory::of(TREE);
    let member_of =
        |settings: &[(&str, &str)]| directory.groups(&[&[("base", BASE)], settings].concat());
    assert_eq!(member_of(&[("filter", "(kind=open)")]), owned(&[]));
    assert_eq!(
        member_of(&[("filter", "(displayName=Alpha)"), ("nested", "3")]),
        owned(&["a"])
    );
    assert_eq!(
        member_of(&[("name_attribute", "displayName")]),
        owned(&["Alpha"])
    );
    assert_eq!(
        member_of(&[
            ("name_attribute", "displayName"),
            ("nested", "1"),
            ("filter", "(displayName=*)")
        ]),
        owned(&[]),
        "this directory compares with an asterisk as it stands"
    );
    let nameless = member_of(&[("name_attribute", "displayName"), ("nested", "1")]);
    assert!(
        nameless
            .expect_err("a problem")
            .starts_with("displayName: the group \"cn=c,")
    );
    let search = [("strategy", "search"), ("name_attribute", "displayName")];
    assert_eq!(directory.groups(&search), owned(&["Alpha"]));
    let spaced = TREE.replace("displayName: Alpha", "displayName:: IEFscGhhIA==");
    assert_eq!(Directory::of(&spaced).groups(&search), owned(&[" Alpha "]));
}

#[test]
fn incomplete_groups_are_an_error() {
    let settings = [("strategy", "search")];
    let mut directory = Directory::of(TREE);
    for (code, words) in [
        (4, "raise its size limit"),
        (32, "correct base"),
        (51, "result 51"),
    ] {
        directory.codes = vec![("groups.direct", code)];
        let message = directory.groups(&settings).expect_err("a problem");
        assert!(
            message.starts_with("member: ") && message.contains(words),
            "{message}"
        );
    }
    let leave_out = [("strategy", "search"), ("on_error", "leave_out")];
    let (mapped, _) = directory
        .apply(&defaults::RFC, mapper("group", &leave_out))
        .expect("what is left");
    assert_eq!((mapped.groups.len(), mapped.left_out.len()), (0, 1));
    // A group that the person's entry names and nobody shows.
    let dangling = TREE.replace("memberOf: cn=b,", "memberOf: cn=gone,");
    let nested = [("base", BASE), ("nested", "2")];
    let message = Directory::of(&dangling)
        .groups(&nested)
        .expect_err("a problem");
    assert!(
        message.contains("\"cn=gone,ou=groups,o=x\" cannot be read"),
        "{message}"
    );
    let part = TREE
        .replace("memberOf: cn=c,", "memberOf;range=0-0: cn=c,")
        .replace("memberOf: cn=b,ou=groups,o=x\n", "");
    assert!(Directory::of(&part).groups(&nested).is_err());
}

#[test]
fn groups_become_roles() {
    let directory = Directory::of(TREE);
    let roles = |settings: &[(&str, &str)]| {
        let (mapped, _) = directory
            .apply(&defaults::RFC, mapper("role", settings))
            .expect("roles");
        assert_eq!(mapped.groups, vec![]);
        let role = |role: crate::types::Role| (role.name, role.client, role.source);
        mapped.roles.into_iter().map(role).collect::<Vec<_>>()
    };
    let source = || Some("cn=a,ou=groups,o=x".to_owned());
    assert_eq!(roles(&[("base", BASE)]), [("a".to_owned(), None, source())]);
    assert_eq!(
        roles(&[
            ("strategy", "search"),
            ("prefix", "ldap-"),
            ("client", "app")
        ]),
        [("ldap-a".to_owned(), Some("app".to_owned()), source())]
    );
}
