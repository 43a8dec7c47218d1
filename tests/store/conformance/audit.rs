use crate::sample::{NOW, declare, empty_realm, policy, realm_name, staff};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome, AuditQuery, KeptEvent},
    names::RealmName,
    ports::Store,
    time::Timestamp,
};
use serde_json::json;
use std::sync::Arc;

type Subject = Arc<dyn Store>;

fn event(second: u64, kind: AuditKind) -> AuditEvent {
    AuditEvent::new(Timestamp(NOW.0 + second), kind, AuditOutcome::Success)
}

fn everything(limit: u32) -> AuditQuery {
    AuditQuery {
        limit,
        ..AuditQuery::default()
    }
}

async fn numbers(store: &Subject, query: &AuditQuery) -> Vec<u64> {
    let events = store.events(query).await.expect("they read");
    events.iter().map(|kept| kept.number).collect()
}

pub(crate) async fn events_come_back_newest_first(store: &Subject) {
    let full = AuditEvent {
        reason: Some("blocked".into()),
        request_id: Some("a \u{0} \"request\"".into()),
        address: Some("192.0.2.1".into()),
        realm: Some("staff".into()),
        client_id: Some("wiki".into()),
        federation: Some("people".into()),
        policy: Some(policy()),
        entry_dn: Some("uid=ada,ou=People,dc=staff,dc=example".into()),
        subject: Some("f6a2".into()),
        object: Some("federation staff/people".into()),
        actor: Some("client ops".into()),
        before: Some(json!({"priority": 0, "big": 9_007_199_254_740_993_u64, "ratio": 0.1})),
        after: Some(json!({"priority": 1, "name": "ü\u{0}", "none": null})),
        outcome: AuditOutcome::Refused,
        ..event(0, AuditKind::Changed)
    };
    let events = [
        full,
        event(1, AuditKind::Tested),
        event(2, AuditKind::SignIn),
    ];
    store.add_events(&events[..2]).await.expect("they are kept");
    store.add_events(&[]).await.expect("nothing is kept");
    store.add_events(&events[2..]).await.expect("it is kept");
    let read = store.events(&everything(10)).await.expect("they read");
    let expected: Vec<_> = [(3, 2), (2, 1), (1, 0)]
        .map(|(number, index): (u64, usize)| KeptEvent {
            number,
            event: events[index].clone(),
        })
        .into();
    assert_eq!(read, expected);
    assert_eq!(numbers(store, &everything(2)).await, [3, 2]);
    let before = AuditQuery {
        before: Some(3),
        ..everything(1)
    };
    assert_eq!(numbers(store, &before).await, [2]);
    assert_eq!(numbers(store, &everything(0)).await, [] as [u64; 0]);
}

pub(crate) async fn events_are_found_by_all_that_is_said(store: &Subject) {
    declare(&**store, vec![empty_realm("staff"), empty_realm("guests")]).await;
    let mut events = Vec::new();
    for kind in [AuditKind::SignIn, AuditKind::Changed] {
        for realm in [Some("staff"), Some("guests"), None] {
            for request in [Some("r1"), Some("r2"), None] {
                let mut event = event(0, kind);
                event.realm = realm.map(String::from);
                event.request_id = request.map(String::from);
                events.push(event);
            }
        }
    }
    store.add_events(&events).await.expect("they are kept");
    for kind in [None, Some(AuditKind::SignIn), Some(AuditKind::Created)] {
        for realm in [None, Some(staff()), Some(realm_name("nobody"))] {
            for request_id in [None, Some("r2".to_owned()), Some("r3".into())] {
                for before in [None, Some(9), Some(u64::MAX)] {
                    let query = AuditQuery {
                        realm: realm.clone(),
                        request_id: request_id.clone(),
                        kind,
                        before,
                        limit: 3,
                    };
                    let fits = |number: u64, event: &AuditEvent| {
                        let name = query.realm.as_ref().map(RealmName::as_str);
                        (name.is_none() || event.realm.as_deref() == name)
                            && (request_id.is_none() || event.request_id == request_id)
                            && kind.is_none_or(|kind| event.event == kind)
                            && before.is_none_or(|before| number < before)
                    };
                    let expected = (1..).zip(&events).filter(|(n, event)| fits(*n, event));
                    let mut expected: Vec<u64> = expected.map(|(number, _)| number).collect();
                    expected.reverse();
                    expected.truncate(3);
                    assert_eq!(numbers(store, &query).await, expected, "{query:?}");
                }
            }
        }
    }
}

pub(crate) async fn events_from_before_a_time_are_removed(store: &Subject) {
    // More than one piece, and not in the order of time.
    let events: Vec<_> = (0..1_200)
        .map(|number| event(number * 7 % 1_200, AuditKind::SignIn))
        .collect();
    store.add_events(&events).await.expect("they are kept");
    let before = Timestamp(NOW.0 + 1_100);
    for expected in [1_100, 0] {
        let removed = store.remove_events(before).await.expect("it removes");
        assert_eq!(removed, expected);
    }
    let left = store.events(&everything(2_000)).await.expect("they read");
    assert_eq!(left.len(), 100);
    assert!(left.iter().all(|kept| kept.event.time >= before));
    // A number is never given twice.
    let later = Timestamp(NOW.0 + 2_000);
    store.remove_events(later).await.expect("it removes");
    store.add_events(&events[..1]).await.expect("it is kept");
    assert_eq!(numbers(store, &everything(2)).await, [1_201]);
}
