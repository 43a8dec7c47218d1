//! Calls that misbehave.

use super::{End, Repeated};
use crate::{
    admission_samples::{Sample, with_instances},
    memory, stage,
};
use bridge_model::ports::{
    PolicyFault::{Contract, Deadline, Memory, Output, Trap},
    VendorPolicy,
};
use bridge_policy::{Limits, PolicyHost};
use std::sync::Arc;
use suites::policy::{context, guest, in_force, person, take};

/// Who misbehaves.
#[derive(Clone, Copy)]
enum Policy {
    /// The guest in this folder of `tests/guests`, told so by this memo.
    Guest(&'static str, &'static str),
    /// A component made from text, while there is a memo.
    Text(fn() -> Vec<u8>),
}

use End::{Answer, Fault};
use Policy::{Guest, Text};

const TOO_MUCH_MEMORY: &str =
    "in decide: it wanted more than the 8388608 octets of memory that it may have";
const TOO_LARGE_TABLES: &str =
    "in decide: it wanted more than the 20000 table elements that it may have";
const TOO_LONG: &str = "in decide: its answer, or one line for the log, has more than";
const UNREADABLE: &str = "in decide: its answer cannot be read";
const NOT_ONE_EACH: &str = "there must be one step for each person, in order";

/// What is done, by whom, under which limits, and how that ends.
type Case = (&'static str, Policy, fn() -> Limits, End);

#[rustfmt::skip]
const CASES: [Case; 25] = [
    ("a loop without end", Guest("endless-loop", "loop"), impatient, Fault(Deadline, "in decide: it ")),
    ("memory in one step", Guest("memory-bomb", "one step"), narrow, Fault(Memory, TOO_MUCH_MEMORY)),
    ("memory in small steps", Guest("memory-bomb", "small steps"), narrow, Fault(Memory, TOO_MUCH_MEMORY)),
    ("memory in several memories", Text(two_memories), narrow, Fault(Memory, TOO_MUCH_MEMORY)),
    ("memory in several, in small steps", Text(two_growing_memories), narrow, Fault(Memory, TOO_MUCH_MEMORY)),
    ("a table in one step", Text(table_in_one_step), narrow, Fault(Memory, TOO_LARGE_TABLES)),
    ("a table in the largest step", Text(table_in_the_largest_step), narrow, Fault(Memory, TOO_LARGE_TABLES)),
    ("a table in small steps", Text(table_in_small_steps), narrow, Fault(Memory, TOO_LARGE_TABLES)),
    ("several tables", Text(two_tables), narrow, Fault(Memory, TOO_LARGE_TABLES)),
    ("tables of several instances", Text(tables_of_two_instances), narrow, Fault(Memory, TOO_LARGE_TABLES)),
    ("recursion on its own stack", Guest("deep-recursion", "own stack"), narrow, Fault(Trap, "its stack ran over")),
    ("recursion on the host's stack", Guest("deep-recursion", "host stack"), narrow, Fault(Memory, "262144 octets of stack")),
    ("a trap", Guest("panicking", "again"), narrow, Fault(Trap, "its last words: the policy panicked at")),
    ("a huge text", Guest("huge-answer", "text 4194304"), narrow, Fault(Output, TOO_LONG)),
    ("many small items", Guest("huge-answer", "notices 200000"), narrow, Fault(Output, TOO_LONG)),
    ("a huge line for the log", Guest("log-flood", "one line"), narrow, Fault(Memory, TOO_MUCH_MEMORY)),
    ("a flood of lines for the log", Guest("log-flood", "lines"), narrow, Answer),
    ("text that is not UTF-8", Guest("bad-text", "not utf-8"), narrow, Fault(Contract, UNREADABLE)),
    ("an over-long name", Guest("bad-text", "over-long"), narrow, Fault(Contract, "in decide: step 1: username")),
    ("a blank name", Guest("bad-text", "blank"), narrow, Fault(Contract, "in decide: step 1: username")),
    ("an answer outside of its memory", Text(answer_elsewhere), narrow, Fault(Contract, UNREADABLE)),
    ("an answer longer than its memory", Text(answer_beyond), narrow, Fault(Contract, UNREADABLE)),
    ("one step too many", Guest("wrong-steps", "more"), narrow, Fault(Contract, NOT_ONE_EACH)),
    ("no step at all", Guest("wrong-steps", "none"), narrow, Fault(Contract, NOT_ONE_EACH)),
    ("state kept between sign-ins", Guest("kept-state", "tell"), narrow, Answer),
];

fn narrow() -> Limits {
    Limits {
        memory_octets_max: 8 << 20,
        memories_max: 2,
        ..stage::limits()
    }
}

fn impatient() -> Limits {
    Limits {
        call_ms_max: 3,
        person_us_max: 0,
        ..narrow()
    }
}

/// Does this while there is a memo.
fn told(functions: &str, deed: &str) -> Vec<u8> {
    let in_decide = format!("(if (local.get 1) (then {deed}))");
    let sample = Sample {
        functions,
        in_decide: &in_decide,
        ..Sample::default()
    };
    sample.component()
}

/// Six MiB more in one step, of eight: a policy with no other memory gets them.
fn one_memory() -> Vec<u8> {
    told("", "(drop (memory.grow (i32.const 96)))")
}

/// The same beside another memory of four MiB.
fn two_memories() -> Vec<u8> {
    with_instances(&one_memory(), "(module (memory 64))", 1)
}

/// Both grow page by page, and either might have what both have together.
fn two_growing_memories() -> Vec<u8> {
    let grow = |pages: u32| {
        format!(
            "(loop (drop (memory.grow (i32.const 1)))
                (br_if 0 (i32.lt_u (memory.size) (i32.const {pages}))))"
        )
    };
    let other = format!("(module (memory 1) (func $f {}) (start $f))", grow(64));
    with_instances(&told("", &grow(98)), &other, 1)
}

