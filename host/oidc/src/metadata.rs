//! What a realm's provider can do, told to its clients.

use crate::{claims, paths, provider::Parts, token};
use bridge_model::{keys::SigningAlgorithm, names::RealmName};
use serde::Serialize;

/// The metadata document of a realm (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). It
/// names what is there and nothing else: whatever is not listed is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// The issuer, to the octet as in tokens and answers.
    pub issuer: String,
    /// Where people are sent to.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where claims are.
    pub userinfo_endpoint: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// The scopes of a sign-in. Those of the admin API are not among them (RFC 8414 section 2 leaves that
    /// open): they are of no use to an application, and some ask for all that is listed here.
    pub scopes_supported: Vec<&'static str>,
    /// `code` (RFC 9700 section 2.1.2).
    pub response_types_supported: &'static [&'static str],
    /// `query`.
    pub response_modes_supported: &'static [&'static str],
    /// The grant types of the token endpoint.
    pub grant_types_supported: &'static [&'static str],
    /// One subject for all clients (OpenID Connect Core section 8).
    pub subject_types_supported: &'static [&'static str],
    /// What ID tokens are signed with; the client's registration says which.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// How clients prove who they are.
    pub token_endpoint_auth_methods_supported: &'static [&'static str],
    /// Claims there can be; operators may map more.
    pub claims_supported: Vec<&'static str>,
    /// `normal`: no claims of others (OpenID Connect Core section 5.6).
    pub claim_types_supported: &'static [&'static str],
    /// `S256` (RFC 7636 section 4.2).
    pub code_challenge_methods_supported: &'static [&'static str],
    /// The values of `prompt` (Initiating User Registration via OpenID Connect section 4).
    pub prompt_values_supported: &'static [&'static str],
    /// Each authorization answer has `iss` (RFC 9207 section 3).
    pub authorization_response_iss_parameter_supported: bool,
    /// The parameter `claims` is ignored.
    pub claims_parameter_supported: bool,
    /// The parameter `request` is refused.
    pub request_parameter_supported: bool,
    /// The parameter `request_uri` is refused. It has to be said: the default is true.
    pub request_uri_parameter_supported: bool,
}

impl Metadata {
    pub(crate) fn of(parts: &Parts, realm: &RealmName) -> Self {
        Self {
            issuer: parts.issuer(realm),
            authorization_endpoint: parts.at(paths::AUTHORIZATION, realm),
            token_endpoint: parts.at(paths::TOKEN, realm),
            userinfo_endpoint: parts.at(paths::USERINFO, realm),
            jwks_uri: parts.at(paths::CERTS, realm),
            scopes_supported: claims::SCOPES.iter().map(|scope| scope.name).collect(),
            response_types_supported: &["code"],
            response_modes_supported: &["query"],
            grant_types_supported: token::GRANT_TYPES,
            subject_types_supported: &["public"],
            id_token_signing_alg_values_supported: [
                SigningAlgorithm::RS256,
                SigningAlgorithm::ES256,
            ]
            .map(|algorithm| algorithm.to_string())
            .into(),
            token_endpoint_auth_methods_supported: &[
                "client_secret_basic",
                "client_secret_post",
                "none",
            ],
            claims_supported: claims::named(),
            claim_types_supported: &["normal"],
            code_challenge_methods_supported: &["S256"],
            prompt_values_supported: &["none", "login", "consent", "select_account"],
            authorization_response_iss_parameter_supported: true,
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use serde_json::{Value, json};

    #[test]
    fn the_metadata_names_what_is_there() {
        let house = House::new();
        let document = serde_json::to_value(house.provider.metadata(&house.realm)).expect("JSON");
        for (member, expected) in [
            ("issuer", json!("https://id.example.test/realms/staff")),
            (
                "token_endpoint",
                json!("https://id.example.test/realms/staff/protocol/openid-connect/token"),
            ),
            ("response_types_supported", json!(["code"])),
            (
                "grant_types_supported",
                json!(["authorization_code", "client_credentials"]),
            ),
            ("code_challenge_methods_supported", json!(["S256"])),
            (
                "id_token_signing_alg_values_supported",
                json!(["RS256", "ES256"]),
            ),
            (
                "scopes_supported",
                json!(["openid", "profile", "email", "address", "phone", "groups"]),
            ),
            (
                "authorization_response_iss_parameter_supported",
                json!(true),
            ),
            ("request_uri_parameter_supported", json!(false)),
        ] {
            assert_eq!(document.get(member), Some(&expected), "{member}");
        }
        let endpoints = document
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
        for (name, address) in endpoints {
            let address = address.as_str().expect("text");
            assert!(
                address.starts_with("https://id.example.test/realms/staff/protocol/"),
                "{name}"
            );
        }
        let claims = document
            .get("claims_supported")
            .and_then(Value::as_array)
            .expect("an array");
        assert!(claims.contains(&json!("sub")) && claims.contains(&json!("groups")));
    }

    #[test]
    fn an_issuer_below_a_path_has_no_second_slash() {
        let house = House::at("https://example.test/id/");
        assert_eq!(
            house.provider.issuer(&house.realm.name),
            "https://example.test/id/realms/staff"
        );
    }
}
