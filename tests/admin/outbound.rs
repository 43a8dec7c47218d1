//! Where a realm may not connect to: refused by tests, by saving's previews and by sign-ins alike.

use super::BRIDGE;
use serde_json::{Value, json};
use std::{fs, net::TcpListener, time::Duration};
use suites::{
    admin::federation_document, application::Application, browser::Browser, served::Served,
};

/// Hosts that lead to this machine, this link, or a cloud's metadata, each in some spelling.
fn targets() -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "127.9.9.9",
        "localhost",
        "[::1]",
        "0.0.0.0",
        "[::]",
        "169.254.169.254",
        "169.254.0.1",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
        "224.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
    ];
    // A name of the machine's own that the resolver makes a loopback address of.
    let own = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names = own
        .lines()
        .filter(|line| line.starts_with("127."))
        .flat_map(|line| {
            line.split_whitespace()
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
    hosts
        .iter()
        .map(|host| (*host).to_owned())
        .chain(names)
        .collect()
}

fn federation(host: &str, port: u16) -> Value {
    let mut document = federation_document(&format!("ldap://{host}:{port}"));
    document["advanced"] =
        json!({ "allow_plaintext": true, "connection_timeout": "1s", "read_timeout": "1s" });
    document
}

#[test]
fn special_addresses_are_refused_by_tests_and_sign_ins_alike() {
    // Whoever were connected to would be seen here.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener
        .set_nonblocking(true)
        .expect("a listener that does not wait");
    let port = listener.local_addr().expect("its address").port();
    let served = Served::bare_with(BRIDGE, "");
    served.operator().create_realm("staff");
    let operator = served.operator().of("staff");
    operator.create_public_client("wiki");
    let wiki = Application::public(
        &served.bridge.issuer("staff"),
        "wiki",
        "http://127.0.0.1:49152/callback",
    );
    let mut told: Option<String> = None;
    for host in targets() {
        let document = federation(&host, port);
        let body = json!({ "federation": document, "limit": 1 });
        for action in [
            "test-connection",
            "test-authentication",
            "capabilities",
            "preview",
        ] {
            let page = operator.post(&format!("/user-federations/{action}"), &body);
            let text = page.body.replace(&host, "HOST");
            assert!(
                text.contains("connection_url") && text.contains("not allowed"),
                "{action} {host}: {} {text}",
                page.status
            );
        }
        let page = operator.post("/user-federations/test-connection", &body);
        // Nothing tells one refused place from another.
        let problem = page.json()["problems"].to_string();
        let problem = problem
            .replace(host.trim_matches(['[', ']']), "HOST")
            .replace("[HOST]", "HOST");
        assert_eq!(
            told.get_or_insert_with(|| problem.clone()),
            &problem,
            "{host}"
        );

        let made = operator.create("/user-federations", &document);
        let page = wiki.submit(&Browser::new(), &wiki.attempt(), "ada", "password");
        assert_eq!(page.status, 503, "{host}: {}", page.body);
        let id = made["id"].as_str().expect("an id");
        assert_eq!(
            operator.delete(&format!("/user-federations/{id}")).status,
            204
        );
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn a_rule_lets_one_realm_reach_what_another_may_not() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    let rule = format!(
        "[[outbound]]\nrealms = [\"near\"]\nnetworks = [\"127.0.0.0/8\"]\nports = [{port}]\n"
    );
    let served = Served::bare_with(BRIDGE, &rule);
    let told = |realm: &str, port: u16| {
        served.operator().of(realm).post(
            "/user-federations/test-connection",
            &json!({ "federation": federation("127.0.0.1", port) }),
        )
    };
    for realm in ["near", "far"] {
        served.operator().create_realm(realm);
    }
    // Nobody listens there: to one realm that is told, to the other it is not.
    assert!(!told("near", port).body.contains("not allowed"));
    assert!(told("far", port).body.contains("not allowed"));
    assert!(
        told("near", port.wrapping_add(1).max(1024))
            .body
            .contains("not allowed")
    );
}
