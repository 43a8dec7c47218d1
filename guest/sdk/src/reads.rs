//! Reads that a policy asks for: what the host would allow, so that the operator hears of the rest when
//! a federation is saved and not when somebody signs in.

use crate::{
    dn::Name,
    types::{Entry, Federation, Finding, Search, SearchScope, Setting, Subtree},
};

/// Matches every entry (RFC 4512 section 2.4.1).
pub const ANY: &str = "(objectClass=*)";

/// Whether the host allows a read of this base and scope where `readable` is what the operator made
/// readable. A person's own entry may always be read beside that.
pub fn is_readable(readable: &[Subtree], base: &str, scope: SearchScope) -> bool {
    let Some(base) = Name::parse(base) else {
        return false;
    };
    readable.iter().any(|allowed| {
        let Some(top) = Name::parse(&allowed.base).filter(|top| !top.is_root()) else {
            return false;
        };
        match (allowed.scope, scope) {
            (SearchScope::Subtree, _) => base.is_within(&top),
            (SearchScope::OneLevel, SearchScope::Base) => base.is_right_below(&top),
            (SearchScope::OneLevel, SearchScope::OneLevel)
            | (SearchScope::Base, SearchScope::Base) => base == top,
            (SearchScope::OneLevel | SearchScope::Base, _) => false,
        }
    })
}

/// A read of one entry, which the policy copes without.
pub fn of_entry(key: impl Into<String>, base: impl Into<String>, attributes: &[&str]) -> Search {
    Search {
        key: key.into(),
        base: base.into(),
        scope: SearchScope::Base,
        filter: ANY.to_owned(),
        slots: Vec::new(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        size_limit: 1,
        required: false,
        more: Vec::new(),
    }
}

/// The finding of a read, where it was done.
pub fn finding<'a>(findings: &'a [Finding], key: &str) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.key == key)
}

/// The entries of a read that was done and ended in success; none where it was not.
pub fn entries<'a>(findings: &'a [Finding], key: &str) -> &'a [Entry] {
    finding(findings, key)
        .filter(|finding| finding.result_code == 0)
        .map_or(&[], |finding| &finding.entries)
}

/// The value of a federation's setting, where it is set and not blank.
pub fn setting<'a>(federation: &'a Federation, name: &str) -> Option<&'a str> {
    set(&federation.settings, name)
}

/// The value of one of these settings, where it is set and not blank.
pub fn set<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    let set = settings.iter().find(|setting| setting.name == name)?;
    let value = set.value.trim();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_the_host_allows() {
        let subtree = |base: &str, scope| Subtree {
            base: base.to_owned(),
            scope,
        };
        let readable = [
            subtree("ou=groups,o=x", SearchScope::Subtree),
            subtree("ou=flat,o=x", SearchScope::OneLevel),
            subtree("cn=policy,o=x", SearchScope::Base),
            subtree("", SearchScope::Subtree),
            subtree("nonsense", SearchScope::Subtree),
        ];
        for (base, scope, allowed) in [
            ("OU=Groups, o=x", SearchScope::Subtree, true),
            ("cn=a,ou=groups,o=x", SearchScope::Base, true),
            ("ou=flat,o=x", SearchScope::OneLevel, true),
            ("ou=flat,o=x", SearchScope::Subtree, false),
            ("cn=a,ou=flat,o=x", SearchScope::Base, true),
            ("cn=b,cn=a,ou=flat,o=x", SearchScope::Base, false),
            ("cn=policy,o=x", SearchScope::Base, true),
            ("cn=policy,o=x", SearchScope::OneLevel, false),
            ("o=x", SearchScope::Base, false),
            ("", SearchScope::Subtree, false),
            ("nonsense", SearchScope::Base, false),
        ] {
            assert_eq!(is_readable(&readable, base, scope), allowed, "{base}");
        }
    }

    #[test]
    fn only_a_read_that_succeeded_has_entries() {
        let finding = |key: &str, result_code| Finding {
            key: key.to_owned(),
            result_code,
            entries: vec![Entry {
                dn: "o=x".to_owned(),
                attributes: vec![],
            }],
        };
        let findings = [finding("a", 0), finding("b", 4)];
        assert_eq!(entries(&findings, "a").len(), 1);
        assert!(entries(&findings, "b").is_empty());
        assert!(entries(&findings, "c").is_empty());
    }
}
