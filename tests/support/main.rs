//! The bridge under test: the same program as `ldap-oidc-bridge`, where Cargo tells the suites.

use std::process::ExitCode;

fn main() -> ExitCode {
    ldap_oidc_bridge::cli::main()
}
