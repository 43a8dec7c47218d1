//! The policies as they would be with another one in force.

use super::{Arc, Policies, PolicyChoice, PolicyError, PolicyFault, PolicyRef, RealmName};
use bridge_model::{
    plan::Description,
    policy::Provenance,
    ports::{MapperPolicy, VendorPolicy},
    realm::PlannedFederation,
};
use std::time::Duration;

/// The policies as they would be with another one in force; and as they are.
pub(super) struct Overlay {
    inner: Arc<dyn Policies>,
    reference: PolicyRef,
    description: Description,
    /// What is in force under the same id.
    before: Option<(PolicyRef, Description)>,
    is_mapper: bool,
}

impl Overlay {
    pub(super) fn of(
        inner: Arc<dyn Policies>,
        digest: &str,
        realm: &RealmName,
    ) -> Result<Self, PolicyError> {
        let choice = PolicyChoice::Digest(digest);
        let (reference, description, is_mapper) = match inner.vendor(realm, choice) {
            Ok(policy) => (
                policy.reference().clone(),
                policy.description().clone(),
                false,
            ),
            Err(error) if error.fault == PolicyFault::Unknown => {
                let policy = inner.mapper(realm, choice)?;
                (
                    policy.reference().clone(),
                    policy.description().clone(),
                    true,
                )
            }
            Err(error) => return Err(error),
        };
        let (in_force, of_other_world, world) = if is_mapper {
            (inner.mappers(), inner.vendors(), "vendor")
        } else {
            (inner.vendors(), inner.mappers(), "mapper")
        };
        let (own, others): (Vec<_>, Vec<_>) = in_force
            .into_iter()
            .partition(|(other, _)| other.id == reference.id);
        let overlay = Self {
            inner,
            reference,
            description,
            before: own.into_iter().next(),
            is_mapper,
        };
        let mut of_other_world = of_other_world.into_iter().map(|(other, _)| other);
        if let Some(other) =
            of_other_world.find(|it| it.id.eq_ignore_ascii_case(&overlay.reference.id))
        {
            let detail = format!(
                "the {world} policy {} {} is in force under this id; ask for a version with another one",
                other.id, other.version
            );
            return Err(overlay.error(PolicyFault::NotAdmitted, detail));
        }
        for (other, description) in others {
            let mut names = names(&description);
            if let Some(name) = names.find(|name| answers_to(&overlay.description, name)) {
                let detail = format!(
                    "the name {name} is policy {} {}'s; ask for a version that does not want it",
                    other.id, other.version
                );
                return Err(overlay.error(PolicyFault::NotAdmitted, detail));
            }
        }
        Ok(overlay)
    }

    pub(super) fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    pub(super) fn before(&self) -> Option<&PolicyRef> {
        self.before.as_ref().map(|(reference, _)| reference)
    }

    /// The policies as they are.
    pub(super) fn present(&self) -> &dyn Policies {
        &*self.inner
    }

    /// Whether a federation uses the policy, as it is or as it would be.
    pub(super) fn is_used_by(&self, planned: &PlannedFederation) -> bool {
        let before = self.before.as_ref().map(|(_, description)| description);
        let is_meant = |name: &str| {
            answers_to(&self.description, name)
                || before.is_some_and(|before| answers_to(before, name))
        };
        let federation = &planned.federation;
        if self.is_mapper {
            let mut chained = planned.plan.chained.iter();
            federation
                .mappers
                .iter()
                .any(|mapper| is_meant(&mapper.kind))
                || chained.any(|mapper| mapper.policy.id == self.reference.id)
        } else {
            federation.policy_digest.is_none() && is_meant(&federation.vendor)
        }
    }

    /// The digest that is meant instead of a name; none: a name that the policy gives up.
    fn choose<'a>(&'a self, choice: PolicyChoice<'a>) -> Option<PolicyChoice<'a>> {
        let PolicyChoice::InForce(name) = choice else {
            return Some(choice);
        };
        if answers_to(&self.description, name) {
            return Some(PolicyChoice::Digest(&self.reference.digest));
        }
        let before = self.before.as_ref();
        let is_given_up = before.is_some_and(|(_, before)| answers_to(before, name));
        (!is_given_up).then_some(choice)
    }

    fn error(&self, fault: PolicyFault, detail: String) -> PolicyError {
        PolicyError {
            policy: self.reference.id.clone(),
            fault,
            detail,
        }
    }

    fn given_up(&self) -> PolicyError {
        let detail = "the policy does not answer to this name any more".to_owned();
        self.error(PolicyFault::Unknown, detail)
    }

    /// What is in force, with the policy in the place of the one before.
    fn listed(&self, mut in_force: Vec<(PolicyRef, Description)>) -> Vec<(PolicyRef, Description)> {
        in_force.retain(|(other, _)| other.id != self.reference.id);
        in_force.push((self.reference.clone(), self.description.clone()));
        in_force.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        in_force
    }
}

fn names(description: &Description) -> impl Iterator<Item = &String> {
    std::iter::once(&description.id).chain(&description.aliases)
}

fn answers_to(description: &Description, name: &str) -> bool {
    let name = name.to_lowercase();
    names(description).any(|known| known.to_lowercase() == name)
}

impl Policies for Overlay {
    fn vendor(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        if self.is_mapper {
            return self.inner.vendor(realm, choice);
        }
        let choice = self.choose(choice).ok_or_else(|| self.given_up())?;
        self.inner.vendor(realm, choice)
    }

    fn mapper(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
        if !self.is_mapper {
            return self.inner.mapper(realm, choice);
        }
        let choice = self.choose(choice).ok_or_else(|| self.given_up())?;
        self.inner.mapper(realm, choice)
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        let vendors = self.inner.vendors();
        if self.is_mapper {
            vendors
        } else {
            self.listed(vendors)
        }
    }

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        let mappers = self.inner.mappers();
        if self.is_mapper {
            self.listed(mappers)
        } else {
            mappers
        }
    }

    fn provenance(&self, digest: &str) -> Option<Provenance> {
        self.inner.provenance(digest)
    }

    fn put_in_force(&self, _: &str) -> Result<PolicyRef, PolicyError> {
        let detail = "nothing is put in force while it is considered".to_owned();
        Err(self.error(PolicyFault::NotAdmitted, detail))
    }

    fn limit_realm(&self, _: &RealmName, _: Duration) {}
}
