//! Who is let in, and what everybody else is told.

use super::{BRIDGE, assert_is_problem, staff};
use serde_json::json;
use std::{os::unix::fs::PermissionsExt as _, process::Command};
use suites::{
    admin::{Admin, ask_for_token, send, token},
    application::Application,
    authority::Authority,
    browser::{Browser, Page},
    served::{OUTBOUND, Served},
};

fn challenge(page: &Page) -> &str {
    page.header("www-authenticate").unwrap_or_default()
}

#[test]
fn nobody_comes_in_without_a_token_that_is_meant_for_it() {
    let (served, operator) = staff();
    operator.create_public_client("wiki");
    let secret = operator.create_administrator("ops", &["client:read"]);
    let issuer = served.bridge.issuer("staff");
    let good = token(&issuer, "ops", &secret);
    let page = Admin::at(served.admin_url(), None).get("/clients");
    assert_is_problem(&page, 401);
    assert_eq!(challenge(&page), "Bearer realm=\"admin\"");
    let mut forged = good.clone();
    let last = if forged.ends_with('A') { "B" } else { "A" };
    forged.replace_range(forged.len() - 1.., last);
    for bad in ["nonsense", "a.b.c", &forged] {
        let page = served.administrator(bad).get("/clients");
        assert_is_problem(&page, 401);
        assert!(
            challenge(&page).contains("error=\"invalid_token\""),
            "{bad}"
        );
        assert!(!page.body.contains(bad), "{}", page.body);
    }
    assert_eq!(served.administrator(&good).get("/clients").status, 200);
    // A client that is switched off, or has its scopes taken, is out at once.
    for patch in [
        json!({ "enabled": false }),
        json!({ "enabled": true, "admin_scopes": [] }),
    ] {
        assert_eq!(operator.patch("/clients/ops", &patch).status, 200);
        assert_is_problem(&served.administrator(&good).get("/clients"), 401);
    }
}

#[test]
fn a_token_does_what_its_scopes_say_and_no_more() {
    let (served, operator) = staff();
    let issuer = served.bridge.issuer("staff");
    let endpoints = [
        ("GET", "/user-federations", "federation:read"),
        ("POST", "/user-federations", "federation:write"),
        ("GET", "/clients", "client:read"),
        ("POST", "/clients", "client:write"),
        ("GET", "/users", "user:read"),
        ("DELETE", "/users/nobody/sessions", "user:write"),
        ("GET", "/audit-events", "audit:read"),
        ("GET", "/realms/staff", "realm:admin"),
    ];
    for (i, (.., own)) in endpoints.iter().enumerate() {
        let id = format!("ops-{i}");
        let secret = operator.create_administrator(&id, &[own]);
        let admin = served.administrator(&token(&issuer, &id, &secret));
        for (method, resource, needed) in endpoints {
            let covered = *own == needed
                || *own == "realm:admin"
                || needed.ends_with(":read") && *own == needed.replace(":read", ":write");
            let request = admin.request(method, resource);
            let page = send(
                request
                    .header("content-type", "application/json")
                    .body("{}"),
            );
            if covered {
                assert!(
                    matches!(page.status, 200 | 400 | 404),
                    "{own} {method} {resource}: {}",
                    page.body
                );
            } else {
                assert_is_problem(&page, 403);
                let wanted = format!("error=\"insufficient_scope\", scope=\"{needed}\"");
                assert!(challenge(&page).contains(&wanted), "{own} {needed}");
            }
        }
    }
}

/// A problem document says everything, and its answer has the headers that all have.
#[track_caller]
fn assert_is_whole(page: &Page, status: u16) {
    let problem = assert_is_problem(page, status);
    assert_eq!(page.header("x-request-id"), problem["request_id"].as_str());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert!(
        problem["type"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("urn:"))
    );
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{problem}"
    );
}

#[test]
fn no_page_of_another_origin_may_read_answers() {
    let served = Served::bare(BRIDGE);
    for method in ["GET", "OPTIONS"] {
        let request = served.operator().request(method, "/realms");
        let page = send(request.header("origin", "https://evil.example"));
        assert_eq!(page.header("access-control-allow-origin"), None, "{method}");
    }
}

