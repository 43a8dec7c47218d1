//! One configured directory of a realm.

use crate::{
    dn::Dn,
    names::{FederationId, FederationName, RealmName},
    plan::Mapper,
    policy::PolicyChoice,
    search::{SearchScope, Setting, Subtree},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// What may be written to a federation's directory, in Keycloak's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EditMode {
    /// Nothing.
    #[default]
    ReadOnly,
    /// Profile changes and passwords go to the directory.
    Writable,
    /// Changes are kept by the bridge, over what the directory says.
    Unsynced,
}

/// A federation as the operator wrote it. Its bind credential is not here: the store hands it out
/// apart ([`crate::ports::Realms::bind_credential`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Federation {
    /// Kept over every change.
    pub id: FederationId,
    /// Whose it is.
    pub realm: RealmName,
    /// Unique in the realm.
    pub name: FederationName,
    /// Whether it is asked at sign-in.
    pub enabled: bool,
    /// Lower is asked first; ties in the order of creation.
    pub priority: i32,
    /// The id or an alias of a policy, in any letter case, as the operator wrote it.
    pub vendor: String,
    /// The very component that is to be used (`sha256:` and 64 hexadecimal digits), which has to answer to
    /// [`Federation::vendor`]; none: the one in force under that name.
    #[serde(default)]
    pub policy_digest: Option<String>,
    /// What may be written.
    pub edit_mode: EditMode,
    /// Whether users are kept in the bridge's own store.
    pub import_enabled: bool,
    /// Whether newly registered users are created in the directory.
    pub sync_registration: bool,
    /// Where users live: at least one.
    pub users: Vec<Subtree>,
    /// What else may be read.
    pub read_bases: Vec<Subtree>,
    /// None: the vendor's default.
    pub username_attribute: Option<String>,
    /// None: the vendor's default.
    pub rdn_attribute: Option<String>,
    /// None: the vendor's default.
    pub uuid_attribute: Option<String>,
    /// Empty: the vendor's default.
    pub user_object_classes: Vec<String>,
    /// RFC 4515 text, laid over every search for users.
    pub custom_filter: Option<String>,
    /// The operator's mappers, in order.
    pub mappers: Vec<Mapper>,
    /// Options that only this vendor knows.
    pub settings: Vec<Setting>,
    /// Where groups live, where the operator says so: readable as [`Federation::read_bases`] are.
    pub groups_base: Option<Dn>,
    /// What a sign-in does when the directory cannot answer.
    pub on_error: OnError,
    /// When users are read as a whole.
    pub synchronisation: Synchronisation,
    /// Domains, in lower case, whose mail addresses the operator vouches for: only then is there a
    /// claim `email_verified`, and it is true.
    pub email_verified_domains: Vec<String>,
    /// How the directory is reached.
    pub connection: Connection,
    /// What subjects are derived under: the name that the federation was first saved with, so that
    /// neither renaming it nor declaring it anew changes who people are.
    pub subject_namespace: String,
}

impl Federation {
    /// A federation of which nothing but the name and the way to the directory is said: switched on,
    /// with the presets. Its id is nil and its vendor empty, and nobody lives there yet.
    pub fn new(realm: RealmName, name: FederationName, connection: Connection) -> Self {
        Self {
            id: FederationId(Uuid::nil()),
            realm,
            subject_namespace: name.to_string(),
            name,
            enabled: true,
            priority: 0,
            vendor: String::new(),
            policy_digest: None,
            edit_mode: EditMode::default(),
            import_enabled: false,
            sync_registration: false,
            users: Vec::new(),
            read_bases: Vec::new(),
            username_attribute: None,
            rdn_attribute: None,
            uuid_attribute: None,
            user_object_classes: Vec::new(),
            custom_filter: None,
            mappers: Vec::new(),
            settings: Vec::new(),
            groups_base: None,
            on_error: OnError::default(),
            synchronisation: Synchronisation::default(),
            email_verified_domains: Vec::new(),
            connection,
        }
    }

    /// Which policy translates it.
    pub fn policy(&self) -> PolicyChoice<'_> {
        match &self.policy_digest {
            Some(digest) => PolicyChoice::Digest(digest),
            None => PolicyChoice::InForce(&self.vendor),
        }
    }

    /// What may be read beside the entries of users: [`Federation::read_bases`], and what lies at or
    /// below [`Federation::groups_base`].
    pub fn readable(&self) -> Vec<Subtree> {
        let groups = self.groups_base.as_ref().map(|base| Subtree {
            base: base.clone(),
            scope: SearchScope::Subtree,
        });
        let groups = groups.filter(|groups| !self.read_bases.contains(groups));
        self.read_bases.iter().cloned().chain(groups).collect()
    }
}

/// What a sign-in does when the directory cannot answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It stops: the person might live there.
    #[default]
    Deny,
    /// It goes on to the next federation.
    PassOver,
}

