//! Random secrets that somebody else holds: codes, cookies, the ids of interactions.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{ports::Random, secret::Secret, session::TokenHash};

/// Twice the 128 bits that RFC 6749 section 10.10 asks for at the least.
const OCTETS: usize = 32;

/// A new secret.
pub(crate) fn draw(random: &dyn Random) -> Secret {
    let mut octets = [0; OCTETS];
    random.fill(&mut octets);
    Secret::new(octets)
}

/// Octets as text: base64url without padding.
pub(crate) fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// The secret in a text, if it is one that [`draw`] and [`encode`] can have made.
pub(crate) fn decode(text: &str) -> Option<Secret> {
    let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
    (octets.len() == OCTETS).then(|| Secret::new(octets))
}

/// Whether a cookie's value has the size of one of ours.
pub(crate) fn is_whole(secret: &Secret) -> bool {
    secret.expose().len() == OCTETS
}

/// What the store keeps of a secret.
pub(crate) fn digest(secret: &Secret) -> TokenHash {
    TokenHash(sha256(secret.expose()))
}

/// SHA-256.
pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut result = [0; 32];
    let digest = digest::digest(&digest::SHA256, octets);
    // The digest has 32 octets as the array has, so that none is left out on either side.
    for (to, from) in result.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    result
}

/// Whether two texts are the same, without telling by the time where they differ.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// The CSRF token of an interaction's form: an HMAC-SHA-256 under the browser's cookie. Whoever
/// makes another site's browser post the form does not know the cookie, and a token of one
/// interaction does not fit another.
pub(crate) fn csrf(binding: &Secret, interaction: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, binding.expose());
    let mut context = hmac::Context::with_key(&key);
    context.update(b"csrf");
    context.update(interaction.as_bytes());
    encode(context.sign().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    #[test]
    fn a_secret_has_256_bits_and_is_drawn_anew_each_time() {
        let random = SeededRandom::new(1);
        let (one, two) = (draw(&random), draw(&random));
        assert_eq!(one.expose().len(), 32);
        assert_ne!(one, two);
        assert_eq!(decode(&encode(one.expose())), Some(one));
    }

    #[test]
    fn only_a_whole_secret_is_decoded() {
        let text = encode(&[7; 32]);
        assert!(decode(&text).is_some());
        for bad in [
            &text[..42],
            &text[..41],
            "",
            &format!("{text}A"),
            &format!("{text}="),
        ] {
            assert!(decode(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_form_token_belongs_to_one_browser_and_one_interaction() {
        let (one, two) = (Secret::new([1; 32]), Secret::new([2; 32]));
        assert_eq!(csrf(&one, "a"), csrf(&one, "a"));
        assert_ne!(csrf(&one, "a"), csrf(&two, "a"));
        assert_ne!(csrf(&one, "a"), csrf(&one, "b"));
    }
}
