//! `policy swap` and `policy roll-back`: another version of a policy is in force on a bridge that runs.

use crate::cli::{
    output::printable,
    remote::{Place, Remote, path},
};
use crate::documents::Advice;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::{fmt::Write as _, io::Write as _};

/// Which digest is in force from then on.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Swap {
    /// The policy
    id: String,
    /// The digest of one that is loaded, as `policy list` shows it
    digest: String,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

/// Which policy is as it was before its last swap.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct RollBack {
    /// The policy
    id: String,
    #[command(flatten)]
    place: Place,
}

/// What a swap changes, as the admin API shows it.
#[derive(Deserialize)]
pub(super) struct Swapped {
    id: String,
    version: String,
    digest: String,
    before: Option<String>,
    federations: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    federation: String,
    problems: Vec<Advice>,
    differences: Vec<String>,
}

impl Swap {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?;
        let swapped = ask(&remote, &self.id, &self.digest, self.dry_run).await?;
        let outcome = if self.dry_run {
            Swapped::CONSIDERED
        } else {
            Swapped::DONE
        };
        Ok(std::io::stdout().write_all(swapped.told(outcome).as_bytes())?)
    }
}

impl RollBack {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?;
        let resource = path(&["policies", &self.id, "roll-back"]);
        let swapped = remote.post(&resource, &json!({})).await?;
        let swapped: Swapped = serde_json::from_value(swapped)?;
        Ok(std::io::stdout().write_all(swapped.told(Swapped::DONE).as_bytes())?)
    }
}

/// Asks for a swap, or what it would do.
pub(super) async fn ask(
    remote: &Remote,
    id: &str,
    digest: &str,
    dry_run: bool,
) -> anyhow::Result<Swapped> {
    let document = json!({ "digest": digest, "dry_run": dry_run });
    let resource = path(&["policies", id, "swap"]);
    let swapped = remote.post(&resource, &document).await?;
    Ok(serde_json::from_value(swapped)?)
}

impl Swapped {
    pub(super) const DONE: &str = "is in force";
    const CONSIDERED: &str = "would be in force";

    /// The whole, line by line.
    pub(super) fn told(&self, outcome: &str) -> String {
        let mut text = String::new();
        let mut line = |words: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{words}");
        };
        let [id, version, digest] =
            [&self.id, &self.version, &self.digest].map(|text| printable(text));
        line(&format!("{id} {version} {outcome}: {digest}"));
        match &self.before {
            Some(before) => line(&format!("  in the place of {}", printable(before))),
            None => line("  nothing was in force under this id"),
        }
        if self.federations.is_empty() {
            line("  no federation uses it");
        }
        for federation in &self.federations {
            let name = printable(&federation.federation);
            if federation.problems.is_empty() && federation.differences.is_empty() {
                line(&format!("  {name}: its plan stays as it is"));
                continue;
            }
            line(&format!("  {name}:"));
            for difference in &federation.differences {
                line(&format!("    {}", printable(difference)));
            }
            for Advice {
                member,
                message,
                remedy,
            } in &federation.problems
            {
                let words = printable(&format!("{member}: {message}; {remedy}"));
                line(&format!("    problem: {words}"));
            }
        }
        text
    }
}
