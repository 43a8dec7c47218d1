use super::*;
use crate::{
    ADMIN_AUDIENCE,
    testing::{SECRET, header_of},
};
use bridge_model::{
    client::{ClientAuthentication, GrantType},
    keys::SigningAlgorithm,
};

/// What `ops` sends to act for itself, and more.
fn acting(more: &str) -> String {
    let secret = form_encoded(SECRET);
    format!("grant_type=client_credentials&client_id=ops&client_secret={secret}{more}")
}

async fn error(house: &House, form: &str) -> &'static str {
    house.token(form).await.expect_err("refused").body().error
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself() {
    let house = House::new();
    let answer = house.token(&acting("")).await.expect("a token");
    assert_eq!(
        serde_json::to_value(&answer).expect("JSON"),
        json!({
            "access_token": answer.access_token, "token_type": "Bearer", "expires_in": 300,
            "scope": "client:write user:read",
        })
    );
    let mut claims = claims_of(&answer.access_token);
    let jti = claims.remove("jti").expect("a name");
    assert_eq!(
        Value::Object(claims),
        json!({
            "iss": "https://id.example.test/realms/staff", "aud": ADMIN_AUDIENCE,
            "sub": "ops", "client_id": "ops", "scope": "client:write user:read",
            "iat": 1_700_000_000, "exp": 1_700_000_300,
        })
    );
    assert_eq!(header_of(&answer.access_token)["typ"], json!("at+jwt"));
    assert_eq!(answer.issued_to.client_id.as_str(), "ops");
    assert_eq!(answer.issued_to.about, None);
    let again = house.token(&acting("")).await.expect("a token");
    assert_ne!(claims_of(&again.access_token)["jti"], jti);
}

#[tokio::test]
async fn a_client_gets_no_more_than_it_has() {
    let house = House::new();
    for (scope, expected) in [
        ("user:read", Ok("user:read")),
        ("user:read+client:write", Ok("user:read client:write")),
        ("user:read++user:read", Ok("user:read")),
        ("+", Ok("client:write user:read")),
        // Who may write may read, and may ask for that alone.
        ("client:read", Ok("client:read")),
        ("user:write", Err("invalid_scope")),
        ("user:read+realm:admin", Err("invalid_scope")),
        ("policy:admin", Err("invalid_scope")),
        ("openid", Err("invalid_scope")),
        ("user:read+openid", Err("invalid_scope")),
        ("User:Read", Err("invalid_scope")),
        ("user:read&scope=user:read", Err("invalid_request")),
    ] {
        let answer = house.token(&acting(&format!("&scope={scope}"))).await;
        let granted = answer.as_ref().map(|answer| answer.scope.as_str());
        let granted = granted.map_err(|error| error.body().error);
        assert_eq!(granted, expected, "{scope}");
    }
}

#[tokio::test]
async fn a_scope_that_there_is_none_of_does_not_spend_the_secret() {
    let house = House::new();
    for (scope, reads) in [("realm:admn", 0), ("realm:admin", 1)] {
        let form = acting(&format!("&scope={scope}"));
        assert_eq!(error(&house, &form).await, "invalid_scope");
        assert_eq!(house.store.tables().secret_reads, reads, "{scope}");
    }
}

#[tokio::test]
async fn a_client_without_scopes_has_nothing_to_ask_for() {
    let house = House::new();
    house
        .store
        .change_client("ops", |client| client.admin_scopes.clear());
    for more in ["", "&scope=user:read"] {
        assert_eq!(error(&house, &acting(more)).await, "invalid_scope");
    }
}

#[tokio::test]
async fn only_a_client_with_a_secret_acts_for_itself() {
    let house = House::new();
    house.store.change_client("cli", |client| {
        client.grant_types.push(GrantType::ClientCredentials);
        client.admin_scopes = vec!["user:read".parse().expect("a scope")];
    });
    let form = "grant_type=client_credentials&client_id=cli";
    assert_eq!(error(&house, form).await, "unauthorized_client");
    let wrong = acting("").replacen("client_secret", "x", 1);
    assert_eq!(error(&house, &wrong).await, "invalid_client");
    house.store.change_client("ops", |client| {
        client.authentication = ClientAuthentication::Public;
    });
    assert_eq!(error(&house, &acting("")).await, "invalid_client");
}

#[tokio::test]
async fn a_client_uses_the_grant_types_it_is_registered_for() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let as_web = acting("").replacen("=ops", "=web", 1);
    assert_eq!(error(&house, &as_web).await, "unauthorized_client");
    let as_ops = redeeming("ops", &code);
    assert_eq!(error(&house, &as_ops).await, "unauthorized_client");
    house.store.change_client("web", |client| {
        client.grant_types = vec![GrantType::ClientCredentials];
    });
    let expected = ("unauthorized_client", vec![GrantStage::Issued]);
    assert_eq!(refused(&house, &redeeming("web", &code)).await, expected);
}

#[tokio::test]
async fn tokens_are_signed_and_live_as_the_client_is_registered() {
    let house = House::new();
    house.store.change_client("ops", |client| {
        client.token_lifetime = Some(Duration::from_secs(90));
        client.signing_algorithm = SigningAlgorithm::ES256;
    });
    house.store.change_client("web", |client| {
        client.token_lifetime = Some(Duration::from_mins(30));
    });
    let answer = house.token(&acting("")).await.expect("a token");
    assert_eq!(answer.expires_in, 90);
    let claims = claims_of(&answer.access_token);
    assert_eq!(claims["exp"], json!(1_700_000_090));
    assert_eq!(header_of(&answer.access_token)["alg"], json!("ES256"));
    let code = house.code(&asked("web", "")).await;
    let answer = house.token(&redeeming("web", &code)).await.expect("tokens");
    assert_eq!(answer.expires_in, 1800);
    let id_token = answer.id_token.expect("somebody signed in");
    assert_eq!(claims_of(&id_token)["exp"], json!(1_700_001_800));
    // The grant lives as long as its tokens do.
    house.clock.advance(Duration::from_secs(1799));
    let bearer = Some(answer.access_token.as_str());
    assert!(house.provider.userinfo(&house.realm, bearer).await.is_ok());
}
