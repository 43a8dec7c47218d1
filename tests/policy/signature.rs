//! Signatures of components, and the keys that make them.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};
use bridge_model::policy::{PolicyKey, PolicySignature};
use bridge_policy::signature::{self, KeyError, SigningKey};

/// RFC 8410 section 10.3.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
/// RFC 8410 section 10.1.
const PUBLIC: &str = "ed25519:19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

fn key() -> SigningKey {
    SigningKey::from_pem(PEM.as_bytes()).expect("the key of the standard")
}

#[test]
fn a_key_is_read_and_written_as_the_standard_has_it() {
    assert_eq!(key().public().to_string(), PUBLIC);
    let written = key().to_pem().expect("it can be written");
    assert_eq!(written.expose(), PEM.as_bytes());
    assert!(
        !format!("{:?}", key()).contains("MC4C"),
        "it does not print"
    );
}

#[test]
fn a_new_key_is_another_one_and_the_same_after_it_was_written() {
    let [first, second] = [(); 2].map(|()| SigningKey::generate().expect("a key"));
    assert_ne!(first.public(), second.public());
    let pem = first.to_pem().expect("it can be written");
    let read = SigningKey::from_pem(pem.expose()).expect("it was written here");
    assert_eq!(read.public(), first.public());
    let octets = b"a component";
    assert_eq!(
        signature::sign(&read, octets),
        signature::sign(&first, octets)
    );
}

#[test]
fn what_is_no_key_is_told_so() {
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let rubbish = PEM.replace("MC4CAQ", "AAAAAA");
    for (text, error) in [
        ("", KeyError::Format),
        ("ed25519", KeyError::Format),
        (public, KeyError::Format),
        (&rubbish, KeyError::Kind),
    ] {
        let refused = SigningKey::from_pem(text.as_bytes());
        assert_eq!(refused.expect_err("it is none"), error, "{text}");
    }
}

/// What is signed does not depend on this crate's word for it.
#[test]
fn a_signature_is_over_the_domain_and_the_digest_of_the_component() {
    let octets = b"a component";
    let signature = signature::sign(&key(), octets);
    assert_eq!(signature.key, key().public());
    let sha256 = digest(&SHA256, octets);
    let signed = [b"ldap-oidc policy signature 1\0", sha256.as_ref()].concat();
    let public = UnparsedPublicKey::new(&ED25519, signature.key.0);
    public.verify(&signed, &signature.octets).expect("it fits");
    assert!(public.verify(octets, &signature.octets).is_err());
    assert!(public.verify(sha256.as_ref(), &signature.octets).is_err());
}

#[test]
fn a_signature_fits_one_component_and_one_key() {
    let octets = b"a component";
    let signature = signature::sign(&key(), octets);
    assert!(signature::fits(&signature, octets));
    assert!(!signature::fits(&signature, b"A component"));
    let other = SigningKey::generate().expect("a key").public();
    for key in [other, PolicyKey([0; 32]), PolicyKey([0xff; 32])] {
        let stolen = PolicySignature {
            key,
            ..signature.clone()
        };
        assert!(!signature::fits(&stolen, octets), "{key}");
    }
    for at in [0, 31, 32, 63] {
        let mut bent = signature.clone();
        bent.octets[at] ^= 1;
        assert!(!signature::fits(&bent, octets), "octet {at}");
    }
    for octets_kept in [0, 63] {
        let mut cut = signature.clone();
        cut.octets.truncate(octets_kept);
        assert!(!signature::fits(&cut, octets), "{octets_kept} octets");
    }
}

#[test]
fn the_text_of_a_file_is_read_as_it_was_written() {
    let other = SigningKey::generate().expect("a key");
    let signatures = [&key(), &other].map(|key| signature::sign(key, b"a component"));
    let text = signature::write(&signatures);
    assert_eq!(text.lines().count(), 2);
    assert!(text.starts_with(&format!("{PUBLIC} ")), "{text}");
    assert_eq!(
        signature::read(&text).expect("it was written here"),
        signatures
    );
    let commented = format!("# signed in May\n\n{}\r\n", text.trim_end());
    assert_eq!(signature::read(&commented).expect("lines"), signatures);
    assert_eq!(signature::read(""), Ok(Vec::new()));
}

#[test]
fn a_line_that_is_no_signature_is_named() {
    let good = signature::write(&[signature::sign(&key(), b"a component")]);
    let check = |text: &str, line: usize, part: &str| {
        let error = signature::read(text).expect_err("it is none");
        assert_eq!(error.line, line, "{error}");
        assert!(error.rule.contains(part), "{error}");
    };
    check("nonsense", 1, "a key, a space, and 64 octets");
    check(
        &format!("{good}rsa:00 AAAA\n"),
        2,
        "`ed25519:` and 64 hexadecimal digits",
    );
    check(&format!("\n{PUBLIC} AAAA\n"), 2, "64 octets in Base64");
    check(&format!("{PUBLIC} ~~~~\n"), 1, "64 octets in Base64");
    check(&good.repeat(65), 65, "at most 64");
    assert_eq!(signature::read(&good.repeat(64)).map(|it| it.len()), Ok(64));
}
