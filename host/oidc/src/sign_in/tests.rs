use super::*;
use crate::{
    Authorized,
    testing::{CALLBACK, House, ada, admitted, asked, parameter, stranger},
};
use bridge_model::time::Timestamp;

#[tokio::test]
async fn the_page_shows_what_was_asked_for() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "&login_hint=ada")).await;
    let page = house
        .provider
        .sign_in_page(&house.realm, &interaction, &browser)
        .await;
    let page = page.expect("a page");
    assert_eq!(page.client_name, "The web");
    assert_eq!(page.client.id.as_str(), "web");
    assert_eq!(page.login_hint.as_deref(), Some("ada"));
    assert_eq!(page.redirect_origin.as_deref(), Some("https://app.example"));
    let begun = house
        .provider
        .begin_sign_in(&house.realm, &interaction, &browser, &page.csrf)
        .await;
    assert_eq!(begun.expect("the same page"), page);
}

#[tokio::test]
async fn a_form_without_the_pages_token_is_forged() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let other = house.authorize_in(&asked("web", ""), &browser).await;
    let Authorized::SignIn {
        interaction: other, ..
    } = other
    else {
        unreachable!("nobody is signed in");
    };
    let page = house
        .provider
        .sign_in_page(&house.realm, &other, &browser)
        .await
        .expect("a page");
    for csrf in ["", "junk", &page.csrf] {
        let begun = house
            .provider
            .begin_sign_in(&house.realm, &interaction, &browser, csrf)
            .await;
        assert!(matches!(begun, Err(InteractionError::Forged)), "{csrf}");
    }
}

#[tokio::test]
async fn an_interaction_belongs_to_its_browser() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    assert!(is_open(&house, &interaction, &browser).await);
    for binding in [None, Some(stranger())] {
        let other = Browser {
            session: None,
            binding,
        };
        assert!(!is_open(&house, &interaction, &other).await);
        let done = house
            .provider
            .complete(&house.realm, &interaction, &other, house.admitted())
            .await;
        assert!(matches!(done, Err(InteractionError::Expired)));
    }
    assert!(house.store.grants().is_empty());
}

#[tokio::test]
async fn an_interaction_belongs_to_its_realm() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let page = house
        .provider
        .sign_in_page(&house.other, &interaction, &browser)
        .await;
    assert!(matches!(page, Err(InteractionError::Expired)));
}

#[tokio::test]
async fn an_interaction_ends_with_its_time() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    house.clock.advance(house.realm.lifetimes.interaction);
    assert!(is_open(&house, &interaction, &browser).await);
    house.clock.advance(Duration::from_secs(1));
    assert!(!is_open(&house, &interaction, &browser).await);
}

#[tokio::test]
async fn what_is_no_id_is_no_interaction() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    for bad in [
        "",
        "x",
        "../..",
        &interaction[1..],
        &format!("{interaction}A"),
    ] {
        assert!(!is_open(&house, bad, &browser).await, "{bad}");
    }
}

#[tokio::test]
async fn an_interaction_ends_with_its_client() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let client = house.store.tables().clients[0].clone();
    assert_eq!(client.id.as_str(), "web");
    for changed in [
        Client {
            enabled: false,
            ..client.clone()
        },
        Client {
            redirect_uris: Vec::new(),
            ..client.clone()
        },
    ] {
        house.store.put_client(changed);
        assert!(!is_open(&house, &interaction, &browser).await);
    }
    house.store.put_client(client);
    assert!(is_open(&house, &interaction, &browser).await);
}

#[tokio::test]
async fn a_sign_in_makes_a_session_and_a_code() {
    let house = House::new();
    let completed = house.sign_in(&asked("web", "&nonce=n-1")).await;
    assert!(
        completed.to.starts_with(&format!("{CALLBACK}?code=")),
        "{}",
        completed.to
    );
    assert_eq!(parameter(&completed.to, "state").as_deref(), Some("xyz"));
    assert_eq!(
        parameter(&completed.to, "iss").as_deref(),
        Some("https://id.example.test/realms/staff")
    );
    assert_eq!(completed.session_seconds, 36_000);
    let (grants, tables) = (house.store.grants(), house.store.tables());
    let (grant, session) = (&grants[0], &tables.sessions[0]);
    assert_eq!(session.secret, opaque::digest(&completed.session));
    assert_eq!(session.expires_at.0, 1_700_036_000);
    assert_eq!(grant.session, session.id);
    assert_eq!(grant.stage, GrantStage::Issued);
    assert_eq!(grant.code_expires_at.0, 1_700_000_060);
    assert_eq!(grant.expires_at.0, 1_700_000_360);
    assert_eq!(grant.request.nonce.as_deref(), Some("n-1"));
    let code = parameter(&completed.to, "code").expect("a code");
    let code = opaque::decode(&code).expect("32 octets");
    assert_eq!(grant.code, opaque::digest(&code));
}

#[tokio::test]
async fn a_code_never_lives_longer_than_ten_minutes() {
    let mut house = House::new();
    house.realm.lifetimes.code = Duration::from_hours(1);
    house.sign_in(&asked("web", "")).await;
    assert_eq!(house.store.grants()[0].code_expires_at.0, 1_700_000_600);
}

