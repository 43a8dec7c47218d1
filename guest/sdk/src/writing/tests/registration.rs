//! New users, and refused writes.

use super::*;

fn register(profile: &[(&str, &str)], federation: Federation) -> Result<NewEntry, Vec<Problem>> {
    let claims = profile.iter().map(|(name, value)| Claim {
        name: (*name).to_owned(),
        value: ClaimValue::Text((*value).to_owned()),
    });
    Plain::register(context(&plan::<Plain>(federation)), claims.collect())
}

fn of_entry(entry: &NewEntry, name: &str) -> Vec<String> {
    let found = entry.attributes.iter().find(|own| own.name == name);
    let values = found.iter().flat_map(|own| &own.values);
    values
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect()
}

#[test]
fn a_new_user_has_what_a_person_has_to_have() {
    let profile = [("preferred_username", "alan"), ("email", "alan@x")];
    let entry = register(&profile, writable()).expect("an entry");
    assert_eq!(entry.parent, "ou=people,o=x");
    assert_eq!(entry.name[0].attribute, "uid");
    assert_eq!(entry.name[0].value, b"alan");
    for (attribute, expected) in [
        (
            "objectClass",
            &["inetOrgPerson", "organizationalPerson"][..],
        ),
        ("uid", &["alan"]),
        ("mail", &["alan@x"]),
        ("cn", &["alan"]),
        ("sn", &["alan"]),
        ("off", &[]),
    ] {
        assert_eq!(of_entry(&entry, attribute), expected, "{attribute}");
    }
    let profile = [
        ("preferred_username", "alan"),
        ("given_name", "Alan"),
        ("family_name", "Turing"),
    ];
    let by_cn = Federation {
        rdn_attribute: Some("cn".into()),
        ..writable()
    };
    let entry = register(&profile, by_cn).expect("an entry");
    assert_eq!(entry.name[0].value, b"alan", "a full name is not unique");
    assert_eq!(of_entry(&entry, "sn"), ["Turing"]);
    let entry = register(&profile, writable()).expect("an entry");
    assert_eq!(of_entry(&entry, "cn"), ["Alan Turing"]);
}

#[test]
fn a_profile_that_cannot_be_written_makes_no_user() {
    for (profile, field) in [
        (&[("email", "alan@x")][..], "username"),
        (&[("preferred_username", "a/b")], "username"),
        (
            &[("preferred_username", "alan"), ("email", "alan")],
            "email",
        ),
        (&[("preferred_username", "alan"), ("shoe", "42")], "shoe"),
    ] {
        let problems = register(profile, writable()).expect_err(field);
        assert_eq!(fields(&problems), [field]);
    }
    let closed = Federation {
        sync_registration: false,
        ..writable()
    };
    let problems = register(&[("preferred_username", "alan")], closed).expect_err("closed");
    assert_eq!(fields(&problems), ["sync_registration"]);
}

#[test]
fn a_refused_write_is_explained_in_the_fields_of_the_profile() {
    let plan = plan::<Plain>(writable());
    for (code, diagnostic, field) in [
        (68, "", "username"),
        (
            65,
            "object class 'inetOrgPerson' requires attribute 'sn'",
            "family_name",
        ),
        (21, "mail: value #0 invalid per syntax", "email"),
        (19, "some attributes not unique (uid)", "username"),
        (19, "something", "profile"),
        (
            20,
            "modify/add: description: value #0 already exists",
            "nick",
        ),
        (50, "", "edit_mode"),
        (10, "", "edit_mode"),
        (80, "", "edit_mode"),
    ] {
        let problems = Plain::explain_write(context(&plan), reply(code, diagnostic));
        assert_eq!(fields(&problems), [field], "{code} {diagnostic}");
        assert!(problems[0].message.contains("; "), "{code}");
    }
}
