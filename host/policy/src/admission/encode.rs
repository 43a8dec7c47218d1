//! Core modules that were built with the contract's bindings and not yet made components.

use super::Refused;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// The component that a core module says it is. The bindings leave the world in a section of the module,
/// from which the component is made as the build tools would.
pub(crate) fn component(module: &[u8]) -> Result<Vec<u8>, Refused> {
    if !names_its_world(module)? {
        return Err(Refused::CoreModule);
    }
    ComponentEncoder::default()
        .module(module)
        .and_then(ComponentEncoder::encode)
        .map_err(|error| refused(&format!("{error:#}")))
}

fn names_its_world(module: &[u8]) -> Result<bool, Refused> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload?
            && section.name().starts_with(WORLD_SECTION)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn refused(reason: &str) -> Refused {
    if reason.contains(PREVIEW_1) {
        Refused::Preview1
    } else {
        Refused::NotEncoded(reason.to_owned())
    }
}

/// Where wit-bindgen leaves the world (wit-component, module `metadata`).
const WORLD_SECTION: &str = "component-type";
/// What modules import that were built for WASI 0.1.
const PREVIEW_1: &str = "wasi_snapshot_preview1";
