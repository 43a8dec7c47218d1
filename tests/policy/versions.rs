//! Several versions of a policy, and which of them is in force.

use crate::stage;
use bridge_model::{
    names::RealmName,
    policy::{PolicyChoice, PolicyOrigin, PolicyPackage, WasiGrant},
    ports::{Policies, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use bridge_policy::{
    PolicyHost,
    signature::{self, SigningKey},
};
use std::sync::Arc;
use suites::policy::{context, guest, in_force, load, person, take};

/// The same policy in other octets: a custom section is added, which means nothing.
fn altered(component: &[u8]) -> Vec<u8> {
    // Id 0, five octets, a name of four: see the WebAssembly specification, section 5.5.3.
    [component, &[0, 5, 4], b"test"].concat()
}

fn by_digest(host: &PolicyHost, digest: &str) -> Option<Arc<dyn VendorPolicy>> {
    let realm = RealmName::new("staff").expect("a name");
    let found = host.vendor(&realm, PolicyChoice::Digest(digest));
    found
        .inspect_err(|error| assert_eq!(error.fault, PolicyFault::Unknown, "{error}"))
        .ok()
}

fn reference(host: &PolicyHost, name: &str) -> PolicyRef {
    let policy = in_force(host, name).expect("it is in force");
    policy.reference().clone()
}

#[test]
fn a_policy_that_is_loaded_answers_to_its_digest_alone() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let loaded = load(&host, guest("kept-state")).expect("it is admitted");
    assert!(in_force(&host, "kept-state").is_err());
    assert!(host.vendors().is_empty());
    let upper = loaded.digest.to_uppercase();
    for digest in [&loaded.digest, &upper] {
        let policy = by_digest(&host, digest).expect("it is loaded");
        assert_eq!(policy.reference(), &loaded);
        stage::expect_good_call(&*policy);
    }
    assert_eq!(
        host.put_in_force(&loaded.digest)
            .expect("nobody has its name"),
        loaded
    );
    assert_eq!(reference(&host, "kept-state"), loaded);
}

#[test]
fn a_swap_changes_what_is_given_out_and_not_what_was() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let before = take(&host, guest("kept-state")).expect("it is admitted");
    let held = in_force(&host, "kept-state").expect("it is in force");
    let after = load(&host, &altered(guest("kept-state"))).expect("it is admitted");
    assert_ne!(before.digest, after.digest);
    assert_eq!(reference(&host, "kept-state"), before);

    host.put_in_force(&after.digest)
        .expect("it has the same id");
    assert_eq!(reference(&host, "kept-state"), after);
    assert_eq!(host.vendors().len(), 1);
    assert_eq!(held.reference(), &before);
    stage::expect_good_call(&*held);

    host.put_in_force(&before.digest)
        .expect("it is still loaded");
    assert_eq!(reference(&host, "kept-state"), before);
}

#[test]
fn a_policy_is_forgotten_when_it_is_not_in_force() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let before = take(&host, guest("kept-state")).expect("it is admitted");
    assert!(!host.forget(&before.digest), "it is in force");
    take(&host, &altered(guest("kept-state"))).expect("it is admitted");
    let held = by_digest(&host, &before.digest).expect("it is loaded");
    assert!(host.forget(&before.digest.to_uppercase()));
    assert!(!host.forget(&before.digest), "it is gone");
    assert!(by_digest(&host, &before.digest).is_none());
    assert!(host.provenance(&before.digest).is_none());
    let error = host.put_in_force(&before.digest).expect_err("it is gone");
    assert_eq!(error.fault, PolicyFault::Unknown, "{error}");
    assert!(error.detail.contains("not loaded"), "{error}");
    let steps = held.decide(&context(b""), &[person("uid=ada")]);
    assert_eq!(stage::usernames(&steps.expect("it is held")), ["uid=ada"]);
}

#[test]
fn what_goes_with_a_policy_is_taken_over_when_it_is_loaded_again() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let octets = guest("kept-state");
    let loaded = take(&host, octets).expect("it is admitted");
    let provenance = host.provenance(&loaded.digest).expect("it is loaded");
    assert_eq!(provenance.origin, PolicyOrigin::Upload);
    assert_eq!(provenance.wasi, WasiGrant::None);
    assert_eq!(usize::try_from(provenance.octets), Ok(octets.len()));
    assert!(provenance.signers.is_empty());

    let [ours, theirs] = [(); 2].map(|()| SigningKey::generate().expect("a key"));
    let package = PolicyPackage {
        signatures: vec![
            signature::sign(&ours, octets),
            signature::sign(&theirs, b"something else"),
            signature::sign(&ours, octets),
        ],
        ..PolicyPackage::unsigned(octets, PolicyOrigin::File("kept-state.wasm".into()))
    };
    assert_eq!(host.load(&package).expect("it is loaded"), loaded);
    let provenance = host.provenance(&loaded.digest).expect("it is loaded");
    assert_eq!(provenance.origin, package.origin);
    assert_eq!(provenance.signers, [ours.public()]);
    assert_eq!(reference(&host, "kept-state"), loaded);
}

#[test]
fn a_version_takes_over_the_aliases_of_the_one_before_and_no_other_policy_does() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    take(&host, guest("impostor")).expect("nobody has its names");
    let after = take(&host, &altered(guest("impostor"))).expect("it has the same id");
    for name in ["impostor", "Harmless"] {
        assert_eq!(reference(&host, name), after);
    }
    let other = load(&host, guest("kept-state")).expect("it is admitted");
    let error = host.put_in_force(&other.digest);
    let error = error.expect_err("an alias is its id");
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    assert!(error.detail.contains(&after.digest), "{error}");
    assert_eq!(reference(&host, "kept-state"), after);
}
