//! The binary; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ldap_oidc_bridge::cli::main()
}
