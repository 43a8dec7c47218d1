//! Metadata and keys: OpenID Connect Discovery, RFC 8414, RFC 7517.

use crate::site::{bridge, elsewhere, public};
use suites::browser::Browser;

#[test]
fn metadata_stands_at_both_addresses_and_names_its_issuer() {
    let (browser, here) = (Browser::new(), public());
    let document = browser.get(format!("{}/.well-known/openid-configuration", here.issuer));
    assert_eq!(document.status, 200);
    assert_eq!(document.json()["issuer"], here.issuer);
    let path = here
        .issuer
        .strip_prefix(&bridge().url(""))
        .expect("an issuer below the bridge");
    let other =
        browser.get(bridge().url(&format!("/.well-known/oauth-authorization-server{path}")));
    assert_eq!(other.json(), document.json());
}

#[test]
fn every_realm_has_endpoints_and_keys_of_its_own() {
    let browser = Browser::new();
    let [one, other] = [public(), elsewhere()].map(|client| {
        let document = browser
            .get(format!(
                "{}/.well-known/openid-configuration",
                client.issuer
            ))
            .json();
        for endpoint in [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
        ] {
            let address = document[endpoint].as_str().expect("an address");
            assert!(
                address.starts_with(&format!("{}/", client.issuer)),
                "{address}"
            );
        }
        browser
            .get(document["jwks_uri"].as_str().expect("an address"))
            .json()
    });
    let keys = |set: &serde_json::Value| set["keys"].as_array().expect("keys").clone();
    assert!(keys(&one).iter().all(|key| !keys(&other).contains(key)));
}

#[test]
fn metadata_promises_nothing_that_is_refused() {
    let document = Browser::new()
        .get(format!(
            "{}/.well-known/openid-configuration",
            public().issuer
        ))
        .json();
    assert_eq!(
        document["response_types_supported"],
        serde_json::json!(["code"])
    );
    assert_eq!(
        document["grant_types_supported"],
        serde_json::json!(["authorization_code", "client_credentials"])
    );
    assert_eq!(
        document["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
    let algorithms = document["id_token_signing_alg_values_supported"]
        .as_array()
        .expect("a list");
    assert!(
        algorithms.iter().any(|name| name == "RS256")
            && algorithms.iter().all(|name| name != "none")
    );
}

#[test]
fn published_keys_are_public_and_named() {
    let set = Browser::new().get(public().endpoint("certs")).json();
    let keys = set["keys"].as_array().expect("keys");
    let kids: std::collections::BTreeSet<_> = keys
        .iter()
        .map(|key| key["kid"].as_str().expect("a kid"))
        .collect();
    assert_eq!(kids.len(), keys.len());
    for key in keys {
        assert_eq!(key["use"], "sig");
        assert!(
            matches!(key["alg"].as_str(), Some("RS256" | "ES256")),
            "{key}"
        );
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private} is published");
        }
    }
}

#[test]
fn a_realm_that_is_not_there_is_not_found() {
    let browser = Browser::new();
    for path in [
        "/realms/nobody/.well-known/openid-configuration",
        "/realms/nobody/protocol/openid-connect/certs",
    ] {
        assert_eq!(browser.get(bridge().url(path)).status, 404, "{path}");
    }
    let mut client = public();
    client.issuer = bridge().issuer("nobody");
    let page = browser.get(client.authorize_url(&client.attempt()));
    assert_eq!((page.status, page.header("location")), (404, None));
}
