//! The kinds beside attributes, constants and groups of the directory.

use super::*;

#[test]
fn a_text_is_shaped() {
    let entry = entry(&[
        ("uid", &[b"Ada", b"Bob"]),
        ("phone", &[b"030 5550128"]),
        ("sites", &[b"https://example.test/ada Home"]),
    ]);
    let mappers = [
        mapper(
            "all",
            "attribute",
            Some("uid"),
            &[
                ("prefix", "x-"),
                ("suffix", "@y"),
                ("case", "lower"),
                ("multivalued", "all"),
            ],
        ),
        mapper("first", "attribute", Some("uid"), &[("case", "upper")]),
        mapper(
            "phone_number",
            "attribute",
            Some("phone"),
            &[("format", "phone"), ("country", "+49")],
        ),
        mapper("website", "attribute", Some("sites"), &[("format", "url")]),
    ];
    let texts = ClaimValue::Texts(vec!["x-ada@y".to_owned(), "x-bob@y".to_owned()]);
    assert_eq!(
        claims(&mappers, &entry),
        [
            ("all".to_owned(), texts),
            text("first", "ADA"),
            text("phone_number", "+49305550128"),
            text("website", "https://example.test/ada"),
        ]
    );
}

#[test]
fn what_is_no_text_has_no_shape() {
    for settings in [
        [("format", "integer"), ("prefix", "x")],
        [("format", "phone"), ("country", "Germany")],
        [("format", "text"), ("case", "title")],
    ] {
        let found = problems(mapper("a", "attribute", Some("uid"), &settings));
        assert_eq!(found.len(), 1, "{settings:?}: {found:?}");
    }
}

#[test]
fn an_address_has_the_parts_that_the_directory_has() {
    let mappers = [mapper("home", "address", None, &[])];
    let whole = entry(&[
        ("postalAddress", &[b"1 Main St$Springfield \\24"]),
        ("streetAddress", &[b"1 \"Main\" St"]),
        ("l", &[b"Springfield"]),
        ("st", &[b" "]),
        ("postalCode", &[b"12345"]),
        ("co", &[b"Germany"]),
        ("c", &[b"DE"]),
    ]);
    let json = "{\"formatted\":\"1 Main St\\nSpringfield $\",\"street_address\":\"1 \\\"Main\\\" St\",\
                \"locality\":\"Springfield\",\"postal_code\":\"12345\",\"country\":\"DE\"}";
    let value = ClaimValue::Json(json.to_owned());
    assert_eq!(claims(&mappers, &whole), [("address".to_owned(), value)]);
    assert_eq!(claims(&mappers, &entry(&[("st", &[b" "])])), []);
    let bad = entry(&[("postalAddress", &[b"a\\41"]), ("l", &[b"x"])]);
    let left_out = mapped(&mappers, &bad).expect("claims").left_out;
    assert_eq!(left_out[0].problem.field, "postalAddress");
    let own = [
        ("claim", "office"),
        ("locality", "city,l"),
        ("formatted", ""),
    ];
    let mappers = [mapper("home", "address", None, &own)];
    let value = ClaimValue::Json("{\"locality\":\"Rome\"}".to_owned());
    let entry = entry(&[("l", &[b"Oslo"]), ("city", &[b"Rome"])]);
    assert_eq!(claims(&mappers, &entry), [("office".to_owned(), value)]);
    assert_eq!(
        problems(mapper("a", "address", None, &[("region", "s t")])).len(),
        1
    );
}

#[test]
fn constants_make_members_of_everyone() {
    let mappers = [
        mapper("g", "constant-group", None, &[("group", "everyone")]),
        mapper("g2", "constant-group", None, &[("group", "everyone")]),
        mapper("r", "constant-role", None, &[("role", "user")]),
        mapper(
            "c",
            "constant-role",
            None,
            &[("role", "user"), ("client", "app")],
        ),
    ];
    let mapped = mapped(&mappers, &entry(&[])).expect("members");
    let groups: Vec<_> = mapped
        .groups
        .iter()
        .map(|group| (&*group.dn, &*group.name))
        .collect();
    assert_eq!(groups, [("", "everyone")]);
    let roles: Vec<_> = mapped
        .roles
        .iter()
        .map(|role| (&*role.name, role.client.as_deref(), role.source.as_deref()))
        .collect();
    assert_eq!(roles, [("user", None, None), ("user", Some("app"), None)]);
    assert_eq!(problems(mapper("a", "constant-group", None, &[])).len(), 1);
    assert_eq!(
        problems(mapper("a", "constant-role", None, &[("role", " ")])).len(),
        1
    );
}

#[test]
fn whether_an_account_is_switched_on_may_be_a_claim() {
    let with = [mapper(
        "a",
        "account-control",
        None,
        &[("claim", "enabled")],
    )];
    let enabled = ("enabled".to_owned(), ClaimValue::Boolean(true));
    assert_eq!(claims(&with, &entry(&[])), [enabled]);
    let without = [mapper("active", "account-control", None, &[])];
    assert_eq!(claims(&without, &entry(&[])), []);
}

#[test]
fn a_certificate_that_cannot_be_read_is_left_out() {
    let mappers = [mapper(
        "dn",
        "certificate-subject",
        None,
        &[("part", "san-email")],
    )];
    let bad = entry(&[("userCertificate;binary", &[b"\x30\x00"])]);
    assert_eq!(mapped(&mappers, &bad).expect("claims").left_out.len(), 1);
    assert_eq!(claims(&mappers, &entry(&[])), []);
    assert_eq!(
        problems(mapper("a", "certificate-subject", None, &[("part", "key")])).len(),
        1
    );
}
