//! The names that people sign in with.

use crate::{
    attributes,
    defaults::{Defaults, Known},
    mapper::Findings,
    reads,
    types::{Federation, Setting, problem},
};

/// The attributes that hold what people type.
pub(crate) const ATTRIBUTES: Known = Known {
    name: "login_attributes",
    about: "The attributes that people sign in by, with commas between, such as uid, mail; the user name's where \
            it is not set.",
    preset: None,
    choices: &[],
};

/// The domains of a federation, for vendors whose people type them.
pub const DOMAINS: Known = Known {
    name: "domain",
    about: "The domains, with commas between, that may stand before a \\ or behind an @ where people sign in by \
            the name alone, such as CORP, corp.example.org; any where it is not set.",
    preset: None,
    choices: &[],
};

/// The name of [`DOMAINS`] in `plan.more`, one setting for each.
const LOGIN_DOMAIN: &str = "login_domain";

/// Finds one user by what was typed, without what tells users from others.
pub(crate) fn filter(
    defaults: &Defaults,
    federation: &Federation,
    username_attribute: &str,
    findings: &mut Findings,
) -> String {
    let is_vendors = username_attribute.eq_ignore_ascii_case(defaults.username_attribute);
    let own = defaults.login.filter(|_| is_vendors);
    let Some(set) = reads::setting(federation, ATTRIBUTES.name) else {
        return own.map_or_else(|| term(defaults, username_attribute), str::to_owned);
    };
    let names: Vec<_> = list(set).collect();
    let field = || format!("advanced.settings.{}", ATTRIBUTES.name);
    if let Some(bad) = names.iter().find(|name| !attributes::is_type(name)) {
        let message =
            format!("{bad:?} is not the name of an attribute; write some such as uid, mail");
        findings.problems.push(problem(field(), message));
    }
    if names.len() > 1 {
        let message = "whoever may write one of these attributes can write another's name there, and then neither \
                       signs in by it; make sure that people may not, and that no two share a value";
        findings.notes.push(problem(field(), message));
    }
    let mut terms: Vec<_> = names.iter().map(|name| term(defaults, name)).collect();
    terms.dedup();
    match terms.len() {
        0 | 1 => terms.pop().unwrap_or_default(),
        _ => format!("(|{})", terms.concat()),
    }
}

/// The vendor's own user name may be typed with a domain where the vendor's filter says so.
fn term(defaults: &Defaults, attribute: &str) -> String {
    let with_domain = format!("({attribute}={{local}})");
    let is_own = attribute.eq_ignore_ascii_case(defaults.username_attribute);
    let has_domain = defaults.login.is_some_and(|login| {
        is_own && login.contains(&format!("({}={{local}})", defaults.username_attribute))
    });
    if has_domain {
        with_domain
    } else {
        format!("({attribute}={{username}})")
    }
}

/// The domains that may be typed, for `plan.more`.
pub(crate) fn domains(
    defaults: &Defaults,
    federation: &Federation,
    findings: &mut Findings,
) -> Vec<Setting> {
    if !defaults
        .settings
        .iter()
        .any(|known| known.name == DOMAINS.name)
    {
        return Vec::new();
    }
    let names: Vec<_> = reads::setting(federation, DOMAINS.name)
        .into_iter()
        .flat_map(list)
        .collect();
    if let Some(bad) = names.iter().find(|name| name.contains(['\\', '@', ' '])) {
        findings.problems.push(problem(
            format!("advanced.settings.{}", DOMAINS.name),
            format!("{bad:?} is not a domain; write some such as CORP, corp.example.org"),
        ));
    }
    let setting = |name: &str| Setting {
        name: LOGIN_DOMAIN.to_owned(),
        value: name.to_owned(),
    };
    names.into_iter().map(setting).collect()
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{defaults, testing};

    const WITH_DOMAINS: Defaults = Defaults {
        username_attribute: "account",
        login: Some("(|(account={local})(principal={username}))"),
        settings: &[DOMAINS],
        ..defaults::RFC
    };

    fn set(name: &str, value: &str) -> Federation {
        Federation {
            settings: vec![Setting {
                name: name.to_owned(),
                value: value.to_owned(),
            }],
            ..testing::federation("x", "o=x")
        }
    }

    fn filter_of(defaults: &Defaults, value: &str) -> (String, usize, usize) {
        let mut findings = Findings::default();
        let federation = set(ATTRIBUTES.name, value);
        let filter = filter(
            defaults,
            &federation,
            defaults.username_attribute,
            &mut findings,
        );
        (filter, findings.problems.len(), findings.notes.len())
    }

    #[test]
    fn people_sign_in_by_what_the_operator_names() {
        for (defaults, value, expected, notes) in [
            (
                &defaults::RFC,
                "uid, mail",
                "(|(uid={username})(mail={username}))",
                1,
            ),
            (&defaults::RFC, "mail", "(mail={username})", 0),
            (&defaults::RFC, " ", "(uid={username})", 0),
            (
                &WITH_DOMAINS,
                "",
                "(|(account={local})(principal={username}))",
                0,
            ),
            (
                &WITH_DOMAINS,
                "ACCOUNT,mail",
                "(|(ACCOUNT={local})(mail={username}))",
                1,
            ),
        ] {
            assert_eq!(
                filter_of(defaults, value),
                (expected.to_owned(), 0, notes),
                "{value}"
            );
        }
        assert_eq!(filter_of(&defaults::RFC, "uid, a b").1, 1);
        assert_eq!(filter_of(&defaults::RFC, "uid)(x=*").1, 1);
    }

    #[test]
    fn domains_are_for_vendors_that_have_them() {
        let mut findings = Findings::default();
        let mut of = |defaults: &Defaults, value: &str| {
            let settings = domains(defaults, &set("domain", value), &mut findings);
            settings
                .into_iter()
                .map(|setting| setting.value)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(&WITH_DOMAINS, "CORP, corp.example"),
            ["CORP", "corp.example"]
        );
        assert_eq!(of(&WITH_DOMAINS, ""), Vec::<String>::new());
        assert_eq!(of(&defaults::RFC, "CORP"), Vec::<String>::new());
        of(&WITH_DOMAINS, "CORP\\ada");
        assert_eq!(findings.problems.len(), 1);
    }
}
