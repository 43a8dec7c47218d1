//! The words of the bridge as types, and the ports between its rooms.
//!
//! Nothing here does I/O, reads a clock or draws a random number: those are ports
//! ([`ports::Clock`], [`ports::Random`]). The types that also stand in the policy contract
//! ([`entry`], [`federation`], [`plan`], [`decision`]) have the same names and meaning as in
//! `wit/types.wit`; they are written out here so that no other room knows generated types.
//!
//! Two rules of authority are types of this crate, so that nobody can go around them:
//! [`secret::Password`] cannot be empty, and [`account::AuthenticatedUser`] is only made by
//! [`account::Gate`].

pub mod account;
pub mod admin;
pub mod attempts;
pub mod audit;
pub mod changes;
pub mod claims;
pub mod client;
pub mod decision;
pub mod dn;
pub mod entry;
pub mod federation;
pub mod filter;
pub mod keys;
pub mod names;
#[cfg(test)]
mod odd;
pub mod outbound;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod realm;
pub mod search;
pub mod secret;
pub mod session;
pub mod synchronisation;
pub mod time;
pub mod user;
pub mod write;
