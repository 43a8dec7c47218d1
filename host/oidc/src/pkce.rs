//! Proof key for code exchange, method S256 (RFC 7636).

use crate::opaque;

/// Whether a text can be an S256 challenge: base64url of 32 octets, without padding (section 4.2).
pub(crate) fn is_challenge(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
}

/// Whether a text can be a verifier: 43 to 128 unreserved characters (section 4.1).
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-._~".contains(&c))
}

/// Whether the verifier answers the challenge (section 4.6). A challenge without a verifier fails,
/// and so does a verifier without a challenge: both are what is left when somebody strips the
/// protection from one half of a flow (RFC 9700 section 2.1.1).
pub(crate) fn is_answered(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let transformed = opaque::encode(&opaque::sha256(verifier.as_bytes()));
            opaque::is_same(transformed.as_bytes(), challenge.as_bytes())
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_specification_fits() {
        assert!(is_challenge(CHALLENGE) && is_verifier(VERIFIER));
        assert!(is_answered(Some(CHALLENGE), Some(VERIFIER)));
    }

    #[test]
    fn another_verifier_does_not_fit() {
        let other = VERIFIER.replace("dBjf", "dBjg");
        assert!(!is_answered(Some(CHALLENGE), Some(&other)));
        // `plain` would be the challenge itself.
        assert!(!is_answered(Some(CHALLENGE), Some(CHALLENGE)));
    }

    #[test]
    fn half_of_the_pair_is_a_downgrade() {
        assert!(is_answered(None, None));
        assert!(!is_answered(Some(CHALLENGE), None));
        assert!(!is_answered(None, Some(VERIFIER)));
    }

    #[test]
    fn lengths_and_characters_have_limits() {
        for (text, expected) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
            ("~._-".repeat(11), true),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{}ä", "a".repeat(43)), false),
        ] {
            assert_eq!(is_verifier(&text), expected, "{text}");
        }
        for text in [
            &CHALLENGE[1..],
            &CHALLENGE.replace('-', "+"),
            &format!("{CHALLENGE}="),
        ] {
            assert!(!is_challenge(text), "{text}");
        }
    }
}
