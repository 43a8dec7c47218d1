//! Policies that are uploaded, swapped, rolled back and removed.

use super::{BRIDGE, assert_is_problem, members, of_slapd, staff};
use bridge_policy::Limits;
use serde_json::{Value, json};
use suites::{
    admin::{Admin, send, token},
    application::Application,
    authority::Authority,
    browser::{Browser, Page},
    served::{Directory, Served},
    slapd::Slapd,
    versions::{marked, reworded},
};

/// A vendor policy that is built in.
pub(super) fn component(name: &str) -> &'static [u8] {
    let mut components = bridge_components::components().iter();
    let found = components.find(|component| component.name == name);
    found.expect("it is built in").bytes
}

/// Sends a component.
fn upload(admin: &Admin, octets: Vec<u8>) -> Page {
    let request = admin.request("POST", "/policies");
    send(
        request
            .header("content-type", "application/wasm")
            .body(octets),
    )
}

/// Sends a component that is taken; its digest.
#[track_caller]
pub(super) fn uploaded(admin: &Admin, octets: Vec<u8>) -> String {
    let page = upload(admin, octets);
    assert_eq!(page.status, 201, "{}", page.body);
    page.json()["digest"].as_str().expect("a digest").to_owned()
}

/// The policy as it is listed.
pub(super) fn listed(admin: &Admin, digest: &str) -> Option<Value> {
    let list = admin.get("/policies").json();
    let mut list = list.as_array().expect("a list").clone().into_iter();
    list.find(|policy| policy["digest"] == digest)
}

/// The digest in force under an id.
pub(super) fn in_force(admin: &Admin, id: &str) -> Option<String> {
    let list = admin.get("/policies").json();
    let mut list = list.as_array().expect("a list").iter();
    let found = list.find(|policy| policy["id"] == id && policy["state"] == "in_force");
    found.map(|policy| policy["digest"].as_str().expect("a digest").to_owned())
}

/// Has ada sign in; the digest of the policy that let her.
pub(super) fn sign_in(served: &Served) -> Option<String> {
    let issuer = served.bridge.issuer("staff");
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    let (browser, attempt) = (Browser::new(), wiki.attempt());
    wiki.open(&browser, &attempt);
    let page = wiki.submit(&browser, &attempt, "ada", "Pw-ada");
    if page.status != 303 {
        return None;
    }
    let event = served.audited_sign_ins().pop().expect("a line");
    let digest = event["policy"]["digest"].as_str().expect("a digest");
    Some(digest.to_owned())
}

/// A realm whose people are those of the suites' slapd, and who runs the bridge.
pub(super) fn realm_of_slapd() -> (Served, Admin) {
    let (served, operator) = staff();
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    let platform = served.operator();
    (served, platform)
}

#[test]
fn a_policy_is_uploaded_swapped_and_rolled_back_and_outlives_a_restart() {
    let (served, platform) = realm_of_slapd();
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));
    let page = upload(&platform, marked(component("openldap"), "two"));
    assert_eq!(page.status, 201, "{}", page.body);
    let made = page.json();
    assert_eq!(made["id"], "openldap");
    assert_eq!(made["world"], "vendor-policy");
    assert_eq!(made["state"], "loaded");
    assert_eq!(made["origin"], json!({ "kind": "upload" }));
    assert_eq!(made["signers"], json!([]));
    let two = made["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&built_in));
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));

    let swap = |digest: &str, dry_run: bool| {
        let wanted = json!({ "digest": digest, "dry_run": dry_run });
        platform.post("/policies/openldap/swap", &wanted)
    };
    let considered = swap(&two, true);
    assert_eq!(considered.status, 200, "{}", considered.body);
    let considered = considered.json();
    assert_eq!(considered["before"], json!(built_in));
    assert_eq!(considered["federations"][0]["federation"], "staff/ldap");
    assert_eq!(considered["federations"][0]["differences"], json!([]));
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&built_in));

    assert_eq!(swap(&two, false).status, 200);
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&two));
    assert_eq!(sign_in(&served).as_ref(), Some(&two));
    let shown = listed(&platform, &two).expect("it is loaded");
    assert_eq!(shown["before"], json!(built_in));
    assert_eq!(shown["users"], json!(["staff/ldap"]));
    let mut events = served.audited().into_iter();
    let event = events.rfind(|event| event["event"] == "policy_swapped");
    assert_eq!(event.expect("a line")["object"], "policy openldap");

    let served = served.restarted(BRIDGE);
    let platform = served.operator();
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&two));
    assert_eq!(sign_in(&served).as_ref(), Some(&two));
    let back = platform.post("/policies/openldap/roll-back", &json!({}));
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));
    // Rolled back to what is built in: that, too, outlives a restart.
    let served = served.restarted(BRIDGE);
    assert_eq!(in_force(&served.operator(), "openldap"), Some(built_in));
}

#[test]
fn a_swap_that_would_make_people_into_others_is_refused_and_says_whose() {
    let url = format!("ldaps://{}", Slapd::shared().ldaps_address());
    let directory = Directory::at(url).trusting(&Authority::shared().ca);
    let served = Served::start(BRIDGE, &directory);
    let platform = served.operator();
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));
    let other = uploaded(
        &platform,
        reworded(component("openldap"), "entryUUID", "entryUUIX"),
    );
    let wanted = json!({ "digest": other });
    let refused = platform.post("/policies/openldap/swap", &wanted);
    let problem = assert_is_problem(&refused, 409);
    let wrong = members(&problem, "errors");
    assert!(
        wrong
            .iter()
            .all(|member| member.starts_with("staff/directory: "))
            && !wrong.is_empty(),
        "{problem}"
    );
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&built_in));
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));
}

