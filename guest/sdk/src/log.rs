//! Lines for the realm's own log.
//!
//! What is written here is read by the realm's operator: no secrets, and no more of a person than
//! the line needs. Lines and octets of a call are bounded by the host.

/// A line for the policy's author.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// A line for an operator who looks for something.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Something is odd, and was coped with.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Something is wrong.
pub fn error(message: &str) {
    write(Level::Error, message);
}

use crate::bindings::ldap_oidc::policy::log::Level;

#[cfg(target_family = "wasm")]
fn write(level: Level, message: &str) {
    crate::bindings::ldap_oidc::policy::log::write(level, message);
}

#[cfg(not(target_family = "wasm"))]
fn write(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
