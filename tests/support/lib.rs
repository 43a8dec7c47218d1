//! What the suites share: the bridge as a process, a browser without a screen, and an application
//! that signs people in.

#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test that cannot go on ends here, with what it saw"
)]

pub mod admin;
pub mod application;
pub mod authority;
pub mod background;
pub mod bridge;
pub mod browser;
pub mod keeper;
pub mod languages;
pub mod ldap;
pub mod load;
pub mod node;
pub mod peer;
pub mod policy;
mod process;
pub mod proxy;
pub mod registry;
pub mod rhds;
pub mod samba;
pub mod served;
pub mod slapd;
pub mod swapping;
pub mod template;
pub mod versions;
pub mod web_peer;

use std::path::Path;

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ stands in the repository")
}
