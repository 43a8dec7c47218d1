//! Suite `directory`: real and scripted directory servers.

mod adapter;
mod sign_in;
