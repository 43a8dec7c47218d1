//! Components that are not admitted, by a process of their own.
//!
//! What counts here is the memory of the host: the process takes its own along when it ends. Each time is a
//! process that starts, some 20 ms with a bridge that is not optimised: a thousand for each component would
//! take many minutes. What is refused in the host's own process a thousand times is refused here in a
//! thousand processes, all components together; bombs of code, which only a process of its own can stop,
//! are as many as go off in some seconds.

use super::{
    End::Fault,
    Repeated, TIMES,
    admission::{self, Door},
};
use crate::{
    admission_child,
    admission_samples::{Sample, with_bomb},
    memory, stage,
};
use bridge_model::ports::PolicyFault::NotAdmitted;
use bridge_policy::Limits;
use std::time::Duration;
use suites::policy::load;

#[test]
fn all_that_are_refused_by_a_process_do_no_harm() {
    let _alone = memory::alone();
    let limits = Limits {
        // Of a process that everything else goes before.
        call_ms_max: 20,
        ..admission::limits()
    };
    let door = Door::new(admission_child::host(limits));
    let cases = admission::cases();
    let each = limits.deadline(0) + STARTED_WITHIN;
    let repeated = Repeated {
        name: "all that are refused",
        times: TIMES.div_ceil(cases.len()),
        threads: 2,
        limit: each * u32::try_from(cases.len()).expect("some dozens"),
    };
    let round = || {
        for case in &cases {
            door.expect_refused(case);
        }
    };
    repeated.expect_harmless(round, || door.expect_next());
}

/// A component with too much code in it, the limit that it meets, the words for it, and how often.
type Bomb = (&'static str, Vec<u8>, Limits, &'static str, usize);

fn bombs() -> [Bomb; 2] {
    let sample = Sample::default().component();
    let patient = Limits {
        admission_ms_max: 60_000,
        ..stage::limits()
    };
    let (hasty, narrow) = (
        Limits {
            admission_ms_max: 60,
            ..patient
        },
        Limits {
            admission_memory_octets_max: 72 << 20,
            ..patient
        },
    );
    // Of less than a mebibyte each: what is kept of files that were freed must not hide what is not.
    let many = with_bomb(&sample, 40_000, 2);
    let large = with_bomb(&sample, 1, 150_000);
    let late = "it takes longer than 60 ms";
    let fat = "more than 72 MiB of memory";
    [
        ("many functions", many, hasty, late, 100),
        ("a large function", large, narrow, fat, 20),
    ]
}

#[test]
fn a_bomb_of_code_that_goes_off_again_and_again_does_no_harm() {
    let _alone = memory::alone();
    let door = Door::new(admission_child::host(stage::limits()));
    for (name, octets, limits, part, times) in bombs() {
        let host = admission_child::host(limits);
        let repeated = Repeated {
            name,
            times,
            threads: 2,
            limit: Duration::from_millis(limits.admission_ms_max),
        };
        let go_off = || {
            let error = load(&host, &octets).expect_err(name);
            Fault(NotAdmitted, part).expect(name, &error);
        };
        repeated.expect_harmless(go_off, || door.expect_next());
    }
}

/// In a debug build.
const STARTED_WITHIN: Duration = Duration::from_millis(250);