#[tokio::test]
async fn an_interaction_ends_once() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let complete = || {
        house
            .provider
            .complete(&house.realm, &interaction, &browser, house.admitted())
    };
    let (one, two) = tokio::join!(complete(), complete());
    let lost = [one, two]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert!(matches!(lost[..], [InteractionError::Expired]), "{lost:?}");
    assert!(matches!(complete().await, Err(InteractionError::Expired)));
    assert_eq!(house.store.grants().len(), 1);
    assert!(!is_open(&house, &interaction, &browser).await);
}

#[tokio::test]
async fn each_sign_in_has_a_new_session_and_ends_the_former() {
    let house = House::new();
    let first = house.sign_in(&asked("web", "")).await;
    let (interaction, browser) = house.begin(&asked("web", "&prompt=login")).await;
    let browser = Browser {
        session: Some(first.session.clone()),
        ..browser
    };
    let second = house
        .provider
        .complete(&house.realm, &interaction, &browser, house.admitted())
        .await
        .expect("signed in");
    assert_ne!(first.session, second.session);
    let sessions = house.store.tables().sessions.clone();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].secret, opaque::digest(&second.session));
}

#[tokio::test]
async fn a_session_that_somebody_planted_is_not_taken_up() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let planted = Browser {
        session: Some(stranger()),
        ..browser
    };
    let completed = house
        .provider
        .complete(&house.realm, &interaction, &planted, house.admitted())
        .await
        .expect("signed in");
    assert_ne!(completed.session, stranger());
    assert_eq!(
        house.store.tables().sessions[0].secret,
        opaque::digest(&completed.session)
    );
}

#[tokio::test]
async fn only_a_sign_in_of_this_realm_and_this_time_counts() {
    let house = House::new();
    let now = house.now();
    for (realm, auth_time, expected) in [
        (&house.other, now, false),
        (&house.realm, Timestamp(now.0 - 11), false),
        (&house.realm, Timestamp(now.0 - 10), true),
        (&house.realm, now, true),
    ] {
        let (interaction, browser) = house.begin(&asked("web", "&prompt=login")).await;
        let user = admitted(realm, auth_time);
        let done = house
            .provider
            .complete(&house.realm, &interaction, &browser, user)
            .await;
        assert_eq!(done.is_ok(), expected, "{} {auth_time:?}", realm.name);
    }
}

#[tokio::test]
async fn a_realm_that_is_switched_off_ends_all_interactions() {
    let mut house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    house.realm.enabled = false;
    assert!(!is_open(&house, &interaction, &browser).await);
}

#[tokio::test]
async fn the_gate_is_asked_for_this_client_and_this_moment() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let complete = || {
        house
            .provider
            .complete(&house.realm, &interaction, &browser, house.admitted())
    };
    house.store.tables().blocked = vec![ada().subject];
    assert!(matches!(complete().await, Err(InteractionError::Expired)));
    house.store.tables().blocked.clear();
    assert!(house.store.tables().sessions.is_empty());
    house.store.change_client("web", |client| {
        client.allowed_groups = vec!["others".to_owned()];
    });
    let completed = complete().await.expect("signed in, if not here");
    assert_eq!(
        parameter(&completed.to, "error").as_deref(),
        Some("access_denied")
    );
    assert!(house.store.grants().is_empty());
    assert_eq!(house.store.tables().sessions.len(), 1);
    assert!(!is_open(&house, &interaction, &browser).await);
}

#[tokio::test]
async fn who_may_not_use_the_client_goes_back_to_it_once() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    let other = Browser {
        session: None,
        binding: Some(stranger()),
    };
    let deny = |browser| house.provider.deny(&house.realm, &interaction, browser);
    assert!(matches!(deny(&other).await, Err(InteractionError::Expired)));
    let to = deny(&browser).await.expect("an address");
    assert!(to.starts_with(&format!("{CALLBACK}?error=access_denied&")));
    assert_eq!(parameter(&to, "state").as_deref(), Some("xyz"));
    assert_eq!(
        parameter(&to, "iss").as_deref(),
        Some("https://id.example.test/realms/staff")
    );
    assert!(matches!(
        deny(&browser).await,
        Err(InteractionError::Expired)
    ));
    assert!(house.store.tables().sessions.is_empty());
}

#[tokio::test]
async fn an_interaction_ends_with_its_clients_grant_type() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    house.store.change_client("web", |client| {
        client.grant_types = vec![GrantType::ClientCredentials];
    });
    assert!(!is_open(&house, &interaction, &browser).await);
}

#[tokio::test]
async fn a_store_that_fails_is_no_end() {
    let house = House::new();
    let (interaction, browser) = house.begin(&asked("web", "")).await;
    house.store.tables().is_down = true;
    let page = house
        .provider
        .sign_in_page(&house.realm, &interaction, &browser)
        .await;
    assert!(matches!(page, Err(InteractionError::Store(_))));
}

async fn is_open(house: &House, interaction: &str, browser: &Browser) -> bool {
    match house
        .provider
        .sign_in_page(&house.realm, interaction, browser)
        .await
    {
        Ok(_) => true,
        Err(InteractionError::Expired) => false,
        Err(other) => unreachable!("{other}"),
    }
}
