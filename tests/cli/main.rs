//! The command line: what it says when something is wrong, what it leaves behind, and what the
//! documents say of it.

mod apply;
mod commands;
mod documents;
mod policy;
mod policy_guide;
mod policy_languages;
mod policy_registry;
mod process_config;
mod realm_files;
mod setup;
mod sync;
mod trial;
mod trial_check;
mod trial_mapper;

/// Where Cargo put the bridge.
const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");
