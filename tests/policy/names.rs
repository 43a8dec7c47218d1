//! Which policy answers to which name.

use crate::stage;
use bridge_model::ports::{Policies, PolicyFault};
use suites::policy::{guest, in_force, take};

#[test]
fn an_id_is_found_in_any_letter_case() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let reference = take(&host, guest("kept-state")).expect("it is admitted");
    for name in ["kept-state", "KEPT-STATE", "Kept-State"] {
        assert_eq!(
            in_force(&host, name).expect("it is loaded").reference(),
            &reference
        );
    }
}

#[test]
fn an_unknown_vendor_is_told_what_there_is() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let unknown = |name: &str| in_force(&host, name).err().expect("there is none");
    assert_eq!(unknown("acme").fault, PolicyFault::Unknown);
    assert_eq!(
        unknown("acme").to_string(),
        "policy acme: unknown vendor: no vendor policy is in force"
    );
    take(&host, guest("wrong-steps")).expect("it is admitted");
    take(&host, guest("kept-state")).expect("it is admitted");
    assert_eq!(
        unknown("acme").to_string(),
        "policy acme: unknown vendor: there is kept-state, wrong-steps"
    );
    assert_eq!(unknown(&"x".repeat(1000)).policy.len(), 64);
}

#[test]
fn the_same_octets_are_the_same_policy() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let first = take(&host, guest("kept-state")).expect("it is admitted");
    let second = take(&host, guest("kept-state")).expect("it is admitted");
    assert_eq!(first, second);
    assert_eq!(host.vendors().len(), 1);
}
