use super::*;
use crate::ber::tag::{BIND_REQUEST, BIND_RESPONSE, CONTROLS, SEARCH_REQUEST};

/// An element; lengths up to 16 bits.
fn element(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let mut octets = vec![tag];
    if let Ok(length @ ..0x80) = u8::try_from(content.len()) {
        octets.push(length);
    } else {
        let length = u16::try_from(content.len()).expect("short");
        octets.push(0x82);
        octets.extend(length.to_be_bytes());
    }
    octets.extend(content);
    octets
}

fn leaf(tag: u8, content: &[u8]) -> Vec<u8> {
    element(tag, &[content.to_vec()])
}

fn message(id: u8, rest: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &[leaf(0x02, &[id]), rest.concat()])
}

/// The parts of a result with success and no words.
fn success() -> Vec<Vec<u8>> {
    vec![leaf(0x0a, &[0]), leaf(0x04, b""), leaf(0x04, b"")]
}

fn with(more: Vec<u8>) -> Vec<Vec<u8>> {
    let mut parts = success();
    parts.push(more);
    parts
}

fn fence_after(request_tag: u8, limits: Limits) -> Fence {
    let mut fence = Fence::new(limits);
    fence
        .request(&message(7, &[leaf(request_tag, b"")]), false)
        .expect("a request");
    fence
}

fn answer_to(request_tag: u8, answer: &[u8]) -> Result<(), End> {
    let mut fence = fence_after(request_tag, Limits::default());
    let octets = fence.message_octets(answer)?;
    assert_eq!(octets, Some(answer.len()));
    fence.admit(answer)
}

#[test]
fn lets_through_what_answers_the_request() {
    let bind = |parts: &[Vec<u8>]| message(7, &[element(BIND_RESPONSE, parts)]);
    let control = element(
        0x30,
        &[leaf(0x04, b"1.2"), leaf(0x01, &[0xff]), leaf(0x04, b"v")],
    );
    let bare = element(0x30, &[leaf(0x04, b"1.2")]);
    for good in [
        bind(&success()),
        bind(&with(leaf(0x87, b"credentials"))),
        bind(&with(element(0xa3, &[leaf(0x04, b"ldap://other.example")]))),
        message(
            7,
            &[
                element(BIND_RESPONSE, &success()),
                element(CONTROLS, &[control, bare]),
            ],
        ),
        message(
            7,
            &[element(BIND_RESPONSE, &success()), element(CONTROLS, &[])],
        ),
    ] {
        assert_eq!(answer_to(BIND_REQUEST, &good), Ok(()), "{good:x?}");
    }
    for good in [
        message(7, &[element(0x64, &[leaf(0x04, b""), leaf(0x30, b"")])]),
        message(7, &[element(0x73, &[leaf(0x04, b"ldap://other.example")])]),
        message(7, &[element(0x79, &[])]),
        message(7, &[element(0x65, &success())]),
    ] {
        assert_eq!(answer_to(SEARCH_REQUEST, &good), Ok(()), "{good:x?}");
    }
}

#[test]
fn refuses_an_answer_that_nobody_waits_for() {
    let bound = element(BIND_RESPONSE, &success());
    for (request, bad) in [
        (BIND_REQUEST, message(8, std::slice::from_ref(&bound))),
        (SEARCH_REQUEST, message(7, std::slice::from_ref(&bound))),
        (BIND_REQUEST, message(7, &[element(0x65, &success())])),
        (BIND_REQUEST, message(7, &[element(0x78, &success())])),
        (BIND_REQUEST, message(7, &[leaf(0x41, b"")])),
    ] {
        assert!(
            matches!(answer_to(request, &bad), Err(End::Violation(_))),
            "{bad:x?}"
        );
    }
    let answer = message(7, &[bound]);
    let mut fence = Fence::new(Limits::default());
    assert!(fence.admit(&answer).is_err(), "before any request");
    let mut fence = fence_after(BIND_REQUEST, Limits::default());
    assert_eq!(fence.admit(&answer), Ok(()));
    assert!(fence.admit(&answer).is_err(), "a second time");
}

