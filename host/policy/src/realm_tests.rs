use super::*;

fn realms(instances_max: u32) -> Realms {
    Realms::new(&Limits {
        instances_max,
        ..Limits::default()
    })
}

fn name(name: &str) -> RealmName {
    RealmName::new(name).expect("a name")
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A realm whose budget is so small that no time that passes in a test matters.
fn lease(per_second: Duration) -> Lease {
    let realm = realms(64).of(&name("staff"));
    realm.limit(per_second);
    realm.lease("sha256:a")
}

#[test]
fn a_realm_is_the_same_whoever_asks_for_it_until_it_is_forgotten() {
    let realms = realms(64);
    assert!(realms.find(&name("staff")).is_none());
    let realm = realms.of(&name("staff"));
    assert!(Arc::ptr_eq(&realm, &realms.of(&name("staff"))));
    assert!(!Arc::ptr_eq(&realm, &realms.of(&name("other"))));
    realms.forget(&name("staff"));
    assert!(!Arc::ptr_eq(&realm, &realms.of(&name("staff"))));
}

#[test]
fn what_a_call_used_is_taken_out_and_nothing_left_refuses_the_next() {
    let lease = lease(Duration::from_micros(1));
    lease.ready().expect("nothing was used");
    lease.begin(1).expect("nothing was used").end(ms(3), false);
    let used = RealmUse {
        processor_time: ms(3),
        calls: 1,
        refused: 0,
    };
    assert_eq!(lease.realm().used(), used);
    let busy = lease.begin(1).err().expect("all is used");
    assert!(matches!(busy, Busy::Time(_)), "{busy}");
    assert!(lease.ready().is_err());
    assert_eq!(lease.realm().used(), RealmUse { refused: 2, ..used });
    // More is given: what is owed stays owed until it is paid.
    lease.realm().limit(Duration::from_hours(1));
    let paid = (0..100).any(|_| {
        std::thread::sleep(ms(1));
        lease
            .begin(1)
            .map(|turn| turn.end(Duration::ZERO, false))
            .is_ok()
    });
    assert!(paid);
}

#[test]
fn time_is_set_aside_while_a_call_runs() {
    let lease = lease(Duration::from_micros(1));
    lease.realm().budget().take(-1_000);
    lease
        .begin(1)
        .expect("the first")
        .end(Duration::from_nanos(900), false);
    let running = lease.begin(1).expect("100 ns are left");
    assert!(
        lease.begin(1).is_err(),
        "900 ns are set aside for the one that runs"
    );
    running.end(Duration::ZERO, false);
    assert_eq!(lease.realm().budget().left(Instant::now()).signum(), 1);
    lease
        .begin(1)
        .expect("it was given back")
        .end(Duration::ZERO, false);
}

#[test]
fn a_call_that_had_to_be_ended_counts_four_times() {
    let lease = lease(Duration::from_micros(1));
    let call = || lease.begin(1).expect("there is time");
    call().end(Duration::from_nanos(200), true);
    call().end(Duration::from_nanos(200), false);
    let busy = lease.begin(1).err().expect("all is used");
    assert!(matches!(busy, Busy::Time(_)), "{busy}");
    let used = lease.realm().used().processor_time;
    assert_eq!(used, Duration::from_nanos(400), "as it was");
}

#[test]
fn many_persons_leave_half_to_one() {
    let lease = lease(Duration::from_micros(1));
    lease
        .begin(256)
        .expect("nothing was used")
        .end(Duration::from_nanos(600), false);
    assert!(lease.begin(2).is_err());
    lease.ready().expect("400 ns are left");
    lease
        .begin(1)
        .expect("400 ns are left")
        .end(Duration::ZERO, false);
}

#[test]
fn no_realm_has_more_than_half_of_the_instances() {
    for (instances_max, calls_max) in [(1, 1), (2, 1), (3, 2), (8, 4)] {
        let realms = realms(instances_max);
        let lease = realms.of(&name("staff")).lease("sha256:a");
        lease.realm().limit(Duration::from_hours(1));
        let running: Vec<_> = (0..calls_max)
            .map(|_| lease.begin(1).expect("one more"))
            .collect();
        let busy = lease.begin(1).err().expect("too many");
        assert_eq!(busy, Busy::Calls(calls_max), "of {instances_max}");
        drop(running);
        lease
            .begin(1)
            .expect("none is running")
            .end(Duration::ZERO, false);
    }
}

#[test]
fn a_call_that_is_refused_sets_nothing_aside() {
    let realm = realms(1).of(&name("staff"));
    let lease = realm.lease("sha256:a");
    lease.begin(1).expect("the first").end(ms(1), false);
    let running = lease.begin(1).expect("the second");
    let left = lease.realm().budget().left(Instant::now());
    for _ in 0..1_000 {
        assert!(lease.begin(1).is_err());
    }
    assert!(lease.realm().budget().left(Instant::now()) >= left);
    running.end(Duration::ZERO, false);
}

#[test]
fn a_policy_is_slow_where_its_calls_take_long() {
    let hour = Duration::from_hours(1);
    let lease = lease(hour);
    assert!(!lease.is_slow(), "nothing is known");
    let call = |persons, used| {
        lease
            .begin(persons)
            .expect("there is time")
            .end(used, false);
    };
    call(1, ms(5));
    assert!(lease.is_slow());
    let again = Arc::clone(lease.realm()).lease("sha256:a");
    assert!(again.is_slow(), "who asks does not matter");
    let other = Arc::clone(lease.realm()).lease("sha256:b");
    assert!(!other.is_slow(), "another version has its own mean");
    for _ in 0..32 {
        call(1, Duration::from_micros(30));
    }
    assert!(!lease.is_slow(), "it has become quick");
    call(256, ms(8));
    assert!(!lease.is_slow(), "30 µs a person");
}

#[test]
fn versions_that_nobody_has_are_forgotten() {
    let realm = realms(64).of(&name("staff"));
    let kept = Arc::clone(&realm).lease("sha256:kept");
    for version in 0..1_000 {
        let _ = Arc::clone(&realm).lease(&format!("sha256:{version}"));
    }
    let paces = realm.paces.lock().expect("nobody panicked");
    assert!(paces.len() <= PACES_MAX);
    assert!(paces.contains_key("sha256:kept"));
    drop(kept);
}
