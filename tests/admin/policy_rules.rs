//! The rules of a realm for policies: who may serve it, and who may say so.

use super::{
    assert_is_problem, members,
    policies::{component, in_force, realm_of_slapd, sign_in, uploaded},
};
use bridge_policy::signature::{SigningKey, sign, write};
use serde_json::json;
use suites::{
    admin::{send, token},
    versions::marked,
};

#[test]
fn the_rules_of_a_realm_are_shown_changed_and_exported() {
    let (served, platform) = realm_of_slapd();
    let shown = platform.get("/realms/staff").json();
    assert_eq!(
        shown["policies"],
        json!({
            "allowed": [], "trusted_keys": [], "signature_required": false, "cpu_ms_per_second": 250,
        })
    );
    let change = json!({ "policies": { "cpu_ms_per_second": 40, "allowed": ["openldap"] } });
    let page = platform.patch("/realms/staff", &change);
    assert_eq!(page.status, 200, "{}", page.body);
    let shown = platform.get("/realms/staff").json();
    assert_eq!(shown["policies"]["cpu_ms_per_second"], 40);
    let wrong = json!({ "policies": { "trusted_keys": ["x"], "cpu_ms_per_second": 0 } });
    let problem = assert_is_problem(&platform.patch("/realms/staff", &wrong), 400);
    assert_eq!(
        members(&problem, "errors"),
        ["policies.trusted_keys[0]", "policies.cpu_ms_per_second"]
    );

    // They are the platform's to change, by no way of the realm's own administrators.
    let secret = platform
        .of("staff")
        .create_administrator("ops", &["realm:admin"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    let change = json!({ "policies": { "cpu_ms_per_second": 100_000 } });
    let problem = assert_is_problem(&ops.patch("/realms/staff", &change), 403);
    assert_eq!(members(&problem, "errors"), ["policies"]);
    let declaration =
        json!({ "realm": { "name": "staff", "policies": { "cpu_ms_per_second": 90 } } });
    let declared = ops.post("/declaration?adopt=true", &declaration);
    assert_is_problem(&declared, 403);
    let same = ops.patch("/realms/staff", &json!({ "display_name": "Ours" }));
    assert_eq!(same.status, 200, "{}", same.body);
    let dry = platform
        .post("/declaration?adopt=true&dry_run=true", &declaration)
        .json();
    assert!(
        dry.to_string().contains("policies.cpu_ms_per_second"),
        "{dry}"
    );
}

#[test]
fn a_realm_that_wants_signatures_takes_none_without_and_those_of_its_keys() {
    let (served, platform) = realm_of_slapd();
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    let key = SigningKey::generate().expect("a key");
    let rules = json!({
        "policies": { "signature_required": true, "trusted_keys": [key.public().to_string()] },
    });
    assert_eq!(platform.patch("/realms/staff", &rules).status, 200);
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));

    let unsigned = uploaded(&platform, marked(component("openldap"), "unsigned"));
    let swap =
        |digest: &str| platform.post("/policies/openldap/swap", &json!({ "digest": digest }));
    let problem = assert_is_problem(&swap(&unsigned), 409);
    assert!(problem.to_string().contains("signature"), "{problem}");
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));

    let octets = marked(component("openldap"), "signed");
    let other = SigningKey::generate().expect("a key");
    let send_signed = |signer: &SigningKey| {
        let line = write(&[sign(signer, &octets)]);
        let request = platform.request("POST", "/policies");
        let request = request.header("content-type", "application/wasm");
        let page = send(
            request
                .header("policy-signature", line.trim())
                .body(octets.clone()),
        );
        assert_eq!(page.status, 201, "{}", page.body);
        page.json()
    };
    let signed = send_signed(&other);
    let digest = signed["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(signed["signers"], json!([other.public().to_string()]));
    assert_is_problem(&swap(&digest), 409);
    let signed = send_signed(&key);
    assert_eq!(signed["digest"], json!(digest));
    assert_eq!(signed["signers"], json!([key.public().to_string()]));
    let swapped = swap(&digest);
    assert_eq!(swapped.status, 200, "{}", swapped.body);
    assert_eq!(sign_in(&served), Some(digest));
}

#[test]
fn a_realm_is_served_by_what_it_allows() {
    let (served, platform) = realm_of_slapd();
    let rules = |allowed: &str| json!({ "policies": { "allowed": [allowed] } });
    assert_eq!(
        platform.patch("/realms/staff", &rules("generic")).status,
        200
    );
    assert_eq!(sign_in(&served), None);
    assert_eq!(
        platform.patch("/realms/staff", &rules("OpenLDAP")).status,
        200
    );
    assert_eq!(sign_in(&served), in_force(&platform, "openldap"));
}
