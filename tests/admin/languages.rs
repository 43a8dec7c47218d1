//! People who are signed in by policies in other languages than Rust.

use super::{BRIDGE, of_slapd, policies::in_force};
use serde_json::{Value, json};
use std::{
    fs, thread,
    time::{Duration, Instant},
};
use suites::{
    application::{Application, decode},
    browser::{Browser, Page},
    languages::Language,
    served::{OUTBOUND, Served},
};

/// An interpreter is a hundred times the code of a policy in Rust, and it is compiled on one processor.
const ADMITTED_WITHIN: Duration = Duration::from_mins(5);

/// A bridge with the policy of this language in its folder, once it is in force.
fn served_with(language: Language) -> Served {
    let component = language.policy();
    let lines = format!("\n[policies]\nfolder = \"policies\"\n\n{OUTBOUND}");
    let served = Served::bare_with(BRIDGE, &lines);
    // It comes while the bridge serves: it is taken when it is whole.
    let folder = served.path("policies");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(".part"), component).expect("written");
    fs::rename(folder.join(".part"), folder.join("own.wasm")).expect("moved");
    let operator = served.operator();
    let begin = Instant::now();
    while in_force(&operator, language.id()).is_none() {
        assert!(
            begin.elapsed() < ADMITTED_WITHIN,
            "it is not admitted: {}",
            operator.get("/policies/refused").body
        );
        thread::sleep(Duration::from_millis(200));
    }
    served
}

/// What applications hear of somebody at the endpoint `userinfo`.
fn userinfo(application: &Application, tokens: &Value) -> Page {
    let browser = Browser::new();
    let token = tokens["access_token"].as_str().expect("a token");
    let request = browser.request("GET", application.endpoint("userinfo"));
    browser.send(request.bearer_auth(token))
}

/// Has Ada sign in to a realm whose directory is this policy's, and looks at what it says of her.
#[track_caller]
fn expect_sign_in(language: Language) {
    let served = served_with(language);
    let platform = served.operator();
    platform.create_realm("staff");
    let operator = platform.of("staff");
    let mut federation = of_slapd("ldap");
    federation["vendor"] = json!(language.id());
    operator.create("/user-federations", &federation);
    operator.create_public_client("wiki");

    let issuer = served.bridge.issuer("staff");
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    let wrong = wiki.submit(&Browser::new(), &wiki.attempt(), "ada", "Pw-grace");
    assert_eq!(wrong.status, 401, "{}", wrong.body);
    let tokens = wiki.tokens(&Browser::new(), "ada", "Pw-ada");
    let (_, id_token) = decode(tokens["id_token"].as_str().expect("an ID token"));
    let page = userinfo(&wiki, &tokens);
    assert_eq!(page.status, 200, "{}", page.body);
    let told = page.json();
    for (claim, value) in [
        ("given_name", "Ada"),
        ("family_name", "Lovelace"),
        ("email", "ada@example.test"),
    ] {
        assert_eq!(told[claim], value, "{told}");
    }
    assert_eq!(told["sub"], id_token["sub"], "{told}");

    // Whose word it was stands in the audit trail.
    let events = served.audited_sign_ins();
    let [refused, let_in] = &events[..] else {
        unreachable!("two sign-ins: {events:?}");
    };
    assert_eq!(refused["reason"], "bad_credentials", "{refused}");
    assert_eq!(let_in["outcome"], "success", "{let_in}");
    assert_eq!(let_in["policy"]["id"], language.id(), "{let_in}");
    let digest = in_force(&platform, language.id()).expect("it is in force");
    assert_eq!(let_in["policy"]["digest"], json!(digest), "{let_in}");
}

#[test]
fn a_policy_in_javascript_signs_somebody_in() {
    expect_sign_in(Language::JavaScript);
}

#[test]
fn a_policy_in_python_signs_somebody_in() {
    expect_sign_in(Language::Python);
}
