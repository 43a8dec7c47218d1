//! What the author of a policy does with it, without a server.

pub mod component;
pub mod doctor;
mod language;
pub mod ldif;
mod matching;
pub mod project;
pub mod registry;
mod selection;
pub mod signing;
mod toolchain;
pub mod tree;
pub mod trial;

pub use language::Language;
