//! Suite `directory`: real and scripted directory servers.

mod adapter;
mod integration;
mod samba;
mod sign_in;
