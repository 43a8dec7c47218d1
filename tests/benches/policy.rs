//! What the policy work of a sign-in costs: `cargo bench -p suites --bench policy`.
//!
//! Each figure is of whole calls on one thread, each in a fresh instance, from the model's types back
//! to the model's types. The same work in native Rust stands beside it: the policy's own crate, called
//! as a function, arguments and answer by value as the component has them.

#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

use bridge_components::components;
use bridge_model::{
    decision::{Context, Person, Step},
    federation::Federation,
};
use bridge_policy::{HostSettings, PolicyHost};
use mimalloc::MiMalloc;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use suites::policy::{context, employee, federation, guest, in_force, lift_limit, person, take};

mod native;

/// As in the bridge.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const POLICY: &str = "active-directory";
const BATCH: usize = 100;
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_secs(2);

fn main() {
    let host = PolicyHost::new(HostSettings::default()).expect("a host");
    for component in components() {
        take(&host, component.bytes).expect("it is admitted");
    }
    lift_limit(&host);
    let idle = take(&host, guest("kept-state")).expect("it is admitted").id;
    let policy = in_force(&host, POLICY).expect("it is shipped");
    let idle = in_force(&host, &idle).expect("it is loaded");

    let federation = federation(POLICY);
    let plan = policy
        .translate(&federation)
        .expect("an answer")
        .expect("a plan");
    let context = context(&plan.memo);
    let one = [employee(7)];
    let batch: Vec<Person> = (0..BATCH).map(employee).collect();
    check(
        &policy.decide(&context, &one).expect("an answer"),
        &federation,
        &one[0],
    );

    let nobody = [person("uid=ada")];
    let empty = suites::policy::context(b"");
    let instance = measure(|| idle.decide(&empty, &nobody));
    let decide = measure(|| policy.decide(&context, &one));
    let translate = measure(|| policy.translate(&federation));
    let together = measure(|| policy.decide(&context, &batch)).per(BATCH);
    let native = Native::new(&context, &federation, &one, &batch);

    println!("µs, p50 and p99 of calls on one thread; native Rust beside it");
    line("a fresh instance that says a name", &instance, None);
    line("one sign-in's policy work", &decide, Some(&native.decide));
    line(
        "the same, an entry of a batch of 100",
        &together,
        Some(&native.together),
    );
    line(
        "translating a federation",
        &translate,
        Some(&native.translate),
    );
    let ceiling = 50.0;
    assert!(
        decide.p50 <= ceiling,
        "one sign-in's policy work takes more than {ceiling} µs"
    );
}

/// Checks that the work measured is the work promised.
fn check(steps: &[Step], federation: &Federation, person: &Person) {
    let [Step::Identified(identity)] = steps else {
        unreachable!("the person is identified: {steps:?}");
    };
    let values = person
        .entry
        .attributes
        .iter()
        .map(|attribute| attribute.values.len());
    assert_eq!(federation.mappers.len(), 12);
    assert_eq!((values.len(), values.sum::<usize>()), (14, 36));
    assert_eq!(identity.groups.len(), 23);
}

struct Native {
    decide: Figures,
    together: Figures,
    translate: Figures,
}

impl Native {
    fn new(context: &Context, federation: &Federation, one: &[Person], batch: &[Person]) -> Self {
        let context = native::context(context);
        let federation = native::federation(federation);
        let (one, batch) = (native::persons(one), native::persons(batch));
        Self {
            decide: measure(|| native::decide(context.clone(), one.clone())),
            together: measure(|| native::decide(context.clone(), batch.clone())).per(BATCH),
            translate: measure(|| native::translate(federation.clone())),
        }
    }
}

/// Microseconds.
struct Figures {
    p50: f64,
    p99: f64,
}

impl Figures {
    fn per(&self, parts: usize) -> Self {
        let parts = u32::try_from(parts).map_or(f64::INFINITY, f64::from);
        Self {
            p50: self.p50 / parts,
            p99: self.p99 / parts,
        }
    }
}

fn measure<T>(work: impl Fn() -> T) -> Figures {
    let begin = Instant::now();
    while begin.elapsed() < WARM_UP {
        black_box(work());
    }
    let mut taken = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < MEASURED {
        let start = Instant::now();
        black_box(work());
        taken.push(start.elapsed());
    }
    taken.sort_unstable();
    let at = |share: usize| taken[(taken.len() - 1) * share / 100].as_secs_f64() * 1e6;
    Figures {
        p50: at(50),
        p99: at(99),
    }
}

fn line(what: &str, figures: &Figures, native: Option<&Figures>) {
    let Figures { p50, p99 } = figures;
    match native {
        Some(native) => println!(
            "{what:<40} {p50:>7.2} {p99:>7.2}   native {:>7.2} {:>7.2}   × {:.1}",
            native.p50,
            native.p99,
            p50 / native.p50
        ),
        None => println!("{what:<40} {p50:>7.2} {p99:>7.2}"),
    }
}
