//! Admission in this process.

use super::{Admitted, Refused, Tools, encode};
use crate::world;
use bridge_model::policy::WasiGrant;
use wasmparser::{Parser, Validator};
use wasmtime::component::Component;

/// Everything but the self-test: format, validity, names, compiled code.
pub(super) fn compile(tools: &Tools, octets: &[u8], wasi: WasiGrant) -> Result<Admitted, Refused> {
    let engine = tools.engine.engine();
    // With the very set of features that the engine has.
    let validate = |octets: &[u8]| {
        let mut validator = Validator::new_with_features(engine.get_wasm_features());
        validator.validate_all(octets).map(|_| ())
    };
    let encoded;
    let component = if Parser::is_core_wasm(octets) {
        validate(octets)?;
        encoded = encode::component(octets)?;
        encoded.as_slice()
    } else if Parser::is_component(octets) {
        octets
    } else {
        return Err(Refused::NotWasm);
    };
    validate(component)?;
    world::check_names(component, wasi)?;
    let compiled = Component::from_binary(engine, component)
        .map_err(|error| Refused::Compile(format!("{error:#}")))?;
    Ok(Admitted::new(engine, compiled, wasi)?)
}
