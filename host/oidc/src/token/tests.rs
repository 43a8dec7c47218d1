mod authorization_code;
mod client_credentials;

use super::*;
use crate::testing::{House, VERIFIER, ada, asked, bar_from, claims_of, form_encoded, redeeming};
use bridge_model::session::GrantStage;
use serde_json::{Value, json};
use std::time::Duration;

/// The error and the stages of all grants after it.
async fn refused(house: &House, form: &str) -> (&'static str, Vec<GrantStage>) {
    let error = house.token(form).await.expect_err("refused");
    (error.body().error, house.stages())
}

#[tokio::test]
async fn a_code_is_redeemed_for_tokens() {
    let house = House::new();
    let code = house
        .code(&asked(
            "web",
            "&nonce=n-1&scope=openid+email+offline_access",
        ))
        .await;
    house.clock.advance(Duration::from_secs(30));
    let answer = house.token(&redeeming("web", &code)).await.expect("tokens");
    let grant = house.store.grants().remove(0);
    let id_token = answer.id_token.as_deref().expect("somebody signed in");
    let body = serde_json::to_value(&answer).expect("JSON");
    assert_eq!(
        body,
        json!({
            "access_token": answer.access_token, "token_type": "Bearer", "expires_in": 300,
            "id_token": id_token, "scope": "openid email",
        })
    );
    assert_eq!(
        Value::Object(claims_of(&answer.access_token)),
        json!({
            "iss": "https://id.example.test/realms/staff",
            "aud": "https://id.example.test/realms/staff",
            "sub": "subject-of-ada", "client_id": "web", "jti": grant.id.to_string(),
            "scope": "openid email", "sid": grant.session.to_string(),
            "iat": 1_700_000_030, "exp": 1_700_000_330, "auth_time": 1_700_000_000,
        })
    );
    assert_eq!(
        Value::Object(claims_of(id_token)),
        json!({
            "iss": "https://id.example.test/realms/staff", "aud": "web",
            "sub": "subject-of-ada", "sid": grant.session.to_string(), "nonce": "n-1",
            "iat": 1_700_000_030, "exp": 1_700_000_330, "auth_time": 1_700_000_000,
            "at_hash": crate::jws::access_token_hash(&answer.access_token),
            "email": "ada@example.test", "email_verified": true,
        })
    );
    assert_eq!(answer.issued_to.client_id.as_str(), "web");
    let about = answer.issued_to.about.expect("somebody signed in");
    assert_eq!(about.subject, "subject-of-ada");
    assert_eq!(house.stages(), [GrantStage::Redeemed]);
}

#[tokio::test]
async fn an_id_token_has_the_nonce_only_if_there_was_one() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    assert!(!claims_of(&tokens.id_token).contains_key("nonce"));
}

#[tokio::test]
async fn a_person_does_not_write_the_claims_of_the_protocol() {
    let house = House::new();
    let code = house.code(&asked("web", "&scope=openid+profile")).await;
    let honest = house.store.grants()[0].user.claims.clone();
    {
        let mut tables = house.store.tables();
        let claims = &mut tables.grants[0].user.claims;
        for name in [
            "iss", "sub", "aud", "exp", "nonce", "sid", "acr", "azp", "at_hash", "typ",
        ] {
            claims.insert(name.to_owned(), json!("forged"));
        }
    }
    let answer = house.token(&redeeming("web", &code)).await.expect("tokens");
    let claims = claims_of(&answer.id_token.expect("somebody signed in"));
    assert!(
        !Value::Object(claims.clone()).to_string().contains("forged"),
        "{claims:?}"
    );
    assert_eq!(claims.get("department"), honest.get("department"));
}

#[tokio::test]
async fn a_form_needs_a_grant_type_that_there_is() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let form = redeeming("web", &code);
    for (grant_type, expected) in [
        ("grant_type=", "invalid_request"),
        ("x=y", "invalid_request"),
        (
            "grant_type=authorization_code&grant_type=authorization_code",
            "invalid_request",
        ),
        (
            "grant_type=password&username=ada&password=x",
            "unsupported_grant_type",
        ),
        (
            "grant_type=refresh_token&refresh_token=x",
            "unsupported_grant_type",
        ),
        ("grant_type=Authorization_Code", "unsupported_grant_type"),
    ] {
        let form = form.replacen("grant_type=authorization_code", grant_type, 1);
        let expected = (expected, vec![GrantStage::Issued]);
        assert_eq!(refused(&house, &form).await, expected, "{grant_type}");
    }
    house.token(&form).await.expect("the code is still good");
}