#[test]
fn refuses_what_ldap3_would_panic_on() {
    let bind = |parts: &[Vec<u8>]| message(7, &[element(BIND_RESPONSE, parts)]);
    let controls = |list: &[Vec<u8>]| {
        message(
            7,
            &[element(BIND_RESPONSE, &success()), element(CONTROLS, list)],
        )
    };
    for bad in [
        bind(&[]),
        bind(&[leaf(0x0a, &[0])]),
        bind(&[leaf(0x02, &[0]), leaf(0x04, b""), leaf(0x04, b"")]),
        bind(&[leaf(0x0a, &[]), leaf(0x04, b""), leaf(0x04, b"")]),
        bind(&[leaf(0x0a, &[0]), leaf(0x04, b"\xff"), leaf(0x04, b"")]),
        bind(&[leaf(0x0a, &[0]), leaf(0x04, b""), leaf(0x04, b"\xff")]),
        bind(&[leaf(0x0a, &[0]), leaf(0x04, b""), leaf(0x24, b"")]),
        bind(&with(leaf(0x83, b""))),
        bind(&with(leaf(0xa7, b""))),
        bind(&with(leaf(0x2b, b""))),
        bind(&with(element(0xa3, &[leaf(0x04, b"\xff")]))),
        bind(&with(element(0xa3, &[leaf(0x30, b"")]))),
        bind(&with(leaf(0x8a, b"\xff"))),
        controls(&[leaf(0x04, b"1.2")]),
        controls(&[leaf(0x30, b"")]),
        controls(&[element(0x30, &[leaf(0x04, b"\xff")])]),
        controls(&[element(0x30, &[leaf(0x04, b"1.2"), leaf(0x01, b"")])]),
        controls(&[element(0x30, &[leaf(0x04, b"1.2"), leaf(0x02, &[1])])]),
        controls(&[element(0x30, &[leaf(0x04, b"1.2"), leaf(0x24, b"")])]),
        message(7, &[]),
        message(7, &[element(BIND_RESPONSE, &success()), leaf(0x80, b"")]),
        element(0x30, &[]),
        element(0x30, &[leaf(0x04, b"x"), leaf(0x61, b"")]),
        element(0x30, &[leaf(0x02, &[0xff]), leaf(0x61, b"")]),
        element(0x30, &[leaf(0x02, &[0, 0, 0, 0, 7]), leaf(0x61, b"")]),
    ] {
        assert!(
            matches!(answer_to(BIND_REQUEST, &bad), Err(End::Violation(_))),
            "{bad:x?}"
        );
    }
}

#[test]
fn refuses_a_long_message_before_it_has_arrived() {
    let fence = Fence::new(Limits::default());
    for bad in [
        &b"\x30\x84\xff\xff\xff\xff"[..],
        &b"\x30\x84\x00\x40\x00\x00"[..],
        &b"\x30\x80"[..],
        &b"\x30\x89"[..],
        &b"HTTP/1.1 400"[..],
        &b"\x31\x03"[..],
    ] {
        assert!(fence.message_octets(bad).is_err(), "{bad:x?}");
    }
    for (start, expected) in [
        (&b""[..], None),
        (&b"\x30\x84\x00\x00"[..], None),
        (&b"\x30\x84\x00\x3f\xff\xfa"[..], Some(4 * 1024 * 1024)),
    ] {
        assert_eq!(fence.message_octets(start), Ok(expected), "{start:x?}");
    }
}

#[test]
fn refuses_a_result_that_is_too_large_as_a_whole() {
    let entry = message(7, &[element(0x64, &[leaf(0x04, b""), leaf(0x30, b"")])]);
    let admitted = |limits| {
        let mut fence = fence_after(SEARCH_REQUEST, limits);
        (0..100).take_while(|_| fence.admit(&entry).is_ok()).count()
    };
    let octets = Limits {
        result_octets_max: entry.len() * 5,
        ..Limits::default()
    };
    assert_eq!(admitted(octets), 5);
    let elements = Limits {
        // The message, its id, the entry, its name and its list of attributes.
        result_elements_max: 5 * 7,
        ..Limits::default()
    };
    assert_eq!(admitted(elements), 7);
    assert_eq!(admitted(Limits::default()), 100);
}

