//! Whether a component may run at all, and its compiled code.
//!
//! Compiling is the one thing that a stranger's component can have the engine do for as long as it
//! likes and with as much memory, so it is done in a process of its own that is ended when it takes too
//! much ([`Admission::Child`]). What that process answers is compiled code, which the host loads, and the
//! verdict of a self-test.

mod child;
mod in_process;
mod serve;

pub use child::AdmissionChild;
pub use serve::serve_admission;

use crate::{
    cache::CompiledCache,
    call::{self, CallState},
    digest::Digest,
    engine::PolicyEngine,
    limits::Limits,
    world::{self, NotInWorld, PolicyKind},
};
use bridge_model::policy::WasiGrant;
use std::sync::Arc;
use wasmtime::component::{Component, Linker};

/// Where components are compiled and tried.
#[derive(Clone, Debug, Default)]
pub enum Admission {
    /// In this process: for components that somebody vouches for, such as those that are built in. One that
    /// takes minutes to compile takes them, and as much memory as it likes.
    #[default]
    InProcess,
    /// In a process of its own, within [`Limits`].
    Child(AdmissionChild),
}

/// A component that was admitted: proof of it, and its compiled code.
pub(crate) struct Admitted {
    component: Component,
    kind: PolicyKind,
    wasi: WasiGrant,
}

impl Admitted {
    /// Compiled code that went through admission. That its grant covers what it imports is asked here,
    /// since code that is kept may have been admitted under another.
    fn new(
        engine: &PolicyEngine,
        component: Component,
        wasi: WasiGrant,
    ) -> Result<Self, NotInWorld> {
        let kind = world::kind(engine.engine(), &component, wasi)?;
        Ok(Self {
            component,
            kind,
            wasi,
        })
    }

    /// The compiled code.
    pub(crate) fn component(&self) -> &Component {
        &self.component
    }

    /// What it is.
    pub(crate) fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// What it may reach.
    pub(crate) fn wasi(&self) -> WasiGrant {
        self.wasi
    }
}

/// Why a component was not admitted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it has {octets} octets and may have {octets_max}")]
    TooLong { octets: usize, octets_max: usize },
    #[error(
        "it is a core module and no component: encode it with `wasm-tools component new` or build it with the policy SDK"
    )]
    CoreModule,
    #[error(
        "it is no WebAssembly component: a component begins with the octets 00 61 73 6d 0d 00 01 00"
    )]
    NotWasm,
    #[error("it is damaged, or uses what the bridge has switched off: {0}")]
    Invalid(#[from] wasmparser::BinaryReaderError),
    #[error(transparent)]
    World(#[from] NotInWorld),
    #[error("it cannot be compiled within the limits: {0}")]
    Compile(String),
}

/// What every component passes on its way into the host.
pub(crate) struct Gate {
    engine: Arc<PolicyEngine>,
    limits: Limits,
    cache: Option<CompiledCache>,
    admission: Admission,
    without_wasi: Linker<CallState>,
}

impl Gate {
    pub(crate) fn new(
        engine: Arc<PolicyEngine>,
        limits: Limits,
        cache: Option<CompiledCache>,
        admission: Admission,
    ) -> wasmtime::Result<Self> {
        let without_wasi = call::linker(engine.engine())?;
        Ok(Self {
            engine,
            limits,
            cache,
            admission,
            without_wasi,
        })
    }

    /// The engine that admitted code runs on.
    pub(crate) fn engine(&self) -> &Arc<PolicyEngine> {
        &self.engine
    }

    /// What a policy may import.
    pub(crate) fn linker(&self, wasi: WasiGrant) -> &Linker<CallState> {
        match wasi {
            WasiGrant::None | WasiGrant::Minimal => &self.without_wasi,
        }
    }

    /// Admits a component: size, format, validity, names, compiled code, self-test. `digest` is that of
    /// `octets` as they were given; code that the cache holds for it went through all of it before.
    pub(crate) fn admit(
        &self,
        digest: Digest,
        octets: &[u8],
        wasi: WasiGrant,
    ) -> Result<Admitted, Refused> {
        if octets.len() > self.limits.component_octets_max {
            return Err(Refused::TooLong {
                octets: octets.len(),
                octets_max: self.limits.component_octets_max,
            });
        }
        if let Some(component) = self.cached(digest) {
            return Ok(Admitted::new(&self.engine, component, wasi)?);
        }
        let component = match &self.admission {
            Admission::InProcess => in_process::compile(&self.engine, octets, wasi)?,
            Admission::Child(child) => child.compile(&self.engine, &self.limits, octets, wasi)?,
        };
        let admitted = Admitted::new(&self.engine, component, wasi)?;
        self.keep(digest, admitted.component());
        Ok(admitted)
    }

    fn cached(&self, digest: Digest) -> Option<Component> {
        let cache = self.cache.as_ref()?;
        let loaded = cache
            .load(self.engine.engine(), digest)
            .unwrap_or_else(|unusable| {
                tracing::warn!(
                    target: "policy",
                    %digest,
                    reason = %unusable,
                    "kept code was not used: the policy is compiled anew"
                );
                None
            });
        if loaded.is_some() {
            tracing::debug!(target: "policy", %digest, "compiled code was taken from the cache");
        }
        loaded
    }

    fn keep(&self, digest: Digest, component: &Component) {
        if let Some(Err(error)) = self
            .cache
            .as_ref()
            .map(|cache| cache.store(digest, component))
        {
            tracing::warn!(target: "policy", %digest, %error, "compiled code was not kept");
        }
    }
}
