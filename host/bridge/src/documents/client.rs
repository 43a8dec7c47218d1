//! Clients.

use super::{
    realm::{TOKEN_MAX, group},
    section::Section,
    source::{Origin, Source},
    span,
    words::{GrantTypeWord, SigningAlgorithmWord},
};
use bridge_model::{
    admin::AdminScope,
    client::{Client, ClientAuthentication, GrantType, RedirectUri},
    names::{ClientId, RealmName},
    realm::{ClientDeclaration, PLATFORM, Revision},
    secret::Secret,
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// Shorter secrets can be guessed: RFC 6749 section 10.10 wants 128 bits, which random characters of
/// base64 reach with 22; those of a longer alphabet sooner.
const SECRET_OCTETS_MIN: usize = 16;

/// An application that signs people in, or that calls the admin API for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Client)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientDocument {
    /// Unique in the realm.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[!-~]+$",
        example = "wiki"
    )]
    pub(crate) client_id: String,
    /// What people read on the sign-in page; none: the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Whether anybody can sign in to it. Preset: `true`.
    #[schema(value_type = Option<bool>)]
    pub(crate) enabled: bool,
    /// Whether it cannot keep a secret, so that PKCE stands for one. Preset: `false`.
    #[schema(value_type = Option<bool>)]
    pub(crate) public: bool,
    /// How it comes by tokens. Preset: `authorization_code`.
    #[schema(value_type = Option<Vec<GrantTypeWord>>)]
    pub(crate) grant_types: Vec<GrantTypeWord>,
    /// Where answers may be sent, to the octet; at least one with `authorization_code`.
    #[schema(value_type = Option<Vec<String>>, example = json!(["https://wiki.example.com/callback"]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) redirect_uris: Vec<String>,
    /// What its tokens are signed with. Preset: `RS256`.
    #[schema(value_type = Option<SigningAlgorithmWord>)]
    pub(crate) signing_algorithm: SigningAlgorithmWord,
    /// How long its access and ID tokens live, at most a day; none: as the realm says.
    #[schema(example = "10m")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_lifetime: Option<String>,
    /// Groups, by DN or by name, whose people may use it; empty: everybody. A name is meant in every
    /// federation of the realm, a DN in one.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allowed_groups: Vec<String>,
    /// What it may ask for on the admin API: for itself with `client_credentials`, or for an
    /// administrator who uses it.
    #[schema(value_type = Option<Vec<String>>, example = json!(["federation:read"]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) admin_scopes: Vec<String>,
    /// The file that declares the client; then it is read-only elsewhere.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) managed_by: Option<String>,
    /// How often it was written.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
}

impl From<&Client> for ClientDocument {
    fn from(client: &Client) -> Self {
        Self {
            client_id: client.id.to_string(),
            name: client.name.clone(),
            enabled: client.enabled,
            public: client.authentication == ClientAuthentication::Public,
            grant_types: client
                .grant_types
                .iter()
                .map(|grant| GrantTypeWord::of(*grant))
                .collect(),
            redirect_uris: client
                .redirect_uris
                .iter()
                .map(|uri| uri.as_str().to_owned())
                .collect(),
            signing_algorithm: SigningAlgorithmWord::of(client.signing_algorithm),
            token_lifetime: client.token_lifetime.map(span::write),
            allowed_groups: client.allowed_groups.clone(),
            admin_scopes: client
                .admin_scopes
                .iter()
                .map(ToString::to_string)
                .collect(),
            managed_by: client.managed_by.clone(),
            revision: Some(client.revision.0),
        }
    }
}

