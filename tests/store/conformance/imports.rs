//! People who are imported from their directories.

pub(crate) mod gone;
pub(crate) mod local;
pub(crate) mod search;
pub(crate) mod synchronisation;

use super::users::{is_in, person, sign_in};
use crate::sample::{
    LATER, NOW, declare, empty_realm, federation, federation_name, full_realm, id, policy,
    realm_name, staff, user,
};
use bridge_model::{
    account::User,
    federation::Federation,
    names::FederationId,
    ports::{Store, StoreError},
    realm::{FederationDeclaration, PlannedFederation, PolicyRef, RealmDeclaration, Revision},
    time::Timestamp,
    user::{ImportCounts, ImportedUser, KnownUser, LocalProfile, StoredUser},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) type Subject = Arc<dyn Store>;

/// The federation 1 of the realm `staff`.
pub(crate) const PEOPLE: FederationId = FederationId(id(1));

/// An imported user of the federation 1, who is identified by the octets of the subject.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is written out where it is given"
)]
pub(crate) fn imported(subject: &str, username: &str, claims: Value) -> ImportedUser {
    let claims = claims.as_object().expect("an object").clone();
    ImportedUser {
        identifier: subject.as_bytes().to_vec(),
        user: User {
            subject: subject.into(),
            username: username.into(),
            claims,
            entry_dn: format!("uid={username},ou=People,dc=staff,dc=example"),
            ..user()
        },
    }
}

pub(crate) async fn import_at(
    store: &Subject,
    users: &[ImportedUser],
    now: Timestamp,
) -> ImportCounts {
    let counts = store.import_users(&staff(), PEOPLE, users, now).await;
    counts.expect("they are kept")
}

pub(crate) async fn import(store: &Subject, users: &[ImportedUser]) -> ImportCounts {
    import_at(store, users, NOW).await
}

pub(crate) async fn stored(store: &Subject, subject: &str) -> Option<StoredUser> {
    let stored = store.stored_user(&staff(), subject).await;
    stored.expect("it reads")
}

fn counts(added: u64, updated: u64, unchanged: u64) -> ImportCounts {
    ImportCounts {
        added,
        updated,
        unchanged,
    }
}

async fn subject_of(store: &Subject, dn: &str) -> Option<String> {
    let found = store.imported_by_dn(PEOPLE, dn).await;
    found.expect("it reads")
}

async fn identifiers(store: &Subject, after: Option<&[u8]>, limit: u32) -> Vec<(Vec<u8>, String)> {
    let page = store.imported_identifiers(PEOPLE, after, limit).await;
    page.expect("they read")
}

async fn remove(store: &Subject, subjects: &[&str]) -> u64 {
    let subjects: Vec<_> = subjects.iter().map(|it| (*it).to_owned()).collect();
    let removed = store.remove_users(&staff(), PEOPLE, &subjects).await;
    removed.expect("they are removed")
}

pub(crate) async fn only_what_differs_is_written(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let mut people = vec![
        imported(
            "s1",
            "ada",
            json!({"email": "Ada@staff.example", "level": 3}),
        ),
        imported("s2", "bob", json!({})),
    ];
    assert_eq!(import(store, &people).await, counts(2, 0, 0));
    let expected = StoredUser {
        known: person("s1", "ada"),
        imported: Some(Box::new(people[0].user.clone())),
        imported_at: Some(NOW),
        local: LocalProfile::default(),
    };
    assert_eq!(stored(store, "s1").await, Some(expected));
    assert_eq!(import_at(store, &people, LATER).await, counts(0, 0, 2));
    people[1].user.group_dns.clear();
    people.push(imported("s3", "eve", json!({})));
    assert_eq!(import_at(store, &people, LATER).await, counts(1, 1, 1));
    let at = async |subject| stored(store, subject).await.expect("there is one");
    assert_eq!(at("s1").await.imported_at, Some(NOW));
    let bob = at("s2").await;
    assert_eq!(bob.imported_at, Some(LATER));
    assert_eq!(bob.known.created_at, NOW);
    assert_eq!(bob.imported.as_deref(), Some(&people[1].user));
    assert_eq!(at("s3").await.known.created_at, LATER);
    assert_eq!(import(store, &[]).await, counts(0, 0, 0));
    assert_eq!(stored(store, "s9").await, None);
    // Every part of a person counts.
    for change in [
        |user: &mut User| user.username = "ada.lovelace".into(),
        |user: &mut User| user.entry_dn = "uid=ada,dc=example".into(),
        |user: &mut User| user.bars.clear(),
        |user: &mut User| drop(user.claims.insert("level".into(), json!(4))),
    ] {
        change(&mut people[0].user);
        assert_eq!(import(store, &people[..1]).await, counts(0, 1, 0));
        let kept = at("s1").await;
        assert_eq!(kept.imported.as_deref(), Some(&people[0].user));
        assert_eq!(kept.known.username, people[0].user.username);
        assert_eq!(kept.known.entry_dn, people[0].user.entry_dn);
    }
}

