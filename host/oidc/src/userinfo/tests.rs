use super::*;
use crate::testing::{House, SECRET, ada, asked, bar_from, claims_of, form_encoded, header_of};
use bridge_model::{keys::SigningAlgorithm, session::GrantStage};
use serde_json::json;
use std::time::Duration;

async fn claims(house: &House, token: &str) -> Result<Value, &'static str> {
    let claims = house.provider.userinfo(&house.realm, Some(token)).await;
    claims
        .map(Value::Object)
        .map_err(|error| error.body().expect("described").error)
}

/// Whether the token opens anything; if not, the client is told that it is not valid.
async fn opens(house: &House, token: &str) -> bool {
    match claims(house, token).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error, "invalid_token");
            false
        }
    }
}

#[tokio::test]
async fn claims_are_those_of_the_scopes() {
    let house = House::new();
    for (scope, expected) in [
        ("openid", json!({"sub": "subject-of-ada"})),
        (
            "openid+email",
            json!({
                "sub": "subject-of-ada", "email": "ada@example.test", "email_verified": true,
            }),
        ),
        (
            "openid+groups",
            json!({"sub": "subject-of-ada", "groups": ["staff"]}),
        ),
        (
            "openid+profile",
            json!({
                "sub": "subject-of-ada", "name": "Ada Lovelace", "preferred_username": "ada",
                "groups": ["staff"], "department": "7",
            }),
        ),
    ] {
        let tokens = house.tokens("web", &format!("&scope={scope}")).await;
        assert_eq!(
            claims(&house, &tokens.access_token).await,
            Ok(expected),
            "{scope}"
        );
    }
}

#[tokio::test]
async fn the_subject_is_the_one_of_the_id_token() {
    let house = House::new();
    let tokens = house.tokens("mobile", "&scope=openid+profile").await;
    house.store.tables().grants[0]
        .user
        .claims
        .insert("sub".to_owned(), json!("forged"));
    let claims = claims(&house, &tokens.access_token).await.expect("claims");
    assert_eq!(claims.get("sub"), claims_of(&tokens.id_token).get("sub"));
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let house = House::new();
    let error = house
        .provider
        .userinfo(&house.realm, None)
        .await
        .expect_err("refused");
    assert_eq!((error.status(), error.body()), (401, None));
    assert_eq!(
        error.challenge().as_deref(),
        Some(r#"Bearer realm="userinfo""#)
    );
    let error = house
        .provider
        .userinfo(&house.realm, Some("junk"))
        .await
        .expect_err("refused");
    assert_eq!(error.status(), 401);
    assert_eq!(
        error.challenge().as_deref(),
        Some(
            r#"Bearer realm="userinfo", error="invalid_token", error_description="the access token is not valid""#
        )
    );
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    house.clock.advance(Duration::from_secs(299));
    assert!(opens(&house, &tokens.access_token).await);
    house.clock.advance(Duration::from_secs(1));
    assert!(!opens(&house, &tokens.access_token).await);
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    assert!(!opens(&house, &tokens.id_token).await);
}

#[tokio::test]
async fn a_token_of_another_realm_is_not_valid() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    let answer = house
        .provider
        .userinfo(&house.other, Some(&tokens.access_token))
        .await;
    assert!(matches!(answer, Err(UserinfoError::InvalidToken)));
}

#[tokio::test]
async fn every_claim_of_the_token_is_checked() {
    let house = House::new();
    let token = house.tokens("web", "").await.access_token;
    let (header, good) = (Value::Object(header_of(&token)), claims_of(&token));
    // What is refused here is signed as well as this is.
    let as_is = house.signed(
        SigningAlgorithm::RS256,
        &header,
        &Value::Object(good.clone()),
    );
    assert!(opens(&house, &as_is).await);
    for (name, value) in [
        ("iss", json!("https://id.example.test/realms/guests")),
        ("iss", json!("https://evil.example/realms/staff")),
        ("aud", json!("web")),
        ("aud", json!("https://id.example.test/realms/guests")),
        ("exp", json!(1_700_000_000)),
        ("exp", json!("1800000000")),
        ("exp", json!(null)),
        ("jti", json!("00000000-0000-0000-0000-000000000000")),
        ("jti", json!("x")),
        ("sub", json!("somebody-else")),
        ("sid", json!("00000000-0000-0000-0000-000000000000")),
        ("sid", json!(null)),
        ("aud", json!(["web"])),
        ("aud", json!([])),
        ("client_id", json!("shop")),
    ] {
        let mut changed = good.clone();
        changed.insert(name.to_owned(), value.clone());
        let token = house.signed(SigningAlgorithm::RS256, &header, &Value::Object(changed));
        assert!(!opens(&house, &token).await, "{name} {value}");
    }
}

#[tokio::test]
async fn a_token_dies_with_its_grant() {
    for (stage, expected) in [
        (GrantStage::Redeemed, true),
        (GrantStage::Issued, false),
        (GrantStage::Revoked, false),
    ] {
        let house = House::new();
        let tokens = house.tokens("web", "").await;
        house.store.tables().grants[0].stage = stage;
        let opens = opens(&house, &tokens.access_token).await;
        assert_eq!(opens, expected, "{stage:?}");
    }
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    house.store.tables().grants.clear();
    assert!(!opens(&house, &tokens.access_token).await);
}

