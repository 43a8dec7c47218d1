//! The LDAP side: dialling, TLS, pools, search, bind, write.
//!
//! [`LdapDirectories`] opens a directory as a federation describes it. Of each of its servers a
//! directory keeps two pools: *service* connections are bound as the service account and search and
//! write; *sign-in* connections only bind, as one person after another, and never search, because
//! what a connection may do follows its last bind (RFC 4513 section 4). Who writes a new password as
//! the person has such a connection to the end, and a read of any length one of its own. A connection
//! does one thing at a time: a call that is dropped, fails or takes too long takes its connection with
//! it and nobody else's, and a bind must not share a connection with anything (RFC 4511 section 4.2.1).
//!
//! The way of an operation:
//!
//! ```text
//! Directory::search / bind / …  directory   which server, what is done again, referrals, connections ahead
//!   Server::lease               server      the clear-text rule, the service bind
//!     Health                    health      does the server rest, and who finds out whether it is back
//!     Pool, Shelf               pool, idle  room for a connection, and one that waits to be used again
//!     Connection::open          connection  dial → StartTLS → TLS
//!       Outbound                outbound    may the realm go to the address that the name led to
//!       TellingVerifier         certificate what a certificate that is not accepted says of itself
//!     ServiceAccount            service     does the credential rest, since it was refused
//!   Connection::search / bind   connection  ldap3, within a deadline
//!     relay                     relay       every octet from the peer passes the fence
//!       Fence                   fence       sizes, nesting, shape, is this an answer to the request
//! ```
//!
//! ldap3 is handed one end of a socket pair and never the network: TLS, with the host name to be
//! checked, is this crate's own, and what a peer sends is measured and looked through before ldap3
//! buffers it; of a read of any length only so much is read ahead as waits to be taken. No type of
//! ldap3 leaves the crate.

mod ber;
mod certificate;
mod connection;
mod convert;
mod dial;
mod directory;
mod endpoint;
mod fault;
mod fence;
mod health;
mod idle;
mod limits;
mod open;
mod outbound;
mod pool;
mod referral;
mod relay;
mod server;
mod service;
mod start_tls;
mod tls;

pub use limits::Limits;
pub use open::LdapDirectories;
