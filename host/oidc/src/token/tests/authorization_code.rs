use super::*;
use crate::testing::CHALLENGE;

#[tokio::test]
async fn a_code_that_is_none_is_refused() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let unknown = crate::opaque::encode(&[7; 32]);
    for bad in [
        "x",
        &unknown,
        &code[1..],
        &format!("{code}A"),
        &code.to_lowercase(),
    ] {
        let expected = ("invalid_grant", vec![GrantStage::Issued]);
        assert_eq!(
            refused(&house, &redeeming("web", bad)).await,
            expected,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_a_replay_kills_what_came_of_it() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let answer = house.token(&redeeming("web", &code)).await.expect("tokens");
    let bearer = Some(answer.access_token.as_str());
    assert!(house.provider.userinfo(&house.realm, bearer).await.is_ok());
    house.clock.advance(Duration::from_secs(35));
    let expected = ("invalid_grant", vec![GrantStage::Revoked]);
    assert_eq!(refused(&house, &redeeming("web", &code)).await, expected);
    assert!(house.provider.userinfo(&house.realm, bearer).await.is_err());
    assert_eq!(refused(&house, &redeeming("web", &code)).await, expected);
}

#[tokio::test]
async fn of_many_redemptions_at_once_one_succeeds() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let form = redeeming("web", &code);
    let (a, b, c) = tokio::join!(house.token(&form), house.token(&form), house.token(&form));
    assert_eq!([a, b, c].iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(house.stages(), [GrantStage::Revoked]);
}

#[tokio::test]
async fn a_code_ends_with_its_time() {
    for (seconds, expected) in [(60, true), (61, false)] {
        let house = House::new();
        let code = house.code(&asked("web", "")).await;
        house.clock.advance(Duration::from_secs(seconds));
        let answer = house.token(&redeeming("web", &code)).await;
        assert_eq!(answer.is_ok(), expected, "{seconds}");
    }
}

#[tokio::test]
async fn a_code_at_another_client_is_dead_for_everybody() {
    let house = House::new();
    for (right, wrong) in [("web", "shop"), ("cli", "web"), ("web", "cli")] {
        let code = house.code(&asked(right, "")).await;
        let stolen = redeeming(wrong, &code);
        // Only the client is wrong.
        let uri = |client: &str| match client {
            "cli" => "http://127.0.0.1:49152/callback",
            _ => "https://app.example/cb",
        };
        let stolen = stolen.replacen(uri(wrong), uri(right), 1);
        let (error, stages) = refused(&house, &stolen).await;
        assert_eq!(error, "invalid_grant", "{wrong}");
        assert_eq!(stages.last(), Some(&GrantStage::Revoked));
        let (error, _) = refused(&house, &redeeming(right, &code)).await;
        assert_eq!(error, "invalid_grant", "{right}");
    }
}

#[tokio::test]
async fn a_code_of_another_realm_is_unknown() {
    let house = House::new();
    let code = house.code(&asked("web", "")).await;
    let parameters = Parameters::parse(&redeeming("web", &code));
    let request = TokenRequest {
        authorization: None,
        parameters: &parameters,
        address: None,
    };
    let error = house
        .provider
        .token(&house.other, &request)
        .await
        .expect_err("refused");
    assert_eq!(error.body().error, "invalid_grant");
    assert_eq!(house.stages(), [GrantStage::Issued]);
}

#[tokio::test]
async fn the_address_has_to_be_the_same_again() {
    let house = House::new();
    for (client, wrong) in [
        ("web", "&redirect_uri=https://app.example/cb/"),
        ("web", "&redirect_uri="),
        ("web", ""),
        ("cli", "&redirect_uri=http://127.0.0.1:49153/callback"),
    ] {
        let code = house.code(&asked(client, "")).await;
        let form = redeeming(client, &code);
        let (start, rest) = form.split_once("&redirect_uri=").expect("an address");
        let (_, end) = rest.split_once('&').expect("more");
        let (error, stages) = refused(&house, &format!("{start}{wrong}&{end}")).await;
        assert_eq!(error, "invalid_grant", "{wrong}");
        assert_eq!(stages.last(), Some(&GrantStage::Revoked));
    }
}

#[tokio::test]
async fn a_wrong_verifier_uses_the_code_up() {
    let house = House::new();
    for client in ["web", "cli"] {
        let code = house.code(&asked(client, "")).await;
        let form = redeeming(client, &code);
        let wrong = form.replacen(VERIFIER, CHALLENGE, 1);
        let (error, stages) = refused(&house, &wrong).await;
        assert_eq!(
            (error, stages.last()),
            ("invalid_grant", Some(&GrantStage::Revoked))
        );
        assert_eq!(refused(&house, &form).await.0, "invalid_grant");
    }
}

#[tokio::test]
async fn neither_half_of_pkce_may_be_stripped() {
    let house = House::new();
    let challenge = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let verifier = format!("&code_verifier={VERIFIER}");
    for (asks, proves, expected) in [
        (true, true, true),
        (false, false, true),
        (true, false, false),
        (false, true, false),
    ] {
        let query = asked("web", "");
        let query = if asks {
            query
        } else {
            query.replacen(&challenge, "", 1)
        };
        let form = redeeming("web", &house.code(&query).await);
        let form = if proves {
            form
        } else {
            form.replacen(&verifier, "", 1)
        };
        match house.token(&form).await {
            Ok(_) => assert!(expected, "{asks} {proves}"),
            Err(error) => {
                assert!(!expected, "{asks} {proves}");
                assert_eq!(error.body().error, "invalid_grant");
            }
        }
    }
}
