use super::*;
use crate::testing::{ada, bar_from, claims_of, header_of, stranger};
use bridge_model::keys::SigningAlgorithm;
use serde_json::Value;
use std::time::Duration;

#[tokio::test]
async fn somebody_who_is_signed_in_is_not_asked_again() {
    let house = House::new();
    let browser = signed_in(&house).await;
    for more in ["", "&prompt=none", "&max_age=10000", "&scope=openid+email"] {
        let to = answered(&house, &browser, more).await.expect("no sign-in");
        assert_eq!(parameter(&to, "code").expect("a code").len(), 43, "{more}");
        assert_eq!(parameter(&to, "state").as_deref(), Some("xyz"));
        assert_eq!(
            parameter(&to, "iss").as_deref(),
            Some("https://id.example.test/realms/staff")
        );
    }
    let grants = house.store.grants();
    assert!(
        grants
            .iter()
            .all(|grant| grant.session == grants[0].session)
    );
    assert!(
        grants
            .iter()
            .all(|grant| grant.auth_time.0 == 1_700_000_000)
    );
}

#[tokio::test]
async fn a_new_sign_in_can_be_demanded() {
    let house = House::new();
    let browser = signed_in(&house).await;
    house.clock.advance(Duration::from_secs(2));
    for more in [
        "&prompt=login",
        "&prompt=consent",
        "&prompt=select_account",
        "&prompt=login%20consent",
        "&max_age=1",
        "&max_age=0",
    ] {
        assert_eq!(answered(&house, &browser, more).await, None, "{more}");
    }
    assert!(answered(&house, &browser, "&max_age=2").await.is_some());
    let to = answered(&house, &browser, "&max_age=1&prompt=none")
        .await
        .expect("no sign-in");
    assert_eq!(parameter(&to, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn an_age_of_nothing_is_a_sign_in_even_at_once() {
    let house = House::new();
    let browser = signed_in(&house).await;
    assert!(answered(&house, &browser, "").await.is_some());
    assert_eq!(answered(&house, &browser, "&max_age=0").await, None);
}

#[tokio::test]
async fn a_session_that_is_over_or_strange_is_none() {
    let house = House::new();
    let browser = signed_in(&house).await;
    let strange = Browser {
        session: Some(stranger()),
        ..browser.clone()
    };
    assert_eq!(answered(&house, &strange, "").await, None);
    house.clock.advance(house.realm.lifetimes.session);
    assert!(answered(&house, &browser, "").await.is_some());
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(answered(&house, &browser, "").await, None);
}

#[tokio::test]
async fn a_session_opens_nothing_in_another_realm() {
    let house = House::new();
    let browser = signed_in(&house).await;
    let parameters = Parameters::parse(&asked("web", ""));
    let authorized = house
        .provider
        .authorize(&house.other, &parameters, &browser)
        .await;
    assert!(matches!(authorized, Ok(Authorized::SignIn { .. })));
}

#[tokio::test]
async fn whom_a_bar_holds_has_no_session() {
    let house = House::new();
    let browser = signed_in(&house).await;
    let ends = house.now().plus(Duration::from_mins(1));
    house.store.tables().sessions[0].user.bars = vec![bar_from(ends)];
    assert!(answered(&house, &browser, "").await.is_some());
    house.clock.advance(Duration::from_mins(1));
    assert_eq!(answered(&house, &browser, "").await, None);
    let to = answered(&house, &browser, "&prompt=none")
        .await
        .expect("no sign-in");
    assert_eq!(parameter(&to, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn whom_the_bridge_keeps_out_has_no_session() {
    let house = House::new();
    let browser = signed_in(&house).await;
    house.store.tables().blocked = vec![ada().subject];
    assert_eq!(answered(&house, &browser, "").await, None);
    house.store.tables().blocked.clear();
    house.store.tables().federations_off = vec![ada().federation_id];
    assert_eq!(answered(&house, &browser, "").await, None);
    house.store.tables().federations_off.clear();
    assert!(answered(&house, &browser, "").await.is_some());
}

/// Only these people may use a client.
fn allow(house: &House, client: &str, group: &str) {
    house.store.change_client(client, |client| {
        client.allowed_groups = vec![group.to_owned()];
    });
}

#[tokio::test]
async fn who_may_not_use_a_client_is_told_so_there() {
    let house = House::new();
    let browser = signed_in(&house).await;
    allow(&house, "web", "others");
    for more in ["", "&prompt=none"] {
        let to = answered(&house, &browser, more).await.expect("no sign-in");
        for (name, expected) in [
            ("error", "access_denied"),
            ("state", "xyz"),
            ("iss", "https://id.example.test/realms/staff"),
        ] {
            assert_eq!(parameter(&to, name).as_deref(), Some(expected), "{more}");
        }
        assert_eq!(parameter(&to, "code"), None);
    }
    // As somebody else, perhaps.
    assert_eq!(answered(&house, &browser, "&prompt=login").await, None);
    allow(&house, "web", "staff");
    let to = answered(&house, &browser, "").await.expect("no sign-in");
    assert!(parameter(&to, "code").is_some());
}

#[tokio::test]
async fn a_hint_at_somebody_who_may_use_the_client_leads_to_a_sign_in() {
    let house = House::new();
    let hint = house.tokens("web", "").await.id_token;
    let browser = signed_in(&house).await;
    allow(&house, "web", "others");
    let hinted = format!("&id_token_hint={hint}");
    assert!(answered(&house, &browser, &hinted).await.is_some());
    for session in &mut house.store.tables().sessions {
        session.user.subject = "somebody-else".to_owned();
    }
    assert_eq!(answered(&house, &browser, &hinted).await, None);
}

#[tokio::test]
async fn a_hint_is_of_this_issuer() {
    let house = House::new();
    let token = house.tokens("web", "").await.id_token;
    let browser = signed_in(&house).await;
    let header = Value::Object(header_of(&token));
    for (issuer, expected) in [
        ("https://id.example.test/realms/staff", true),
        ("https://id.example.test/realms/guests", false),
    ] {
        let mut claims = claims_of(&token);
        claims.insert("iss".to_owned(), Value::from(issuer));
        let claims = Value::Object(claims);
        let hint = house.signed(SigningAlgorithm::RS256, &header, &claims);
        let to = answered(&house, &browser, &format!("&id_token_hint={hint}")).await;
        assert_eq!(to.is_some(), expected, "{issuer}");
    }
}

#[tokio::test]
async fn a_hint_at_somebody_else_does_not_take_the_session() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    let browser = signed_in(&house).await;
    let hint = |token: &str| format!("&prompt=none&id_token_hint={token}");
    // The client's own token, also of another client, also when it is over.
    house.clock.advance(Duration::from_hours(1));
    let to = answered(&house, &browser, &hint(&tokens.id_token))
        .await
        .expect("no sign-in");
    assert!(parameter(&to, "code").is_some());
    for wrong in [
        tokens.access_token.as_str(),
        "junk",
        &tokens.id_token.replacen('.', ".e30", 1),
    ] {
        let to = answered(&house, &browser, &hint(wrong))
            .await
            .expect("no sign-in");
        assert_eq!(
            parameter(&to, "error").as_deref(),
            Some("login_required"),
            "{wrong}"
        );
        let usual = format!("&id_token_hint={wrong}");
        assert_eq!(answered(&house, &browser, &usual).await, None, "{wrong}");
    }
    house.store.tables().sessions[0].user.subject = "somebody-else".to_owned();
    house.store.tables().sessions[1].user.subject = "somebody-else".to_owned();
    let to = answered(&house, &browser, &hint(&tokens.id_token))
        .await
        .expect("no sign-in");
    assert_eq!(parameter(&to, "error").as_deref(), Some("login_required"));
}

/// The browser after ada has signed in.
async fn signed_in(house: &House) -> Browser {
    let completed = house.sign_in(&asked("web", "")).await;
    assert_eq!(
        house
            .store
            .tables()
            .sessions
            .last()
            .expect("a session")
            .user,
        ada()
    );
    Browser {
        session: Some(completed.session),
        binding: None,
    }
}

/// Where the client is answered; none: the person has to sign in.
async fn answered(house: &House, browser: &Browser, more: &str) -> Option<String> {
    match house.authorize_in(&asked("web", more), browser).await {
        Authorized::Redirect { to } => Some(to),
        Authorized::SignIn { .. } => None,
    }
}
