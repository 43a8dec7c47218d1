//! The binary; see the library.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A sign-in makes and frees thousands of small pieces on several threads, which takes the system's
/// allocator a sixth of a sign-in's time more.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ldap_oidc_bridge::cli::main()
}
