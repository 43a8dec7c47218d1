use super::*;

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.into(),
        values: values.iter().map(|value| value.as_bytes().into()).collect(),
    }
}

fn part(attribute: &str, value: &str) -> NamePart {
    NamePart {
        attribute: attribute.into(),
        value: value.into(),
    }
}

fn modification(way: ModifyWay, name: &str, values: &[&str]) -> Modification {
    Modification {
        way,
        attribute: attribute(name, values),
    }
}

#[test]
fn a_change_adds_something_to_an_attribute_that_has_a_name() {
    use ModifyWay::{Add, Remove, Replace};
    for sound in [
        modification(Add, "mail", &["a", "b"]),
        modification(Remove, "mail;lang-de", &[]),
        modification(Replace, "2.5.4.3", &[]),
        modification(Replace, "description", &[""]),
    ] {
        let change = EntryChange {
            rename: Some(vec![part("uid", " a,b ")]),
            modifications: vec![sound],
        };
        assert_eq!(check_change(&change), Ok(()), "{change:?}");
    }
    assert_eq!(check_change(&EntryChange::default()), Ok(()));
    for broken in [
        modification(Add, "mail", &[]),
        modification(Add, "mail", &["a", "a"]),
        modification(Replace, "", &["a"]),
        modification(Replace, "a b", &["a"]),
        modification(Replace, "mail;", &["a"]),
        modification(Replace, "*", &["a"]),
        modification(Replace, &"a".repeat(1025), &["a"]),
    ] {
        let change = EntryChange {
            rename: None,
            modifications: vec![broken],
        };
        assert!(check_change(&change).is_err(), "{change:?}");
    }
    let many = EntryChange {
        rename: None,
        modifications: vec![modification(Remove, "mail", &[]); 1001],
    };
    assert!(check_change(&many).is_err());
}

#[test]
fn a_name_has_parts_with_values() {
    for (name, fits) in [
        (vec![part("cn", "a"), part("sn", "b")], true),
        (vec![], false),
        (vec![part("cn", "")], false),
        (vec![part("c n", "a")], false),
        (vec![part("cn", &"a".repeat(4097))], false),
        (vec![part("cn", "a"); 65], false),
    ] {
        assert_eq!(check_name("rename", &name).is_ok(), fits, "{name:?}");
    }
}

#[test]
fn a_new_entry_has_a_place_a_name_and_object_classes() {
    type Change = fn(&mut NewEntry);
    let entry = || NewEntry {
        parent: Dn::parse("ou=people,o=x").expect("a DN"),
        name: vec![part("uid", "ada")],
        attributes: vec![
            attribute("OBJECTCLASS", &["person"]),
            attribute("sn", &["A"]),
        ],
    };
    assert_eq!(check_entry(&entry()), Ok(()));
    let changes: [(Change, &str); 6] = [
        (|e| e.parent = Dn::root(), "parent"),
        (|e| e.name.clear(), "name"),
        (|e| e.attributes.truncate(0), "attributes"),
        (|e| e.attributes[1].values.clear(), "attribute"),
        (|e| e.attributes.push(attribute("SN", &["B"])), "attribute"),
        (|e| e.attributes[1].name = "s/n".into(), "attribute"),
    ];
    for (change, place) in changes {
        let mut entry = entry();
        change(&mut entry);
        let breach = check_entry(&entry).expect_err(place).to_string();
        assert!(breach.starts_with(&format!("{place}: ")), "{breach}");
    }
}