#[tokio::test]
async fn a_malformed_form_does_not_use_the_code_up() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let form = redeeming("web", &code);
    let verifier = format!("&code_verifier={VERIFIER}");
    for (from, to) in [
        (format!("&code={code}"), String::new()),
        (format!("&code={code}"), format!("&code={code}&code={code}")),
        (verifier.clone(), format!("{verifier}{verifier}")),
        (
            verifier.clone(),
            format!("&code_verifier={}", "a".repeat(42)),
        ),
        (
            verifier.clone(),
            format!("&code_verifier={}", "a".repeat(129)),
        ),
        (verifier.clone(), format!("{verifier}%20")),
        (
            "&redirect_uri".to_owned(),
            "&redirect_uri=x&redirect_uri".to_owned(),
        ),
    ] {
        assert!(form.contains(&from));
        let form = form.replacen(&from, &to, 1);
        let expected = ("invalid_request", vec![GrantStage::Issued]);
        assert_eq!(refused(&house, &form).await, expected, "{to}");
    }
    house.token(&form).await.expect("the code is still good");
}

#[tokio::test]
async fn the_account_gate_is_asked_again() {
    let house = House::new();
    let ends = house.now().plus(Duration::from_secs(10));
    for (wait, expected) in [(9, true), (1, false)] {
        let code = house.code(&asked("web", "")).await;
        house
            .store
            .tables()
            .grants
            .last_mut()
            .expect("a grant")
            .user
            .bars = vec![bar_from(ends)];
        house.clock.advance(Duration::from_secs(wait));
        let answer = house.token(&redeeming("web", &code)).await;
        assert_eq!(answer.is_ok(), expected, "{wait}");
        if let Err(error) = answer {
            assert_eq!(error.body().error, "invalid_grant");
            assert_eq!(house.stages().last(), Some(&GrantStage::Revoked));
        }
    }
}

#[tokio::test]
async fn whom_the_bridge_keeps_out_gets_no_tokens() {
    type Change = fn(&House);
    let changes: [Change; 3] = [
        |house| house.store.tables().blocked = vec![ada().subject],
        |house| house.store.tables().federations_off = vec![ada().federation_id],
        |house| {
            house.store.change_client("web", |client| {
                client.allowed_groups = vec!["others".to_owned()];
            });
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let house = House::new();
        let code = house.code(&asked("web", "")).await;
        change(&house);
        let expected = ("invalid_grant", vec![GrantStage::Revoked]);
        let refused = refused(&house, &redeeming("web", &code)).await;
        assert_eq!(refused, expected, "{index}");
    }
}

#[tokio::test]
async fn a_realm_that_is_switched_off_issues_nothing() {
    let mut house = House::new();
    let code = house.code(&asked("web", "")).await;
    house.realm.enabled = false;
    let expected = ("invalid_request", vec![GrantStage::Issued]);
    assert_eq!(refused(&house, &redeeming("web", &code)).await, expected);
}

#[tokio::test]
async fn keys_that_are_not_at_hand_do_not_cost_the_code() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let keys = {
        let mut tables = house.store.tables();
        let mut broken = tables.keys.clone();
        for key in &mut broken {
            key.private = bridge_model::secret::Secret::new("none");
        }
        std::mem::replace(&mut tables.keys, broken)
    };
    let error = house
        .token(&redeeming("web", &code))
        .await
        .expect_err("refused");
    assert_eq!((error.status(), error.body().error), (500, "server_error"));
    house.store.tables().keys = keys;
    house.token(&redeeming("web", &code)).await.expect("tokens");
}

#[tokio::test]
async fn a_store_that_fails_is_said_so() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    house.store.tables().is_down = true;
    let error = house
        .token(&redeeming("web", &code))
        .await
        .expect_err("refused");
    assert_eq!(
        (error.status(), error.body().error),
        (503, "temporarily_unavailable")
    );
    assert_eq!(error.challenge(), None);
}

#[tokio::test]
async fn errors_have_the_characters_that_are_allowed() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let secret = form_encoded("wrong");
    for form in [
        String::new(),
        "grant_type=x".to_owned(),
        format!("grant_type=authorization_code&code=x&client_id=web&client_secret={secret}"),
        "grant_type=authorization_code&code=x&code_verifier=x".to_owned(),
        redeeming("web", "x"),
        redeeming("shop", &code),
    ] {
        let body = house.token(&form).await.expect_err("refused").body();
        // RFC 6749 section 5.2.
        let is_allowed = |c: u8| (0x20..0x7f).contains(&c) && c != b'"' && c != b'\\';
        assert!(body.error_description.bytes().all(is_allowed), "{body:?}");
    }
}

#[tokio::test]
async fn tokens_do_not_print() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let answer = house.token(&redeeming("web", &code)).await.expect("tokens");
    let text = format!("{answer:?}");
    let id_token = answer.id_token.expect("somebody signed in");
    assert!(
        !text.contains(&answer.access_token) && !text.contains(&id_token),
        "{text}"
    );
}
