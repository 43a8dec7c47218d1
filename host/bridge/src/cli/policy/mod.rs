//! `policy`: what the author of a policy does with it, and what an operator does with policies of a
//! bridge that runs.

mod doctor;

use clap::Subcommand;
use std::process::ExitCode;

/// One command, one file.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Says what is missing on this machine to build policies, and how to get it
    Doctor(doctor::Doctor),
    /// Admits one component for a bridge that runs, which asks on the standard input
    #[command(hide = true)]
    AdmitComponent,
}

impl PolicyCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Doctor(doctor) => doctor.run(),
            Self::AdmitComponent => Ok(bridge_policy::serve_admission()),
        }
    }
}
