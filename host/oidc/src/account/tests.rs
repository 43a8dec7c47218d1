use super::*;
use crate::testing::{House, ada, admitted, asked, bar_from, parameter, stranger};
use bridge_model::client::{GrantType, RedirectUri};
use std::time::Duration;

/// Ada in a browser of her own; gives its cookies.
async fn signed_in(house: &House) -> Browser {
    let completed = house.sign_in(&asked("web", "")).await;
    Browser {
        session: Some(completed.session),
        binding: Some(stranger()),
    }
}

async fn visit(house: &House, browser: &Browser) -> Visit {
    let visit = house.provider.visit_account(&house.realm, browser).await;
    visit.expect("the store is up")
}

async fn open(house: &House, browser: &Browser) -> Option<Account> {
    match visit(house, browser).await {
        Visit::Open(account) => Some(*account),
        Visit::SignIn { .. } => None,
    }
}

#[tokio::test]
async fn a_sign_in_to_the_account_ends_there_and_issues_nothing() {
    let house = House::new();
    let Visit::SignIn {
        interaction,
        new_binding,
    } = visit(&house, &Browser::default()).await
    else {
        unreachable!("nobody is signed in");
    };
    let browser = Browser {
        session: None,
        binding: new_binding,
    };
    let provider = &house.provider;
    let page = provider
        .sign_in_page(&house.realm, &interaction, &browser)
        .await
        .expect("a page");
    assert_eq!(page.client.id.as_str(), "account");
    assert_eq!(page.redirect_origin, None);
    let done = provider
        .complete(&house.realm, &interaction, &browser, house.admitted())
        .await
        .expect("signed in");
    assert_eq!(done.to, "/realms/staff/account");
    assert!(house.store.grants().is_empty());
    let browser = Browser {
        session: Some(done.session),
        ..browser
    };
    let account = open(&house, &browser).await.expect("signed in");
    assert_eq!(account.user, ada());
    assert_eq!(account.auth_time, house.now());
}

#[tokio::test]
async fn a_session_of_an_application_opens_the_account_of_its_realm_only() {
    let house = House::new();
    let browser = signed_in(&house).await;
    assert!(open(&house, &browser).await.is_some());
    let elsewhere = house.provider.visit_account(&house.other, &browser).await;
    assert!(matches!(elsewhere, Ok(Visit::SignIn { .. })));
    let other = Browser {
        session: Some(stranger()),
        ..Browser::default()
    };
    assert!(open(&house, &other).await.is_none());
}

#[tokio::test]
async fn who_is_kept_out_by_now_has_to_sign_in() {
    let house = House::new();
    let browser = signed_in(&house).await;
    let ends = house.now().plus(Duration::from_mins(1));
    house.store.tables().sessions[0].user.bars = vec![bar_from(ends)];
    assert!(open(&house, &browser).await.is_some());
    house.clock.advance(Duration::from_mins(1));
    assert!(open(&house, &browser).await.is_none());

    let house = House::new();
    let browser = signed_in(&house).await;
    house.store.tables().blocked = vec![ada().subject];
    assert!(open(&house, &browser).await.is_none());
}

#[tokio::test]
async fn a_client_at_the_address_of_the_account_page_is_still_a_client() {
    let house = House::new();
    let address = "https://id.example.test/realms/staff/account";
    house.store.put_client(Client {
        grant_types: vec![GrantType::AuthorizationCode],
        redirect_uris: vec![RedirectUri::new(address).expect("valid")],
        name: None,
        ..client(&house.realm)
    });
    let query = asked("account", "").replace("https://app.example/cb", address);
    let (interaction, browser) = house.begin(&query).await;
    let done = house
        .provider
        .complete(&house.realm, &interaction, &browser, house.admitted())
        .await
        .expect("signed in");
    assert!(parameter(&done.to, "code").is_some(), "{}", done.to);
    // Nor does anything take the house's own for one of the realm's.
    let house = House::new();
    let asked = crate::Parameters::parse(&query);
    let browser = Browser::default();
    let refused = house.provider.authorize(&house.realm, &asked, &browser);
    assert!(refused.await.is_err());
}

