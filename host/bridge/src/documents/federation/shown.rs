//! Federations as they are shown.

use super::{
    GROUPS_DN, MapperDocument, SettingValue, Settings, Span, read::documented, shown_settings,
};
use crate::documents::{
    Advice,
    words::{
        BindKind, BindTypeWord, EditModeWord, OnErrorWord, ReferralWord, SearchScopeWord,
        TlsVersionWord,
    },
};
use bridge_federation::warnings;
use bridge_model::{
    federation::{Connection, Federation, ServiceBind},
    plan::Problem,
    realm::{PlannedFederation, PolicyRef},
};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

/// One configured directory of a realm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Federation)]
#[serde(deny_unknown_fields)]
pub(crate) struct FederationDocument {
    /// Kept over every change.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Uuid>,
    /// Unique in the realm.
    #[schema(min_length = 1, max_length = 128, example = "headquarters")]
    pub(crate) name: String,
    /// The id of a policy or one of its aliases, in any letter case; shown as it was sent.
    #[schema(min_length = 1, example = "generic")]
    pub(crate) vendor: String,
    /// Whether it is asked at sign-in. Preset: `true`.
    #[schema(value_type = Option<bool>)]
    pub(crate) enabled: bool,
    /// Lower is asked first; ties in the order of creation. Preset: 0.
    #[schema(value_type = Option<i32>, minimum = -1_000_000, maximum = 1_000_000)]
    pub(crate) priority: i32,
    /// Whether users are kept in the bridge's own store: read when they first sign in, and as a whole
    /// when that is asked for or due. Required with `UNSYNCED`. Preset: `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) import_enabled: bool,
    /// What may be written to the directory. Preset: `READ_ONLY`.
    #[schema(value_type = Option<EditModeWord>)]
    pub(crate) edit_mode: EditModeWord,
    /// Whether newly registered users are created in the directory; only with `WRITABLE`. Preset:
    /// `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) sync_registration: bool,
    /// `ldap://` and `ldaps://` URLs of servers that hold the same data, in order of preference, with
    /// spaces between them. In a file also `ldapi://` with the percent-encoded path of a socket.
    #[schema(
        min_length = 1,
        example = "ldaps://ldap1.example.com ldaps://ldap2.example.com"
    )]
    pub(crate) connection_url: String,
    /// Where users live.
    #[schema(min_length = 1, example = "ou=people,dc=example,dc=com")]
    pub(crate) users_dn: String,
    /// How the service connections are bound. Preset: `simple`.
    #[schema(value_type = Option<BindTypeWord>)]
    pub(crate) bind_type: BindTypeWord,
    /// Who they are bound as: a DN, a user principal name or `DOMAIN\user`, sent as written. Required
    /// where `bind_type` is `simple`.
    #[schema(example = "cn=bridge,ou=services,dc=example,dc=com")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bind_dn: Option<String>,
    /// The certificate (PEM, its chain behind it) that is shown to the servers where `bind_type` is
    /// `external`. In a file: the path of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate: Option<String>,
    /// What they are bound with: a password, or with `client_certificate` its private key (PEM). Never
    /// shown; required unless one is kept already, and with every change of what it is tied to: URLs,
    /// TLS settings, hosts of referrals, bind name, certificate.
    #[schema(write_only, value_type = Option<String>)]
    #[serde(skip_serializing_if = "never_shown")]
    pub(crate) bind_credential: (),
    /// The attribute with the user name. Only files may leave it to the vendor's
    /// preset; it is shown as `null` then.
    #[schema(required = true, min_length = 1, example = "uid")]
    pub(crate) username_ldap_attribute: Option<String>,
    /// The attribute that names an entry in its DN. Only files may leave it to the vendor's
    /// preset; it is shown as `null` then.
    #[schema(required = true, min_length = 1, example = "uid")]
    pub(crate) rdn_ldap_attribute: Option<String>,
    /// The attribute that identifies a person for good. Only files may leave it to the vendor's
    /// preset; it is shown as `null` then.
    #[schema(required = true, min_length = 1, example = "entryUUID")]
    pub(crate) uuid_ldap_attribute: Option<String>,
    /// The object classes that every user has, with commas between them. Only files may leave
    /// them to the vendor's preset.
    #[schema(
        required = true,
        min_length = 1,
        example = "inetOrgPerson, organizationalPerson"
    )]
    pub(crate) user_object_classes: Option<String>,
    /// What most federations can leave out.
    #[schema(value_type = Option<AdvancedDocument>)]
    pub(crate) advanced: AdvancedDocument,
    /// What of an entry becomes which claim, beside the vendor's own mappers; may be empty.
    pub(crate) mapper: Vec<MapperDocument>,
    /// The file that declares the federation; then it is read-only elsewhere.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) managed_by: Option<String>,
    /// How often it was written.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
    /// The policy that translated it.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<PolicyDocument>,
    /// What the operator should know although nothing is wrong.
    #[schema(read_only, value_type = Option<Vec<Advice>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warnings: Option<Vec<Advice>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn never_shown((): &()) -> bool {
    true
}

