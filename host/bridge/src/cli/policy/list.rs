//! `policy list`: the policies of a bridge that runs.

use crate::cli::{
    output::{printable, table},
    remote::{Place, Remote, path},
};
use clap::Args;
use serde::Deserialize;
use std::io::Write as _;

/// Of which bridge.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    place: Place,
}

/// A policy, as the admin API shows it.
#[derive(Deserialize)]
struct Policy {
    id: String,
    version: String,
    state: String,
    origin: Origin,
    signers: Vec<String>,
    wasi: String,
    users: Vec<String>,
    digest: String,
    off: bool,
}

#[derive(Deserialize)]
struct Origin {
    kind: String,
    from: Option<String>,
}

/// What is not taken.
#[derive(Deserialize)]
struct Refusal {
    source: String,
    reason: String,
}

impl List {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?;
        let policies = remote.get(&path(&["policies"])).await?;
        let policies: Vec<Policy> = serde_json::from_value(policies)?;
        let heads = [
            "ID", "VERSION", "STATE", "ORIGIN", "SIGNERS", "WASI", "USERS", "DIGEST",
        ];
        let rows: Vec<_> = policies.iter().map(Policy::row).collect();
        let mut out = std::io::stdout();
        out.write_all(table(&heads, &rows).as_bytes())?;
        let refused = remote.get(&path(&["policies", "refused"])).await?;
        let refused: Vec<Refusal> = serde_json::from_value(refused)?;
        for Refusal { source, reason } in &refused {
            writeln!(
                out,
                "not taken: {}: {}",
                printable(source),
                printable(reason)
            )?;
        }
        Ok(())
    }
}

impl Policy {
    fn row(&self) -> Vec<String> {
        let state = if self.off {
            "off".to_owned()
        } else {
            self.state.replace('_', " ")
        };
        let origin = match &self.origin.from {
            Some(from) => format!("{} {from}", self.origin.kind),
            None => self.origin.kind.replace('_', " "),
        };
        let cells = [
            self.id.clone(),
            self.version.clone(),
            state,
            origin,
            self.signers.len().to_string(),
            self.wasi.clone(),
            self.users.len().to_string(),
            self.digest.clone(),
        ];
        cells.iter().map(|cell| printable(cell)).collect()
    }
}
