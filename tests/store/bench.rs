//! What a sign-in costs the store: as many as two cores do with some of them on their way at once.
//!
//! `cargo bench -p suites --bench store`

#![expect(clippy::print_stdout, reason = "a bench says what it found")]

#[expect(dead_code, reason = "the suite needs more of it")]
mod sample;

use bridge_model::{
    account::User,
    audit::{AuditEvent, AuditKind, AuditOutcome, AuditQuery},
    ports::{AuditTrail, Imports, Store, Users},
    session::{Grant, Interaction, Redemption, Session, SignInEnd, TokenHash},
    user::{ImportedUser, KnownUser, Standing, UserQuery},
};
use bridge_store::{Options, Purpose, SqliteStore};
use sample::{
    NOW, Numbers, declare, full_realm, grant, interaction, key, realm_name, session, staff, user,
};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many sign-ins each round has.
const SIGN_INS: u32 = 4_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    println!("at once  what                                  a second   p50 µs   p99 µs");
    for at_once in [1, 8, 64] {
        for is_whole in [false, true] {
            let folder = TempDir::new().expect("a folder");
            let store = Arc::new(open(&folder).await);
            round(&store, at_once, is_whole).await;
        }
    }
    println!("\n  users  what                                   users/s");
    let folder = TempDir::new().expect("a folder");
    import(&open(&folder).await).await;
    println!("\n   kept  what                                     p50 µs   p99 µs");
    for kept in [1_000, 100_000] {
        let folder = TempDir::new().expect("a folder");
        look_up(&open(&folder).await, kept).await;
    }
}

/// A new store with the realm `staff` and one federation.
async fn open(folder: &TempDir) -> SqliteStore {
    let options = Options::new(Purpose::Production);
    let random = Arc::new(Numbers::default());
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, &key(1), random, &options).await;
    let store = store.expect("a new database opens");
    declare(&store, vec![full_realm()]).await;
    store
}

fn at(times: &[Duration], percent: usize) -> u128 {
    times[times.len() * percent / 100].as_micros()
}

async fn round(store: &Arc<SqliteStore>, at_once: u32, is_whole: bool) {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..at_once {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut times = Vec::new();
            for number in (task..SIGN_INS).step_by(at_once as usize) {
                let begin = Instant::now();
                sign_in(&*store, number, is_whole).await;
                times.push(begin.elapsed());
            }
            times
        });
    }
    let mut times = tasks.join_all().await.concat();
    let rate = f64::from(SIGN_INS) / begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let what = if is_whole {
        "whole sign-in: 7 writes, 7 reads"
    } else {
        "interaction, session, grant, redeem"
    };
    println!(
        "{at_once:7}  {what:36} {rate:9.0} {:8} {:8}",
        at(&times, 50),
        at(&times, 99)
    );
}

/// A federation that is read as a whole: all are new, nobody changed, everybody did.
async fn import(store: &SqliteStore) {
    let people = |mail: &str| -> Vec<_> {
        let numbers = 0..IMPORTED;
        numbers.map(|number| imported(number, mail)).collect()
    };
    let (first, second) = (people("staff.example"), people("example.com"));
    for (what, people) in [("new", &first), ("unchanged", &first), ("changed", &second)] {
        let begin = Instant::now();
        let mut written = 0;
        for batch in people.chunks(1_000) {
            let federation = user().federation_id;
            let counts = store.import_users(&staff(), federation, batch, NOW).await;
            let counts = counts.expect("they are kept");
            written += counts.added + counts.updated;
        }
        assert_eq!(written == 0, what == "unchanged");
        let rate = f64::from(IMPORTED) / begin.elapsed().as_secs_f64();
        println!("{IMPORTED:7}  {what:36} {rate:9.0}");
    }
    let all = |change: fn(&mut UserQuery)| {
        let mut query = UserQuery {
            limit: 20,
            ..UserQuery::default()
        };
        change(&mut query);
        query
    };
    println!("\n   kept  what                                     p50 µs   p99 µs");
    for (what, query) in [
        (
            "a user by name",
            all(|query| {
                query.username = Some("user077777".into());
                query.is_exact = true;
            }),
        ),
        (
            "a user by mail address",
            all(|query| {
                query.email = Some("user077777@example.com".into());
                query.is_exact = true;
            }),
        ),
        (
            "the first twenty with a part of a name",
            all(|query| query.search = Some("lovelace777".into())),
        ),
        (
            "a part of a name that nobody has",
            all(|query| query.search = Some("nobody".into())),
        ),
    ] {
        measure(IMPORTED, what, async || {
            store.find_users(&staff(), &query).await.expect("they read");
        })
        .await;
    }
}

/// How many users are imported.
const IMPORTED: u32 = 100_000;

/// Identifiers and subjects lie all over their indexes; names and DNs come in order, as directories
/// mostly give them.
fn imported(number: u32, mail: &str) -> ImportedUser {
    let TokenHash(hash) = scattered(number);
    let name = format!("user{number:06}");
    let claims = json!({
        "name": format!("Ada Lovelace{number}"), "given_name": "Ada",
        "family_name": format!("Lovelace{number}"), "email": format!("{name}@{mail}"),
        "groups": ["analysts", "staff", "everybody"], "locale": "en",
    });
    ImportedUser {
        identifier: hash[..16].to_vec(),
        user: User {
            subject: Uuid::from_bytes(hash[16..].try_into().expect("16 octets")).to_string(),
            claims: claims.as_object().expect("an object").clone(),
            bars: Vec::new(),
            group_dns: ["analysts", "staff", "everybody"]
                .map(|group| format!("cn={group},ou=Groups,dc=staff,dc=example"))
                .to_vec(),
            entry_dn: format!("uid={name},ou=People,dc=staff,dc=example"),
            username: name,
            ..user()
        },
    }
}

