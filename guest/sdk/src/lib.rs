//! What a policy author writes against.
//!
//! A policy is a type with the three functions of [`VendorPolicy`], turned into a component by
//! [`export_policy!`]. Most vendors need less: a type with [`Vendor`] says what differs from a
//! directory that follows the RFCs alone, and gets the three functions from this crate.
//!
//! ```
//! use policy_sdk::{
//!     Account, Changes, Defaults, Passwords, State, Vendor, Writing, defaults, types::Problem,
//! };
//!
//! /// A directory that writes `loginDisabled: TRUE` on accounts that are switched off.
//! pub struct Example;
//!
//! impl Vendor for Example {
//!     const DEFAULTS: Defaults = Defaults {
//!         id: "example",
//!         title: "Example Directory",
//!         version: env!("CARGO_PKG_VERSION"),
//!         state_attributes: &["loginDisabled"],
//!         ..defaults::RFC
//!     };
//!
//!     fn state(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
//!         if account.entry.boolean("loginDisabled")? == Some(true) {
//!             state.bar(policy_sdk::types::Refusal::Disabled);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! // Passwords by RFC 3062, changes by time; nothing but the profile is written.
//! impl Passwords for Example {}
//! impl Writing for Example {}
//! impl Changes for Example {}
//!
//! policy_sdk::export_policy!(Example);
//! # fn main() {}
//! ```
//!
//! A kind of mapper that any federation can name, whatever its vendor, is a type with [`ClaimMapper`]
//! and [`export_mapper!`]; see module [`claim_mapper`].
//!
//! A component is the crate, of type `cdylib`, compiled for `wasm32-unknown-unknown` and put through
//! `wit_component::ComponentEncoder`. It runs fastest when it is linked with a small stack and some heap:
//! `-C link-arg=-zstack-size=32768 -C link-arg=--initial-heap=131072`.
//!
//! Everything here compiles natively too, so a policy's tests call it as plain functions; module
//! `testing` reads LDIF for them. Natively there is no host: [`log`] writes to standard error.

// Under WASI the C library has the heap.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod allocator;
pub mod attributes;
pub mod base64;
pub mod ber;
#[doc(hidden)]
pub mod bindings;
pub mod changes;
pub mod claim_mapper;
pub mod defaults;
pub mod dn;
mod export;
pub mod id;
pub mod json;
pub mod log;
pub mod login;
pub mod mapper;
pub mod memo;
mod octets;
#[cfg(target_family = "wasm")]
mod panic;
pub mod password_policy;
pub mod passwords;
mod ranges;
pub mod reads;
pub mod recognition;
pub mod result_code;
#[doc(hidden)]
pub mod rt;
pub mod rules;
pub mod terms;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod time;
mod translate;
mod vendor;
pub mod writing;
mod x509;

pub use attributes::Attributes;
#[doc(hidden)]
pub use bindings::__export_policy as __export;
#[doc(hidden)]
pub use bindings::mapper::__export_mapper as __export_claim_mapper;
pub use changes::Changes;
pub use claim_mapper::ClaimMapper;
pub use defaults::{Defaults, Known};
pub use export::{Exported, VendorPolicy};
pub use passwords::Passwords;
pub use vendor::{Account, State, Vendor};
pub use writing::Writing;

/// The contract's types, as `wit/types.wit` documents them: plain structs and enums.
pub mod types {
    pub use crate::bindings::ldap_oidc::policy::types::{
        Attribute, Bar, Claim, ClaimValue, Context, Control, Description, EditMode, Entry,
        Federation, Finding, Group, GroupForm, IdForm, Identity, KindHelp, Mapper, Notice,
        OptionHelp, PasswordAttribute, PasswordEncoding, PasswordWrite, Person, Plan, Problem,
        Refusal, Rejection, Reply, Role, Search, SearchScope, Setting, Slot, StableId, Step,
        Subtree,
    };

    pub use crate::bindings::mapper::exports::ldap_oidc::policy::claim_mapper::{
        Adjustment, Candidate, MapperPlan,
    };

    pub use crate::bindings::exports::ldap_oidc::policy::{
        changes::{Advance, ChangeRead, Message, Page, PageEntry, Turn, Whom},
        passwords::Complaint,
        recognition::Proposal,
        writing::{EntryChange, Modification, ModifyWay, NamePart, NewEntry, ProfileChange},
    };

    /// Something that is wrong with a field of the operator's, or with an attribute. The message reads
    /// "what is wrong; what to do".
    pub fn problem(field: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            field: field.into(),
            message: message.into(),
        }
    }
}
