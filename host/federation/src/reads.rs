//! What may be read: the check that stands between a policy's wish and the directory.

use bridge_model::{
    dn::Dn,
    filter::{Filter, Slot},
    search::{PolicySearch, Search, SearchScope, Subtree},
};
use std::{collections::HashSet, sync::LazyLock};

/// The most entries of one read that a policy can ask for.
const SIZE_LIMIT_MAX: u32 = 5_000;

/// The most attributes of one read.
const ATTRIBUTES_MAX: usize = 200;

/// Why a read is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The base is neither the person's own entry, nor readable, nor the root DSE.
    #[error("the base {0:?} is outside of what may be read; an operator may add it to read_bases")]
    OutsideBases(String),
    /// The base is no DN.
    #[error("the base {0:?} is not a DN")]
    NotADn(String),
    /// The filter is no filter.
    #[error("the filter: {0}")]
    Filter(#[from] bridge_model::filter::FilterError),
    /// The attribute holds secrets.
    #[error("the attribute {0} holds secrets and is never read")]
    SecretAttribute(String),
    /// `*`, `+`, or no attribute description.
    #[error("{0:?} is not the name of an attribute")]
    NotAnAttribute(String),
    /// After a failed bind only single entries are read.
    #[error("after a failed bind only scope base is read")]
    ScopeAfterFailure,
    /// More than a policy may ask for.
    #[error("the read asks for too much: {0}")]
    TooLarge(&'static str),
}

/// Where reads are confined to.
pub struct Bounds<'a> {
    /// What the operator made readable.
    pub readable: &'a [Subtree],
    /// The person's own entry, where the read is about a person.
    pub own: Option<&'a Dn>,
    /// Whether a bind failed, so that less may be read.
    pub after_failure: bool,
}

/// Whether an attribute, with whatever options, holds secrets.
pub fn is_secret(description: &str) -> bool {
    static SECRETS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        include_str!("secret_attributes.txt")
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_ascii_lowercase)
            .collect()
    });
    let name = description.split(';').next().unwrap_or(description);
    SECRETS.contains(&name.to_ascii_lowercase())
}

/// Checks the names of attributes to be read.
///
/// # Errors
///
/// For the first that is no attribute description (RFC 4512 section 2.5) or holds secrets.
pub fn check_attributes(attributes: &[String]) -> Result<(), ReadError> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(ReadError::TooLarge("its attributes"));
    }
    for description in attributes {
        let follows = !description.is_empty()
            && description.len() <= 256
            && !description.starts_with(';')
            && description
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || b"-.;=*".contains(&c))
            && (!description.contains('*') || description.contains(";range="));
        if !follows {
            return Err(ReadError::NotAnAttribute(description.clone()));
        }
        if is_secret(description) {
            return Err(ReadError::SecretAttribute(description.clone()));
        }
    }
    Ok(())
}

/// Reads a filter's text and checks what it names.
///
/// # Errors
///
/// When it is no filter, or names an attribute that holds secrets: such a filter would be an oracle.
pub fn check_filter(text: &str, slots: &[Slot]) -> Result<Filter, ReadError> {
    let filter = Filter::parse(text, slots)?;
    let mut secret = None;
    filter.each_attribute(&mut |attribute| {
        if is_secret(attribute) {
            secret = Some(attribute.to_owned());
        }
    });
    match secret {
        Some(attribute) => Err(ReadError::SecretAttribute(attribute)),
        None => Ok(filter),
    }
}

/// Turns a policy's wish into a read that may be sent.
///
/// # Errors
///
/// See [`ReadError`]; nothing is read then.
pub fn admit(wish: &PolicySearch, bounds: &Bounds<'_>) -> Result<Search, ReadError> {
    let base = Dn::parse(&wish.base).map_err(|_| ReadError::NotADn(wish.base.clone()))?;
    if bounds.after_failure && wish.scope != SearchScope::Base {
        return Err(ReadError::ScopeAfterFailure);
    }
    if !is_within(&base, wish.scope, bounds) {
        return Err(ReadError::OutsideBases(wish.base.clone()));
    }
    if wish.size_limit == 0 || wish.size_limit > SIZE_LIMIT_MAX {
        return Err(ReadError::TooLarge("its size limit"));
    }
    check_attributes(&wish.attributes)?;
    Ok(Search {
        base,
        scope: wish.scope,
        filter: check_filter(&wish.filter, &wish.slots)?,
        attributes: wish.attributes.clone(),
        size_limit: wish.size_limit,
    })
}

