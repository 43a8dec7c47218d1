use crate::sample::{
    LATER, NOW, declare, empty_realm, federation, full_realm, grant, hash, id, realm_name, session,
    staff,
};
use bridge_model::{
    names::FederationId,
    ports::{Store, StoreError},
    session::{GrantStage, Session},
    time::Timestamp,
    user::{KnownUser, Standing},
};
use std::sync::Arc;

type Subject = Arc<dyn Store>;

const BLOCKED: Standing = Standing {
    is_blocked: true,
    is_federation_enabled: true,
};

const OFF: Standing = Standing {
    is_blocked: false,
    is_federation_enabled: false,
};

/// Somebody of the federation 1 of the realm `staff`.
pub(crate) fn person(subject: &str, username: &str) -> KnownUser {
    KnownUser {
        realm: staff(),
        subject: subject.into(),
        federation: FederationId(id(1)),
        username: username.into(),
        entry_dn: format!("uid={username},ou=People,dc=staff,dc=example"),
        blocked: false,
        created_at: NOW,
    }
}

async fn note(store: &Subject, user: &KnownUser, now: Timestamp) -> Standing {
    store.note_user(user, now).await.expect("it is noted")
}

async fn standing(store: &Subject, federation: u128, subject: &str) -> Standing {
    let standing = store
        .standing(&staff(), FederationId(id(federation)), subject)
        .await;
    standing.expect("it reads")
}

async fn known(store: &Subject, subject: &str) -> Option<KnownUser> {
    store.user(&staff(), subject).await.expect("it reads")
}

/// Whose sessions and grants these are, by number.
pub(crate) async fn sign_in(store: &Subject, number: u8, subject: &str) {
    let mut session = session(number);
    session.user.subject = subject.into();
    store.add_session(&session).await.expect("it is kept");
    let mut grant = grant(number);
    grant.session = session.id;
    grant.user.subject = subject.into();
    store.add_grant(&grant).await.expect("it is kept");
}

/// Whether there is the session, and whether its grant stands.
pub(crate) async fn is_in(store: &Subject, number: u8) -> (bool, bool) {
    let session = store.session(&staff(), hash(number), NOW).await;
    let grant = store.grant(&staff(), id(number.into()), NOW).await;
    let grant = grant.expect("it reads").expect("there is one");
    (
        session.expect("it reads").is_some(),
        grant.stage != GrantStage::Revoked,
    )
}

pub(crate) async fn a_person_is_noted_once(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    let ada = person("s1", "ada");
    assert_eq!(known(store, "s1").await, None);
    assert_eq!(standing(store, 1, "s1").await, Standing::GOOD);
    assert_eq!(note(store, &ada, NOW).await, Standing::GOOD);
    assert_eq!(note(store, &ada, LATER).await, Standing::GOOD);
    assert_eq!(known(store, "s1").await, Some(ada));
    let other = store.user(&realm_name("other"), "s1").await;
    assert_eq!(other.expect("it reads"), None);
}

pub(crate) async fn a_person_is_noted_as_they_are_now(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&**store, vec![realm]).await;
    note(store, &person("s1", "ada"), NOW).await;
    let blocked = store.set_blocked(&staff(), "s1", true, NOW).await;
    assert!(blocked.expect("it is answered"));
    let now = KnownUser {
        federation: FederationId(id(2)),
        created_at: LATER,
        ..person("s1", "ada.lovelace")
    };
    assert_eq!(note(store, &now, LATER).await, BLOCKED);
    let expected = KnownUser {
        blocked: true,
        created_at: NOW,
        ..now
    };
    assert_eq!(known(store, "s1").await, Some(expected));
}

pub(crate) async fn nobody_stands_well_in_a_federation_that_is_off(store: &Subject) {
    let mut realm = full_realm();
    declare(&**store, vec![realm.clone(), empty_realm("other")]).await;
    let ada = person("s1", "ada");
    note(store, &ada, NOW).await;
    realm.federations[0].planned.federation.enabled = false;
    declare(&**store, vec![realm, empty_realm("other")]).await;
    assert_eq!(standing(store, 1, "s1").await, OFF);
    assert_eq!(note(store, &ada, NOW).await, OFF);
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    assert_eq!(standing(store, 1, "s1").await, Standing::GOOD);
    // One that is not there, or another realm's, is as good as off; and nobody is noted in it.
    assert_eq!(standing(store, 9, "s1").await, OFF);
    let other = store
        .standing(&realm_name("other"), FederationId(id(1)), "s1")
        .await;
    assert_eq!(other.expect("it reads"), OFF);
    let gone = KnownUser {
        federation: FederationId(id(9)),
        ..person("s2", "bob")
    };
    assert_eq!(note(store, &gone, NOW).await, OFF);
    assert_eq!(known(store, "s2").await, None);
    let elsewhere = KnownUser {
        realm: realm_name("other"),
        ..ada
    };
    assert_eq!(note(store, &elsewhere, NOW).await, OFF);
}

pub(crate) async fn a_blocked_person_is_out_at_once(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    for (number, subject) in [(1, "s1"), (2, "s1"), (3, "s2")] {
        note(store, &person(subject, subject), NOW).await;
        sign_in(store, number, subject).await;
    }
    let set = async |subject, blocked| {
        let set = store.set_blocked(&staff(), subject, blocked, LATER).await;
        set.expect("it is answered")
    };
    assert!(!set("s9", true).await);
    assert!(set("s1", true).await);
    assert_eq!(standing(store, 1, "s1").await, BLOCKED);
    assert_eq!(note(store, &person("s1", "s1"), NOW).await, BLOCKED);
    assert_eq!(is_in(store, 1).await, (false, false));
    assert_eq!(is_in(store, 2).await, (false, false));
    assert_eq!(is_in(store, 3).await, (true, true));
    assert_eq!(standing(store, 1, "s2").await, Standing::GOOD);
    // Letting them in again brings nothing back.
    assert!(set("s1", false).await);
    assert_eq!(standing(store, 1, "s1").await, Standing::GOOD);
    assert_eq!(is_in(store, 1).await, (false, false));
}

