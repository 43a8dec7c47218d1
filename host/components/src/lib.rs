//! The vendor policies, built as components and embedded, with the samples that come with them.
//!
//! The build script (`build.rs`) makes them; this crate knows no vendor: whatever folder stands under
//! `guest/` is here by its name.

/// A vendor policy that is part of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// The folder's name under `guest/`, which is the policy's id.
    pub name: &'static str,
    /// The component, as WebAssembly.
    pub bytes: &'static [u8],
}

/// A directory and a realm to try a policy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The name of the [`Component`] it belongs to.
    pub name: &'static str,
    /// The entries (RFC 2849).
    pub directory_ldif: &'static str,
    /// The realm, as a file to apply; `{ldap_url}` and `{sample_redirect_uri}` are to be filled in.
    pub realm_toml: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// All policies of this build, by name.
pub fn components() -> &'static [Component] {
    COMPONENTS
}

/// The samples of those policies that have some, by name.
pub fn samples() -> &'static [Sample] {
    SAMPLES
}
