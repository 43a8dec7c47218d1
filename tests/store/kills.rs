//! A store that is killed while it writes, over and over.

use crate::{
    databases::open,
    reseal::reseal,
    sample::{NOW, Numbers, client_id, id, staff},
};
use bridge_model::{
    names::FederationId,
    ports::{Clients, Random, Realms, Sessions},
    secret::Secret,
    session::{GrantStage, Redemption, TokenHash},
};
use bridge_store::{SealingKey, SqliteStore};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use uuid::Uuid;

/// How often the store is killed.
const KILLS: u32 = 200;

/// How many give out codes at once.
const ISSUERS: usize = 3;

/// The longest that it runs, in milliseconds.
const RUN_MAX: u64 = 60;

/// Everything that was ever acknowledged.
#[derive(Default)]
struct Acknowledged {
    clients: HashMap<String, u64>,
    federation: u64,
    grants: HashSet<String>,
    firsts: HashSet<String>,
    writes: u64,
}

impl Acknowledged {
    /// Takes lines; gives the codes that they are of.
    fn take_all(&mut self, lines: &[String]) -> HashSet<String> {
        let codes = lines.iter().filter_map(|line| self.take(line));
        codes.map(String::from).collect()
    }

    /// Takes a line; gives the code if it is of one.
    fn take<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        self.writes += 1;
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["client", name, revision] => {
                let revision = revision.parse().expect("a revision");
                let before = self.clients.insert(name.to_owned(), revision);
                assert!(before.is_none_or(|before| before < revision), "{line}");
                None
            }
            ["federation", revision] => {
                let revision = revision.parse().expect("a revision");
                assert!(self.federation < revision, "{line}");
                self.federation = revision;
                None
            }
            ["grant", code] => {
                self.grants.insert(code.to_owned());
                Some(code)
            }
            ["first", code] => {
                let is_new = self.firsts.insert(code.to_owned());
                assert!(is_new, "the code {code} was redeemed first twice");
                Some(code)
            }
            _ => unreachable!("{line:?}"),
        }
    }
}

/// Runs the store and kills it; gives the lines that it told. It is killed as long after its first
/// line; every fourth as long after its start, so that some are killed while they open the database.
fn kill_after(span: Duration, database: &Path, key: &Path, run: u32) -> Vec<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_store-under-test"))
        .args([database, key])
        .arg(run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stdout = child.stdout.take().expect("it is piped");
    let (first, begun) = mpsc::channel();
    let reader = thread::spawn(move || {
        let (mut stdout, mut told) = (BufReader::new(stdout), String::new());
        stdout.read_line(&mut told).expect("it tells text");
        // Whoever does not wait for it is gone.
        let _ = first.send(());
        stdout.read_to_string(&mut told).expect("it tells text");
        told
    });
    if !run.is_multiple_of(4) {
        let begun = begun.recv_timeout(Duration::from_secs(30));
        begun.expect("it begins to write");
    }
    thread::sleep(span);
    let ended = child.try_wait().expect("it is asked");
    assert!(ended.is_none(), "it ended by itself: {ended:?}");
    // SIGKILL.
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    let told = reader.join().expect("it was read");
    assert!(told.is_empty() || told.ends_with('\n'), "half a line");
    told.lines().map(String::from).collect()
}

/// The octets of a code from its name.
fn code(name: &str) -> [u8; 32] {
    let mut code = [0; 32];
    for (index, octet) in code[..name.len() / 2].iter_mut().enumerate() {
        let digits = &name[index * 2..index * 2 + 2];
        *octet = u8::from_str_radix(digits, 16).expect("two digits");
    }
    code
}

/// Whether objects stand as was acknowledged, or one change further on, which was written and not
/// told any more; and whether each is of one piece.
async fn check_objects(store: &SqliteStore, acknowledged: &mut Acknowledged) {
    for (name, told) in &mut acknowledged.clients {
        let kept = store.client(&staff(), &client_id(name)).await;
        let kept = kept.expect("it reads").expect("there is one");
        let revision = kept.revision.0;
        assert!((*told..=*told + 1).contains(&revision), "{revision} {told}");
        assert_eq!(kept.name, Some(revision.to_string()));
        *told = revision;
    }
    let told = &mut acknowledged.federation;
    let kept = store.federation(&staff(), FederationId(id(1))).await;
    let Some(kept) = kept.expect("it reads") else {
        assert_eq!(*told, 0);
        return;
    };
    let revision = kept.revision.0;
    assert!((*told..=*told + 1).contains(&revision), "{revision} {told}");
    assert_eq!(u64::try_from(kept.federation.priority), Ok(revision));
    let credential = store.bind_credential(&kept.federation).await;
    let expected = Secret::new(revision.to_string());
    assert_eq!(credential.expect("it opens"), Some(expected));
    *told = revision;
}

