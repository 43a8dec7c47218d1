//! The policies that are part of the bridge.

use crate::BridgeError;
use bridge_components::{components, mappers};
use bridge_model::{
    policy::{PolicyOrigin, PolicyPackage},
    ports::Policies as _,
};
use bridge_policy::{Admission, AdmissionChild, Cache, HostSettings, PolicyHost};

/// The host of policies with those that are built in, compiled or from the cache, and in force.
///
/// # Errors
///
/// See [`BridgeError`].
pub fn built_in_policies(cache: Option<Cache>) -> Result<PolicyHost, BridgeError> {
    with_built_in(cache, Admission::InProcess)
}

/// The same, which has everything else admitted by a process of its own: this very program.
///
/// # Errors
///
/// See [`BridgeError`].
pub(crate) fn guarded_policies(cache: Option<Cache>) -> Result<PolicyHost, BridgeError> {
    let child = AdmissionChild::of_this_program().map_err(BridgeError::Program)?;
    with_built_in(cache, Admission::Child(child))
}

fn with_built_in(cache: Option<Cache>, admission: Admission) -> Result<PolicyHost, BridgeError> {
    let host = PolicyHost::new(HostSettings {
        cache,
        admission,
        ..HostSettings::default()
    })?;
    for component in components().iter().chain(mappers()) {
        let package = PolicyPackage::unsigned(component.bytes, PolicyOrigin::BuiltIn);
        host.put_in_force(&host.load(&package)?.digest)?;
    }
    Ok(host)
}