/// What administrators ask for, among so many users and events.
async fn look_up(store: &SqliteStore, kept: u32) {
    let numbers: Vec<u32> = (0..kept).collect();
    for chunk in numbers.chunks(1_000) {
        let events: Vec<_> = chunk.iter().map(|number| event(*number)).collect();
        store.add_events(&events).await.expect("they are kept");
    }
    for number in numbers {
        let user = known_user(&number.to_string());
        store.note_user(&user, NOW).await.expect("noted");
    }
    let page = AuditQuery {
        limit: 50,
        ..AuditQuery::default()
    };
    let queries = [
        ("events", page.clone()),
        (
            "events of a realm",
            AuditQuery {
                realm: Some(staff()),
                ..page.clone()
            },
        ),
        (
            "events of a realm that has none",
            AuditQuery {
                realm: Some(realm_name("none")),
                ..page.clone()
            },
        ),
        (
            "events of a rare kind in a realm",
            AuditQuery {
                realm: Some(staff()),
                kind: Some(AuditKind::Changed),
                ..page.clone()
            },
        ),
        (
            "events of a request",
            AuditQuery {
                request_id: Some("500".into()),
                ..page
            },
        ),
    ];
    for (what, query) in queries {
        measure(kept, what, async || {
            store.events(&query).await.expect("they read");
        })
        .await;
    }
    measure(kept, "users after the 500th", async || {
        let users = store.users(&staff(), Some("500"), 50).await;
        assert_eq!(users.expect("they read").len(), 50);
    })
    .await;
    let known = known_user("500");
    measure(kept, "a known user", async || {
        store.note_user(&known, NOW).await.expect("noted");
    })
    .await;
}

async fn measure(kept: u32, what: &str, act: impl AsyncFn()) {
    let mut times = Vec::new();
    for _ in 0..500 {
        let begin = Instant::now();
        act().await;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    println!(
        "{kept:7}  {what:36} {:10} {:8}",
        at(&times, 50),
        at(&times, 99)
    );
}

/// Of every thousand one is a change.
fn event(number: u32) -> AuditEvent {
    let kind = match number % 1_000 {
        0 => AuditKind::Changed,
        _ => AuditKind::SignIn,
    };
    AuditEvent {
        realm: Some("staff".into()),
        request_id: Some(number.to_string()),
        client_id: Some("wiki".into()),
        subject: Some("f6a2".into()),
        ..AuditEvent::new(NOW, kind, AuditOutcome::Success)
    }
}

fn known_user(subject: &str) -> KnownUser {
    KnownUser {
        realm: staff(),
        subject: subject.into(),
        federation: user().federation_id,
        username: format!("user{subject}"),
        entry_dn: user().entry_dn,
        blocked: false,
        created_at: NOW,
    }
}

async fn sign_in(store: &dyn Store, number: u32, is_whole: bool) {
    let hash = scattered(number);
    let id = Uuid::from_slice(&hash.0[..16]).expect("16 octets");
    let interaction = Interaction {
        id: hash,
        ..interaction(0)
    };
    let session = Session {
        id,
        secret: hash,
        ..session(0)
    };
    let grant = Grant {
        id,
        code: hash,
        ..grant(0)
    };
    store.add_interaction(&interaction).await.expect("kept");
    if is_whole {
        for _ in 0..2 {
            let found = store.interaction(&staff(), hash, NOW).await;
            assert!(found.expect("it reads").is_some());
        }
        let window = Duration::from_mins(5);
        let counted = store.count_attempt(hash, window, NOW).await;
        assert_eq!(counted.expect("it counts"), 1);
        store.forget_attempts(hash).await.expect("forgotten");
    }
    if is_whole {
        // Everybody but the first is known already.
        let standing = store.note_user(&known_user("ada"), NOW).await;
        assert_eq!(standing.expect("noted"), Standing::GOOD);
        store.add_events(&[event(number)]).await.expect("kept");
    }
    let federation = session.user.federation_id;
    if is_whole {
        let end = SignInEnd {
            interaction: hash,
            former: None,
            session,
            grant: Some(grant),
        };
        let ended = store.complete_sign_in(&end).await;
        assert!(ended.expect("it is answered"));
    } else {
        store.add_session(&session).await.expect("it is kept");
        store.add_grant(&grant).await.expect("it is kept");
    }
    let redeemed = store.redeem(&staff(), hash, NOW).await;
    assert!(matches!(redeemed, Ok(Redemption::First(_))));
    if is_whole {
        let standing = store.standing(&staff(), federation, "ada").await;
        assert_eq!(standing.expect("it reads"), Standing::GOOD);
        store.add_events(&[event(number)]).await.expect("kept");
        let found = store.session(&staff(), hash, NOW).await;
        assert!(found.expect("it reads").is_some());
        for _ in 0..2 {
            let found = store.grant(&staff(), id, NOW).await;
            assert!(found.expect("it reads").is_some());
        }
    }
}

/// As digests lie: all over the index.
fn scattered(number: u32) -> TokenHash {
    let mut octets = [0; 32];
    let mut mixed = u64::from(number) + 1;
    for chunk in octets.chunks_mut(8) {
        mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        chunk.copy_from_slice(&mixed.to_be_bytes());
    }
    TokenHash(octets)
}
