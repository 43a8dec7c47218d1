//! Searching as the service.

use super::*;
use bridge_model::{filter::Comparison, ports::DirectoryFault, search::Found};
use std::time::Instant;
use suites::{
    peer::{self, BIND, Peer, Reaction},
    slapd::{MANY_GROUPS, SUFFIX, Slapd},
};

async fn found(directory: &dyn Directory, search: &Search) -> Found {
    directory.search(search).await.expect("an answer")
}

#[tokio::test]
async fn attributes_come_as_octets_with_their_options() {
    let slapd = Slapd::shared();
    let directory = open(&ldaps(&slapd.ldaps_address()));
    let wanted = ["CN", "jpegPhoto", "memberOf", "entryUUID", "description"];
    let found = found(
        &*directory,
        &search(PEOPLE, Filter::equal("uid", "ada"), &wanted),
    )
    .await;
    let ada = &found.entries[0];
    assert_eq!(ada.dn, format!("uid=ada,{PEOPLE}"));
    assert_eq!(ada.values("cn"), [b"Ada Lovelace".to_vec()]);
    assert_eq!(
        ada.values("cn;lang-fr"),
        [b"Ada Comtesse de Lovelace".to_vec()]
    );
    assert_eq!(ada.values("jpegphoto")[0][..4], [0xff, 0xd8, 0xff, 0xe0]);
    assert_eq!(ada.values("memberOf").len(), 3);
    assert_eq!(ada.values("entryUUID")[0].len(), 36);
    assert_eq!(ada.attributes.len(), 5, "{ada:?}");
}

#[tokio::test]
async fn only_what_is_asked_for_is_read() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    let nothing = found(
        &*directory,
        &search(PEOPLE, Filter::equal("uid", "ada"), &[]),
    )
    .await;
    assert_eq!(nothing.entries[0].attributes, []);
}

#[tokio::test]
async fn many_values_arrive_whole() {
    let directory = open(&start_tls(&Slapd::shared().ldap_address()));
    let many = search(PEOPLE, Filter::equal("uid", "many"), &["memberOf"]);
    let found = found(&*directory, &many).await;
    assert_eq!(found.entries[0].values("memberOf").len(), MANY_GROUPS);
}

#[tokio::test]
async fn two_entries_of_one_name_are_both_found() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    let twins = search(SUFFIX, Filter::equal("uid", "twin"), &["cn"]);
    let found = found(&*directory, &twins).await;
    assert_eq!((found.result_code, found.entries.len()), (0, 2));
}

#[tokio::test]
async fn every_octet_finds_its_own_entry_and_no_other() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    for octet in 0..=u8::MAX {
        let filter = Filter::equal("anyOctets", [b'x', octet, b'y']);
        let found = found(&*directory, &search(SUFFIX, filter, &["cn"])).await;
        let names: Vec<_> = found
            .entries
            .iter()
            .map(|entry| entry.dn.as_str())
            .collect();
        assert_eq!(names, [format!("cn=octet-{octet:02x},ou=octets,{SUFFIX}")]);
    }
}

