//! A guest that describes itself against the contract.

use policy_sdk::{
    VendorPolicy,
    types::{Context, Description, Federation, Person, Plan, Problem, Step},
};

struct BadDescription;

impl VendorPolicy for BadDescription {
    fn describe() -> Description {
        Description {
            id: "Not An Id".into(),
            aliases: Vec::new(),
            title: "Bad".into(),
            version: "1.0.0".into(),
            settings: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn translate(_: Federation) -> Result<Plan, Vec<Problem>> {
        Err(Vec::new())
    }

    fn decide(_: Context, _: Vec<Person>) -> Vec<Step> {
        Vec::new()
    }
}

policy_sdk::export_policy!(BadDescription);
