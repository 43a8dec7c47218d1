//! Components that are not admitted, in this process.
//!
//! They are made from a few kilobytes of text, since they are compiled a thousand times: the guests in
//! `tests/guests` that are not admitted for the same reasons are Rust, and take many times as long to
//! compile.

use super::{
    End::{self, Fault},
    Repeated, TIMES,
};
use crate::{
    admission_samples::{Sample, with_instances},
    memory, stage,
};
use bridge_model::{
    decision::{Person, Step},
    policy::PolicyChoice,
    ports::{
        Policies, PolicyError,
        PolicyFault::{Contract, Deadline, Memory, NotAdmitted, Trap},
    },
    realm::PolicyRef,
};
use bridge_policy::{Limits, PolicyHost};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use suites::policy::{context, guest, in_force, load, person, realm, take};

/// A component, and how its admission has to end.
pub(super) type Case = (&'static str, Vec<u8>, End);

/// All that are not admitted.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::from(damaged());
    cases.extend(of_another_world());
    cases.extend(too_large());
    cases.extend(failing());
    cases
}

/// The limits that they meet.
pub(super) fn limits() -> Limits {
    Limits {
        component_octets_max: 1 << 20,
        memory_octets_max: 8 << 20,
        memories_max: 3,
        call_ms_max: 3,
        person_us_max: 0,
        ..stage::limits()
    }
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's own text")
}

fn sample() -> Vec<u8> {
    Sample::default().component()
}

#[rustfmt::skip]
fn damaged() -> [Case; 7] {
    let (component, module) = (sample(), Sample::default().module());
    let guest = guest("wrong-steps");
    let refused = |part| Fault(NotAdmitted, part);
    [
        ("nothing", Vec::new(), refused("no WebAssembly component")),
        ("a script", b"#!/bin/sh\n".to_vec(), refused("no WebAssembly component")),
        ("half a component", component[..component.len() / 2].to_vec(), refused("damaged")),
        ("a component but for one octet", component[..component.len() - 1].to_vec(), refused("damaged")),
        ("half a guest", guest[..guest.len() / 2].to_vec(), refused("damaged")),
        ("half a core module", module[..module.len() / 2].to_vec(), refused("damaged")),
        ("one octet too many", vec![0; (1 << 20) + 1], refused("has 1048577 octets and may have 1048576")),
    ]
}