#[test]
fn whatever_goes_wrong_is_a_problem_document() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    let sent = |method: &str, resource: &str, media_type: &str, body: &str| {
        let request = ops
            .request(method, resource)
            .header("content-type", media_type);
        send(request.body(body.to_owned()))
    };
    let json = "application/json";
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    for (page, status) in [
        (ops.get("/nothing"), 404),
        (ops.get("/user-federations/not-a-uuid"), 404),
        (send(ops.request_at("GET", "/elsewhere")), 404),
        (
            send(ops.request_at("GET", "/api/auth-management/v2/clients")),
            404,
        ),
        (ops.delete("/clients"), 405),
        (send(ops.request("OPTIONS", "/clients")), 405),
        (sent("POST", "/clients", "text/plain", "{}"), 415),
        (
            sent("POST", "/clients", "application/merge-patch+json", "{}"),
            415,
        ),
        (
            sent(
                "PATCH",
                "/realms/staff",
                "application/json-patch+json",
                "[]",
            ),
            415,
        ),
        (sent("POST", "/clients", json, "{"), 400),
        (
            sent(
                "POST",
                "/clients",
                json,
                "{\"client_id\": \"a\", \"client_id\": \"b\"}",
            ),
            400,
        ),
        (sent("POST", "/clients", json, &deep), 400),
        (sent("POST", "/clients", json, "[]"), 400),
        (sent("PATCH", "/realms/staff", json, "null"), 400),
        (sent("POST", "/clients", json, &large), 413),
        (send(served.operator().request("GET", "/clients")), 400),
        (served.operator().of("nobody").get("/clients"), 404),
        (served.operator().of("No-Name").get("/clients"), 404),
    ] {
        assert_is_whole(&page, status);
    }
}

#[test]
fn who_guesses_tokens_has_to_wait_and_nobody_else() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["client:read"]);
    let good = token(&served.bridge.issuer("staff"), "ops", &secret);
    let guesses: Vec<_> = (0..40)
        .map(|i| served.administrator(&format!("guess-{i}")).get("/clients"))
        .collect();
    let waits = guesses.iter().filter(|page| page.status == 429);
    let waits: Vec<_> = waits.map(|page| page.header("retry-after")).collect();
    assert!(
        !waits.is_empty() && waits.iter().all(Option::is_some),
        "{waits:?}"
    );
    assert_eq!(served.administrator(&good).get("/clients").status, 200);
}

#[test]
fn the_management_network_is_enough_for_an_administrator() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["client:read"]);
    let at_admin = format!("{}/realms/staff", served.admin_url());
    let page = ask_for_token(&at_admin, "ops", &secret);
    assert_eq!(page.status, 200, "{}", page.body);
    let token = page.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_eq!(served.administrator(&token).get("/clients").status, 200);
    // The two listeners have nothing else of each other's.
    let browser = Browser::new();
    let public = served.bridge.url("/api/auth-management/v1/clients");
    assert_eq!(
        browser
            .send(browser.request("GET", public).bearer_auth(&token))
            .status,
        404
    );
    let wiki = Application::public(&at_admin, "ops", "http://127.0.0.1/callback");
    assert_eq!(browser.get(wiki.endpoint("certs")).status, 401);
}

#[test]
fn over_tls_tokens_are_given_and_taken_and_without_it_nothing_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("tls.pem"), folder.path().join("tls.key"));
    let leaf = &Authority::shared().server;
    std::fs::write(&certificate, &leaf.certificate).expect("a certificate");
    std::fs::write(&key, &leaf.key).expect("a key");
    let tls = format!("tls_certificate = {certificate:?}\ntls_key = {key:?}\n{OUTBOUND}");
    let served = Served::bare_with(BRIDGE, &tls);
    served.operator().create_realm("staff");
    let operator = served.operator().of("staff");
    let secret = operator.create_administrator("ops", &["client:read"]);
    let base = served.admin_url().replace("http://", "https://");
    let token = token(&format!("{base}/realms/staff"), "ops", &secret);
    let page = Admin::at(&base, Some(&token)).get("/clients");
    assert_eq!(page.status, 200, "{}", page.body);
    assert_is_problem(&Admin::at(&base, None).get("/clients"), 401);
    let resource = "/api/auth-management/v1/clients";
    let clear = Browser::new().try_get(&format!("{}{resource}", served.admin_url()));
    assert!(clear.is_none(), "it answers without TLS");
}

