//! What is loaded, for whoever administers policies.

use super::PolicyHost;
use crate::world::PolicyKind;
use bridge_model::{
    plan::Description,
    policy::{PolicyChoice, Provenance},
    ports::{MapperPolicy as _, VendorPolicy as _},
    realm::PolicyRef,
};
use std::sync::Arc;

/// A policy that is loaded, in force or not.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub reference: PolicyRef,
    /// What it says of itself.
    pub description: Description,
    /// What it is.
    pub kind: PolicyKind,
    /// Where it came from, who vouches for it and what it may reach.
    pub provenance: Provenance,
    /// Whether it answers to its id.
    pub is_in_force: bool,
}

impl PolicyHost {
    /// All policies that are loaded, in the order of digests.
    pub fn listed(&self) -> Vec<Listed> {
        let registry = self.registry.load();
        let listed = registry.all().map(|known| {
            let policy = &known.policy;
            let reference = policy.reference().clone();
            Listed {
                is_in_force: registry.is_in_force(&reference.digest),
                reference,
                description: policy.description().clone(),
                kind: policy.kind(),
                provenance: known.provenance.clone(),
            }
        });
        listed.collect()
    }

    /// What a policy that is loaded is, in force or not.
    pub fn kind_of(&self, digest: &str) -> Option<PolicyKind> {
        let registry = self.registry.load();
        registry.by_digest(digest).map(|known| known.policy.kind())
    }

    /// The policy that answers to a name, an id or an alias in any letter case. A vendor policy and a
    /// mapper policy may have the same.
    pub fn in_force(&self, kind: PolicyKind, name: &str) -> Option<PolicyRef> {
        let registry = self.registry.load();
        let choice = PolicyChoice::InForce(name);
        match kind {
            PolicyKind::Vendor => registry
                .vendor(choice)
                .map(|policy| policy.reference().clone()),
            PolicyKind::Mapper => registry
                .mapper(choice)
                .map(|policy| policy.reference().clone()),
        }
    }

    /// Takes a policy out of force with nothing in its place: nobody answers to its names any more. It
    /// stays loaded. False: it was not in force. Calls and sign-ins that have begun end with it.
    pub fn withdraw(&self, digest: &str) -> bool {
        let _registering = self.registering();
        let registry = self.registry.load();
        let was_in_force = registry.is_in_force(digest);
        if was_in_force {
            self.registry
                .store(Arc::new(registry.without_names_of(digest)));
            tracing::info!(target: "policy", digest, "policy taken out of force");
        }
        was_in_force
    }

    /// The most octets of a component.
    pub fn component_octets_max(&self) -> usize {
        self.limits.component_octets_max
    }
}
