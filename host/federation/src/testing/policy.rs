//! A policy for people with `uid`, `cn`, `mail`, `seeAlso` (their groups) and `description` (which, if
//! it is `off`, `expired` or `must`, bars them). A refused bind means what its diagnostic says.

mod mapper;
mod step;
mod vendor;

pub(crate) use mapper::{Does, FakeMapper};
pub(crate) use vendor::{FakePolicy, plan};

use bridge_model::{
    names::RealmName,
    plan::Description,
    policy::{PolicyChoice, PolicyOrigin, Provenance, WasiGrant},
    ports::{MapperPolicy, Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// Policies that are in force, that are loaded, and where they came from.
pub(crate) struct FakePolicies {
    vendors: Mutex<Vec<FakePolicy>>,
    mappers: Mutex<Vec<FakeMapper>>,
    /// What is loaded beside those in force.
    loaded: Mutex<Vec<Loaded>>,
    provenances: Mutex<HashMap<String, Option<Provenance>>>,
    limits: Mutex<HashMap<RealmName, Duration>>,
}

/// A policy that is loaded.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a test has a few")]
pub(crate) enum Loaded {
    Vendor(FakePolicy),
    Mapper(FakeMapper),
}

impl Loaded {
    pub(crate) fn reference(&self) -> &PolicyRef {
        match self {
            Self::Vendor(policy) => &policy.reference,
            Self::Mapper(policy) => policy.reference(),
        }
    }
}

impl Default for FakePolicies {
    fn default() -> Self {
        Self {
            vendors: Mutex::new(vec![FakePolicy::new("sample")]),
            mappers: Mutex::default(),
            loaded: Mutex::default(),
            provenances: Mutex::default(),
            limits: Mutex::default(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panicked in here")
}

fn unknown(what: &str) -> PolicyError {
    PolicyError {
        policy: what.to_owned(),
        fault: PolicyFault::Unknown,
        detail: String::new(),
    }
}

fn answers_to(description: &Description, name: &str) -> bool {
    let mut names = std::iter::once(&description.id).chain(&description.aliases);
    names.any(|known| known.eq_ignore_ascii_case(name))
}

impl FakePolicies {
    /// The vendor policies in force.
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<FakePolicy>> {
        locked(&self.vendors)
    }

    /// The mapper policies in force.
    pub(crate) fn all_mappers(&self) -> MutexGuard<'_, Vec<FakeMapper>> {
        locked(&self.mappers)
    }

    /// Loads a policy without putting it in force.
    pub(crate) fn load(&self, policy: Loaded) {
        locked(&self.loaded).push(policy);
    }

    /// Says where a policy came from; none: nothing is known of it. Those of which nothing is said are built
    /// in.
    pub(crate) fn came_from(&self, digest: &str, provenance: Option<Provenance>) {
        locked(&self.provenances).insert(digest.to_owned(), provenance);
    }

    pub(crate) fn limit_of(&self, realm: &RealmName) -> Option<Duration> {
        locked(&self.limits).get(realm).copied()
    }

    fn loaded(&self) -> Vec<Loaded> {
        let vendors = self.all().clone().into_iter().map(Loaded::Vendor);
        let mappers = self.all_mappers().clone().into_iter().map(Loaded::Mapper);
        let others = locked(&self.loaded).clone();
        vendors.chain(mappers).chain(others).collect()
    }
}

impl Policies for FakePolicies {
    fn vendor(
        &self,
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        let found = match choice {
            PolicyChoice::InForce(name) => {
                let all = self.all();
                let mut all = all.iter();
                all.find(|policy| answers_to(&policy.description, name))
                    .cloned()
            }
            PolicyChoice::Digest(digest) => self.loaded().into_iter().find_map(|it| match it {
                Loaded::Vendor(policy) if policy.reference.digest == digest => Some(policy),
                _ => None,
            }),
        };
        match found {
            Some(policy) => Ok(Arc::new(policy)),
            None => Err(unknown(&format!("{choice:?}"))),
        }
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        let all = self.all();
        let described = all
            .iter()
            .map(|it| (it.reference.clone(), it.description.clone()));
        described.collect()
    }

    fn mapper(
        &self,
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
        let found = match choice {
            PolicyChoice::InForce(name) => {
                let all = self.all_mappers();
                let mut all = all.iter();
                all.find(|policy| answers_to(policy.description(), name))
                    .cloned()
            }
            PolicyChoice::Digest(digest) => self.loaded().into_iter().find_map(|it| match it {
                Loaded::Mapper(policy) if policy.reference().digest == digest => Some(policy),
                _ => None,
            }),
        };
        match found {
            Some(policy) => Ok(Arc::new(policy)),
            None => Err(unknown(&format!("{choice:?}"))),
        }
    }

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        let all = self.all_mappers();
        let described = all
            .iter()
            .map(|it| (it.reference().clone(), it.description().clone()));
        described.collect()
    }

    fn provenance(&self, digest: &str) -> Option<Provenance> {
        if let Some(said) = locked(&self.provenances).get(digest) {
            return said.clone();
        }
        let all = self.loaded();
        let is_loaded = all.iter().any(|it| it.reference().digest == digest);
        is_loaded.then_some(Provenance {
            origin: PolicyOrigin::BuiltIn,
            signers: Vec::new(),
            wasi: WasiGrant::None,
            octets: 1,
        })
    }

    fn put_in_force(&self, digest: &str) -> Result<PolicyRef, PolicyError> {
        let all = self.loaded();
        let found = all.into_iter().find(|it| it.reference().digest == digest);
        let found = found.ok_or_else(|| unknown(digest))?;
        let reference = found.reference().clone();
        let before = match found.clone() {
            Loaded::Vendor(policy) => {
                let mut vendors = self.all();
                let at = vendors
                    .iter()
                    .position(|it| it.reference.id == reference.id);
                let before = at.map(|at| Loaded::Vendor(vendors.remove(at)));
                vendors.push(policy);
                before
            }
            Loaded::Mapper(policy) => {
                let mut mappers = self.all_mappers();
                let at = mappers
                    .iter()
                    .position(|it| it.reference().id == reference.id);
                let before = at.map(|at| Loaded::Mapper(mappers.remove(at)));
                mappers.push(policy);
                before
            }
        };
        let mut loaded = locked(&self.loaded);
        loaded.retain(|it| it.reference().digest != digest);
        loaded.extend(before.filter(|it| it.reference().digest != digest));
        Ok(reference)
    }

    fn limit_realm(&self, realm: &RealmName, time_per_second: Duration) {
        locked(&self.limits).insert(realm.clone(), time_per_second);
    }
}
