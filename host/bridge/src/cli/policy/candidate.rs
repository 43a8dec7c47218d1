//! What could be in force of a federation, as the commands name it.

use crate::{
    cli::{
        remote::{Place, Remote, path},
        sync,
    },
    documents::Format,
};
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// Which federation of a bridge that runs.
#[derive(Clone, Debug, Args)]
pub(super) struct FederationArguments {
    /// The realm
    realm: String,
    /// The federation, by its name or its id
    federation: String,
    /// Print the JSON of the admin API
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    place: Place,
}

/// What could be in force: another version of its policy, another list of mappers, or both.
#[derive(Clone, Debug, Args)]
pub(super) struct CandidateArguments {
    /// The digest of a policy that is loaded, as `policy list` shows it
    #[arg(long, value_name = "DIGEST")]
    candidate: Option<String>,
    /// A file with the whole list of mappers, as `mapper` of a federation has it: TOML, YAML or JSON
    #[arg(long, value_name = "FILE")]
    mappers: Option<PathBuf>,
    /// Show values of people's claims in the examples
    #[arg(long)]
    values: bool,
}

/// A federation that was found.
pub(super) struct Found {
    pub(super) remote: Remote,
    id: String,
    /// As `staff/people`.
    pub(super) name: String,
}

impl FederationArguments {
    /// The bridge, for what it has of no realm.
    pub(super) fn platform(&self) -> anyhow::Result<Remote> {
        Remote::open(&self.place)
    }

    pub(super) async fn find(&self) -> anyhow::Result<Found> {
        let remote = Remote::open(&self.place)?.of(&self.realm);
        let id = sync::find(&remote, &self.realm, &self.federation).await?;
        Ok(Found {
            remote,
            id,
            name: format!("{}/{}", self.realm, self.federation),
        })
    }
}

impl Found {
    /// What the federation has of this, such as `shadow`.
    pub(super) fn resource(&self, what: &[&str]) -> String {
        path(&[&["user-federations", &self.id], what].concat())
    }
}

impl CandidateArguments {
    /// Whether any is named.
    pub(super) fn is_named(&self) -> bool {
        self.candidate.is_some() || self.mappers.is_some()
    }

    /// The request, without what is particular to a command.
    pub(super) fn request(&self) -> anyhow::Result<Value> {
        if !self.is_named() {
            bail!("nothing is to be compared; name a policy with --candidate, or give --mappers");
        }
        let mut candidate = json!({});
        if let Some(digest) = &self.candidate {
            candidate["digest"] = json!(digest);
        }
        if let Some(file) = &self.mappers {
            candidate["mapper"] = mappers(file)?;
        }
        Ok(json!({ "candidate": candidate, "values": self.values }))
    }
}

/// A list, or a document that has one as `mapper`.
fn mappers(file: &PathBuf) -> anyhow::Result<Value> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let Some(format) = Format::of(file) else {
        bail!("{shown} is neither .toml, .yaml nor .json; name it after what it is written in");
    };
    let read = format.read(&text);
    let read = read.map_err(|it| anyhow::anyhow!("{shown}:{}: {}", it.line, it.message))?;
    let value = read.to_json_with_null();
    match value.get("mapper").cloned().unwrap_or(value) {
        list @ Value::Array(_) => Ok(list),
        _ => bail!("{shown} has no list of mappers; write one as mapper, or nothing but the list"),
    }
}
