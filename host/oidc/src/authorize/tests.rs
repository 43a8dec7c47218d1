mod address;
mod session;

use super::*;
use crate::testing::{CALLBACK, CHALLENGE, House, asked, parameter};
use bridge_model::session::Interaction;

/// The error that the client is told; none: the person is asked to sign in.
async fn told(house: &House, query: &str) -> Option<String> {
    match house.authorize(query).await {
        Authorized::SignIn { .. } => None,
        Authorized::Redirect { to } => {
            assert!(
                to.starts_with(CALLBACK) || to.starts_with("http://127.0.0.1:49152/"),
                "{to}"
            );
            assert_eq!(parameter(&to, "code"), None);
            assert_eq!(
                parameter(&to, "iss").as_deref(),
                Some("https://id.example.test/realms/staff")
            );
            let description = parameter(&to, "error_description").expect("described");
            assert!(
                description
                    .bytes()
                    .all(|c| (0x20..0x7f).contains(&c) && c != b'"' && c != b'\\'),
                "{description}"
            );
            assert!(house.store.tables().interactions.is_empty());
            Some(parameter(&to, "error").expect("an error"))
        }
    }
}

/// What the one interaction there is asks for.
fn kept(house: &House) -> Interaction {
    let interactions = house.store.tables().interactions.clone();
    let [interaction] = &interactions[..] else {
        unreachable!("one interaction")
    };
    interaction.clone()
}

#[test]
fn the_steps_come_in_this_order() {
    let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    assert_eq!(
        names,
        [
            "load_client",
            "check_redirect_uri",
            "assign_state",
            "check_response_mode",
            "check_response_type",
            "check_grant_type",
            "check_request_objects",
            "assign_scope",
            "assign_nonce",
            "assign_code_challenge",
            "assign_prompt",
            "assign_max_age",
            "assign_login_hint",
            "load_session",
            "check_id_token_hint",
            "check_person",
            "respond",
        ]
    );
    assert!(STEPS.iter().all(|step| step.source.contains("section")));
}

#[tokio::test]
async fn a_request_leads_to_a_sign_in_that_remembers_it() {
    let house = House::new();
    let query = asked("web", "&nonce=n-1&max_age=60&login_hint=ada&prompt=login");
    let Authorized::SignIn {
        interaction,
        new_binding,
    } = house.authorize(&query).await
    else {
        unreachable!("nobody is signed in");
    };
    assert_eq!(interaction.len(), 43);
    assert!(new_binding.is_some());
    let kept = kept(&house);
    assert_eq!(
        kept.request,
        AuthorizationRequest {
            client_id: kept.request.client_id.clone(),
            redirect_uri: CALLBACK.to_owned(),
            scope: vec!["openid".to_owned()],
            state: Some("xyz".to_owned()),
            nonce: Some("n-1".to_owned()),
            code_challenge: Some(CHALLENGE.to_owned()),
            login_required: true,
            max_age: Some(60),
            login_hint: Some("ada".to_owned()),
        }
    );
    assert_eq!(kept.request.client_id.as_str(), "web");
    assert_eq!(kept.expires_at.0, 1_700_000_000 + 30 * 60);
}

#[tokio::test]
async fn the_client_is_told_what_is_wrong_with_its_request() {
    let house = House::new();
    let invalid = Some("invalid_request");
    for (from, to, expected) in [
        ("&response_type=code", "", invalid),
        (
            "response_type=code",
            "response_type=code&response_type=code",
            invalid,
        ),
        ("=code&", "=token&", Some("unsupported_response_type")),
        ("=code&", "=id_token&", Some("unsupported_response_type")),
        (
            "=code&",
            "=code%20id_token&",
            Some("unsupported_response_type"),
        ),
        ("&state=xyz", "&response_mode=fragment", invalid),
        ("&state=xyz", "&response_mode=form_post", invalid),
        (
            "&state=xyz",
            "&request=e30.e30.",
            Some("request_not_supported"),
        ),
        (
            "&state=xyz",
            "&request_uri=https://app.example/r",
            Some("request_uri_not_supported"),
        ),
        (
            "&state=xyz",
            "&registration=%7B%7D",
            Some("registration_not_supported"),
        ),
        ("&scope=openid", "", Some("invalid_scope")),
        ("&scope=openid", "&scope=", Some("invalid_scope")),
        ("&scope=openid", "&scope=profile", Some("invalid_scope")),
        ("&scope=openid", "&scope=OpenID", Some("invalid_scope")),
        ("&scope=openid", "&scope=openid&scope=openid", invalid),
        ("&state=xyz", "&nonce=1&nonce=1", invalid),
        ("&state=xyz", "&max_age=-1", invalid),
        ("&state=xyz", "&max_age=%2B1", invalid),
        ("&state=xyz", "&max_age=x", invalid),
        ("&state=xyz", "&max_age=99999999999999999999", invalid),
        ("&state=xyz", "&prompt=none%20login", invalid),
        ("&state=xyz", "&prompt=none%20other", invalid),
        ("&state=xyz", "&prompt=none", Some("login_required")),
        ("&state=xyz", "&id_token_hint=a&id_token_hint=b", invalid),
    ] {
        let query = asked("web", "");
        assert!(query.contains(from), "{from}");
        let query = query.replacen(from, to, 1);
        assert_eq!(told(&house, &query).await.as_deref(), expected, "{to}");
    }
}

#[tokio::test]
async fn the_state_goes_back_with_errors_too() {
    let house = House::new();
    let Authorized::Redirect { to } = house.authorize(&asked("web", "&prompt=none")).await else {
        unreachable!("nobody is signed in");
    };
    assert_eq!(parameter(&to, "state").as_deref(), Some("xyz"));
}

