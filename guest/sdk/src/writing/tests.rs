mod registration;

use crate::{
    Attributes, Changes, Defaults, Passwords, Vendor, VendorPolicy, Writing, defaults,
    testing::{federation, ldif, reply},
    types::{
        Claim, ClaimValue, Context, EditMode, Entry, EntryChange, Federation, Mapper, Modification,
        ModifyWay, NewEntry, Plan, Problem, ProfileChange, Setting,
    },
    writing::{clear, set},
};

/// A directory that follows the RFCs alone, and has a switch for accounts.
struct Plain;

impl Vendor for Plain {
    const DEFAULTS: Defaults = Defaults {
        id: "plain",
        title: "Plain",
        version: "1.0.0",
        ..defaults::RFC
    };
}
impl Passwords for Plain {}
impl Changes for Plain {}
impl Writing for Plain {
    const SWITCH: &'static [&'static str] = &["off"];

    fn check_username(username: &str) -> Option<&'static str> {
        username
            .contains('/')
            .then_some("it has a slash; remove it")
    }

    fn switch(_: Attributes<'_>, on: bool) -> Result<Vec<Modification>, Problem> {
        Ok(vec![if on { clear("off") } else { set("off", "1") }])
    }
}

/// The same with entries that keep their names.
struct Fixed;

impl Vendor for Fixed {
    const DEFAULTS: Defaults = Plain::DEFAULTS;
}
impl Passwords for Fixed {}
impl Changes for Fixed {}
impl Writing for Fixed {
    const RENAMES: bool = false;
}

fn mapper(name: &str, kind: &str, attribute: &str, settings: &[(&str, &str)]) -> Mapper {
    let setting = |(name, value): &(&str, &str)| Setting {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Mapper {
        name: name.to_owned(),
        kind: kind.to_owned(),
        ldap_attribute: Some(attribute.to_owned()),
        settings: settings.iter().map(setting).collect(),
    }
}

fn writable() -> Federation {
    Federation {
        edit_mode: EditMode::Writable,
        sync_registration: true,
        mappers: vec![
            mapper(
                "nick",
                "attribute",
                "description",
                &[("multivalued", "all")],
            ),
            mapper("floor", "attribute", "roomNumber", &[("format", "integer")]),
            mapper("seen", "attribute", "loginTime", &[("format", "time")]),
        ],
        ..federation("plain", "ou=people,o=x")
    }
}

fn full_name() -> Federation {
    Federation {
        mappers: vec![
            mapper(
                "given_name",
                "constant",
                "",
                &[("value", "x"), ("claim", "ignored")],
            ),
            mapper(
                "family_name",
                "constant",
                "",
                &[("value", "x"), ("claim", "ignored2")],
            ),
            mapper("name", "full-name", "cn", &[]),
        ],
        ..writable()
    }
}

fn plan<P: VendorPolicy>(federation: Federation) -> Plan {
    P::translate(federation).expect("a plan")
}

fn context(plan: &Plan) -> Context {
    Context {
        memo: plan.memo.clone(),
        now: 0,
        shared: Vec::new(),
        more: Vec::new(),
    }
}

/// A wish for a value.
#[expect(clippy::unnecessary_wraps, reason = "a wish may also be none")]
fn text(value: &str) -> Option<ClaimValue> {
    Some(ClaimValue::Text(value.to_owned()))
}

fn ada() -> Entry {
    let text = "dn: uid=ada,ou=people,o=x\nuid: ada\ncn: Ada Lovelace\nsn: Lovelace\nmail: b@x\nmail: a@x\n\
                description: one\ndescription: two\n";
    ldif(text).expect("LDIF").remove(0)
}

fn modify<P: VendorPolicy>(
    federation: Federation,
    changes: &[(&str, Option<ClaimValue>)],
) -> Result<EntryChange, Vec<Problem>> {
    let changes = changes.iter().map(|(name, value)| ProfileChange {
        name: (*name).to_owned(),
        value: value.clone(),
    });
    P::modify(context(&plan::<P>(federation)), ada(), changes.collect())
}

/// What a change writes: attributes with their values, and the new name.
fn written(change: EntryChange) -> Vec<(String, Vec<String>)> {
    let texts = |values: Vec<Vec<u8>>| {
        let mut texts: Vec<_> = values
            .into_iter()
            .map(|value| String::from_utf8(value).expect("text"))
            .collect();
        texts.sort();
        texts
    };
    let name = change.rename.into_iter().flatten();
    let name = name.map(|part| (format!("name {}", part.attribute), texts(vec![part.value])));
    let modifications = change.modifications.into_iter().map(|modification| {
        assert_eq!(modification.way, ModifyWay::Replace);
        (
            modification.attribute.name,
            texts(modification.attribute.values),
        )
    });
    modifications.chain(name).collect()
}

fn fields(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.field.as_str())
        .collect()
}

fn pair(name: &str, values: &[&str]) -> (String, Vec<String>) {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    (name.to_owned(), values)
}

