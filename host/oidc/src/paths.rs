//! Where the endpoints are. The router, the metadata and redirects all take the paths from here.
//!
//! They are the paths that applications on their way from Keycloak know already. `{realm}` and
//! `{interaction}` stand for one segment each.

use bridge_model::names::RealmName;

/// The metadata (OpenID Connect Discovery 1.0 section 4.1): GET.
pub const CONFIGURATION: &str = "/realms/{realm}/.well-known/openid-configuration";
/// The same metadata where RFC 8414 section 3.1 looks for it: GET.
pub const SERVER_CONFIGURATION: &str = "/.well-known/oauth-authorization-server/realms/{realm}";
/// The authorization endpoint (RFC 6749 section 3.1): GET, POST.
pub const AUTHORIZATION: &str = "/realms/{realm}/protocol/openid-connect/auth";
/// The JWKS (RFC 7517 section 5): GET.
pub const CERTS: &str = "/realms/{realm}/protocol/openid-connect/certs";
/// The token endpoint (RFC 6749 section 3.2): POST.
pub const TOKEN: &str = "/realms/{realm}/protocol/openid-connect/token";
/// The userinfo endpoint (OpenID Connect Core section 5.3): GET, POST.
pub const USERINFO: &str = "/realms/{realm}/protocol/openid-connect/userinfo";
/// The sign-in page: GET, POST.
pub const AUTHENTICATE: &str = "/realms/{realm}/login-actions/authenticate/{interaction}";
/// The page for a new password within a sign-in: POST; by GET it leads back to the sign-in page.
pub const UPDATE_PASSWORD: &str = "/realms/{realm}/login-actions/update-password/{interaction}";
/// A person's own page: GET.
pub const ACCOUNT: &str = "/realms/{realm}/account";
/// Its form for a new password: POST; by GET it leads back to the page, as the others do.
pub const ACCOUNT_PASSWORD: &str = "/realms/{realm}/account/password";
/// Its form that ends sessions: POST.
pub const ACCOUNT_SESSIONS: &str = "/realms/{realm}/account/sessions";
/// Its form for the profile: POST.
pub const ACCOUNT_PROFILE: &str = "/realms/{realm}/account/profile";

/// A path with its realm put in.
pub fn of_realm(path: &str, realm: &RealmName) -> String {
    path.replace("{realm}", realm.as_str())
}

/// The path of the sign-in page of an interaction, which is of the URL-safe base64 alphabet.
pub fn authenticate(realm: &RealmName, interaction: &str) -> String {
    of_realm(AUTHENTICATE, realm).replace("{interaction}", interaction)
}

/// The path of the page for a new password of an interaction.
pub fn update_password(realm: &RealmName, interaction: &str) -> String {
    of_realm(UPDATE_PASSWORD, realm).replace("{interaction}", interaction)
}

/// The path of a realm's issuer.
pub(crate) const ISSUER: &str = "/realms/{realm}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_take_their_segments() {
        let realm = RealmName::new("staff").expect("valid");
        assert_eq!(
            of_realm(TOKEN, &realm),
            "/realms/staff/protocol/openid-connect/token"
        );
        assert_eq!(
            authenticate(&realm, "abc-_"),
            "/realms/staff/login-actions/authenticate/abc-_"
        );
    }
}
