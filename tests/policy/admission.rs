//! What is no vendor policy is not admitted, and is told why.

use crate::{admission_samples::Sample, stage};
use bridge_model::ports::{Policies, PolicyError, PolicyFault};
use bridge_policy::Limits;
use suites::policy::{context, guest, in_force, person, take};

/// Why these octets are not admitted.
fn refusal(octets: &[u8]) -> PolicyError {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let error = take(&host, octets).expect_err("this is no vendor policy");
    assert!(error.policy.starts_with("sha256:"), "{error}");
    assert!(host.vendors().is_empty());
    take(&host, guest("wrong-steps")).expect("the next one is admitted");
    stage::expect_good_call(&*in_force(&host, "wrong-steps").expect("it is loaded"));
    error
}

fn check(octets: &[u8], parts: &[&str]) {
    let error = refusal(octets);
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    for part in parts {
        assert!(error.detail.contains(part), "{error}");
    }
}

fn check_text(text: &str, parts: &[&str]) {
    check(&wat::parse_str(text).expect("the test's own text"), parts);
}

#[test]
fn a_component_that_exports_nothing() {
    check_text(
        "(component)",
        &[
            "does not export `ldap-oidc:policy/vendor@0.1.0`",
            "it exports nothing",
        ],
    );
}

#[test]
fn a_component_of_another_world() {
    check_text(
        r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#,
        &[
            "does not export `ldap-oidc:policy/vendor@0.1.0`",
            "it exports `wasi:cli/run@0.2.0`",
        ],
    );
}

#[test]
fn a_component_of_another_version_of_the_world() {
    for (version, advice) in [
        ("0.2.0", "update the bridge"),
        ("0.0.1", "build the policy anew"),
    ] {
        for (interface, offered) in [
            ("vendor", "offers `ldap-oidc:policy/vendor@0.1.0`"),
            (
                "claim-mapper",
                "offers `ldap-oidc:policy/claim-mapper@0.1.0`",
            ),
        ] {
            check_text(
                &format!(
                    r#"(component (instance $i) (export "ldap-oidc:policy/{interface}@{version}" (instance $i)))"#
                ),
                &[
                    &format!("built against `ldap-oidc:policy/{interface}@{version}`"),
                    offered,
                    "not compatible",
                    advice,
                ],
            );
        }
    }
}

#[test]
fn a_newer_version_that_is_compatible_and_needs_nothing_new() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let newer = stage::renamed(guest("wrong-steps"), "@0.1.0", "@0.1.7");
    take(&host, &newer).expect("a later version of the same contract");
    stage::expect_good_call(&*in_force(&host, "wrong-steps").expect("it is loaded"));
    for (version, advice) in [
        ("@1.1.0", "update the bridge"),
        ("@0.0.9", "build the policy anew"),
    ] {
        let other = stage::renamed(guest("wrong-steps"), "@0.1.0", version);
        let error = take(&stage::host(stage::limits()), &other).expect_err("not compatible");
        assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
        assert!(error.detail.contains(advice), "{error}");
    }
}

#[test]
fn exports_that_nobody_knows_do_no_harm() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    // As toolchains of interpreters add one.
    let sample = Sample {
        world: "export exports: interface { init: func(); }",
        functions: r#"(func (export "exports#init"))"#,
        ..Sample::default()
    };
    take(&host, &sample.component()).expect("it has more than it needs");
    in_force(&host, "sample").expect("it is loaded");
}

#[test]
fn a_component_that_wants_wasi() {
    check_text(
        r#"(component
            (import "ldap-oidc:policy/log@0.1.0" (instance))
            (import "wasi:io/poll@0.2.9" (instance)))"#,
        &[
            "imports `wasi:io/poll@0.2.9`, which is not granted",
            "wasm32-unknown-unknown",
        ],
    );
}

#[test]
fn a_component_that_wants_a_function_of_its_own() {
    check_text(
        r#"(component (import "open-door" (func)))"#,
        &["imports `open-door`, which is not granted"],
    );
}

#[test]
fn a_component_that_wants_more_of_the_log() {
    check_text(
        &format!(
            r#"(component
                (import "ldap-oidc:policy/log@0.1.0" (instance (export "erase" (func))))
                {})"#,
            vendor("describe translate decide")
        ),
        &["an import has another type", "log@0.1.0", "`erase`"],
    );
}

