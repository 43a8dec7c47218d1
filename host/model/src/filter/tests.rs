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
