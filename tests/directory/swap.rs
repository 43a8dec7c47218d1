//! Sign-ins while the policy that judges them is swapped and rolled back, over and over.

use suites::{
    authority::Authority,
    served::{Directory, Served},
    slapd::Slapd,
    swapping::{Plan, Tally, sign_in_while_swapping},
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");
const PLAN: Plan = Plan {
    sign_ins: 1_000,
    swaps: 10,
};

#[test]
fn no_sign_in_is_lost_to_a_swap_and_each_is_answered_by_one_version() {
    let url = format!("ldaps://{}", Slapd::shared().ldaps_address());
    let directory = Directory::at(url).trusting(&Authority::shared().ca);
    let served = Served::start(BRIDGE, &directory);
    let mut components = bridge_components::components().iter();
    let component = components.find(|component| component.name == "openldap");
    let component = component.expect("it is built in").bytes;
    let Tally { by_digest, swaps } = sign_in_while_swapping(&served, component, PLAN);
    assert_eq!(by_digest.values().sum::<usize>(), PLAN.sign_ins);
    assert_eq!(by_digest.len(), 2, "both versions answered: {by_digest:?}");
    assert!(swaps >= PLAN.swaps, "{swaps}");
}