#[test]
fn whose_word_an_address_is_decides_the_peer_and_not_a_header() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["client:write"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    for (admin, expected) in [(&ops, json!("127.0.0.1")), (&operator, json!(null))] {
        let request = admin.request("DELETE", "/clients/nobody-1");
        let request = request
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-request-id", "chosen-by-them");
        assert_is_problem(&send(request), 404);
        let made = admin.request("POST", "/clients").body("{}");
        let made = made
            .header("content-type", "application/json")
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-request-id", "chosen-by-them");
        assert_is_problem(&send(made), 400);
        let event = served.audited().pop().expect("a line");
        assert_eq!(event["outcome"], "refused", "{event}");
        assert_eq!(event["address"], expected, "{event}");
        assert_ne!(event["request_id"], "chosen-by-them", "{event}");
    }
}

#[test]
fn the_socket_is_for_whoever_runs_the_bridge_and_nobody_else() {
    let served = Served::bare(BRIDGE);
    let socket = served.path("data/admin.sock");
    let mode = std::fs::metadata(&socket)
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(served.operator().get("/realms").status, 200);
    let realm = served
        .operator()
        .post("/realms", &json!({ "name": "staff" }));
    assert_eq!(realm.status, 201);
    let actor = served.audited().pop().expect("a line")["actor"].clone();
    assert!(
        actor
            .as_str()
            .is_some_and(|actor| actor.starts_with("uid ")),
        "{actor}"
    );
    // Even where the file lets others through, they are asked who they are.
    let is_root = Command::new("id").arg("-u").output().expect("id");
    if String::from_utf8_lossy(&is_root.stdout).trim() == "0" {
        for path in socket.ancestors().take(4) {
            let mode = if path == socket { 0o777 } else { 0o755 };
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        }
        let asked = Command::new("setpriv")
            .args([
                "--reuid",
                "65534",
                "--clear-groups",
                "curl",
                "-s",
                "--unix-socket",
            ])
            .arg(&socket)
            .arg("http://localhost/auth-management/v1/realms")
            .output()
            .expect("setpriv and curl");
        let answer = String::from_utf8_lossy(&asked.stdout);
        assert!(answer.contains("\"status\":403"), "{answer} {asked:?}");
    }
    let path = socket.clone();
    assert_eq!(served.bridge.stop(), Some(0));
    assert!(!path.exists(), "the socket outlives the process");
}

#[test]
fn where_people_administer_a_realm_naming_its_directories_takes_its_administrator() {
    let (served, operator) = staff();
    let issuer = served.bridge.issuer("staff");
    let editor = operator.create_administrator("editor", &["federation:write"]);
    let editor = served.administrator(&token(&issuer, "editor", &editor));
    let owner = operator.create_administrator("owner", &["realm:admin"]);
    let owner = served.administrator(&token(&issuer, "owner", &owner));
    let nothing = json!({});
    assert_is_problem(&editor.post("/user-federations", &nothing), 400);

    // Whoever names a directory would name the members of this group with it.
    let patch = json!({ "admin_groups": ["bridge-operators"] });
    assert_eq!(operator.patch("/realms/staff", &patch).status, 200);
    let page = editor.post("/user-federations", &nothing);
    assert_is_problem(&page, 403);
    assert!(challenge(&page).contains("scope=\"realm:admin\""));
    assert_eq!(editor.get("/user-federations").status, 200);
    assert_is_problem(&owner.post("/user-federations", &nothing), 400);
}
