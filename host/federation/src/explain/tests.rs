use super::*;
use crate::{
    Attempt,
    testing::{PASSWORD, Site, client, entry, realm},
};
use bridge_model::{federation::OnError, ports::DirectoryFault};
use serde_json::Value;

fn site() -> Site {
    let site = Site::new(&["partners", "staff"]);
    site.directories.put([
        entry(
            "staff",
            "ada",
            &[("cn", "Ada"), ("seeAlso", "cn=staff,o=x")],
        ),
        entry("staff", "eve", &[("description", "off")]),
    ]);
    site
}

async fn sign_in(site: &Site, username: &str, password: &str, request_id: &str) {
    let attempt = Attempt {
        username,
        password,
        client: &client("a"),
        address: None,
        request_id,
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await;
}

async fn explained(site: &Site, client: Option<&Client>, username: &str) -> Explanation {
    let explained = site.sign_ins.explain(&realm("a"), client, username).await;
    explained.expect("a store that works")
}

fn kept_out(explained: &Explanation) -> &str {
    let kept_out = explained.kept_out.as_ref();
    kept_out.map_or("-", |kept_out| kept_out.reason.as_str())
}

#[tokio::test]
async fn a_sign_in_is_explained_step_by_step_without_a_password() {
    let site = site();
    let told = explained(&site, None, "ada").await;
    assert_eq!(told.outcome, AuditOutcome::Success);
    let results: Vec<_> = told.federations.iter().map(|it| it.result).collect();
    assert_eq!(results, ["nobody", "found"]);
    let search = &told.federations[1].searches[0];
    assert_eq!(search.base, "ou=staff,dc=example,dc=test");
    assert_eq!(search.filter, "(&(objectClass=person)(uid=ada))");
    assert_eq!((search.result_code, search.entries), (Some(0), 1));
    let person = told.person.as_ref().expect("a person");
    assert_eq!(person.plan.stable_id.attribute, "id");
    assert_eq!(person.bind, None);
    let identity = person.identity.as_ref().expect("an identity");
    assert_eq!(identity.claims.get("name"), Some(&Value::from("Ada")));
    assert_eq!(identity.group_dns, ["cn=staff,o=x"]);
    assert!(site.directories.state().binds.is_empty());
    assert!(site.store.tables().known.is_empty(), "nobody is noted");
    assert!(
        site.store.tables().attempts.is_empty(),
        "nothing is counted"
    );
    let json = serde_json::to_string(&told).expect("JSON");
    assert!(!json.contains("userPassword"), "{json}");
}

#[tokio::test]
async fn the_rule_that_keeps_somebody_out_is_named() {
    let site = site();
    let mut admins = client("a");
    admins.allowed_groups = vec!["admins".to_owned()];
    assert_eq!(
        kept_out(&explained(&site, None, "nobody").await),
        "unknown_user"
    );
    assert_eq!(kept_out(&explained(&site, None, "eve").await), "disabled");
    let told = explained(&site, Some(&admins), "ada").await;
    assert_eq!(kept_out(&told), "not_in_allowed_groups");
    assert_eq!(told.allowed_groups, ["admins"]);
    let told = explained(&site, Some(&client("b")), "ada").await;
    assert_eq!(kept_out(&told), "client_off");
    assert_eq!(
        kept_out(&explained(&site, None, "a\0").await),
        "not_a_user_name"
    );
    let person = explained(&site, None, "ada")
        .await
        .person
        .expect("a person");
    let subject = person
        .identity
        .and_then(|it| it.subject)
        .expect("a subject");
    site.store.tables().blocked.push(subject);
    let told = explained(&site, None, "ada").await;
    assert_eq!(kept_out(&told), "blocked");
    assert!(told.standing.expect("a standing").blocked);
}

#[tokio::test]
async fn a_federation_that_cannot_answer_says_why() {
    let site = site();
    site.directories
        .break_down("partners", DirectoryFault::Connect);
    let told = explained(&site, None, "ada").await;
    assert_eq!(told.outcome, AuditOutcome::Unavailable);
    assert_eq!(told.federations.len(), 1);
    assert_eq!(told.federations[0].result, "unavailable");
    assert!(told.federations[0].searches[0].error.is_some());
    site.store
        .change("partners", |it| it.on_error = OnError::PassOver);
    site.store.tables().policies_off = Vec::new();
    site.federations.reload_all();
    let told = explained(&site, None, "ada").await;
    assert_eq!(told.federations[0].result, "passed_over");
    assert_eq!(told.outcome, AuditOutcome::Success);
}

#[tokio::test]
async fn a_sign_in_can_be_looked_at_afterwards_by_its_realm_alone() {
    let site = site();
    sign_in(&site, "ada", PASSWORD, "r1").await;
    sign_in(&site, "ada", "wrong", "r2").await;
    let find = |realm_name: &str, request| {
        let name = realm(realm_name).name;
        site.sign_ins.explanation(&name, request)
    };
    let told = find("a", "r1").expect("remembered");
    assert_eq!(told.outcome, AuditOutcome::Success);
    assert_eq!(told.username.as_deref(), Some("ada"));
    let person = told.person.expect("a person");
    assert_eq!(person.bind.expect("a bind").result_code, 0);
    assert!(person.identity.is_some());
    let told = find("a", "r2").expect("remembered");
    assert_eq!(kept_out(&told), "bad_credentials");
    assert_eq!(find("b", "r1"), None);
    assert_eq!(find("a", "r3"), None);
}

#[tokio::test]
async fn a_password_in_the_field_for_names_is_not_remembered() {
    let site = site();
    sign_in(&site, "correct-horse-battery", "x", "r1").await;
    let told = site.sign_ins.explanation(&realm("a").name, "r1");
    let told = told.expect("remembered");
    assert_eq!(kept_out(&told), "unknown_user");
    assert_eq!(told.federations[0].searches[0].filter, "(uid={username})");
    let json = serde_json::to_string(&told).expect("JSON");
    assert!(!json.contains("battery"), "{json}");
}
