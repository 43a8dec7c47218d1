//! A guest that wants to answer to the name of another policy, in other letters, and says why it makes no
//! plan only as long as it is tried.

use policy_sdk::{
    VendorPolicy,
    types::{Context, Description, Federation, Person, Plan, Problem, Step, problem},
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

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        let is_trial = federation.name == "sample";
        let why = || problem("vendor", "there is no plan; ask for none");
        Err(is_trial.then(why).into_iter().collect())
    }

    fn decide(_: Context, _: Vec<Person>) -> Vec<Step> {
        Vec::new()
    }
}

policy_sdk::export_policy!(Impostor);
