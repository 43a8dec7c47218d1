//! Suite `directory`: real and scripted directory servers.

mod adapter;
mod samba;
mod sign_in;
