//! `policy bench`: what a policy costs, beside what it may.

use super::{
    staging::Staging,
    terminal::{octets, shown},
    trial::{planned, samples, somebody},
};
use crate::cli::output::printable;
use bridge_kit::trial::{BATCH_PERSONS, Cost, SampleDirectory, Stage, bench, fuel};
use bridge_model::realm::PlannedFederation;
use bridge_policy::Meter;
use clap::Args;
use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// What is measured.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Bench {
    /// The component
    policy: PathBuf,
    /// The federation; preset: one that says nothing but where people live
    #[arg(long, value_name = "FILE")]
    federation: Option<PathBuf>,
    #[command(flatten)]
    staging: Staging,
}

impl Bench {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let outcome = self.benched().await;
        self.staging.end(outcome)
    }

    async fn benched(&self) -> anyhow::Result<ExitCode> {
        let samples = samples();
        let meter = Arc::new(Meter::new(false));
        let stage = self
            .staging
            .load_metered(&self.policy, Some(Arc::clone(&meter)))?;
        let federation = self.federation(&stage)?;
        let benched = bench(&stage, &meter, &samples, federation.as_ref()).await?;
        let fuel = self.fuel(&samples).await?;
        let limits = stage.limits();
        let size = std::fs::metadata(&self.policy)?.len();
        let mut out = io::stdout();
        writeln!(
            out,
            "{}, with people as in {}",
            shown(&self.policy),
            benched.people
        )?;
        for (what, used, limit) in [
            (
                "a sign-in",
                format!("{}, calls {}", cost(benched.sign_in), benched.calls),
                String::new(),
            ),
            (
                "its longest call",
                micros(benched.call_max),
                micros(limits.deadline(1)),
            ),
            (
                "an entry of a batch",
                format!("{}, batches of {BATCH_PERSONS}", cost(benched.entry)),
                String::new(),
            ),
            (
                "its longest call",
                micros(benched.batch_call_max),
                micros(limits.deadline(BATCH_PERSONS)),
            ),
            ("fuel of a sign-in", format!("{fuel} units"), String::new()),
            (
                "memory",
                octets(benched.memory_octets as u64),
                octets(limits.memory_octets_max as u64),
            ),
            (
                "an answer",
                octets(benched.answer_octets as u64),
                octets(limits.output_octets(1) as u64),
            ),
            (
                "the component",
                octets(size),
                octets(limits.component_octets_max as u64),
            ),
        ] {
            let limit = match limit.as_str() {
                "" => String::new(),
                limit => format!("  of {limit}"),
            };
            writeln!(out, "  {what:<20} {used}{limit}")?;
        }
        for warning in benched.warnings(limits) {
            writeln!(out, "warning: {}", printable(&warning))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What a sign-in costs in the engine's own units, which are the same on every machine.
    async fn fuel(&self, samples: &[SampleDirectory<'_>]) -> anyhow::Result<u64> {
        let meter = Arc::new(Meter::new(true));
        let stage = self
            .staging
            .load_metered(&self.policy, Some(Arc::clone(&meter)))?;
        let federation = self.federation(&stage)?;
        Ok(fuel(&stage, &meter, samples, federation.as_ref()).await?)
    }

    fn federation(&self, stage: &Stage) -> anyhow::Result<Option<PlannedFederation>> {
        if self.federation.is_none() && !stage.is_mapper() {
            return Ok(None);
        }
        planned(stage, self.federation.as_deref(), &somebody()).map(Some)
    }
}

fn cost(cost: Cost) -> String {
    format!("p50 {}, p99 {}", micros(cost.p50), micros(cost.p99))
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}
