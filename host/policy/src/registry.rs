//! Which policies are loaded, and which of them answers to which name.

use crate::policy::{ClaimMapper, Loaded, Vendor};
use bridge_model::{
    policy::{PolicyChoice, Provenance},
    realm::PolicyRef,
};
use std::collections::{BTreeMap, HashMap};

/// A policy with where it came from.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) policy: Loaded,
    pub(crate) provenance: Provenance,
}

/// The policies that are loaded, and those of them that are in force. It never changes: a change is a
/// new one in its place, so that nobody sees half of it.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    /// In the order of digests.
    loaded: BTreeMap<String, Known>,
    vendors: Names,
    mappers: Names,
}

/// Which digests are in force, of one world: a vendor and a mapper kind may have the same name.
#[derive(Clone, Default)]
struct Names {
    by_id: BTreeMap<String, String>,
    /// Ids and aliases, in lower case.
    by_name: HashMap<String, String>,
}

/// A name or an id that another policy has already.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Taken {
    /// Another one of its world answers to the name.
    #[error("the name `{name}` is taken by policy {} {}, {}", holder.id, holder.version, holder.digest)]
    Name {
        /// Which name.
        name: String,
        /// Who has it.
        holder: PolicyRef,
    },
    /// One of the other world has the id. Which digest is chosen is kept by id alone.
    #[error(
        "{world} {} {}, {}, is in force under this id, and a policy of another world cannot share it; give one of them another id",
        holder.id, holder.version, holder.digest
    )]
    Id {
        /// The other world.
        world: &'static str,
        /// Who has the id.
        holder: PolicyRef,
    },
}

impl Registry {
    /// The policy with this digest.
    pub(crate) fn by_digest(&self, digest: &str) -> Option<&Known> {
        self.loaded.get(&digest.to_ascii_lowercase())
    }

    /// The vendor policy that is meant.
    pub(crate) fn vendor(&self, choice: PolicyChoice<'_>) -> Option<&Vendor> {
        match &self.meant(&self.vendors, choice)?.policy {
            Loaded::Vendor(policy) => Some(policy),
            Loaded::Mapper(_) => None,
        }
    }

    /// The mapper policy that is meant.
    pub(crate) fn mapper(&self, choice: PolicyChoice<'_>) -> Option<&ClaimMapper> {
        match &self.meant(&self.mappers, choice)?.policy {
            Loaded::Mapper(policy) => Some(policy),
            Loaded::Vendor(_) => None,
        }
    }

    fn meant(&self, names: &Names, choice: PolicyChoice<'_>) -> Option<&Known> {
        match choice {
            PolicyChoice::InForce(name) => self.loaded.get(names.digest(name)?),
            PolicyChoice::Digest(digest) => self.by_digest(digest),
        }
    }

    /// The vendor policies in force, in the order of ids.
    pub(crate) fn vendors(&self) -> impl Iterator<Item = &Loaded> {
        self.in_force(&self.vendors)
    }

    /// The mapper policies in force, in the order of ids.
    pub(crate) fn mappers(&self) -> impl Iterator<Item = &Loaded> {
        self.in_force(&self.mappers)
    }

    fn in_force<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = &'a Loaded> {
        let known = |digest| self.loaded.get(digest).map(|known| &known.policy);
        names.by_id.values().filter_map(known)
    }

    /// Whether the policy with this digest answers to a name.
    pub(crate) fn is_in_force(&self, digest: &str) -> bool {
        let mut digests = self
            .vendors
            .by_id
            .values()
            .chain(self.mappers.by_id.values());
        digests.any(|it| it == digest)
    }

    /// The same with one policy more, or with another provenance of one that is there; else one of the
    /// other world has its id.
    pub(crate) fn with(&self, known: Known) -> Result<Self, Taken> {
        self.check_id(&known.policy)?;
        let mut next = self.clone();
        let digest = known.policy.reference().digest.clone();
        next.loaded.insert(digest, known);
        Ok(next)
    }

    fn check_id(&self, policy: &Loaded) -> Result<(), Taken> {
        let (world, others) = match policy {
            Loaded::Vendor(_) => ("the mapper policy", &self.mappers),
            Loaded::Mapper(_) => ("the vendor policy", &self.vendors),
        };
        let id = &policy.reference().id;
        let mut in_force = self.in_force(others).map(Loaded::reference);
        match in_force.find(|holder| holder.id.eq_ignore_ascii_case(id)) {
            None => Ok(()),
            Some(holder) => Err(Taken::Id {
                world,
                holder: holder.clone(),
            }),
        }
    }

    /// All that are loaded, in the order of digests.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Known> {
        self.loaded.values()
    }

    /// The same with nobody in force who has this digest.
    pub(crate) fn without_names_of(&self, digest: &str) -> Self {
        let mut next = self.clone();
        for names in [&mut next.vendors, &mut next.mappers] {
            names.by_id.retain(|_, holder| holder != digest);
            names.by_name.retain(|_, holder| holder != digest);
        }
        next
    }

    /// The same without a policy.
    pub(crate) fn without(&self, digest: &str) -> Self {
        let mut next = self.clone();
        next.loaded.remove(digest);
        next
    }

    /// The same with this policy in the place of the one that has its id.
    pub(crate) fn with_in_force(&self, policy: &Loaded) -> Result<Self, Taken> {
        self.check_id(policy)?;
        let mut next = self.clone();
        let names = match policy {
            Loaded::Vendor(_) => &mut next.vendors,
            Loaded::Mapper(_) => &mut next.mappers,
        };
        let taken = names.put(policy);
        match taken.and_then(|(name, digest)| Some((name, self.loaded.get(&digest)?))) {
            None => Ok(next),
            Some((name, holder)) => Err(Taken::Name {
                name,
                holder: holder.policy.reference().clone(),
            }),
        }
    }
}

impl Names {
    fn digest(&self, name: &str) -> Option<&String> {
        self.by_name.get(&name.to_lowercase())
    }

    /// Gives a policy its names, and takes away those of the one that had its id; a name that another
    /// one has, with that one's digest.
    fn put(&mut self, policy: &Loaded) -> Option<(String, String)> {
        let description = policy.description();
        let (id, digest) = (&description.id, &policy.reference().digest);
        if let Some(before) = self.by_id.insert(id.clone(), digest.clone()) {
            self.by_name.retain(|_, holder| *holder != before);
        }
        for name in std::iter::once(id).chain(&description.aliases) {
            let before = self.by_name.insert(name.to_lowercase(), digest.clone());
            // A policy may well list its own id among its aliases.
            if let Some(other) = before.filter(|other| other != digest) {
                return Some((name.clone(), other));
            }
        }
        None
    }
}
