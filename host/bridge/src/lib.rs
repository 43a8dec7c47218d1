//! Signs people of LDAP directories in to OpenID Connect applications.
//!
//! The binary `ldap-oidc-bridge` is a thin shell over this library: [`Bridge::builder`] wires the
//! rooms together and gives an axum router that any program can serve.
//!
//! ```no_run
//! use bridge_store::{Options, Purpose, SealingKey, SqliteStore};
//! use ldap_oidc_bridge::{Bridge, OsRandom, config::realm_file::RealmFile};
//! use std::{path::Path, sync::Arc};
//!
//! # async fn embed() -> Result<(), Box<dyn std::error::Error>> {
//! let random = Arc::new(OsRandom);
//! let key = SealingKey::read(Path::new("secrets/sealing.key"))?;
//! let options = Options::new(Purpose::Production);
//! let store = SqliteStore::open(Path::new("data/bridge.db"), &key, random, &options).await?;
//!
//! let bridge = Bridge::builder("https://id.example.com".parse()?, Arc::new(store)).build()?;
//! let file = RealmFile::read(Path::new("realms/staff.toml"), bridge.policies())?;
//! bridge.apply(&file).await?;
//! bridge.ready();
//!
//! let application = axum::Router::new().merge(bridge.router());
//! # Ok(())
//! # }
//! ```

mod app;
mod audit;
pub mod cli;
pub mod config;
mod demo;
mod documents;
pub mod policies;
mod system;
mod telemetry;
mod watch;
pub mod web;

pub use app::{ApplyError, Bridge, BridgeError, Builder};
pub use audit::{AuditFile, AuditOutput, KeptAudit};
pub use policies::built_in_policies;
pub use system::{OsRandom, SystemClock};
