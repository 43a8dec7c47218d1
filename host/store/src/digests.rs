//! Keyed digests: what is only ever compared is kept as one, so that a copy of the database gives no
//! way to try values out.
//!
//! The key is drawn with the database and kept in it, sealed, so that digests outlive a change of the
//! sealing key. In a database that is older than that, it is the key they were made with until then,
//! which was derived from the sealing key of that time.

use crate::key::SealingKey;
use aws_lc_rs::hmac;
use bridge_model::{
    names::{ClientId, FederationId, RealmName},
    secret::Secret,
};
use zeroize::Zeroizing;

/// Makes keyed digests: HMAC with SHA-256.
pub(crate) struct Digests {
    client_secrets: hmac::Key,
    identifiers: hmac::Key,
}

impl Digests {
    /// The length of the key, in octets.
    pub(crate) const KEY_OCTETS: usize = 32;

    pub(crate) fn new(key: &Secret) -> Self {
        let client_secrets = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        // No message about a client's secret begins like this: those begin with a length.
        let identifiers = hmac::sign(&client_secrets, b"identifiers of imported subjects");
        Self {
            identifiers: hmac::Key::new(hmac::HMAC_SHA256, identifiers.as_ref()),
            client_secrets,
        }
    }

    /// The key of a database from before it was kept in there.
    pub(crate) fn derived_key(key: &SealingKey) -> Secret {
        key.derive("store/client-secrets")
    }

    /// The digest of a client's secret; that of another client with the same secret is another.
    pub(crate) fn of_secret(&self, realm: &RealmName, id: &ClientId, secret: &Secret) -> Vec<u8> {
        let message = message(&[
            realm.as_str().as_bytes(),
            id.as_str().as_bytes(),
            secret.expose(),
        ]);
        hmac::sign(&self.client_secrets, &message).as_ref().to_vec()
    }

    /// Whether a secret has this digest, compared in constant time.
    pub(crate) fn secret_fits(
        &self,
        digest: &[u8],
        realm: &RealmName,
        id: &ClientId,
        secret: &Secret,
    ) -> bool {
        let message = message(&[
            realm.as_str().as_bytes(),
            id.as_str().as_bytes(),
            secret.expose(),
        ]);
        hmac::verify(&self.client_secrets, &message, digest).is_ok()
    }

    /// The digest of what identifies a person in a federation.
    pub(crate) fn of_identifier(&self, federation: FederationId, identifier: &[u8]) -> Vec<u8> {
        let message = message(&[federation.0.as_bytes(), identifier]);
        hmac::sign(&self.identifiers, &message).as_ref().to_vec()
    }
}

/// Each part goes in with its length, so that no two messages read the same.
fn message(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::new());
    for part in parts {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_a_secret_differ_from_client_to_client() {
        let digests = Digests::new(&Secret::new([7; Digests::KEY_OCTETS]));
        let [staff, guests] = ["staff", "guests"].map(|name| RealmName::new(name).expect("a name"));
        let [wiki, blog] = ["wiki", "blog"].map(|id| ClientId::new(id).expect("an id"));
        let secret = Secret::new("s3cret");
        let digest = digests.of_secret(&staff, &wiki, &secret);
        assert!(digests.secret_fits(&digest, &staff, &wiki, &secret));
        let other = Secret::new("S3cret");
        assert!(!digests.secret_fits(&digest, &staff, &wiki, &other));
        assert!(!digests.secret_fits(&digest, &guests, &wiki, &secret));
        assert!(!digests.secret_fits(&digest, &staff, &blog, &secret));
        let other = Digests::new(&Secret::new([8; Digests::KEY_OCTETS]));
        assert!(!other.secret_fits(&digest, &staff, &wiki, &secret));
    }

    #[test]
    fn digests_of_an_identifier_differ_from_federation_to_federation() {
        let digests = Digests::new(&Secret::new([7; Digests::KEY_OCTETS]));
        let of = |federation, identifier: &[u8]| {
            digests.of_identifier(FederationId(uuid::Uuid::from_u128(federation)), identifier)
        };
        assert_eq!(of(1, b"ada"), of(1, b"ada"));
        assert_ne!(of(1, b"ada"), of(2, b"ada"));
        assert_ne!(of(1, b"ada"), of(1, b"bob"));
    }
}
