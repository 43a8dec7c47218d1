//! Persistence behind the ports of `bridge-model`: realms, federations, clients, users, sign-ins
//! on their way, sessions, grants, signing keys, throttle counts and the audit trail.
//!
//! What must stay true:
//!
//! - What is secret is never written as it is. Signing keys, subject keys, bind credentials and the
//!   hashes of local passwords are sealed with a key that is not in the database ([`SealingKey`]),
//!   client secrets are keyed digests, and of tokens the callers hand in digests only. What is
//!   imported of people is as readable as the directory is.
//! - A sealed value opens in its own table, column and row and nowhere else. A bind credential is
//!   tied, besides, to the URLs, the TLS settings, the hosts of referrals and the bind name it was
//!   given for: whoever can write to the database cannot send it elsewhere.
//! - A call is atomic by itself. What is over at the caller's `now` is never given out. There is no
//!   clock and no source of randomness in here.
//!
//! A database that will speak PostgreSQL gets a folder beside [`sqlite`](SqliteStore) and the same
//! conformance suite (`tests/store`).

mod columns;
mod declaration;
mod digests;
mod key;
mod seal;
mod sqlite;
mod statement;

pub use key::{KeyFileError, SealingKey};
pub use sqlite::{
    KeptPolicies, MigrationError, OpenError, Options, Purpose, ResealError, RotateError,
    SqliteStore,
};