#[test]
fn a_swap_that_changes_claims_says_which() {
    let (served, platform) = realm_of_slapd();
    let other = uploaded(
        &platform,
        reworded(component("openldap"), "given_name", "first_name"),
    );
    let wanted = json!({ "digest": other, "dry_run": true });
    let considered = platform.post("/policies/openldap/swap", &wanted).json();
    let told = considered["federations"][0]["differences"].to_string();
    assert!(
        told.contains("given_name") && told.contains("first_name"),
        "{considered}"
    );
    assert_eq!(
        considered["federations"][0]["problems"],
        json!([]),
        "{considered}"
    );
    drop(served);
}

#[test]
fn what_is_no_policy_is_refused_in_words() {
    let served = Served::bare(BRIDGE);
    let platform = served.operator();
    let problem = assert_is_problem(&upload(&platform, b"no component".to_vec()), 400);
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("not admitted"), "{problem}");
    let damaged = reworded(component("openldap"), "decide", "decade");
    assert_is_problem(&upload(&platform, damaged), 400);
    let request = platform.request("POST", "/policies");
    let page = send(request.header("content-type", "text/plain").body("x"));
    assert_is_problem(&page, 415);
    let octets = vec![0; Limits::default().component_octets_max + 1];
    assert_is_problem(&upload(&platform, octets), 413);
    let request = platform
        .request("POST", "/policies")
        .header("policy-signature", "nonsense");
    let request = request.header("content-type", "application/wasm").body("x");
    let problem = assert_is_problem(&send(request), 400);
    assert_eq!(members(&problem, "errors"), ["Policy-Signature"]);

    let digest = format!("sha256:{}", "0".repeat(64));
    let swap = platform.post("/policies/openldap/swap", &json!({ "digest": digest }));
    assert_is_problem(&swap, 404);
    let back = platform.post("/policies/openldap/roll-back", &json!({}));
    assert_is_problem(&back, 409);
    assert_is_problem(
        &platform.delete(&format!("/policies/packages/{digest}")),
        404,
    );
}

#[test]
fn what_somebody_uses_stays() {
    let (served, platform) = realm_of_slapd();
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    let two = uploaded(&platform, marked(component("openldap"), "two"));
    let three = uploaded(&platform, marked(component("openldap"), "three"));
    let remove = |digest: &str| platform.delete(&format!("/policies/packages/{digest}"));
    assert_is_problem(&remove(&built_in), 409);
    let wrong = platform.post("/policies/generic/swap", &json!({ "digest": two }));
    assert_eq!(
        members(&assert_is_problem(&wrong, 400), "errors"),
        ["digest"]
    );

    // One that a federation pins serves it, whatever is in force.
    let operator = platform.of("staff");
    let list = operator.get("/user-federations").json();
    let path = format!(
        "/user-federations/{}",
        list[0]["id"].as_str().expect("an id")
    );
    let pinned = operator.patch(&path, &json!({ "advanced": { "policy_digest": three } }));
    assert_eq!(pinned.status, 200, "{}", pinned.body);
    assert_eq!(
        operator.get(&path).json()["advanced"]["policy_digest"],
        json!(three)
    );
    assert_eq!(sign_in(&served).as_ref(), Some(&three));
    assert_is_problem(&remove(&three), 409);
    assert_eq!(remove(&two).status, 204);
    assert!(listed(&platform, &two).is_none());
    let free = operator.patch(&path, &json!({ "advanced": { "policy_digest": null } }));
    assert_eq!(free.status, 200, "{}", free.body);
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));
    assert_eq!(remove(&three).status, 204);
    let event = served.audited().pop().expect("a line");
    assert_eq!(
        (&event["event"], &event["object"]),
        (&json!("removed"), &json!("policy openldap"))
    );
}

#[test]
fn a_realms_own_administrator_sees_policies_and_changes_none() {
    let (served, platform) = realm_of_slapd();
    platform.create_realm("other");
    platform
        .of("other")
        .create("/user-federations", &of_slapd("theirs"));
    let two = uploaded(&platform, marked(component("openldap"), "two"));
    let secret = platform
        .of("staff")
        .create_administrator("ops", &["realm:admin"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    let list = ops.get("/policies").json();
    assert!(list.to_string().contains("staff/ldap"), "{list}");
    assert!(!list.to_string().contains("other/theirs"), "{list}");
    let wanted = json!({ "digest": two });
    assert_is_problem(&upload(&ops, component("openldap").to_vec()), 403);
    assert_is_problem(&ops.post("/policies/openldap/swap", &wanted), 403);
    assert_is_problem(&ops.post("/policies/openldap/roll-back", &json!({})), 403);
    assert_is_problem(
        &ops.post("/policies/pull", &json!({ "reference": "x" })),
        403,
    );
    assert_is_problem(&ops.delete(&format!("/policies/packages/{two}")), 403);
    assert_is_problem(&ops.get("/policies/refused"), 403);
    assert_eq!(ops.get("/realms/staff/policy-log").json(), json!([]));
    assert_is_problem(&ops.get("/realms/other/policy-log"), 404);
}