/// When users are read as a whole, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synchronisation {
    /// How often all users are read; none: never.
    pub full_period: Option<Duration>,
    /// How often those that changed are read; none: never.
    pub changed_period: Option<Duration>,
    /// Whether results come in pages (RFC 2696).
    pub pagination: bool,
    /// How many entries a page has.
    pub batch_size: u32,
    /// Of the users that are kept, how many in a hundred may be missing from a full read before it is
    /// taken for a mistake and nobody is removed; 100: any number may.
    #[serde(default = "vanished_max_percent")]
    pub vanished_max_percent: u8,
}

const fn vanished_max_percent() -> u8 {
    20
}

impl Default for Synchronisation {
    fn default() -> Self {
        Self {
            full_period: None,
            changed_period: None,
            pagination: true,
            batch_size: 1_000,
            vanished_max_percent: vanished_max_percent(),
        }
    }
}

/// How a directory is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// `ldap://` and `ldaps://` URLs of servers that hold the same data, in order of preference; also
    /// `ldapi://` with the percent-encoded path of a socket, where the operator's own files say so.
    pub urls: Vec<Url>,
    /// Whether `ldap://` connections are turned to TLS before anything else (RFC 4513 section 3).
    pub start_tls: bool,
    /// Whether passwords may travel without TLS. Without it they do not, whatever the URL says.
    pub allow_plaintext: bool,
    /// Certificates (PEM) that vouch for the servers; none: the machine's own.
    pub ca_bundle: Option<String>,
    /// Who the service connections are bound as.
    pub bind: ServiceBind,
    /// The longest that name resolution, TCP and TLS together may take.
    pub connect_timeout: Duration,
    /// The longest that one operation may take.
    pub operation_timeout: Duration,
    /// The most connections to one server, of each of the two pools.
    pub pool_connections_max: usize,
    /// How many connections of each pool are opened ahead, to the server that is asked first, and kept
    /// open; at most [`Connection::pool_connections_max`].
    #[serde(default)]
    pub pool_connections_min: usize,
    /// The oldest version of TLS that is spoken.
    #[serde(default)]
    pub tls_min: TlsVersion,
    /// The hosts to which referrals and continuation references are followed (RFC 4511 sections 4.1.10
    /// and 4.5.3), in lower case; empty: none is followed.
    #[serde(default)]
    pub referral_hosts: Vec<String>,
    /// Whether aliases are followed while users are searched (RFC 4512 section 2.6.2).
    #[serde(default)]
    pub follow_aliases: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    Tls13,
}

impl Connection {
    /// A connection to these servers as nobody, with the presets: a certificate has to vouch for them,
    /// 5 seconds to connect, 10 for an operation, 16 connections.
    pub fn to(urls: Vec<Url>) -> Self {
        Self {
            urls,
            start_tls: false,
            allow_plaintext: false,
            ca_bundle: None,
            bind: ServiceBind::None,
            connect_timeout: Duration::from_secs(5),
            operation_timeout: Duration::from_secs(10),
            pool_connections_max: 16,
            pool_connections_min: 0,
            tls_min: TlsVersion::default(),
            referral_hosts: Vec::new(),
            follow_aliases: false,
        }
    }

    /// Whether a credential that was given for the one may be used for the other: it would go to the
    /// same servers, as well protected, and as the same name.
    pub fn shares_credential_with(&self, other: &Self) -> bool {
        self.urls == other.urls
            && self.start_tls == other.start_tls
            && self.allow_plaintext == other.allow_plaintext
            && self.ca_bundle == other.ca_bundle
            && self.bind == other.bind
            && self.tls_min == other.tls_min
            && self.referral_hosts == other.referral_hosts
    }
}

/// Who the service connections are bound as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceBind {
    /// Nobody (RFC 4513 section 5.1.1).
    None,
    /// This name, with the bind credential.
    Simple(BindName),
    /// Whoever the channel below says (SASL EXTERNAL, RFC 4513 section 5.2.3): with a certificate
    /// (PEM, its chain behind it) whose private key (PEM) is the bind credential; without one, over
    /// `ldapi`, the process's own user.
    External(Option<String>),
}

impl ServiceBind {
    /// Whether there is a bind credential to it.
    pub fn has_credential(&self) -> bool {
        matches!(self, Self::Simple(_) | Self::External(Some(_)))
    }
}

/// The name of a simple bind, sent as written: a DN, a user principal name, or `DOMAIN\user`. Never
/// empty, since that would be an anonymous bind (RFC 4513 section 5.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BindName(String);

/// A bind name that is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bind name must not be empty")]
pub struct BindNameError;

impl BindName {
    /// Takes a name.
    pub fn new(name: impl Into<String>) -> Result<Self, BindNameError> {
        let name = name.into();
        if name.trim().is_empty() {
            Err(BindNameError)
        } else {
            Ok(Self(name))
        }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BindName {
    type Error = BindNameError;
    fn try_from(name: String) -> Result<Self, BindNameError> {
        Self::new(name)
    }
}

impl From<BindName> for String {
    fn from(name: BindName) -> Self {
        name.0
    }
}
