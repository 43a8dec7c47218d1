//! What a script says: entries and ends of searches, well and badly.

use suites::peer::{element, message, result, search_done};

/// An attribute and its values.
pub(super) type Attribute<'a> = (&'a str, &'a [&'a [u8]]);

/// The one person of the domain.
pub(super) const ADA: &str = "CN=Ada,DC=ad,DC=example,DC=test";

/// An account that may sign in, with more attributes.
pub(super) fn account<'a>(more: &[Attribute<'a>]) -> Vec<Attribute<'a>> {
    let mut attributes: Vec<Attribute<'a>> = vec![
        ("objectClass", &[b"user"]),
        ("objectGUID", &[b"0123456789abcdef"]),
        ("sAMAccountName", &[b"ada"]),
        ("userAccountControl", &[b"512"]),
        ("msDS-User-Account-Control-Computed", &[b"0"]),
    ];
    attributes.extend_from_slice(more);
    attributes
}

pub(super) fn person(more: &[Attribute<'_>]) -> Vec<u8> {
    entry(ADA, &account(more))
}

/// The content of a search result entry (RFC 4511 section 4.5.2).
pub(super) fn entry(dn: &str, attributes: &[Attribute<'_>]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(name, values)| {
            let values: Vec<u8> = values
                .iter()
                .flat_map(|value| element(0x04, value))
                .collect();
            element(
                0x30,
                &[element(0x04, name.as_bytes()), element(0x31, &values)].concat(),
            )
        })
        .collect();
    [element(0x04, dn.as_bytes()), element(0x30, &attributes)].concat()
}

/// One entry, and the end of the search.
pub(super) fn found(id: u8, entry: &[u8]) -> Vec<u8> {
    [message(id, 0x64, entry), search_done(id, 0)].concat()
}

/// The end of a search that leads elsewhere (RFC 4511 section 4.1.10).
pub(super) fn referral(id: u8, url: &str) -> Vec<u8> {
    let mut content = result(10, "");
    content.extend(element(0xa3, &element(0x04, url.as_bytes())));
    message(id, 0x65, &content)
}

/// RFC 4511 section 4.4.1.
pub(super) fn notice() -> Vec<u8> {
    let mut content = result(52, "shutting down");
    content.extend(element(0x8a, b"1.3.6.1.4.1.1466.20036"));
    message(0, 0x78, &content)
}

/// What nobody should believe: lengths that are lies, nesting without end, answers to other questions.
pub(super) fn hostile() -> Vec<Vec<u8>> {
    let nested = (0..10_000).fold(Vec::new(), |mut octets, _| {
        octets.extend([0x30, 0x80]);
        octets
    });
    vec![
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01, 0x02],
        nested,
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        message(2, 0x61, &result(0, "")),
        message(99, 0x65, &result(0, "")),
        message(2, 0x65, &[0x0a, 0x01]),
        vec![0; 64],
    ]
}