/// Whether every code that was given out is there, and none is redeemed first twice.
async fn check_codes(
    store: &SqliteStore,
    acknowledged: &mut Acknowledged,
    codes: &HashSet<String>,
) {
    for name in codes {
        let octets = code(name);
        let grant_id = Uuid::from_slice(&octets[..16]).expect("16 octets");
        let grant = store.grant(&staff(), grant_id, NOW).await;
        let grant = grant.expect("it reads").expect("it was acknowledged");
        if acknowledged.firsts.contains(name) {
            assert_ne!(grant.stage, GrantStage::Issued, "{name}");
        }
        let redeemed = store.redeem(&staff(), TokenHash(octets), NOW).await;
        match redeemed.expect("it is answered") {
            Redemption::First(_) => {
                let is_new = acknowledged.firsts.insert(name.clone());
                assert!(is_new, "the code {name} was redeemed first twice");
            }
            Redemption::Replayed(_) => {}
            Redemption::Unknown => unreachable!("the code {name} was acknowledged"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::print_stdout,
    reason = "how much was tried is part of the result"
)]
async fn what_was_acknowledged_outlives_any_kill() {
    let begin = Instant::now();
    // Another one each time.
    let seed = RandomState::new().hash_one(KILLS);
    let random = Numbers::starting_at(seed);
    let folder = TempDir::new().expect("a folder");
    let database = folder.path().join("store.db");
    let key_file = folder.path().join("sealing.key");
    let key = SealingKey::create(&key_file, &random).expect("it is made");
    let mut acknowledged = Acknowledged::default();
    let (mut silent, mut unacknowledged) = (0, 0);
    for run in 0..KILLS {
        let mut octets = [0; 8];
        random.fill(&mut octets);
        let span = Duration::from_millis(u64::from_be_bytes(octets) % RUN_MAX);
        let lines = kill_after(span, &database, &key_file, run);
        silent += u32::from(lines.is_empty());
        let codes = acknowledged.take_all(&lines);
        let store = open(&database, &key).await.expect("it opens after a kill");
        let before = (acknowledged.federation, acknowledged.clients.clone());
        check_objects(&store, &mut acknowledged).await;
        let after = (acknowledged.federation, acknowledged.clients.clone());
        unacknowledged += u32::from(before != after);
        check_codes(&store, &mut acknowledged, &codes).await;
        // Not closed: the next process finds the log as this one leaves it.
        drop(store);
    }
    let store = open(&database, &key).await.expect("it opens");
    let all = acknowledged.grants.clone();
    check_codes(&store, &mut acknowledged, &all).await;
    store.close().await;
    // The sealing key is changed on what a kill left, too.
    let span = Duration::from_millis(RUN_MAX);
    let lines = kill_after(span, &database, &key_file, KILLS + 1);
    let codes = acknowledged.take_all(&lines);
    let new = SealingKey::generate(&random);
    let resealed = reseal(&database, &key, &new).await;
    resealed.expect("it is sealed anew");
    let store = open(&database, &new).await.expect("the new key opens it");
    check_objects(&store, &mut acknowledged).await;
    check_codes(&store, &mut acknowledged, &codes).await;
    // Of a code that was redeemed as the kill came, nobody was told; there is one for each who gave
    // out codes, at the most.
    let untold = acknowledged.grants.difference(&acknowledged.firsts).count();
    assert!(untold <= (KILLS as usize + 1) * ISSUERS, "{untold} codes");
    let writes = acknowledged.writes;
    assert!(writes > u64::from(KILLS) * 10, "only {writes} writes");
    println!(
        "{KILLS} kills, {silent} of them before anything was written; {writes} acknowledged writes, {} codes; {unacknowledged} times a change was written and not told, and {untold} times the redemption of a code; {:.1?} (seed {seed})",
        all.len(),
        begin.elapsed()
    );
}
