use super::*;
use crate::testing::{attribute, federation, plan, planned, subtree};
use bridge_model::write::Modification;

fn dn(text: &str) -> Dn {
    Dn::parse(text).expect("a DN")
}

fn modification(way: ModifyWay, name: &str, values: &[&str]) -> Modification {
    Modification {
        way,
        attribute: attribute(name, values),
    }
}

fn part(attribute: &str, value: &[u8]) -> NamePart {
    NamePart {
        attribute: attribute.to_owned(),
        value: value.to_vec(),
    }
}

fn changed(name: &str) -> Result<Vec<Write>, Forbidden> {
    let wish = EntryChange {
        rename: None,
        modifications: vec![modification(ModifyWay::Replace, name, &["x"])],
    };
    change(&plan(), &dn("uid=ada,o=x"), wish)
}

#[test]
fn a_change_is_of_announced_attributes_alone() {
    for name in ["mail", "MAIL", "mail;lang-de"] {
        assert!(changed(name).is_ok(), "{name}");
    }
    for (name, forbidden) in [
        ("manager", Forbidden::Attribute("manager".to_owned())),
        ("mail ", Forbidden::Attribute("mail ".to_owned())),
        ("", Forbidden::Attribute(String::new())),
        ("userPassword", Forbidden::Secret("userPassword".to_owned())),
        (
            "USERPASSWORD;x",
            Forbidden::Secret("USERPASSWORD;x".to_owned()),
        ),
        ("ID", Forbidden::Identity("ID".to_owned())),
        ("id;x-a", Forbidden::Identity("id;x-a".to_owned())),
    ] {
        assert_eq!(changed(name), Err(forbidden), "{name:?}");
    }
}

#[test]
fn even_an_announced_attribute_is_not_written_if_it_is_a_secret_or_identifies() {
    let mut greedy = plan();
    greedy
        .writes
        .extend(["userPassword", "id"].map(str::to_owned));
    for name in ["userPassword", "id"] {
        let wish = EntryChange {
            rename: None,
            modifications: vec![modification(ModifyWay::Add, name, &["x"])],
        };
        assert!(change(&greedy, &dn("uid=ada,o=x"), wish).is_err(), "{name}");
    }
}

#[test]
fn a_change_goes_to_the_persons_own_entry_and_the_name_comes_last() {
    let ada = dn("uid=ada,o=x");
    let wish = EntryChange {
        rename: Some(vec![part("uid", b"ada, the first")]),
        modifications: vec![
            modification(ModifyWay::Replace, "mail", &[]),
            modification(ModifyWay::Add, "cn", &[]),
        ],
    };
    let writes = change(&plan(), &ada, wish).expect("writes");
    assert_eq!(
        writes,
        [
            Write::Modify {
                dn: ada.clone(),
                modifications: vec![modification(ModifyWay::Replace, "mail", &[])],
            },
            Write::Rename {
                dn: ada.clone(),
                name: vec![part("uid", b"ada, the first")],
            },
        ]
    );
    let nothing = change(&plan(), &ada, EntryChange::default());
    assert_eq!(nothing, Ok(Vec::new()));
    for name in [Vec::new(), vec![part("ou", b"x")]] {
        let wish = EntryChange {
            rename: Some(name),
            modifications: Vec::new(),
        };
        assert!(change(&plan(), &ada, wish).is_err());
    }
}

fn added(parent: &str, name: Vec<NamePart>) -> Result<(Dn, Write), Forbidden> {
    let mut planned = planned(federation("a", "staff"));
    planned.federation.users = vec![subtree("ou=staff,o=x")];
    let wish = NewEntry {
        parent: dn(parent),
        name,
        attributes: vec![attribute("objectClass", &["person"]), attribute("cn", &[])],
    };
    addition(&planned, wish)
}

#[test]
fn a_new_entry_stands_where_users_live_under_an_escaped_name() {
    for (value, named) in [
        ("bob", "uid=bob,ou=staff,o=x"),
        ("a,ou=admins", "uid=a\\,ou\\=admins,ou=staff,o=x"),
        (
            " b#\"+<>;\\ ",
            "uid=\\ b#\\\"\\+\\<\\>\\;\\\\\\ ,ou=staff,o=x",
        ),
        ("Ünï(x)*", "uid=Ünï(x)*,ou=staff,o=x"),
    ] {
        let (at, write) =
            added("ou=staff,o=x", vec![part("uid", value.as_bytes())]).expect("an entry");
        assert_eq!(at, dn(named));
        assert_eq!(at.depth(), 3, "{at}");
        let Write::Add { dn, attributes } = write else {
            panic!("it is no addition");
        };
        assert_eq!(dn, at);
        // What is blank is not sent, and the name's value stands in the entry.
        assert_eq!(
            attributes,
            [
                attribute("objectClass", &["person"]),
                attribute("uid", &[value])
            ]
        );
    }
    for parent in ["o=x", "ou=admins,o=x", "ou=staff,o=y"] {
        let refused = added(parent, vec![part("uid", b"bob")]);
        assert!(matches!(refused, Err(Forbidden::Place(_))), "{parent}");
    }
    for name in [
        Vec::new(),
        vec![part("uid", b"")],
        vec![part("uid", b"\xff")],
        vec![part("uid=x+ou", b"y")],
        vec![part("id", b"y")],
    ] {
        assert!(added("ou=staff,o=x", name.clone()).is_err(), "{name:?}");
    }
}

#[test]
fn a_name_of_several_parts_is_one_name() {
    let name = vec![part("uid", b"b+b"), part("cn", b"Bob")];
    let (at, write) = added("ou=staff,o=x", name).expect("an entry");
    assert_eq!(at, dn("cn=Bob+uid=b\\+b,ou=staff,o=x"));
    let Write::Add { attributes, .. } = write else {
        panic!("it is no addition");
    };
    assert_eq!(attributes.len(), 3);
}

#[test]
fn a_name_holds_no_secret_and_a_new_one_is_made_of_what_is_announced() {
    let named = |plan: &Plan, attribute: &str| {
        let wish = EntryChange {
            rename: Some(vec![part(attribute, b"x")]),
            modifications: Vec::new(),
        };
        change(plan, &dn("uid=ada,ou=staff,o=x"), wish)
    };
    let mut silent = plan();
    silent.writes.retain(|name| name != "uid");
    let forbidden = Forbidden::Attribute("uid".to_owned());
    assert_eq!(named(&silent, "uid"), Err(forbidden));
    assert!(named(&plan(), "uid").is_ok());

    // Not even where the plan names entries by it.
    let mut planned = planned(federation("a", "staff"));
    planned.federation.users = vec![subtree("ou=staff,o=x")];
    planned.plan.rdn_attribute = "userPassword".to_owned();
    planned.plan.writes.push("userPassword".to_owned());
    let secret = Forbidden::Secret("userPassword".to_owned());
    assert_eq!(named(&planned.plan, "userPassword"), Err(secret.clone()));
    let wish = NewEntry {
        parent: dn("ou=staff,o=x"),
        name: vec![part("userPassword", b"x")],
        attributes: vec![attribute("userPassword", &["y"])],
    };
    assert_eq!(addition(&planned, wish), Err(secret));
}

#[test]
fn a_flood_is_not_written() {
    let wish = EntryChange {
        rename: None,
        modifications: vec![modification(
            ModifyWay::Replace,
            "mail",
            &["x".repeat(300_000).as_str()],
        )],
    };
    let refused = change(&plan(), &dn("uid=ada,o=x"), wish);
    assert_eq!(refused, Err(Forbidden::TooMuch));
}
