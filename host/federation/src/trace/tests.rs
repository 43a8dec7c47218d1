use super::*;
use crate::testing::{entry, federation, planned, realm};

fn trace(realm_name: &str, request: &str, octets: usize) -> Trace {
    let mut trace = Trace::new(&realm(realm_name).name, None, Timestamp(1));
    trace.request_id = request.to_owned();
    let value = "x".repeat(1_000);
    let more = vec![("cn", value.as_str()); octets / 1_000];
    let planned = Arc::new(planned(federation(realm_name, "staff")));
    trace.seen = Some(Box::new(Seen::entry(planned, entry("staff", "ada", &more))));
    trace
}

#[test]
fn the_oldest_go_first_and_no_realm_sees_another_one() {
    let recent = Recent::default();
    for i in 0..TRACES_MAX + 10 {
        recent.add(trace("a", &format!("r{i}"), 0));
    }
    recent.add(trace("b", "r20", 0));
    let (a, b) = (realm("a").name, realm("b").name);
    assert!(recent.find(&a, "r0").is_none());
    assert!(recent.find(&a, "r10").is_none());
    assert!(recent.find(&a, "r11").is_some());
    assert_eq!(recent.find(&b, "r20").expect("its own").realm, b);
    assert!(recent.find(&b, "r21").is_none());
    assert_eq!(recent.kept_out.kept().traces.len(), TRACES_MAX);
}

#[test]
fn memory_is_bounded_whatever_entries_hold() {
    let recent = Recent {
        admitted: Ring::default(),
        kept_out: Ring {
            octets_max: 100_000,
            kept: Mutex::default(),
        },
    };
    for i in 0..20 {
        recent.add(trace("a", &format!("r{i}"), 20_000));
    }
    let name = realm("a").name;
    assert!(recent.kept_out.kept().octets <= 100_000);
    assert!(recent.find(&name, "r19").is_some());
    assert!(recent.find(&name, "r10").is_none());
    recent.add(trace("a", "huge", 200_000));
    assert!(recent.find(&name, "huge").is_none());
    assert!(recent.find(&name, "r19").is_some(), "the others stay");
}

#[test]
fn long_values_are_not_remembered() {
    let recent = Recent::default();
    let mut long = trace("a", "r1", 0);
    let photo = ("jpegPhoto", "x".repeat(10_000));
    let with_photo = entry("staff", "ada", &[(photo.0, &photo.1)]);
    long.seen.as_mut().expect("somebody").entry = with_photo;
    recent.add(long);
    let kept = recent.find(&realm("a").name, "r1").expect("remembered");
    let seen = kept.seen.expect("somebody");
    assert!(seen.entry.values("jpegPhoto").is_empty());
    assert!(!seen.entry.values("uid").is_empty());
}

#[test]
fn those_who_got_in_do_not_push_out_the_others() {
    let recent = Recent::default();
    recent.add(trace("a", "refused", 0));
    for i in 0..=TRACES_MAX {
        let mut well = trace("a", &format!("r{i}"), 0);
        well.end = Some((AuditOutcome::Success, None));
        recent.add(well);
    }
    let name = realm("a").name;
    assert!(recent.find(&name, "refused").is_some());
    assert!(recent.find(&name, "r0").is_none());
    assert!(recent.find(&name, "r1").is_some());
}
