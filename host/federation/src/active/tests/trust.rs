//! Which policies may serve a realm.

use super::{Duration, Member, PolicyRules, a, b};
use crate::{
    PreviewError, SignInOutcome, TranslateError, Whom, review, review_under,
    sign_in::Attempt,
    testing::{FakeMapper, FakePolicy, Loaded, PASSWORD, Site, client, entry, mapper_of, realm},
};
use bridge_model::{
    plan::Problem,
    policy::{PolicyKey, PolicyOrigin, Provenance, WasiGrant},
};

const OURS: PolicyKey = PolicyKey([1; 32]);

fn site() -> Site {
    let site = Site::new(&["staff"]);
    site.directories.put([entry("staff", "ada", &[])]);
    let next = FakePolicy::version("sample", "2.0.0", "sha256:2");
    site.policies.load(Loaded::Vendor(next));
    let other = FakePolicy::version("other", "1.0.0", "sha256:o");
    site.policies.load(Loaded::Vendor(other));
    *site.policies.all_mappers() = vec![FakeMapper::new("cel", "sha256:m", |_| Ok(Vec::new()))];
    site
}

fn uploaded(signers: &[PolicyKey]) -> Provenance {
    Provenance {
        origin: PolicyOrigin::Upload,
        signers: signers.to_vec(),
        wasi: WasiGrant::None,
        octets: 1,
    }
}

fn rule(site: &Site, rules: PolicyRules) {
    site.store.tables().rules.insert(a(), rules);
    site.federations.reload_all();
}

fn allowing(names: &[&str]) -> PolicyRules {
    PolicyRules {
        allowed: names.iter().map(|&name| name.to_owned()).collect(),
        ..PolicyRules::default()
    }
}

async fn signed_in(site: &Site, name: &str) -> bool {
    let attempt = Attempt {
        username: "ada",
        password: PASSWORD,
        client: &client(name),
        address: None,
        request_id: "r1",
    };
    let outcome = site.sign_ins.sign_in(&realm(name), &attempt).await;
    matches!(outcome, SignInOutcome::SignedIn(_))
}

/// Why nobody is asked; and that nobody is.
async fn refused(site: &Site) -> String {
    let before = site.directories.state().searches.len();
    assert!(!signed_in(site, "a").await);
    let reason = site.audit.last().reason.unwrap_or_default();
    let id = site.store.tables().federations[0].federation.id;
    let realm = a();
    let shown = site.sign_ins.preview_federation(&realm, id, Whom::First(1));
    let shown = shown.await;
    let Err(PreviewError::Federation { reason: told, .. }) = shown else {
        panic!("it is shown: {shown:?}");
    };
    assert_eq!(told, reason, "a preview and a sign-in have one gate");
    assert_eq!(site.directories.state().searches.len(), before);
    reason
}

#[tokio::test]
async fn a_policy_that_a_realm_does_not_name_serves_another_realm_only() {
    let site = site();
    rule(&site, allowing(&["other"]));
    let reason = refused(&site).await;
    assert!(
        reason.contains("is not one of those that may serve"),
        "{reason}"
    );
    assert!(signed_in(&site, "b").await);
    for named in ["SAMPLE", "sha256:1"] {
        rule(&site, allowing(&[named]));
        assert!(signed_in(&site, "a").await, "{named}");
    }
    // The next version has another digest.
    *site.policies.all() = vec![FakePolicy::version("sample", "2.0.0", "sha256:2")];
    site.federations.reload_all();
    refused(&site).await;
}

#[tokio::test]
async fn a_policy_needs_a_signature_that_counts() {
    let site = site();
    let rules = PolicyRules {
        trusted_keys: vec![OURS],
        signature_required: true,
        ..PolicyRules::default()
    };
    rule(&site, rules);
    assert!(signed_in(&site, "a").await, "it is built in");
    for (signers, is_let_in) in [
        (&[][..], false),
        (&[PolicyKey([2; 32])], false),
        (&[OURS], true),
    ] {
        site.policies.came_from("sha256:1", Some(uploaded(signers)));
        site.federations.reload_all();
        assert_eq!(signed_in(&site, "a").await, is_let_in, "{signers:?}");
    }
}

#[tokio::test]
async fn a_policy_of_which_nothing_is_known_serves_nobody() {
    let site = site();
    site.policies.came_from("sha256:1", None);
    let reason = refused(&site).await;
    assert!(reason.contains("not known where"), "{reason}");
}

