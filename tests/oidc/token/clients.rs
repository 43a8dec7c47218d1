//! How a client proves who it is (RFC 6749 sections 2.3 and 3.2.1).

use super::{assert_refused, code, with, without};
use crate::site::{PASSWORD, USERNAME, confidential, public};
use suites::{
    application::{Application, Attempt},
    browser::Browser,
};

/// The fields of a token request.
type Fields = Vec<(String, String)>;

#[test]
fn a_client_with_a_secret_proves_it_in_one_way() {
    let client = confidential();
    let secret = client.secret.clone().expect("a secret");
    let redeem = |change: &dyn Fn(Fields) -> (Application, Fields)| {
        let (code, attempt) = code(&client);
        let (client, fields) = change(client.token_fields(&code, &attempt));
        client.redeem(&fields)
    };
    let nobody = Application {
        secret: None,
        ..client.clone()
    };
    let named = |fields| with(fields, "client_id", &client.client_id);
    assert_eq!(
        redeem(&|fields| (client.clone(), fields)).status,
        200,
        "in the header"
    );
    let in_body = |fields| {
        (
            nobody.clone(),
            with(named(fields), "client_secret", &secret),
        )
    };
    assert_eq!(redeem(&in_body).status, 200, "in the body");
    // RFC 6749 section 2.3: not more than one method in a request.
    let page = redeem(&|fields| {
        (
            client.clone(),
            with(named(fields), "client_secret", &secret),
        )
    });
    assert!(matches!(page.status, 400 | 401), "{}", page.body);
    for wrong in ["", "wrong", &format!("{secret} "), &secret.to_uppercase()] {
        let wrong = Application {
            secret: Some(wrong.to_owned()),
            ..client.clone()
        };
        let page = redeem(&|fields| (wrong.clone(), fields));
        assert_refused(&page, 401, "invalid_client");
        assert!(
            page.header("www-authenticate")
                .is_some_and(|scheme| scheme.starts_with("Basic")),
            "{page:?}"
        );
        assert_refused(
            &redeem(&|fields| {
                (
                    nobody.clone(),
                    with(named(fields), "client_secret", "wrong"),
                )
            }),
            401,
            "invalid_client",
        );
    }
    assert_refused(
        &redeem(&|fields| (nobody.clone(), named(fields))),
        401,
        "invalid_client",
    );
}

#[test]
fn a_code_of_one_client_is_nothing_to_another() {
    let (one, other) = (public(), confidential());
    let (code, attempt) = code(&one);
    let fields = with(
        other.token_fields(&code, &attempt),
        "redirect_uri",
        &one.redirect_uri,
    );
    assert_refused(&other.redeem(&fields), 400, "invalid_grant");
}

#[test]
fn a_client_with_a_secret_is_held_to_its_challenge_too() {
    let client = confidential();
    let bare = client
        .attempt()
        .without("code_challenge")
        .without("code_challenge_method");
    let redeem = |attempt: &Attempt, verifier: bool| {
        let code = client.code(&Browser::new(), attempt, USERNAME, PASSWORD);
        let fields = client.token_fields(&code, attempt);
        client.redeem(&if verifier {
            fields
        } else {
            without(fields, "code_verifier")
        })
    };
    assert_eq!(redeem(&bare, false).status, 200);
    // RFC 9700 section 2.1.1: a verifier without a challenge means that somebody took it away.
    assert_refused(&redeem(&bare, true), 400, "invalid_grant");
    assert_refused(&redeem(&client.attempt(), false), 400, "invalid_grant");
}