fn table_in_one_step() -> Vec<u8> {
    let deed = "(drop (table.grow $t (ref.null func) (i32.const 20000)))";
    told("(table $t 1 funcref)", deed)
}

fn table_in_the_largest_step() -> Vec<u8> {
    let deed = "(drop (table.grow $t (ref.null func) (i32.const -1)))";
    told("(table $t 1 funcref)", deed)
}

fn table_in_small_steps() -> Vec<u8> {
    let deed = "(loop (drop (table.grow $t (ref.null func) (i32.const 16))) (br 0))";
    told("(table $t 1 funcref)", deed)
}

/// Twelve thousand elements more in one of two steps, of twenty thousand: one of the tables gets them.
const GROWTH_OF_T: &str = "(drop (table.grow $t (ref.null func) (i32.const 12000)))";

fn one_table() -> Vec<u8> {
    told("(table $t 1 funcref)", GROWTH_OF_T)
}

fn two_tables() -> Vec<u8> {
    let growth_of_u = GROWTH_OF_T.replace("$t", "$u");
    let deed = format!("{GROWTH_OF_T} {growth_of_u}");
    told("(table $t 1 funcref) (table $u 1 funcref)", &deed)
}

fn tables_of_two_instances() -> Vec<u8> {
    with_instances(&one_table(), "(module (table 12000 funcref))", 1)
}

fn answer_elsewhere() -> Vec<u8> {
    told("", "(return (i32.const -8))")
}

/// A list of 2^31 - 1 steps.
fn answer_beyond() -> Vec<u8> {
    told("", "(i32.store (i32.const 3076) (i32.const 0x7fffffff))")
}

struct Misbehaving {
    name: &'static str,
    policy: Policy,
    host: PolicyHost,
    end: End,
}

impl Misbehaving {
    fn called(&self) -> Arc<dyn VendorPolicy> {
        let id = match self.policy {
            Guest(folder, _) => folder,
            Text(_) => "sample",
        };
        in_force(&self.host, id).expect("it is loaded")
    }

    fn misbehave(&self) {
        let memo = match self.policy {
            Guest(_, how) => how,
            Text(_) => "do",
        };
        let steps = self
            .called()
            .decide(&context(memo.as_bytes()), &[person("uid=ada")]);
        match (steps, self.end) {
            (Ok(steps), Answer) => {
                assert_eq!(stage::usernames(&steps), ["uid=ada"], "{}", self.name);
            }
            (Ok(steps), Fault(..)) => panic!("{}: {steps:?}", self.name),
            (Err(error), end) => end.expect(self.name, &error),
        }
    }

    /// The same policy serves the next one, and so does another.
    fn expect_next(&self) {
        if let Guest(..) = self.policy {
            stage::expect_good_call(&*self.called());
        } else {
            let nobody = self.called().decide(&context(b""), &[]);
            assert_eq!(nobody.expect(self.name), []);
        }
        stage::expect_good_call(&*in_force(&self.host, "wrong-steps").expect("it is loaded"));
    }
}

#[test]
fn a_call_that_misbehaves_a_thousand_times_does_no_harm() {
    let _alone = memory::alone();
    for (name, policy, limits, end) in CASES {
        let host = stage::host(limits());
        take(&host, guest("wrong-steps")).expect(name);
        match policy {
            Guest(folder, _) => take(&host, guest(folder)).expect(name),
            Text(component) => take(&host, &component()).expect(name),
        };
        let case = Misbehaving {
            name,
            policy,
            host,
            end,
        };
        let repeated = Repeated::new(name, limits().deadline(1));
        repeated.expect_harmless(|| case.misbehave(), || case.expect_next());
    }
}

/// What is refused of several memories or tables is what they have together: each might have as much.
#[test]
fn one_memory_or_one_table_may_have_what_several_may_not() {
    let _turn = stage::turn();
    for component in [one_memory(), one_table()] {
        let host = stage::host(narrow());
        take(&host, &component).expect("it is admitted");
        let policy = in_force(&host, "sample").expect("it is loaded");
        let answer = policy.decide(&context(b"do"), &[person("uid=ada")]);
        // It was answered, with no step for anybody.
        let error = answer.expect_err("one step is missing");
        Fault(Contract, "0 steps for 1 persons").expect("alone", &error);
    }
}
