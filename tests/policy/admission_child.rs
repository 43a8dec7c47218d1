//! Components are compiled and tried in a process of their own, which ends when it takes too much.

use crate::{
    admission_samples::{Sample, with_bomb},
    memory::resident_octets,
    stage,
};
use bridge_model::ports::{Policies, PolicyError, PolicyFault};
use bridge_policy::{Admission, AdmissionChild, Cache, HostSettings, Limits, PolicyHost};
use std::{
    path::Path,
    sync::PoisonError,
    time::{Duration, Instant},
};
use suites::policy::{MEASURED_ALONE, guest, in_force, load, take};

/// The bridge itself, as it runs beside a bridge that serves.
pub(crate) fn child() -> AdmissionChild {
    AdmissionChild {
        program: env!("CARGO_BIN_EXE_bridge-under-test").into(),
        arguments: vec!["policy".into(), "admit-component".into()],
    }
}

pub(crate) fn host_with(child: AdmissionChild, limits: Limits, cache: Option<Cache>) -> PolicyHost {
    PolicyHost::new(HostSettings {
        limits,
        cache,
        admission: Admission::Child(child),
    })
    .expect("a host")
}

pub(crate) fn host(limits: Limits) -> PolicyHost {
    host_with(child(), limits, None)
}

fn shell(script: &str) -> AdmissionChild {
    AdmissionChild {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
    }
}

/// Why a host does not take these octets; what it has is not changed by it.
fn refusal(host: &PolicyHost, octets: &[u8]) -> PolicyError {
    let error = load(host, octets).expect_err("it is refused");
    assert!(!error.detail.contains(char::is_control), "{error:?}");
    assert!(host.vendors().is_empty());
    error
}

fn expect_good_policy(host: &PolicyHost) {
    take(host, guest("wrong-steps")).expect("the next one is admitted");
    stage::expect_good_call(&*in_force(host, "wrong-steps").expect("it is loaded"));
}

#[test]
fn every_policy_that_is_shipped_is_admitted_and_has_the_same_description() {
    let _turn = stage::turn();
    let (there, here) = (host(stage::limits()), stage::host(stage::limits()));
    for component in bridge_components::components() {
        for host in [&there, &here] {
            take(host, component.bytes).expect(component.name);
        }
    }
    assert!(!there.vendors().is_empty());
    assert_eq!(there.vendors(), here.vendors());
    assert_eq!(there.mappers(), here.mappers());
    expect_good_policy(&there);
}

