//! Claims that belong to the protocol.

/// Claims that say what a token is and not who somebody is: the protocol writes them, or nobody does.
pub const OF_THE_PROTOCOL: &[&str] = &[
    // RFC 7519, OpenID Connect Core section 2, RFC 9068, RFC 8693, RFC 7800, RFC 8417, RFC 7662
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "client_id",
    "scope",
    "cnf",
    "act",
    "may_act",
    "typ",
    "events",
    "token_type",
    "active",
    // RFC 9396, RFC 9449, OpenID Connect for Identity Assurance, Core sections 5.6.2 and 7
    "authorization_details",
    "htm",
    "htu",
    "ath",
    "verified_claims",
    "_claim_names",
    "_claim_sources",
    "sub_jwk",
];

/// Whether a claim of this name, in lower case, is the protocol's. Such a claim is refused where an
/// identity is made, and once more where a token is.
pub fn is_of_the_protocol(name: &str) -> bool {
    OF_THE_PROTOCOL.contains(&name)
}
