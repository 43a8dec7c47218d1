//! What is kept in these tests.

mod numbers;

pub(crate) use numbers::Numbers;

use bridge_model::{
    account::User,
    admin::AdminScope,
    client::{Client, ClientAuthentication, GrantType, RedirectUri},
    decision::{Bar, Refusal},
    dn::Dn,
    federation::{
        BindName, Connection, EditMode, Federation, OnError, ServiceBind, Synchronisation,
        TlsVersion,
    },
    filter::Slot,
    keys::{SigningAlgorithm, SigningKey},
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::{
        GroupForm, IdForm, Mapper, PasswordAttribute, PasswordEncoding, PasswordWrite, Plan,
        Problem, StableId,
    },
    policy::PolicyRules,
    ports::Store,
    realm::{
        ClientDeclaration, Declaration, FederationDeclaration, Lifetimes, PlannedFederation,
        PolicyRef, Prune, Realm, RealmDeclaration, Revision,
    },
    search::{Control, PolicySearch, SearchScope, Setting, Subtree},
    secret::Secret,
    session::{AuthorizationRequest, Grant, GrantStage, Interaction, Session, TokenHash},
    time::Timestamp,
};
use bridge_store::SealingKey;
use serde_json::json;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// The time in these tests.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);

/// A minute later.
pub(crate) const LATER: Timestamp = Timestamp(NOW.0 + 60);

/// The file that declares things.
pub(crate) const SOURCE: &str = "/etc/bridge/staff.toml";

/// One of several sealing keys.
pub(crate) fn key(number: u64) -> SealingKey {
    SealingKey::generate(&Numbers::starting_at(number * 1000))
}

pub(crate) fn realm_name(name: &str) -> RealmName {
    RealmName::new(name).expect("a realm's name")
}

pub(crate) fn staff() -> RealmName {
    realm_name("staff")
}

pub(crate) fn client_id(id: &str) -> ClientId {
    ClientId::new(id).expect("a client's id")
}

pub(crate) fn federation_name(name: &str) -> FederationName {
    FederationName::new(name).expect("a federation's name")
}

