//! A server with a bridge before it, and realms of the bridge for one scenario each.

use super::Environment;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU32, Ordering},
};
use suites::{
    admin::Admin,
    application::{Application, decode},
    authority::Authority,
    bridge::Bridge,
    browser::{Browser, Page},
    ldap::Administrator,
    rhds::{self, Rhds},
    samba::{self, Samba},
    served::Served,
    slapd::{self, Slapd},
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");
pub(super) const REDIRECT: &str = "http://127.0.0.1:49152/callback";
pub(super) const FEDERATIONS: &str = "/user-federations";
/// All that the bridge says of anybody.
const SCOPE: &str = "openid profile email phone address groups";

/// People of whom nothing is particular, beside those of the LDIF files: for scenarios that change
/// somebody. Their password is `Pw-` and the name.
const PEOPLE: [&str; 11] = [
    "joan", "mary", "dorothy", "evelyn", "ruth", "vera", "lise", "ingrid", "hilda", "maryam",
    "emilie",
];

/// A server with a bridge before it.
pub(crate) struct Stage {
    pub(super) environment: Environment,
    served: Option<Served>,
    demo: Option<Bridge>,
    server: Server,
    count: AtomicU32,
}

enum Server {
    Slapd(Slapd),
    Rhds(Rhds),
    Samba(Samba),
    None,
}

/// A realm with one federation and one application.
pub(super) struct Realm<'a> {
    stage: &'a Stage,
    name: String,
    /// Whoever runs the bridge, for this realm.
    pub(super) admin: Admin,
    /// The application.
    pub(super) wiki: Application,
    /// The federation's id.
    pub(super) federation: String,
}

impl Stage {
    pub(super) fn start(environment: Environment) -> Self {
        let server = match environment {
            Environment::Slapd => Server::Slapd(Slapd::start()),
            Environment::Rhds => Server::Rhds(Rhds::start()),
            Environment::Samba => Server::Samba(Samba::start()),
            Environment::Scripted | Environment::Demo => Server::None,
        };
        let is_demo = environment == Environment::Demo;
        let stage = Self {
            environment,
            served: (!is_demo).then(|| Served::bare_and_unhurried(BRIDGE)),
            demo: is_demo.then(|| Bridge::demo(BRIDGE)),
            server,
            count: AtomicU32::new(0),
        };
        stage.add_people();
        stage
    }

    /// The bridge, where it is not the demonstration.
    pub(super) fn served(&self) -> &Served {
        self.served.as_ref().expect("this is not the demonstration")
    }

    /// The demonstration.
    pub(super) fn demo(&self) -> &Bridge {
        self.demo.as_ref().expect("this is the demonstration")
    }

    /// A federation with the people of the server, as the admin API takes it.
    pub(super) fn federation(&self) -> Value {
        let (vendor, url, users, service, names) = match &self.server {
            Server::Slapd(slapd) => (
                "openldap",
                format!("ldaps://{}", slapd.ldaps_address()),
                slapd::PEOPLE,
                (slapd::SERVICE_DN, slapd::SERVICE_PASSWORD),
                ["uid", "uid", "entryUUID", "inetOrgPerson"],
            ),
            Server::Rhds(rhds) => (
                "rhds",
                rhds.ldaps_url(),
                rhds::PEOPLE,
                (rhds::SERVICE_DN, rhds::SERVICE_PASSWORD),
                ["uid", "uid", "nsUniqueId", "inetOrgPerson"],
            ),
            Server::Samba(samba) => (
                "active-directory",
                samba.ldaps_url(),
                samba::PEOPLE,
                (samba::SERVICE_DN, samba::SERVICE_PASSWORD),
                [
                    "sAMAccountName",
                    "cn",
                    "objectGUID",
                    "person, organizationalPerson, user",
                ],
            ),
            Server::None => panic!("a scripted peer has its own federation"),
        };
        let [username, rdn, uuid, classes] = names;
        json!({
            "name": "people",
            "vendor": vendor,
            "username_ldap_attribute": username,
            "rdn_ldap_attribute": rdn,
            "uuid_ldap_attribute": uuid,
            "user_object_classes": classes,
            "connection_url": url,
            "users_dn": users,
            "bind_dn": service.0,
            "bind_credential": service.1,
            "mapper": [],
            "advanced": { "ca_bundle": Authority::shared().ca },
        })
    }

