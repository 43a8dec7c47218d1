//! What can be said of a component without compiling it or asking it.

use crate::{admission::encode, digest::Digest, world::PolicyKind, world_names::Names};
use bridge_model::policy::WasiGrant;
use wasmparser::{KnownCustom, Parser, Payload, Validator};

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// `sha256:` and 64 hexadecimal digits, of the file as it is.
    pub digest: String,
    /// The octets of the file.
    pub octets: usize,
    /// Whether it is a core module that was built with the contract's bindings, of which the bridge makes a
    /// component.
    pub is_core_module: bool,
    /// What it is; else why it is no policy, as the bridge would say it with the grant that it needs.
    pub kind: Result<PolicyKind, String>,
    /// The versions of the contract that it was built against. There is one, but in what was composed.
    pub contract_versions: Vec<String>,
    /// Whether it imports anything of WASI, so that it needs a grant.
    pub needs_wasi: bool,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
    /// What made it, as the tools wrote it into the file.
    pub producers: Vec<Producer>,
}

/// Something that a component was made with or from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// Which part it had: `language`, `processed-by` or `sdk`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// A file that is no component.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotInspected(String);

/// Looks into a file. It is held to the format and to the contract's names; features that a host has
/// switched off, limits, and what it does are found at admission.
///
/// # Errors
///
/// When it is neither a component nor a core module that was built with the contract's bindings, or is
/// damaged.
pub fn inspect(octets: &[u8]) -> Result<Inspection, NotInspected> {
    let damaged = |error| NotInspected(format!("it is damaged: {error}"));
    Validator::new().validate_all(octets).map_err(damaged)?;
    let is_core_module = Parser::is_core_wasm(octets);
    let encoded;
    let component = if is_core_module {
        encoded = encode::component(octets).map_err(|refused| NotInspected(refused.to_string()))?;
        encoded.as_slice()
    } else {
        octets
    };
    let names = Names::of(component).map_err(damaged)?;
    let needs_wasi = names.needs_wasi();
    let wasi = if needs_wasi {
        WasiGrant::Minimal
    } else {
        WasiGrant::None
    };
    Ok(Inspection {
        digest: Digest::of(octets).to_string(),
        octets: octets.len(),
        is_core_module,
        kind: names.judge(wasi).map_err(|reason| reason.to_string()),
        contract_versions: names.contract_versions(),
        needs_wasi,
        imports: names.imports,
        exports: names.exports,
        producers: producers(octets).map_err(damaged)?,
    })
}

/// Those of the file and of everything in it, each once.
fn producers(octets: &[u8]) -> Result<Vec<Producer>, wasmparser::BinaryReaderError> {
    let mut producers = Vec::new();
    for payload in Parser::new(0).parse_all(octets) {
        let Payload::CustomSection(section) = payload? else {
            continue;
        };
        let KnownCustom::Producers(fields) = section.as_known() else {
            continue;
        };
        for field in fields {
            let field = field?;
            for value in field.values {
                let value = value?;
                producers.push(Producer {
                    field: field.name.to_owned(),
                    name: value.name.to_owned(),
                    version: value.version.to_owned(),
                });
            }
        }
    }
    producers.sort();
    producers.dedup();
    Ok(producers)
}
