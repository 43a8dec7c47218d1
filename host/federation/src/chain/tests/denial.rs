//! What becomes of a sign-in when a mapper fails.

use super::{ada, always_fails, attempt, site, text, value};
use crate::{
    SignInOutcome, Whom,
    testing::{Does, FakeMapper, PASSWORD, mapper_of, realm},
};
use bridge_model::{
    decision::{Adjustment, Claim, ClaimValue},
    plan::MapperOnError,
};
use serde_json::json;

fn sets(name: &str, value: ClaimValue) -> Vec<Adjustment> {
    let name = name.to_owned();
    vec![Adjustment::SetClaim(Claim { name, value })]
}

/// Whatever a mapper must not do.
const LIES: &[(&str, Does)] = &[
    ("fails", always_fails),
    ("not announced", |_| {
        Ok(vec![text("email", "eve@corp.example")])
    }),
    ("drops what it did not announce", |_| {
        Ok(vec![Adjustment::DropClaim("email".to_owned())])
    }),
    ("computed: the subject", |_| {
        Ok(vec![text(&["s", "ub"].concat(), "eve")])
    }),
    ("computed: in capitals", |_| {
        Ok(vec![text(&"sub".to_uppercase(), "eve")])
    }),
    ("computed: with a language", |_| {
        Ok(vec![text("groups#en", "admins")])
    }),
    ("looks like it", |_| Ok(vec![text("ѕub", "eve")])),
    ("with a blank", |_| Ok(vec![text("name ", "eve")])),
    ("no language", |_| Ok(vec![text("name#", "eve")])),
    ("verified", |_| {
        Ok(sets("email_verified", ClaimValue::Boolean(true)))
    }),
    ("admin", |_| {
        Ok(sets(
            "groups",
            ClaimValue::Texts(vec!["platform-admin".to_owned()]),
        ))
    }),
    ("no JSON", |_| {
        Ok(sets("name", ClaimValue::Json("{".to_owned())))
    }),
    ("deep", |_| {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        Ok(sets("name", ClaimValue::Json(deep)))
    }),
    ("huge", |_| {
        Ok(sets("name", ClaimValue::Text("x".repeat(1 << 20))))
    }),
    ("many", |_| {
        Ok(sets(
            "name",
            ClaimValue::Texts(vec!["x".to_owned(); 100_000]),
        ))
    }),
    ("half of it", |_| {
        Ok(vec![
            text("name", "eve"),
            text("iss", "https://evil.example"),
        ])
    }),
];

#[tokio::test]
async fn what_a_mapper_must_not_say_is_left_out_and_shown() {
    let site = site(vec![FakeMapper::new("liar", "sha256:m1", always_fails)]);
    site.map(
        "staff",
        &[mapper_of("m", "liar", &[("claim", "name nickname")])],
    );
    let id = site.store.tables().federations[0].federation.id;
    for (what, does) in LIES {
        site.policies.all_mappers()[0].does = *does;
        site.federations.reload_all();
        let user = ada(&site).await;
        assert_eq!(
            user.claims.get("name"),
            None,
            "{what}: its claims are left out"
        );
        assert_eq!(value(&user, "email"), json!("ada@corp.example"), "{what}");
        assert_eq!(value(&user, "groups"), json!(["staff"]), "{what}");
        assert!(!user.claims.contains_key("email_verified"), "{what}");
        let told = site.sign_ins.explanation(&realm("a").name, "r1");
        let person = told.and_then(|told| told.person).expect("ada");
        assert_eq!(person.left_out, ["m"], "{what}");
        let failure = person.mappers[0].failure.clone();
        assert!(failure.is_some_and(|it| !it.is_empty()), "{what}");
        let realm = realm("a").name;
        let shown = site
            .sign_ins
            .preview_federation(&realm, id, Whom::Name("ada"));
        let shown = shown.await.expect("ada").people.remove(0);
        assert_eq!(
            shown.mappers, person.mappers,
            "{what}: a preview shows the same"
        );
    }
}

#[tokio::test]
async fn what_a_mapper_must_not_say_denies_where_the_operator_wants_it() {
    let site = site(vec![FakeMapper::new("liar", "sha256:m1", always_fails)]);
    let settings = [("claim", "name nickname"), ("on_error", "deny")];
    site.map("staff", &[mapper_of("m", "liar", &settings)]);
    for (what, does) in LIES {
        site.policies.all_mappers()[0].does = *does;
        site.federations.reload_all();
        let outcome = attempt(&site, PASSWORD).await;
        assert!(matches!(outcome, SignInOutcome::Unavailable), "{what}");
        let reason = site.audit.last().reason.unwrap_or_default();
        assert!(reason.starts_with("mapper.m: "), "{what}: {reason}");
    }
    let plan = site.store.tables().federations[0].plan.clone();
    assert_eq!(plan.chained[0].on_error, MapperOnError::Deny);
}

#[tokio::test]
async fn a_mapper_that_traps_is_left_out_or_denies() {
    for (settings, is_let_in) in [
        (&[("claim", "name")][..], true),
        (&[("claim", "name"), ("on_error", "deny")][..], false),
    ] {
        let mut policy = FakeMapper::new("liar", "sha256:m1", |_| Ok(vec![text("name", "x")]));
        policy.traps_at = Some("ada");
        let site = site(vec![policy]);
        site.map("staff", &[mapper_of("m", "liar", settings)]);
        let outcome = attempt(&site, PASSWORD).await;
        let is_in = matches!(&outcome, SignInOutcome::SignedIn(user) if !user.user().claims.contains_key("name"));
        assert_eq!(is_in, is_let_in, "{outcome:?}");
    }
}
