//! `policy check`: a policy held to the contract's invariants.

use super::{
    staging::Staging,
    terminal::shown,
    trial::{planned, samples, somebody},
};
use crate::cli::output::printable;
use bridge_kit::{
    ldif,
    trial::{CheckSettings, SampleDirectory, check},
};
use clap::Args;
use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

/// What is checked, and how long.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Check {
    /// The component
    policy: PathBuf,
    /// What the cases are drawn by: the same seed draws the same cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many people are drawn
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    cases: u32,
    /// A federation to check it with; preset: one that says nothing but where people live
    #[arg(long, value_name = "FILE")]
    federation: Option<PathBuf>,
    /// LDIF with people to draw from, beside those of the samples
    #[arg(long, value_name = "FILE")]
    directory: Option<PathBuf>,
    #[command(flatten)]
    staging: Staging,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let outcome = self.checked().await;
        self.staging.end(outcome)
    }

    async fn checked(&self) -> anyhow::Result<ExitCode> {
        let started = Instant::now();
        let stage = self.staging.load(&self.policy)?;
        let own = match &self.directory {
            Some(file) => Some((shown(file), std::fs::read_to_string(file)?)),
            None => None,
        };
        let mut samples = samples();
        samples.extend(
            own.iter()
                .map(|(name, ldif)| SampleDirectory { name, ldif }),
        );
        let records = own.as_ref().map(|(_, text)| ldif::read(text)).transpose()?;
        let mut federation = None;
        if self.federation.is_some() || stage.is_mapper() {
            let records = records.unwrap_or_else(somebody);
            match planned(&stage, self.federation.as_deref(), &records) {
                Ok(planned) => federation = Some(planned),
                // A mapper may need settings: then it is checked by itself.
                Err(_) if self.federation.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        let settings = CheckSettings {
            seed: self.seed,
            cases: self.cases,
        };
        let checked = check(&stage, &samples, federation.as_ref(), settings).await?;
        let mut out = io::stdout();
        let seconds = started.elapsed().as_secs_f32();
        let Some(violation) = checked.violation else {
            self.staging.forget();
            writeln!(
                out,
                "{}: {} cases, nothing found ({seconds:.1} s, seed {}; people as in {})",
                shown(&self.policy),
                checked.cases,
                self.seed,
                checked.shapes.join(", ")
            )?;
            return Ok(ExitCode::SUCCESS);
        };
        writeln!(
            out,
            "{}: {} does not hold (seed {}, case {})\n{}\n\nthe smallest case:",
            shown(&self.policy),
            violation.invariant,
            self.seed,
            violation.case,
            printable(&violation.detail)
        )?;
        for line in violation.smallest.lines() {
            writeln!(out, "  {}", printable(line))?;
        }
        Ok(ExitCode::FAILURE)
    }
}
