//! People who have signed in: what they hold, whether they may come again, and why not.

use super::{assert_is_problem, of_slapd, staff};
use serde_json::{Value, json};
use suites::{admin::Admin, application::Application, browser::Browser, served::Served};

fn site() -> (Served, Admin, Application) {
    let (served, operator) = staff();
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    let issuer = served.bridge.issuer("staff");
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    (served, operator, wiki)
}

fn sessions(operator: &Admin, subject: &str) -> Vec<Value> {
    let page = operator.get(&format!("/users/{subject}/sessions"));
    assert_eq!(page.status, 200, "{}", page.body);
    page.json().as_array().expect("a list").clone()
}

#[test]
fn a_person_is_kept_out_at_once_and_let_in_again() {
    let (served, operator, wiki) = site();
    let browser = Browser::new();
    let tokens = wiki.tokens(&browser, "ada", "Pw-ada");
    let userinfo = |tokens: &Value| {
        let token = tokens["access_token"].as_str().expect("a token");
        let request = browser.request("GET", wiki.endpoint("userinfo"));
        browser.send(request.bearer_auth(token)).status
    };
    assert_eq!(userinfo(&tokens), 200);
    let users = operator.get("/users").json();
    assert_eq!(users[0]["username"], "ada");
    let subject = users[0]["subject"].as_str().expect("a subject");
    assert_eq!(sessions(&operator, subject).len(), 1);

    let block = format!("/users/{subject}/block");
    assert_eq!(operator.put(&block, &json!({})).status, 204);
    assert_eq!(
        operator.get(&format!("/users/{subject}")).json()["blocked"],
        true
    );
    assert!(sessions(&operator, subject).is_empty());
    assert_eq!(userinfo(&tokens), 401, "a token of before");
    let refused = wiki.submit(&Browser::new(), &wiki.attempt(), "ada", "Pw-ada");
    assert_eq!(refused.status, 401);
    let audited = served.audited_sign_ins();
    assert_eq!(audited.last().expect("a line")["reason"], "blocked");

    // The rule that kept her out, by the request and by her name.
    let request_id = refused.header("x-request-id").expect("an id");
    for page in [
        operator.get(&format!("/explanations/{request_id}")),
        operator.post(
            "/explanations",
            &json!({ "username": "ada", "client_id": "wiki" }),
        ),
    ] {
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(
            page.json()["kept_out"]["reason"],
            "blocked",
            "{}",
            page.body
        );
    }
    assert_eq!(operator.delete(&block).status, 204);
    wiki.tokens(&Browser::new(), "ada", "Pw-ada");
}

#[test]
fn sessions_end_one_by_one_and_all_at_once() {
    let (_served, operator, wiki) = site();
    let browsers = [Browser::new(), Browser::new(), Browser::new()];
    for browser in &browsers {
        wiki.tokens(browser, "ada", "Pw-ada");
    }
    let users = operator.get("/users").json();
    let subject = users[0]["subject"].as_str().expect("a subject");
    let all = sessions(&operator, subject);
    assert_eq!(all.len(), 3);
    let one = all[0]["id"].as_str().expect("an id");
    assert_eq!(operator.delete(&format!("/sessions/{one}")).status, 204);
    assert_is_problem(&operator.delete(&format!("/sessions/{one}")), 404);
    assert_eq!(sessions(&operator, subject).len(), 2);
    assert_eq!(
        operator
            .delete(&format!("/users/{subject}/sessions"))
            .status,
        204
    );
    assert!(sessions(&operator, subject).is_empty());
    // Nobody is signed in any more: each browser is shown the page again.
    for browser in &browsers {
        wiki.open(browser, &wiki.attempt());
    }
}

#[test]
fn what_is_switched_off_keeps_its_people_out_until_it_is_on_again() {
    let (_served, operator, wiki) = site();
    let browser = Browser::new();
    let tokens = wiki.tokens(&browser, "ada", "Pw-ada");
    let token = tokens["access_token"].as_str().expect("a token");
    let userinfo = || {
        let request = browser.request("GET", wiki.endpoint("userinfo"));
        browser.send(request.bearer_auth(token)).status
    };
    // With a session the application is answered at once: status 303.
    let returns = || browser.get(wiki.authorize_url(&wiki.attempt())).location();
    let comes_back = || returns().as_str().starts_with(&wiki.redirect_uri);
    let federations = operator.get("/user-federations").json();
    let id = federations[0]["id"].as_str().expect("an id");
    assert!(comes_back());
    let federation = format!("/user-federations/{id}");
    for (what, has_page) in [
        (&*federation, true),
        ("/clients/wiki", false),
        ("/realms/staff", false),
    ] {
        let switch = |on: bool| {
            let page = operator.patch(what, &json!({ "enabled": on }));
            assert_eq!(page.status, 200, "{}", page.body);
        };
        switch(false);
        assert!(matches!(userinfo(), 401 | 404), "{what}: {}", userinfo());
        if has_page {
            assert!(!comes_back(), "{what}: {}", returns());
        } else {
            let page = browser.get(wiki.authorize_url(&wiki.attempt()));
            assert!(matches!(page.status, 400 | 404), "{what}: {}", page.status);
        }
        switch(true);
        assert_eq!(userinfo(), 200, "{what}");
        assert!(comes_back(), "{what}");
    }
}

#[test]
fn users_come_in_pages_by_name() {
    let (_served, operator, wiki) = site();
    for name in ["sophie", "ada", "emmy"] {
        wiki.tokens(&Browser::new(), name, &format!("Pw-{name}"));
    }
    let mut names = Vec::new();
    let mut after = String::new();
    for _ in 0..3 {
        let page = operator.get(&format!("/users?limit=1{after}")).json();
        names.push(page[0]["username"].as_str().expect("a name").to_owned());
        after = format!("&after={}", page[0]["subject"].as_str().expect("a subject"));
    }
    assert_eq!(names, ["ada", "emmy", "sophie"]);
    let last = operator.get(&format!("/users?limit=1{after}")).json();
    assert_eq!(last, json!([]));
    for wrong in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "after=nobody",
        "colour=red",
    ] {
        assert_is_problem(&operator.get(&format!("/users?{wrong}")), 400);
    }
    for (method, rest) in [("GET", ""), ("GET", "/sessions"), ("DELETE", "/sessions")] {
        let request = operator.request(method, &format!("/users/nobody{rest}"));
        assert_is_problem(&suites::admin::send(request), 404);
    }
    for page in [
        operator.put("/users/nobody/block", &json!({})),
        operator.delete("/users/nobody/block"),
    ] {
        assert_is_problem(&page, 404);
    }
}
