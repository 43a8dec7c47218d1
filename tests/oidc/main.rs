//! The bridge as an application and its users meet it, over HTTP: what independent clients make of it,
//! and what it refuses.

mod account;
mod authorize;
mod discovery;
mod headers;
mod independent;
mod new_password;
mod redirects;
mod session;
mod sign_in;
mod site;
mod token;
mod transport;
mod userinfo;
