//! Which policy answers to which name.

use crate::policy::LoadedPolicy;
use bridge_model::ports::VendorPolicy as _;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The policies in force. It never changes: a change is a new one in its place, so that nobody sees
/// half of it.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    by_id: BTreeMap<String, Arc<LoadedPolicy>>,
    /// Ids and aliases, in lower case.
    by_name: HashMap<String, Arc<LoadedPolicy>>,
}

/// A name that another policy answers to already.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name `{name}` is taken by policy {id} {version}, {digest}")]
pub(crate) struct NameTaken {
    name: String,
    id: String,
    version: String,
    digest: String,
}

impl Registry {
    /// The policy with this id or alias, in any letter case.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<LoadedPolicy>> {
        self.by_name.get(&name.to_lowercase())
    }

    /// The policy with this digest.
    pub(crate) fn by_digest(&self, digest: &str) -> Option<&Arc<LoadedPolicy>> {
        self.policies()
            .find(|policy| policy.reference().digest == digest)
    }

    /// All policies, in the order of ids.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Arc<LoadedPolicy>> {
        self.by_id.values()
    }

    /// The same with one policy more.
    pub(crate) fn with(&self, policy: LoadedPolicy) -> Result<Self, NameTaken> {
        let policy = Arc::new(policy);
        let description = policy.description();
        let mut next = self.clone();
        let id = &description.id;
        for name in std::iter::once(id).chain(&description.aliases) {
            let before = next
                .by_name
                .insert(name.to_lowercase(), Arc::clone(&policy));
            // A policy may well list its own id among its aliases.
            if let Some(other) = before.filter(|other| !Arc::ptr_eq(other, &policy)) {
                let reference = other.reference();
                return Err(NameTaken {
                    name: name.clone(),
                    id: reference.id.clone(),
                    version: reference.version.clone(),
                    digest: reference.digest.clone(),
                });
            }
        }
        next.by_id.insert(id.clone(), Arc::clone(&policy));
        Ok(next)
    }
}
