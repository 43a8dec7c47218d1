mod failures;

use super::*;
use crate::{
    defaults,
    memo::Memo,
    types::{Attribute, Entry, Setting},
};

fn mapper(name: &str, kind: &str, attribute: Option<&str>, settings: &[(&str, &str)]) -> Mapper {
    Mapper {
        name: name.to_owned(),
        kind: kind.to_owned(),
        ldap_attribute: attribute.map(str::to_owned),
        settings: settings
            .iter()
            .map(|(name, value)| Setting {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
    }
}

fn entry(attributes: &[(&str, &[&[u8]])]) -> Entry {
    Entry {
        dn: "uid=ada,o=x".to_owned(),
        attributes: attributes
            .iter()
            .map(|(name, values)| Attribute {
                name: (*name).to_owned(),
                values: values.iter().map(|value| value.to_vec()).collect(),
            })
            .collect(),
    }
}

const SCOPE: Scope<'_> = Scope {
    defaults: &defaults::RFC,
    groups_base: None,
    readable: &[],
};

/// Applies mappers the way a policy does: through a memo.
fn mapped(mappers: &[Mapper], entry: &Entry) -> Result<Mapped, Problem> {
    let mut findings = Findings::default();
    let mappers = MapperSet::parse(mappers, SCOPE, &mut findings);
    assert_eq!(findings.problems, vec![]);
    let memo = Memo {
        username_attribute: "uid",
        mappers,
    }
    .encode();
    let memo = Memo::decode(&memo).expect("a memo that was just written");
    assert_eq!(memo.username_attribute, "uid");
    let applied = memo.mappers.apply(Who {
        dn: &entry.dn,
        entry: Attributes::of(entry),
        username: "ada",
        is_enabled: true,
        findings: &[],
    })?;
    match applied {
        Applied::Done(mapped) => Ok(mapped),
        Applied::Read(wishes) => unreachable!("{wishes:?}"),
    }
}

fn claims(mappers: &[Mapper], entry: &Entry) -> Vec<(String, ClaimValue)> {
    let claims = mapped(mappers, entry).expect("claims").claims;
    claims
        .into_iter()
        .map(|claim| (claim.name, claim.value))
        .collect()
}

fn text(name: &str, value: &str) -> (String, ClaimValue) {
    (name.to_owned(), ClaimValue::Text(value.to_owned()))
}

fn problems(mapper: Mapper) -> Vec<String> {
    let mut findings = Findings::default();
    let mappers = [mapper];
    let set = MapperSet::parse(&mappers, SCOPE, &mut findings);
    assert_eq!(set.0.is_empty(), !findings.problems.is_empty());
    findings
        .problems
        .into_iter()
        .map(|problem| format!("{}: {}", problem.field, problem.message))
        .collect()
}

#[test]
fn an_attribute_becomes_a_claim() {
    let entry = entry(&[
        ("SN", &[b"Lovelace"]),
        ("cn", &[b"z", b"Ada Lovelace", b"\xff"]),
        ("mail", &[b"aaa", b"b@x", b"c@x", b"a@b@c"]),
        ("ou", &[b"b", b"a", b"a", b" "]),
        ("photo", &[b"\x01", b"\xff"]),
        ("blank", &[b"  ", b""]),
    ]);
    let mappers = [
        mapper("family_name", "attribute", Some("sn"), &[]),
        mapper(
            "x",
            "attribute",
            Some("displayName"),
            &[("claim", "name"), ("fallback", "cn")],
        ),
        mapper("email", "attribute", Some("mail"), &[("format", "email")]),
        mapper("units", "attribute", Some("ou"), &[("multivalued", "all")]),
        mapper("photo", "attribute", Some("photo"), &[("format", "base64")]),
        mapper("blank", "attribute", Some("blank"), &[]),
        mapper(
            "blanks",
            "attribute",
            Some("blank"),
            &[("multivalued", "all")],
        ),
        mapper("absent", "attribute", Some("absent"), &[]),
    ];
    assert_eq!(
        claims(&mappers, &entry),
        [
            text("family_name", "Lovelace"),
            text("name", "Ada Lovelace"),
            text("email", "b@x"),
            (
                "units".to_owned(),
                ClaimValue::Texts(vec!["a".to_owned(), "b".to_owned()])
            ),
            text("photo", "AQ=="),
        ]
    );
}

#[test]
fn a_full_name_is_parted_at_its_last_space() {
    let mapper = [mapper("full name", "full-name", None, &[])];
    for (name, expected) in [
        (
            "Ada King Lovelace",
            vec![
                text("name", "Ada King Lovelace"),
                text("given_name", "Ada King"),
                text("family_name", "Lovelace"),
            ],
        ),
        (
            "Plato",
            vec![text("name", "Plato"), text("family_name", "Plato")],
        ),
        (" ", vec![]),
    ] {
        assert_eq!(
            claims(&mapper, &entry(&[("cn", &[name.as_bytes()])])),
            expected,
            "{name}"
        );
    }
}

#[test]
fn a_constant_is_the_same_for_everyone() {
    let mappers = [
        mapper("site", "constant", None, &[("value", "north")]),
        mapper(
            "level",
            "constant",
            None,
            &[("value", "-3"), ("format", "integer")],
        ),
        mapper(
            "intern",
            "constant",
            None,
            &[("value", "TRUE"), ("format", "boolean")],
        ),
    ];
    assert_eq!(
        claims(&mappers, &entry(&[])),
        [
            text("site", "north"),
            ("level".to_owned(), ClaimValue::Integer(-3)),
            ("intern".to_owned(), ClaimValue::Boolean(true)),
        ]
    );
}

#[test]
fn the_later_mapper_counts_where_it_has_a_value() {
    let mappers = [
        mapper("a", "attribute", Some("displayName"), &[("claim", "name")]),
        mapper("b", "attribute", Some("cn"), &[("claim", "name")]),
        mapper("c", "attribute", Some("absent"), &[("claim", "name")]),
    ];
    let entry = entry(&[("displayName", &[b"first"]), ("cn", &[b"second"])]);
    assert_eq!(claims(&mappers, &entry), [text("name", "second")]);
}

#[test]
fn groups_are_named_by_their_first_rdn() {
    let entry = entry(&[
        (
            "memberof",
            &[
                b"cn=Staff,ou=groups,o=x",
                b"cn=Admins,ou=Groups,o=x",
                b"cn=Other,o=x",
            ],
        ),
        ("nsRole", &[b"cn=Admins,ou=Groups,o=x", b"cn=Role,o=x"]),
    ]);
    let names = |mappers: &[Mapper]| {
        let groups = mapped(mappers, &entry).expect("groups").groups;
        groups
            .into_iter()
            .map(|group| group.name)
            .collect::<Vec<_>>()
    };
    let groups = |settings: &[(&str, &str)]| mapper("groups", "group", None, settings);
    assert_eq!(names(&[groups(&[])]), ["Staff", "Admins", "Other"]);
    assert_eq!(
        names(&[groups(&[("base", "OU=groups,O=X")])]),
        ["Staff", "Admins"]
    );
    let roles = mapper("roles", "group", Some("nsRole"), &[]);
    assert_eq!(
        names(&[groups(&[]), roles]),
        ["Staff", "Admins", "Other", "Role"]
    );
}

#[test]
fn groups_that_cannot_be_told_in_full_are_an_error() {
    let mapper = [mapper("groups", "group", None, &[])];
    for bad in [
        entry(&[("memberOf", &[b"cn=a,o=x", b"\xff"])]),
        entry(&[("memberOf", &[b"cn=a,o=x", b"no name"])]),
        entry(&[("memberOf", &[b""])]),
        entry(&[("memberOf;range=0-1", &[b"cn=a,o=x", b"cn=b,o=x"])]),
    ] {
        let problem = mapped(&mapper, &bad).expect_err("groups");
        assert_eq!(problem.field, "memberOf");
    }
    assert_eq!(
        mapped(&mapper, &entry(&[])).map(|mapped| mapped.groups),
        Ok(vec![])
    );
}

#[test]
fn everything_wrong_is_said_at_once() {
    for (mapper, expected) in [
        (mapper("a", "attribute", None, &[]), 1),
        (mapper("a b", "attribute", Some("no name"), &[]), 2),
        (mapper("sub", "attribute", Some("uid"), &[]), 1),
        (
            mapper("g", "attribute", Some("uid"), &[("claim", "Groups")]),
            1,
        ),
        (
            mapper("a", "attribute", Some("uid"), &[("format", "jpeg")]),
            1,
        ),
        (
            mapper(
                "a",
                "attribute",
                Some("uid"),
                &[("format", "integer"), ("multivalued", "all")],
            ),
            1,
        ),
        (
            mapper(
                "a",
                "attribute",
                Some("uid"),
                &[("claim", "x"), ("claim", "y")],
            ),
            1,
        ),
        (
            mapper("a", "attribute", Some("uid"), &[("fallback", "*")]),
            1,
        ),
        (mapper("a", "constant", None, &[]), 1),
        (
            mapper(
                "a",
                "constant",
                None,
                &[("value", "x"), ("format", "integer")],
            ),
            1,
        ),
        (
            mapper("a", "full-name", None, &[("given_name_claim", "iss")]),
            1,
        ),
        (mapper("a", "group", None, &[("base", "groups")]), 1),
        (mapper("a", "script", Some("uid"), &[]), 1),
    ] {
        let found = problems(mapper.clone());
        assert_eq!(found.len(), expected, "{mapper:?}: {found:?}");
        assert!(
            found
                .iter()
                .all(|text| text.starts_with(&format!("mapper.{}: ", mapper.name))),
            "{found:?}"
        );
    }
}

#[test]
fn a_repeated_name_is_a_problem_and_an_unknown_setting_a_note() {
    let mappers = [
        mapper("a", "attribute", Some("uid"), &[("colour", "red")]),
        mapper("a", "attribute", Some("cn"), &[]),
    ];
    let mut findings = Findings::default();
    let _ = MapperSet::parse(&mappers, SCOPE, &mut findings);
    assert_eq!(findings.problems.len(), 1);
    assert_eq!(findings.notes.len(), 1);
}

#[test]
fn the_plan_knows_what_is_read_and_yielded() {
    let mappers = [
        mapper(
            "name",
            "attribute",
            Some("displayName"),
            &[("fallback", "cn")],
        ),
        mapper("full", "full-name", None, &[]),
        mapper("site", "constant", None, &[("value", "x")]),
        mapper("groups", "group", None, &[]),
    ];
    let set = MapperSet::parse(&mappers, SCOPE, &mut Findings::default());
    assert_eq!(
        set.attributes().collect::<Vec<_>>(),
        ["displayName", "cn", "cn", "memberOf"]
    );
    assert_eq!(set.claims(), ["name", "given_name", "family_name", "site"]);
}

#[test]
fn a_memo_that_was_cut_is_refused() {
    let mappers = [
        mapper("name", "attribute", Some("cn"), &[("fallback", "sn")]),
        mapper("site", "constant", None, &[("value", "x")]),
        mapper("full", "full-name", None, &[]),
        mapper("groups", "group", None, &[("base", "o=x")]),
    ];
    let mappers = MapperSet::parse(&mappers, SCOPE, &mut Findings::default());
    let memo = Memo {
        username_attribute: "uid",
        mappers,
    }
    .encode();
    for end in 0..memo.len() {
        assert!(Memo::decode(&memo[..end]).is_none(), "{end}");
    }
    assert!(Memo::decode(&[memo.as_slice(), &[0]].concat()).is_none());
}

mod kinds;