    /// `ldap://` and the server's address.
    pub(super) fn plain_url(&self) -> String {
        match &self.server {
            Server::Slapd(slapd) => format!("ldap://{}", slapd.ldap_address()),
            Server::Rhds(rhds) => rhds.ldap_url(),
            Server::Samba(samba) => samba.ldap_url(),
            Server::None => panic!("there is no server"),
        }
    }

    /// Where groups live.
    pub(super) fn groups(&self) -> String {
        match self.environment {
            Environment::Samba => format!("OU=Groups,{}", samba::DOMAIN),
            _ => format!("ou=groups,{}", slapd::SUFFIX),
        }
    }

    /// The suffix of the tree.
    pub(super) fn suffix(&self) -> &'static str {
        match self.environment {
            Environment::Samba => samba::DOMAIN,
            _ => slapd::SUFFIX,
        }
    }

    /// The DN of somebody.
    pub(super) fn dn(&self, username: &str) -> String {
        let full_name = || match username {
            "ada" => "Ada Lovelace".to_owned(),
            "emmy" => "Emmy Noether".to_owned(),
            "hedy" => "Hedy Lamarr".to_owned(),
            "grace" => "Grace Hopper".to_owned(),
            "edsger" => "Edsger Dijkstra".to_owned(),
            "sophie" => "Sophie Germain".to_owned(),
            "svc" => "svc".to_owned(),
            other => format!("{} Example", capital(other)),
        };
        match self.environment {
            Environment::Samba => format!("CN={},{}", full_name(), samba::PEOPLE),
            _ => format!("uid={username},{}", slapd::PEOPLE),
        }
    }

    /// Applies change records (RFC 2849) as the directory's administrator; a record without a change
    /// type adds its entry.
    pub(super) fn change(&self, ldif: &str) {
        match &self.server {
            Server::Slapd(slapd) => slapd_administrator(&slapd_url(slapd)).change(ldif, true),
            Server::Rhds(rhds) => rhds.change(ldif),
            Server::Samba(samba) => samba.modify(ldif),
            Server::None => panic!("there is no server"),
        }
    }

    /// Gives an entry these values of an attribute, and no others.
    pub(super) fn set(&self, dn: &str, attribute: &str, values: &[&str]) {
        let mut ldif = format!("dn: {dn}\nchangetype: modify\nreplace: {attribute}\n");
        for value in values {
            writeln!(ldif, "{attribute}: {value}").expect("a string");
        }
        self.change(&ldif);
    }

    /// The values of an attribute of an entry, as the directory's administrator sees them.
    pub(super) fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        match &self.server {
            Server::Slapd(slapd) => slapd_administrator(&slapd_url(slapd)).values(dn, attribute),
            Server::Rhds(rhds) => rhds.values(dn, attribute),
            Server::Samba(samba) => samba.values(dn, attribute),
            Server::None => panic!("there is no server"),
        }
    }

    /// The Samba that is before the bridge.
    pub(super) fn samba(&self) -> &Samba {
        match &self.server {
            Server::Samba(samba) => samba,
            _ => panic!("this is no Samba"),
        }
    }

    /// A realm with the people of the server.
    pub(super) fn realm(&self) -> Realm<'_> {
        self.realm_with(|_| {})
    }

    /// The same, with the federation changed before it is made.
    pub(super) fn realm_with(&self, change: impl FnOnce(&mut Value)) -> Realm<'_> {
        let mut federation = self.federation();
        change(&mut federation);
        self.realm_of(&federation)
    }

    /// A realm with this federation.
    #[track_caller]
    pub(super) fn realm_of(&self, federation: &Value) -> Realm<'_> {
        let mut realm = self.empty_realm();
        realm.federation = realm.add(federation);
        realm
    }

    /// A realm without any federation.
    pub(super) fn empty_realm(&self) -> Realm<'_> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("realm-{count}");
        let operator = self.served().operator();
        operator.create_realm(&name);
        let admin = operator.of(&name);
        admin.create_public_client("wiki");
        let issuer = self.served().bridge.issuer(&name);
        Realm {
            stage: self,
            wiki: Application::public(&issuer, "wiki", REDIRECT),
            name,
            admin,
            federation: String::new(),
        }
    }

    fn add_people(&self) {
        let mut ldif = String::new();
        for name in PEOPLE {
            let (dn, surname) = (self.dn(name), "Example");
            let given = capital(name);
            match self.environment {
                Environment::Slapd => writeln!(
                    ldif,
                    "dn: {dn}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {given} {surname}\nsn: {surname}\n\
                     givenName: {given}\ndisplayName: {given} {surname}\nmail: {name}@example.test\n\
                     userPassword: Pw-{name}\n"
                ),
                Environment::Samba => writeln!(
                    ldif,
                    "dn: {dn}\nobjectClass: user\nsAMAccountName: {name}\n\
                     userPrincipalName: {name}@ad.example.test\nsn: {surname}\ngivenName: {given}\n\
                     displayName: {given} {surname}\nmail: {name}@example.test\npassword: Pw-{name}\n\
                     userAccountControl: 66048\n"
                ),
                // They are in its template.
                Environment::Rhds | Environment::Scripted | Environment::Demo => return,
            }
            .expect("a string");
        }
        match &self.server {
            Server::Samba(samba) => samba.add(&ldif),
            _ => self.change(&ldif),
        }
    }
}

