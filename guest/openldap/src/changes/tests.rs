use super::*;
use policy_sdk::{
    VendorPolicy,
    testing::{self, control, federation, ldif, page, reply, with_control},
    types::{Entry, Federation, Message, Plan, Reply, SearchScope, Subtree},
};

const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z
const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";

/// Both as slapd 2.5 wrote them.
const BEFORE: &str = "rid=000,csn=20261122065941.652383Z#000000#000#000000";
const AFTER: &str = "rid=000,csn=20261122070015.913032Z#000000#000#000000";
/// The state of an entry that was added or changed, as slapd 2.5 wrote it.
const ADDED: &[u8] =
    b"\x30\x15\x0a\x01\x01\x04\x10\x08\xde\xc4\xe6\x7a\x8e\x10\x41\x8d\x3e\x8f\x62\x96\x41\xbf\xf1";
const UUID: &[u8] = b"\x09\x05\xf9\x9e\x7a\x8e\x10\x41\x8e\xf5\xb9\x57\x48\x08\xcd\x4c";

fn plan() -> Plan {
    OpenLdap::translate(federation("openldap", "ou=people,o=x")).expect("a plan")
}

fn cursor() -> Vec<u8> {
    cursor_of(BEFORE)
}

fn user() -> Entry {
    ldif("dn: uid=ada,ou=people,o=x\nuid: ada\n")
        .expect("LDIF")
        .remove(0)
}

fn root(offers: &str) -> Page {
    let root = ldif(&format!("dn:\nsupportedControl: {offers}\n")).expect("LDIF");
    page(
        root.into_iter().map(|root| (root, vec![])).collect(),
        reply(0, ""),
    )
}

/// The end of a read: SyncDone with a cookie and refreshDeletes.
fn ended(cookie: &str) -> Reply {
    let mut value = vec![0x30, u8::try_from(cookie.len() + 5).expect("short"), 4];
    value.push(u8::try_from(cookie.len()).expect("short"));
    value.extend_from_slice(cookie.as_bytes());
    value.extend([1, 1, 0xff]);
    with_control(reply(0, ""), DONE, &value)
}

/// A set of UUIDs that are gone, or that are there.
fn ids(are_gone: bool) -> Message {
    let mut set = vec![1, 1, if are_gone { 0xff } else { 0 }, 0x31, 18, 4, 16];
    set.extend_from_slice(UUID);
    let mut value = vec![0xa3, u8::try_from(set.len()).expect("short")];
    value.append(&mut set);
    Message {
        oid: INFO.to_owned(),
        value: Some(value),
    }
}

fn advance(
    plan: &Plan,
    cursor: Option<&[u8]>,
    answer: Option<(&str, Page)>,
) -> Result<Advance, Box<Turn>> {
    testing::advance::<OpenLdap>(plan, cursor, answer, NOW)
}

fn key(advance: Result<Advance, Box<Turn>>) -> String {
    advance
        .expect("an advance")
        .next
        .expect("a read")
        .search
        .key
}

#[test]
fn the_mark_is_a_cookie_where_synchronisation_is_offered_and_a_time_elsewhere() {
    let plan = plan();
    assert_eq!(key(advance(&plan, None, None)), "root");
    let next = advance(&plan, None, Some(("root", root(sync::REQUEST))));
    let next = next.expect("an advance").next.expect("a read");
    assert_eq!(next.search.base, "ou=people,o=x");
    assert_eq!(next.search.scope, SearchScope::Base);
    assert_eq!(next.controls[0].oid, sync::REQUEST);
    assert_eq!(
        next.controls[0].value.as_deref(),
        Some(&[0x30, 3, 0x0a, 1, 1][..])
    );
    let marked = advance(&plan, None, Some(("first", page(vec![], ended(BEFORE)))));
    assert_eq!(marked.expect("a mark").cursor, Some(cursor()));

    let by_time = Some(b"t20261121115500Z".to_vec());
    let without = advance(&plan, None, Some(("root", root("1.2.3"))));
    assert_eq!(without.expect("a mark").cursor, by_time);
    // unavailableCriticalExtension: the overlay is not on this database.
    let refused = advance(&plan, None, Some(("first", page(vec![], reply(12, "")))));
    assert_eq!(refused.expect("a mark").cursor, by_time);
}

