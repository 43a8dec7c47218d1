//! What is wrong with a mapper is said when the federation is saved.

use super::*;

fn problems(scope: Scope<'_>, kind: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let mut findings = Findings::default();
    MapperSet::parse(&[mapper(kind, settings)], scope, &mut findings);
    findings
        .problems
        .into_iter()
        .map(|problem| problem.message)
        .collect()
}

#[test]
fn what_cannot_be_read_is_said_when_the_federation_is_saved() {
    let nowhere = Scope {
        defaults: &defaults::RFC,
        groups_base: None,
        readable: &[],
    };
    let readable = [Subtree {
        base: BASE.to_owned(),
        scope: SearchScope::OneLevel,
    }];
    let flat = Scope {
        groups_base: Some(BASE),
        readable: &readable,
        ..nowhere
    };
    for settings in [
        &[("strategy", "search")][..],
        &[("nested", "1")],
        &[("filter", "(cn=a)")],
        &[("name_attribute", "displayName")],
        &[("primary_group", "true")],
    ] {
        for kind in ["group", "role"] {
            let found = problems(nowhere, kind, settings);
            assert_eq!(found.len(), 1, "{settings:?}");
            assert!(found[0].contains("; set advanced.groups.dn"), "{found:?}");
            assert_eq!(problems(flat, kind, settings), Vec::<String>::new());
        }
    }
    let elsewhere = [("strategy", "search"), ("base", "ou=other,o=x")];
    assert!(problems(flat, "group", &elsewhere)[0].contains("may not be read"));
    for bad in [
        ("strategy", "token-groups"),
        ("strategy", "in-chain"),
        ("nested", "6"),
        ("nested", "all"),
        ("filter", "cn=a"),
        ("filter", "(cn={who})"),
        ("name_attribute", "a b"),
        ("primary_group", "yes"),
    ] {
        assert_eq!(problems(flat, "group", &[bad]).len(), 1, "{bad:?}");
    }
    let sids = Scope {
        defaults: &SIDS,
        ..flat
    };
    assert_eq!(
        problems(sids, "group", &[("strategy", "token-groups")]),
        Vec::<String>::new()
    );
}