#[tokio::test]
async fn state_and_nonce_have_a_limit() {
    let house = House::new();
    for (name, most) in [("state", 4096), ("nonce", 1024)] {
        for (length, expected) in [(most, None), (most + 1, Some("invalid_request"))] {
            let query = asked("web", "").replacen("&state=xyz", "", 1);
            let query = format!("{query}&{name}={}", "a".repeat(length));
            assert_eq!(
                told(&house, &query).await.as_deref(),
                expected,
                "{name} {length}"
            );
            house.store.tables().interactions.clear();
        }
    }
    let query = asked("web", "&state=again");
    let Authorized::Redirect { to } = house.authorize(&query).await else {
        unreachable!("state stands there twice");
    };
    assert_eq!(parameter(&to, "error").as_deref(), Some("invalid_request"));
    assert_eq!(parameter(&to, "state"), None);
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    for more in [
        "&foo=bar",
        "&foo=bar&foo=baz",
        "&resource=https://api.example&resource=https://other.example",
        "&display=popup",
        "&ui_locales=de%20en&claims_locales=de",
        "&acr_values=1",
        "&claims=%7B%22userinfo%22%3A%7B%7D%7D",
        "&response_mode=query",
        "&prompt=create",
        "&login_hint=nobody",
        "&max_age=0",
        "&id_token_hint=junk",
    ] {
        let house = House::new();
        assert_eq!(told(&house, &asked("web", more)).await, None, "{more}");
    }
}

#[tokio::test]
async fn a_hint_that_is_no_name_is_dropped() {
    for (hint, expected) in [
        ("ada%40example.test", Some("ada@example.test".to_owned())),
        (&"a".repeat(256), Some("a".repeat(256))),
        (&"a".repeat(257), None),
        ("a%0Ab", None),
    ] {
        let house = House::new();
        house
            .begin(&asked("web", &format!("&login_hint={hint}")))
            .await;
        assert_eq!(kept(&house).request.login_hint, expected, "{hint}");
    }
}

#[tokio::test]
async fn scopes_that_do_not_exist_are_dropped() {
    for (scope, expected) in [
        ("openid", &["openid"][..]),
        ("email+openid", &["email", "openid"]),
        ("openid++profile+openid", &["openid", "profile"]),
        (
            "openid+offline_access+Email+groups+admin",
            &["openid", "groups"],
        ),
    ] {
        let house = House::new();
        house.begin(&asked("web", &format!("&scope={scope}"))).await;
        assert_eq!(kept(&house).request.scope, expected, "{scope}");
    }
}

#[tokio::test]
async fn a_client_asks_for_its_own_admin_scopes_and_no_others() {
    let house = House::new();
    let scope = "&scope=openid+federation:read+federation:write+user:write+realm:admin";
    house.begin(&asked("console", scope)).await;
    let expected = ["openid", "federation:read", "federation:write"];
    assert_eq!(kept(&house).request.scope, expected);
}

#[tokio::test]
async fn a_public_client_needs_a_code_challenge() {
    let house = House::new();
    let challenge = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    for (client, expected) in [("cli", Some("invalid_request")), ("web", None)] {
        let query = asked(client, "").replacen(&challenge, "", 1);
        assert_eq!(told(&house, &query).await.as_deref(), expected, "{client}");
        house.store.tables().interactions.clear();
    }
    assert_eq!(told(&house, &asked("cli", "")).await, None);
}

#[tokio::test]
async fn nothing_but_s256_is_taken() {
    let house = House::new();
    let challenge = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let short = &CHALLENGE[1..];
    for replacement in [
        format!("&code_challenge={CHALLENGE}"),
        format!("&code_challenge={CHALLENGE}&code_challenge_method=plain"),
        format!("&code_challenge={CHALLENGE}&code_challenge_method=s256"),
        format!("&code_challenge={CHALLENGE}&code_challenge_method="),
        "&code_challenge_method=S256".to_owned(),
        "&code_challenge=&code_challenge_method=S256".to_owned(),
        format!("&code_challenge={short}&code_challenge_method=S256"),
        format!("&code_challenge={CHALLENGE}=&code_challenge_method=S256"),
        format!("{challenge}&code_challenge={CHALLENGE}"),
    ] {
        for client in ["web", "cli"] {
            let query = asked(client, "").replacen(&challenge, &replacement, 1);
            let told = told(&house, &query).await;
            assert_eq!(
                told.as_deref(),
                Some("invalid_request"),
                "{client} {replacement}"
            );
        }
    }
}

#[tokio::test]
async fn a_browser_keeps_its_binding() {
    let house = House::new();
    let (_, browser) = house.begin(&asked("web", "")).await;
    let again = house.authorize_in(&asked("web", ""), &browser).await;
    assert!(matches!(
        again,
        Authorized::SignIn {
            new_binding: None,
            ..
        }
    ));
    let cut = Browser {
        session: None,
        binding: Some(Secret::new([1; 8])),
    };
    let again = house.authorize_in(&asked("web", ""), &cut).await;
    assert!(matches!(
        again,
        Authorized::SignIn {
            new_binding: Some(_),
            ..
        }
    ));
}

#[tokio::test]
async fn a_store_that_fails_is_no_answer_to_the_client() {
    let house = House::new();
    house.store.tables().is_down = true;
    let parameters = Parameters::parse(&asked("web", ""));
    let answer = house
        .provider
        .authorize(&house.realm, &parameters, &Browser::default())
        .await;
    assert!(matches!(answer, Err(AuthorizeError::Store(_))));
}
