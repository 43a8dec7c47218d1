//! Suite `directory`: real and scripted directory servers.

mod adapter;