#[tokio::test]
async fn a_token_dies_with_its_client() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    for (enabled, expected) in [(false, false), (true, true)] {
        house
            .store
            .change_client("web", |client| client.enabled = enabled);
        assert_eq!(opens(&house, &tokens.access_token).await, expected);
    }
    house.store.tables().clients.clear();
    assert!(!opens(&house, &tokens.access_token).await);
}

#[tokio::test]
async fn a_token_is_dead_while_its_person_may_not_come_in() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    let ends = house.now().plus(Duration::from_secs(10));
    house.store.tables().grants[0].user.bars = vec![bar_from(ends)];
    assert!(opens(&house, &tokens.access_token).await);
    house.clock.advance(Duration::from_secs(10));
    assert!(!opens(&house, &tokens.access_token).await);
}

#[tokio::test]
async fn a_token_is_dead_while_the_bridge_keeps_its_person_out() {
    let house = House::new();
    let token = house.tokens("web", "").await.access_token;
    house.store.tables().blocked = vec![ada().subject];
    assert!(!opens(&house, &token).await);
    house.store.tables().blocked.clear();
    house.store.tables().federations_off = vec![ada().federation_id];
    assert!(!opens(&house, &token).await);
    house.store.tables().federations_off.clear();
    for (group, expected) in [("others", false), ("Staff", true)] {
        let groups = vec![group.to_owned()];
        house
            .store
            .change_client("web", |client| client.allowed_groups.clone_from(&groups));
        assert_eq!(opens(&house, &token).await, expected, "{group}");
    }
}

#[tokio::test]
async fn a_token_for_the_admin_api_alone_gives_no_claims() {
    let house = House::new();
    let form = format!(
        "grant_type=client_credentials&client_id=ops&client_secret={}",
        form_encoded(SECRET)
    );
    let token = house.token(&form).await.expect("a token").access_token;
    assert!(!opens(&house, &token).await);
    // Nor does one of a person, and one that is for both does.
    let mut house = House::new();
    house.realm.admin_groups = vec!["staff".to_owned()];
    let tokens = house.tokens("console", "&scope=openid+user:read").await;
    assert!(opens(&house, &tokens.access_token).await);
    let header = Value::Object(header_of(&tokens.access_token));
    let mut claims = claims_of(&tokens.access_token);
    claims.insert("aud".to_owned(), json!([crate::ADMIN_AUDIENCE]));
    let claims = Value::Object(claims);
    let token = house.signed(SigningAlgorithm::ES256, &header, &claims);
    assert!(!opens(&house, &token).await);
}

#[tokio::test]
async fn a_token_is_dead_while_its_realm_is_switched_off() {
    let mut house = House::new();
    let tokens = house.tokens("web", "").await;
    house.realm.enabled = false;
    assert!(!opens(&house, &tokens.access_token).await);
}

#[tokio::test]
async fn a_token_without_openid_is_not_enough() {
    let house = House::new();
    let tokens = house.tokens("web", "&scope=openid+email").await;
    house.store.tables().grants[0].request.scope = vec!["email".to_owned()];
    let bearer = Some(tokens.access_token.as_str());
    let error = house
        .provider
        .userinfo(&house.realm, bearer)
        .await
        .expect_err("refused");
    assert_eq!(error.status(), 403);
    assert!(
        error
            .challenge()
            .expect("a challenge")
            .contains(r#"error="insufficient_scope""#)
    );
}

#[tokio::test]
async fn a_store_that_fails_is_said_so() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    house.store.tables().is_down = true;
    let bearer = Some(tokens.access_token.as_str());
    let error = house
        .provider
        .userinfo(&house.realm, bearer)
        .await
        .expect_err("refused");
    assert_eq!((error.status(), error.challenge()), (503, None));
}

#[tokio::test]
async fn calls_can_be_made_from_any_thread() {
    fn check<T: Send>(future: T) -> T {
        future
    }
    let house = House::new();
    let parameters = crate::Parameters::parse(&asked("web", ""));
    let browser = crate::Browser::default();
    let request = crate::TokenRequest {
        authorization: None,
        parameters: &parameters,
        address: None,
    };
    assert!(
        check(
            house
                .provider
                .authorize(&house.realm, &parameters, &browser)
        )
        .await
        .is_ok()
    );
    assert!(
        check(house.provider.token(&house.realm, &request))
            .await
            .is_err()
    );
    assert!(
        check(house.provider.userinfo(&house.realm, None))
            .await
            .is_err()
    );
    let user = house.admitted();
    assert!(
        check(house.provider.complete(&house.realm, "x", &browser, user))
            .await
            .is_err()
    );
}

#[test]
fn a_bearer_token_stands_after_its_scheme() {
    for (authorization, expected) in [
        ("Bearer abc", Some("abc")),
        ("bearer  abc", Some("abc")),
        ("BEARER abc ", Some("abc")),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("abc", None),
        ("", None),
    ] {
        assert_eq!(bearer_token(authorization), expected, "{authorization:?}");
    }
}
