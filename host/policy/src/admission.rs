//! Whether a component may run at all, and its compiled code.
//!
//! Admission is one function from octets to an [`Admitted`]: it needs nothing of the host's state, so
//! that it can run elsewhere.

use crate::{
    cache::CompiledCache,
    digest::Digest,
    limits::Limits,
    world::{self, NotInWorld},
};
use wasmparser::{Parser, Validator};
use wasmtime::{Engine, component::Component};

/// A component that was admitted: proof of it, and its compiled code.
pub(crate) struct Admitted(Component);

impl Admitted {
    /// The compiled code.
    pub(crate) fn component(&self) -> &Component {
        &self.0
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

/// Admits a component: size, format, validity, names, compiled code. `digest` is that of `octets`; code
/// that the cache holds for it went through all of it before.
pub(crate) fn admit(
    engine: &Engine,
    limits: &Limits,
    cache: Option<&CompiledCache>,
    digest: Digest,
    octets: &[u8],
) -> Result<Admitted, Refused> {
    if octets.len() > limits.component_octets_max {
        return Err(Refused::TooLong {
            octets: octets.len(),
            octets_max: limits.component_octets_max,
        });
    }
    if let Some(component) = cache.and_then(|cache| cached(cache, engine, digest)) {
        return Ok(Admitted(component));
    }
    if Parser::is_core_wasm(octets) {
        return Err(Refused::CoreModule);
    }
    if !Parser::is_component(octets) {
        return Err(Refused::NotWasm);
    }
    // With the very set of features that the engine has.
    Validator::new_with_features(engine.get_wasm_features()).validate_all(octets)?;
    world::check_names(octets)?;
    let component = Component::from_binary(engine, octets)
        .map_err(|error| Refused::Compile(format!("{error:#}")))?;
    if let Some(Err(error)) = cache.map(|cache| cache.store(digest, &component)) {
        tracing::warn!(target: "policy", %digest, %error, "compiled code was not kept");
    }
    Ok(Admitted(component))
}

fn cached(cache: &CompiledCache, engine: &Engine, digest: Digest) -> Option<Component> {
    let loaded = cache.load(engine, digest).unwrap_or_else(|unusable| {
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
