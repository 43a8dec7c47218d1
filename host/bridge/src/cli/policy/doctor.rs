//! `policy doctor`: what is missing, and how to get it.

use crate::cli::output::printable;
use bridge_kit::doctor::{Finding, examine};
use clap::Args;
use std::{io::Write as _, path::PathBuf, process::ExitCode};

/// What is looked at.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Doctor {
    /// The policy's folder; its language says what is needed
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Ask this registry too whether it answers, such as registry.example.com
    #[arg(long, value_name = "HOST")]
    registry: Option<String>,
}

impl Doctor {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let findings = examine(&self.folder, self.registry.as_deref());
        let mut out = std::io::stdout();
        for finding in &findings {
            write!(out, "{}", line(finding))?;
        }
        let is_well = !findings.iter().any(Finding::is_in_the_way);
        let verdict = if is_well {
            "nothing is in the way"
        } else {
            "what is marked with ✗ is needed"
        };
        writeln!(out, "\n{verdict}")?;
        Ok(if is_well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn line(finding: &Finding) -> String {
    let (mark, says) = match &finding.state {
        Ok(found) => ("✓", found.as_str()),
        Err(missing) if finding.is_needed => ("✗", missing.says.as_str()),
        Err(missing) => ("–", missing.says.as_str()),
    };
    let text = format!("{mark} {:<16} {}\n", finding.what, printable(says));
    match &finding.state {
        Ok(_) => text,
        Err(missing) => format!("{text}  {:<16} → {}\n", "", missing.remedy),
    }
}
