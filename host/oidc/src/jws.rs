//! Signed tokens: the compact form of a JSON Web Signature (RFC 7515 section 7.1), as far as it is
//! made here. Nobody else's tokens are read.

use crate::{
    keys::{Key, KeyError, Keyring},
    opaque,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{keys::SigningAlgorithm, names::RealmName};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a token is for (RFC 8725 section 3.11). One kind is never taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TokenKind {
    /// OpenID Connect Core section 2.
    #[serde(rename = "JWT")]
    Id,
    /// RFC 9068 section 2.1.
    #[serde(rename = "at+jwt")]
    Access,
}

/// The header of every token made here. A token with another member was not made here, so `jwk`,
/// `jku`, `x5u` and `crit` are refused with it (RFC 8725 sections 3.8 to 3.10).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// Only read to be compared with the key's own: a token has no say in how it is verified
    /// (RFC 8725 section 3.1).
    alg: SigningAlgorithm,
    typ: TokenKind,
    kid: String,
}

/// Longer texts are no tokens of ours: 64 KiB of claims in base64, and a signature.
const OCTETS_MAX: usize = 128 * 1024;

/// Makes a token.
pub(crate) fn sign(key: &Key, typ: TokenKind, claims: &impl Serialize) -> Result<String, KeyError> {
    let not_signed = || KeyError::NotSigned(key.kid().to_owned());
    let header = Header {
        alg: key.algorithm,
        typ,
        kid: key.kid().to_owned(),
    };
    let mut token = String::new();
    let header = serde_json::to_vec(&header).map_err(|_| not_signed())?;
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    let claims = serde_json::to_vec(claims).map_err(|_| not_signed())?;
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The claims of a token that a realm made; none: it did not, or for another purpose. Issuer,
/// audience and time are the caller's to check.
///
/// # Errors
///
/// When the keys are not at hand.
pub(crate) async fn verified<C: DeserializeOwned>(
    keys: &Keyring,
    realm: &RealmName,
    typ: TokenKind,
    token: &str,
) -> Result<Option<C>, KeyError> {
    let Some(parts) = Parts::split(token) else {
        return Ok(None);
    };
    let Some(header) = parts.header().filter(|header| header.typ == typ) else {
        return Ok(None);
    };
    let Some(key) = keys.find(realm, &header.kid).await? else {
        return Ok(None);
    };
    if header.alg != key.algorithm {
        return Ok(None);
    }
    Ok(parts.claims(&key))
}

/// What a token says of itself. Nothing of it is verified: it may be anybody's.
pub(crate) fn unverified<C: DeserializeOwned>(token: &str) -> Option<C> {
    let octets = URL_SAFE_NO_PAD.decode(Parts::split(token)?.claims).ok()?;
    serde_json::from_slice(&octets).ok()
}

/// `at_hash`: the left half of the digest that belongs to the algorithm, which is SHA-256 for all of
/// ours (OpenID Connect Core section 3.1.3.6).
pub(crate) fn access_token_hash(access_token: &str) -> String {
    let digest = opaque::sha256(access_token.as_bytes());
    let (left, _) = digest.split_at(digest.len() / 2);
    opaque::encode(left)
}

struct Parts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Option<Self> {
        if token.len() > OCTETS_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header,
            claims,
            signature,
            signed,
        })
    }

    fn header(&self) -> Option<Header> {
        let octets = URL_SAFE_NO_PAD.decode(self.header).ok()?;
        serde_json::from_slice(&octets).ok()
    }

    /// The claims, which are not looked at before the signature is.
    fn claims<C: DeserializeOwned>(&self, key: &Key) -> Option<C> {
        let signature = URL_SAFE_NO_PAD.decode(self.signature).ok()?;
        if !key.has_signed(self.signed.as_bytes(), &signature) {
            return None;
        }
        let octets = URL_SAFE_NO_PAD.decode(self.claims).ok()?;
        serde_json::from_slice(&octets).ok()
    }
}

#[cfg(test)]
#[path = "jws/tests.rs"]
mod tests;
