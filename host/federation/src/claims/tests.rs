use super::*;
use bridge_model::{
    decision::Role,
    entry::Attribute,
    plan::{GroupForm, IdForm, Mapper, PasswordWrite, StableId},
    search::Setting,
};

fn plan(claims: &[&str]) -> Plan {
    Plan {
        username_attribute: "uid".to_owned(),
        rdn_attribute: "uid".to_owned(),
        stable_id: StableId {
            attribute: "id".to_owned(),
            form: IdForm::Octets,
        },
        user_object_classes: Vec::new(),
        login_filter: String::new(),
        users_filter: String::new(),
        attributes: Vec::new(),
        shared: Vec::new(),
        bind_controls: Vec::new(),
        password_controls: Vec::new(),
        password_write: PasswordWrite::default(),
        writes: Vec::new(),
        group_form: GroupForm::default(),
        claims: claims.iter().map(|&claim| claim.to_owned()).collect(),
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
        chained: Vec::new(),
    }
}

fn person(values: &[&str]) -> Person {
    Person {
        entry: Entry {
            dn: "uid=ada,o=x".to_owned(),
            attributes: vec![Attribute {
                name: "seeAlso".to_owned(),
                values: values.iter().map(|v| v.as_bytes().to_vec()).collect(),
            }],
        },
        reply: None,
        findings: Vec::new(),
    }
}

fn identity(claims: Vec<(&str, ClaimValue)>) -> Identity {
    Identity {
        username: "ada".to_owned(),
        claims: claims
            .into_iter()
            .map(|(name, value)| Claim {
                name: name.to_owned(),
                value,
            })
            .collect(),
        ..Identity::default()
    }
}

/// Without mappers of the operator's.
fn assemble(identity: &Identity, plan: &Plan, person: &Person) -> Result<Said, ClaimError> {
    super::assemble(identity, plan, &[], person)
}

fn text(value: &str) -> ClaimValue {
    ClaimValue::Text(value.to_owned())
}

fn group(dn: &str, name: &str) -> Group {
    Group {
        dn: dn.to_owned(),
        name: name.to_owned(),
        id: None,
        parents: Vec::new(),
    }
}

#[test]
fn reserved_claims_are_refused_however_they_are_written() {
    for name in [
        "sub",
        "Sub",
        "iss",
        "aud",
        "email_verified",
        "groups",
        "sub#en",
    ] {
        let planned = plan(&[name, "sub"]);
        let error = assemble(&identity(vec![(name, text("x"))]), &planned, &person(&[]));
        assert!(matches!(error, Err(ClaimError::Reserved(_))), "{name}");
    }
    for name in [
        "ѕub",
        "sub ",
        "",
        "a b",
        "a\u{0}",
        "name#",
        "name#ä",
        &"a".repeat(129),
    ] {
        let planned = plan(&[name, "name"]);
        let error = assemble(&identity(vec![(name, text("x"))]), &planned, &person(&[]));
        assert!(matches!(error, Err(ClaimError::Name(_))), "{name:?}");
    }
}

#[test]
fn only_planned_claims_are_taken_and_only_once() {
    let planned = plan(&["name"]);
    let claims = assemble(
        &identity(vec![("name", text("Ada")), ("name#de", text("Ada"))]),
        &planned,
        &person(&[]),
    );
    assert_eq!(claims.map(|said| said.claims.len()), Ok(2));
    assert_eq!(
        assemble(&identity(vec![("nick", text("x"))]), &planned, &person(&[])),
        Err(ClaimError::NotPlanned("nick".to_owned()))
    );
    assert_eq!(
        assemble(
            &identity(vec![("name", text("a")), ("name", text("b"))]),
            &planned,
            &person(&[])
        ),
        Err(ClaimError::Repeated("name".to_owned()))
    );
}

#[test]
fn what_is_blank_is_left_out() {
    let claims = assemble(
        &identity(vec![
            ("a", text("  ")),
            ("b", ClaimValue::Texts(vec![String::new()])),
            ("c", ClaimValue::Json("null".to_owned())),
            ("d", ClaimValue::Boolean(false)),
        ]),
        &plan(&["a", "b", "c", "d"]),
        &person(&[]),
    );
    let names = claims.map(|said| said.claims.keys().cloned().collect::<Vec<_>>());
    assert_eq!(names, Ok(vec!["d".to_owned()]));
}

#[test]
fn what_is_over_a_limit_denies() {
    let deep = format!("{}1{}", "[".repeat(9), "]".repeat(9));
    for (value, planned) in [
        (text(&"x".repeat(70_000)), "a"),
        (ClaimValue::Texts(vec!["x".to_owned(); 2_001]), "a"),
        (ClaimValue::Json(deep), "a"),
    ] {
        let error = assemble(
            &identity(vec![("a", value)]),
            &plan(&[planned]),
            &person(&[]),
        );
        assert!(matches!(error, Err(ClaimError::TooLarge(_))));
    }
    let mut many = identity(Vec::new());
    many.groups = vec![group("cn=a,o=x", "a"); 2_001];
    assert!(matches!(
        assemble(&many, &plan(&[]), &person(&["cn=a,o=x"])),
        Err(ClaimError::TooLarge(_))
    ));
    assert!(matches!(
        assemble(
            &identity(vec![("a", ClaimValue::Json("{".to_owned()))]),
            &plan(&["a"]),
            &person(&[])
        ),
        Err(ClaimError::NotJson(_))
    ));
}

#[test]
fn only_groups_that_the_directory_named_are_kept() {
    let mut with_groups = identity(Vec::new());
    with_groups.groups = vec![
        group("CN=Staff, o=x", "staff"),
        group("cn=admins,o=x", "admins"),
        group("cn=staff,o=x", "admins"),
    ];
    with_groups.roles = vec![
        Role {
            name: "read".to_owned(),
            client: None,
            source: Some("cn=staff,o=x".to_owned()),
        },
        Role {
            name: "write".to_owned(),
            client: None,
            source: Some("cn=admins,o=x".to_owned()),
        },
    ];
    let said = assemble(&with_groups, &plan(&[]), &person(&["cn=staff,o=x"])).expect("claims");
    assert_eq!(
        said.claims.get("groups"),
        Some(&serde_json::json!(["staff"]))
    );
    assert_eq!(said.claims.get("roles"), Some(&serde_json::json!(["read"])));
    assert_eq!(said.group_dns, ["CN=Staff, o=x"]);
}

#[test]
fn a_group_without_a_dn_is_given_by_the_operator_or_by_nobody() {
    let mut everyone = identity(Vec::new());
    everyone.groups = vec![group("", "everyone"), group("", "admins")];
    let setting = |name: &str, value: &str| Setting {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let mapper = |ldap_attribute: Option<&str>, setting: Setting| Mapper {
        name: "m".to_owned(),
        kind: "constant-group".to_owned(),
        ldap_attribute: ldap_attribute.map(str::to_owned),
        settings: vec![setting],
    };
    let mappers = [
        mapper(None, setting("group", "everyone")),
        mapper(None, setting("claim", "admins")),
        mapper(Some("cn"), setting("group", "admins")),
    ];
    for form in [GroupForm::Name, GroupForm::Dn] {
        let mut plan = plan(&[]);
        plan.group_form = form;
        let said = super::assemble(&everyone, &plan, &mappers, &person(&[])).expect("claims");
        let groups = serde_json::json!(["everyone"]);
        assert_eq!(said.claims.get("groups"), Some(&groups));
        assert!(said.group_dns.is_empty());
    }
}
