use super::*;
use bridge_model::{
    decision::{Group, Rejection},
    filter::Slot,
    plan::{GroupForm, IdForm, PasswordAttribute, PasswordEncoding, StableId},
    search::SearchScope,
    time::Timestamp,
};

fn plan() -> Plan {
    Plan {
        username_attribute: "uid".into(),
        rdn_attribute: "uid".into(),
        stable_id: StableId {
            attribute: "entryUUID".into(),
            form: IdForm::Uuid,
        },
        user_object_classes: vec!["person".into()],
        login_filter: "(uid={username})".into(),
        users_filter: "(objectClass=person)".into(),
        attributes: vec!["cn".into()],
        shared: vec![search()],
        bind_controls: vec![Control {
            oid: "1.3.6.1".into(),
            critical: false,
            value: None,
        }],
        password_controls: Vec::new(),
        password_write: PasswordWrite::Exchange(attribute("userPassword")),
        writes: vec!["mail".into()],
        group_form: GroupForm::Name,
        claims: vec![
            "name".into(),
            "name#de-AT".into(),
            "https://x.example/c".into(),
        ],
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
        chained: Vec::new(),
    }
}

fn attribute(name: &str) -> PasswordAttribute {
    PasswordAttribute {
        name: name.into(),
        encoding: PasswordEncoding::Utf8,
    }
}

fn search() -> PolicySearch {
    PolicySearch {
        key: "groups".into(),
        base: String::new(),
        scope: SearchScope::Base,
        filter: "(member={dn})".into(),
        slots: vec![Slot {
            name: "dn".into(),
            values: Vec::new(),
        }],
        attributes: vec!["cn".into()],
        size_limit: 1,
        required: true,
        more: Vec::new(),
    }
}

fn identity() -> Identity {
    Identity {
        username: "ada".into(),
        claims: vec![Claim {
            name: "name".into(),
            value: ClaimValue::Text("Ada".into()),
        }],
        groups: vec![Group {
            dn: "cn=a".into(),
            name: "a".into(),
            id: None,
            parents: Vec::new(),
        }],
        bars: vec![Bar {
            reason: Refusal::Other("moon".into()),
            since: Some(Timestamp(1)),
            until: None,
        }],
        ..Identity::default()
    }
}

fn description() -> Description {
    Description {
        id: "acme-directory".into(),
        aliases: vec!["ACME".into()],
        title: "Acme Directory".into(),
        version: "1.2.0".into(),
        settings: Vec::new(),
        kinds: Vec::new(),
    }
}

/// The breach after one change to a sound answer.
fn after<T>(mut sound: T, change: impl Fn(&mut T), check: impl Fn(&T) -> Checked) -> String {
    assert_eq!(check(&sound), Ok(()));
    change(&mut sound);
    check(&sound)
        .expect_err("the change breaks the contract")
        .to_string()
}

#[test]
fn a_description_names_the_policy() {
    type Change = fn(&mut Description);
    let changes: [(Change, &str); 6] = [
        (|d| d.id = String::new(), "id"),
        (|d| d.id = "Acme".into(), "id"),
        (|d| d.id = "a--b".into(), "id"),
        (|d| d.id = "a".repeat(1025), "id"),
        (|d| d.version = "one".into(), "version"),
        (|d| d.aliases = vec![" ".into()], "alias"),
    ];
    for (change, place) in changes {
        let breach = after(description(), change, check_description);
        assert!(breach.starts_with(&format!("{place}: ")), "{breach}");
    }
}

#[test]
fn a_plan_has_names_filters_and_a_small_memo() {
    type Change = fn(&mut Plan);
    let changes: [(Change, &str); 14] = [
        (|p| p.login_filter = String::new(), "login-filter"),
        (|p| p.stable_id.attribute = String::new(), "stable-id"),
        (|p| p.attributes.push("a".repeat(1025)), "attributes"),
        (|p| p.shared[0].size_limit = 0, "search size-limit"),
        (|p| p.shared[0].slots[0].name = String::new(), "search slot"),
        (|p| p.bind_controls[0].oid = "x".into(), "control"),
        (
            |p| p.password_controls = vec![p.bind_controls[0].clone(); 64],
            "controls",
        ),
        (
            |p| p.password_write = PasswordWrite::Replace(attribute(" ")),
            "password-write",
        ),
        (
            |p| p.password_write = PasswordWrite::Exchange(attribute(&"a".repeat(1025))),
            "password-write",
        ),
        (|p| p.writes.push(String::new()), "writes"),
        (|p| p.writes = vec!["mail".into(); 1001], "writes"),
        (|p| p.claims.push("naïve".into()), "claim"),
        (|p| p.memo = vec![0; 65_537], "memo"),
        (
            |p| {
                p.more.push(Setting {
                    name: "later".into(),
                    value: String::new(),
                });
            },
            "more",
        ),
    ];
    for (change, place) in changes {
        let breach = after(
            Ok(plan()),
            |p| change(p.as_mut().expect("a plan")),
            check_translation,
        );
        assert!(breach.starts_with(&format!("{place}: ")), "{breach}");
    }
    assert!(check_translation(&Err(Vec::new())).is_err());
}

#[test]
fn there_is_one_step_for_each_person() {
    let step = || Step::Identified(identity());
    assert_eq!(check_steps(&[step(), step()], 2), Ok(()));
    for persons in [0, 1, 3] {
        let breach = check_steps(&[step(), step()], persons).expect_err("wrong number");
        assert!(
            breach
                .to_string()
                .starts_with(&format!("2 steps for {persons} persons: "))
        );
    }
}

#[test]
fn an_identity_has_a_name_and_no_blank_claims() {
    type Change = fn(&mut Identity);
    let changes: [(Change, &str); 6] = [
        (|i| i.username = " ".into(), "username"),
        (
            |i| i.claims[0].value = ClaimValue::Text(" \u{a0}".into()),
            "claim name",
        ),
        (
            |i| i.claims[0].value = ClaimValue::Texts(vec![String::new()]),
            "claim name",
        ),
        (|i| i.claims[0].name = "a b".into(), "claim"),
        (|i| i.groups[0].dn = "x".repeat(4097), "group"),
        (
            |i| i.bars[0].reason = Refusal::Other("x".repeat(1025)),
            "bar",
        ),
    ];
    for (change, place) in changes {
        let breach = after(identity(), change, |identity| {
            check_steps(&[Step::Identified(identity.clone())], 1)
        });
        assert!(
            breach.starts_with(&format!("step 1: {place}: ")),
            "{breach}"
        );
    }
}

#[test]
fn other_steps_have_their_shape() {
    let rejected = |reason| {
        Step::Rejected(Rejection {
            reason,
            until: None,
            password_was_right: false,
        })
    };
    assert_eq!(check_steps(&[rejected(Refusal::Locked)], 1), Ok(()));
    assert!(check_steps(&[rejected(Refusal::Other(String::new()))], 1).is_err());
    assert_eq!(check_steps(&[Step::Read(vec![search()])], 1), Ok(()));
    assert!(check_steps(&[Step::Read(Vec::new())], 1).is_err());
}

#[test]
fn settings_keep_to_their_names() {
    for (name, fits) in [
        ("claim", true),
        ("group.base_dn", true),
        ("Claim", false),
        ("a..b", false),
        ("", false),
        (&*"a".repeat(65), false),
    ] {
        let setting = Setting {
            name: name.into(),
            value: String::new(),
        };
        assert_eq!(settings("x", &[setting]).is_ok(), fits, "{name}");
    }
}
