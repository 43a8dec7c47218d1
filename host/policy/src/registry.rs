//! Which policies are loaded, and which of them answers to which name.

use crate::policy::LoadedPolicy;
use bridge_model::{
    policy::{PolicyChoice, Provenance},
    ports::VendorPolicy as _,
    realm::PolicyRef,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A policy with where it came from.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) policy: Arc<LoadedPolicy>,
    pub(crate) provenance: Provenance,
}

/// The policies that are loaded, and those of them that are in force. It never changes: a change is a
/// new one in its place, so that nobody sees half of it.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    /// In the order of digests.
    loaded: BTreeMap<String, Known>,
    vendors: Names,
}

/// Which digests are in force.
#[derive(Clone, Default)]
struct Names {
    by_id: BTreeMap<String, String>,
    /// Ids and aliases, in lower case.
    by_name: HashMap<String, String>,
}

/// A name that another policy answers to already.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name `{name}` is taken by policy {} {}, {}", holder.id, holder.version, holder.digest)]
pub(crate) struct NameTaken {
    name: String,
    holder: PolicyRef,
}

impl Registry {
    /// The policy with this digest.
    pub(crate) fn by_digest(&self, digest: &str) -> Option<&Known> {
        self.loaded.get(&digest.to_ascii_lowercase())
    }

    /// The vendor policy that is meant.
    pub(crate) fn vendor(&self, choice: PolicyChoice<'_>) -> Option<&Known> {
        match choice {
            PolicyChoice::InForce(name) => self.loaded.get(self.vendors.digest(name)?),
            PolicyChoice::Digest(digest) => self.by_digest(digest),
        }
    }

    /// The vendor policies in force, in the order of ids.
    pub(crate) fn vendors(&self) -> impl Iterator<Item = &Known> {
        self.vendors
            .by_id
            .values()
            .filter_map(|digest| self.loaded.get(digest))
    }

    /// Whether the policy with this digest answers to a name.
    pub(crate) fn is_in_force(&self, digest: &str) -> bool {
        self.vendors.by_id.values().any(|it| it == digest)
    }

    /// The same with one policy more, or with another provenance of one that is there.
    pub(crate) fn with(&self, known: Known) -> Self {
        let mut next = self.clone();
        let digest = known.policy.reference().digest.clone();
        next.loaded.insert(digest, known);
        next
    }

    /// The same without a policy.
    pub(crate) fn without(&self, digest: &str) -> Self {
        let mut next = self.clone();
        next.loaded.remove(digest);
        next
    }

    /// The same with this policy in the place of the one that has its id.
    pub(crate) fn with_in_force(&self, policy: &LoadedPolicy) -> Result<Self, NameTaken> {
        let mut next = self.clone();
        next.vendors = self.vendors.with(policy).map_err(|(name, digest)| {
            let holder = self.loaded.get(&digest).map_or_else(
                || PolicyRef {
                    id: name.clone(),
                    version: String::new(),
                    digest,
                },
                |known| known.policy.reference().clone(),
            );
            NameTaken { name, holder }
        })?;
        Ok(next)
    }
}

impl Names {
    fn digest(&self, name: &str) -> Option<&String> {
        self.by_name.get(&name.to_lowercase())
    }

    /// The same with this policy; else the name that is taken, and by which digest.
    fn with(&self, policy: &LoadedPolicy) -> Result<Self, (String, String)> {
        let description = policy.description();
        let (id, digest) = (&description.id, &policy.reference().digest);
        let mut next = self.clone();
        if let Some(before) = next.by_id.insert(id.clone(), digest.clone()) {
            next.by_name.retain(|_, holder| *holder != before);
        }
        for name in std::iter::once(id).chain(&description.aliases) {
            let before = next.by_name.insert(name.to_lowercase(), digest.clone());
            // A policy may well list its own id among its aliases.
            if let Some(other) = before.filter(|other| other != digest) {
                return Err((name.clone(), other));
            }
        }
        Ok(next)
    }
}
