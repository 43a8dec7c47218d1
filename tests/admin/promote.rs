//! A candidate that is promoted for everybody who uses its policy.

use super::{
    BRIDGE, of_slapd,
    policies::{component, in_force, listed, realm_of_slapd, sign_in, uploaded},
};
use serde_json::{Value, json};
use std::{fs, process::Output};
use suites::{admin::Admin, bridge::run, served::Served, versions::marked};

fn policy(served: &Served, arguments: &[&str]) -> Output {
    let place = ["--config", "bridge.toml"];
    let arguments = [&["policy"], arguments, &place].concat();
    run(BRIDGE, &served.path(""), &arguments)
}

fn federation(operator: &Admin) -> Value {
    operator.get("/user-federations").json()[0].clone()
}

#[test]
fn a_candidate_is_promoted_for_all_federations_of_all_realms() {
    let (served, platform) = realm_of_slapd();
    platform.create_realm("other");
    let theirs = platform.of("other");
    theirs.create("/user-federations", &of_slapd("theirs"));
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    let next = uploaded(&platform, marked(component("openldap"), "next"));
    let begun = policy(&served, &["shadow", "staff", "ldap", "--candidate", &next]);
    assert!(begun.status.success(), "{begun:?}");
    assert_eq!(sign_in(&served).as_ref(), Some(&built_in));

    let promoted = policy(&served, &["promote", "staff", "ldap", "--all"]);
    let printed = String::from_utf8_lossy(&promoted.stdout).into_owned();
    assert!(promoted.status.success(), "{promoted:?}");
    for text in ["is in force", &next, "staff/ldap", "other/theirs"] {
        assert!(printed.contains(text), "no {text}: {printed}");
    }
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&next));
    assert_eq!(sign_in(&served).as_ref(), Some(&next));
    let shown = listed(&platform, &next).expect("it is loaded");
    assert_eq!(shown["users"], json!(["other/theirs", "staff/ldap"]));
    assert_eq!(shown["before"], json!(built_in));
    // A swap pins nobody: the next one reaches them as well. Nothing runs beside it any more.
    let operator = platform.of("staff");
    let kept = federation(&operator);
    assert!(kept["advanced"]["policy_digest"].is_null(), "{kept}");
    let id = kept["id"].as_str().expect("an id");
    let shadow = operator.get(&format!("/user-federations/{id}/shadow"));
    assert_eq!(shadow.status, 404, "{}", shadow.body);

    let nothing = policy(&served, &["promote", "staff", "ldap", "--all"]);
    assert_eq!(nothing.status.code(), Some(1), "{nothing:?}");
}

#[test]
fn mappers_are_of_their_federation_and_are_not_promoted_for_all() {
    let (served, platform) = realm_of_slapd();
    let built_in = in_force(&platform, "openldap");
    let mappers = json!([{ "name": "given_name", "ldap_attribute": "uid" }]);
    fs::write(served.path("mappers.json"), mappers.to_string()).expect("a file");
    let shadow = ["shadow", "staff", "ldap", "--mappers", "mappers.json"];
    let begun = policy(&served, &shadow);
    assert!(begun.status.success(), "{begun:?}");
    let refused = policy(&served, &["promote", "staff", "ldap", "--all"]);
    let complained = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(complained.contains("promote without --all"), "{complained}");
    assert_eq!(in_force(&platform, "openldap"), built_in);

    let promoted = policy(&served, &["promote", "staff", "ldap"]);
    assert!(promoted.status.success(), "{promoted:?}");
    let kept = federation(&platform.of("staff"));
    assert_eq!(kept["mapper"][0]["name"], "given_name", "{kept}");
    assert_eq!(in_force(&platform, "openldap"), built_in);
}
