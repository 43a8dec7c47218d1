use super::*;

fn page(dns: &[&str]) -> Page {
    let entry = |dn: &&str| PageEntry {
        entry: bridge_model::entry::Entry {
            dn: (*dn).to_owned(),
            attributes: Vec::new(),
        },
        controls: Vec::new(),
    };
    Page {
        entries: dns.iter().map(entry).collect(),
        ..Page::default()
    }
}

#[test]
fn the_same_page_twice_is_noticed_and_the_same_cookie_is_not() {
    let mut repetition = Repetition::default();
    for dns in [["uid=a", "uid=b"], ["uid=c", "uid=d"]] {
        assert!(repetition.note(&page(&dns), Some(b"1")).is_ok());
    }
    assert!(
        repetition
            .note(&page(&["uid=c", "uid=d"]), Some(b"2"))
            .is_ok()
    );
    assert!(
        repetition
            .note(&page(&["uid=c", "uid=d"]), Some(b"2"))
            .is_err()
    );
}

#[test]
fn some_empty_pages_are_taken_and_no_more() {
    let mut repetition = Repetition::default();
    for _ in 0..EMPTY_PAGES_MAX {
        assert!(repetition.note(&page(&[]), Some(b"1")).is_ok());
    }
    assert!(repetition.note(&page(&[]), Some(b"2")).is_err());
}

#[test]
fn a_cookie_is_read_whatever_the_estimate() {
    for (value, expected) in [
        (&b"\x30\x07\x02\x01\x00\x04\x02ab"[..], Some(&b"ab"[..])),
        (b"\x30\x08\x02\x02\xff\xff\x04\x02ab", Some(b"ab")),
        (b"\x30\x05\x02\x01\x00\x04\x00", Some(b"")),
        (b"\x30\x03\x02\x01\x00", None),
        (b"", None),
    ] {
        assert_eq!(cookie(value).ok(), expected, "{value:x?}");
    }
}
