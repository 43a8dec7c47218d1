//! Whether a component may run at all, and its compiled code.
//!
//! Compiling is the one thing that a stranger's component can have the engine do for as long as it
//! likes and with as much memory, so it is done in a process of its own that is ended when it takes too
//! much ([`Admission::Child`]). What that process answers is compiled code, which the host loads, and the
//! verdict of a self-test.

mod child;
pub(crate) mod encode;
mod in_process;
mod self_test;
mod serve;
mod wire;

pub use child::AdmissionChild;
pub use serve::serve_admission;

use crate::{
    cache::CompiledCache,
    call::{self, CallState},
    digest::Digest,
    engine::PolicyEngine,
    fault::Fault,
    limits::Limits,
    wasi,
    world::{self, NotInWorld, PolicyKind},
};
use bridge_model::{policy::WasiGrant, ports::PolicyFault};
use std::sync::Arc;
use wasmtime::{
    Engine,
    component::{Component, Linker},
};

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
    fn new(engine: &Engine, component: Component, wasi: WasiGrant) -> Result<Self, NotInWorld> {
        let kind = world::kind(engine, &component, wasi)?;
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
        "it is a core module and no component, and was not built with the contract's bindings: build it with the policy SDK, or encode it with `wasm-tools component new`"
    )]
    CoreModule,
    #[error(
        "it is a core module for WASI 0.1, which is no component: build it for wasm32-unknown-unknown, or for wasm32-wasip2 where it needs WASI"
    )]
    Preview1,
    #[error("it is a core module that cannot be made a component: {0}")]
    NotEncoded(String),
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
    #[error("it cannot be tried within the limits: {0}")]
    Trial(String),
    #[error("it fails when it is tried: {}", .0.detail)]
    SelfTest(Fault),
    /// What another process said of it.
    #[error("{0}")]
    Elsewhere(String),
}

impl Refused {
    /// What kind of fault it is.
    pub(crate) fn kind(&self) -> PolicyFault {
        match self {
            Self::SelfTest(fault) => fault.kind,
            _ => PolicyFault::NotAdmitted,
        }
    }
}

/// What admission and calls both need.
pub(crate) struct Tools {
    engine: Arc<PolicyEngine>,
    limits: Limits,
    without_wasi: Linker<CallState>,
    with_wasi: Linker<CallState>,
}

impl Tools {
    fn new(engine: Arc<PolicyEngine>, limits: Limits) -> wasmtime::Result<Self> {
        let without_wasi = call::linker(engine.engine())?;
        let mut with_wasi = without_wasi.clone();
        wasi::add_to_linker(&mut with_wasi)?;
        Ok(Self {
            engine,
            limits,
            without_wasi,
            with_wasi,
        })
    }

    /// What a policy with this grant may import.
    fn linker(&self, wasi: WasiGrant) -> &Linker<CallState> {
        match wasi {
            WasiGrant::None => &self.without_wasi,
            WasiGrant::Minimal => &self.with_wasi,
        }
    }
}

/// What every component passes on its way into the host.
pub(crate) struct Gate {
    tools: Tools,
    cache: Option<CompiledCache>,
    admission: Admission,
}

impl Gate {
    pub(crate) fn new(
        engine: Arc<PolicyEngine>,
        limits: Limits,
        cache: Option<CompiledCache>,
        admission: Admission,
    ) -> wasmtime::Result<Self> {
        Ok(Self {
            tools: Tools::new(engine, limits)?,
            cache,
            admission,
        })
    }

    /// The engine that admitted code runs on.
    pub(crate) fn engine(&self) -> &Arc<PolicyEngine> {
        &self.tools.engine
    }

    /// What a policy with this grant may import.
    pub(crate) fn linker(&self, wasi: WasiGrant) -> &Linker<CallState> {
        self.tools.linker(wasi)
    }

    /// Admits a component: size, format, validity, names, compiled code, self-test. `digest` is that of
    /// `octets` as they were given; code that the cache holds for it went through all of it before.
    pub(crate) fn admit(
        &self,
        digest: Digest,
        octets: &[u8],
        wasi: WasiGrant,
    ) -> Result<Admitted, Refused> {
        let octets_max = self.tools.limits.component_octets_max;
        if octets.len() > octets_max {
            return Err(Refused::TooLong {
                octets: octets.len(),
                octets_max,
            });
        }
        let engine = self.tools.engine.engine();
        if let Some(component) = self.cached(digest) {
            return Ok(Admitted::new(engine, component, wasi)?);
        }
        let admitted = match &self.admission {
            Admission::InProcess => {
                let admitted = in_process::compile(&self.tools, octets, wasi)?;
                self_test::run(&self.tools, &admitted).map_err(Refused::SelfTest)?;
                admitted
            }
            Admission::Child(child) => {
                let component = child.compile(&self.tools, octets, wasi)?;
                Admitted::new(engine, component, wasi)?
            }
        };
        self.keep(digest, admitted.component());
        Ok(admitted)
    }

    fn cached(&self, digest: Digest) -> Option<Component> {
        let cache = self.cache.as_ref()?;
        let loaded = cache
            .load(self.tools.engine.engine(), digest)
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
