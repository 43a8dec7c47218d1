//! The component host: loads policies and hands them out.

use crate::{
    admission::{Admission, Gate},
    cache::{Cache, CacheError, CompiledCache},
    call::Linked,
    contract,
    digest::Digest,
    engine::{EngineError, PolicyEngine},
    fault::{self, Fault},
    limits::Limits,
    log::Author,
    policy::LoadedPolicy,
    realm_log::PolicyLine,
    registry::{Known, Registry},
    signature,
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
    /// Where compiled policies are kept; none: each start compiles them, some 20 to 100 ms each.
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
        let limits = settings.limits;
        if let Some(rule) = limits.unusable() {
            return Err(HostError::Limits(rule));
        }
        let engine = PolicyEngine::new(&limits).map_err(|error| match error {
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
    /// nothing else.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::NotAdmitted`] with the reason in its author's words, or what went wrong when it
    /// described itself.
    pub fn load(&self, package: &PolicyPackage) -> Result<PolicyRef, PolicyError> {
        let named = Digest::of(&package.octets);
        let digest = named.to_string();
        let provenance = provenance(package);
        if let Some(known) = self.registry.load().by_digest(&digest) {
            let policy = Arc::clone(&known.policy);
            return Ok(self.register(Known { policy, provenance }));
        }
        let nameless = |kind, detail| PolicyError {
            policy: digest.clone(),
            fault: kind,
            detail,
        };
        let refused = |reason: String| nameless(PolicyFault::NotAdmitted, fault::sentence(&reason));
        let admitted = self
            .gate
            .admit(named, &package.octets, package.wasi)
            .map_err(|reason| refused(reason.to_string()))?;
        let author = Author {
            policy: String::new(),
            digest: digest.clone(),
        };
        let linker = self.gate.linker(admitted.wasi());
        let linked = Linked::new(self.gate.engine(), linker, &admitted, &self.limits, author)
            .map_err(|reason| refused(reason.to_string()))?;
        let description = describe(&linked).map_err(|fault| nameless(fault.kind, fault.detail))?;
        let offers = linked
            .offers()
            .map_err(|fault| nameless(fault.kind, fault.detail))?;
        let persons_max = self.limits.call_persons_max;
        let policy = LoadedPolicy::new(digest.clone(), description, offers, linked, persons_max);
        let policy = Arc::new(policy);
        Ok(self.register(Known { policy, provenance }))
    }

    /// Forgets a policy that is loaded and not in force; false: it is in force, or was not loaded. Calls
    /// that have begun end with it.
    pub fn forget(&self, digest: &str) -> bool {
        let _registering = self.registering();
        let registry = self.registry.load();
        let is_idle = registry.by_digest(digest).is_some() && !registry.is_in_force(digest);
        if is_idle {
            self.registry.store(Arc::new(registry.without(digest)));
            tracing::info!(target: "policy", digest, "policy forgotten");
        }
        is_idle
    }

    /// What the policies of a realm logged last, the oldest first.
    pub fn log_of(&self, _: &RealmName) -> Vec<PolicyLine> {
        Vec::new()
    }

    fn register(&self, known: Known) -> PolicyRef {
        let reference = known.policy.reference().clone();
        let _registering = self.registering();
        let registry = self.registry.load();
        if registry.by_digest(&reference.digest).is_none() {
            tracing::info!(
                target: "policy",
                policy = reference.id,
                version = reference.version,
                digest = reference.digest,
                "policy loaded"
            );
        }
        self.registry.store(Arc::new(registry.with(known)));
        reference
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
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        let registry = self.registry.load();
        if let Some(known) = registry.vendor(choice) {
            return Ok(Arc::clone(&known.policy) as Arc<dyn VendorPolicy>);
        }
        let known: Vec<&str> = registry
            .vendors()
            .map(|known| known.policy.reference().id.as_str())
            .collect();
        let (PolicyChoice::InForce(wanted) | PolicyChoice::Digest(wanted)) = choice;
        Err(unknown(
            wanted,
            match known.as_slice() {
                [] => "no policy is loaded".to_owned(),
                known => format!("there is {}", known.join(", ")),
            },
        ))
    }

    fn mapper(
        &self,
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
        let (PolicyChoice::InForce(wanted) | PolicyChoice::Digest(wanted)) = choice;
        Err(unknown(wanted, "no mapper policy is loaded".to_owned()))
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        self.registry
            .load()
            .vendors()
            .map(|known| {
                let policy = &known.policy;
                (policy.reference().clone(), policy.description().clone())
            })
            .collect()
    }

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        Vec::new()
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
            .map_err(|taken| PolicyError {
                policy: reference.id.clone(),
                fault: PolicyFault::NotAdmitted,
                detail: fault::sentence(&taken.to_string()),
            })?;
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

    fn limit_realm(&self, _: &RealmName, _: Duration) {}
}

fn unknown(wanted: &str, detail: String) -> PolicyError {
    PolicyError {
        policy: wanted.chars().take(CHARACTERS_SHOWN).collect(),
        fault: PolicyFault::Unknown,
        detail,
    }
}

fn describe(linked: &Linked) -> Result<Description, Fault> {
    let description = Description::from(linked.describe()?);
    contract::check_description(&description)
        .map_err(|breach| Fault::of_breach(&breach, "describe"))?;
    Ok(description)
}

/// What an operator typed is repeated to be recognised, not in full.
const CHARACTERS_SHOWN: usize = 64;
