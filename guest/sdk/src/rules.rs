//! Entries with the rules that accounts are under: password policies and the like, which the directory
//! keeps beside its people.
//!
//! The operator names the one that holds by default. Others that stand beside it are read too, where
//! that may be done, since a person's entry may name one of them.

use crate::{
    Account, Attributes,
    dn::{self, Name},
    mapper::Findings,
    reads::{self, is_readable},
    types::{Federation, Search, SearchScope, problem},
};

/// Where the rules stand, and what is read of them.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The setting of the federation with the DN of the rules that hold by default; also the key of the
    /// read of them.
    pub setting: &'static str,
    /// The key of the read of those that stand beside them.
    pub beside: &'static str,
    /// RFC 4515 text: which entries are rules.
    pub filter: &'static str,
    /// What is read of them.
    pub attributes: &'static [&'static str],
}

/// More sets of rules than any directory has.
const RULES_MAX: u32 = 100;

impl Rules {
    /// The reads for a federation; none where the operator names no rules.
    pub fn reads(&self, federation: &Federation, findings: &mut Findings) -> Vec<Search> {
        let Some(dn) = reads::setting(federation, self.setting) else {
            return Vec::new();
        };
        if !is_readable(&federation.readable, dn, SearchScope::Base) {
            let message = format!(
                "{dn:?} may not be read; write the DN of an entry that advanced.read_bases has"
            );
            let field = format!("advanced.settings.{}", self.setting);
            findings.problems.push(problem(field, message));
            return Vec::new();
        }
        let mut wishes = vec![reads::of_entry(self.setting, dn, self.attributes)];
        let parent = dn::parent(dn).unwrap_or_default();
        if is_readable(&federation.readable, parent, SearchScope::OneLevel) {
            wishes.push(Search {
                scope: SearchScope::OneLevel,
                filter: self.filter.to_owned(),
                size_limit: RULES_MAX,
                ..reads::of_entry(self.beside, parent, self.attributes)
            });
        }
        wishes
    }

    /// The rules that an account is under: those that `attribute` of its entry names, else those that hold
    /// by default. None where they were not read.
    pub fn of<'a>(&self, account: Account<'a>, attribute: &str) -> Option<Attributes<'a>> {
        let default = account.shared(self.setting);
        let Some(named) = account.entry.text(attribute) else {
            return default.first().map(Attributes::of);
        };
        let named = Name::parse(named)?;
        default
            .iter()
            .chain(account.shared(self.beside))
            .find(|entry| Name::parse(&entry.dn).as_ref() == Some(&named))
            .map(Attributes::of)
    }
}
