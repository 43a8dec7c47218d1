//! `policy rehearse`: what another policy, or other mappers, would change for everybody.

use super::{
    candidate::{CandidateArguments, FederationArguments, Found},
    differences::{policy, told},
};
use crate::cli::output::printable;
use anyhow::{Context as _, bail};
use bridge_federation::{Rehearsal, RehearseStage};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};
use tokio::{signal, time::sleep};

/// What is said of an answer of another shape.
pub(super) const UNREADABLE: &str = "the bridge's answer cannot be read";
/// What the command ends with where people would notice.
const DIFFERENT: u8 = 1;
/// What it ends with where it cannot be told.
const FAILED: u8 = 2;
/// How often the bridge is asked while somebody watches.
const ASK_EVERY: Duration = Duration::from_millis(400);
/// The same at first.
const ASK_FIRST: Duration = Duration::from_millis(50);

/// Which federation, and what could be in force of it.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Rehearse {
    #[command(flatten)]
    federation: FederationArguments,
    #[command(flatten)]
    candidate: CandidateArguments,
    /// Look at so many people only
    #[arg(long, value_name = "PEOPLE")]
    limit: Option<u64>,
}

impl Rehearse {
    /// Ends with 0 where nothing differs, with 1 where something does, and with 2 where that cannot be
    /// told.
    pub(super) async fn run(&self) -> ExitCode {
        match self.rehearse().await {
            Ok(code) => code,
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::from(FAILED)
            }
        }
    }

    async fn rehearse(&self) -> anyhow::Result<ExitCode> {
        let mut request = self.candidate.request()?;
        if let Some(limit) = self.limit {
            request["limit"] = json!(limit);
        }
        let found = self.federation.find().await?;
        let resource = found.resource(&["rehearse"]);
        let begun = read(found.remote.post(&resource, &request).await?)?.0;
        let ended = tokio::select! {
            ended = watch(&found, &resource, &begun) => ended?,
            pressed = signal::ctrl_c() => {
                pressed?;
                found.remote.delete(&resource).await?;
                bail!("it was ended; nothing has changed");
            }
        };
        let (rehearsal, value) = ended;
        let text = if self.federation.json {
            format!("{value:#}\n")
        } else {
            in_words(&found.name, &rehearsal)
        };
        std::io::stdout().write_all(text.as_bytes())?;
        let reason = rehearsal
            .reason
            .as_deref()
            .unwrap_or("the bridge's log says why");
        match rehearsal.stage {
            RehearseStage::Done if rehearsal.comparison.different == 0 => Ok(ExitCode::SUCCESS),
            RehearseStage::Done => Ok(ExitCode::from(DIFFERENT)),
            RehearseStage::Running | RehearseStage::Failed | RehearseStage::Interrupted => {
                bail!("not everybody was looked at: {}", printable(reason))
            }
        }
    }
}

fn read(value: Value) -> anyhow::Result<(Rehearsal, Value)> {
    let rehearsal = serde_json::from_value(value.clone());
    Ok((rehearsal.context(UNREADABLE)?, value))
}

/// Asks until it is over, and says how far it is.
async fn watch(
    found: &Found,
    resource: &str,
    begun: &Rehearsal,
) -> anyhow::Result<(Rehearsal, Value)> {
    let is_terminal = std::io::stderr().is_terminal();
    let mut pause = ASK_FIRST;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(ASK_EVERY);
        let (rehearsal, value) = read(found.remote.get(resource).await?)?;
        if rehearsal.started_at != begun.started_at || rehearsal.candidate != begun.candidate {
            bail!("it is over, and somebody has begun another since");
        }
        if is_terminal {
            let comparison = &rehearsal.comparison;
            // Over the line before, and nothing of it stays.
            eprint!(
                "\r{} people looked at, {} with a difference\u{1b}[K",
                comparison.people, comparison.different
            );
        }
        if rehearsal.stage != RehearseStage::Running {
            if is_terminal {
                eprint!("\r\u{1b}[K");
            }
            return Ok((rehearsal, value));
        }
    }
}

fn in_words(name: &str, rehearsal: &Rehearsal) -> String {
    let mut text = heading(
        name,
        (&policy(&rehearsal.policy), &policy(&rehearsal.candidate)),
        rehearsal.mappers_change,
        &rehearsal.plan_changes,
    );
    text.push_str(&told(&rehearsal.comparison, "people"));
    text
}

/// What is compared with what.
pub(super) fn heading(
    name: &str,
    (in_force, candidate): (&str, &str),
    mappers_change: bool,
    plan_changes: &[String],
) -> String {
    let what = match (in_force == candidate, mappers_change) {
        (true, _) => format!("other mappers beside those of {in_force}"),
        (false, false) => format!("{candidate} beside {in_force}"),
        (false, true) => format!("{candidate} with other mappers beside {in_force}"),
    };
    let mut text = format!("{}: {what}\n", printable(name));
    for change in plan_changes {
        writeln!(text, "plan: {}", printable(change)).expect("a string takes what is written");
    }
    text
}