/// Reads a client, with its secrets where it is declared.
pub(super) fn read(
    section: Section<'_>,
    realm: &RealmName,
    source: &Source<'_>,
) -> Option<ClientDeclaration> {
    section.pass_over(&["managed_by", "revision"]);
    let id = section.required_text("client_id");
    let id = section.typed("client_id", id, ClientId::new);
    let is_public = section.flag("public", false);
    let secrets = secrets(&section, is_public, source);
    let grant_types = grant_types(&section, is_public);
    let redirect_uris = redirect_uris(&section, &grant_types);
    let name = section.filled_text("name");
    let enabled = section.flag("enabled", true);
    let signing_algorithm = section.word("signing_algorithm", SigningAlgorithmWord::ALL);
    let token_lifetime = section.has("token_lifetime").then(|| {
        let range = Duration::from_secs(1)..=TOKEN_MAX;
        section.span("token_lifetime", TOKEN_MAX, range)
    });
    let allowed_groups = section.each("allowed_groups", group);
    let admin_scopes = admin_scopes(&section, realm);
    section.finish();
    let client = Client {
        realm: realm.clone(),
        id: id?,
        name,
        enabled,
        authentication: if is_public {
            ClientAuthentication::Public
        } else {
            ClientAuthentication::Secret
        },
        grant_types,
        redirect_uris,
        signing_algorithm: signing_algorithm.unwrap_or_default(),
        token_lifetime,
        allowed_groups,
        admin_scopes,
        managed_by: None,
        revision: Revision::default(),
    };
    Some(ClientDeclaration { client, secrets })
}

fn grant_types(section: &Section<'_>, is_public: bool) -> Vec<GrantType> {
    if !section.has("grant_types") {
        return vec![GrantType::AuthorizationCode];
    }
    let mut grants: Vec<GrantType> = Vec::new();
    for grant in section.words("grant_types", GrantTypeWord::ALL) {
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    if grants.is_empty() {
        let message = "names no way to tokens; give at least one, or leave it out";
        section.fault("grant_types", message);
    }
    if is_public && grants.contains(&GrantType::ClientCredentials) {
        let message = "client_credentials needs a secret, which a public client has not; remove it, or public = true";
        section.fault("grant_types", message);
    }
    grants
}

fn admin_scopes(section: &Section<'_>, realm: &RealmName) -> Vec<AdminScope> {
    let known = AdminScope::ALL.map(AdminScope::as_str).join(", ");
    section.each("admin_scopes", |text| {
        let scope: AdminScope = text
            .parse()
            .map_err(|error| format!("{error}; there are {known}"))?;
        if scope == AdminScope::PolicyAdmin && realm.as_str() != PLATFORM {
            return Err(format!(
                "policies serve all realms, so {scope} is for clients of the realm {PLATFORM}; make the client there"
            ));
        }
        Ok(scope)
    })
}

fn secrets(section: &Section<'_>, is_public: bool, source: &Source<'_>) -> Vec<Secret> {
    if source.is_request() {
        if section.has("secrets") {
            let message = "are not part of the client here; make one at the client's address followed by /secrets";
            section.fault("secrets", message);
        }
        return Vec::new();
    }
    let texts = section.texts("secrets");
    let is_file = matches!(source.origin, Origin::File { .. });
    let wrong = match (is_public, texts.len()) {
        _ if section.is_faulty("public") => None,
        (true, 1..) => Some("a public client has none; remove them, or remove public = true"),
        (false, 0) if is_file => Some(
            "is missing; give one, or set public = true for a client that cannot keep a secret",
        ),
        (false, 3..) => Some("two are valid at once, for rotation; remove the older ones"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        section.fault("secrets", wrong);
    }
    section.each("secrets", |text| match source.secret(&text)? {
        secret if secret.expose().len() < SECRET_OCTETS_MIN => Err(format!(
            "is too short to be safe; give {SECRET_OCTETS_MIN} random characters or more, such as those of `openssl rand -base64 32`"
        )),
        secret => Ok(secret),
    })
}

fn redirect_uris(section: &Section<'_>, grants: &[GrantType]) -> Vec<RedirectUri> {
    let uris = section.each("redirect_uris", RedirectUri::new);
    let is_needed = grants.contains(&GrantType::AuthorizationCode);
    if uris.is_empty() && is_needed && section.texts("redirect_uris").is_empty() {
        let message = "is missing; name at least one address that answers may be sent to";
        section.fault("redirect_uris", message);
    }
    uris
}
