//! What the author of a policy does with it, without a server.

pub mod doctor;
mod language;
pub mod ldif;
mod matching;
mod selection;
mod toolchain;
pub mod tree;

pub use language::Language;