#[tokio::test]
async fn a_form_belongs_to_its_session_and_to_nothing_else() {
    let house = House::new();
    let (one, two) = (signed_in(&house).await, signed_in(&house).await);
    let account = open(&house, &one).await.expect("signed in");
    let csrf = account.csrf(AccountForm::Password);
    let provider = &house.provider;
    let take = async |browser: &Browser, form, csrf: &str| {
        let taken = provider.take_account_form(&house.realm, browser, form, csrf);
        taken.await.map(|account| account.session)
    };
    let taken = take(&one, AccountForm::Password, &csrf).await;
    assert_eq!(taken.expect("its own form"), account.session);
    for (browser, form, csrf) in [
        (&one, AccountForm::Password, ""),
        (&one, AccountForm::Password, "junk"),
        (&one, AccountForm::Sessions, csrf.as_str()),
        (&one, AccountForm::Profile, &csrf),
        (&two, AccountForm::Password, &csrf),
    ] {
        let taken = take(browser, form, csrf).await;
        assert!(matches!(taken, Err(AccountError::Forged)), "{form:?}");
    }
    let nobody = take(&Browser::default(), AccountForm::Password, &csrf).await;
    assert!(matches!(nobody, Err(AccountError::SignedOut)));
    let elsewhere = provider.take_account_form(&house.other, &one, AccountForm::Password, &csrf);
    assert!(matches!(elsewhere.await, Err(AccountError::SignedOut)));
}

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sessions() {
    let house = House::new();
    let (one, two) = (signed_in(&house).await, signed_in(&house).await);
    let mut foreign = house.store.tables().sessions[0].clone();
    foreign.id = Uuid::from_u128(1);
    foreign.user.subject = "somebody-else".to_owned();
    house.store.tables().sessions.push(foreign);

    let account = open(&house, &one).await.expect("signed in");
    let sessions = || house.provider.sessions(&house.realm, &account);
    let seen = sessions().await.expect("the store is up");
    assert_eq!(seen.len(), 2);
    assert!(seen[0].is_current && seen[0].id == account.session);
    assert!(!seen[1].is_current);
    let end = async |id| {
        let ended = house.provider.end_session(&house.realm, &account, id);
        ended.await.expect("the store is up")
    };
    assert!(!end(Uuid::from_u128(1)).await, "another person's");
    assert!(!end(Uuid::from_u128(2)).await, "nobody's");
    assert!(end(seen[1].id).await);
    assert!(open(&house, &two).await.is_none());
    assert!(open(&house, &one).await.is_some());
}

#[tokio::test]
async fn all_other_sessions_end_at_once() {
    let house = House::new();
    let (one, two) = (signed_in(&house).await, signed_in(&house).await);
    let three = signed_in(&house).await;
    let secret = one.session.as_ref().expect("signed in");
    let provider = &house.provider;
    let ended = provider.end_other_sessions(&house.realm, secret).await;
    assert_eq!(ended.expect("the store is up"), 2);
    assert!(open(&house, &one).await.is_some());
    for other in [&two, &three] {
        assert!(open(&house, other).await.is_none());
    }
    let nothing = provider.end_other_sessions(&house.realm, &stranger()).await;
    assert_eq!(nothing.expect("the store is up"), 0);
}

#[tokio::test]
async fn a_new_password_makes_a_new_session_and_ends_the_others() {
    let house = House::new();
    let (one, two) = (signed_in(&house).await, signed_in(&house).await);
    house.clock.advance(Duration::from_secs(30));
    let user = house.admitted();
    let renewed = house
        .provider
        .renew_session(&house.realm, &one, &user)
        .await
        .expect("the same person");
    assert_eq!(renewed.to, "/realms/staff/account");
    for stale in [&one, &two] {
        assert!(open(&house, stale).await.is_none());
    }
    let browser = Browser {
        session: Some(renewed.session),
        ..Browser::default()
    };
    let account = open(&house, &browser).await.expect("signed in");
    assert_eq!(account.auth_time, house.now());
}

#[tokio::test]
async fn nobody_takes_over_the_session_of_somebody_else() {
    let house = House::new();
    let one = signed_in(&house).await;
    let elsewhere = admitted(&house.other, house.now());
    let renewed = house
        .provider
        .renew_session(&house.realm, &one, &elsewhere)
        .await;
    assert!(matches!(renewed, Err(AccountError::SignedOut)));
    house.store.tables().sessions[0].user.subject = "somebody-else".to_owned();
    let renewed = house
        .provider
        .renew_session(&house.realm, &one, &house.admitted())
        .await;
    assert!(matches!(renewed, Err(AccountError::SignedOut)));
    assert!(open(&house, &one).await.is_some(), "the session stays");
}

#[tokio::test]
async fn a_changed_profile_makes_a_new_session_that_lasts_no_longer() {
    let house = House::new();
    let (one, two) = (signed_in(&house).await, signed_in(&house).await);
    let begun = house.now();
    house.clock.advance(Duration::from_secs(30));
    let mut changed = ada();
    let name = serde_json::Value::from("Augusta");
    changed.claims.insert("given_name".to_owned(), name);
    let provider = &house.provider;
    let refresh = async |user| provider.refresh_session(&house.realm, &one, user).await;
    let mut foreign = changed.clone();
    foreign.subject = "somebody-else".to_owned();
    assert!(matches!(
        refresh(foreign).await,
        Err(AccountError::SignedOut)
    ));
    let mut barred = changed.clone();
    barred.bars = vec![bar_from(begun)];
    assert!(matches!(
        refresh(barred).await,
        Err(AccountError::SignedOut)
    ));

    let done = refresh(changed.clone()).await.expect("the same person");
    let lifetime = house.realm.lifetimes.session.as_secs();
    assert_eq!(done.session_seconds, lifetime - 30);
    assert!(
        open(&house, &one).await.is_none(),
        "the session has its old name"
    );
    assert!(open(&house, &two).await.is_some(), "the others stay");
    let browser = Browser {
        session: Some(done.session),
        ..Browser::default()
    };
    let account = open(&house, &browser).await.expect("signed in");
    assert_eq!(account.user, changed);
    assert_eq!(account.auth_time, begun, "no password was given");
    house.clock.advance(Duration::from_secs(lifetime - 30 + 1));
    assert!(open(&house, &browser).await.is_none(), "it lasts longer");
}