#[tokio::test]
async fn every_kind_of_filter_is_understood_by_a_server() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    let star = Filter::Substrings {
        attribute: "uid".to_owned(),
        initial: b"a*".to_vec(),
        any: vec![b"(".to_vec()],
        last: b")\\c".to_vec(),
    };
    let by_rule = |rule: &str| Filter::Extensible {
        attribute: Some("uid".to_owned()),
        rule: Some(rule.to_owned()),
        dn_attributes: false,
        value: b"ada".to_vec(),
    };
    let in_dn = Filter::Extensible {
        attribute: Some("ou".to_owned()),
        rule: None,
        dn_attributes: true,
        value: b"contractors".to_vec(),
    };
    let approximate = Filter::Compare {
        attribute: "uid".to_owned(),
        with: Comparison::Approximate,
        value: b"ada".to_vec(),
    };
    let not_ada = Filter::Not(Box::new(Filter::equal("uid", "ada")));
    for (filter, uid) in [
        (star, "a*(b)\\c"),
        (by_rule("caseIgnoreMatch"), "ada"),
        (by_rule("2.5.13.2"), "ada"),
        (approximate, "ada"),
        (
            Filter::And(vec![in_dn, Filter::Present("uid".to_owned())]),
            "twin",
        ),
        (
            Filter::And(vec![
                not_ada,
                Filter::Or(vec![
                    Filter::equal("uid", "ada"),
                    Filter::equal("uid", "alan"),
                ]),
            ]),
            "alan",
        ),
    ] {
        let text = filter.to_string();
        let found = found(&*directory, &search(SUFFIX, filter, &["uid"])).await;
        assert_eq!(found.entries.len(), 1, "{text}");
        assert_eq!(
            found.entries[0].values("uid"),
            [uid.as_bytes().to_vec()],
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_looks_like_syntax_in_a_value_is_not() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    for typed in [
        "*",
        "a*",
        "ada)(uid=*",
        "ada\0",
        "\\61da",
        "*)(objectClass=*",
        "ada,ou=people",
    ] {
        let found = found(&*directory, &by_uid(typed)).await;
        assert_eq!(found.entries, [], "{typed:?}");
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_sent_is_a_fault_of_the_configuration() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    let filter = Filter::equal("no_such(name", "x");
    let error = directory
        .search(&search(PEOPLE, filter, &["cn"]))
        .await
        .expect_err("refused");
    assert_eq!(error.fault, DirectoryFault::Misconfigured, "{error}");
    works(&*directory).await;
}

#[tokio::test]
async fn scope_and_base_are_heeded() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    let everything = Filter::Present("objectClass".to_owned());
    for (base, scope, expected) in [
        (PEOPLE, SearchScope::Base, (0, 1)),
        (SUFFIX, SearchScope::OneLevel, (0, 6)),
        (
            "ou=services,dc=example,dc=test",
            SearchScope::Subtree,
            (0, 3),
        ),
        (
            "ou=nowhere,dc=example,dc=test",
            SearchScope::Subtree,
            (32, 0),
        ),
    ] {
        let mut search = search(base, everything.clone(), &["ou"]);
        search.scope = scope;
        search.size_limit = 10;
        let found = found(&*directory, &search).await;
        assert_eq!((found.result_code, found.entries.len()), expected, "{base}");
    }
}

#[tokio::test]
async fn the_root_dse_says_what_the_server_can_do() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    // RFC 4512 section 5.1. They are operational, so each has to be asked for, or `+` (RFC 3673).
    let wanted = [
        "objectClass",
        "namingContexts",
        "supportedControl",
        "supportedExtension",
        "supportedFeatures",
        "supportedLDAPVersion",
        "subschemaSubentry",
    ];
    for attributes in [&wanted[..], &["*", "+"]] {
        let everything = Filter::Present("objectClass".to_owned());
        let mut root = search("", everything, attributes);
        root.scope = SearchScope::Base;
        root.size_limit = 1;
        let found = found(&*directory, &root).await;
        assert_eq!((found.result_code, found.entries.len()), (0, 1));
        let root = &found.entries[0];
        assert_eq!(root.dn, "");
        assert_eq!(root.values("namingContexts"), [SUFFIX.as_bytes().to_vec()]);
        let has = |attribute: &str, value: &str| {
            root.values(attribute).contains(&value.as_bytes().to_vec())
        };
        assert!(has("supportedLDAPVersion", "3"), "{root:?}");
        // Paging, StartTLS, all operational attributes.
        assert!(
            has("supportedControl", "1.2.840.113556.1.4.319"),
            "{root:?}"
        );
        assert!(
            has("supportedExtension", "1.3.6.1.4.1.1466.20037"),
            "{root:?}"
        );
        assert!(
            has("supportedFeatures", "1.3.6.1.4.1.4203.1.5.1"),
            "{root:?}"
        );
        assert!(has("subschemaSubentry", "cn=Subschema"), "{root:?}");
    }
}