/// Which policy, to the octet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Policy)]
pub(crate) struct PolicyDocument {
    /// Its id.
    #[schema(example = "generic")]
    pub(crate) id: String,
    /// Its version.
    pub(crate) version: String,
    /// `sha256:` and the hexadecimal digest of the component.
    pub(crate) digest: String,
}

impl From<&PolicyRef> for PolicyDocument {
    fn from(policy: &PolicyRef) -> Self {
        Self {
            id: policy.id.clone(),
            version: policy.version.clone(),
            digest: policy.digest.clone(),
        }
    }
}

/// What most federations can leave out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Advanced)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdvancedDocument {
    /// Whether `ldap://` connections are turned to TLS before anything else. Preset: `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) start_tls: bool,
    /// Whether passwords may travel without TLS. Preset: `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) allow_plaintext: bool,
    /// Certificates (PEM) that vouch for the servers; none: the machine's own. In a file: the path of
    /// a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_bundle: Option<String>,
    /// Where users live beside `users_dn`, in the order in which they are looked for. New users are made
    /// in `users_dn`.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) more_users_dn: Vec<String>,
    /// How far below `users_dn` and `more_users_dn` users are looked for. Preset: `SUBTREE`.
    #[schema(value_type = Option<SearchScopeWord>)]
    pub(crate) search_scope: SearchScopeWord,
    /// A filter (RFC 4515) that is laid over every search for users.
    #[schema(example = "(employeeType=staff)")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_user_search_filter: Option<String>,
    /// Whether results come in pages (RFC 2696). Preset: `true`.
    #[schema(value_type = Option<bool>)]
    pub(crate) pagination: bool,
    /// How many entries a page has. Preset: 1000.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    pub(crate) batch_size: u32,
    /// The longest that name resolution, TCP and TLS together may take; a number is milliseconds.
    /// Preset: `5s`.
    #[schema(value_type = Option<Span>)]
    pub(crate) connection_timeout: Span,
    /// The longest that one operation may take; a number is milliseconds. Preset: `10s`.
    #[schema(value_type = Option<Span>)]
    pub(crate) read_timeout: Span,
    /// The most connections to one server, of each of the two pools. Preset: 16.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000)]
    pub(crate) pool_connections_max: usize,
    /// How many connections of each pool are opened ahead and kept open, to the server that is asked
    /// first; at most `pool_connections_max`. Preset: 0.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 1_000)]
    pub(crate) pool_connections_min: usize,
    /// The oldest version of TLS that is spoken. Preset: `1.2`.
    #[schema(value_type = Option<TlsVersionWord>)]
    pub(crate) tls_min: TlsVersionWord,
    /// What is done with referrals. Preset: `ignore`.
    #[schema(value_type = Option<ReferralWord>)]
    pub(crate) referral: ReferralWord,
    /// The hosts that referrals are followed to, by name or address; required with `follow`. They are
    /// sent the credentials that the federation's own servers are sent.
    #[schema(value_type = Option<Vec<String>>, example = json!(["ldap2.example.com"]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) referral_hosts: Vec<String>,
    /// Whether aliases are followed while users are searched. Preset: `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) follow_aliases: bool,
    /// How often all users are read; a number is seconds. Without it, and without `import_enabled`:
    /// never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full_sync_period: Option<Span>,
    /// How often those that changed are read; a number is seconds. Without it: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed_sync_period: Option<Span>,
    /// Of the users that are kept, how many in a hundred may be missing when all are read, before it is
    /// taken for a mistake and nobody is removed; 100: any number. Preset: 20.
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 100)]
    pub(crate) vanished_max_percent: u8,
    /// What else may be read beside users and groups: DNs.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) read_bases: Vec<String>,
    /// Where groups live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) groups: Option<GroupsDocument>,
    /// What a sign-in does when the directory cannot answer. Preset: `deny`.
    #[schema(value_type = Option<OnErrorWord>)]
    pub(crate) on_error: OnErrorWord,
    /// Domains whose mail addresses the operator vouches for: only then there is a claim
    /// `email_verified`.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) email_verified_domains: Vec<String>,
    /// What subjects are derived under. Preset: the name that the federation is first saved with.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject_namespace: Option<String>,
    /// The very component that is to be used, which has to answer to `vendor`: `sha256:` and 64
    /// hexadecimal digits. Preset: the one in force under that name, whichever it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_digest: Option<String>,
    /// Settings that only this vendor's policy knows.
    #[schema(value_type = Option<std::collections::BTreeMap<String, SettingValue>>)]
    #[serde(skip_serializing_if = "Settings::is_empty")]
    pub(crate) settings: Settings,
}

