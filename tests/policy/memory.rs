//! What misbehaves again and again leaves nothing behind.

use crate::stage;
use bridge_model::ports::PolicyFault;
use bridge_policy::{Limits, PolicyHost};
use std::{
    fs,
    sync::{PoisonError, RwLockWriteGuard},
};
use suites::policy::{MEASURED_ALONE, context, guest, in_force, person, take};

const REPETITIONS: usize = 1_000;
const GROWTH_OCTETS_MAX: usize = 4 << 20;

#[test]
fn a_thousand_misbehaviours_leave_less_than_four_mebibytes() {
    let _alone = alone();
    let host = stage::host(Limits {
        memory_octets_max: 8 << 20,
        ..stage::limits()
    });
    for (folder, how, fault) in [
        ("memory-bomb", "one step", PolicyFault::Memory),
        ("memory-bomb", "small steps", PolicyFault::Memory),
        ("panicking", "again", PolicyFault::Trap),
        ("deep-recursion", "own stack", PolicyFault::Trap),
        ("deep-recursion", "host stack", PolicyFault::Memory),
        ("huge-answer", "text 4194304", PolicyFault::Output),
        ("huge-answer", "notices 200000", PolicyFault::Output),
        ("log-flood", "one line", PolicyFault::Memory),
    ] {
        check(&host, folder, how, fault);
    }
    let impatient = stage::host(Limits {
        call_ms_max: 1,
        person_us_max: 0,
        ..stage::limits()
    });
    check(&impatient, "endless-loop", "loop", PolicyFault::Deadline);
}

fn check(host: &PolicyHost, folder: &str, how: &str, fault: PolicyFault) {
    take(host, guest(folder)).expect("it is admitted");
    let policy = in_force(host, folder).expect("it is loaded");
    let misbehave = || {
        let error = policy
            .decide(&context(how.as_bytes()), &[person("uid=ada")])
            .expect_err("it misbehaves");
        assert_eq!(error.fault, fault, "{error}");
    };
    expect_no_growth(&format!("{folder}, {how}"), misbehave);
    stage::expect_good_call(&*policy);
}

/// Keeps all other tests that call policies from running, so that the process's memory is this test's.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    MEASURED_ALONE
        .write()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Checks that what is done a thousand times leaves nothing behind. To be called by who is [`alone`].
pub(crate) fn expect_no_growth(what: &str, again: impl Fn()) {
    // The first time makes resident what is kept for every next one.
    again();
    let before = resident_octets();
    for _ in 0..REPETITIONS {
        again();
    }
    let grown = resident_octets().saturating_sub(before);
    assert!(
        grown <= GROWTH_OCTETS_MAX,
        "{what}: {grown} octets more after {REPETITIONS} times"
    );
}

/// What the process has in memory: the second number of `/proc/self/statm`, in pages (proc(5)).
pub(crate) fn resident_octets() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("seven numbers");
    pages * PAGE_OCTETS
}

/// On every machine that the tests run on; a larger page would only make the check stricter.
const PAGE_OCTETS: usize = 4096;
