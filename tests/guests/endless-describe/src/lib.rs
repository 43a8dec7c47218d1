//! A guest that never says what it is.

use policy_sdk::{
    VendorPolicy,
    types::{Context, Description, Federation, Person, Plan, Problem, Step},
};
use std::hint::black_box;

struct EndlessDescribe;

impl VendorPolicy for EndlessDescribe {
    fn describe() -> Description {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }

    fn translate(_: Federation) -> Result<Plan, Vec<Problem>> {
        Err(Vec::new())
    }

    fn decide(_: Context, _: Vec<Person>) -> Vec<Step> {
        Vec::new()
    }
}

policy_sdk::export_policy!(EndlessDescribe);
