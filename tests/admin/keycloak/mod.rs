//! `/admin/realms/{realm}/users`, in Keycloak's shape, over real directories.

mod finding;
mod isolation;
mod kept_here;
mod written;

use super::{BRIDGE, staff, synchronisation::synchronised};
use serde_json::{Value, json};
use std::process::Command;
use suites::{
    admin::{Admin, federation_document, send},
    application::Application,
    browser::{Browser, Page},
    ldap::Administrator,
    served::Served,
    slapd::{PEOPLE, Slapd},
};

/// Who may write below the people.
const WRITER_DN: &str = "cn=writer,ou=services,dc=example,dc=test";
const WRITER_PASSWORD: &str = "writerpw";
const ROOT_DN: &str = "cn=admin,dc=example,dc=test";
const ROOT_PASSWORD: &str = "adminpw";

/// A bridge with the realm `staff`, whose people are imported from a slapd of their own.
struct Site {
    served: Served,
    operator: Admin,
    slapd: Slapd,
    federation: String,
}

impl Site {
    /// With a federation whose document has these members too.
    fn with(members: &Value) -> Self {
        let (served, operator) = staff();
        let slapd = Slapd::start();
        let federation = federation(&operator, &slapd, members);
        operator.create_public_client("wiki");
        synchronised(&operator, &federation);
        Self {
            served,
            operator,
            slapd,
            federation,
        }
    }

    fn ask(&self, method: &str, rest: &str, body: Option<&Value>) -> Page {
        ask(&self.operator, method, &format!("/staff/users{rest}"), body)
    }

    fn get(&self, rest: &str) -> Page {
        self.ask("GET", rest, None)
    }

    /// The one user of a name.
    #[track_caller]
    fn user(&self, name: &str) -> Value {
        let page = self.get(&format!("?username={name}&exact=true"));
        assert_eq!(page.status, 200, "{}", page.body);
        let users = page.json();
        assert_eq!(users.as_array().map(Vec::len), Some(1), "{name}: {users}");
        users[0].clone()
    }

    fn id(&self, name: &str) -> String {
        let user = self.user(name);
        user["id"].as_str().expect("an id").to_owned()
    }

    #[track_caller]
    fn change(&self, id: &str, members: &Value) {
        let page = self.ask("PUT", &format!("/{id}"), Some(members));
        assert_eq!(page.status, 204, "{}", page.body);
        assert_eq!(page.body, "");
    }

    fn reset(&self, id: &str, password: &str) -> Page {
        let body = json!({ "type": "password", "value": password, "temporary": false });
        self.ask("PUT", &format!("/{id}/reset-password"), Some(&body))
    }

    /// What slapd itself says.
    fn values(&self, name: &str, attribute: &str) -> Vec<String> {
        let url = format!("ldap://{}", self.slapd.ldap_address());
        let administrator = Administrator {
            url: &url,
            dn: ROOT_DN,
            password: ROOT_PASSWORD,
        };
        administrator.values(&format!("uid={name},{PEOPLE}"), attribute)
    }

    /// Whether slapd itself has an entry.
    fn has_entry(&self, filter: &str) -> bool {
        let url = format!("ldap://{}", self.slapd.ldap_address());
        let output = Command::new("ldapsearch")
            .args(["-x", "-LLL", "-H", &url, "-D", ROOT_DN, "-w", ROOT_PASSWORD])
            .args(["-b", PEOPLE, filter, "1.1"])
            .output()
            .expect("ldapsearch");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).contains("dn:")
    }

    fn wiki(&self) -> Application {
        let issuer = self.served.bridge.issuer("staff");
        Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback")
    }

    /// Whether somebody comes in with a password.
    fn comes_in(&self, name: &str, password: &str) -> bool {
        let wiki = self.wiki();
        let page = wiki.submit(&Browser::new(), &wiki.attempt(), name, password);
        page.status == 303
    }

    /// The lines of the audit trail about users, without sign-ins: what, what came of it, on whom.
    fn audited(&self) -> Vec<Value> {
        let is_of_user = |event: &Value| {
            let object = event["object"].as_str().unwrap_or_default();
            object.starts_with("user staff")
        };
        let events = self.served.audited();
        events.into_iter().filter(is_of_user).collect()
    }
}

/// A federation of a slapd whose people are imported; `members` come on top.
fn federation(operator: &Admin, slapd: &Slapd, members: &Value) -> String {
    let mut document = federation_document(&format!("ldaps://{}", slapd.ldaps_address()));
    document["import_enabled"] = json!(true);
    document["bind_dn"] = json!(WRITER_DN);
    document["bind_credential"] = json!(WRITER_PASSWORD);
    for (name, value) in members.as_object().expect("members") {
        document[name] = value.clone();
    }
    let made = operator.create("/user-federations", &document);
    made["id"].as_str().expect("an id").to_owned()
}

/// Asks for a path below `/admin/realms`.
fn ask(admin: &Admin, method: &str, path: &str, body: Option<&Value>) -> Page {
    let mut request = admin.request_at(method, &format!("/admin/realms{path}"));
    if let Some(body) = body {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    send(request)
}

/// An error as Keycloak's tools read it: the text of `errorMessage`, or of `error`.
#[track_caller]
fn error(page: &Page, status: u16) -> String {
    assert_eq!(page.status, status, "{}", page.body);
    assert_eq!(page.header("content-type"), Some("application/json"));
    let body = page.json();
    let texts = [&body["errorMessage"], &body["error"]];
    let texts: Vec<_> = texts.iter().filter_map(|text| text.as_str()).collect();
    assert_eq!(texts.len(), 1, "{body}");
    texts[0].to_owned()
}
