//! The process that admits a component for this one.

use super::{Refused, in_process};
use crate::{engine::PolicyEngine, limits::Limits};
use bridge_model::policy::WasiGrant;
use std::{env, ffi::OsString, io, path::PathBuf};
use wasmtime::component::Component;

/// The program that runs [`serve_admission`](crate::serve_admission). It has to be this very version of
/// the bridge.
#[derive(Clone, Debug)]
pub struct AdmissionChild {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl AdmissionChild {
    /// This very program, run as `policy admit-component`.
    ///
    /// # Errors
    ///
    /// Where the system does not say which program this is.
    pub fn of_this_program() -> io::Result<Self> {
        Ok(Self {
            program: env::current_exe()?,
            arguments: vec!["policy".into(), "admit-component".into()],
        })
    }

    pub(super) fn compile(
        &self,
        engine: &PolicyEngine,
        _limits: &Limits,
        octets: &[u8],
        wasi: WasiGrant,
    ) -> Result<Component, Refused> {
        in_process::compile(engine, octets, wasi)
    }
}
