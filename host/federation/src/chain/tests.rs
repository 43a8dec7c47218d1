//! Mapper policies: who does which mapper, what they see, and what is taken of what they say.

mod denial;
mod planning;

use crate::{
    SignInOutcome,
    decide::{Verdict, context, decide_all},
    member::ActiveFederation,
    sign_in::Attempt,
    testing::{FakeMapper, PASSWORD, Site, client, entry, mapper_of, realm},
};
use bridge_model::{
    account::User,
    decision::{Adjustment, Bar, Candidate, Claim, ClaimValue, Person, Refusal},
    plan::Problem,
    ports::PolicyFault,
    time::Timestamp,
};
use serde_json::json;

const STAFF: (&str, &str) = ("seeAlso", "cn=staff,ou=groups,dc=example,dc=test");

pub(super) fn text(name: &str, value: &str) -> Adjustment {
    Adjustment::SetClaim(Claim {
        name: name.to_owned(),
        value: ClaimValue::Text(value.to_owned()),
    })
}

/// A site with ada, and these mapper policies in force.
pub(super) fn site(policies: Vec<FakeMapper>) -> Site {
    let site = Site::new(&["staff"]);
    site.directories.put([entry(
        "staff",
        "ada",
        &[
            ("cn", "Ada"),
            ("SN", "Liebig"),
            ("employeeNumber", "7"),
            ("mail", "ada@corp.example"),
            STAFF,
        ],
    )]);
    *site.policies.all_mappers() = policies;
    site
}

pub(super) async fn attempt(site: &Site, password: &str) -> SignInOutcome {
    let attempt = Attempt {
        username: "ada",
        password,
        client: &client("a"),
        address: None,
        request_id: "r1",
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await
}

pub(super) async fn ada(site: &Site) -> User {
    match attempt(site, PASSWORD).await {
        SignInOutcome::SignedIn(user) => user.user().clone(),
        other => panic!("{other:?}: {:?}", site.audit.last().reason),
    }
}

fn value(user: &User, claim: &str) -> serde_json::Value {
    user.claims.get(claim).cloned().unwrap_or_default()
}

#[tokio::test]
async fn mappers_are_asked_in_order_and_see_what_the_one_before_made() {
    let first = FakeMapper::new("first", "sha256:m1", |_| Ok(vec![text("nickname", "ada")]));
    let second = FakeMapper::new("second", "sha256:m2", |candidate| {
        let mut claims = candidate.identity.claims.iter();
        let before = claims.find(|claim| claim.name == "nickname");
        let ClaimValue::Text(before) = &before.expect("a claim").value else {
            panic!("no text");
        };
        Ok(vec![
            text("nickname", &format!("{before}!")),
            text("nickname#de", "x"),
        ])
    });
    let site = site(vec![first, second]);
    site.map(
        "staff",
        &[
            mapper_of("a", "first", &[("claim", "nickname")]),
            mapper_of("b", "SECOND", &[("claim", "nickname")]),
        ],
    );
    let user = ada(&site).await;
    assert_eq!(value(&user, "nickname"), json!("ada!"));
    assert_eq!(value(&user, "nickname#de"), json!("x"));
    assert_eq!(
        value(&user, "name"),
        json!("Ada"),
        "what the vendor says stays"
    );
}

#[tokio::test]
async fn a_mapper_sees_its_own_attributes_and_no_others() {
    let looker = FakeMapper::new("looker", "sha256:m1", |_| Ok(Vec::new()));
    let calls = looker.calls.clone();
    let site = site(vec![looker]);
    site.map(
        "staff",
        &[mapper_of("a", "looker", &[("reads", "sn EmployeeNumber")])],
    );
    ada(&site).await;
    let seen = calls.lock().expect("no panic")[0][0].entry.clone();
    let mut names: Vec<_> = seen.attributes.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["SN", "employeeNumber"]);
    assert_eq!(seen.dn, "uid=ada,ou=staff,dc=example,dc=test");
}

#[test]
fn options_and_case_do_not_hide_an_attribute_and_secrets_are_never_shown() {
    let read = entry(
        "staff",
        "ada",
        &[
            ("cn", "1"),
            ("CN;lang-de", "2"),
            ("cn;x-a;lang-de", "3"),
            ("member;range=0-1499", "4"),
            ("userPassword", "5"),
            ("cnx", "6"),
        ],
    );
    for (asked, seen) in [
        ("Cn", vec!["1", "2", "3"]),
        ("cn;LANG-de", vec!["2", "3"]),
        ("cn;lang-de;x-a", vec!["3"]),
        ("member", vec!["4"]),
        ("member;range=0-*", vec!["4"]),
        ("userPassword", vec![]),
        ("sn", vec![]),
    ] {
        let visible = super::visible(&[asked.to_owned()], &read);
        let values = visible.attributes.iter().flat_map(|it| &it.values);
        let values: Vec<_> = values.map(|it| String::from_utf8_lossy(it)).collect();
        assert_eq!(values, seen, "{asked}");
    }
}