#[rustfmt::skip]
fn of_another_world() -> [Case; 10] {
    let (component, module) = (sample(), Sample::default().module());
    let other = text(r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#);
    let importing = |world, functions| {
        let sample = Sample { world, functions, ..Sample::default() };
        sample.component()
    };
    let door = importing("import door: interface { open: func(); }", r#"(import "door" "open" (func))"#);
    let wasi = importing(
        "import wasi:random/random@0.2.6;",
        r#"(import "wasi:random/random@0.2.6" "get-random-u64" (func (result i64)))"#,
    );
    let preview1 = Sample {
        functions: r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#,
        ..Sample::default()
    };
    let without = stage::renamed(&module, "vendor@0.1.0#decide", "vendor@0.1.0#decode");
    let refused = |part| Fault(NotAdmitted, part);
    [
        ("a component that exports nothing", text("(component)"), refused("it exports nothing")),
        ("a component of another world", other, refused("it exports `wasi:cli/run@0.2.0`")),
        ("a later major version", stage::renamed(&component, "@0.1.0", "@1.1.0"), refused("update the bridge")),
        ("an earlier version", stage::renamed(&component, "@0.1.0", "@0.0.9"), refused("build the policy anew")),
        ("an import of its own", door, refused("imports `door`, which is not granted")),
        ("an import of WASI", wasi, refused("imports `wasi:random/random@0.2.6`, which is not granted")),
        ("an empty core module", text("(module)"), refused("a core module and no component")),
        ("a core module of another kind", Sample::default().bare_module(), refused("not built with the contract's bindings")),
        ("a core module for an older WASI", preview1.module(), refused("WASI 0.1")),
        ("a core module that lacks a function", without, refused("cannot be made a component")),
    ]
}

#[rustfmt::skip]
fn too_large() -> [Case; 6] {
    let beside = |module, instances| with_instances(&sample(), module, instances);
    let growing = "(module (memory 1)
        (func $f (loop (drop (memory.grow (i32.const 1))) (br 0))) (start $f))";
    let refused = |part| Fault(NotAdmitted, part);
    let switched_off = "what the bridge has switched off";
    let at_start = Fault(Memory, "in describe: it wanted more than the 8388608 octets of memory");
    [
        ("two memories of one module", text("(component (core module (memory 1) (memory 1)))"), refused(switched_off)),
        ("a memory of 64 bits", text("(component (core module (memory i64 1)))"), refused(switched_off)),
        ("a table over the limit", beside("(module (table 20001 funcref))", 1), refused("cannot be compiled within the limits")),
        ("more memories than there may be", beside("(module (memory 1))", 3), refused("4 Wasm linear memories")),
        ("memories over the limit together", beside("(module (memory 64))", 2), at_start),
        ("a memory that grows at the start", beside(growing, 1), at_start),
    ]
}

/// What is admitted but for what it does when it is tried.
#[rustfmt::skip]
fn failing() -> Vec<Case> {
    const LOOP: &str = "(loop (br 0))";
    const STARTS_LOOP: &str = "(func $f (loop (br 0))) (start $f)";
    const STARTS_TRAP: &str = "(func $f unreachable) (start $f)";
    const MORE_MEMORY: &str = "(loop (drop (memory.grow (i32.const 1))) (br 0))";
    const MORE_TABLE: &str = "(loop (drop (table.grow $t (ref.null func) (i32.const 16))) (br 0))";
    const RECURSES: &str = "(func $f (param i64) (call $f (local.get 0)) (drop (i32.const 0)))";
    [
        ("a loop at the start", STARTS_LOOP, "", "", Fault(Deadline, "in describe: it ")),
        ("a loop in describe", "", LOOP, "", Fault(Deadline, "in describe: it ")),
        ("a loop in translate", "", "", LOOP, Fault(Deadline, "in translate: it ")),
        ("a trap at the start", STARTS_TRAP, "", "", Fault(Trap, "in describe: ")),
        ("a trap in describe", "", "unreachable", "", Fault(Trap, "in describe: ")),
        ("a trap in translate", "", "", "unreachable", Fault(Trap, "in translate: ")),
        ("memory in describe", "", MORE_MEMORY, "", Fault(Memory, "8388608 octets of memory")),
        ("a table in describe", "(table $t 1 funcref)", MORE_TABLE, "", Fault(Memory, "20000 table elements")),
        ("recursion in describe", RECURSES, "(call $f (i64.const 1))", "", Fault(Memory, "octets of stack")),
        ("a title that is not UTF-8", "", "(i32.store8 (i32.const 512) (i32.const 0xff))", "", Fault(Contract, "in describe: its answer cannot be read")),
        ("an id that is none", "", "(i32.store8 (i32.const 256) (i32.const 0x53))", "", Fault(Contract, "in describe: id: ")),
    ]
    .into_iter()
    .map(|(name, functions, in_describe, in_translate, end)| {
        let sample = Sample { functions, in_describe, in_translate, ..Sample::default() };
        (name, sample.component(), end)
    })
    .collect()
}

/// A host with one policy in force, before which hostile components come.
pub(super) struct Door {
    host: PolicyHost,
    /// One comes in at a time, or one would forget what the other loaded.
    good: Mutex<Vec<u8>>,
}

impl Door {
    pub(super) fn new(host: PolicyHost) -> Self {
        take(&host, guest("wrong-steps")).expect("it is admitted");
        Self {
            host,
            good: Mutex::new(sample()),
        }
    }

    /// Checks that it is not admitted, and why.
    pub(super) fn expect_refused(&self, (name, octets, end): &Case) {
        let error = load(&self.host, octets).expect_err(name);
        assert!(error.policy.starts_with("sha256:"), "{name}: {error}");
        end.expect(name, &error);
    }

    /// Checks that the next component is admitted and answers, and that the policy in force still does.
    pub(super) fn expect_next(&self) {
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = load(&self.host, &good).expect("the next one is admitted");
        let answer = self.ask(&loaded, &[]).expect("it answers about nobody");
        assert_eq!(answer, []);
        assert!(self.host.forget(&loaded.digest));
        assert_eq!(self.host.vendors().len(), 1);
        stage::expect_good_call(&*in_force(&self.host, "wrong-steps").expect("it is loaded"));
    }

    /// Has a policy that is loaded decide about so many persons.
    fn ask(&self, loaded: &PolicyRef, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
        let policy = self
            .host
            .vendor(&realm(), PolicyChoice::Digest(&loaded.digest))?;
        policy.decide(&context(b""), persons)
    }
}

#[test]
fn a_component_that_is_refused_a_thousand_times_does_no_harm() {
    let _alone = memory::alone();
    let door = Door::new(stage::host(limits()));
    for case in cases() {
        let repeated = Repeated::new(case.0, limits().deadline(0) + COMPILED_WITHIN);
        repeated.expect_harmless(|| door.expect_refused(&case), || door.expect_next());
    }
}

/// A flipped bit makes a file invalid, or another policy: a wrong one, perhaps. Each time it is another
/// bit, of all parts of the file.
#[test]
fn a_thousand_flipped_bits_do_no_harm() {
    let _alone = memory::alone();
    let door = Door::new(stage::host(limits()));
    let (flips, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let whole = sample();
    let misbehave = || {
        let flip = flips.fetch_add(1, Relaxed);
        let mut octets = whole.clone();
        let at = flip * octets.len() / FLIPS % octets.len();
        octets[at] ^= 1 << (flip % 8);
        match load(&door.host, &octets) {
            Ok(loaded) => {
                if let Err(error) = door.ask(&loaded, &[person("uid=ada")]) {
                    expect_reason(&error);
                }
                assert!(door.host.forget(&loaded.digest));
            }
            Err(error) => {
                refused.fetch_add(1, Relaxed);
                expect_reason(&error);
            }
        }
    };
    // It describes itself, translates, and decides.
    let repeated = Repeated::new("a flipped bit", limits().deadline(1) * 3 + COMPILED_WITHIN);
    repeated.expect_harmless(misbehave, || door.expect_next());
    let refused = refused.into_inner();
    assert!(refused > FLIPS / 2, "{refused} of {FLIPS}");
}

fn expect_reason(error: &PolicyError) {
    assert!(!error.detail.is_empty());
    assert!(!error.detail.contains(char::is_control), "{error:?}");
}

const FLIPS: usize = TIMES;
/// In a debug build.
const COMPILED_WITHIN: Duration = Duration::from_millis(250);
