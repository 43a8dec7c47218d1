//! `policy`: what the author of a policy does with it, and what an operator does with policies of a
//! bridge that runs.

mod bench;
mod build;
mod candidate;
mod check;
mod differences;
mod doctor;
mod inspect;
mod install;
mod key;
mod list;
mod log;
mod new;
mod pull;
mod push;
mod rehearse;
mod run;
mod shadow;
mod sign;
mod staging;
mod swap;
mod terminal;
mod test;
mod trial;
mod verify;

use super::wait;
use clap::Subcommand;
use std::process::ExitCode;

/// One command, one file.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Makes a folder with a policy to begin with
    New(new::New),
    /// Builds the policy of a folder: target/NAME.wasm
    Build(build::Build),
    /// Says what a file is, and whether a bridge takes it
    Inspect(inspect::Inspect),
    /// Tries the policy on people in LDIF, and compares what comes of them with what should
    Test(test::Test),
    /// Shows what the policy makes of an entry, or answers a recorded sign-in again
    Run(run::Run),
    /// Measures what the policy costs, beside what it may
    Bench(bench::Bench),
    /// Draws people and federations by lot, and holds the policy to what every policy has to keep
    Check(check::Check),
    /// Makes a key to sign policies with
    Key(key::Key),
    /// Signs a policy: who trusts the key trusts the file, as it is now
    Sign(sign::Sign),
    /// Says whose signatures a policy has, and whether they are of this file
    Verify(verify::Verify),
    /// Writes a policy and its signatures to an OCI registry
    Push(push::Push),
    /// Reads a policy and its signatures from an OCI registry
    Pull(pull::Pull),
    /// Says what is missing on this machine to build policies, and how to get it
    Doctor(doctor::Doctor),
    /// Sends a policy to a bridge that runs, which admits and keeps it
    Install(install::Install),
    /// Shows the policies of a bridge that runs, and what it does not take
    List(list::List),
    /// Puts another version of a policy in force, if no federation has new problems with it
    Swap(swap::Swap),
    /// Puts the version in force again that was before the last swap
    RollBack(swap::RollBack),
    /// Says what another policy, or other mappers, would change for everybody of a directory
    Rehearse(rehearse::Rehearse),
    /// Runs a candidate beside what is in force, on live sign-ins; shows what it found so far
    Shadow(shadow::Shadow),
    /// Puts the candidate in force that runs in the shadow
    Promote(shadow::Promote),
    /// Takes the candidate away that runs in the shadow
    Discard(shadow::Discard),
    /// Shows what the policies of a realm wrote
    Log(log::Log),
    /// Admits one component for a bridge that runs, which asks on the standard input
    #[command(hide = true)]
    AdmitComponent,
}

impl PolicyCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::New(new) => new.run().map(done),
            Self::Build(build) => build.run().map(done),
            Self::Inspect(inspect) => inspect.run(),
            Self::Test(test) => wait(async { Ok(test.run().await) }),
            Self::Run(run) => wait(run.run()),
            Self::Bench(bench) => wait(bench.run()),
            Self::Check(check) => wait(check.run()),
            Self::Key(key) => key.run().map(done),
            Self::Sign(sign) => sign.run().map(done),
            Self::Verify(verify) => verify.run(),
            Self::Push(push) => wait(push.run()).map(done),
            Self::Pull(pull) => wait(pull.run()).map(done),
            Self::Doctor(doctor) => doctor.run(),
            Self::Install(install) => wait(install.run()).map(done),
            Self::List(list) => wait(list.run()).map(done),
            Self::Swap(swap) => wait(swap.run()).map(done),
            Self::RollBack(roll_back) => wait(roll_back.run()).map(done),
            Self::Rehearse(rehearse) => wait(async { Ok(rehearse.run().await) }),
            Self::Shadow(shadow) => wait(shadow.run()).map(done),
            Self::Promote(promote) => wait(promote.run()).map(done),
            Self::Discard(discard) => wait(discard.run()).map(done),
            Self::Log(log) => wait(log.run()).map(done),
            Self::AdmitComponent => Ok(bridge_policy::serve_admission()),
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
