//! Admission in this process.

use super::Refused;
use crate::{engine::PolicyEngine, world};
use bridge_model::policy::WasiGrant;
use wasmparser::{Parser, Validator};
use wasmtime::component::Component;

/// Everything that needs no other process: format, validity, names, compiled code.
pub(super) fn compile(
    engine: &PolicyEngine,
    octets: &[u8],
    wasi: WasiGrant,
) -> Result<Component, Refused> {
    if Parser::is_core_wasm(octets) {
        return Err(Refused::CoreModule);
    }
    if !Parser::is_component(octets) {
        return Err(Refused::NotWasm);
    }
    let engine = engine.engine();
    // With the very set of features that the engine has.
    Validator::new_with_features(engine.get_wasm_features()).validate_all(octets)?;
    world::check_names(octets, wasi)?;
    Component::from_binary(engine, octets).map_err(|error| Refused::Compile(format!("{error:#}")))
}
