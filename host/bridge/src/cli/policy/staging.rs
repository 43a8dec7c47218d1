//! What `policy test`, `run`, `bench` and `check` put on the stage, and what they show of a policy's code.

use super::{terminal::shown, trial::limits};
use crate::cli::{output::printable, report};
use anyhow::Context as _;
use bridge_kit::trial::Stage;
use bridge_model::{
    policy::{PolicyChoice, WasiGrant},
    ports::{MapperPolicy, Policies as _},
};
use bridge_policy::{Meter, Observers, Witness, inspect};
use clap::Args;
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// What stands beside the policy that is tried, and what is shown of its code.
#[derive(Clone, Debug, Args)]
pub(super) struct Staging {
    /// Another policy that the federation names, such as one that does some of its mappers
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// Show where in the policy's code a call ended that has no answer
    #[arg(long)]
    verbose: bool,
    #[arg(skip)]
    witness: Arc<Witness>,
}

impl Staging {
    /// Loads the policy of a file, and those beside it. Each may reach what it says that it needs.
    pub(super) fn load(&self, file: &Path) -> anyhow::Result<Stage> {
        self.load_metered(file, None)
    }

    /// The same, where every call is noted on a meter.
    pub(super) fn load_metered(
        &self,
        file: &Path,
        meter: Option<Arc<Meter>>,
    ) -> anyhow::Result<Stage> {
        let witness = self.verbose.then(|| Arc::clone(&self.witness));
        let observers = Observers { meter, witness };
        let (octets, wasi) = read(file)?;
        let stage = Stage::observed(&octets, wasi, limits(), observers);
        let stage = stage.with_context(|| shown(file))?;
        for other in &self.with {
            let (octets, wasi) = read(other)?;
            stage.add(&octets, wasi).with_context(|| shown(other))?;
        }
        Ok(stage)
    }

    /// Ends a command: says what went wrong, and, where that is asked for, where in the policy.
    pub(super) fn end(&self, outcome: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
        let code = outcome.unwrap_or_else(|error| {
            report(&error);
            ExitCode::FAILURE
        });
        self.show()?;
        Ok(code)
    }

    /// Shows where the last call ended that has no answer, if that is asked for and there was one.
    pub(super) fn show(&self) -> io::Result<()> {
        let Some(frames) = self.witness.take() else {
            return Ok(());
        };
        let mut out = io::stderr().lock();
        writeln!(out, "where {} ended, the innermost first:", frames.function)?;
        for line in &frames.lines {
            writeln!(out, "{}", printable(line))?;
        }
        if !frames.has_names {
            writeln!(
                out,
                "the component does not say what its functions are called; in Rust, write strip = \"debuginfo\" \
                 below [profile.release] in Cargo.toml and build it again"
            )?;
        }
        Ok(())
    }

    /// Forgets where a call ended, which was as it should be.
    pub(super) fn forget(&self) {
        self.witness.take();
    }
}

/// Puts policies of this build beside the one that is tried: those that its federation names so, or all of
/// them where it names somebody else, who may be one of them by another name.
pub(super) fn add_built_in(stage: &Stage, named: &[&str]) -> anyhow::Result<()> {
    let all = || {
        let vendors = bridge_components::components().iter();
        vendors.chain(bridge_components::mappers())
    };
    let is_known = |name: &&str| {
        let mut in_force = stage
            .host()
            .vendors()
            .into_iter()
            .chain(stage.host().mappers());
        in_force.any(|(known, _)| known.id == *name) || all().any(|it| it.name == *name)
    };
    let is_all_known = named.iter().all(is_known);
    for component in all() {
        if !is_all_known || named.contains(&component.name) {
            stage.add(component.bytes, WasiGrant::None)?;
        }
    }
    Ok(())
}

/// All mapper policies on a stage.
pub(super) fn mappers(stage: &Stage) -> anyhow::Result<Vec<Arc<dyn MapperPolicy>>> {
    let mut mappers = Vec::new();
    for (known, _) in stage.host().mappers() {
        let choice = PolicyChoice::Digest(&known.digest);
        mappers.push(stage.host().mapper(stage.realm(), choice)?);
    }
    Ok(mappers)
}

fn read(file: &Path) -> anyhow::Result<(Vec<u8>, WasiGrant)> {
    let octets = fs::read(file).with_context(|| shown(file))?;
    let needs_wasi = inspect(&octets).is_ok_and(|inspection| inspection.needs_wasi);
    let wasi = if needs_wasi {
        WasiGrant::Minimal
    } else {
        WasiGrant::None
    };
    Ok((octets, wasi))
}
