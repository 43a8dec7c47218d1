//! What one realm's policies do, no other realm notices; and every realm has the log of its own.

use crate::stage::{self, Stage, logged};
use bridge_model::{
    names::RealmName,
    policy::PolicyChoice,
    ports::{Policies, PolicyError, PolicyFault, VendorPolicy},
};
use bridge_policy::{Limits, LineLevel, PolicyHost, RealmUse};
use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use suites::policy::{context, guest, person, take};

fn realm(name: &str) -> RealmName {
    RealmName::new(name).expect("a name")
}

fn policy(host: &PolicyHost, at: &str, id: &str) -> Arc<dyn VendorPolicy> {
    let policy = host.vendor(&realm(at), PolicyChoice::InForce(id));
    policy.expect("it is in force")
}

fn misbehave(policy: &dyn VendorPolicy, how: &str) -> Option<PolicyError> {
    policy
        .decide(&context(how.as_bytes()), &[person("uid=ada")])
        .err()
}

/// A host with short deadlines.
fn impatient() -> Limits {
    Limits {
        call_ms_max: 20,
        person_us_max: 0,
        ..stage::limits()
    }
}

#[test]
fn a_realm_that_never_ends_has_its_share_and_the_others_theirs() {
    let _turn = stage::turn();
    let host = stage::host(impatient());
    for id in ["endless-loop", "kept-state"] {
        take(&host, guest(id)).expect("it is admitted");
    }
    let cap = Duration::from_millis(100);
    host.limit_realm(&realm("hostile"), cap);
    let is_over = AtomicBool::new(false);
    let begun = Instant::now();
    let (answered, ended) = thread::scope(|scope| {
        let (host, is_over) = (&host, &is_over);
        let hostile = || {
            let policy = policy(host, "hostile", "endless-loop");
            let (mut ended, mut refused) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                match misbehave(&*policy, "loop").map(|error| error.fault) {
                    Some(PolicyFault::Deadline) => ended += 1,
                    Some(PolicyFault::Busy) => refused += 1,
                    other => panic!("it can do nothing else: {other:?}"),
                }
                // As often as a client that comes again at once.
                thread::sleep(Duration::from_millis(1));
            }
            (ended, refused)
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(hostile)).collect();
        let mut answered = 0;
        // So long that what was saved up before is the smaller part.
        while begun.elapsed() < Duration::from_secs(3) {
            stage::expect_good_call(&*policy(host, "staff", "kept-state"));
            answered += 1;
            thread::sleep(Duration::from_millis(5));
        }
        is_over.store(true, Ordering::Relaxed);
        let ended = threads
            .into_iter()
            .map(|it| it.join().expect("it does not panic"));
        (
            answered,
            ended.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1)),
        )
    });
    let passed = begun.elapsed();
    let used = host.used_by(&realm("hostile"));
    // What a second gives was there at the beginning, calls that began together may each overrun by a few
    // ticks before that is known, and what had to be ended counts four times.
    let allowed = cap.mul_f64(passed.as_secs_f64() + 1.0) / 4 + Duration::from_millis(4 * 35);
    assert!(used.processor_time <= allowed, "{used:?} of {allowed:?}");
    assert!(
        used.processor_time >= cap / 2,
        "it has what it may have: {used:?}"
    );
    assert_eq!((used.calls, used.refused), ended);
    assert!(used.refused > 0, "{used:?}");
    assert!(answered > 0);
    assert_eq!(host.used_by(&realm("staff")).refused, 0);
}

#[test]
fn a_realm_without_time_is_told_so_before_anything_is_begun() {
    let _turn = stage::turn();
    let host = stage::host(impatient());
    take(&host, guest("endless-loop")).expect("it is admitted");
    let [ours, theirs] = ["ours", "theirs"].map(|at| policy(&host, at, "endless-loop"));
    host.limit_realm(&realm("ours"), Duration::from_micros(10));
    ours.ready().expect("nothing was used yet");
    let error = misbehave(&*ours, "loop").expect("it never ends");
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
    // 20 ms at 10 µs a second: longer than any test takes.
    for error in [ours.ready().err(), misbehave(&*ours, "")] {
        let error = error.expect("nothing is left");
        assert_eq!(error.fault, PolicyFault::Busy, "{error}");
        assert_eq!(error.policy, "endless-loop");
        let part = "the realm's policies have used their processor time, 0 ms in a second";
        assert!(error.detail.contains(part), "{error}");
    }
    let used = host.used_by(&realm("ours"));
    assert!(used.processor_time >= Duration::from_millis(20), "{used:?}");
    assert_eq!((used.calls, used.refused), (1, 2));

    theirs.ready().expect("another realm has its own");
    stage::expect_good_call(&*theirs);

    host.limit_realm(&realm("ours"), Duration::from_hours(1));
    let bound = Instant::now() + Duration::from_secs(10);
    while ours.ready().is_err() {
        assert!(Instant::now() < bound, "20 ms were never given");
        thread::yield_now();
    }
    assert!(misbehave(&*ours, "").is_none());
}

#[test]
fn a_realm_that_is_forgotten_begins_anew() {
    let _turn = stage::turn();
    let host = stage::host(impatient());
    take(&host, guest("endless-loop")).expect("it is admitted");
    host.limit_realm(&realm("ours"), Duration::ZERO);
    let error = misbehave(&*policy(&host, "ours", "endless-loop"), "").expect("no time at all");
    assert_eq!(error.fault, PolicyFault::Busy, "{error}");
    assert!(!host.log_of(&realm("ours")).is_empty());
    host.forget_realm(&realm("ours"));
    assert!(host.log_of(&realm("ours")).is_empty());
    assert_eq!(host.used_by(&realm("ours")), RealmUse::default());
    stage::expect_good_call(&*policy(&host, "ours", "endless-loop"));
}