pub(crate) fn hash(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

pub(crate) const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn policy() -> PolicyRef {
    PolicyRef {
        id: "generic".into(),
        version: "1.0.0".into(),
        digest: format!("sha256:{}", "ab".repeat(32)),
    }
}

fn setting(name: &str, value: &str) -> Setting {
    Setting {
        name: name.into(),
        value: value.into(),
    }
}

fn mapper() -> Mapper {
    Mapper {
        name: "mail".into(),
        kind: "attribute".into(),
        ldap_attribute: Some("mail".into()),
        settings: vec![setting("claim", "email")],
    }
}

fn people() -> Subtree {
    Subtree {
        base: Dn::parse("ou=People,dc=staff,dc=example").expect("a DN"),
        scope: SearchScope::Subtree,
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        username_attribute: "uid".into(),
        rdn_attribute: "uid".into(),
        stable_id: StableId {
            attribute: "entryUUID".into(),
            form: IdForm::Uuid,
        },
        user_object_classes: vec!["inetOrgPerson".into()],
        login_filter: "(uid={username})".into(),
        users_filter: "(objectClass=inetOrgPerson)".into(),
        attributes: vec!["uid".into(), "mail".into()],
        shared: vec![PolicySearch {
            key: "groups".into(),
            base: "ou=Groups,dc=staff,dc=example".into(),
            scope: SearchScope::OneLevel,
            filter: "(member={dn})".into(),
            slots: vec![Slot {
                name: "dn".into(),
                values: vec![vec![0, 255, b'x']],
            }],
            attributes: vec!["cn".into()],
            size_limit: 100,
            required: true,
            more: Vec::new(),
        }],
        bind_controls: vec![Control {
            oid: "1.3.6.1.4.1.42.2.27.8.5.1".into(),
            critical: false,
            value: Some(vec![0, 1, 2]),
        }],
        password_controls: Vec::new(),
        password_write: PasswordWrite::Replace(PasswordAttribute {
            name: "userPassword".into(),
            encoding: PasswordEncoding::Utf8,
        }),
        writes: vec!["mail".into()],
        group_form: GroupForm::Path,
        claims: vec!["email".into()],
        mappers: vec![mapper()],
        memo: vec![0, 128, 255],
        notes: vec![Problem {
            field: "users".into(),
            message: "“all” of them".into(),
        }],
        more: vec![setting("later", "host")],
        chained: Vec::new(),
    }
}

pub(crate) fn bind(name: &str) -> ServiceBind {
    ServiceBind::Simple(BindName::new(name).expect("a bind name"))
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

/// A federation of the realm `staff`.
pub(crate) fn federation(name: &str, number: u128) -> FederationDeclaration {
    let federation = Federation {
        id: FederationId(id(number)),
        realm: staff(),
        name: federation_name(name),
        enabled: true,
        priority: 0,
        vendor: "Generic".into(),
        policy_digest: Some(format!("sha256:{}", "d".repeat(64))),
        edit_mode: EditMode::ReadOnly,
        import_enabled: true,
        sync_registration: false,
        users: vec![people()],
        read_bases: vec![people()],
        username_attribute: Some("uid".into()),
        rdn_attribute: None,
        uuid_attribute: None,
        user_object_classes: vec!["inetOrgPerson".into()],
        custom_filter: Some("(title=*)".into()),
        mappers: vec![mapper()],
        settings: vec![setting("page_size", "500")],
        groups_base: Some(people().base),
        on_error: OnError::PassOver,
        synchronisation: Synchronisation {
            full_period: Some(Duration::from_hours(24)),
            ..Synchronisation::default()
        },
        email_verified_domains: vec!["staff.example".into()],
        connection: Connection {
            urls: vec![url("ldaps://one.example"), url("ldaps://two.example")],
            start_tls: false,
            allow_plaintext: false,
            ca_bundle: Some("-----BEGIN CERTIFICATE-----".into()),
            bind: bind("cn=bridge,dc=staff,dc=example"),
            connect_timeout: Duration::from_millis(1500),
            operation_timeout: Duration::from_secs(5),
            pool_connections_max: 8,
            pool_connections_min: 2,
            tls_min: TlsVersion::Tls13,
            referral_hosts: vec!["two.example".into()],
            follow_aliases: true,
        },
        subject_namespace: name.into(),
    };
    FederationDeclaration {
        planned: PlannedFederation {
            federation,
            plan: plan(),
            policy: policy(),
            managed_by: None,
            revision: Revision(0),
        },
        bind_credential: Some(Secret::new("bind-credential-in-the-clear")),
    }
}

/// A client of the realm `staff` with these secrets; without any it is public.
pub(crate) fn client(id: &str, secrets: &[&str]) -> ClientDeclaration {
    ClientDeclaration {
        client: Client {
            realm: staff(),
            id: client_id(id),
            name: Some("The Wiki".into()),
            enabled: true,
            authentication: if secrets.is_empty() {
                ClientAuthentication::Public
            } else {
                ClientAuthentication::Secret
            },
            grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
            redirect_uris: vec![
                RedirectUri::new("https://wiki.example/callback").expect("a redirect URI"),
                RedirectUri::new("http://127.0.0.1/callback").expect("a redirect URI"),
            ],
            signing_algorithm: SigningAlgorithm::ES256,
            token_lifetime: Some(Duration::from_secs(90)),
            allowed_groups: vec!["cn=Wiki,dc=staff,dc=example".into()],
            admin_scopes: vec![AdminScope::UserRead],
            managed_by: None,
            revision: Revision(0),
        },
        secrets: secrets.iter().copied().map(Secret::new).collect(),
    }
}

pub(crate) fn realm(name: &str) -> Realm {
    Realm {
        name: realm_name(name),
        display_name: Some("Staff of Example".into()),
        enabled: true,
        lifetimes: Lifetimes {
            session: Duration::from_secs(11),
            interaction: Duration::from_secs(12),
            code: Duration::from_secs(13),
            token: Duration::from_secs(14),
        },
        admin_groups: vec!["operators".into()],
        policies: PolicyRules {
            allowed: vec!["sample".into()],
            ..PolicyRules::default()
        },
        managed_by: None,
        revision: Revision(0),
    }
}

/// A realm with nothing in it.
pub(crate) fn empty_realm(name: &str) -> RealmDeclaration {
    RealmDeclaration {
        realm: realm(name),
        federations: Vec::new(),
        clients: Vec::new(),
    }
}

/// The realm `staff` with one federation and two clients.
pub(crate) fn full_realm() -> RealmDeclaration {
    RealmDeclaration {
        federations: vec![federation("people", 1)],
        clients: vec![client("wiki", &["client-secret-one"]), client("cli", &[])],
        ..empty_realm("staff")
    }
}

pub(crate) fn declaration(realms: Vec<RealmDeclaration>) -> Declaration {
    Declaration {
        source: SOURCE.into(),
        realms,
        prune: Prune::AllRealms,
        adopt: false,
    }
}

/// Declares realms in the file [`SOURCE`].
pub(crate) async fn declare(store: &dyn Store, realms: Vec<RealmDeclaration>) {
    store
        .apply(&declaration(realms), false, NOW)
        .await
        .expect("the declaration applies");
}

pub(crate) fn user() -> User {
    let claims = json!({
        "name": "Ada Lovelace", "groups": ["analysts", "Ä"], "level": 3, "ratio": 0.1, "none": null
    });
    User {
        subject: "f6a2".into(),
        username: "ada".into(),
        claims: claims.as_object().expect("an object").clone(),
        bars: vec![Bar {
            reason: Refusal::Other("leaves".into()),
            since: Some(LATER),
            until: None,
        }],
        group_dns: vec!["cn=Wiki,dc=staff,dc=example".into()],
        federation: federation_name("people"),
        federation_id: FederationId(id(1)),
        entry_dn: "uid=ada,ou=People,dc=staff,dc=example".into(),
        policy: policy(),
    }
}

pub(crate) fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: client_id("wiki"),
        redirect_uri: "https://wiki.example/callback".into(),
        scope: vec!["openid".into(), "profile".into()],
        state: Some("a \"state\" \u{0} ü".into()),
        nonce: None,
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
        login_required: true,
        max_age: Some(0),
        login_hint: Some("ada".into()),
    }
}

/// Over at [`LATER`].
pub(crate) fn interaction(number: u8) -> Interaction {
    Interaction {
        id: hash(number),
        realm: staff(),
        browser: hash(200),
        request: request(),
        expires_at: LATER,
    }
}

/// Over at [`LATER`].
pub(crate) fn session(number: u8) -> Session {
    Session {
        id: id(number.into()),
        realm: staff(),
        secret: hash(number),
        user: user(),
        auth_time: NOW,
        expires_at: LATER,
    }
}

/// Over at [`LATER`]; the last second of its code is the thirtieth from [`NOW`].
pub(crate) fn grant(number: u8) -> Grant {
    Grant {
        id: id(number.into()),
        realm: staff(),
        session: id(77),
        request: request(),
        user: user(),
        auth_time: NOW,
        code: hash(number),
        code_expires_at: Timestamp(NOW.0 + 30),
        expires_at: LATER,
        stage: GrantStage::Issued,
    }
}

pub(crate) fn signing_key(kid: &str, algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey {
        realm: staff(),
        kid: kid.into(),
        algorithm,
        private: Secret::new(format!("signing-key-in-the-clear-{kid}")),
        created_at: NOW,
    }
}
