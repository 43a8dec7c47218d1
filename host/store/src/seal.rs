//! Sealed columns.
//!
//! A sealed value is: one octet for the format (1), a random nonce of 12 octets, and the output of
//! AES-256-GCM-SIV (RFC 8452), which stays sound should a nonce ever come twice. What is
//! authenticated with it ([`Place`]) ties the value to where it stands.

use crate::key::SealingKey;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use bridge_model::{
    federation::{Federation, ServiceBind, TlsVersion},
    names::RealmName,
    ports::{Random, StoreError},
    secret::Secret,
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seals and opens the columns that hold secrets.
pub(crate) struct Seal {
    key: LessSafeKey,
    random: Arc<dyn Random>,
}

impl Seal {
    pub(crate) fn new(key: &SealingKey, random: Arc<dyn Random>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, key.derive("store/seal").expose())
            .expect("a derived key has the 32 octets of an AES-256 key");
        Self {
            key: LessSafeKey::new(key),
            random,
        }
    }

    /// Seals a value for one place.
    pub(crate) fn seal(&self, place: &Place, secret: &Secret) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce);
        let mut in_out = Zeroizing::new(secret.expose().to_vec());
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&place.octets),
                &mut in_out,
            )
            .expect("only a value of 64 GiB cannot be sealed, and none comes near");
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&in_out);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sealed`] for anything else.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Secret, StoreError> {
        let opened = sealed
            .strip_prefix(&[FORMAT])
            .and_then(|rest| rest.split_first_chunk::<NONCE_LEN>())
            .and_then(|(nonce, ciphertext)| {
                let mut in_out = Zeroizing::new(ciphertext.to_vec());
                let nonce = Nonce::assume_unique_for_key(*nonce);
                self.key
                    .open_in_place(nonce, Aad::from(&place.octets), &mut in_out)
                    .ok()
                    .map(|plain| Secret::new(&*plain))
            });
        opened.ok_or_else(|| StoreError::Sealed(place.shown.clone()))
    }
}

/// Where a sealed value stands: a table, a column, a row, and what else it is tied to. Each part
/// goes in with its length, so that no two places read the same.
pub(crate) struct Place {
    octets: Vec<u8>,
    shown: String,
}

impl Place {
    /// `shown` names the row in an error.
    fn new(table: &str, column: &str, shown: &str) -> Self {
        let place = Self {
            octets: Vec::new(),
            shown: format!("{table}.{column} of {shown}"),
        };
        place.and(table).and(column)
    }

    /// The row that tells whether the sealing key is the right one.
    pub(crate) fn sentinel(purpose: &str) -> Self {
        Self::new("application", "sentinel", "the database").and(purpose)
    }

    /// The key that keyed digests are made with.
    pub(crate) fn digest_key() -> Self {
        Self::new("application", "digest_key", "the database")
    }

    /// The key that subjects of a realm are derived with.
    pub(crate) fn subject_key(realm: &RealmName) -> Self {
        Self::new("realms", "subject_key", realm.as_str()).and(realm.as_str())
    }

    /// The private key of a realm's signing key.
    pub(crate) fn signing_key(realm: &RealmName, kid: &str, algorithm: &str) -> Self {
        Self::new("signing_keys", "private", &format!("{realm}/{kid}"))
            .and(realm.as_str())
            .and(kid)
            .and(algorithm)
    }

    /// The hash of a person's local password.
    pub(crate) fn local_password(realm: &RealmName, subject: &str) -> Self {
        Self::new("local_profiles", "password", &format!("{realm}/{subject}"))
            .and(realm.as_str())
            .and(subject)
    }

    /// The bind credential of a federation: tied to everything that decides whom it is sent to, how
    /// well that is protected, and as whose. What was not there in earlier versions goes in only where
    /// it is not the preset, and as what no name or URL of a connection reads like.
    pub(crate) fn bind_credential(federation: &Federation) -> Self {
        let connection = &federation.connection;
        let shown = format!("{}/{}", federation.realm, federation.name);
        let mut place = Self::new("federations", "bind_credential", &shown)
            .and(federation.id.0.as_bytes())
            .and(federation.realm.as_str())
            .and([
                u8::from(connection.start_tls),
                u8::from(connection.allow_plaintext),
                u8::from(connection.ca_bundle.is_some()),
            ])
            .and(connection.ca_bundle.as_deref().unwrap_or_default())
            .and(match &connection.bind {
                ServiceBind::None | ServiceBind::External(_) => "",
                ServiceBind::Simple(name) => name.as_str(),
            });
        if let ServiceBind::External(certificate) = &connection.bind {
            place = place
                .and("external")
                .and(certificate.as_deref().unwrap_or_default());
        }
        if connection.tls_min == TlsVersion::Tls13 {
            place = place.and("TLS 1.3");
        }
        for host in &connection.referral_hosts {
            place = place.and("referrals").and(host);
        }
        for url in &connection.urls {
            place = place.and(url.as_str());
        }
        place
    }

    fn and(mut self, part: impl AsRef<[u8]>) -> Self {
        push_part(&mut self.octets, part.as_ref());
        self
    }
}

fn push_part(octets: &mut Vec<u8>, part: &[u8]) {
    octets.extend_from_slice(&(part.len() as u64).to_be_bytes());
    octets.extend_from_slice(part);
}

/// The only format so far.
const FORMAT: u8 = 1;

#[cfg(test)]
mod tests;
