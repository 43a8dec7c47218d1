use super::*;

fn dn(text: &str) -> Dn {
    Dn::parse(text).expect(text)
}

#[test]
fn compares_by_normal_form() {
    for (a, b, equal) in [
        ("uid=ada,dc=example", "UID = Ada , DC=Example", true),
        ("cn=a+sn=b,o=x", "sn=B+cn=A,o=x", true),
        ("cn=a\\,b", "cn=a\\2cb", true),
        ("cn=a  b", "cn=a b", true),
        ("cn=ä", "cn=\\c3\\a4", true),
        ("cn=a,o=x", "cn=a", false),
        ("cn=a\\,o=x", "cn=a,o=x", false),
    ] {
        assert_eq!(dn(a) == dn(b), equal, "{a} {b}");
        assert_eq!(dn(a).comparable() == dn(b).comparable(), equal, "{a} {b}");
    }
}

#[test]
fn knows_what_lies_below() {
    let base = dn("ou=people,dc=example");
    assert!(dn("uid=a,OU=People,DC=example").is_within(&base));
    assert!(base.is_within(&base));
    assert!(!dn("dc=example").is_within(&base));
    assert!(!dn("uid=a,ou=xpeople,dc=example").is_within(&base));
    assert!(!dn("uid=a\\,ou=people,dc=example").is_within(&base));
    assert!(base.is_within(&dn("")));
}

#[test]
fn knows_the_domain_of_a_name() {
    for (name, base, is_in) in [
        ("cn=svc,dc=tco,dc=com", "ou=users,dc=TCO,dc=com", true),
        ("dc=tco,dc=com", "ou=users,dc=tco,dc=com", true),
        ("ou=users", "ou=users,dc=tco,dc=com", false),
        ("cn=svc,dc=com", "ou=users,dc=tco,dc=com", false),
        ("cn=svc,dc=other,dc=com", "ou=users,dc=tco,dc=com", false),
        ("cn=svc,ou=b,o=x", "ou=a,o=x", true),
        ("cn=svc,o=y", "ou=a,o=x", false),
    ] {
        assert_eq!(dn(name).is_in_domain_of(&dn(base)), is_in, "{name} {base}");
    }
}

#[test]
fn refuses_what_is_no_dn() {
    for bad in [
        "ada", "=x", "a=b,", "a=b,,c=d", "a=<b", "a=\\zz", "a=\\4", "ä=x",
    ] {
        assert!(Dn::parse(bad).is_err(), "{bad}");
    }
    assert!(Dn::parse(&"a".repeat(5000)).is_err());
}

#[test]
fn escapes_what_it_puts_in() {
    let parent = dn("o=x");
    for value in ["a,b", "#a", " a ", "a+b=c", "\"<>;\\", "a\0b"] {
        let child = Dn::child("cn", value, &parent).expect(value);
        assert_eq!(child.depth(), 2, "{value:?}");
        assert!(child.is_within(&parent));
    }
}

use crate::odd::Odd;

fn part(attribute: &str, value: impl Into<Vec<u8>>) -> NamePart {
    NamePart {
        attribute: attribute.to_owned(),
        value: value.into(),
    }
}

#[test]
fn an_escaped_space_at_the_end_is_part_of_the_name() {
    for (text, expected) in [
        (" cn=a ", "cn=a"),
        ("cn=a\\ ", "cn=a\\ "),
        ("cn=a\\  ", "cn=a\\ "),
        ("cn=a\\\\ ", "cn=a\\\\"),
        ("cn=\\ ", "cn=\\ "),
    ] {
        assert_eq!(dn(text).as_str(), expected);
    }
}

#[test]
fn refuses_a_name_whose_parts_are_none() {
    let parent = dn("o=x");
    assert!(Dn::named(&[], &parent).is_err());
    for attribute in ["", "cn=a,cn", "a b", "cn+sn", "c\\n", "\u{e4}"] {
        assert!(
            Dn::named(&[part(attribute, "x")], &parent).is_err(),
            "{attribute}"
        );
    }
}

#[test]
fn every_value_that_is_put_in_is_read_again() {
    let parent = dn("ou=people,dc=example");
    let mut odd = Odd::new();
    for round in 0..20_000 {
        let values: Vec<_> = (0..=odd.below(2)).map(|_| odd.octets(12)).collect();
        let parts: Vec<_> = values
            .iter()
            .map(|value| part("cn", value.as_slice()))
            .collect();
        let below = if round % 2 == 0 { &parent } else { &Dn::root() };
        let named = Dn::named(&parts, below).expect("a name");
        // It is one name, right below, and its text is read as the same.
        assert_eq!(named.depth(), below.depth() + 1, "{named} {values:x?}");
        assert!(named.is_within(below), "{named} {values:x?}");
        assert_eq!(Dn::parse(named.as_str()).expect("a name"), named);
        let mut expected: Vec<_> = values
            .into_iter()
            .map(|value| match String::from_utf8(value) {
                Ok(text) => fold(text.into_bytes()),
                Err(error) => {
                    let octets = error.into_bytes();
                    let length = u8::try_from(octets.len()).expect("short");
                    [&[b'#', 0x04, length], octets.as_slice()].concat()
                }
            })
            .collect();
        expected.sort();
        let read = named.normal.first().expect("an RDN");
        let read: Vec<_> = read.iter().map(|(_, value)| fold(value.clone())).collect();
        let expected: Vec<_> = expected.into_iter().map(fold).collect();
        assert_eq!(read, expected, "{named}");
    }
}

#[test]
fn no_text_makes_the_reader_fail() {
    let mut odd = Odd::new();
    let mut names = 0;
    for _ in 0..20_000 {
        let text = String::from_utf8_lossy(&odd.octets(24)).into_owned();
        for text in [format!("cn={text}"), text] {
            let Ok(name) = Dn::parse(&text) else {
                continue;
            };
            names += 1;
            assert_eq!(Dn::parse(name.as_str()).as_ref(), Ok(&name), "{text:?}");
        }
    }
    assert!(names > 500, "{names}");
}
