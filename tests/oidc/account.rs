//! The account page, in front of a real directory server.

use crate::site::Writable;
use suites::browser::{Browser, Page};

const NEW: &str = "Pw-brand-new-2";

/// Opens the account page of somebody, who signs in to it.
fn account(site: &Writable, browser: &Browser, username: &str, password: &str) -> Page {
    let address = site.served.bridge.url("/realms/staff/account");
    let first = browser.get(&address);
    if first.status == 200 {
        return first;
    }
    let form = browser.get(first.location()).form();
    let answer = browser.submit(&form.with("username", username).with("password", password));
    assert_eq!(answer.location().as_str(), address, "{}", answer.body);
    browser.get(&address)
}

fn is_signed_in(site: &Writable, browser: &Browser) -> bool {
    let address = site.served.bridge.url("/realms/staff/account");
    browser.get(address).status == 200
}

fn change(browser: &Browser, page: &Page, current: &str, new: &str) -> Page {
    let form = page.form_to("/account/password");
    browser.submit(
        &form
            .with("current", current)
            .with("new", new)
            .with("again", new),
    )
}

#[test]
fn a_password_is_changed_in_the_directory_and_ends_the_other_sessions() {
    let site = Writable::start();
    let (here, there) = (Browser::new(), Browser::new());
    let page = account(&site, &here, "ada", "Pw-ada");
    account(&site, &there, "ada", "Pw-ada");
    let before = here.cookies();

    let young = change(&here, &page, "Pw-ada", "short");
    assert_eq!(young.status, 422, "{}", young.body);
    assert!(young.body.contains("Too short"), "{}", young.body);
    let wrong = change(&here, &page, "Pw-mistyped", NEW);
    assert_eq!(wrong.status, 401, "{}", wrong.body);
    assert!(is_signed_in(&site, &there), "nothing was changed yet");

    let done = change(&here, &page, "Pw-ada", NEW);
    assert_eq!(done.status, 303, "{}", done.body);
    let page = here.get(done.location());
    assert!(
        page.body.contains("Your password was changed"),
        "{}",
        page.body
    );
    assert_ne!(before, here.cookies(), "the session has its old name");
    assert!(!is_signed_in(&site, &there));
    site.client().tokens(&Browser::new(), "ada", NEW);

    // One that was there before is not taken again.
    let again = change(&here, &page, NEW, "Pw-ada");
    assert_eq!(again.status, 422, "{}", again.body);
}

#[test]
fn a_session_that_is_ended_here_is_over_at_the_applications() {
    let site = Writable::start();
    let (here, there) = (Browser::new(), Browser::new());
    account(&site, &here, "ada", "Pw-ada");
    let client = site.client();
    let tokens = client.tokens(&there, "ada", "Pw-ada");
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let userinfo = || {
        let request = there.request("GET", client.endpoint("userinfo"));
        there.send(request.bearer_auth(&token)).status
    };
    assert_eq!(userinfo(), 200);
    let page = account(&site, &here, "ada", "Pw-ada");
    let form = page.form_to("/account/sessions");
    let done = here.submit(&form.pressed("session", "others"));
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(userinfo(), 401, "what was granted in it lives on");
    let asked = there.get(client.authorize_url(&client.attempt()));
    assert!(asked.location().path().contains("/login-actions/"));
    assert!(is_signed_in(&site, &here));
}

#[test]
fn a_name_that_somebody_changes_stands_in_the_directory() {
    let site = Writable::start();
    let browser = Browser::new();
    let page = account(&site, &browser, "ada", "Pw-ada");
    let form = page.form_to("/account/profile");
    assert_eq!(form.value("given_name"), "Ada");
    let done = browser.submit(&form.with("given_name", "Augusta Ada"));
    assert_eq!(done.status, 303, "{}", done.body);
    let page = browser.get(done.location());
    let form = page.form_to("/account/profile");
    assert_eq!(form.value("given_name"), "Augusta Ada");

    // An application hears it of whoever signs in anew, and of whoever changed it.
    let client = site.client();
    let other = Browser::new();
    let tokens = client.tokens(&other, "ada", "Pw-ada");
    let token = tokens["access_token"].as_str().expect("a token");
    let request = other.request("GET", client.endpoint("userinfo"));
    let claims = other.send(request.bearer_auth(token)).json();
    assert_eq!(claims["given_name"], "Augusta Ada", "{claims:#}");
    assert_eq!(claims["family_name"], "Lovelace", "{claims:#}");
    let attempt = client.attempt();
    let answer = browser.get(client.authorize_url(&attempt));
    let code = client.code_in(&answer.location());
    let tokens = client.redeem(&client.token_fields(&code, &attempt)).json();
    let token = tokens["access_token"].as_str().expect("a token");
    let request = browser.request("GET", client.endpoint("userinfo"));
    let claims = browser.send(request.bearer_auth(token)).json();
    assert_eq!(claims["given_name"], "Augusta Ada", "{claims:#}");

    // Everybody has to have a family name there.
    let form = page.form_to("/account/profile");
    let refused = browser.submit(&form.with("family_name", " "));
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("not changed"), "{}", refused.body);
}

#[test]
fn a_form_of_another_session_is_refused() {
    let site = Writable::start();
    let (here, there) = (Browser::new(), Browser::new());
    let page = account(&site, &here, "ada", "Pw-ada");
    account(&site, &there, "ada", "Pw-ada");
    let stolen = change(&there, &page, "Pw-ada", NEW);
    assert_eq!(stolen.status, 403, "{}", stolen.body);
    let without = change(&Browser::new(), &page, "Pw-ada", NEW);
    assert_eq!(without.status, 303);
    assert!(without.location().path().ends_with("/realms/staff/account"));
    site.client().tokens(&Browser::new(), "ada", "Pw-ada");
}
