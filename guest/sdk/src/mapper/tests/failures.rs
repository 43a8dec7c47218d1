//! What becomes of a person whose mapper fails.

use super::*;

/// The names of the mappers that are left out, and of the claims and groups that are not.
fn outcome(mappers: &[Mapper], entry: &Entry) -> Result<(Vec<String>, Vec<String>), String> {
    let mapped = mapped(mappers, entry).map_err(|problem| problem.field)?;
    let left_out = mapped.left_out.into_iter().map(|left| left.mapper);
    let claims = mapped.claims.into_iter().map(|claim| claim.name);
    let groups = mapped.groups.into_iter().map(|group| group.name);
    Ok((left_out.collect(), claims.chain(groups).collect()))
}

#[test]
fn a_mapper_fails_where_what_the_directory_says_cannot_be_read() {
    let entry = entry(&[
        ("mail", &[b"nobody"]),
        ("mixed", &[b"nobody", b"a@x"]),
        ("octets", &[b"\xff"]),
        ("blank", &[b" ", b""]),
        ("never", &[b"0"]),
        ("parts;range=0-1", &[b"a", b"b"]),
        ("ou", &[b"x"]),
    ]);
    for (kind, attribute, settings, fails) in [
        ("attribute", "mail", &[("format", "email")][..], true),
        ("attribute", "mixed", &[("format", "email")], false),
        ("attribute", "octets", &[], true),
        ("attribute", "octets", &[("format", "base64")], false),
        ("attribute", "octets", &[("fallback", "ou")], false),
        ("attribute", "octets", &[("fallback", "blank")], true),
        ("attribute", "blank", &[("fallback", "octets")], true),
        ("attribute", "blank", &[("format", "integer")], false),
        ("attribute", "never", &[("format", "filetime")], false),
        ("attribute", "mail", &[("format", "filetime")], true),
        ("attribute", "ou", &[("format", "uuid")], true),
        ("attribute", "parts", &[("multivalued", "all")], true),
        ("attribute", "parts", &[], false),
        ("attribute", "absent", &[("format", "time")], false),
        ("full-name", "octets", &[], true),
        ("full-name", "blank", &[], false),
    ] {
        let left_out = |settings: &[(&str, &str)]| {
            outcome(&[mapper("x", kind, Some(attribute), settings)], &entry)
        };
        let expected = if fails { vec!["x".to_owned()] } else { vec![] };
        let found = left_out(settings).map(|(left_out, _)| left_out);
        assert_eq!(found, Ok(expected), "{kind} {attribute} {settings:?}");
        let denying = [settings, &[("on_error", "deny")]].concat();
        assert_eq!(
            left_out(&denying).is_err(),
            fails,
            "{kind} {attribute} {settings:?}"
        );
    }
}

#[test]
fn groups_deny_unless_the_operator_says_otherwise() {
    let entry = entry(&[
        ("memberOf", &[b"cn=a,o=x", b"no name"]),
        ("nsRole", &[b"cn=r,o=x"]),
        ("uid", &[b"ada"]),
    ]);
    let groups = |settings| {
        let mappers = [
            mapper("roles", "group", Some("nsRole"), &[]),
            mapper("groups", "group", None, settings),
            mapper("name", "attribute", Some("uid"), &[]),
        ];
        outcome(&mappers, &entry)
    };
    for denies in [&[][..], &[("on_error", "deny")], &[("on_error", " ")]] {
        assert_eq!(groups(denies), Err("memberOf".to_owned()), "{denies:?}");
    }
    let left_out = groups(&[("on_error", "leave_out")]);
    let expected = (
        vec!["groups".to_owned()],
        vec!["name".to_owned(), "r".to_owned()],
    );
    assert_eq!(
        left_out,
        Ok(expected),
        "all that the mapper would have given"
    );
}

#[test]
fn an_unknown_word_for_failures_is_a_problem() {
    for kind in ["attribute", "constant", "full-name", "group"] {
        let settings = [("on_error", "ignore"), ("value", "x")];
        let found = problems(mapper("a", kind, Some("uid"), &settings));
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
        assert!(
            found[0].contains("; choose one of deny, leave_out"),
            "{found:?}"
        );
    }
}
