//! From a person to the groups that hold them, over as many reads as it takes.
//!
//! Each call begins anew with what was read so far: it goes as far as it can, and asks for what it lacks.
//! Groups are told apart by their DN, so same names, several parents and cycles are fine.

use super::{
    GroupRule, Strategy,
    graph::{Graph, Node},
    lookup::{Lookup, OBJECT_SID},
};
use crate::{
    attributes::Attributes,
    dn::{self, Name},
    mapper::Who,
    reads,
    types::{Group, Problem, Search, problem},
};

const TOKEN_GROUPS: &str = "tokenGroups";
/// The rule that follows memberships to their end.
const IN_CHAIN: &str = ":1.2.840.113556.1.4.1941:";

/// So many values stand in one filter: the host refuses filters with more than a thousand terms.
const VALUES_MAX: usize = 200;
/// So many groups of one person are followed one by one: the host does at most 64 reads for a person.
const FOLLOWED_MAX: usize = 40;

/// How far it came.
pub(super) enum Progress {
    /// First these reads.
    Read(Vec<Search>),
    /// These are all of them.
    Done(Vec<Group>),
}

pub(super) struct Walk<'a, 'p> {
    pub(super) rule: &'a GroupRule<'a>,
    pub(super) lookup: &'a Lookup<'a>,
    pub(super) mapper: &'a str,
    pub(super) who: Who<'p>,
    pub(super) base: Name,
    pub(super) graph: Graph<'p>,
    pub(super) wishes: Vec<Search>,
}

