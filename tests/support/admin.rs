//! The admin API as an administrator uses it: over its listener with a token, or over its socket as
//! whoever runs the bridge.

use crate::{
    application::Application,
    authority::Authority,
    browser::Page,
    slapd::{PEOPLE, SERVICE_DN, SERVICE_PASSWORD},
};
use reqwest::{
    Certificate,
    blocking::{Client, ClientBuilder, RequestBuilder},
    header::{CONTENT_TYPE, IF_MATCH},
    redirect::Policy,
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// Where the resources are below a prefix.
pub const RESOURCES: &str = "/auth-management/v1";
/// The prefix that says nothing of anybody.
const PREFIX: &str = "/api";

/// Somebody who administers.
#[derive(Clone)]
pub struct Admin {
    client: Client,
    /// The listener, without a slash at the end.
    base: String,
    token: Option<String>,
    realm: Option<String>,
}

impl Admin {
    /// Whoever runs the bridge, at its socket: no token is needed, and every realm is theirs.
    pub fn at_socket(socket: &Path) -> Self {
        let client = client().unix_socket(socket).build();
        Self {
            client: client.expect("an HTTP client"),
            base: "http://localhost".to_owned(),
            token: None,
            realm: None,
        }
    }

    /// Somebody with a token, or with none, at the listener.
    pub fn at(base: &str, token: Option<&str>) -> Self {
        Self {
            client: client().build().expect("an HTTP client"),
            base: base.to_owned(),
            token: token.map(str::to_owned),
            realm: None,
        }
    }

    /// The same, who names a realm in the path.
    #[must_use]
    pub fn of(&self, realm: &str) -> Self {
        Self {
            realm: Some(realm.to_owned()),
            ..self.clone()
        }
    }

    /// The same, with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// A request for a resource, such as `/user-federations`.
    pub fn request(&self, method: &str, resource: &str) -> RequestBuilder {
        self.request_below_prefix(method, &format!("{RESOURCES}{resource}"))
    }

    /// A request for a path as the API's description has it, such as `/admin/realms/staff/users`.
    pub fn request_below_prefix(&self, method: &str, path: &str) -> RequestBuilder {
        let realm = self.realm.as_ref();
        let realm = realm.map(|realm| format!("/realms/{realm}"));
        let path = format!("{}{PREFIX}{path}", realm.unwrap_or_default());
        self.request_at(method, &path)
    }

    /// A request for a path of the listener.
    pub fn request_at(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Reads a resource.
    pub fn get(&self, resource: &str) -> Page {
        send(self.request("GET", resource))
    }

    /// Sends a document to be added.
    pub fn post(&self, resource: &str, document: &Value) -> Page {
        send(with(self.request("POST", resource), document))
    }

    /// Sends a document in place of the one that is there.
    pub fn put(&self, resource: &str, document: &Value) -> Page {
        send(with(self.request("PUT", resource), document))
    }

    /// Sends a merge patch (RFC 7396).
    pub fn patch(&self, resource: &str, patch: &Value) -> Page {
        let request = self.request("PATCH", resource).body(patch.to_string());
        send(request.header(CONTENT_TYPE, "application/merge-patch+json"))
    }

    /// As [`Admin::patch`], if the resource is still what it was.
    pub fn patch_if(&self, resource: &str, etag: &str, patch: &Value) -> Page {
        let request = self.request("PATCH", resource).header(IF_MATCH, etag);
        let request = request.header(CONTENT_TYPE, "application/merge-patch+json");
        send(request.body(patch.to_string()))
    }

    /// Deletes a resource.
    pub fn delete(&self, resource: &str) -> Page {
        send(self.request("DELETE", resource))
    }

    /// Makes something; its document has to be taken.
    #[track_caller]
    pub fn create(&self, resource: &str, document: &Value) -> Value {
        let page = self.post(resource, document);
        assert_eq!(page.status, 201, "{resource}: {}", page.body);
        page.json()
    }

    /// Makes a realm.
    #[track_caller]
    pub fn create_realm(&self, name: &str) {
        self.create("/realms", &json!({ "name": name }));
    }

    /// Makes a public client of the realm that answers to any port of the loopback, signed with the
    /// algorithm whose keys are made quickly.
    #[track_caller]
    pub fn create_public_client(&self, id: &str) {
        self.create(
            "/clients",
            &json!({
                "client_id": id,
                "public": true,
                "redirect_uris": ["http://127.0.0.1/callback"],
                "signing_algorithm": "ES256",
            }),
        );
    }

    /// Makes a client that administers its realm, and gives its secret.
    #[track_caller]
    pub fn create_administrator(&self, id: &str, scopes: &[&str]) -> String {
        self.create(
            "/clients",
            &json!({
                "client_id": id,
                "grant_types": ["client_credentials"],
                "signing_algorithm": "ES256",
                "admin_scopes": scopes,
            }),
        );
        let made = self.create(&format!("/clients/{id}/secrets"), &json!({}));
        made["secret"].as_str().expect("a secret").to_owned()
    }
}

/// A federation `people` as the admin API takes it: the people of the suites' slapd, or of nobody, at an
/// address.
pub fn federation_document(url: &str) -> Value {
    json!({
        "name": "people",
        "vendor": "openldap",
        "username_ldap_attribute": "uid",
        "rdn_ldap_attribute": "uid",
        "uuid_ldap_attribute": "entryUUID",
        "user_object_classes": "inetOrgPerson",
        "connection_url": url,
        "users_dn": PEOPLE,
        "bind_dn": SERVICE_DN,
        "bind_credential": SERVICE_PASSWORD,
        "mapper": [],
        "advanced": { "ca_bundle": Authority::shared().ca },
    })
}

/// A token by `client_credentials` (RFC 6749 section 4.4) from an issuer.
#[track_caller]
pub fn token(issuer: &str, client_id: &str, secret: &str) -> String {
    let page = ask_for_token(issuer, client_id, secret);
    assert_eq!(page.status, 200, "no token: {}", page.body);
    let answer = page.json();
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// What the token endpoint answers to a client that asks for itself.
pub fn ask_for_token(issuer: &str, client_id: &str, secret: &str) -> Page {
    let client = Application {
        secret: Some(secret.to_owned()),
        ..Application::public(issuer, client_id, "http://127.0.0.1/callback")
    };
    client.redeem(&[("grant_type".to_owned(), "client_credentials".to_owned())])
}

fn client() -> ClientBuilder {
    let authority = Certificate::from_pem(Authority::shared().ca.as_bytes());
    Client::builder()
        .tls_certs_only([authority.expect("a certificate")])
        .redirect(Policy::none())
        .timeout(Duration::from_mins(1))
        .no_proxy()
}

fn with(request: RequestBuilder, document: &Value) -> RequestBuilder {
    request
        .header(CONTENT_TYPE, "application/json")
        .body(document.to_string())
}

/// Sends a request.
pub fn send(request: RequestBuilder) -> Page {
    let response = request.send().expect("an answer");
    Page {
        url: response.url().clone(),
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().expect("a body"),
    }
}