pub(crate) async fn users_come_in_pages(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = [
        ("s5", "a"),
        ("s2", "b"),
        ("s3", "b"),
        ("s4", "b"),
        ("s1", "c"),
    ];
    for (subject, username) in people.iter().rev() {
        note(store, &person(subject, username), NOW).await;
    }
    for limit in 1..7 {
        let mut seen = Vec::new();
        loop {
            let after = seen.last().map(|last: &KnownUser| last.subject.clone());
            let page = store.users(&staff(), after.as_deref(), limit).await;
            let page = page.expect("they read");
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        let seen: Vec<_> = seen
            .iter()
            .map(|user| (user.subject.as_str(), user.username.as_str()))
            .collect();
        assert_eq!(seen, people);
    }
    let gone = store.users(&staff(), Some("s9"), 1).await;
    assert!(matches!(gone, Err(StoreError::Missing(_))), "{gone:?}");
    let other = store.users(&realm_name("other"), None, 9).await;
    assert_eq!(other.expect("they read"), []);
}

pub(crate) async fn users_are_counted_by_federation(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&**store, vec![realm]).await;
    for subject in ["s1", "s2"] {
        note(store, &person(subject, subject), NOW).await;
    }
    for (number, expected) in [(1, 2), (2, 0), (9, 0)] {
        let count = store.count_users(FederationId(id(number))).await;
        assert_eq!(count.expect("they are counted"), expected);
    }
}

pub(crate) async fn sessions_of_a_person_are_found_and_ended(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    for (number, subject) in [(1, "s1"), (2, "s1"), (3, "s2")] {
        sign_in(store, number, subject).await;
    }
    let newest = Session {
        auth_time: Timestamp(NOW.0 + 9),
        expires_at: Timestamp(LATER.0 + 9),
        ..session(4)
    };
    store.add_session(&newest).await.expect("it is kept");
    let ids = async |realm, subject, now| {
        let sessions = store.sessions_of(&realm_name(realm), subject, now).await;
        let sessions = sessions.expect("they read");
        let ids = sessions.iter().map(|session| session.id.as_u128());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("staff", "s1", NOW).await, [2, 1]);
    assert_eq!(ids("staff", "s1", LATER).await, [] as [u128; 0]);
    assert_eq!(ids("other", "s1", NOW).await, [] as [u128; 0]);
    let subject = newest.user.subject.as_str();
    assert_eq!(ids("staff", subject, LATER).await, [4]);

    let end = async |realm| {
        let ended = store.end_sessions_of(&realm_name(realm), "s1").await;
        ended.expect("it is answered")
    };
    assert_eq!(end("other").await, 0);
    assert_eq!(is_in(store, 1).await, (true, true));
    assert_eq!(end("staff").await, 2);
    assert_eq!(end("staff").await, 0);
    assert_eq!(is_in(store, 1).await, (false, false));
    assert_eq!(is_in(store, 2).await, (false, false));
    assert_eq!(is_in(store, 3).await, (true, true));
}

pub(crate) async fn imported_subjects_are_found_by_their_identifier(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&**store, vec![realm, empty_realm("other")]).await;
    let import = async |realm, federation, subjects: &[(&[u8], &str)]| {
        let subjects: Vec<_> = subjects
            .iter()
            .map(|(octets, subject)| (octets.to_vec(), (*subject).to_owned()))
            .collect();
        let federation = FederationId(id(federation));
        store
            .import_subjects(&realm_name(realm), federation, &subjects)
            .await
    };
    let found = async |realm, federation, identifier: &[u8]| {
        let federation = FederationId(id(federation));
        let found = store
            .imported_subject(&realm_name(realm), federation, identifier)
            .await;
        found.expect("it reads")
    };
    let both: [(&[u8], &str); 2] = [(b"\x00\xFF", "old-1"), (b"two", "old-2")];
    import("staff", 1, &both).await.expect("they are kept");
    import("staff", 1, &[(b"two", "old-3")])
        .await
        .expect("kept");
    assert_eq!(
        found("staff", 1, b"\x00\xFF").await.as_deref(),
        Some("old-1")
    );
    assert_eq!(found("staff", 1, b"two").await.as_deref(), Some("old-3"));
    assert_eq!(found("staff", 1, b"three").await, None);
    assert_eq!(found("staff", 2, b"two").await, None);
    assert_eq!(found("other", 1, b"two").await, None);
    let asked = [&b"three"[..], b"two", b"\x00\xFF", b"two"].map(<[u8]>::to_vec);
    for (realm, federation, count) in [("staff", 1, 2), ("staff", 2, 0), ("other", 1, 0)] {
        let federation = FederationId(id(federation));
        let found = store
            .imported_subjects(&realm_name(realm), federation, &asked)
            .await;
        let found = found.expect("they read");
        assert_eq!(found.len(), count, "{realm}");
        if count > 0 {
            assert_eq!(found[&b"\x00\xFF"[..]], "old-1");
            assert_eq!(found[&b"two"[..]], "old-3");
        }
    }
    for (realm, federation) in [("staff", 9), ("other", 1)] {
        let refused = import(realm, federation, &[(b"four", "x")]).await;
        assert!(
            matches!(refused, Err(StoreError::Missing(_))),
            "{refused:?}"
        );
    }
}
