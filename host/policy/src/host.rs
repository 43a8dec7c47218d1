//! The component host: loads policies and hands them out.

mod listing;

pub use listing::Listed;

use crate::{
    admission::{Admission, Gate},
    cache::{Cache, CacheError, CompiledCache},
    digest::Digest,
    engine::{EngineError, PolicyEngine},
    fault::{self, Fault},
    limits::Limits,
    linking::Linking,
    policy::Loaded,
    realm::{RealmUse, Realms},
    realm_log::PolicyLine,
    registry::{Known, Registry, Taken},
    signature,
    witness::Observers,
};
use arc_swap::ArcSwap;
use bridge_model::{
    names::RealmName,
    plan::Description,
    policy::{PolicyChoice, PolicyPackage, Provenance},
    ports::{MapperPolicy, Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a host is made with.
#[derive(Clone, Debug, Default)]
pub struct HostSettings {
    /// What each call may use.
    pub limits: Limits,
    /// Where compiled policies are kept; none: each start compiles them, up to some seconds of a processor each.
    pub cache: Option<Cache>,
    /// Where components are compiled and tried.
    pub admission: Admission,
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A limit with which no policy could run.
    #[error("limits of policies: {0}")]
    Limits(&'static str),
    /// The engine cannot be made. Most likely the machine gives too little address space.
    #[error(
        "the policy engine cannot be made: {0}; it reserves 4 GiB of address space for each of instances_max, so a lower limit or a larger `ulimit -v` may help"
    )]
    Engine(String),
    /// There is no thread for the engine's clock.
    #[error("the policy engine's clock cannot be started: {0}")]
    Clock(#[source] std::io::Error),
    /// The folder for compiled policies cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// The component host.
///
/// Policies are loaded once and called many times, from any thread; loading one disturbs no call.
/// Calls that are running keep the policy that they began with.
pub struct PolicyHost {
    gate: Gate,
    limits: Limits,
    realms: Realms,
    registry: ArcSwap<Registry>,
    /// Held while the next registry is made from the one in force.
    registering: Mutex<()>,
}

impl PolicyHost {
    /// Makes a host without policies.
    ///
    /// # Errors
    ///
    /// When the machine, a limit or the cache's folder does not allow it.
    pub fn new(settings: HostSettings) -> Result<Self, HostError> {
        Self::observed(settings, Observers::default())
    }

    /// Makes a host without policies whose calls somebody looks on at.
    ///
    /// # Errors
    ///
    /// As [`PolicyHost::new`].
    pub fn observed(settings: HostSettings, observers: Observers) -> Result<Self, HostError> {
        let limits = settings.limits;
        if let Some(rule) = limits.unusable() {
            return Err(HostError::Limits(rule));
        }
        let engine = PolicyEngine::observed(&limits, observers).map_err(|error| match error {
            EngineError::Engine(error) => HostError::Engine(format!("{error:#}")),
            EngineError::Ticker(error) => HostError::Clock(error),
        })?;
        let cache = settings
            .cache
            .map(|cache| CompiledCache::open(&cache, engine.engine()))
            .transpose()?;
        let gate = Gate::new(Arc::new(engine), limits, cache, settings.admission)
            .map_err(|error| HostError::Engine(format!("{error:#}")))?;
        Ok(Self {
            gate,
            realms: Realms::new(&limits),
            limits,
            registry: ArcSwap::default(),
            registering: Mutex::new(()),
        })
    }

    /// Loads a component: admits it, compiles it or takes its code from the cache, links it, and asks it
    /// what it is. It is not in force yet: it can be had by its digest, and [`Policies::put_in_force`]
    /// gives it its names.
    ///
    /// Takes as long as compiling does, some 20 to 100 ms for a policy in Rust: not for a thread
    /// that others wait for. To load the same octets again takes over what goes with them, and changes
    /// nothing else; with another grant they are admitted anew, and where they are in force, they are from
    /// then on under that grant.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::NotAdmitted`] with the reason in its author's words, or what went wrong when it
    /// described itself.
    pub fn load(&self, package: &PolicyPackage) -> Result<PolicyRef, PolicyError> {
        let named = Digest::of(&package.octets);
        let digest = named.to_string();
        let provenance = provenance(package);
        if let Some(known) = self.registry.load().by_digest(&digest)
            && known.provenance.wasi == package.wasi
        {
            let policy = known.policy.clone();
            return self.register(Known { policy, provenance });
        }
        let nameless = |fault: Fault| PolicyError {
            policy: digest.clone(),
            fault: fault.kind,
            detail: fault.detail,
        };
        let admitted = self.gate.admit(named, &package.octets, package.wasi);
        let admitted = admitted.map_err(|refused| {
            nameless(Fault {
                kind: refused.kind(),
                detail: fault::sentence(&refused.to_string()),
            })
        })?;
        let linking = Linking {
            engine: self.gate.engine(),
            linker: self.gate.linker(admitted.wasi()),
            limits: &self.limits,
        };
        let policy = linking.load(&admitted, &digest).map_err(nameless)?;
        self.register(Known { policy, provenance })
    }

    /// Forgets a policy that is loaded and not in force; false: it is in force, or was not loaded. Calls
    /// that have begun end with it.
    pub fn forget(&self, digest: &str) -> bool {
        let _registering = self.registering();
        let registry = self.registry.load();
        let Some(known) = registry.by_digest(digest) else {
            return false;
        };
        let digest = &known.policy.reference().digest;
        let is_idle = !registry.is_in_force(digest);
        if is_idle {
            self.registry.store(Arc::new(registry.without(digest)));
            tracing::info!(target: "policy", digest, "policy forgotten");
        }
        is_idle
    }

    /// What the policies of a realm logged last, the oldest first: at most 500 lines.
    pub fn log_of(&self, realm: &RealmName) -> Vec<PolicyLine> {
        let known = self.realms.find(realm);
        known.map_or_else(Vec::new, |realm| realm.log().lines())
    }

    /// What the policies of a realm have used so far.
    pub fn used_by(&self, realm: &RealmName) -> RealmUse {
        let known = self.realms.find(realm);
        known.map_or_else(RealmUse::default, |realm| realm.used())
    }

    /// Forgets a realm that is no more, with its log and its limit: another of the same name begins anew.
    pub fn forget_realm(&self, realm: &RealmName) {
        self.realms.forget(realm);
    }

    fn register(&self, known: Known) -> Result<PolicyRef, PolicyError> {
        let reference = known.policy.reference().clone();
        let _registering = self.registering();
        let registry = self.registry.load();
        let next = registry
            .with(known)
            .map_err(|taken| not_admitted(&reference, &taken))?;
        if registry.by_digest(&reference.digest).is_none() {
            tracing::info!(
                target: "policy",
                policy = reference.id,
                version = reference.version,
                digest = reference.digest,
                "policy loaded"
            );
        }
        self.registry.store(Arc::new(next));
        Ok(reference)
    }

    /// Nothing is left half-done under this lock, so a panic of another thread does not matter.
    fn registering(&self) -> MutexGuard<'_, ()> {
        self.registering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn provenance(package: &PolicyPackage) -> Provenance {
    let signatures = package.signatures.iter();
    let mut signers: Vec<_> = signatures
        .filter(|signature| signature::fits(signature, &package.octets))
        .map(|signature| signature.key)
        .collect();
    signers.sort_unstable();
    signers.dedup();
    Provenance {
        origin: package.origin.clone(),
        signers,
        wasi: package.wasi,
        octets: u64::try_from(package.octets.len()).unwrap_or(u64::MAX),
    }
}

impl Policies for PolicyHost {
    fn vendor(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        let registry = self.registry.load();
        let Some(policy) = registry.vendor(choice) else {
            return Err(absent(choice, "vendor", registry.vendors()));
        };
        let lease = self.realms.of(realm).lease(&policy.reference().digest);
        Ok(Arc::new(policy.lent(lease)))
    }

    fn mapper(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
        let registry = self.registry.load();
        let Some(policy) = registry.mapper(choice) else {
            return Err(absent(choice, "mapper", registry.mappers()));
        };
        let lease = self.realms.of(realm).lease(&policy.reference().digest);
        Ok(Arc::new(policy.lent(lease)))
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        self.registry.load().vendors().map(shown).collect()
    }

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        self.registry.load().mappers().map(shown).collect()
    }

    fn provenance(&self, digest: &str) -> Option<Provenance> {
        let registry = self.registry.load();
        registry
            .by_digest(digest)
            .map(|known| known.provenance.clone())
    }

    fn put_in_force(&self, digest: &str) -> Result<PolicyRef, PolicyError> {
        let _registering = self.registering();
        let registry = self.registry.load();
        let known = registry
            .by_digest(digest)
            .ok_or_else(|| unknown(digest, "it is not loaded".to_owned()))?;
        let reference = known.policy.reference();
        let next = registry
            .with_in_force(&known.policy)
            .map_err(|taken| not_admitted(reference, &taken))?;
        self.registry.store(Arc::new(next));
        tracing::info!(
            target: "policy",
            policy = reference.id,
            version = reference.version,
            digest = reference.digest,
            "policy put in force"
        );
        Ok(reference.clone())
    }

    fn limit_realm(&self, realm: &RealmName, time_per_second: Duration) {
        self.realms.of(realm).limit(time_per_second);
    }
}

fn not_admitted(reference: &PolicyRef, taken: &Taken) -> PolicyError {
    PolicyError {
        policy: reference.id.clone(),
        fault: PolicyFault::NotAdmitted,
        detail: fault::sentence(&taken.to_string()),
    }
}

fn shown(policy: &Loaded) -> (PolicyRef, Description) {
    (policy.reference().clone(), policy.description().clone())
}

/// There is no such policy, but there are these.
fn absent<'a>(
    choice: PolicyChoice<'_>,
    world: &str,
    in_force: impl Iterator<Item = &'a Loaded>,
) -> PolicyError {
    let name = match choice {
        PolicyChoice::InForce(name) => name,
        PolicyChoice::Digest(digest) => {
            return unknown(
                digest,
                format!("no {world} policy with this digest is loaded"),
            );
        }
    };
    let known: Vec<&str> = in_force.map(|it| it.reference().id.as_str()).collect();
    unknown(
        name,
        match known.as_slice() {
            [] => format!("no {world} policy is in force"),
            known => format!("there is {}", known.join(", ")),
        },
    )
}

fn unknown(wanted: &str, detail: String) -> PolicyError {
    PolicyError {
        policy: wanted.chars().take(CHARACTERS_SHOWN).collect(),
        fault: PolicyFault::Unknown,
        detail,
    }
}

/// What an operator typed is repeated to be recognised, not in full.
const CHARACTERS_SHOWN: usize = 64;