pub(crate) async fn many_are_imported_at_once(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = |level: u32| -> Vec<_> {
        let numbers = 0..777_u32;
        let person = |number: u32| {
            let level = if number.is_multiple_of(7) { level } else { 0 };
            let name = format!("user{number:04}");
            imported(&format!("s{number}"), &name, json!({"level": level}))
        };
        numbers.map(person).collect()
    };
    assert_eq!(import(store, &people(0)).await, counts(777, 0, 0));
    assert_eq!(import(store, &people(1)).await, counts(0, 111, 666));
    for number in [0, 49, 50, 699, 776] {
        let stored = stored(store, &format!("s{number}")).await;
        let imported = stored.and_then(|it| it.imported).expect("they are kept");
        assert_eq!(imported.username, format!("user{number:04}"));
        assert_eq!(imported.claims["level"], u32::from(number % 7 == 0));
    }
    assert_eq!(identifiers(store, None, 1_000).await.len(), 777);
}

pub(crate) async fn who_signed_in_before_becomes_the_imported_one(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let noted = store.note_user(&person("s1", "ada"), NOW).await;
    noted.expect("it is noted");
    let blocked = store.set_blocked(&staff(), "s1", true, NOW).await;
    assert!(blocked.expect("it is answered"));
    assert_eq!(stored(store, "s1").await.expect("there").imported, None);
    let ada = imported("s1", "ada.lovelace", json!({}));
    assert_eq!(import_at(store, &[ada], LATER).await, counts(1, 0, 0));
    let kept = stored(store, "s1").await.expect("there is one");
    let expected = KnownUser {
        blocked: true,
        ..person("s1", "ada.lovelace")
    };
    assert_eq!((kept.known, kept.imported_at), (expected, Some(LATER)));
    let count = store.count_users(PEOPLE).await;
    assert_eq!(count.expect("they are counted"), 1);
}

pub(crate) async fn people_need_their_federation(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    let one = [imported("s1", "ada", json!({}))];
    for users in [&one[..], &[]] {
        for (realm, number) in [("staff", 9), ("other", 1)] {
            let federation = FederationId(id(number));
            let refused = store
                .import_users(&realm_name(realm), federation, users, NOW)
                .await;
            assert!(
                matches!(refused, Err(StoreError::Missing(_))),
                "{refused:?}"
            );
        }
    }
    assert_eq!(stored(store, "s1").await, None);
}

pub(crate) async fn of_several_who_are_one_the_last_counts(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let same = |identifier: &str, subject: &str, username: &str| ImportedUser {
        identifier: identifier.into(),
        ..imported(subject, username, json!({}))
    };
    let twice = [same("a", "s1", "ada"), same("a", "s1", "eve")];
    assert_eq!(import(store, &twice).await.added, 1);
    let known = async |subject| Some(stored(store, subject).await?.known.username);
    assert_eq!(known("s1").await.as_deref(), Some("eve"));
    // Whoever brought a subject along has it from now on; the one that was derived is nobody's.
    sign_in(store, 1, "s1").await;
    let brought = [same("a", "old", "eve")];
    assert_eq!(import(store, &brought).await, counts(0, 1, 0));
    assert_eq!(known("s1").await, None);
    assert_eq!(known("old").await.as_deref(), Some("eve"));
    assert_eq!(is_in(store, 1).await, (false, false));
    assert_eq!(import(store, &brought).await, counts(0, 0, 1));
    // Two people cannot bear one subject: the later one does.
    assert_eq!(
        import(store, &[same("b", "old", "bob")]).await,
        counts(1, 0, 0)
    );
    assert_eq!(known("old").await.as_deref(), Some("bob"));
    let all = identifiers(store, None, 9).await;
    assert_eq!(all, [(b"b".to_vec(), "old".to_owned())]);
    // Two who change their subjects with each other.
    let [one, two] = [same("c", "s3", "carl"), same("d", "s4", "dora")];
    import(store, &[one, two]).await;
    let [one, two] = [same("c", "s4", "carl"), same("d", "s3", "dora")];
    assert_eq!(import(store, &[one, two]).await, counts(0, 2, 0));
    assert_eq!(known("s3").await.as_deref(), Some("dora"));
    assert_eq!(known("s4").await.as_deref(), Some("carl"));
    assert_eq!(identifiers(store, None, 9).await.len(), 3);
}

