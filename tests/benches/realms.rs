//! A thousand realms with a federation each, one sign-in in each, then a minute without anybody: what a
//! realm costs in memory, and whether making, listing and signing in stay as quick as with the first.
//!
//! `cargo bench -p suites --bench realms`

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use std::{
    thread,
    time::{Duration, Instant},
};
use suites::{
    admin::{Admin, federation_document},
    application::Application,
    browser::Browser,
    served::Served,
    slapd::Slapd,
};

const REALMS: usize = 1_000;
/// How long nobody comes before memory is looked at.
const IDLE: Duration = Duration::from_mins(1);

/// How long each of a realm's first steps took.
struct Steps {
    made: Duration,
    listed: Duration,
    signed_in: Duration,
}

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (realms, idle) = if is_test {
        (2, Duration::from_millis(10))
    } else {
        (REALMS, IDLE)
    };
    let slapd = Slapd::start();
    let served = Served::bare_and_unhurried(env!("CARGO_BIN_EXE_bridge-under-test"));
    let url = format!("ldaps://{}", slapd.ldaps_address());
    realm(&served, &url, "first");
    thread::sleep(idle);
    let alone = served.bridge.resident_kib();
    let steps: Vec<_> = (0..realms)
        .map(|i| realm(&served, &url, &format!("realm-{i:04}")))
        .collect();
    let busy = served.bridge.resident_kib();
    thread::sleep(idle);
    let rested = served.bridge.resident_kib();

    println!(
        "resident: {alone} KiB with one realm, {busy} KiB after {realms} more, {rested} KiB {idle:?} later"
    );
    let count = i64::try_from(realms).unwrap_or(i64::MAX);
    let each = (i64::try_from(rested).unwrap_or(0) - i64::try_from(alone).unwrap_or(0)) / count;
    println!("resident: {each} KiB a realm above one (at most 100 are wanted)");
    let share = steps.len().div_ceil(10);
    let early = &steps[..share];
    let late = &steps[steps.len() - share..];
    for (what, of) in [
        (
            "making realm, federation and client",
            (|step| step.made) as fn(&Steps) -> Duration,
        ),
        ("listing federations", |step| step.listed),
        ("the first sign-in, keys made", |step| step.signed_in),
    ] {
        let (first, last) = (median(early, of), median(late, of));
        println!(
            "{what}: p50 {:.2} ms among the first {share}, {:.2} ms among the last, ratio {:.2}",
            first * 1e3,
            last * 1e3,
            last / first
        );
    }
}

/// Makes a realm as its operator would, and signs somebody in.
fn realm(served: &Served, url: &str, name: &str) -> Steps {
    let operator = served.operator();
    let began = Instant::now();
    operator.create_realm(name);
    let operator: Admin = operator.of(name);
    operator.create("/user-federations", &federation_document(url));
    operator.create_public_client("wiki");
    let made = began.elapsed();
    let began = Instant::now();
    assert_eq!(operator.get("/user-federations").status, 200);
    let listed = began.elapsed();
    let issuer = served.bridge.issuer(name);
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    let began = Instant::now();
    wiki.tokens(&Browser::new(), "ada", "Pw-ada");
    Steps {
        made,
        listed,
        signed_in: began.elapsed(),
    }
}

fn median(steps: &[Steps], of: impl Fn(&Steps) -> Duration) -> f64 {
    let mut times: Vec<_> = steps.iter().map(of).collect();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}
