use super::*;

fn wanted(ca_bundle: Option<&str>) -> Wanted<'_> {
    Wanted {
        ca_bundle,
        oldest: TlsVersion::Tls12,
        identity: None,
    }
}

/// A certificate made by itself, and its key.
fn made() -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new([]).expect("no names");
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn refuses_a_bundle_that_holds_no_certificate() {
    let common = TlsCommon::new();
    for pem in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
    ] {
        let refused = common.config(&wanted(Some(pem))).expect_err(pem);
        assert!(refused.contains("CA bundle"), "{refused}");
    }
}

#[test]
fn those_who_trust_the_same_share_what_that_takes() {
    let (one, other) = (made().0, made().0);
    let common = TlsCommon::new();
    let trusting = |pem: &String| common.config(&wanted(Some(pem))).expect("certificates");
    let first = trusting(&one);
    assert!(Arc::ptr_eq(&first, &trusting(&one)));
    assert!(!Arc::ptr_eq(&first, &trusting(&other)));
    let newer = Wanted {
        oldest: TlsVersion::Tls13,
        ..wanted(Some(&one))
    };
    assert!(!Arc::ptr_eq(&first, &common.config(&newer).expect("one")));
    // What nobody uses goes when the next one comes.
    drop(first);
    drop(trusting(&one));
    assert_eq!(common.shared.lock().expect("sound").len(), 1);
}

#[test]
fn a_certificate_and_a_key_that_do_not_fit_are_told_without_the_key() {
    let ((certificate, key), (_, other_key)) = (made(), made());
    let common = TlsCommon::new();
    let made_with = |certificate: &str, key: &str| {
        let identity = Identity::new(certificate, key.as_bytes())?;
        common.config(&Wanted {
            identity: Some(&identity),
            ..wanted(Some(certificate))
        })
    };
    assert!(made_with(&certificate, &key).is_ok());
    for (bad_certificate, bad_key, words) in [
        ("", key.as_str(), "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\n!\n", &key, "not PEM"),
        (&certificate, "hunter2", "private key"),
        (&certificate, &certificate, "private key"),
        (&certificate, &other_key, "do not work together"),
    ] {
        let refused = made_with(bad_certificate, bad_key).expect_err(words);
        assert!(refused.contains(words), "{refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn says_what_is_wrong_in_a_handshake() {
    let text = explain("dc1.example", &io::ErrorKind::UnexpectedEof.into());
    assert!(text.contains("closed"), "{text}");
}
