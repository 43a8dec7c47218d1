//! Ten thousand sign-ins with fifty swaps of their policy in between, against a running bridge and a real
//! slapd on the same machine: none is lost, and each is answered by one version.
//!
//! `cargo bench -p suites --bench swap`

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use std::time::Instant;
use suites::{
    authority::Authority,
    served::{Directory, Served},
    slapd::Slapd,
    swapping::{Plan, sign_in_while_swapping},
};

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (sign_ins, swaps) = if is_test { (40, 2) } else { (10_000, 50) };
    let slapd = Slapd::start();
    let url = format!("ldaps://{}", slapd.ldaps_address());
    let directory = Directory::at(url).trusting(&Authority::shared().ca);
    let served = Served::start(env!("CARGO_BIN_EXE_bridge-under-test"), &directory);
    let mut components = bridge_components::components().iter();
    let component = components.find(|component| component.name == "openldap");
    let component = component.expect("it is built in").bytes;
    let began = Instant::now();
    let tally = sign_in_while_swapping(&served, component, Plan { sign_ins, swaps });
    let elapsed = began.elapsed().as_secs_f64();
    let answered: usize = tally.by_digest.values().sum();
    assert_eq!(answered, sign_ins, "a sign-in is lost: {tally:?}");
    println!(
        "swap: {answered} sign-ins with {} swaps and roll backs in between, {elapsed:.1} s; by version {:?}",
        tally.swaps,
        tally.by_digest.values().collect::<Vec<_>>()
    );
}
