//! The command line.

mod apply;
mod check;
mod connect;
mod explain;
mod get;
mod init;
mod output;
mod policy;
mod remote;
mod rotate_key;
mod serve;
mod sync;

use crate::{
    config::{Faults, process::ProcessConfig, realm_file::RealmFile},
    telemetry::{self, Verbosity},
};
use bridge_model::ports::Policies;
use clap::{Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

/// Signs people of LDAP directories in to OpenID Connect applications.
#[derive(Debug, Parser)]
#[command(name = "ldap-oidc-bridge", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a folder with a configuration to begin with, and the sealing key
    Init {
        /// The folder; it is made if it is not there
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Serves sign-ins until it is told to stop
    Serve {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        #[command(flatten)]
        record: serve::Record,
    },
    /// Says everything that is wrong with a configuration, with file, line and what to do
    Check {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Do not ask the directories whether they are there
        #[arg(long)]
        offline: bool,
    },
    /// Makes a bridge that runs agree with a file, and says before what changes
    Apply(apply::Apply),
    /// Shows the realms, federations, clients or users of a bridge that runs
    Get(get::Get),
    /// Writes a realm of a bridge that runs as a file that can be applied, without secrets
    Export(get::Export),
    /// Asks a directory whose it is, shows what its people would be to applications, and saves it
    Connect(connect::Connect),
    /// Tells a sign-in step by step, and the rule that kept somebody out
    Explain(explain::Explain),
    /// Reads the users of a directory into a bridge that runs, and shows how far it is
    Sync(sync::Synchronise),
    /// Draws a new sealing key and seals everything anew with it; the bridge has to stand still
    RotateKey {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Writes, builds and tries policies, and puts them in force on a bridge that runs
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Shows everything at once: three directories, three realms and an application, in one process
    Demo {
        /// Where to listen: an address of this machine's loopback
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::start(match arguments.command {
        Command::Serve { .. } => Verbosity::Server,
        _ => Verbosity::Command,
    });
    match run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init { folder } => wait(init::run(&folder)),
        Command::Serve { config, record } => wait(serve::run(&config, &record)),
        Command::Check { config, offline } => wait(check::run(&config, offline)),
        Command::Apply(apply) => return wait(apply.run()),
        Command::Get(get) => wait(get.run()),
        Command::Export(export) => wait(export.run()),
        Command::Connect(connect) => wait(connect.run()),
        Command::Explain(explain) => wait(explain.run()),
        Command::Sync(sync) => return wait(sync.run()),
        Command::RotateKey { config } => wait(rotate_key::run(&config)),
        Command::Policy(command) => return command.run(),
        Command::Demo { listen } => wait(crate::demo::run(listen)),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// One line for each thing that is wrong.
fn report(error: &anyhow::Error) {
    if let Some(faults) = error.downcast_ref::<Faults>() {
        for fault in &faults.0 {
            eprintln!("error: {}", output::printable(&fault.to_string()));
        }
    } else {
        eprintln!("error: {error:#}");
    }
}

/// Reads the files that declare realms; everything that is wrong with all of them at once.
fn realm_files(config: &ProcessConfig, policies: &dyn Policies) -> Result<Vec<RealmFile>, Faults> {
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for path in &config.apply {
        match RealmFile::read(path, policies) {
            Ok(file) => files.push(file),
            Err(more) => faults.extend(more.0),
        }
    }
    for (i, file) in files.iter().enumerate() {
        let name = &file.declared.realm.name;
        let mut before = files.iter().take(i);
        if let Some(other) = before.find(|other| other.declared.realm.name == *name) {
            let message = format!("the realm {name} is declared by {} too", other.source);
            faults.push(file.fault("realm.name", message));
        }
    }
    if faults.is_empty() {
        Ok(files)
    } else {
        Err(Faults(faults))
    }
}
