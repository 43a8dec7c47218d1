use super::*;

fn slot(name: &str, values: &[&[u8]]) -> Slot {
    Slot {
        name: name.to_owned(),
        values: values.iter().map(|v| v.to_vec()).collect(),
    }
}

#[test]
fn prints_what_it_read() {
    for text in [
        "(uid=ada)",
        "(&(objectClass=person)(|(uid=a*b*c)(mail=*))(!(cn>=x)))",
        "(seeAlso:2.5.13.1:=cn=g)",
        "(:dn:2.5.13.5:=x)",
        "(cn=a\\2ab\\28\\29\\5c\\00)",
        "(cn~=x)",
        "(cn=\\c3\\a4)",
    ] {
        let filter = Filter::parse(text, &[]).expect(text);
        assert_eq!(filter.to_string(), text);
    }
}

#[test]
fn a_value_in_a_slot_never_becomes_syntax() {
    for typed in ["*", "a)(uid=*", "\\2a", "a\0b", "Ünï(x)", "{username}"] {
        let filter = Filter::parse("(uid={username})", &[slot("username", &[typed.as_bytes()])])
            .expect(typed);
        assert_eq!(filter, Filter::equal("uid", typed));
        assert_eq!(
            Filter::parse(&filter.to_string(), &[]),
            Ok(filter),
            "{typed}"
        );
    }
}

#[test]
fn a_slot_stands_for_all_of_its_values() {
    let parse =
        |values: &[&[u8]]| Filter::parse("(uid={u})", &[slot("u", values)]).map(|f| f.to_string());
    assert_eq!(parse(&[]), Ok("(!(objectClass=*))".to_owned()));
    assert_eq!(parse(&[b"a", b"b"]), Ok("(|(uid=a)(uid=b))".to_owned()));
}

#[test]
fn refuses_what_is_no_filter() {
    for bad in [
        "",
        "uid=a",
        "(uid=a",
        "(uid=a))",
        "(&)",
        "(uid)",
        "(=a)",
        "(uid=a**b)",
        "(cn~=*x)",
        "(uid={u}x)",
        "(uid=\\zz)",
        "(uid:=)(",
        "(::=x)",
        "(uid={u}",
        "(uid=a)(uid=b)",
    ] {
        assert!(Filter::parse(bad, &[]).is_err(), "{bad}");
    }
    assert_eq!(
        Filter::parse("(uid={who})", &[]),
        Err(FilterError::UnknownSlot("who".to_owned()))
    );
}

#[test]
fn refuses_what_is_too_large() {
    let deep = format!("{}(a=b){}", "(!".repeat(17), ")".repeat(17));
    let wide = format!("(|{})", "(a=b)".repeat(1001));
    for text in [&deep, &wide, &"(".repeat(20_000)] {
        assert!(matches!(
            Filter::parse(text, &[]),
            Err(FilterError::TooLarge(_))
        ));
    }
}

use crate::odd::Odd;

/// Any filter that has a text, with odd values.
fn any_filter(odd: &mut Odd, depth: usize) -> Filter {
    let list = |odd: &mut Odd| {
        (0..=odd.below(3))
            .map(|_| any_filter(odd, depth - 1))
            .collect()
    };
    match odd.below(if depth == 0 { 4 } else { 7 }) {
        0 => Filter::Present("cn;lang-de".to_owned()),
        1 => Filter::Compare {
            attribute: "uid".to_owned(),
            with: [
                Comparison::Equal,
                Comparison::GreaterOrEqual,
                Comparison::LessOrEqual,
                Comparison::Approximate,
            ][odd.below(4)],
            value: odd.octets(12),
        },
        2 => {
            let any = (0..odd.below(3)).map(|_| odd.octets(4));
            let any: Vec<_> = any.filter(|part| !part.is_empty()).collect();
            let (begin, end) = (odd.octets(4), odd.octets(4));
            if begin.is_empty() && any.is_empty() && end.is_empty() {
                // That is the text of presence.
                return Filter::Present("sn".to_owned());
            }
            Filter::Substrings {
                attribute: "sn".to_owned(),
                initial: begin,
                any,
                last: end,
            }
        }
        3 => {
            let attribute = (odd.below(2) == 0).then(|| "cn".to_owned());
            let has_rule = attribute.is_none() || odd.below(2) == 0;
            Filter::Extensible {
                attribute,
                rule: has_rule.then(|| "2.5.13.5".to_owned()),
                dn_attributes: odd.below(2) == 0,
                value: odd.octets(12),
            }
        }
        4 => Filter::And(list(odd)),
        5 => Filter::Or(list(odd)),
        _ => Filter::Not(Box::new(any_filter(odd, depth - 1))),
    }
}

#[test]
fn every_filter_is_read_again_as_it_was_printed() {
    let mut odd = Odd::new();
    for _ in 0..20_000 {
        let filter = any_filter(&mut odd, 3);
        let text = filter.to_string();
        assert!(
            text.is_ascii() && !text.contains(char::is_control),
            "{text:?}"
        );
        assert_eq!(Filter::parse(&text, &[]), Ok(filter), "{text}");
    }
}

#[test]
fn every_value_in_a_slot_stays_one_value() {
    let mut odd = Odd::new();
    for _ in 0..20_000 {
        let value = odd.octets(16);
        let slots = [slot("username", &[&value])];
        let filter = Filter::parse("(&(uid={username})(cn=x))", &slots).expect("a filter");
        let expected = Filter::And(vec![Filter::equal("uid", value), Filter::equal("cn", "x")]);
        assert_eq!(filter, expected);
        assert_eq!(Filter::parse(&filter.to_string(), &[]), Ok(filter));
    }
}

#[test]
fn no_text_makes_the_reader_fail() {
    let mut odd = Odd::new();
    let mut filters = 0;
    for _ in 0..20_000 {
        let text = String::from_utf8_lossy(&odd.octets(24)).into_owned();
        for text in [format!("(cn={text})"), format!("(&{text})"), text] {
            let Ok(filter) = Filter::parse(&text, &[]) else {
                continue;
            };
            filters += 1;
            assert_eq!(
                Filter::parse(&filter.to_string(), &[]),
                Ok(filter),
                "{text:?}"
            );
        }
    }
    assert!(filters > 100, "{filters}");
}
