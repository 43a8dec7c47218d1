//! Signing keys.

use crate::{names::RealmName, secret::Secret, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a token is signed with (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every client knows (OpenID Connect Core section 15.1).
    #[default]
    RS256,
    /// ECDSA on P-256 with SHA-256: smaller, and far cheaper to sign.
    ES256,
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
        })
    }
}

/// A key pair of a realm.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Whose it is.
    pub realm: RealmName,
    /// Its name in token headers and the JWKS; unique in the realm.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// The private key: PKCS #8, DER. Sealed at rest.
    pub private: Secret,
    /// When it was made. The newest of an algorithm signs; the others are still published.
    pub created_at: Timestamp,
}