#[tokio::test]
async fn mapper_policies_pass_the_same_gate() {
    let site = site();
    site.map("staff", &[mapper_of("m", "cel", &[("claim", "name")])]);
    assert!(signed_in(&site, "a").await);
    rule(&site, allowing(&["sample"]));
    let reason = refused(&site).await;
    assert!(reason.starts_with("mapper m: policy cel"), "{reason}");
    rule(&site, allowing(&["sample", "cel"]));
    assert!(signed_in(&site, "a").await);
    site.policies.came_from("sha256:m", None);
    site.federations.reload_all();
    refused(&site).await;
}

#[tokio::test]
async fn a_pinned_version_is_used_whatever_is_in_force_and_has_to_be_the_vendors() {
    let site = site();
    let pin = |digest: &str| {
        site.store
            .change("staff", |it| it.policy_digest = Some(digest.to_owned()));
        site.federations.reload_all();
    };
    pin("sha256:2");
    assert!(signed_in(&site, "a").await);
    assert_eq!(site.audit.last().policy.expect("a policy").version, "2.0.0");
    pin("sha256:o");
    let reason = refused(&site).await;
    assert!(
        reason.contains("does not answer to the vendor \"sample\""),
        "{reason}"
    );
    pin("sha256:nowhere");
    assert!(!signed_in(&site, "a").await);
    pin("sha256:m");
    assert!(
        !signed_in(&site, "a").await,
        "a mapper policy is no vendor's"
    );
}

#[test]
fn a_review_says_what_the_gate_would() {
    let site = site();
    let mut federation = site.store.tables().federations[0].federation.clone();
    federation.mappers = vec![mapper_of("m", "cel", &[])];
    let fields = |federation: &_, rules: &PolicyRules| -> Vec<String> {
        match review_under(&*site.policies, rules, federation, None) {
            Ok(_) => Vec::new(),
            Err(TranslateError::Problems(problems)) => {
                let fields = problems.into_iter().map(|it: Problem| {
                    assert!(it.message.contains("; "), "{it:?}");
                    it.field
                });
                fields.collect()
            }
            Err(TranslateError::Policy(error)) => panic!("{error}"),
        }
    };
    let none: [&str; 0] = [];
    assert_eq!(fields(&federation, &PolicyRules::default()), none);
    assert_eq!(
        fields(&federation, &allowing(&["x"])),
        ["vendor", "mapper[0]"]
    );
    federation.policy_digest = Some("sha256:2".to_owned());
    let pinned = "advanced.policy_digest";
    assert_eq!(fields(&federation, &allowing(&["cel"])), [pinned]);
    assert_eq!(fields(&federation, &allowing(&["cel", "sha256:2"])), none);
    federation.vendor = "SAMPLE-alias".to_owned();
    assert_eq!(fields(&federation, &PolicyRules::default()), none);
    for (vendor, digest) in [
        ("sample", "sha256:o"),
        ("sample", "sha256:9"),
        ("x", "sha256:2"),
    ] {
        vendor.clone_into(&mut federation.vendor);
        federation.policy_digest = Some(digest.to_owned());
        assert_eq!(
            fields(&federation, &PolicyRules::default()),
            [pinned],
            "{digest}"
        );
        assert!(review(&*site.policies, &federation, None).is_err());
    }
}

#[tokio::test]
async fn a_realm_that_is_loaded_has_its_processor_time() {
    let site = site();
    let rules = PolicyRules {
        cpu_ms_per_second: 40,
        ..PolicyRules::default()
    };
    rule(&site, rules);
    assert_eq!(site.policies.limit_of(&a()), None);
    site.federations.realm(&a()).await.expect("loaded");
    assert_eq!(
        site.policies.limit_of(&a()),
        Some(Duration::from_millis(40))
    );
    assert_eq!(site.policies.limit_of(&b()), None);
}

#[tokio::test]
async fn a_realm_that_had_no_time_to_be_translated_is_loaded_again() {
    let site = site();
    site.policies.all()[0].reference.digest = "sha256:3".to_owned();
    site.policies.all()[0].is_busy = true;
    assert!(!signed_in(&site, "a").await);
    let active = site.federations.realm(&a()).await.expect("loaded");
    assert!(matches!(active.members[..], [Member::Broken(_)]));
    site.policies.all()[0].is_busy = false;
    assert!(signed_in(&site, "a").await, "nobody has to ask for it");
}
