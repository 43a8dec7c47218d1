//! Core modules that were built with the contract's bindings are taken as they are; and what can be said
//! of a file without running it.

use crate::{admission_samples::Sample, stage};
use bridge_model::ports::{Policies, PolicyFault};
use bridge_policy::{PolicyKind, inspect};
use suites::policy::{guest, load, take};

fn refused(octets: &[u8], parts: &[&str]) {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let error = load(&host, octets).expect_err("it is no policy");
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    for part in parts {
        assert!(error.detail.contains(part), "{error}");
    }
}

#[test]
fn a_core_module_with_the_contracts_bindings_is_a_policy() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let module = Sample::default().module();
    let reference = take(&host, &module).expect("it is admitted");
    assert_eq!(reference.id, "sample");
    let inspection = inspect(&module).expect("it is one");
    assert_eq!(reference.digest, inspection.digest, "of the file as it is");
    let component = Sample::default().component();
    let other = inspect(&component).expect("it is one").digest;
    assert_ne!(reference.digest, other);
    let [(loaded, _)] = host.vendors().try_into().expect("one policy");
    assert_eq!(loaded, reference);
}

#[test]
fn a_core_module_without_them_is_none() {
    let bare = Sample::default().bare_module();
    refused(
        &bare,
        &["not built with the contract's bindings", "policy SDK"],
    );
}

#[test]
fn a_core_module_that_lacks_a_function_is_told_which() {
    let module = Sample::default().module();
    let renamed = stage::renamed(&module, "vendor@0.1.0#decide", "vendor@0.1.0#decode");
    refused(&renamed, &["cannot be made a component", "decide"]);
}

#[test]
fn a_core_module_for_an_older_wasi_is_told_what_to_do() {
    let sample = Sample {
        functions: r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#,
        ..Sample::default()
    };
    refused(
        &sample.module(),
        &["WASI 0.1", "wasm32-unknown-unknown", "wasm32-wasip2"],
    );
}

#[test]
fn a_core_module_that_is_damaged_is_refused() {
    let module = Sample::default().module();
    for kept in [9, 100, module.len() / 2, module.len() - 1] {
        let error = inspect(&module[..kept]).expect_err("it is cut");
        assert!(error.to_string().contains("damaged"), "{error}");
        refused(&module[..kept], &["damaged"]);
    }
}

#[test]
fn a_file_is_told_by_what_it_imports_and_exports() {
    let inspection = inspect(guest("wrong-steps")).expect("it is a component");
    assert_eq!(inspection.kind, Ok(PolicyKind::Vendor));
    assert_eq!(inspection.octets, guest("wrong-steps").len());
    assert!(inspection.digest.starts_with("sha256:"));
    assert_eq!(inspection.contract_versions, ["0.1.0"]);
    assert!(!inspection.needs_wasi && !inspection.is_core_module);
    let log = "ldap-oidc:policy/log@0.1.0".to_owned();
    assert!(inspection.imports.contains(&log), "{inspection:?}");
    let vendor = "ldap-oidc:policy/vendor@0.1.0".to_owned();
    assert!(inspection.exports.contains(&vendor), "{inspection:?}");
    let by_encoder = |it: &bridge_policy::Producer| it.name == "wit-component";
    assert!(
        inspection.producers.iter().any(by_encoder),
        "{inspection:?}"
    );
}

#[test]
fn what_is_no_policy_is_told_why() {
    let other = stage::renamed(
        guest("wrong-steps"),
        "policy/vendor@0.1.0",
        "policy/vendor@0.2.0",
    );
    let inspection = inspect(&other).expect("it is a component");
    let reason = inspection.kind.expect_err("another version");
    assert!(reason.contains("not compatible"), "{reason}");
    assert!(inspect(b"#!/bin/sh").is_err());
    assert!(inspect(&Sample::default().bare_module()).is_err());
    let module = inspect(&Sample::default().module()).expect("it is one");
    assert!(module.is_core_module);
    assert_eq!(module.kind, Ok(PolicyKind::Vendor));
}
