use super::*;
use bridge_model::filter::{Comparison, Filter};
use bytes::BytesMut;
use ldap3::asn1::{ASNTag as _, PL, TagClass, write};

fn primitive(octets: &[u8]) -> StructureTag {
    StructureTag {
        class: TagClass::Universal,
        id: 4,
        payload: PL::P(octets.to_vec()),
    }
}

fn list(tags: Vec<StructureTag>) -> StructureTag {
    StructureTag {
        class: TagClass::Universal,
        id: 16,
        payload: PL::C(tags),
    }
}

fn attribute(name: &str, values: &[&[u8]]) -> StructureTag {
    list(vec![
        primitive(name.as_bytes()),
        list(values.iter().copied().map(primitive).collect()),
    ])
}

#[test]
fn merges_descriptions_without_regard_to_case_and_keeps_octets_and_options() {
    let tag = list(vec![
        primitive(b"uid=ada"),
        list(vec![
            attribute("mail", &[b"a@example.test"]),
            attribute("cn;lang-de", &[b"\xff\x00"]),
            attribute("MAIL", &[b"b@example.test"]),
            attribute("member", &[]),
            attribute("member;range=0-1", &[b"x"]),
        ]),
    ]);
    let read = entry(tag).expect("an entry");
    assert_eq!(read.dn, "uid=ada");
    assert_eq!(
        read.values("mail"),
        [b"a@example.test".to_vec(), b"b@example.test".to_vec()]
    );
    assert_eq!(read.values("CN;lang-de"), [vec![0xff, 0]]);
    assert!(read.values("cn").is_empty());
    let names: Vec<_> = read.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["mail", "cn;lang-de", "member;range=0-1"]);
}

#[test]
fn refuses_what_is_no_entry() {
    for bad in [
        primitive(b""),
        list(vec![]),
        list(vec![primitive(b"\xff"), list(vec![])]),
        list(vec![primitive(b"uid=ada")]),
        list(vec![primitive(b"uid=ada"), primitive(b"")]),
        list(vec![primitive(b"uid=ada"), list(vec![primitive(b"")])]),
        list(vec![
            primitive(b"uid=ada"),
            list(vec![list(vec![primitive(b"cn"), list(vec![list(vec![])])])]),
        ]),
    ] {
        assert!(entry(bad.clone()).is_err(), "{bad:?}");
    }
}

/// What a filter must look like on the wire (RFC 4511 section 4.5.1.7), written out apart.
fn wire(filter: &Filter) -> Vec<u8> {
    let octets = |text: &str| element(0x04, text.as_bytes());
    match filter {
        Filter::And(parts) => element(0xa0, &parts.iter().flat_map(wire).collect::<Vec<_>>()),
        Filter::Or(parts) => element(0xa1, &parts.iter().flat_map(wire).collect::<Vec<_>>()),
        Filter::Not(part) => element(0xa2, &wire(part)),
        Filter::Present(attribute) => element(0x87, attribute.as_bytes()),
        Filter::Compare {
            attribute,
            with,
            value,
        } => {
            let tag = match with {
                Comparison::Equal => 0xa3,
                Comparison::GreaterOrEqual => 0xa5,
                Comparison::LessOrEqual => 0xa6,
                Comparison::Approximate => 0xa8,
            };
            element(tag, &[octets(attribute), element(0x04, value)].concat())
        }
        Filter::Substrings {
            attribute,
            initial,
            any,
            last,
        } => {
            let part = |tag, value: &Vec<u8>| match value.as_slice() {
                [] => vec![],
                value => element(tag, value),
            };
            let mut parts = part(0x80, initial);
            parts.extend(any.iter().flat_map(|value| part(0x81, value)));
            parts.extend(part(0x82, last));
            element(0xa4, &[octets(attribute), element(0x30, &parts)].concat())
        }
        Filter::Extensible {
            attribute,
            rule,
            dn_attributes,
            value,
        } => {
            let text = |tag, text: &Option<String>| {
                text.as_ref()
                    .map_or(vec![], |text| element(tag, text.as_bytes()))
            };
            let mut parts = text(0x81, rule);
            parts.extend(text(0x82, attribute));
            parts.extend(element(0x83, value));
            if *dn_attributes {
                parts.extend(element(0x84, &[0xff]));
            }
            element(0xa9, &parts)
        }
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short");
    let mut octets = vec![tag];
    match length {
        0..=0x7f => octets.push(length.to_be_bytes()[1]),
        0x80..=0xff => octets.extend([0x81, length.to_be_bytes()[1]]),
        _ => {
            octets.push(0x82);
            octets.extend(length.to_be_bytes());
        }
    }
    octets.extend(content);
    octets
}

fn sent_by_ldap3(filter: &Filter) -> Vec<u8> {
    let text = filter.to_string();
    let tag = ldap3::parse_filter(&text).unwrap_or_else(|()| unreachable!("not taken: {text}"));
    let mut octets = BytesMut::new();
    write::encode_into(&mut octets, tag.into_structure()).expect("encodes");
    octets.to_vec()
}

/// All filters that hold `value` in one of the places where a value can stand.
fn filters_with(value: &[u8]) -> Vec<Filter> {
    let value = value.to_vec();
    let mut filters: Vec<_> = [
        Comparison::Equal,
        Comparison::GreaterOrEqual,
        Comparison::LessOrEqual,
        Comparison::Approximate,
    ]
    .into_iter()
    .map(|with| Filter::Compare {
        attribute: "cn;lang-de".to_owned(),
        with,
        value: value.clone(),
    })
    .collect();
    for (attribute, rule, dn_attributes) in [
        (Some("cn"), None, false),
        (Some("cn"), None, true),
        (Some("2.5.4.3"), Some("1.2.840.113556.1.4.1941"), false),
        (Some("member"), Some("distinguishedNameMatch"), true),
        (None, Some("caseIgnoreMatch"), false),
        (None, Some("2.5.13.5"), true),
    ] {
        filters.push(Filter::Extensible {
            attribute: attribute.map(str::to_owned),
            rule: rule.map(str::to_owned),
            dn_attributes,
            value: value.clone(),
        });
    }
    if !value.is_empty() {
        for (initial, any, last) in [
            (&value, vec![], &vec![]),
            (&vec![], vec![value.clone()], &vec![]),
            (&vec![], vec![], &value),
            (&value, vec![value.clone(), value.clone()], &value),
        ] {
            filters.push(Filter::Substrings {
                attribute: "mail".to_owned(),
                initial: initial.clone(),
                any,
                last: last.clone(),
            });
        }
    }
    let all = filters.clone();
    filters.push(Filter::And(all.clone()));
    filters.push(Filter::Not(Box::new(Filter::Or(all))));
    filters.push(Filter::Present("objectClass".to_owned()));
    filters
}

#[test]
fn ldap3_sends_every_filter_as_it_is_meant() {
    let mut values: Vec<Vec<u8>> = (0..=255).map(|octet| vec![octet]).collect();
    values.extend((0..=255).map(|octet| vec![b'a', octet, octet, b'z']));
    values.push(vec![]);
    values.push((0..=255).collect());
    values.extend(
        [
            "*",
            "a)(uid=*",
            "\\2a",
            "\\",
            "a\0b",
            "Ünï(x)",
            " a ",
            "{username}",
            "o'brien",
        ]
        .map(|text| text.as_bytes().to_vec()),
    );
    for value in values {
        for filter in filters_with(&value) {
            assert_eq!(sent_by_ldap3(&filter), wire(&filter), "{filter}");
        }
    }
}