impl Realm<'_> {
    /// Adds a federation; its id.
    #[track_caller]
    pub(super) fn add(&self, federation: &Value) -> String {
        let made = self.admin.create(FEDERATIONS, federation);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// The realm's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The path of the federation's resource.
    pub(super) fn path(&self) -> String {
        format!("{FEDERATIONS}/{}", self.federation)
    }

    /// What comes of a password.
    pub(super) fn try_password(&self, username: &str, password: &str) -> Page {
        let wiki = &self.wiki;
        wiki.submit(&Browser::new(), &wiki.attempt(), username, password)
    }

    /// Somebody comes in.
    #[track_caller]
    pub(super) fn comes_in(&self, username: &str, password: &str) {
        let page = self.try_password(username, password);
        assert_eq!(page.status, 303, "{username}: {}", self.reason());
    }

    /// Somebody is kept out, and the audit trail knows this reason.
    #[track_caller]
    pub(super) fn is_refused(&self, username: &str, password: &str, reason: &str) {
        let page = self.try_password(username, password);
        assert_eq!(self.reason(), reason, "{username}");
        assert_eq!(page.status, 401, "{username}: {reason}");
    }

    /// Nobody can tell, and the audit trail knows a reason with this in it.
    #[track_caller]
    pub(super) fn is_unavailable(&self, username: &str, password: &str, reason: &str) {
        let page = self.try_password(username, password);
        let known = self.reason();
        assert!(known.contains(reason), "{username}: {known}");
        assert_eq!(page.status, 503, "{username}: {known}");
    }

    /// The claims of the ID token that somebody gets.
    #[track_caller]
    pub(super) fn claims(&self, username: &str, password: &str) -> Value {
        let attempt = self.wiki.attempt().with("scope", SCOPE);
        let page = self
            .wiki
            .submit(&Browser::new(), &attempt, username, password);
        assert_eq!(page.status, 303, "{username}: {}", self.reason());
        let code = self.wiki.code_in(&page.location());
        let tokens = self.wiki.redeem(&self.wiki.token_fields(&code, &attempt));
        let tokens = tokens.json();
        decode(tokens["id_token"].as_str().expect("an ID token")).1
    }

    /// Changes the federation.
    #[track_caller]
    pub(super) fn patch(&self, patch: &Value) {
        let page = self.admin.patch(&self.path(), patch);
        assert_eq!(page.status, 200, "{}", page.body);
    }

    /// Why the last sign-in of the realm ended as it did; blank where it went well.
    pub(super) fn reason(&self) -> String {
        let events = self.stage.served().audited_sign_ins();
        let last = events
            .iter()
            .rev()
            .find(|event| event["realm"] == self.name);
        let reason = last.and_then(|event| event["reason"].as_str());
        reason.unwrap_or_default().to_owned()
    }

    /// The realm's part of the audit trail, in order.
    pub(super) fn audited(&self) -> Vec<Value> {
        let events = self.stage.served().audited().into_iter();
        events.filter(|event| event["realm"] == self.name).collect()
    }
}

fn slapd_url(slapd: &Slapd) -> String {
    format!("ldap://{}", slapd.ldap_address())
}

fn slapd_administrator(url: &str) -> Administrator<'_> {
    Administrator {
        url,
        dn: "cn=admin,dc=example,dc=test",
        password: "adminpw",
    }
}

/// With a capital letter at the beginning.
pub(super) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
