//! The policies as administrators see them.

use super::{PolicySources, file_name};
use bridge_model::{
    names::RealmName,
    plan::Description,
    policy::{PolicyChoice, PolicyOrigin, Provenance},
    ports::StoreError,
    realm::{PlannedFederation, PolicyRef},
    time::Timestamp,
};
use bridge_policy::PolicyKind;
use std::collections::BTreeMap;

/// A policy that is loaded.
#[derive(Clone, Debug)]
pub struct ListedPolicy {
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
    /// For one in force: what a roll back would put in its place.
    pub before: Option<String>,
    /// The federations whose plans it made.
    pub users: Vec<PolicyUser>,
    /// Why its file is not taken as it is now.
    pub refusal: Option<Refusal>,
}

/// A federation that a policy serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyUser {
    /// The realm.
    pub realm: RealmName,
    /// The federation's name.
    pub federation: String,
    /// Whether the federation names the policy by its digest.
    pub is_pinned: bool,
}

/// Something that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is: `file a.wasm`, `folder /etc/policies`, or a digest.
    pub source: String,
    /// Why, as "what; what to do".
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

impl PolicySources {
    /// All policies that are loaded, by id, those in force first. The federations are those of these
    /// realms; none: of all.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(&self, of: Option<&RealmName>) -> Result<Vec<ListedPolicy>, StoreError> {
        let before: BTreeMap<_, _> = self
            .store
            .policies_in_force()
            .await?
            .into_iter()
            .map(|known| (known.digest, known.before))
            .collect();
        let mut users = self.users(of).await?;
        let refusals = self.refusals().clone();
        let mut listed: Vec<_> = self
            .host
            .listed()
            .into_iter()
            .map(|known| {
                let digest = &known.reference.digest;
                let before = before.get(digest).cloned().flatten();
                let source = match &known.provenance.origin {
                    PolicyOrigin::File(name) => file_name(name),
                    _ => digest.clone(),
                };
                ListedPolicy {
                    before: before.filter(|_| known.is_in_force),
                    users: users.remove(digest).unwrap_or_default(),
                    refusal: refusals.get(&source).cloned(),
                    reference: known.reference,
                    description: known.description,
                    kind: known.kind,
                    provenance: known.provenance,
                    is_in_force: known.is_in_force,
                }
            })
            .collect();
        listed.sort_by(|a, b| {
            let key = |one: &ListedPolicy| (one.reference.id.clone(), !one.is_in_force);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.reference.digest.cmp(&b.reference.digest))
        });
        Ok(listed)
    }

    /// What is not taken at present, by what it is.
    pub fn refused(&self) -> Vec<Refusal> {
        self.refusals().values().cloned().collect()
    }

    /// The federations whose plans were made by each digest.
    pub(super) async fn users(
        &self,
        of: Option<&RealmName>,
    ) -> Result<BTreeMap<String, Vec<PolicyUser>>, StoreError> {
        let realms = if let Some(realm) = of {
            vec![realm.clone()]
        } else {
            let realms = self.store.realms().await?;
            realms.into_iter().map(|realm| realm.name).collect()
        };
        let mut users: BTreeMap<String, Vec<PolicyUser>> = BTreeMap::new();
        for realm in realms {
            for planned in self.store.federations(&realm).await? {
                for (digest, is_pinned) in self.served_by(&planned) {
                    users.entry(digest).or_default().push(PolicyUser {
                        realm: realm.clone(),
                        federation: planned.federation.name.to_string(),
                        is_pinned,
                    });
                }
            }
        }
        Ok(users)
    }

    /// The digests that serve a federation, or would if they were there, and whether it names them so.
    fn served_by(&self, planned: &PlannedFederation) -> Vec<(String, bool)> {
        let choice = planned.federation.policy();
        let mut digests = match choice {
            PolicyChoice::Digest(digest) => vec![(digest.to_ascii_lowercase(), true)],
            PolicyChoice::InForce(vendor) => {
                let found = self.host.in_force(PolicyKind::Vendor, vendor);
                found
                    .map(|policy| (policy.digest, false))
                    .into_iter()
                    .collect()
            }
        };
        let chained = planned.plan.chained.iter();
        for policy in chained.map(|mapper| &mapper.policy) {
            let now = self.host.in_force(PolicyKind::Mapper, &policy.id);
            let now = now.map(|now| now.digest);
            let served = (now.unwrap_or_else(|| policy.digest.clone()), false);
            if !digests.contains(&served) {
                digests.push(served);
            }
        }
        digests
    }
}
