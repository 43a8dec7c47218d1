//! What a sign-in costs the store: as many as two cores do with some of them on their way at once.
//!
//! `cargo bench -p suites --bench store`

#![expect(clippy::print_stdout, reason = "a bench says what it found")]

#[expect(dead_code, reason = "the suite needs more of it")]
mod sample;

use bridge_model::{
    ports::Store,
    session::{Grant, Interaction, Redemption, Session, TokenHash},
};
use bridge_store::{Options, Purpose, SqliteStore};
use sample::{NOW, Numbers, declare, empty_realm, grant, interaction, key, session, staff};
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
            let options = Options::new(Purpose::Production);
            let random = Arc::new(Numbers::default());
            let path = folder.path().join("store.db");
            let store = SqliteStore::open(&path, &key(1), random, &options).await;
            let store = Arc::new(store.expect("a new database opens"));
            declare(&*store, vec![empty_realm("staff")]).await;
            round(&store, at_once, is_whole).await;
        }
    }
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
    let at = |percent: usize| times[times.len() * percent / 100].as_micros();
    let what = if is_whole {
        "whole sign-in: 7 writes, 5 reads"
    } else {
        "interaction, session, grant, redeem"
    };
    println!(
        "{at_once:7}  {what:36} {rate:9.0} {:8} {:8}",
        at(50),
        at(99)
    );
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
        let ended = store.end_interaction(&staff(), hash).await;
        assert!(ended.expect("it is answered"));
    }
    store.add_session(&session).await.expect("it is kept");
    store.add_grant(&grant).await.expect("it is kept");
    let redeemed = store.redeem(&staff(), hash, NOW).await;
    assert!(matches!(redeemed, Ok(Redemption::First(_))));
    if is_whole {
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
