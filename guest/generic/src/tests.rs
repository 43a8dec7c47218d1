use super::*;
use policy_sdk::{
    VendorPolicy,
    testing::{decide, federation, ldif, recognise, reply},
    types::{
        Claim, ClaimValue, EditMode, Federation, IdForm, Identity, Mapper, Plan, Problem, Refusal,
        Setting, Step,
    },
};

const USERS: &str = "ou=people,dc=example,dc=test";

fn plan() -> Plan {
    Generic::translate(federation("generic", USERS)).expect("a plan")
}

fn setting(name: &str, value: &str) -> Setting {
    Setting {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn mapper(name: &str, attribute: &str) -> Mapper {
    Mapper {
        name: name.to_owned(),
        kind: "attribute".to_owned(),
        ldap_attribute: Some(attribute.to_owned()),
        settings: vec![],
    }
}

fn step(entry: &str, result_code: Option<u32>) -> Step {
    let entry = ldif(entry).expect("LDIF").pop().expect("an entry");
    decide::<Generic>(&plan(), entry, result_code.map(|code| reply(code, "")), 0).expect("one step")
}

fn identity(entry: &str) -> Identity {
    match step(entry, Some(0)) {
        Step::Identified(identity) => identity,
        other => unreachable!("{other:?}"),
    }
}

fn claims(identity: &Identity) -> Vec<String> {
    let text = |claim: &Claim| match &claim.value {
        ClaimValue::Text(text) => format!("{}={text}", claim.name),
        other => format!("{}={other:?}", claim.name),
    };
    identity.claims.iter().map(text).collect()
}

fn fields(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.field.as_str())
        .collect()
}

#[test]
fn what_the_operator_leaves_out_is_filled_in() {
    let plan = plan();
    assert_eq!(plan.username_attribute, "uid");
    assert_eq!(plan.rdn_attribute, "uid");
    assert_eq!(plan.stable_id.attribute, "entryUUID");
    assert_eq!(plan.stable_id.form, IdForm::Uuid);
    assert_eq!(
        plan.user_object_classes,
        ["inetOrgPerson", "organizationalPerson"]
    );
    assert_eq!(plan.login_filter, "(uid={username})");
    assert_eq!(plan.users_filter, "(uid=*)");
    assert_eq!(
        plan.attributes,
        [
            "uid",
            "entryUUID",
            "givenName",
            "sn",
            "displayName",
            "cn",
            "mail",
            "memberOf",
            "modifyTimestamp"
        ]
    );
    assert_eq!(plan.claims, ["given_name", "family_name", "name", "email"]);
    assert_eq!(plan.mappers.len(), 5);
    assert!(plan.bind_controls.is_empty());
    assert_eq!(fields(&plan.notes), ["mapper.groups"]);
}

#[test]
fn what_the_operator_says_holds() {
    let plan = Generic::translate(Federation {
        vendor: "OTHER".to_owned(),
        edit_mode: EditMode::Writable,
        username_attribute: Some("mail".to_owned()),
        rdn_attribute: Some("cn".to_owned()),
        uuid_attribute: Some("UID".to_owned()),
        user_object_classes: vec!["person".to_owned()],
        mappers: vec![
            mapper("email", "mailAlternate"),
            mapper("locale", "preferredLanguage"),
        ],
        settings: vec![setting("colour", "red")],
        ..federation("", USERS)
    })
    .expect("a plan");
    assert_eq!(plan.username_attribute, "mail");
    assert_eq!(plan.login_filter, "(mail={username})");
    assert_eq!(plan.stable_id.attribute, "UID");
    assert_eq!(plan.stable_id.form, IdForm::Text);
    assert_eq!(plan.user_object_classes, ["person"]);
    let mappers: Vec<_> = plan
        .mappers
        .iter()
        .map(|mapper| mapper.name.as_str())
        .collect();
    assert_eq!(
        mappers,
        [
            "given_name",
            "family_name",
            "name",
            "email",
            "groups",
            "locale"
        ]
    );
    assert_eq!(
        plan.mappers[3].ldap_attribute.as_deref(),
        Some("mailAlternate")
    );
    assert_eq!(
        plan.claims,
        ["given_name", "family_name", "name", "email", "locale"]
    );
    assert_eq!(
        fields(&plan.notes),
        [
            "advanced.settings.colour",
            "uuid_ldap_attribute",
            "mapper.groups"
        ]
    );
}

#[test]
fn the_form_of_the_identifier_follows_from_its_name_or_is_set() {
    for (attribute, form, expected, is_noted) in [
        ("objectGUID", None, IdForm::Guid, false),
        ("nsuniqueid", None, IdForm::Text, false),
        ("employeeNumber", None, IdForm::Text, true),
        ("employeeNumber", Some("octets"), IdForm::Octets, true),
        ("entryUUID", Some("text"), IdForm::Text, false),
    ] {
        let plan = Generic::translate(Federation {
            uuid_attribute: Some(attribute.to_owned()),
            settings: form
                .map(|form| setting("uuid_form", form))
                .into_iter()
                .collect(),
            ..federation("generic", USERS)
        })
        .expect("a plan");
        assert_eq!(plan.stable_id.form, expected, "{attribute}");
        assert_eq!(
            fields(&plan.notes).contains(&"uuid_ldap_attribute"),
            is_noted,
            "{attribute}"
        );
    }
}

#[test]
fn everything_wrong_is_said_at_once_in_the_operators_words() {
    let mut wrong = Federation {
        vendor: "lotus".to_owned(),
        username_attribute: Some("user name".to_owned()),
        rdn_attribute: Some("cn;lang-de".to_owned()),
        uuid_attribute: Some(String::new()),
        user_object_classes: vec!["per(son".to_owned()],
        mappers: vec![
            mapper("sub", "uid"),
            mapper("a", "b c"),
            mapper("email", "mail"),
            mapper("email", "m"),
        ],
        settings: vec![setting("uuid_form", "hex")],
        ..federation("", USERS)
    };
    wrong.users[0].base = "people".to_owned();
    let problems = Generic::translate(wrong).expect_err("problems");
    assert_eq!(
        fields(&problems),
        [
            "vendor",
            "users_dn",
            "username_ldap_attribute",
            "rdn_ldap_attribute",
            "uuid_ldap_attribute",
            "user_object_classes",
            "advanced.settings.uuid_form",
            "mapper.sub",
            "mapper.a",
            "mapper.email",
        ]
    );
}

#[test]
fn mappers_that_no_memo_can_hold_are_refused() {
    let mappers = (0..20)
        .map(|at| Mapper {
            kind: "constant".to_owned(),
            ldap_attribute: None,
            settings: vec![setting("value", &"x".repeat(4096))],
            ..mapper(&format!("c{at}"), "")
        })
        .collect();
    let problems = Generic::translate(Federation {
        mappers,
        ..federation("generic", USERS)
    })
    .expect_err("problems");
    assert_eq!(fields(&problems), ["mapper"]);
}

#[test]
fn a_person_is_who_the_entry_says() {
    let identity = identity(
        "dn: uid=ada,ou=people,dc=example,dc=test\nuid: ada\ngivenName: Ada\nsn: Lovelace\ncn: Ada Lovelace\n\
         mail: ada@example.test\nmemberOf: cn=Staff,dc=example,dc=test\nmodifyTimestamp: 20261121120000Z\n",
    );
    assert_eq!(identity.username, "ada");
    assert_eq!(
        claims(&identity),
        [
            "given_name=Ada",
            "family_name=Lovelace",
            "name=Ada Lovelace",
            "email=ada@example.test"
        ]
    );
    assert_eq!(identity.groups.len(), 1);
    assert_eq!(identity.changed_at, Some(1_795_262_400));
    assert_eq!(
        (identity.bars, identity.notices, identity.roles),
        (vec![], vec![], vec![])
    );
}

#[test]
fn hostile_values_are_left_out() {
    // Blank, invalid UTF-8, a line break in an address, several values in any order, other letter case.
    let identity = identity(
        "dn: uid=eve\nUID:: Cg==\nUid: eve\nuid:: ZQBh\ngivenName:\nSN:: /w==\nDisplayName;lang-de: Eva\n\
         MAIL:: ZXZlQHgKQmNjOiBh\nmail: eve@@x\nmail: z@example.test\nmail: b@example.test\n\
         modifyTimestamp: yesterday\n",
    );
    assert_eq!(identity.username, "eve");
    assert_eq!(claims(&identity), ["name=Eva", "email=b@example.test"]);
    assert_eq!(identity.changed_at, None);
}

#[test]
fn an_entry_without_a_user_name_is_not_served() {
    for entry in [
        "dn: cn=x\ncn: x\n",
        "dn: cn=x\nuid:\n",
        "dn: cn=x\nuid:: /w==\n",
        "dn: cn=x\nuid:: YQBi\n",
    ] {
        let step = step(entry, None);
        assert!(
            matches!(&step, Step::Failed(problem) if problem.field == "uid"),
            "{step:?}"
        );
    }
}

#[test]
fn the_result_code_says_why_a_bind_failed() {
    for (code, expected) in [
        (49, Refusal::BadCredentials),
        (32, Refusal::BadCredentials),
        (51, Refusal::DirectoryUnavailable),
        (80, Refusal::DirectoryUnavailable),
    ] {
        match step("dn: uid=a\nuid: a\n", Some(code)) {
            Step::Rejected(rejection) => {
                assert_eq!(rejection.reason, expected, "{code}");
                assert!(!rejection.password_was_right);
            }
            other => unreachable!("{other:?}"),
        }
    }
}

#[test]
fn a_memo_of_somebody_else_serves_nobody() {
    let plan = Plan {
        memo: vec![1, 2, 3],
        ..plan()
    };
    let entry = ldif("dn: uid=a\nuid: a\n")
        .expect("LDIF")
        .pop()
        .expect("an entry");
    let step = decide::<Generic>(&plan, entry, None, 0).expect("one step");
    assert!(
        matches!(&step, Step::Failed(problem) if problem.field == "memo"),
        "{step:?}"
    );
}

#[test]
fn says_what_it_is() {
    let description = Generic::describe();
    assert_eq!(description.id, "generic");
    assert_eq!(description.aliases, ["other"]);
    let kinds: Vec<_> = description
        .kinds
        .iter()
        .map(|kind| kind.kind.as_str())
        .collect();
    let expected = "attribute constant full-name address certificate-subject account-control group role \
                    constant-group constant-role";
    assert_eq!(kinds.join(" "), expected);
}

#[test]
fn recognises_any_directory_and_says_how_little_that_means() {
    let text = "dn:\nnamingContexts: o=x\nvendorName: Example Systems\n\
                \ndn: uid=a,ou=staff,o=x\nobjectClass: inetOrgPerson\nuid: a\nmail: a@x\nentryUUID: 1\n";
    let proposal = recognise::<Generic>(text)
        .expect("LDIF")
        .expect("a proposal");
    assert_eq!(proposal.certainty, 10);
    assert_eq!(proposal.federation.users[0].base, "ou=staff,o=x");
    assert_eq!(fields(&proposal.notes), ["vendor", "users_dn", "vendor"]);
    let warning = &proposal.notes[2].message;
    assert!(
        warning.contains("Example Systems") && warning.contains("; try it"),
        "{warning}"
    );
    assert_eq!(recognise::<Generic>("dn:\nvendorName: x\n"), Ok(None));
}

#[test]
fn a_mapper_that_fails_is_left_out_and_counted_unless_it_denies() {
    let step = |on_error: Option<&str>| {
        let mut mapper = mapper("level", "employeeType");
        mapper.settings = vec![setting("format", "integer")];
        mapper
            .settings
            .extend(on_error.map(|value| setting("on_error", value)));
        let federation = Federation {
            mappers: vec![mapper],
            ..federation("generic", USERS)
        };
        let plan = Generic::translate(federation).expect("a plan");
        let entry = ldif("dn: uid=a\nuid: a\nsn: A\nemployeeType: high\n")
            .expect("LDIF")
            .remove(0);
        decide::<Generic>(&plan, entry, None, 0).expect("one step")
    };
    for on_error in [None, Some("leave_out")] {
        let Step::Identified(identity) = step(on_error) else {
            unreachable!("{on_error:?}");
        };
        assert_eq!(claims(&identity), ["family_name=A"]);
        assert_eq!(identity.more, [setting("left_out", "level")]);
    }
    match step(Some("deny")) {
        Step::Failed(problem) => assert_eq!(problem.field, "employeeType"),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn identifiers_that_are_given_to_others_are_warned_of_loudly() {
    for attribute in ["uid", "cn", "MAIL", "employeeNumber", "sAMAccountName"] {
        let plan = Generic::translate(Federation {
            uuid_attribute: Some(attribute.to_owned()),
            ..federation("generic", USERS)
        })
        .expect("a plan");
        let note = plan
            .notes
            .iter()
            .find(|note| note.field == "uuid_ldap_attribute");
        let message = &note.expect(attribute).message;
        assert!(
            message.contains("CAN CHANGE") && message.contains("; use entryUUID"),
            "{message}"
        );
    }
}
