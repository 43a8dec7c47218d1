use super::*;
use crate::base64;

/// Made with openssl: a subject with escapes and an address, and four alternative names.
const CERTIFICATE: &str = "MIICZjCCAgygAwIBAgIFAKGyw9QwCgYIKoZIzj0EAwIwajEUMBIGCgmSJomT8ixkARkWBHRlc3QxFjAUBgNVBAoMDUV4YW1wbGUsIEluYy4xGDAWBgNVBAMMD0rDtnJnIEogTcO8bGxlcjEgMB4GCSqGSIb3DQEJARYRam9yZ0BleGFtcGxlLnRlc3QwHhcNMjYxMTIyMDY1ODQ3WhcNMjYxMjIyMDY1ODQ3WjBqMRQwEgYKCZImiZPyLGQBGRYEdGVzdDEWMBQGA1UECgwNRXhhbXBsZSwgSW5jLjEYMBYGA1UEAwwPSsO2cmcgSiBNw7xsbGVyMSAwHgYJKoZIhvcNAQkBFhFqb3JnQGV4YW1wbGUudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHeTAn6hN1fcA7TqW4+bYOU8NGxlvYncgVqt6buYnuVZh/qnc1wAB4Cz2wdzyB5Txe4zuTajwpsDmBrxiYhLVpujgZ4wgZswCQYDVR0TBAIwADBvBgNVHREEaDBmgRFqb3JnQGV4YW1wbGUudGVzdIIRaG9zdC5leGFtcGxlLnRlc3SGFmh0dHBzOi8vZXhhbXBsZS50ZXN0L2qgJgYKKwYBBAGCNxQCA6AYDBZqb3JnQGNvcnAuZXhhbXBsZS50ZXN0MB0GA1UdDgQWBBSnBLAdDrBhv54b52Xf3KP2mMSp5DAKBggqhkjOPQQDAgNIADBFAiAQwbtJYqchhxLqMpjOV4LWOjDbkNEX9FUT5s7f7rg4ugIhAKQdmX+RgB7C2w0f7G+IxzvgOtBwrMengRpRE/w5SHck";

fn octets() -> Vec<u8> {
    base64::decode(CERTIFICATE).expect("base64")
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may fail"
)]
fn one(name: &str) -> Option<Vec<String>> {
    Some(vec![name.to_owned()])
}

#[test]
fn a_certificate_says_whom_it_is_for() {
    let octets = octets();
    let certificate = Certificate::read(&octets).expect("a certificate");
    let name = "1.2.840.113549.1.9.1=jorg@example.test,CN=Jörg J Müller,O=Example\\, Inc.,DC=test";
    assert_eq!(certificate.subject().as_deref(), Some(name));
    assert_eq!(certificate.issuer().as_deref(), Some(name));
    assert_eq!(certificate.serial(), "a1b2c3d4");
    assert_eq!(certificate.emails(), one("jorg@example.test"));
    assert_eq!(certificate.hosts(), one("host.example.test"));
    assert_eq!(certificate.uris(), one("https://example.test/j"));
    assert_eq!(certificate.principals(), one("jorg@corp.example.test"));
}

#[test]
fn a_certificate_that_was_cut_is_none() {
    let octets = octets();
    for end in 0..octets.len() {
        let cut = octets.get(..end).unwrap_or_default();
        assert!(Certificate::read(cut).is_none(), "{end}");
    }
    assert!(Certificate::read(&[octets.as_slice(), &[0]].concat()).is_none());
}

#[test]
fn names_are_escaped() {
    for (value, expected) in [
        (" a ", "\\ a\\ "),
        ("#a,b+c", "\\#a\\,b\\+c"),
        ("a\0\"<>;\\", "a\\00\\\"\\<\\>\\;\\\\"),
        ("a#b c", "a#b c"),
    ] {
        assert_eq!(escaped(value), expected, "{value:?}");
    }
}

#[test]
fn strings_are_read_by_their_type() {
    let read = |tag, content: &[u8]| text(Element { tag, content });
    assert_eq!(read(BMP, &[0, 0x4a, 0, 0xf6]).as_deref(), Some("Jö"));
    assert_eq!(
        read(UNIVERSAL, &[0, 1, 0xf6, 0]).as_deref(),
        Some("\u{1f600}")
    );
    assert_eq!(read(TELETEX, &[0xf6]).as_deref(), Some("ö"));
    for (tag, bad) in [
        (BMP, &[0][..]),
        (UNIVERSAL, &[0, 0, 0]),
        (UTF8, &[0xff]),
        (PRINTABLE, &[0xe4]),
        (5, &[]),
    ] {
        assert_eq!(read(tag, bad), None, "{tag}");
    }
}

#[test]
fn object_identifiers_are_dotted() {
    assert_eq!(dotted(&[0x2b, 6, 1]).as_deref(), Some("1.3.6.1"));
    assert_eq!(dotted(&[0x88, 0x37, 3]).as_deref(), Some("2.999.3"));
    assert_eq!(dotted(&[]), None);
}
