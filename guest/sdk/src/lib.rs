//! What a policy author writes against.

#[doc(hidden)]
pub mod bindings;
mod export;

pub use export::{Exported, VendorPolicy};
pub mod types {
    //! The contract's types, as `wit/types.wit` has them.
    pub use crate::bindings::ldap_oidc::policy::types::*;
}
#[doc(hidden)]
pub use bindings::__export_vendor as __export;
