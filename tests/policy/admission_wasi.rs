//! WASI is a grant, and reaches nothing.

use crate::{
    admission_samples::Sample,
    stage::{self, logged},
};
use bridge_model::{
    policy::{PolicyOrigin, PolicyPackage, WasiGrant},
    ports::{Policies, PolicyError, PolicyFault},
    realm::PolicyRef,
    secret::Secret,
};
use bridge_policy::{Cache, HostSettings, Limits, PolicyHost, inspect};
use std::{
    sync::{PoisonError, RwLockWriteGuard},
    time::{Duration, Instant},
};
use suites::policy::MEASURED_ALONE;

fn load(host: &PolicyHost, octets: &[u8], wasi: WasiGrant) -> Result<PolicyRef, PolicyError> {
    host.load(&PolicyPackage {
        wasi,
        ..PolicyPackage::unsigned(octets, PolicyOrigin::Upload)
    })
}

/// Who reads the log: what others log at the same time gets in the way.
fn alone() -> RwLockWriteGuard<'static, ()> {
    MEASURED_ALONE
        .write()
        .unwrap_or_else(PoisonError::into_inner)
}

fn host() -> PolicyHost {
    stage::host(stage::limits())
}

/// It writes what it was told of random numbers and of the time into its title.
const CURIOUS: Sample<'_> = Sample {
    world: "import wasi:random/random@0.2.6; import wasi:clocks/monotonic-clock@0.2.6; import wasi:clocks/wall-clock@0.2.6;",
    functions: r#"
        (import "wasi:random/random@0.2.6" "get-random-u64" (func $random (result i64)))
        (import "wasi:clocks/monotonic-clock@0.2.6" "now" (func $monotonic (result i64)))
        (import "wasi:clocks/wall-clock@0.2.6" "now" (func $wall (param i32)))
        (func $hex (param $number i64) (param $at i32)
            (local $digit i32) (local $left i32)
            (local.set $left (i32.const 16))
            (loop
                (local.set $digit (i32.wrap_i64 (i64.and (local.get $number) (i64.const 15))))
                (i32.store8 (local.get $at)
                    (i32.add (local.get $digit)
                        (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
                (local.set $number (i64.shr_u (local.get $number) (i64.const 4)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))"#,
    in_describe: r"
        (call $hex (call $random) (i32.const 512))
        (call $hex (call $monotonic) (i32.const 528))
        (call $wall (i32.const 4096))
        (call $hex (i64.load (i32.const 4096)) (i32.const 544))",
    in_translate: "",
    in_decide: "",
};

/// It writes to its output, over and over.
const TALKATIVE: Sample<'_> = Sample {
    world: "import wasi:cli/stdout@0.2.6; import wasi:cli/stderr@0.2.6;",
    functions: r#"
        (import "wasi:cli/stdout@0.2.6" "get-stdout" (func $stdout (result i32)))
        (import "wasi:cli/stderr@0.2.6" "get-stderr" (func $stderr (result i32)))
        (import "wasi:io/streams@0.2.6" "[method]output-stream.blocking-write-and-flush"
            (func $write (param i32 i32 i32 i32)))
        (data (i32.const 8192) "one \1b[31mline\nand half of ano")
        (data (i32.const 8240) "ther\n")
        (data (i32.const 8256) "thread panicked at lib.rs:1:\nno more\n")"#,
    in_describe: r"
        (call $write (call $stdout) (i32.const 8192) (i32.const 29) (i32.const 8320))
        (call $write (call $stdout) (i32.const 8240) (i32.const 5) (i32.const 8320))
        (call $write (call $stderr) (i32.const 8256) (i32.const 37) (i32.const 8320))",
    in_translate: "",
    in_decide: "",
};

#[test]
fn without_the_grant_it_is_refused_and_told_what_to_do() {
    let _turn = stage::turn();
    let host = host();
    let error = load(&host, &CURIOUS.component(), WasiGrant::None).expect_err("no grant");
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    for part in [
        "imports `wasi:random/random@0.2.6`, which is not granted",
        "wasi = \"minimal\"",
        "wasm32-unknown-unknown",
    ] {
        assert!(error.detail.contains(part), "{error}");
    }
    assert!(inspect(&CURIOUS.component()).expect("one").needs_wasi);
}

#[test]
fn time_stands_still_and_random_numbers_are_always_the_same() {
    let _turn = stage::turn();
    let title = || {
        let host = host();
        let loaded = load(&host, &CURIOUS.component(), WasiGrant::Minimal).expect("it is granted");
        host.put_in_force(&loaded.digest).expect("it is loaded");
        let [(_, description)] = host.vendors().try_into().expect("one policy");
        description.title
    };
    let first = title();
    assert_eq!(&first[16..], "0".repeat(32), "the clocks stand at zero");
    assert_ne!(&first[..16], "0".repeat(16), "a seed is no zero");
    assert_eq!(title(), first);
}

#[test]
fn no_grant_reaches_sockets() {
    let _turn = stage::turn();
    let sample = Sample {
        world: "import wasi:sockets/instance-network@0.2.6;",
        functions: r#"(import "wasi:sockets/instance-network@0.2.6" "instance-network" (func (result i32)))"#,
        ..Sample::default()
    };
    for wasi in [WasiGrant::None, WasiGrant::Minimal] {
        let error = load(&host(), &sample.component(), wasi).expect_err("no grant");
        assert!(
            error
                .detail
                .contains("`wasi:sockets/instance-network@0.2.6`, which no grant covers"),
            "{error}"
        );
    }
}

#[test]
fn output_goes_to_the_log_line_by_line() {
    let _alone = alone();
    let host = host();
    let component = TALKATIVE.component();
    let (loaded, log) = logged(|| load(&host, &component, WasiGrant::Minimal));
    loaded.expect("it is granted");
    for part in [
        " INFO policy: one \\u{1b}[31mline",
        " INFO policy: and half of another",
        "ERROR policy: thread panicked at lib.rs:1: no more",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[test]
fn output_without_end_is_cut_and_ends_at_the_deadline() {
    let _alone = alone();
    let host = stage::host(Limits {
        call_ms_max: 100,
        ..stage::limits()
    });
    let sample = Sample {
        in_describe: "(loop (call $write (call $stdout) (i32.const 8192) (i32.const 4096) (i32.const 8320)) (br 0))",
        ..TALKATIVE
    };
    let error = load(&host, &sample.component(), WasiGrant::Minimal).expect_err("it never ends");
    // It also takes a stream each time, of which there may be so many.
    assert!(
        [PolicyFault::Deadline, PolicyFault::Memory].contains(&error.fault),
        "{error}"
    );
    let stream = Sample {
        in_describe: "(local $out i32) (local.set $out (call $stdout))
            (loop (call $write (local.get $out) (i32.const 8192) (i32.const 4096) (i32.const 8320)) (br 0))",
        ..TALKATIVE
    };
    let component = stream.component();
    let (error, log) = logged(|| load(&host, &component, WasiGrant::Minimal));
    let error = error.expect_err("it never ends");
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
    assert!(
        log.contains("octets of output over the log's limits were dropped"),
        "{log}"
    );
    assert!(log.len() < 256 << 10, "{}", log.len());
}

#[test]
fn nothing_sleeps() {
    let _turn = stage::turn();
    let sample = Sample {
        world: "import wasi:clocks/monotonic-clock@0.2.6; import wasi:io/poll@0.2.6;",
        functions: r#"
            (import "wasi:clocks/monotonic-clock@0.2.6" "subscribe-duration" (func $after (param i64) (result i32)))
            (import "wasi:io/poll@0.2.6" "[method]pollable.block" (func $block (param i32)))"#,
        // An hour.
        in_describe: "(call $block (call $after (i64.const 3600000000000)))",
        ..Sample::default()
    };
    let begun = Instant::now();
    load(&host(), &sample.component(), WasiGrant::Minimal).expect("it is granted");
    assert!(begun.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_policy_that_ends_itself_is_told_so() {
    let _turn = stage::turn();
    let sample = Sample {
        world: "import wasi:cli/exit@0.2.6;",
        functions: r#"(import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))"#,
        in_describe: "(call $exit (i32.const 1))",
        ..Sample::default()
    };
    let error = load(&host(), &sample.component(), WasiGrant::Minimal).expect_err("it ends");
    assert_eq!(error.fault, PolicyFault::Trap, "{error}");
    assert!(
        error.detail.contains("ended itself with status 1"),
        "{error}"
    );
}

#[test]
fn code_that_was_kept_under_a_grant_is_not_run_without_it() {
    let _turn = stage::turn();
    let parent = tempfile::TempDir::new().expect("a folder");
    let host = || {
        let cache = Cache {
            folder: parent.path().join("compiled"),
            mac_key: Secret::new(vec![1; 32]),
        };
        let settings = HostSettings {
            limits: stage::limits(),
            cache: Some(cache),
            ..HostSettings::default()
        };
        PolicyHost::new(settings).expect("a host")
    };
    let component = CURIOUS.component();
    load(&host(), &component, WasiGrant::Minimal).expect("it is granted");
    let error = load(&host(), &component, WasiGrant::None).expect_err("no grant");
    assert!(error.detail.contains("which is not granted"), "{error}");
    load(&host(), &component, WasiGrant::Minimal).expect("it is granted");
}
