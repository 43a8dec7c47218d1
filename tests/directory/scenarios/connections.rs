//! The way to a server: TLS, trust, the service's own bind.

use super::{
    Cell::{Cannot, Seen},
    NO_DEMO, REAL, Scenario,
    outages::address,
};
use serde_json::json;
use std::net::Ipv4Addr;
use suites::{authority::Authority, proxy::Proxy};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all("LDAPS", |stage| stage.realm().comes_in("ada", "Pw-ada")),
    Scenario::of_all("StartTLS", |stage| {
        let realm = stage.realm_with(|federation| {
            federation["connection_url"] = json!(stage.plain_url());
            federation["advanced"]["start_tls"] = json!(true);
        });
        realm.comes_in("ada", "Pw-ada");
    }),
    Scenario::of_all("no password travels without TLS", |stage| {
        let realm = stage.realm_with(|federation| {
            federation["connection_url"] = json!(stage.plain_url());
        });
        realm.is_unavailable("ada", "Pw-ada", "plaintext refused");
    }),
    Scenario::of_all(
        "a password travels without TLS where the operator says so",
        |stage| {
            let realm = stage.realm_with(|federation| {
                federation["connection_url"] = json!(stage.plain_url());
                federation["advanced"]["allow_plaintext"] = json!(true);
            });
            realm.comes_in("ada", "Pw-ada");
        },
    )
    .not_samba("it refuses a bind without TLS, which is shown apart"),
    Scenario {
        what: "a server that wants TLS is told apart from a wrong password",
        slapd: Cannot("it takes passwords without TLS"),
        rhds: Cannot("it takes passwords without TLS"),
        samba: Seen(|stage| {
            let realm = stage.realm_with(|federation| {
                federation["connection_url"] = json!(stage.plain_url());
                federation["advanced"]["allow_plaintext"] = json!(true);
            });
            realm.is_unavailable("ada", "Pw-ada", "service bind");
        }),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all("a server that nobody vouches for is not trusted", |stage| {
        let realm = stage.realm_with(|federation| {
            federation["advanced"]["ca_bundle"] = json!(Authority::shared().unrelated_ca);
        });
        realm.is_unavailable("ada", "Pw-ada", "TLS failed");
    }),
    Scenario::of_all("a certificate of another host is not trusted", |stage| {
        // The way leads to the server, by an address that its certificate is not for.
        let elsewhere = Proxy::start_on(Ipv4Addr::new(127, 0, 0, 2), &address(stage));
        let realm = stage.realm_with(|federation| {
            federation["connection_url"] = json!(format!("ldaps://{}", elsewhere.address()));
        });
        realm.is_unavailable("ada", "Pw-ada", "TLS failed");
        assert!(elsewhere.accepted() > 0, "the server was reached");
    }),
    Scenario::of_all("TLS 1.3 alone", |stage| {
        let realm = stage.realm_with(|federation| {
            federation["advanced"]["tls_min"] = json!("1.3");
        });
        realm.comes_in("ada", "Pw-ada");
    }),
    Scenario::of_all(
        "a wrong bind credential is nobody's wrong password",
        |stage| {
            let realm = stage.realm_with(|federation| {
                federation["bind_credential"] = json!("wrong");
            });
            realm.is_unavailable("ada", "Pw-ada", "service bind refused");
        },
    ),
    Scenario::of_all(
        "an anonymous service reads nothing where the server wants a name",
        |stage| {
            let realm = stage.realm_with(|federation| {
                federation["bind_type"] = json!("none");
                let members = federation.as_object_mut().expect("a document");
                members.remove("bind_dn");
                members.remove("bind_credential");
            });
            let page = realm.try_password("ada", "Pw-ada");
            assert_ne!(page.status, 303, "{}", realm.reason());
        },
    ),
    Scenario::of_all("the test of a connection passes, step by step", |stage| {
        let realm = stage.realm();
        let question = json!({ "federation": stage.federation() });
        for test in ["test-connection", "test-authentication"] {
            let path = format!("{}/{test}", super::stage::FEDERATIONS);
            let page = realm.admin.post(&path, &question);
            assert_eq!(page.json()["passed"], true, "{test}: {}", page.body);
        }
    }),
    Scenario::of_all("the server is known by its address alone", |stage| {
        let realm = stage.empty_realm();
        let federation = stage.federation();
        let page = realm.admin.post(
            &format!("{}/connect", super::stage::FEDERATIONS),
            &json!({
                "connection_url": federation["connection_url"],
                "bind_dn": federation["bind_dn"],
                "bind_credential": federation["bind_credential"],
                "advanced": federation["advanced"],
            }),
        );
        let proposals = page.json()["proposals"].clone();
        assert_eq!(
            proposals[0]["policy"]["id"], federation["vendor"],
            "{}",
            page.body
        );
    }),
];