impl<'a, 'p> Walk<'a, 'p> {
    pub(super) fn of(
        rule: &'a GroupRule<'a>,
        lookup: &'a Lookup<'a>,
        mapper: &'a str,
        who: Who<'p>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            rule,
            lookup,
            mapper,
            who,
            base: rule.base_name()?.ok_or_else(|| rule.no_dn())?,
            graph: Graph::default(),
            wishes: Vec::new(),
        })
    }

    pub(super) fn resolve(mut self) -> Result<Progress, Problem> {
        self.direct()?;
        if self.wishes.is_empty() {
            match self.rule.strategy {
                Strategy::MemberOf => self.upwards_by_entries()?,
                Strategy::Search | Strategy::SearchUid => self.upwards_by_search()?,
                // What is above is there already.
                Strategy::InChain | Strategy::TokenGroups => self.link(0, self.graph.len())?,
            }
        }
        if !self.wishes.is_empty() {
            return Ok(Progress::Read(self.wishes));
        }
        self.groups().map(Progress::Done)
    }

    /// The person's own groups, and where the directory follows them by itself, all of them.
    fn direct(&mut self) -> Result<(), Problem> {
        let attribute = self.rule.attribute;
        match self.rule.strategy {
            Strategy::MemberOf => {
                let values = self.who.entry.values(attribute);
                if !values.is_whole() {
                    return Err(self.rule.incomplete());
                }
                for octets in values.octets() {
                    let dn = std::str::from_utf8(octets).map_err(|_| self.rule.no_dn())?;
                    self.add_named(dn)?;
                }
                self.primary()?;
            }
            Strategy::Search => {
                self.search_members("direct", &self.membership(""), self.who.dn)?;
                self.primary()?;
            }
            Strategy::InChain => {
                self.search_members("direct", &self.membership(IN_CHAIN), self.who.dn)?;
                let at = self.graph.len();
                self.primary()?;
                // The primary group's own groups are in no chain of the person's.
                if let Some(dn) = self.graph.get(at).map(|node| node.dn) {
                    self.search_members("above-primary", &self.membership(IN_CHAIN), dn)?;
                }
            }
            Strategy::SearchUid => self.by_user_name()?,
            Strategy::TokenGroups => self.by_tokens()?,
        }
        Ok(())
    }

    fn by_user_name(&mut self) -> Result<(), Problem> {
        let name = match self.lookup.user_attribute {
            None => self.who.username,
            Some(attribute) => self.who.entry.text(attribute).ok_or_else(|| {
                let message = "the entry has no value by which groups name members; give it one";
                problem(attribute, message)
            })?,
        };
        self.search_members("direct", &self.membership(""), name)?;
        self.primary()
    }

    /// The primary group, where it counts and lives below the base.
    fn primary(&mut self) -> Result<(), Problem> {
        if !self.lookup.has_primary {
            return Ok(());
        }
        let (attribute, value) = self.lookup.primary(self.who.entry)?;
        let found = self.search("primary", &format!("({attribute}={{who}})"), vec![value])?;
        self.graph.add_all(found);
        Ok(())
    }

    /// The groups whose security identifiers the person's sign-in would carry.
    fn by_tokens(&mut self) -> Result<(), Problem> {
        let key = format!("{}.tokens", self.mapper);
        let Some(finding) = reads::finding(self.who.findings, &key) else {
            self.wishes
                .push(reads::of_entry(key, self.who.dn, &[TOKEN_GROUPS]));
            return Ok(());
        };
        let entry = finding.entries.first().filter(|_| finding.result_code == 0);
        let values = entry.map(|entry| Attributes::of(entry).values(TOKEN_GROUPS));
        // Everybody has a primary group at least.
        let whole = values.filter(|values| values.is_whole() && values.octets().next().is_some());
        let Some(values) = whole else {
            let message = "the directory does not show it in full; let the service account read it, or choose \
                           another strategy";
            return Err(problem(TOKEN_GROUPS, message));
        };
        let mut sids: Vec<_> = values.octets().map(<[u8]>::to_vec).collect();
        sids.sort_unstable();
        for (at, sids) in sids.chunks(VALUES_MAX).enumerate() {
            let filter = format!("({OBJECT_SID}={{who}})");
            let found = self.search(&format!("by-token.{at}"), &filter, sids.to_vec())?;
            self.graph.add_all(found);
        }
        Ok(())
    }

    fn search_members(&mut self, step: &str, filter: &str, who: &str) -> Result<(), Problem> {
        let found = self.search(step, filter, vec![who.as_bytes().to_vec()])?;
        self.graph.add_all(found);
        Ok(())
    }

    /// Follows the groups upwards by what their own entries say, a level at a time.
    fn upwards_by_entries(&mut self) -> Result<(), Problem> {
        let nested = usize::from(self.lookup.nested);
        let has_to_read = self.lookup.filter.is_some() || self.lookup.name_attribute.is_some();
        let mut from = 0;
        for level in 0..=nested {
            let to = self.graph.len();
            if level < nested || has_to_read {
                self.read_entries(level, from, to)?;
                if !self.wishes.is_empty() {
                    return Ok(());
                }
            }
            if level == nested {
                return self.link(from, to);
            }
            for at in from..to {
                for dn in self.parents_of(at)? {
                    if let Some(parent) = self.add_named(dn)? {
                        self.graph.connect(at, parent);
                    }
                }
            }
            from = to;
        }
        Ok(())
    }

    /// Reads the entries of groups of which only the DN is known.
    fn read_entries(&mut self, level: usize, from: usize, to: usize) -> Result<(), Problem> {
        let nodes = self.graph.range(from..to);
        let mut unread: Vec<_> = nodes
            .iter()
            .filter(|node| node.entry.is_none())
            .map(|node| node.dn.as_bytes().to_vec())
            .collect();
        unread.sort_unstable();
        let filter = format!("({}={{who}})", self.lookup.dn_attribute);
        for (chunk, dns) in unread.chunks(VALUES_MAX).enumerate() {
            let found = self.search(&format!("level{level}.{chunk}"), &filter, dns.to_vec())?;
            for entry in found {
                self.graph.tell(entry);
            }
        }
        if !self.wishes.is_empty() {
            return Ok(());
        }
        let is_filtered = self.lookup.filter.is_some();
        for node in self.graph.range_mut(from..to) {
            if node.entry.is_some() {
                continue;
            }
            if !is_filtered {
                let message = format!(
                    "the group {:?} cannot be read; let the service account read it, or set base so that it \
                     does not count",
                    node.dn
                );
                return Err(problem(self.rule.attribute, message));
            }
            node.is_out = true;
        }
        Ok(())
    }

    /// Follows the groups upwards by looking for those that have them as members.
    fn upwards_by_search(&mut self) -> Result<(), Problem> {
        if self.rule.strategy == Strategy::SearchUid {
            return Ok(());
        }
        let filter = self.membership("");
        let mut from = 0;
        for _ in 0..self.lookup.nested {
            let to = self.graph.len();
            if to > FOLLOWED_MAX {
                let message = format!(
                    "more than {FOLLOWED_MAX} groups would have to be followed one by one; set nested to 0, or \
                     choose another strategy"
                );
                return Err(problem(self.rule.attribute, message));
            }
            for at in from..to {
                let dn = self.graph.get(at).map_or("", |node| node.dn);
                let who = vec![dn.as_bytes().to_vec()];
                for entry in self.search(&format!("above.{at}"), &filter, who)? {
                    if let Some(parent) = self.graph.add(entry) {
                        self.graph.connect(at, parent);
                    }
                }
            }
            if !self.wishes.is_empty() {
                return Ok(());
            }
            from = to;
        }
        Ok(())
    }

    /// Connects groups with those above them that are known already.
    fn link(&mut self, from: usize, to: usize) -> Result<(), Problem> {
        for at in from..to {
            for dn in self.parents_of(at)? {
                if let Some(parent) = self.graph.known(dn) {
                    self.graph.connect(at, parent);
                }
            }
        }
        Ok(())
    }

    /// The DNs of the groups above one whose entry was read.
    fn parents_of(&self, at: usize) -> Result<Vec<&'p str>, Problem> {
        let node = self.graph.get(at);
        let Some(entry) = node.and_then(|node| node.entry) else {
            return Ok(Vec::new());
        };
        let values = Attributes::of(entry).values(self.above());
        if !values.is_whole() {
            return Err(self.rule.incomplete());
        }
        values
            .octets()
            .map(|octets| std::str::from_utf8(octets).map_err(|_| self.rule.no_dn()))
            .collect()
    }

    /// Adds a group that an entry names, if it lives below the base.
    fn add_named(&mut self, dn: &'p str) -> Result<Option<usize>, Problem> {
        let name = Name::parse(dn)
            .filter(|name| !name.is_root())
            .ok_or_else(|| self.rule.no_dn())?;
        Ok(name
            .is_within(&self.base)
            .then(|| self.graph.place(name, dn, None)))
    }

    fn groups(&self) -> Result<Vec<Group>, Problem> {
        let group = |node: &Node<'p>| {
            Ok(Group {
                dn: node.dn.to_owned(),
                name: self.name(node)?,
                id: node.entry.and_then(|entry| {
                    let id = Attributes::of(entry).values(self.lookup.id_attribute);
                    id.octets().next().map(<[u8]>::to_vec)
                }),
                parents: self.graph.above(node),
            })
        };
        self.graph.counted().map(group).collect()
    }

    fn name(&self, node: &Node<'p>) -> Result<String, Problem> {
        let Some(attribute) = self.lookup.name_attribute else {
            let name = dn::first_value(node.dn).ok_or_else(|| self.rule.no_dn())?;
            return Ok(name.into_owned());
        };
        // As the directory has it, space at its ends included: the host compares it with the entry.
        let values = node
            .entry
            .map(|entry| Attributes::of(entry).values(attribute));
        let name = values.and_then(|values| {
            let texts = values
                .octets()
                .filter_map(|octets| std::str::from_utf8(octets).ok());
            texts.filter(|text| !text.trim().is_empty()).min()
        });
        name.map(str::to_owned).ok_or_else(|| {
            let message = format!(
                "the group {:?} has no value of it; give it one, or choose another name_attribute",
                node.dn
            );
            problem(attribute, message)
        })
    }
}