/// Where groups live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Groups)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupsDocument {
    /// The DN that all of them are below; it may be read then.
    #[schema(value_type = Option<String>, example = "ou=groups,dc=example,dc=com")]
    pub(crate) dn: String,
}

impl From<&PlannedFederation> for FederationDocument {
    fn from(planned: &PlannedFederation) -> Self {
        let warnings: Vec<_> = warnings(planned)
            .into_iter()
            .map(|problem| Problem {
                field: documented(&problem.field).to_owned(),
                ..problem
            })
            .collect();
        Self {
            managed_by: planned.managed_by.clone(),
            revision: Some(planned.revision.0),
            policy: Some(PolicyDocument::from(&planned.policy)),
            warnings: (!warnings.is_empty()).then(|| warnings.iter().map(Advice::from).collect()),
            ..Self::from(&planned.federation)
        }
    }
}

impl From<&Federation> for FederationDocument {
    fn from(federation: &Federation) -> Self {
        let Connection { urls, bind, .. } = &federation.connection;
        let urls: Vec<_> = urls.iter().map(Url::as_str).collect();
        let (bind_kind, bind_dn, client_certificate) = match bind {
            ServiceBind::Simple(name) => (BindKind::Simple, Some(name.as_str().to_owned()), None),
            ServiceBind::None => (BindKind::Nobody, None, None),
            ServiceBind::External(certificate) => (BindKind::External, None, certificate.clone()),
        };
        let classes = &federation.user_object_classes;
        let users = federation.users.first();
        Self {
            id: Some(federation.id.0),
            name: federation.name.to_string(),
            vendor: federation.vendor.clone(),
            enabled: federation.enabled,
            priority: federation.priority,
            import_enabled: federation.import_enabled,
            edit_mode: EditModeWord::of(federation.edit_mode),
            sync_registration: federation.sync_registration,
            connection_url: urls.join(" "),
            users_dn: users
                .map(|users| users.base.to_string())
                .unwrap_or_default(),
            bind_type: BindTypeWord::of(bind_kind),
            bind_dn,
            client_certificate,
            bind_credential: (),
            username_ldap_attribute: federation.username_attribute.clone(),
            rdn_ldap_attribute: federation.rdn_attribute.clone(),
            uuid_ldap_attribute: federation.uuid_attribute.clone(),
            user_object_classes: (!classes.is_empty()).then(|| classes.join(", ")),
            advanced: AdvancedDocument::from(federation),
            mapper: federation
                .mappers
                .iter()
                .map(|mapper| MapperDocument::of(mapper, federation.id))
                .collect(),
            managed_by: None,
            revision: None,
            policy: None,
            warnings: None,
        }
    }
}

impl From<&Federation> for AdvancedDocument {
    fn from(federation: &Federation) -> Self {
        let connection = &federation.connection;
        let synchronisation = &federation.synchronisation;
        let scope = federation.users.first().map(|users| users.scope);
        let groups = federation.groups_base.as_ref();
        Self {
            start_tls: connection.start_tls,
            allow_plaintext: connection.allow_plaintext,
            ca_bundle: connection.ca_bundle.clone(),
            more_users_dn: federation
                .users
                .iter()
                .skip(1)
                .map(|users| users.base.to_string())
                .collect(),
            search_scope: SearchScopeWord::of(scope.unwrap_or_default()),
            custom_user_search_filter: federation.custom_filter.clone(),
            pagination: synchronisation.pagination,
            batch_size: synchronisation.batch_size,
            connection_timeout: Span::from(connection.connect_timeout),
            read_timeout: Span::from(connection.operation_timeout),
            pool_connections_max: connection.pool_connections_max,
            pool_connections_min: connection.pool_connections_min,
            tls_min: TlsVersionWord::of(connection.tls_min),
            referral: ReferralWord::of(!connection.referral_hosts.is_empty()),
            referral_hosts: connection.referral_hosts.clone(),
            follow_aliases: connection.follow_aliases,
            full_sync_period: synchronisation.full_period.map(Span::from),
            changed_sync_period: synchronisation.changed_period.map(Span::from),
            vanished_max_percent: synchronisation.vanished_max_percent,
            read_bases: federation
                .read_bases
                .iter()
                .map(|place| place.base.to_string())
                .collect(),
            groups: groups.map(|dn| GroupsDocument { dn: dn.to_string() }),
            on_error: OnErrorWord::of(federation.on_error),
            email_verified_domains: federation.email_verified_domains.clone(),
            subject_namespace: Some(federation.subject_namespace.clone()),
            policy_digest: federation.policy_digest.clone(),
            settings: shown_settings(&federation.settings, &[GROUPS_DN]),
        }
    }
}
