use super::*;
use crate::{
    Parameters,
    testing::{House, SECRET, asked, form_encoded, redeeming},
};
use bridge_model::session::GrantStage;

/// The outcome of redeeming a good code with these credentials: the error and its status.
async fn outcome(
    house: &House,
    client: &str,
    authorization: Option<&str>,
    credentials: &str,
) -> Result<(), (&'static str, u16)> {
    let code = house.code(&asked(client, "")).await;
    let form = redeeming(client, &code);
    let (form, _) = form
        .split_once("&client_id=")
        .expect("the credentials stand last");
    let parameters = Parameters::parse(&format!("{form}{credentials}"));
    let request = TokenRequest {
        authorization,
        parameters: &parameters,
        address: None,
    };
    match house.provider.token(&house.realm, &request).await {
        Ok(_) => Ok(()),
        Err(error) => {
            assert_eq!(error.challenge().is_some(), error.status() == 401);
            let last = house.stages().pop();
            assert_eq!(last, Some(GrantStage::Issued), "the code is not used up");
            Err((error.body().error, error.status()))
        }
    }
}

fn header(id: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", form_encoded(id), form_encoded(secret)))
    )
}

#[tokio::test]
async fn a_secret_may_come_in_the_header_or_in_the_body() {
    let house = House::new();
    let basic = header("web", SECRET);
    let post = format!("&client_id=web&client_secret={}", form_encoded(SECRET));
    for (authorization, credentials) in [
        (Some(basic.as_str()), ""),
        (Some(&basic.replacen("Basic", "bAsIc", 1)), ""),
        (Some(&basic), "&client_id=web"),
        (Some(&basic), "&client_secret="),
        (None, &post),
    ] {
        assert_eq!(
            outcome(&house, "web", authorization, credentials).await,
            Ok(())
        );
    }
}

#[tokio::test]
async fn what_stands_in_the_header_is_form_encoded() {
    let house = House::new();
    let plain = format!("Basic {}", STANDARD.encode(format!("web:{SECRET}")));
    assert_eq!(
        outcome(&house, "web", Some(&plain), "").await,
        Err(("invalid_client", 401)),
        "a plus sign is a space, once decoded"
    );
    let octets = header("w\u{65}b", SECRET);
    assert_eq!(outcome(&house, "web", Some(&octets), "").await, Ok(()));
    let encoded_name = format!(
        "Basic {}",
        STANDARD.encode(format!("%77eb:{}", form_encoded(SECRET)))
    );
    assert_eq!(
        outcome(&house, "web", Some(&encoded_name), "").await,
        Ok(())
    );
}

#[tokio::test]
async fn who_does_not_prove_who_it_is_gets_nothing() {
    let house = House::new();
    let unauthorized = Err(("invalid_client", 401));
    for authorization in [
        header("web", "wrong"),
        header("web", ""),
        header("nobody", SECRET),
        header("old", SECRET),
        header("w b", SECRET),
        header("", SECRET),
        "Basic".to_owned(),
        "Basic !".to_owned(),
        format!("Basic {}", STANDARD.encode("web")),
        header("web", SECRET).replacen("Basic", "Bearer", 1),
    ] {
        let outcome = outcome(&house, "web", Some(&authorization), "").await;
        assert_eq!(outcome, unauthorized, "{authorization}");
    }
    let secret = form_encoded(SECRET);
    for credentials in [
        "&client_id=web&client_secret=wrong".to_owned(),
        "&client_id=web".to_owned(),
        "&client_id=web&client_secret=".to_owned(),
        format!("&client_secret={secret}"),
        format!("&client_id=nobody&client_secret={secret}"),
        format!("&client_id=old&client_secret={secret}"),
        String::new(),
    ] {
        let outcome = outcome(&house, "web", None, &credentials).await;
        assert_eq!(outcome, Err(("invalid_client", 401)), "{credentials}");
    }
}

#[tokio::test]
async fn one_way_at_a_time() {
    let house = House::new();
    let (basic, secret) = (header("web", SECRET), form_encoded(SECRET));
    for credentials in [
        format!("&client_secret={secret}"),
        format!("&client_id=web&client_secret={secret}"),
        "&client_id=shop".to_owned(),
        "&client_id=web&client_id=web".to_owned(),
    ] {
        let outcome = outcome(&house, "web", Some(&basic), &credentials).await;
        assert_eq!(outcome, Err(("invalid_request", 400)), "{credentials}");
    }
}

#[tokio::test]
async fn a_public_client_has_nothing_but_its_name() {
    let house = House::new();
    assert_eq!(outcome(&house, "cli", None, "&client_id=cli").await, Ok(()));
    let secret = form_encoded(SECRET);
    let posted = format!("&client_id=cli&client_secret={secret}");
    assert_eq!(
        outcome(&house, "cli", None, &posted).await,
        Err(("invalid_client", 401))
    );
    for secret in [SECRET, ""] {
        let outcome = outcome(&house, "cli", Some(&header("cli", secret)), "").await;
        assert_eq!(outcome, Err(("invalid_client", 401)), "{secret}");
    }
}