#[test]
fn one_realm_never_has_all_instances() {
    let limits = Limits {
        instances_max: 4,
        call_ms_max: 2_000,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "endless-loop");
    stage
        .host()
        .limit_realm(&realm("hostile"), Duration::from_hours(1));
    let hostile = stage.policy_for("hostile");
    let together = Barrier::new(3);
    let faults = thread::scope(|scope| {
        let loops = || {
            together.wait();
            misbehave(&*hostile, "loop").expect("it never ends")
        };
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(loops)).collect();
        // Whatever they are doing, there is room here.
        for _ in 0..20 {
            stage.expect_good_call();
            thread::sleep(Duration::from_millis(5));
        }
        threads
            .into_iter()
            .map(|it| it.join().expect("it does not panic"))
            .collect::<Vec<_>>()
    });
    let (busy, ended): (Vec<_>, Vec<_>) = faults
        .iter()
        .partition(|error| error.fault == PolicyFault::Busy);
    assert_eq!((busy.len(), ended.len()), (1, 2), "{faults:?}");
    let part =
        "2 calls of the realm's policies are running, which is as many as one realm may have";
    assert!(busy[0].detail.contains(part), "{}", busy[0]);
    assert!(
        ended
            .iter()
            .all(|error| error.fault == PolicyFault::Deadline),
        "{faults:?}"
    );
}

#[test]
fn a_policy_whose_calls_take_long_is_slow_where_they_do() {
    let _turn = stage::turn();
    let host = stage::host(impatient());
    take(&host, guest("endless-loop")).expect("it is admitted");
    let [ours, theirs] = ["ours", "theirs"].map(|at| policy(&host, at, "endless-loop"));
    assert!(!ours.is_slow());
    assert!(misbehave(&*ours, "loop").is_some());
    assert!(ours.is_slow());
    assert!(
        policy(&host, "ours", "endless-loop").is_slow(),
        "whoever asks"
    );
    assert!(!theirs.is_slow());
}

#[test]
fn what_a_policy_writes_is_for_its_realm() {
    let stage = Stage::new(stage::limits(), "log-flood");
    let host = stage.host();
    let digest = policy(host, "ours", "log-flood").reference().digest.clone();
    let write = |at: &str| misbehave(&*policy(host, at, "log-flood"), "lines");
    let (_, log) = logged(|| (write("ours"), write("ours"), write("theirs")));
    let of = |at: &str| {
        log.lines()
            .filter(|line| line.contains(&format!("realm=\"{at}\"")))
            .count()
    };
    // Of each call 64 lines, and that others were dropped.
    assert_eq!(of("theirs"), 65, "{log}");
    assert!(of("ours") >= 65, "{log}");

    let lines = host.log_of(&realm("theirs"));
    assert_eq!(lines.len(), 65);
    assert_eq!(lines[7].text, "line 7\\u{a}\\u{1b}[2J");
    assert_eq!(
        (lines[7].level, &*lines[7].policy),
        (LineLevel::Info, "log-flood")
    );
    assert!(lines.iter().all(|line| line.digest == digest));
    assert_eq!(lines[64].level, LineLevel::Warn);
    assert!(
        lines[64].text.contains("lines of a call dropped: 9936; "),
        "{lines:?}"
    );
    assert!(host.log_of(&realm("nobody")).is_empty());
}

#[test]
fn a_realm_that_floods_its_log_is_cut_off_and_told() {
    let stage = Stage::new(stage::limits(), "log-flood");
    let begun = Instant::now();
    let calls = 40;
    for _ in 0..calls {
        misbehave(&*stage.policy_for("ours"), "lines");
    }
    let lines = stage.host().log_of(&realm("ours"));
    let written = lines
        .iter()
        .filter(|line| line.text.starts_with("line "))
        .count();
    // A hundred that were saved up, and a hundred a second.
    let allowed = 100 + begun.elapsed().as_millis() / 10;
    let wanted = calls * 64;
    assert!(
        u128::try_from(written).is_ok_and(|it| it <= allowed),
        "{written} of {allowed}"
    );
    if u128::try_from(wanted).is_ok_and(|it| it > allowed) {
        let told = |line: &str| line.contains("; a realm's policies may write 100 in a second");
        assert!(lines.iter().any(|line| told(&line.text)), "{lines:?}");
    }
    assert!(lines.len() <= 500);
}

#[test]
fn how_a_policy_ended_stands_in_the_log_of_its_realm() {
    let stage = Stage::new(stage::limits(), "panicking");
    misbehave(&*stage.policy_for("ours"), "no moon\ntonight").expect("it panics");
    let lines = stage.host().log_of(&realm("ours"));
    let ended = lines.last().expect("a line");
    assert_eq!(ended.level, LineLevel::Error);
    assert!(ended.text.starts_with("in decide: "), "{}", ended.text);
    assert!(
        ended.text.contains("no moon\\u{a}tonight"),
        "{}",
        ended.text
    );

    let host = stage.host();
    host.limit_realm(&realm("theirs"), Duration::ZERO);
    for _ in 0..100 {
        misbehave(&*stage.policy_for("theirs"), "").expect("it has no time");
    }
    let lines = host.log_of(&realm("theirs"));
    assert!(
        lines[0]
            .text
            .starts_with("calls refused: 1; the realm's policies"),
        "{lines:?}"
    );
    assert!(lines.len() < 100, "it is said once a second");
}