#[tokio::test]
async fn operational_attributes_are_read_where_they_are_asked_for() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    for attributes in [&["entryUUID", "createTimestamp"][..], &["+"]] {
        let ada = search(PEOPLE, Filter::equal("uid", "ada"), attributes);
        let found = found(&*directory, &ada).await;
        for attribute in ["entryUUID", "createTimestamp"] {
            assert_eq!(found.entries[0].values(attribute).len(), 1, "{attribute}");
        }
        assert_eq!(found.entries[0].values("cn").len(), 0);
    }
}

#[tokio::test]
async fn a_result_over_the_size_limit_says_so() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    let mut all = search(SUFFIX, Filter::Present("anyOctets".to_owned()), &["cn"]);
    for (limit, expected) in [
        (1, (4, 1)),
        (255, (4, 255)),
        (256, (0, 256)),
        (1000, (0, 256)),
    ] {
        all.size_limit = limit;
        let found = found(&*directory, &all).await;
        assert_eq!((found.result_code, found.entries.len()), expected);
    }
}

#[tokio::test]
async fn a_servers_trouble_is_an_answer_and_referrals_are_not_followed() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    for (name, expected) in [("busy", 51), ("unavailable", 52), ("referral", 10)] {
        let base = format!("cn={name},ou=RetCodes,{SUFFIX}");
        let everything = Filter::Present("objectClass".to_owned());
        let found = found(&*directory, &search(&base, everything, &["cn"])).await;
        assert_eq!((found.result_code, found.entries.len()), (expected, 0));
    }
}

#[tokio::test]
async fn a_slow_search_ends_at_the_deadline_and_the_next_one_works() {
    let slapd = Slapd::shared();
    let mut federation = ldaps(&slapd.ldaps_address());
    federation.connection.operation_timeout = Duration::from_millis(300);
    let directory = open(&federation);
    let base = format!("cn=slow,ou=RetCodes,{SUFFIX}");
    let slow = search(&base, Filter::Present("objectClass".to_owned()), &["cn"]);
    let begin = Instant::now();
    let error = directory.search(&slow).await.expect_err("no answer");
    assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    assert!(
        begin.elapsed() < Duration::from_secs(3),
        "{:?}",
        begin.elapsed()
    );
    works(&*directory).await;
}

#[tokio::test]
async fn the_deadline_is_for_the_whole_result() {
    // One entry now and then: each in time, all together not.
    let peer = Peer::start(|request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::Drip(
            peer::search_entry(request.id, "uid=ada", "uid", &[b"ada"]),
            Duration::from_millis(50),
        ),
    });
    let mut federation = plaintext(&peer.address());
    federation.connection.operation_timeout = Duration::from_millis(400);
    let mut everybody = by_uid("ada");
    everybody.size_limit = 1000;
    let begin = Instant::now();
    let error = open(&federation)
        .search(&everybody)
        .await
        .expect_err("no end");
    assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn limits_are_sent_and_aliases_are_not_followed() {
    let peer = Peer::start(|request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::Send(peer::search_done(request.id, 0)),
    });
    let mut federation = plaintext(&peer.address());
    federation.connection.operation_timeout = Duration::from_millis(3500);
    found(&*open(&federation), &by_uid("ada")).await;
    let sent = peer.requests().pop().expect("a search").octets;
    // Scope subtree, never aliases, 2 entries, 4 seconds, values too (RFC 4511 section 4.5.1).
    let expected = b"\x0a\x01\x02\x0a\x01\x00\x02\x01\x02\x02\x01\x04\x01\x01\x00";
    assert!(
        sent.windows(expected.len())
            .any(|octets| octets == expected),
        "{sent:x?}"
    );
}