fn is_within(base: &Dn, scope: SearchScope, bounds: &Bounds<'_>) -> bool {
    if base.is_root() {
        return scope == SearchScope::Base;
    }
    if scope == SearchScope::Base && bounds.own == Some(base) {
        return true;
    }
    bounds.readable.iter().any(|allowed| match allowed.scope {
        SearchScope::Subtree => base.is_within(&allowed.base) && !allowed.base.is_root(),
        SearchScope::OneLevel => {
            let below = base.depth().checked_sub(allowed.base.depth());
            match scope {
                SearchScope::Base => below == Some(1) && base.is_within(&allowed.base),
                SearchScope::OneLevel => *base == allowed.base,
                SearchScope::Subtree => false,
            }
        }
        SearchScope::Base => scope == SearchScope::Base && *base == allowed.base,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use SearchScope::{Base, OneLevel, Subtree as Below};

    fn subtree(base: &str, scope: SearchScope) -> Subtree {
        Subtree {
            base: Dn::parse(base).expect("a DN"),
            scope,
        }
    }

    fn wish(base: &str, scope: SearchScope) -> PolicySearch {
        PolicySearch {
            key: "k".to_owned(),
            base: base.to_owned(),
            scope,
            filter: "(member={who})".to_owned(),
            slots: vec![Slot {
                name: "who".to_owned(),
                values: vec![b"x".to_vec()],
            }],
            attributes: vec!["cn".to_owned()],
            size_limit: 10,
            required: true,
            more: Vec::new(),
        }
    }

    #[test]
    fn reads_stay_within_their_bases() {
        let own = Dn::parse("uid=ada,ou=people,o=x").expect("a DN");
        let readable = [
            subtree("ou=groups,o=x", Below),
            subtree("ou=flat,o=x", OneLevel),
            subtree("cn=policy,o=x", Base),
        ];
        let bounds = Bounds {
            readable: &readable,
            own: Some(&own),
            after_failure: false,
        };
        for (base, scope, allowed) in [
            ("ou=groups,o=x", Below, true),
            ("cn=a,OU=Groups, o=x", Base, true),
            ("o=x", Below, false),
            ("ou=people,o=x", Below, false),
            ("uid=ada,ou=people,o=x", Base, true),
            ("uid=ada,ou=people,o=x", Below, false),
            ("uid=bob,ou=people,o=x", Base, false),
            ("ou=flat,o=x", OneLevel, true),
            ("ou=flat,o=x", Below, false),
            ("cn=a,ou=flat,o=x", Base, true),
            ("cn=b,cn=a,ou=flat,o=x", Base, false),
            ("cn=policy,o=x", Base, true),
            ("cn=policy,o=x", OneLevel, false),
            ("", Base, true),
            ("", Below, false),
            ("cn=a\\,ou=groups,o=x", Base, false),
        ] {
            assert_eq!(
                admit(&wish(base, scope), &bounds).is_ok(),
                allowed,
                "{base}"
            );
        }
    }

    #[test]
    fn a_readable_root_does_not_open_everything() {
        let readable = [subtree("", Below)];
        let bounds = Bounds {
            readable: &readable,
            own: None,
            after_failure: false,
        };
        assert!(admit(&wish("o=x", Base), &bounds).is_err());
    }

    #[test]
    fn after_a_failed_bind_only_single_entries_are_read() {
        let readable = [subtree("o=x", Below)];
        let bounds = Bounds {
            readable: &readable,
            own: None,
            after_failure: true,
        };
        assert!(admit(&wish("o=x", Base), &bounds).is_ok());
        assert_eq!(
            admit(&wish("o=x", Below), &bounds),
            Err(ReadError::ScopeAfterFailure)
        );
    }

    #[test]
    fn secrets_are_neither_read_nor_compared() {
        for name in ["userPassword", "USERPASSWORD", "userPassword;x-a"] {
            assert!(check_attributes(&[name.to_owned()]).is_err(), "{name}");
            assert!(check_filter(&format!("(!({name}=a*))"), &[]).is_err());
        }
        for bad in ["*", "+", "", "a b", "a,b", ";x", "1.1*"] {
            assert!(check_attributes(&[bad.to_owned()]).is_err(), "{bad:?}");
        }
        for good in ["cn", "cn;lang-de", "member;range=1500-*", "1.2.3"] {
            assert!(check_attributes(&[good.to_owned()]).is_ok(), "{good}");
        }
    }
}
