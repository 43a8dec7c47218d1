use super::*;
use crate::testing::{
    House, SECRET, ada, asked, bar_from, claims_of, form_encoded, header_of, parameter, redeeming,
};
use bridge_model::{keys::SigningAlgorithm, session::GrantStage};
use serde_json::{Value, json};
use std::time::Duration;

/// A house where ada is one of the administrators.
fn house() -> House {
    let mut house = House::new();
    house.realm.admin_groups = vec!["CN=Staff,DC=example,DC=test".to_owned()];
    house
}

/// A token of `ops` for itself.
async fn of_client(house: &House) -> String {
    let secret = form_encoded(SECRET);
    let form = format!("grant_type=client_credentials&client_id=ops&client_secret={secret}");
    house.token(&form).await.expect("a token").access_token
}

/// A token of ada, who uses `console`.
async fn of_person(house: &House, scope: &str) -> String {
    let scope = format!("&scope={scope}");
    house.tokens("console", &scope).await.access_token
}

async fn shown(house: &House, token: &str) -> Option<Administrator> {
    match house.provider.administrator(&house.realm, token).await {
        Ok(administrator) => Some(administrator),
        Err(AdminTokenError::Invalid) => None,
        Err(other) => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn a_client_is_an_administrator_with_its_own_token() {
    let house = house();
    let token = of_client(&house).await;
    let administrator = shown(&house, &token).await.expect("an administrator");
    assert_eq!(administrator.realm, Some(house.realm.name.clone()));
    assert_eq!(administrator.name, "client ops");
    assert_eq!(administrator.client_id, ClientId::new("ops").ok());
    assert_eq!(
        administrator.scopes,
        [AdminScope::ClientWrite, AdminScope::UserRead]
    );
    assert!(administrator.may(AdminScope::ClientRead));
    assert!(!administrator.may(AdminScope::UserWrite));
}

#[tokio::test]
async fn a_person_is_an_administrator_with_a_token_that_was_asked_for_as_one() {
    let house = house();
    let scope = "openid+email+federation:read+user:read";
    let token = of_person(&house, scope).await;
    let claims = claims_of(&token);
    assert_eq!(
        claims["aud"],
        json!(["https://id.example.test/realms/staff", ADMIN_AUDIENCE])
    );
    assert_eq!(
        claims["scope"],
        json!("openid email federation:read user:read")
    );
    let administrator = shown(&house, &token).await.expect("an administrator");
    assert_eq!(administrator.name, "user ada (subject-of-ada)");
    assert_eq!(administrator.client_id, ClientId::new("console").ok());
    assert_eq!(
        administrator.scopes,
        [AdminScope::FederationRead, AdminScope::UserRead]
    );
    let plain = of_person(&house, "openid").await;
    assert_eq!(shown(&house, &plain).await, None);
}

#[tokio::test]
async fn scopes_that_are_not_the_clients_or_the_persons_are_dropped() {
    for (groups, client, expected) in [
        (&["staff"][..], "console", "openid user:read"),
        (&["operators", "STAFF"], "console", "openid user:read"),
        (&["operators"], "console", "openid"),
        (&[], "console", "openid"),
        (&["staff"], "web", "openid"),
    ] {
        let mut house = House::new();
        house.realm.admin_groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let scope = "&scope=openid+user:read+user:write+realm:admin+policy:admin";
        let code = house.code(&asked(client, scope)).await;
        let answer = house.token(&redeeming(client, &code)).await;
        let answer = answer.expect("tokens");
        assert_eq!(answer.scope, expected, "{groups:?} {client}");
        let claims = claims_of(&answer.access_token);
        assert_eq!(claims["scope"], json!(expected));
        let is_plain = claims["aud"] == json!("https://id.example.test/realms/staff");
        assert_eq!(is_plain, expected == "openid", "{groups:?} {client}");
    }
}

#[tokio::test]
async fn whoever_left_the_group_before_the_token_was_made_gets_none() {
    let mut house = house();
    let code = house
        .code(&asked("console", "&scope=openid+user:read"))
        .await;
    house.realm.admin_groups.clear();
    let answer = house.token(&redeeming("console", &code)).await;
    assert_eq!(answer.expect("tokens").scope, "openid");
}

#[tokio::test]
async fn what_is_taken_from_a_client_is_gone_at_once() {
    let house = house();
    let tokens = [
        of_client(&house).await,
        of_person(&house, "openid+user:read+federation:write").await,
    ];
    for id in ["ops", "console"] {
        house.store.change_client(id, |client| {
            client.admin_scopes = vec![AdminScope::UserRead, AdminScope::FederationRead];
        });
    }
    for token in &tokens {
        let administrator = shown(&house, token).await.expect("an administrator");
        assert_eq!(administrator.scopes, [AdminScope::UserRead]);
    }
    for id in ["ops", "console"] {
        house.store.change_client(id, |client| {
            client.admin_scopes = vec![AdminScope::AuditRead];
        });
    }
    for token in &tokens {
        assert_eq!(shown(&house, token).await, None);
    }
}

#[tokio::test]
async fn a_token_dies_with_its_client() {
    type Change = fn(&mut Client);
    let changes: [Change; 3] = [
        |client| client.enabled = false,
        |client| client.grant_types = vec![GrantType::AuthorizationCode],
        |client| client.authentication = ClientAuthentication::Public,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let house = house();
        let token = of_client(&house).await;
        assert!(shown(&house, &token).await.is_some());
        house.store.change_client("ops", change);
        assert_eq!(shown(&house, &token).await, None, "{index}");
    }
    let house = house();
    let tokens = [
        of_client(&house).await,
        of_person(&house, "openid+user:read").await,
    ];
    house
        .store
        .change_client("console", |client| client.enabled = false);
    assert_eq!(shown(&house, &tokens[1]).await, None);
    house.store.tables().clients.clear();
    for token in tokens {
        assert_eq!(shown(&house, &token).await, None);
    }
}

#[tokio::test]
async fn a_token_dies_with_what_its_person_may_do() {
    type Change = fn(&mut House);
    let changes: [Change; 7] = [
        |house| house.realm.admin_groups = vec!["operators".to_owned()],
        |house| house.realm.enabled = false,
        |house| house.store.tables().blocked = vec![ada().subject],
        |house| house.store.tables().federations_off = vec![ada().federation_id],
        |house| house.store.tables().grants[0].stage = GrantStage::Revoked,
        |house| {
            let now = house.now();
            house.store.tables().grants[0].user.bars = vec![bar_from(now)];
        },
        |house| {
            house.store.change_client("console", |client| {
                client.allowed_groups = vec!["others".to_owned()];
            });
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut house = house();
        let token = of_person(&house, "openid+user:read").await;
        assert!(shown(&house, &token).await.is_some());
        change(&mut house);
        assert_eq!(shown(&house, &token).await, None, "{index}");
    }
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_its_realm() {
    let mut house = house();
    let token = of_client(&house).await;
    let other = house.provider.administrator(&house.other, &token).await;
    assert!(matches!(other, Err(AdminTokenError::Invalid)));
    house.clock.advance(Duration::from_secs(299));
    assert!(shown(&house, &token).await.is_some());
    house.realm.enabled = false;
    assert_eq!(shown(&house, &token).await, None);
    house.realm.enabled = true;
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(shown(&house, &token).await, None);
}

#[tokio::test]
async fn every_claim_of_the_token_is_checked() {
    let house = house();
    let token = of_client(&house).await;
    let (header, good) = (header_of(&token), claims_of(&token));
    // What is refused here is signed as well as this is.
    let header = Value::Object(header);
    let as_is = Value::Object(good.clone());
    let as_is = house.signed(SigningAlgorithm::RS256, &header, &as_is);
    assert!(shown(&house, &as_is).await.is_some());
    for (name, value) in [
        ("iss", json!("https://id.example.test/realms/guests")),
        ("iss", json!("https://evil.example/realms/staff")),
        ("aud", json!("https://id.example.test/realms/staff")),
        ("aud", json!("ops")),
        ("aud", json!([])),
        ("exp", json!(1_700_000_000)),
        ("sub", json!("web")),
        ("client_id", json!("web")),
        ("client_id", json!("a b")),
        ("scope", json!("")),
        ("scope", json!("openid")),
        ("scope", json!("realm:admin")),
        // Then it would be a person's.
        ("sid", json!("00000000-0000-0000-0000-000000000000")),
    ] {
        let mut changed = good.clone();
        changed.insert(name.to_owned(), value.clone());
        let changed = Value::Object(changed);
        let token = house.signed(SigningAlgorithm::RS256, &header, &changed);
        assert_eq!(shown(&house, &token).await, None, "{name} {value}");
    }
    let id_token = house.tokens("console", "&scope=openid+user:read").await;
    assert_eq!(shown(&house, &id_token.id_token).await, None);
    for junk in ["", "junk", "a.b.c", &token[1..], &format!("{token}A")] {
        assert_eq!(shown(&house, junk).await, None, "{junk}");
    }
}

#[tokio::test]
async fn a_persons_token_is_never_taken_for_a_clients() {
    let house = house();
    let token = of_person(&house, "openid+user:read").await;
    let (header, mut claims) = (Value::Object(header_of(&token)), claims_of(&token));
    // As if the person's subject were a client's id.
    for name in ["sub", "client_id"] {
        claims.insert(name.to_owned(), json!("ops"));
    }
    let claims = Value::Object(claims);
    let forged = house.signed(SigningAlgorithm::ES256, &header, &claims);
    assert_eq!(shown(&house, &forged).await, None);
}

#[test]
fn a_token_says_where_it_comes_from() {
    let house = house();
    let claimed = |claims: Value| {
        let header = json!({"alg": "none"});
        let token = house.signed(SigningAlgorithm::ES256, &header, &claims);
        house.provider.issuer_realm(&token)
    };
    for (issuer, expected) in [
        ("https://id.example.test/realms/staff", Some("staff")),
        ("https://id.example.test/realms/unknown", Some("unknown")),
        ("https://id.example.test/realms/Staff", None),
        ("https://id.example.test/realms/", None),
        ("https://id.example.test/realms/staff/", None),
        ("https://id.example.test/other/staff", None),
        ("https://id.example.test/x/realms/staff", None),
        ("https://evil.example/realms/staff", None),
        ("staff", None),
        ("", None),
    ] {
        let realm = claimed(json!({"iss": issuer}));
        assert_eq!(realm.as_ref().map(RealmName::as_str), expected, "{issuer}");
    }
    assert_eq!(claimed(json!({})), None);
    assert_eq!(claimed(json!({"iss": 7})), None);
    for junk in ["", "junk", "a.b.c", "..", "a.e30.c"] {
        assert_eq!(house.provider.issuer_realm(junk), None, "{junk}");
    }
}

#[tokio::test]
async fn refusals_say_no_more_than_they_have_to() {
    let house = house();
    let none = AdminTokenError::NoToken;
    assert_eq!((none.status(), none.body()), (401, None));
    assert_eq!(none.challenge().as_deref(), Some(r#"Bearer realm="admin""#));
    let answer = house.provider.administrator(&house.realm, "junk").await;
    let invalid = answer.expect_err("refused");
    assert_eq!(invalid.status(), 401);
    assert_eq!(
        invalid.challenge().as_deref(),
        Some(r#"Bearer realm="admin", error="invalid_token""#)
    );
    let token = of_client(&house).await;
    house.store.tables().is_down = true;
    let answer = house.provider.administrator(&house.realm, &token).await;
    let down = answer.expect_err("refused");
    assert_eq!((down.status(), down.challenge()), (503, None));
}

#[tokio::test]
async fn a_client_that_is_for_itself_only_signs_nobody_in() {
    let house = house();
    let crate::Authorized::Redirect { to } = house.authorize(&asked("ops", "")).await else {
        unreachable!("the client is told");
    };
    assert_eq!(
        parameter(&to, "error").as_deref(),
        Some("unauthorized_client")
    );
    assert_eq!(parameter(&to, "state").as_deref(), Some("xyz"));
}