#[test]
fn refuses_deep_nesting() {
    let mut deep = leaf(0x30, b"");
    for _ in 0..2000 {
        deep = element(0x30, &[deep]);
    }
    let bad = message(7, &[element(0x64, &[leaf(0x04, b""), deep])]);
    assert!(matches!(
        answer_to(SEARCH_REQUEST, &bad),
        Err(End::Violation(_))
    ));
}

#[test]
fn takes_a_farewell_for_the_end() {
    let reason = vec![
        leaf(0x0a, &[52]),
        leaf(0x04, b""),
        leaf(0x04, b"going down"),
    ];
    let notice = leaf(0x8a, b"1.3.6.1.4.1.1466.20036");
    let inside = element(0x78, &[reason.concat(), notice.clone()]);
    // Some servers put the name of the notice behind the operation.
    for farewell in [
        message(0, std::slice::from_ref(&inside)),
        message(0, &[element(0x78, &reason), notice]),
    ] {
        let Err(End::Closed(words)) = answer_to(BIND_REQUEST, &farewell) else {
            unreachable!("the connection goes on");
        };
        assert!(words.contains("result code 52: going down"), "{words}");
    }
}

#[test]
fn forwards_only_what_is_asked_for_here() {
    let mut fence = Fence::new(Limits::default());
    for bad in [
        &b""[..],
        b"\x30",
        b"GET /",
        // A comparison, and an abandonment.
        &message(1, &[element(0x6e, &[])]),
        &message(1, &[leaf(0x50, &[1])]),
    ] {
        assert!(fence.request(bad, false).is_err(), "{bad:x?}");
    }
}

#[test]
fn every_request_has_its_own_answer_and_no_other() {
    let kinds = [
        (0x60, 0x61),
        (0x63, 0x65),
        (0x66, 0x67),
        (0x68, 0x69),
        (0x4a, 0x6b),
        (0x6c, 0x6d),
        (0x77, 0x78),
    ];
    for (request, _) in kinds {
        for (_, answer) in kinds {
            let message = message(7, &[element(answer, &success())]);
            let is_its_own = kinds.contains(&(request, answer));
            let outcome = answer_to(request, &message);
            assert_eq!(outcome.is_ok(), is_its_own, "{request:x} {answer:x}");
        }
        // ldap3 would take one for the end of anything but a search.
        let intermediate = message(7, &[element(0x79, &[])]);
        let outcome = answer_to(request, &intermediate);
        assert_eq!(outcome.is_ok(), request == SEARCH_REQUEST, "{request:x}");
    }
}

#[test]
fn a_long_result_counts_only_as_far_as_it_waits() {
    let entry = message(7, &[element(0x64, &[leaf(0x04, b""), leaf(0x30, b"")])]);
    let limits = Limits {
        result_octets_max: entry.len() * 5 * WAITING_SHARE,
        ..Limits::default()
    };
    let mut fence = Fence::new(limits);
    let request = message(7, &[leaf(SEARCH_REQUEST, b"")]);
    fence.request(&request, true).expect("a request");
    for _ in 0..1000 {
        for _ in 0..5 {
            assert!(!fence.is_full());
            assert_eq!(fence.admit(&entry), Ok(()));
        }
        assert_eq!(fence.admit(&entry), Ok(()));
        assert!(fence.is_full());
        fence.taken(6);
    }
    // Taking more than there was does no harm.
    fence.taken(6);
    assert_eq!(fence.admit(&entry), Ok(()));
    let large = message(7, &[element(0x73, &[leaf(0x04, &vec![b'a'; 60_000])])]);
    let small = Limits {
        result_octets_max: 50_000,
        ..limits
    };
    let mut fence = Fence::new(small);
    fence.request(&request, true).expect("a request");
    assert!(fence.admit(&large).is_err(), "one message is too large");
}