#[test]
fn a_run_reads_what_changed_since_the_cookie() {
    let plan = plan();
    let cursor = cursor();
    let begun = advance(&plan, Some(&cursor), None).expect("an advance");
    assert_eq!(begun.next.expect("a read").search.key, "begin");

    let same = page(vec![], ended(BEFORE));
    let nothing_new = advance(&plan, Some(&cursor), Some(("begin", same)));
    assert_eq!(nothing_new, Ok(nothing()), "nobody is read");

    let later = page(vec![], ended(AFTER));
    let next = advance(&plan, Some(&cursor), Some(("begin", later)));
    let next = next.expect("an advance").next.expect("a read");
    assert!(next.of_users && !next.paged);
    let request = next.controls[0].value.clone().expect("a value");
    assert_eq!(request[..2], [0x30, 57]);
    assert!(request.ends_with(BEFORE.as_bytes()));

    let mut answer = page(
        vec![
            (user(), vec![control(STATE, ADDED)]),
            (
                user(),
                vec![control(
                    STATE,
                    &[&[0x30, 0x15, 10, 1, 0, 4, 16], UUID].concat(),
                )],
            ),
            (
                user(),
                vec![control(
                    STATE,
                    &[&[0x30, 0x15, 10, 1, 3, 4, 16], UUID].concat(),
                )],
            ),
        ],
        ended(AFTER),
    );
    answer.messages = vec![ids(true), ids(false)];
    let found = advance(&plan, Some(&cursor), Some((&next.search.key, answer)));
    let found = found.expect("an advance");
    let gone = Whom::Id(b"0905f99e-7a8e-1041-8ef5-b9574808cd4c".to_vec());
    assert_eq!(found.changed, [Whom::Here(0)]);
    assert_eq!(found.gone, [gone.clone(), gone]);
    assert_eq!(found.cursor, Some(cursor_of(AFTER)));
    assert_eq!(found.next, None);
}

#[test]
fn with_several_places_nobody_is_gone_who_may_have_moved() {
    let place = |base: &str| Subtree {
        base: base.to_owned(),
        scope: SearchScope::Subtree,
    };
    let two = Federation {
        users: vec![place("ou=a,o=x"), place("ou=b,o=x")],
        ..federation("openldap", "")
    };
    let another_id = Federation {
        uuid_attribute: Some("employeeNumber".to_owned()),
        ..federation("openldap", "o=x")
    };
    let with_ids = || Page {
        messages: vec![ids(true)],
        ..page(vec![], ended(AFTER))
    };
    let users = format!("users.{AFTER}");
    let plan = OpenLdap::translate(two).expect("a plan");
    let found = advance(&plan, Some(&cursor()), Some((&users, with_ids()))).expect("an advance");
    assert!(found.gone.is_empty());
    assert!(matches!(found.changed.as_slice(), [Whom::Id(_)]));
    let plan = OpenLdap::translate(another_id).expect("a plan");
    let found = advance(&plan, Some(&cursor()), Some((&users, with_ids()))).expect("an advance");
    assert!(found.gone.is_empty() && found.changed.is_empty());
}

#[test]
fn a_cookie_that_is_too_old_starts_over_and_a_read_cut_short_is_no_run() {
    let plan = plan();
    let cursor = cursor();
    let users = format!("users.{AFTER}");
    let answer = |code| Some((&*users, page(vec![], reply(code, ""))));
    assert_eq!(
        advance(&plan, Some(&cursor), answer(4096)),
        Err(Box::new(Turn::StartOver))
    );
    for code in [3, 4, 11] {
        let turn = advance(&plan, Some(&cursor), answer(code));
        let failed = matches!(turn.map_err(|turn| *turn), Err(Turn::Failed(_)));
        assert!(failed, "{code}");
    }
    let without_state = page(vec![(user(), vec![])], ended(AFTER));
    let turn = advance(&plan, Some(&cursor), Some((&users, without_state)));
    assert_eq!(turn, Err(Box::new(Turn::StartOver)));
    let without_cookie = page(vec![], reply(0, ""));
    let turn = advance(&plan, Some(&cursor), Some(("begin", without_cookie)));
    assert_eq!(turn, Err(Box::new(Turn::StartOver)));
    assert_eq!(
        advance(&plan, Some(b"x"), None),
        Err(Box::new(Turn::StartOver))
    );
}

#[test]
fn a_run_by_time_goes_on_by_time() {
    let plan = plan();
    let cursor = b"t20261121115500Z";
    let key = key(advance(&plan, Some(cursor), None));
    let done = advance(
        &plan,
        Some(cursor),
        Some((&key, page(vec![(user(), vec![])], reply(0, "")))),
    );
    let done = done.expect("an advance");
    assert_eq!(done.changed, [Whom::Here(0)]);
    assert_eq!(done.cursor.as_deref(), Some(&b"t20261121115500Z"[..]));
}