#[tokio::test]
async fn groups_and_roles_are_dropped_and_bars_are_added() {
    let strict = FakeMapper::new("strict", "sha256:m1", |_| {
        Ok(vec![
            Adjustment::DropClaim("name".to_owned()),
            Adjustment::DropGroup("CN=Staff, ou=groups,dc=example,dc=test".to_owned()),
            Adjustment::DropGroup(String::new()),
            Adjustment::DropRole("nobody".to_owned()),
        ])
    });
    let site = site(vec![strict]);
    site.map("staff", &[mapper_of("a", "strict", &[("claim", "name")])]);
    let user = ada(&site).await;
    assert!(user.group_dns.is_empty());
    assert_eq!(user.claims.get("groups"), None);
    assert_eq!(user.claims.get("name"), None);

    site.policies.all_mappers()[0].does = |_| {
        Ok(vec![Adjustment::AddBar(Bar {
            reason: Refusal::OutsidePermittedHours,
            since: None,
            until: None,
        })])
    };
    site.federations.reload_all();
    assert!(matches!(
        attempt(&site, PASSWORD).await,
        SignInOutcome::Refused
    ));
    assert_eq!(
        site.audit.last().reason.as_deref(),
        Some("outside_permitted_hours")
    );
}

#[tokio::test]
async fn who_was_not_bound_is_nobodys_to_adjust() {
    let looker = FakeMapper::new("looker", "sha256:m1", |_| Ok(Vec::new()));
    let calls = looker.calls.clone();
    let site = site(vec![looker]);
    site.map("staff", &[mapper_of("a", "looker", &[])]);
    assert!(matches!(
        attempt(&site, "wrong").await,
        SignInOutcome::Refused
    ));
    assert!(calls.lock().expect("no panic").is_empty());
}

/// The user names of people of a page, or why they have none.
async fn page(site: &Site, names: &[String]) -> Vec<Result<String, String>> {
    let active = site
        .federations
        .realm(&realm("a").name)
        .await
        .expect("loaded");
    let Some(crate::member::Member::Active(federation)) = active.members.first() else {
        panic!("it is broken");
    };
    let federation: &ActiveFederation = federation;
    let persons = names.iter().map(|name| Person {
        entry: entry("staff", name, &[]),
        reply: None,
        findings: Vec::new(),
    });
    let context = context(federation, Timestamp(0)).await.expect("a context");
    let (judged, _) = decide_all(federation, context, persons.collect()).await;
    let outcomes = judged.into_iter().map(|judged| match judged.outcome {
        Ok(Verdict::Identified(identity)) => Ok(identity.username),
        Ok(Verdict::Rejected(_)) => Err("rejected".to_owned()),
        Err(error) => Err(error.to_string()),
    });
    outcomes.collect()
}

#[tokio::test]
async fn a_page_is_adjusted_in_a_few_calls_and_one_persons_trap_is_theirs_alone() {
    let mut policy = FakeMapper::new("looker", "sha256:m1", |_| Ok(Vec::new()));
    policy.traps_at = Some("eve");
    let calls = policy.calls.clone();
    let site = site(vec![policy]);
    site.map(
        "staff",
        &[mapper_of("a", "looker", &[("on_error", "deny")])],
    );
    let names: Vec<_> = (0..501).map(|number| format!("u{number}")).collect();
    let decided = page(&site, &names).await;
    assert!(
        decided
            .iter()
            .zip(&names)
            .all(|(it, name)| it.as_ref() == Ok(name))
    );
    let sizes: Vec<_> = calls
        .lock()
        .expect("no panic")
        .iter()
        .map(Vec::len)
        .collect();
    assert_eq!(sizes, [250, 250, 1]);

    let names = ["a", "b", "eve", "c"].map(str::to_owned);
    let decided = page(&site, &names).await;
    for (name, outcome) in names.iter().zip(decided) {
        assert_eq!(outcome.is_err(), name == "eve", "{name}: {outcome:?}");
    }
}

fn always_fails(_: &Candidate) -> Result<Vec<Adjustment>, Problem> {
    Err(Problem {
        field: "sn".to_owned(),
        message: "is not there".to_owned(),
    })
}

#[tokio::test]
async fn a_busy_realm_is_no_failure_of_a_mapper() {
    let mut policy = FakeMapper::new("looker", "sha256:m1", always_fails);
    let site = site(vec![policy.clone()]);
    site.map("staff", &[mapper_of("a", "looker", &[("claim", "name")])]);
    policy.fault = Some(PolicyFault::Busy);
    *site.policies.all_mappers() = vec![policy];
    site.federations.reload_all();
    assert!(matches!(
        attempt(&site, PASSWORD).await,
        SignInOutcome::Unavailable
    ));
    assert_eq!(site.audit.last().reason.as_deref(), Some("policy_busy"));
}
