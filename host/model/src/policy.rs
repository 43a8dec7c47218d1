//! Policies as goods: which is meant, where it came from, who vouches for it, and what it is trusted with.

use crate::{realm::PolicyRef, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Which policy is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyChoice<'a> {
    /// The one that is in force under this id or alias, in any letter case.
    InForce(&'a str),
    /// The one with this digest (`sha256:` and 64 hexadecimal digits), in force or not.
    Digest(&'a str),
}

/// An Ed25519 public key (RFC 8032): its text is `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyKey(pub [u8; 32]);

/// A text that is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is written as `ed25519:` and 64 hexadecimal digits")]
pub struct PolicyKeyError;

impl fmt::Display for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519:")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PolicyKey {
    type Err = PolicyKeyError;
    fn from_str(text: &str) -> Result<Self, PolicyKeyError> {
        let digits = text.strip_prefix("ed25519:").ok_or(PolicyKeyError)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(PolicyKeyError);
        }
        let mut octets = [0; 32];
        for (octet, place) in octets.iter_mut().zip((0..64).step_by(2)) {
            let pair = &digits[place..place + 2];
            *octet = u8::from_str_radix(pair, 16).map_err(|_| PolicyKeyError)?;
        }
        Ok(Self(octets))
    }
}

impl TryFrom<String> for PolicyKey {
    type Error = PolicyKeyError;
    fn try_from(text: String) -> Result<Self, PolicyKeyError> {
        text.parse()
    }
}

impl From<PolicyKey> for String {
    fn from(key: PolicyKey) -> Self {
        key.to_string()
    }
}

/// Somebody's word that a component is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySignature {
    /// Whose.
    pub key: PolicyKey,
    /// The 64 octets of an Ed25519 signature over what `bridge_policy::signature` says.
    pub octets: Vec<u8>,
}

/// What a component may reach beside the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WasiGrant {
    /// Nothing.
    #[default]
    None,
    /// The interfaces of WASI 0.2 that toolchains take for granted, none of which reaches anything:
    /// output goes to the log, the environment is empty, the clocks stand still and the random numbers
    /// are always the same. No files, no sockets, no HTTP.
    Minimal,
}

/// Where a component came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOrigin {
    /// Part of the bridge.
    BuiltIn,
    /// This file of the operator's folder.
    File(String),
    /// This reference of an OCI registry, with the digest of its manifest.
    Registry(String),
    /// The admin API.
    Upload,
}

/// A component with what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPackage {
    /// The component, or a core module that was built with the contract's bindings.
    pub octets: Vec<u8>,
    /// Who says that it is theirs. Signatures that do not fit are no reason to refuse it, and count for
    /// nothing.
    pub signatures: Vec<PolicySignature>,
    /// What the operator lets it reach.
    pub wasi: WasiGrant,
    /// Where it came from.
    pub origin: PolicyOrigin,
}

impl PolicyPackage {
    /// A component that nobody signed and that may reach nothing.
    pub fn unsigned(octets: impl Into<Vec<u8>>, origin: PolicyOrigin) -> Self {
        Self {
            octets: octets.into(),
            signatures: Vec::new(),
            wasi: WasiGrant::None,
            origin,
        }
    }
}

/// What is known of a component that was admitted, beside what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Where it came from.
    pub origin: PolicyOrigin,
    /// The keys whose signatures fit.
    pub signers: Vec<PolicyKey>,
    /// What it may reach.
    pub wasi: WasiGrant,
    /// Its size.
    pub octets: u64,
}

/// A component that is kept in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPolicy {
    /// What it says of itself.
    pub policy: PolicyRef,
    /// The component itself.
    pub package: PolicyPackage,
    /// When it was kept first.
    pub kept_at: Timestamp,
}

/// Which component the operator put in force under an id, where it is not the one that is built in or
/// that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInForce {
    /// The id.
    pub id: String,
    /// Its digest.
    pub digest: String,
    /// The digest of the one before, which a roll back puts in force again.
    pub before: Option<String>,
}

