//! The component host: loads policies and hands them out.

use crate::{
    admission,
    cache::{Cache, CacheError, CompiledCache},
    call::{self, CallState, Linked},
    contract,
    digest::Digest,
    engine::{EngineError, PolicyEngine},
    fault::{self, Fault},
    limits::Limits,
    log::Author,
    policy::LoadedPolicy,
    registry::Registry,
};
use arc_swap::ArcSwap;
use bridge_model::{
    names::RealmName,
    plan::Description,
    policy::{PolicyChoice, PolicyOrigin, Provenance, WasiGrant},
    ports::{MapperPolicy, Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use wasmtime::component::Linker;

/// What a host is made with.
#[derive(Clone, Debug, Default)]
pub struct HostSettings {
    /// What each call may use.
    pub limits: Limits,
    /// Where compiled policies are kept; none: each start compiles them, some 20 to 100 ms each.
    pub cache: Option<Cache>,
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
    engine: Arc<PolicyEngine>,
    linker: Linker<CallState>,
    limits: Limits,
    cache: Option<CompiledCache>,
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
        let linker = call::linker(engine.engine())
            .map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let cache = settings
            .cache
            .map(|cache| CompiledCache::open(&cache, engine.engine()))
            .transpose()?;
        Ok(Self {
            engine: Arc::new(engine),
            linker,
            limits,
            cache,
            registry: ArcSwap::default(),
            registering: Mutex::new(()),
        })
    }

    /// Loads a component: admits it, compiles it or takes its code from the cache, links it, asks it
    /// what it is, and puts it in force under its id and its aliases.
    ///
    /// Takes as long as compiling does, some 20 to 100 ms for a policy in Rust: not for a thread
    /// that others wait for. To load the same octets again changes nothing.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::NotAdmitted`] with the reason in its author's words, also for an id or alias
    /// that another policy has; or what went wrong when it described itself.
    pub fn load(&self, octets: &[u8]) -> Result<PolicyRef, PolicyError> {
        let named = Digest::of(octets);
        let digest = named.to_string();
        let nameless = |kind, detail| PolicyError {
            policy: digest.clone(),
            fault: kind,
            detail,
        };
        let refused = |reason: String| nameless(PolicyFault::NotAdmitted, fault::sentence(&reason));
        if let Some(loaded) = self.loaded(&digest) {
            return Ok(loaded);
        }
        let engine = self.engine.engine();
        let admitted = admission::admit(engine, &self.limits, self.cache.as_ref(), named, octets)
            .map_err(|reason| refused(reason.to_string()))?;
        let author = Author {
            policy: String::new(),
            digest: digest.clone(),
        };
        let linked = Linked::new(&self.engine, &self.linker, &admitted, &self.limits, author)
            .map_err(|reason| refused(reason.to_string()))?;
        let description = describe(&linked).map_err(|fault| nameless(fault.kind, fault.detail))?;
        let offers = linked
            .offers()
            .map_err(|fault| nameless(fault.kind, fault.detail))?;
        let persons_max = self.limits.call_persons_max;
        let policy = LoadedPolicy::new(digest.clone(), description, offers, linked, persons_max);
        self.register(policy).map_err(refused)
    }

    fn loaded(&self, digest: &str) -> Option<PolicyRef> {
        let registry = self.registry.load();
        registry
            .policies()
            .map(|policy| policy.reference())
            .find(|reference| reference.digest == digest)
            .cloned()
    }

    fn register(&self, policy: LoadedPolicy) -> Result<PolicyRef, String> {
        let reference = policy.reference().clone();
        // Nothing is left half-done under this lock, so a panic of another thread does not matter.
        let _registering = self
            .registering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = self.loaded(&reference.digest) {
            return Ok(loaded);
        }
        let next = self
            .registry
            .load()
            .with(policy)
            .map_err(|taken| taken.to_string())?;
        self.registry.store(Arc::new(next));
        tracing::info!(
            target: "policy",
            policy = reference.id,
            version = reference.version,
            digest = reference.digest,
            "policy loaded"
        );
        Ok(reference)
    }
}

impl Policies for PolicyHost {
    fn vendor(
        &self,
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        let registry = self.registry.load();
        let (wanted, found) = match choice {
            PolicyChoice::InForce(name) => (name, registry.find(name)),
            PolicyChoice::Digest(digest) => (digest, registry.by_digest(digest)),
        };
        if let Some(policy) = found {
            return Ok(Arc::clone(policy) as Arc<dyn VendorPolicy>);
        }
        let known: Vec<&str> = registry
            .policies()
            .map(|policy| policy.reference().id.as_str())
            .collect();
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

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        Vec::new()
    }

    fn provenance(&self, digest: &str) -> Option<Provenance> {
        self.registry.load().by_digest(digest).map(|_| Provenance {
            origin: PolicyOrigin::BuiltIn,
            signers: Vec::new(),
            wasi: WasiGrant::None,
            octets: 0,
        })
    }

    fn put_in_force(&self, digest: &str) -> Result<PolicyRef, PolicyError> {
        self.loaded(digest)
            .ok_or_else(|| unknown(digest, "it is not loaded".to_owned()))
    }

    fn limit_realm(&self, _: &RealmName, _: Duration) {}

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        self.registry
            .load()
            .policies()
            .map(|policy| (policy.reference().clone(), policy.description().clone()))
            .collect()
    }
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
