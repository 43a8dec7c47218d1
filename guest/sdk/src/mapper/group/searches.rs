//! The searches of a walk.

use super::{Strategy, walk::Walk};
use crate::{
    reads,
    types::{Entry, Problem, Search, SearchScope, Slot, problem},
};

const MEMBER_OF: &str = "memberOf";

/// The most groups that the host takes of a person.
const GROUPS_MAX: u32 = 2_000;

impl<'a, 'p> Walk<'a, 'p> {
    /// The entries of a search, or a wish for it.
    pub(super) fn search(
        &mut self,
        step: &str,
        filter: &str,
        values: Vec<Vec<u8>>,
    ) -> Result<&'p [Entry], Problem> {
        let key = format!("{}.{step}", self.mapper);
        if let Some(finding) = reads::finding(self.who.findings, &key) {
            return match finding.result_code {
                0 => Ok(&finding.entries),
                code => Err(failed(self.rule.attribute, code)),
            };
        }
        let filter = match self.lookup.filter {
            Some(own) => format!("(&{filter}{own})"),
            None => filter.to_owned(),
        };
        let attributes = [
            Some(self.lookup.id_attribute),
            self.lookup.name_attribute,
            self.reads_above().then(|| self.above()),
        ];
        let scope = if self.lookup.is_flat {
            SearchScope::OneLevel
        } else {
            SearchScope::Subtree
        };
        self.wishes.push(Search {
            scope,
            filter,
            slots: vec![Slot {
                name: "who".to_owned(),
                values,
            }],
            size_limit: GROUPS_MAX,
            ..reads::of_entry(
                key,
                self.rule.base.unwrap_or_default(),
                &attributes.into_iter().flatten().collect::<Vec<_>>(),
            )
        });
        Ok(&[])
    }

    pub(super) fn reads_above(&self) -> bool {
        match self.rule.strategy {
            Strategy::MemberOf => self.lookup.nested > 0,
            Strategy::Search | Strategy::SearchUid => false,
            Strategy::InChain | Strategy::TokenGroups => true,
        }
    }

    /// A filter for the groups that have `{who}` as a member.
    pub(super) fn membership(&self, rule: &str) -> String {
        let attribute = self.rule.attribute;
        match self.lookup.also {
            Some(also) => format!("(|({attribute}{rule}={{who}})({also}{rule}={{who}}))"),
            None => format!("({attribute}{rule}={{who}})"),
        }
    }

    /// The attribute of a group that names the groups above it.
    pub(super) fn above(&self) -> &'a str {
        match self.rule.strategy {
            Strategy::MemberOf => self.rule.attribute,
            _ => MEMBER_OF,
        }
    }
}

/// sizeLimitExceeded and noSuchObject (RFC 4511 section 4.1.9), and all others.
fn failed(attribute: &str, code: u32) -> Problem {
    let message = match code {
        4 => "there are more groups than the directory gives; raise its size limit for the service account"
            .to_owned(),
        32 => "the base of the search for groups is not there; correct base, or advanced.groups.dn".to_owned(),
        code => format!(
            "the search for groups ended with result {code}; look that up in the directory's log"
        ),
    };
    problem(attribute, message)
}