/// Which policies may serve a realm, and how much of the processor they may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyRules {
    /// Ids or digests of the only policies that may serve the realm; empty: all may.
    pub allowed: Vec<String>,
    /// Keys whose signatures count.
    pub trusted_keys: Vec<PolicyKey>,
    /// Whether a policy that is not built in needs a signature that counts.
    pub signature_required: bool,
    /// Milliseconds of processor time that all policies of the realm together may use in a second. Beyond
    /// that sign-ins to the realm are refused for a moment, so that other realms do not notice. A call that
    /// had to be ended counts four times what it used.
    pub cpu_ms_per_second: u32,
}

impl Default for PolicyRules {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            trusted_keys: Vec::new(),
            signature_required: false,
            cpu_ms_per_second: 250,
        }
    }
}

impl PolicyRules {
    /// Whether a policy may serve the realm; else why not, in words for the operator.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks, as "what; what to do".
    pub fn admit(&self, policy: &PolicyRef, provenance: &Provenance) -> Result<(), String> {
        let PolicyRef {
            id,
            version,
            digest,
        } = policy;
        let is_named =
            |name: &String| name.eq_ignore_ascii_case(id) || name.eq_ignore_ascii_case(digest);
        if !self.allowed.is_empty() && !self.allowed.iter().any(is_named) {
            return Err(format!(
                "policy {id} {version} is not one of those that may serve this realm; add its id or its digest {digest} to the realm's policies.allowed"
            ));
        }
        let is_trusted = |key| self.trusted_keys.contains(key);
        if self.signature_required
            && provenance.origin != PolicyOrigin::BuiltIn
            && !provenance.signers.iter().any(is_trusted)
        {
            return Err(format!(
                "policy {id} {version} has no signature of a key that this realm trusts; sign {digest}, or add its signer's key to the realm's policies.trusted_keys"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PolicyRef {
        PolicyRef {
            id: "example".to_owned(),
            version: "1.0.0".to_owned(),
            digest: format!("sha256:{}", "a".repeat(64)),
        }
    }

    #[test]
    fn a_key_is_the_same_after_it_was_written() {
        let key = PolicyKey([0xa7; 32]);
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in [
            "",
            "ed25519:",
            "ed25519:zz",
            "rsa:00",
            &key.to_string()[1..],
        ] {
            assert_eq!(text.parse::<PolicyKey>(), Err(PolicyKeyError), "{text}");
        }
    }

    #[test]
    fn a_realm_takes_what_its_rules_let_in() {
        let (ours, theirs) = (PolicyKey([1; 32]), PolicyKey([2; 32]));
        let signed = |signers: &[PolicyKey], origin| Provenance {
            origin,
            signers: signers.to_vec(),
            wasi: WasiGrant::None,
            octets: 1,
        };
        let rules = |allowed: &[&str], signature_required| PolicyRules {
            allowed: allowed.iter().map(|&name| name.to_owned()).collect(),
            trusted_keys: vec![ours],
            signature_required,
            ..PolicyRules::default()
        };
        let digest = policy().digest;
        for (rules, provenance, is_let_in) in [
            (rules(&[], false), signed(&[], PolicyOrigin::Upload), true),
            (
                rules(&["EXAMPLE"], false),
                signed(&[], PolicyOrigin::Upload),
                true,
            ),
            (
                rules(&[&digest], false),
                signed(&[], PolicyOrigin::Upload),
                true,
            ),
            (
                rules(&["other"], false),
                signed(&[ours], PolicyOrigin::BuiltIn),
                false,
            ),
            (rules(&[], true), signed(&[], PolicyOrigin::Upload), false),
            (
                rules(&[], true),
                signed(&[theirs], PolicyOrigin::Upload),
                false,
            ),
            (
                rules(&[], true),
                signed(&[theirs, ours], PolicyOrigin::Upload),
                true,
            ),
            (rules(&[], true), signed(&[], PolicyOrigin::BuiltIn), true),
        ] {
            let admitted = rules.admit(&policy(), &provenance);
            assert_eq!(admitted.is_ok(), is_let_in, "{rules:?} {provenance:?}");
        }
    }
}
