//! A guest that wants to answer to the name of another policy, in other letters.

use policy_sdk::{
    VendorPolicy,
    types::{Context, Description, Federation, Person, Plan, Problem, Step},
};

struct Impostor;

impl VendorPolicy for Impostor {
    fn describe() -> Description {
        Description {
            id: "impostor".into(),
            aliases: vec!["harmless".into(), "KEPT-State".into()],
            title: "Kept State".into(),
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

policy_sdk::export_policy!(Impostor);
