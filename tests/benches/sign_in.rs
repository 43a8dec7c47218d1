//! A whole sign-in: four requests of a browser and a client (authorization, page, password, token)
//! against a running bridge and a real slapd on the same machine.
//!
//! `cargo bench -p suites --bench sign_in`

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use std::{
    thread,
    time::{Duration, Instant},
};
use suites::{
    application::Application,
    authority::Authority,
    browser::Browser,
    served::{Directory, Served},
    slapd::Slapd,
};

const WARM_UP: usize = 50;
const SIGN_INS: usize = 1_000;
/// As many as the throttle lets be under way for one account: attempts count before they are made.
const CLIENTS: usize = 4;

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rounds = if is_test { 2 } else { SIGN_INS };
    let slapd = Slapd::start();
    let url = format!("ldaps://{}", slapd.ldaps_address());
    let directory = Directory::at(url).trusting(&Authority::shared().ca);
    let served = Served::start(env!("CARGO_BIN_EXE_bridge-under-test"), &directory);
    for algorithm in ["RS256", "ES256"] {
        let client = served.client(if algorithm == "RS256" { "wiki" } else { "chat" });
        measure(&client, WARM_UP.min(rounds));
        let alone = measure(&client, rounds);
        print(
            &format!("{algorithm}, one after the other"),
            alone,
            Duration::ZERO,
        );
        let began = Instant::now();
        let together: Vec<Duration> = thread::scope(|scope| {
            let threads: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| measure(&client, rounds.div_ceil(CLIENTS))))
                .collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("measured"));
            joined.flatten().collect()
        });
        print(
            &format!("{algorithm}, {CLIENTS} at once"),
            together,
            began.elapsed(),
        );
    }
}

fn measure(client: &Application, rounds: usize) -> Vec<Duration> {
    (0..rounds)
        .map(|_| {
            let began = Instant::now();
            client.tokens(&Browser::new(), "ada", "Pw-ada");
            began.elapsed()
        })
        .collect()
}

fn print(what: &str, mut times: Vec<Duration>, whole: Duration) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let (p50, p99) = (at(50).as_secs_f64() * 1e3, at(99).as_secs_f64() * 1e3);
    let sum: Duration = times.iter().sum();
    let whole = if whole.is_zero() { sum } else { whole };
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
    let rate = f64::from(count) / whole.as_secs_f64();
    println!(
        "sign-in, {what}: p50 {p50:.2} ms, p99 {p99:.2} ms, {rate:.0} a second ({count} sign-ins; the client's own work is in it)"
    );
}
