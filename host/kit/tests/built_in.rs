//! The policies that come with the bridge, held to what `policy check` holds every policy to.

use bridge_components::{components, samples};
use bridge_kit::trial::{CheckSettings, SampleDirectory, Stage, check};
use bridge_model::policy::WasiGrant;
use bridge_policy::Limits;

#[tokio::test]
async fn every_built_in_policy_keeps_every_invariant() {
    let samples: Vec<_> = samples()
        .iter()
        .map(|sample| SampleDirectory {
            name: sample.name,
            ldif: sample.directory_ldif,
        })
        .collect();
    let limits = Limits {
        instances_max: 8,
        ..Limits::default()
    };
    let settings = CheckSettings {
        seed: 1,
        cases: 300,
    };
    for component in components() {
        let stage = Stage::load(component.bytes, WasiGrant::None, limits).expect("it is admitted");
        let checked = check(&stage, &samples, None, settings).await;
        let checked = checked.expect("it can be checked");
        assert_eq!(checked.violation, None, "{}", component.name);
        assert!(
            checked.cases >= 300,
            "{}: {}",
            component.name,
            checked.cases
        );
    }
}