#[test]
fn a_plan_says_what_may_be_written_where_the_federation_is_writable() {
    let read_only = plan::<Plain>(federation("plain", "o=x"));
    assert!(read_only.writes.is_empty());
    assert!(matches!(
        read_only.password_write,
        crate::types::PasswordWrite::ExtendedOperation
    ));
    let writes = [
        "uid",
        "givenName",
        "sn",
        "displayName",
        "mail",
        "description",
        "roomNumber",
        "off",
        "objectClass",
        "cn",
    ];
    assert_eq!(plan::<Plain>(writable()).writes, writes);
    let no_registration = Federation {
        sync_registration: false,
        ..writable()
    };
    assert_eq!(plan::<Plain>(no_registration).writes, writes[..8]);
    let changes = [("email", text("c@x"))];
    let problems = modify::<Plain>(federation("plain", "o=x"), &changes).expect_err("read only");
    assert_eq!(fields(&problems), ["edit_mode"]);
}

#[test]
fn claims_are_written_to_the_attributes_that_they_are_read_from() {
    let changes = [
        ("email", text(" c@x ")),
        ("family_name", text("King")),
        ("floor", Some(ClaimValue::Integer(3))),
        (
            "nick",
            Some(ClaimValue::Texts(vec!["b".into(), "a".into(), "b".into()])),
        ),
        ("name", None),
        ("enabled", Some(ClaimValue::Boolean(false))),
    ];
    let change = modify::<Plain>(writable(), &changes).expect("a change");
    let mut written = written(change);
    written.sort();
    assert_eq!(
        written,
        [
            pair("description", &["a", "b"]),
            pair("mail", &["c@x"]),
            pair("off", &["1"]),
            pair("roomNumber", &["3"]),
            pair("sn", &["King"]),
        ],
        "displayName is not there, so that it goes is no change"
    );
}

#[test]
fn what_is_so_already_is_not_written() {
    let two = ClaimValue::Texts(vec!["two".into(), "one".into()]);
    let changes = [
        ("family_name", text("Lovelace")),
        ("username", text("ada")),
        ("nick", Some(two)),
    ];
    let change = modify::<Plain>(writable(), &changes).expect("a change");
    assert_eq!(written(change), []);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let changes = [
        ("email", text("nobody")),
        ("floor", text("ground")),
        ("seen", Some(ClaimValue::Integer(1))),
        ("shoe_size", text("42")),
        ("family_name", text("  ")),
        ("nick", Some(ClaimValue::Json("{}".into()))),
        ("enabled", text("no")),
        ("username", text("a/b")),
        ("email", text("c@x")),
    ];
    let problems = modify::<Plain>(writable(), &changes).expect_err("all wrong");
    let mut names = fields(&problems);
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "email",
            "email",
            "enabled",
            "family_name",
            "floor",
            "nick",
            "seen",
            "shoe_size",
            "username"
        ]
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem.message.contains("; "))
    );
}

#[test]
fn a_user_name_in_the_name_of_the_entry_renames_it() {
    let changes = [("username", text("augusta"))];
    let change = modify::<Plain>(writable(), &changes).expect("a change");
    assert_eq!(written(change), [pair("name uid", &["augusta"])]);
    let problems = modify::<Fixed>(writable(), &changes).expect_err("it keeps its name");
    assert_eq!(fields(&problems), ["username"]);
    for value in [None, text(" "), text("a\u{7}b")] {
        let problems = modify::<Plain>(writable(), &[("username", value)]).expect_err("no name");
        assert_eq!(fields(&problems), ["username"]);
    }
}

#[test]
fn a_name_is_not_changed_to_what_would_not_be_read() {
    let mut entry = ada();
    entry.attributes[0].values.push(b"aaa".to_vec());
    let change = ProfileChange {
        name: "username".into(),
        value: text("augusta"),
    };
    let context = context(&plan::<Plain>(writable()));
    let problems = Plain::modify(context, entry, vec![change]).expect_err("aaa is read first");
    assert!(problems[0].message.contains("further values of uid"));
}

#[test]
fn a_whole_name_is_written_in_its_parts() {
    let check = |changes: &[(&str, Option<ClaimValue>)], expected: Option<&str>| {
        let outcome = modify::<Plain>(full_name(), changes);
        match expected {
            Some(name) => {
                let written = written(outcome.expect("a change"));
                assert_eq!(written, [pair("cn", &[name])], "{changes:?}");
            }
            None => assert_eq!(fields(&outcome.expect_err("not so")), [changes[0].0]),
        }
    };
    check(
        &[("given_name", text("Augusta Ada"))],
        Some("Augusta Ada Lovelace"),
    );
    check(&[("family_name", text("King"))], Some("Ada King"));
    check(&[("given_name", None)], Some("Lovelace"));
    check(&[("name", text("Ada King"))], Some("Ada King"));
    check(
        &[("name", text("Ada King")), ("family_name", text("King"))],
        Some("Ada King"),
    );
    check(&[("family_name", text("van der Berg"))], None);
    check(
        &[("name", text("Ada King")), ("family_name", text("Byron"))],
        None,
    );
}