pub(crate) async fn identifiers_come_in_order(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&**store, vec![realm]).await;
    let octets: [&[u8]; 5] = [b"", b"\x00\xFF", b"a", b"a\x00", b"\xFF"];
    let people = octets.iter().enumerate().rev();
    let people: Vec<_> = people
        .map(|(number, octets)| ImportedUser {
            identifier: octets.to_vec(),
            ..imported(&format!("s{number}"), &format!("u{number}"), json!({}))
        })
        .collect();
    import(store, &people).await;
    let expected: Vec<_> = octets
        .iter()
        .enumerate()
        .map(|(number, octets)| (octets.to_vec(), format!("s{number}")))
        .collect();
    for limit in 1..7 {
        let mut seen: Vec<(Vec<u8>, String)> = Vec::new();
        loop {
            let after = seen.last().map(|(octets, _)| octets.clone());
            let page = identifiers(store, after.as_deref(), limit).await;
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, expected);
    }
    // One that is gone still says where it goes on.
    remove(store, &["s2"]).await;
    assert_eq!(
        identifiers(store, Some(b"a"), 1).await,
        [expected[3].clone()]
    );
    let others = store
        .imported_identifiers(FederationId(id(2)), None, 9)
        .await;
    assert_eq!(others.expect("they read"), []);
}

pub(crate) async fn an_imported_person_is_found_by_dn(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let mut ada = imported("s1", "ada", json!({}));
    import(store, std::slice::from_ref(&ada)).await;
    for (dn, found) in [
        ("uid=ada,ou=People,dc=staff,dc=example", true),
        ("UID=Ada, OU=people , DC=staff,dc=example", true),
        (r"uid=\61da,ou=People,dc=staff,dc=example", true),
        ("uid=ada,ou=People,dc=staff", false),
        ("uid=ada,ou=Admins,dc=staff,dc=example", false),
        ("no DN", false),
    ] {
        let expected = found.then(|| "s1".to_owned());
        assert_eq!(subject_of(store, dn).await, expected, "{dn}");
    }
    let other = store.imported_by_dn(FederationId(id(2)), &ada.user.entry_dn);
    assert_eq!(other.await.expect("it reads"), None);
    // Renamed; and somebody else has the name, before the first is read again.
    let before = ada.user.entry_dn.clone();
    ada.user.entry_dn = "uid=ada.lovelace,ou=People,dc=staff,dc=example".into();
    import(store, std::slice::from_ref(&ada)).await;
    assert_eq!(subject_of(store, &before).await, None);
    assert_eq!(
        subject_of(store, &ada.user.entry_dn).await.as_deref(),
        Some("s1")
    );
    let mut eve = imported("s2", "eve", json!({}));
    eve.user.entry_dn.clone_from(&ada.user.entry_dn);
    import_at(store, &[eve], LATER).await;
    assert_eq!(
        subject_of(store, &ada.user.entry_dn).await.as_deref(),
        Some("s2")
    );
}

pub(crate) async fn people_are_shown_with_the_names_and_policies_of_now(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    import(store, &[imported("s1", "ada", json!({}))]).await;
    let newer = PolicyRef {
        version: "2.0.0".into(),
        ..policy()
    };
    let kept = store.federation(&staff(), PEOPLE).await.expect("it reads");
    let plan = kept.expect("there is one").plan;
    let saved = store.save_plan(PEOPLE, Revision(1), &plan, &newer).await;
    saved.expect("it is replaced");
    let ada = stored(store, "s1").await.expect("there is one");
    let ada = ada.imported.expect("they are imported");
    assert_eq!(ada.policy, newer);
    assert_eq!(ada.federation, federation_name("people"));
    assert_eq!(ada.federation_id, PEOPLE);
}

pub(crate) async fn who_imports_is_told_of_all_realms(store: &Subject) {
    let mut staff = full_realm();
    let mut more = ["off", "none", "more"].map(|name| federation(name, name.len() as u128 + 10));
    more[0].planned.federation.enabled = false;
    more[1].planned.federation.import_enabled = false;
    more[2].planned.federation.id = FederationId(id(99));
    staff.federations.extend(more);
    let away = RealmDeclaration {
        federations: vec![FederationDeclaration {
            planned: PlannedFederation {
                federation: Federation {
                    realm: realm_name("away"),
                    ..federation("people", 2).planned.federation
                },
                ..federation("people", 2).planned
            },
            ..federation("people", 2)
        }],
        ..empty_realm("away")
    };
    let told = async || {
        let importing = store.importing_federations().await.expect("they read");
        let mut names: Vec<_> = importing
            .iter()
            .map(|it| format!("{}/{}", it.realm, it.name))
            .collect();
        names.sort();
        names
    };
    declare(&**store, vec![staff.clone(), away.clone()]).await;
    assert_eq!(told().await, ["away/people", "staff/more", "staff/people"]);
    let mut closed = away;
    closed.realm.enabled = false;
    declare(&**store, vec![staff, closed]).await;
    assert_eq!(told().await, ["staff/more", "staff/people"]);
}
