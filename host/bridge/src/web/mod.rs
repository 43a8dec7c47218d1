//! The web: what browsers, applications and probes meet.
//!
//! One router for each audience, each with its own caching, cross-origin rules and rendering of
//! errors: *discovery* (anybody may read and keep it), *protocol* (applications, never kept),
//! *browser* (people; no cross-origin access), *health* (probes). [`router`] joins them, [`serve()`]
//! puts them on a socket. Administrators have a router and sockets of their own ([`admin`]).
//!
//! What a handler cannot do it says as a `Failure`; the audience's middleware turns that into a page
//! or into JSON, with the request's id. Nothing here decides who a person is or what a client may
//! have: that is `bridge_federation` and `bridge_oidc`.

mod account;
pub mod admin;
pub mod assets;
mod attempt;
mod body;
mod browser;
mod cookies;
mod discovery;
mod failure;
mod forms;
mod headers;
mod health;
mod pages;
mod protocol;
mod realm;
mod request;
mod routes;
mod serve;
mod state;
#[cfg(test)]
mod tests;
mod tls;

pub use health::{Health, health_router};
pub(crate) use pages::time::for_logs;
pub use routes::router;
pub use serve::{ConnectionLimits, ServeError, bind, serve};
pub use state::{BaseUrlError, WebSettings, WebState};
pub use tls::{Tls, TlsError};