#[test]
fn a_component_that_lacks_a_function() {
    check_text(
        &format!("(component {})", vendor("describe translate")),
        // Types are compared in the contract's order, and the first is wrong already.
        &[
            "the function `describe`",
            "has another type than in the contract",
        ],
    );
    check_text(
        &format!("(component {})", vendor("translate decide")),
        &["`ldap-oidc:policy/vendor@0.1.0` lacks the function `describe`"],
    );
}

/// An export `vendor` whose functions all give a number.
fn vendor(functions: &str) -> String {
    let exports: Vec<String> = functions
        .split(' ')
        .map(|name| format!(r#"(export "{name}" (func $f))"#))
        .collect();
    let exports = exports.concat();
    format!(
        r#"(core module $m (func (export "f") (result i32) (i32.const 1)))
        (core instance $i (instantiate $m))
        (func $f (result u32) (canon lift (core func $i "f")))
        (instance $vendor {exports})
        (export "ldap-oidc:policy/vendor@0.1.0" (instance $vendor))"#
    )
}

#[test]
fn a_core_module() {
    check_text(
        "(module)",
        &["a core module and no component", "wasm-tools component new"],
    );
}

#[test]
fn what_is_no_webassembly() {
    for octets in [&b""[..], b"\0asm", b"#!/bin/sh\n", &[0; 64]] {
        check(octets, &["no WebAssembly component"]);
    }
}

#[test]
fn a_component_that_needs_what_is_switched_off() {
    for (module, part) in [
        ("(func (result v128) (v128.const i64x2 0 0))", "SIMD"),
        ("(memory i64 1)", "memory64"),
        ("(memory 1) (memory 1)", "multiple memories"),
        ("(func $f (return_call $f))", "tail calls"),
    ] {
        check_text(
            &format!("(component (core module {module}))"),
            &["what the bridge has switched off", part],
        );
    }
}

#[test]
fn a_component_that_begins_with_too_much() {
    for (module, part) in [
        ("(memory 257)", "memory"),
        ("(table 20001 funcref)", "table"),
    ] {
        check_text(
            &format!(
                "(component (core module $m {module}) (core instance (instantiate $m)) {})",
                vendor("describe translate decide").replace("$m", "$n")
            ),
            &["cannot be compiled within the limits", part],
        );
    }
}

#[test]
fn a_truncated_file() {
    let whole = guest("wrong-steps");
    for kept in [9, 100, whole.len() / 2, whole.len() - 1] {
        check(&whole[..kept], &["damaged"]);
    }
}

#[test]
fn an_oversized_file() {
    let _turn = stage::turn();
    let whole = guest("wrong-steps");
    let host = stage::host(Limits {
        component_octets_max: whole.len() - 1,
        ..stage::limits()
    });
    let error = take(&host, whole).expect_err("it is one octet too long");
    assert_eq!(error.fault, PolicyFault::NotAdmitted);
    let part = format!(
        "has {} octets and may have {}",
        whole.len(),
        whole.len() - 1
    );
    assert!(error.detail.contains(&part), "{error}");
}

/// A flipped bit may make a file invalid, or another valid policy: a wrong one, perhaps. Whatever it
/// makes, the host gives a clear answer within its limits.
#[test]
fn a_file_with_a_flipped_bit() {
    let _turn = stage::turn();
    let host = || {
        stage::host(Limits {
            call_ms_max: 100,
            ..stage::limits()
        })
    };
    let whole = guest("wrong-steps");
    let mut refused = 0;
    for flip in 0..FLIPS {
        let mut octets = whole.to_vec();
        let at = flip * whole.len() / FLIPS;
        octets[at] ^= 1 << (flip % 8);
        let host = host();
        let outcome = take(&host, &octets).and_then(|reference| {
            in_force(&host, &reference.id)?.decide(&context(b""), &[person("uid=ada")])
        });
        if let Err(error) = outcome {
            refused += 1;
            assert!(!error.detail.is_empty());
            assert!(!error.detail.contains(char::is_control), "{error:?}");
        }
    }
    assert!(refused > FLIPS / 4, "{refused} of {FLIPS}");
}

const FLIPS: usize = 64;
