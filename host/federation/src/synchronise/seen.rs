//! Who was seen in a run.

use bridge_model::dn::Dn;
use std::{
    collections::{HashMap, hash_map::Entry, hash_map::RandomState},
    hash::BuildHasher as _,
};

/// Who was seen in a run: of each identifier and its DN a hash of 8 octets (SipHash with a key of this
/// run's own), so that a million users take some 35 MB.
///
/// Two of n identifiers have the same hash with a probability of about n² / 2⁶⁵: once in 40 million
/// runs with a million users. Then one of the two is counted as a failed entry, or, if it is gone,
/// stays until the next run, which has another key.
#[derive(Default)]
pub(super) struct Seen {
    key: RandomState,
    dns: HashMap<u64, u64>,
}

/// Whether somebody was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sighting {
    /// Not before.
    First,
    /// The very entry: the places where users live may overlap.
    Again,
    /// Another entry with the same identifier.
    Twin,
}

impl Seen {
    /// Notes an entry.
    pub(super) fn note(&mut self, identifier: &[u8], dn: &Dn) -> Sighting {
        let dn = self.key.hash_one(dn);
        match self.dns.entry(self.key.hash_one(identifier)) {
            Entry::Vacant(place) => {
                place.insert(dn);
                Sighting::First
            }
            Entry::Occupied(place) if *place.get() == dn => Sighting::Again,
            Entry::Occupied(_) => Sighting::Twin,
        }
    }

    /// Whether somebody with this identifier was seen.
    pub(super) fn has(&self, identifier: &[u8]) -> bool {
        self.dns.contains_key(&self.key.hash_one(identifier))
    }

    /// Whether nobody was seen.
    pub(super) fn is_empty(&self) -> bool {
        self.dns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_entry_again_is_no_twin() {
        let dn = |text| Dn::parse(text).expect("a DN");
        let mut seen = Seen::default();
        assert!(seen.is_empty());
        assert_eq!(seen.note(b"1", &dn("uid=a,o=x")), Sighting::First);
        assert_eq!(seen.note(b"1", &dn("UID=A, o=x")), Sighting::Again);
        assert_eq!(seen.note(b"1", &dn("uid=b,o=x")), Sighting::Twin);
        assert_eq!(seen.note(b"2", &dn("uid=a,o=x")), Sighting::First);
        assert!(seen.has(b"1") && seen.has(b"2") && !seen.has(b"3"));
    }
}