#[test]
fn the_author_is_told_the_same_as_by_a_host_without_a_process() {
    let _turn = stage::turn();
    let (there, here) = (host(stage::limits()), stage::host(stage::limits()));
    let whole = guest("wrong-steps");
    for octets in [
        b"#!/bin/sh\n",
        b"\0asm\x01\0\0\0".as_slice(),
        &whole[..whole.len() / 2],
        &wat::parse_str("(component)").expect("a text"),
        &wat::parse_str(r#"(component (import "open-door" (func)))"#).expect("a text"),
        guest("bad-description"),
    ] {
        let (there, here) = (refusal(&there, octets), refusal(&here, octets));
        assert_eq!((there.fault, &there.detail), (here.fault, &here.detail));
    }
    expect_good_policy(&there);
}

#[test]
fn what_the_process_compiled_is_kept_for_the_next_start() {
    let _turn = stage::turn();
    let parent = tempfile::TempDir::new().expect("a folder");
    let cache = || {
        Some(Cache {
            folder: parent.path().join("compiled"),
            mac_key: bridge_model::secret::Secret::new(vec![1; 32]),
        })
    };
    expect_good_policy(&host_with(child(), stage::limits(), cache()));
    // There is no process to compile it this time.
    let second = host_with(shell("exit 1"), stage::limits(), cache());
    expect_good_policy(&second);
}

#[test]
fn a_loop_at_the_start_ends_within_the_limit() {
    let sample = Sample {
        functions: "(func $f (loop (br 0))) (start $f)",
        ..Sample::default()
    };
    check_loop(&sample, "in describe: it used more than 100 ms");
}

#[test]
fn a_loop_in_describe_ends_within_the_limit() {
    let sample = Sample {
        in_describe: "(loop (br 0))",
        ..Sample::default()
    };
    check_loop(&sample, "in describe: it used more than 100 ms");
}

#[test]
fn a_loop_in_translate_ends_within_the_limit() {
    let sample = Sample {
        in_translate: "(loop (br 0))",
        ..Sample::default()
    };
    check_loop(&sample, "in translate: it used more than 100 ms");
}

fn check_loop(sample: &Sample<'_>, part: &str) {
    let _turn = stage::turn();
    let host = host(Limits {
        call_ms_max: 100,
        ..stage::limits()
    });
    let begun = Instant::now();
    let error = refusal(&host, &sample.component());
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
    assert!(error.detail.contains("fails when it is tried"), "{error}");
    assert!(error.detail.contains(part), "{error}");
    assert!(begun.elapsed() < ADMISSION_MAX, "{:?}", begun.elapsed());
    expect_good_policy(&host);
}

#[test]
fn a_trap_is_met_before_anybody_depends_on_it() {
    let _turn = stage::turn();
    let sample = Sample {
        in_translate: "(unreachable)",
        ..Sample::default()
    };
    let host = host(stage::limits());
    let error = refusal(&host, &sample.component());
    assert_eq!(error.fault, PolicyFault::Trap, "{error}");
    assert!(error.detail.contains("in translate"), "{error}");
    expect_good_policy(&host);
}

#[test]
fn a_bomb_of_code_ends_by_processor_time_by_the_clock_or_by_memory() {
    let _alone = MEASURED_ALONE
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let sample = Sample::default().component();
    let many = with_bomb(&sample, 4_000, 1_000);
    let large = with_bomb(&sample, 4, 1_000_000);
    let patient = Limits {
        admission_cpu_s_max: 600,
        admission_ms_max: 600_000,
        ..stage::limits()
    };
    for (octets, limits, part) in [
        (
            &many,
            Limits {
                admission_cpu_s_max: 1,
                ..patient
            },
            "more than 1 s of processor time",
        ),
        (
            &many,
            Limits {
                admission_ms_max: 700,
                ..patient
            },
            "longer than 700 ms",
        ),
        (
            &large,
            Limits {
                admission_memory_octets_max: 192 << 20,
                ..patient
            },
            "more than 192 MiB of memory",
        ),
    ] {
        let host = host(limits);
        // What is made once is made before it is measured.
        expect_good_policy(&host_with(child(), stage::limits(), None));
        let before = resident_octets();
        let begun = Instant::now();
        let error = load(&host, octets).expect_err("it is refused");
        assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
        assert!(
            error
                .detail
                .contains("cannot be compiled within the limits"),
            "{error}"
        );
        assert!(error.detail.contains(part), "{error}");
        assert!(begun.elapsed() < ADMISSION_MAX, "{:?}", begun.elapsed());
        let grown = resident_octets().saturating_sub(before);
        assert!(grown <= GROWTH_OCTETS_MAX, "{grown} octets, {part}");
    }
    let host = host(stage::limits());
    let small = with_bomb(&sample, 10, 10);
    take(&host, &small).expect("a few functions that nobody calls do no harm");
}

#[test]
fn code_that_is_longer_than_it_may_be_is_not_taken() {
    let _turn = stage::turn();
    let host = host(Limits {
        code_octets_max: 4096,
        ..stage::limits()
    });
    let error = refusal(&host, &Sample::default().component());
    assert!(error.detail.contains("more than 4096 octets"), "{error}");
}

#[test]
fn a_program_that_does_not_answer_as_it_should_admits_nothing() {
    let _turn = stage::turn();
    let limits = Limits {
        admission_ms_max: 1_000,
        ..stage::limits()
    };
    for (child, part) in [
        (
            AdmissionChild {
                program: "/no/where".into(),
                arguments: Vec::new(),
            },
            "/no/where, which compiles policies, does not run",
        ),
        (shell("exit 0"), "ended with exit status: 0"),
        (
            shell("echo no >&2; exit 3"),
            "ended with exit status: 3: no",
        ),
        (shell("kill -9 $$"), "ended with signal: 9"),
        // Code without end, and more complaints than anybody reads.
        (shell("exec 2>&1; yes"), "the process that does it ended"),
        (shell("yes >&2"), "longer than 1000 ms"),
        (shell("exec sleep 60"), "longer than 1000 ms"),
        // Code that is announced as longer than there is memory.
        (
            shell(r"printf '\000\377\377\377\377\377\377\377\177'"),
            "more than 134217728 octets",
        ),
        // Code that is none, with a verdict that it is fine.
        (
            shell(
                r"printf '\000\003\000\000\000\000\000\000\000abc\000\000\000\000\000\000\000\000\000'",
            ),
            "cannot be compiled",
        ),
        // Code, and then silence.
        (
            shell(r"printf '\000\003\000\000\000\000\000\000\000abc'"),
            "cannot be tried within the limits",
        ),
    ] {
        let host = host_with(child, limits, None);
        let begun = Instant::now();
        let error = refusal(&host, guest("wrong-steps"));
        assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
        assert!(error.detail.contains(part), "{part}: {error}");
        assert!(begun.elapsed() < ADMISSION_MAX, "{:?}", begun.elapsed());
    }
}

#[test]
fn nothing_of_the_process_stays_behind() {
    let _alone = MEASURED_ALONE
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let host = host(stage::limits());
    // What the engine keeps for good is there after the first.
    expect_good_policy(&host);
    let before = descriptors();
    for _ in 0..5 {
        load(&host, b"\0asm\x0d\0\x01\0\xff").expect_err("it is cut");
    }
    assert_eq!(descriptors(), before);
}

fn descriptors() -> usize {
    let folder = Path::new("/proc/self/fd");
    folder.read_dir().expect("Linux has it").count()
}

/// On a machine that has other things to do.
const ADMISSION_MAX: Duration = Duration::from_mins(1);
/// The octets of the component itself, twice: as they are given and as they are sent.
const GROWTH_OCTETS_MAX: usize = 64 << 20;
