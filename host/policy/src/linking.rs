//! From an admitted component to a policy.

use crate::{
    admission::Admitted,
    call::{CallState, Functions, Linked},
    engine::PolicyEngine,
    fault::Fault,
    limits::Limits,
    log::Author,
    policy::{ClaimMapper, Loaded, Vendor},
    world::PolicyKind,
};
use std::sync::Arc;
use wasmtime::component::Linker;

/// What an admitted component is made into a policy with.
pub(crate) struct Linking<'a> {
    pub(crate) engine: &'a Arc<PolicyEngine>,
    pub(crate) linker: &'a Linker<CallState>,
    pub(crate) limits: &'a Limits,
}

impl Linking<'_> {
    /// Links an admitted component, and asks it what it is.
    pub(crate) fn load(&self, admitted: &Admitted, digest: &str) -> Result<Loaded, Fault> {
        let (digest, persons_max) = (digest.to_owned(), self.limits.call_persons_max);
        Ok(match admitted.kind() {
            PolicyKind::Vendor => {
                let linked = self.link(admitted, &digest)?;
                Loaded::Vendor(Vendor::new(digest, linked, persons_max)?)
            }
            PolicyKind::Mapper => {
                let linked = self.link(admitted, &digest)?;
                Loaded::Mapper(ClaimMapper::new(digest, linked, persons_max)?)
            }
        })
    }

    fn link<F: Functions>(&self, admitted: &Admitted, digest: &str) -> Result<Linked<F>, Fault> {
        let author = Author::nameless(digest.to_owned());
        Linked::new(self.engine, self.linker, admitted, self.limits, author)
            .map_err(|reason| Fault::not_admitted(&reason.to_string()))
    }
}
