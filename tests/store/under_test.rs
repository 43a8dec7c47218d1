//! A store that writes until it is killed: `store-under-test DATABASE KEY RUN`.
//!
//! A line on the standard output is an acknowledgement: what it says had been written when it was
//! printed. `client ID REVISION`, `federation REVISION`, `grant CODE`, `first CODE`.

#[expect(dead_code, reason = "the suite needs more of it")]
mod sample;

use bridge_model::{
    client::Client,
    names::FederationId,
    ports::{Clients, Precondition, Realms, Sessions},
    realm::Revision,
    secret::Secret,
    session::{Grant, Redemption, TokenHash},
    time::Timestamp,
};
use bridge_store::{Options, Purpose, SealingKey, SqliteStore};
use sample::{NOW, Numbers, client, client_id, federation, grant, id, realm, staff};
use std::{
    env,
    io::{Write, stdout},
    path::Path,
    sync::Arc,
};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many give out codes at once.
const ISSUERS: u8 = 3;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments = <[String; 3]>::try_from(arguments);
    let [database, key, run] = arguments.expect("the arguments are DATABASE KEY RUN");
    let run: u32 = run.parse().expect("RUN is a number");
    let key = SealingKey::read(Path::new(&key)).expect("KEY is a sealing key");
    let random = Arc::new(Numbers::starting_at(u64::from(run) << 32));
    let options = Options::new(Purpose::Production);
    let store = SqliteStore::open(Path::new(&database), &key, random, &options).await;
    let store = Arc::new(store.expect("DATABASE opens"));
    if store.realm(&staff()).await.expect("it reads").is_none() {
        let staff = realm("staff");
        let made = store.save_realm(&staff, Precondition::Absent, NOW).await;
        made.expect("the realm is made");
    }
    let mut tasks = JoinSet::new();
    for name in ["one", "two"] {
        tasks.spawn(change_client(Arc::clone(&store), name));
    }
    tasks.spawn(change_federation(Arc::clone(&store)));
    for issuer in 0..ISSUERS {
        tasks.spawn(give_out_codes(Arc::clone(&store), run, issuer));
    }
    tasks.join_all().await;
}

/// Tells that something was written. A line is one write, so that there is never half of one.
fn acknowledge(line: &str) {
    let mut stdout = stdout().lock();
    let told = stdout.write_all(format!("{line}\n").as_bytes());
    told.and_then(|()| stdout.flush())
        .expect("somebody listens");
}

/// Changes a client over and over. Its name says which revision it is of.
async fn change_client(store: Arc<SqliteStore>, name: &str) {
    let kept = store.client(&staff(), &client_id(name)).await;
    let mut revision = kept.expect("it reads").map(|kept| kept.revision);
    loop {
        let next = revision.map_or(1, |revision| revision.0 + 1);
        let wanted = Client {
            name: Some(next.to_string()),
            ..client(name, &["x"]).client
        };
        let precondition = revision.map_or(Precondition::Absent, Precondition::Revision);
        let saved = store.save_client(&wanted, precondition, NOW).await;
        let saved = saved.expect("nobody else changes it").revision;
        acknowledge(&format!("client {name} {}", saved.0));
        revision = Some(saved);
    }
}

/// Changes a federation over and over. Its priority and its credential say which revision it is of.
async fn change_federation(store: Arc<SqliteStore>) {
    let kept = store.federation(&staff(), FederationId(id(1))).await;
    let mut revision = kept.expect("it reads").map(|kept| kept.revision);
    loop {
        let next = revision.map_or(1, |revision| revision.0 + 1);
        let mut wanted = federation("people", 1).planned;
        wanted.federation.priority = i32::try_from(next).expect("a small number");
        let credential = Secret::new(next.to_string());
        let precondition = revision.map_or(Precondition::Absent, Precondition::Revision);
        let saved = store
            .save_federation(&wanted, Some(&credential), precondition, NOW)
            .await;
        let Revision(saved) = saved.expect("nobody else changes it").revision;
        acknowledge(&format!("federation {saved}"));
        revision = Some(Revision(saved));
    }
}

/// Gives out codes, each of which two redeem at once.
async fn give_out_codes(store: Arc<SqliteStore>, run: u32, issuer: u8) {
    for number in 0_u32.. {
        let mut code = [0; 32];
        code[..4].copy_from_slice(&run.to_be_bytes());
        code[4] = issuer;
        code[5..9].copy_from_slice(&number.to_be_bytes());
        let name = format!("{run:08x}{issuer:02x}{number:08x}");
        let grant = Grant {
            id: Uuid::from_slice(&code[..16]).expect("16 octets"),
            code: TokenHash(code),
            code_expires_at: Timestamp(NOW.0 + 60),
            ..grant(0)
        };
        store.add_grant(&grant).await.expect("it is kept");
        acknowledge(&format!("grant {name}"));
        let redeem = || {
            let (store, name) = (Arc::clone(&store), name.clone());
            async move {
                let redeemed = store.redeem(&staff(), TokenHash(code), NOW).await;
                if let Redemption::First(_) = redeemed.expect("it is answered") {
                    acknowledge(&format!("first {name}"));
                }
            }
        };
        tokio::join!(redeem(), redeem());
    }
}
