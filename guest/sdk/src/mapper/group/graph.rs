//! Groups and those above them, told apart by their DNs.

use crate::{dn::Name, types::Entry};
use std::{collections::BTreeMap, ops::Range};

/// The groups found so far, in the order in which they were found.
#[derive(Default)]
pub(super) struct Graph<'p> {
    nodes: Vec<Node<'p>>,
    /// Where a group stands among the nodes.
    places: BTreeMap<Name, usize>,
}

/// A group.
pub(super) struct Node<'p> {
    pub(super) dn: &'p str,
    /// None: only its DN is known.
    pub(super) entry: Option<&'p Entry>,
    /// Whether the filter leaves it out.
    pub(super) is_out: bool,
    parents: Vec<usize>,
}

impl<'p> Graph<'p> {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Node<'p>> {
        self.nodes.get(at)
    }

    pub(super) fn range(&self, range: Range<usize>) -> &[Node<'p>] {
        self.nodes.get(range).unwrap_or_default()
    }

    pub(super) fn range_mut(&mut self, range: Range<usize>) -> &mut [Node<'p>] {
        self.nodes.get_mut(range).unwrap_or_default()
    }

    /// The groups that count.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Node<'p>> {
        self.nodes.iter().filter(|node| !node.is_out)
    }

    /// The DNs of the groups above one that count.
    pub(super) fn above(&self, node: &Node<'p>) -> Vec<String> {
        let parents = node.parents.iter().filter_map(|at| self.nodes.get(*at));
        parents
            .filter(|parent| !parent.is_out)
            .map(|parent| parent.dn.to_owned())
            .collect()
    }

    /// Where a group stands that is known already.
    pub(super) fn known(&self, dn: &str) -> Option<usize> {
        self.places.get(&Name::parse(dn)?).copied()
    }

    /// Gives a group that is known its entry.
    pub(super) fn tell(&mut self, entry: &'p Entry) {
        if let Some(node) = self.known(&entry.dn).and_then(|at| self.nodes.get_mut(at)) {
            node.entry = Some(entry);
        }
    }

    /// Adds groups that were found.
    pub(super) fn add_all(&mut self, entries: &'p [Entry]) {
        for entry in entries {
            self.add(entry);
        }
    }

    /// Adds a group that was found.
    pub(super) fn add(&mut self, entry: &'p Entry) -> Option<usize> {
        let name = Name::parse(&entry.dn)?;
        Some(self.place(name, &entry.dn, Some(entry)))
    }

    pub(super) fn place(&mut self, name: Name, dn: &'p str, entry: Option<&'p Entry>) -> usize {
        let next = self.nodes.len();
        let at = *self.places.entry(name).or_insert(next);
        match self.nodes.get_mut(at) {
            Some(node) => node.entry = node.entry.or(entry),
            None => self.nodes.push(Node {
                dn,
                entry,
                is_out: false,
                parents: Vec::new(),
            }),
        }
        at
    }

    pub(super) fn connect(&mut self, child: usize, parent: usize) {
        if let Some(node) = self.nodes.get_mut(child)
            && child != parent
            && !node.parents.contains(&parent)
        {
            node.parents.push(parent);
        }
    }
}
