//! Suite `directory`: real and scripted directory servers.

mod adapter;
mod integration;
mod operations;
mod samba;
mod scenarios;
mod sign_in;
mod swap;
