//! `policy install`: a bridge that runs admits a component, and keeps it.

use super::{
    swap::{self, Swapped},
    terminal::shown,
};
use crate::cli::{
    output::printable,
    remote::{Place, Remote, path, query},
};
use anyhow::Context as _;
use bridge_kit::{registry::Reference, signing::signatures_of};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::json;
use std::{
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// Which component, for which bridge.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Install {
    /// A file, whose signatures are in FILE.sig, or a reference of a registry, which the bridge itself asks
    #[arg(value_name = "FILE|REFERENCE")]
    what: String,
    /// What it may reach beside the log
    #[arg(long, value_enum, default_value_t)]
    wasi: Wasi,
    /// Put it in force at once, unless that brings new problems
    #[arg(long)]
    swap: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Wasi {
    /// Nothing
    #[default]
    None,
    /// What toolchains take for granted and what reaches nothing
    Minimal,
}

/// A policy, as the admin API shows it.
#[derive(Deserialize)]
struct Loaded {
    id: String,
    version: String,
    digest: String,
    world: String,
    signers: Vec<String>,
}

impl Install {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?;
        let file = PathBuf::from(&self.what);
        let loaded = match self.what.parse::<Reference>() {
            Ok(reference) if !file.exists() => self.pull(&remote, &reference).await?,
            _ => self.upload(&remote, &file).await?,
        };
        let mut out = std::io::stdout();
        let [id, version, digest] =
            [&loaded.id, &loaded.version, &loaded.digest].map(|text| printable(text));
        writeln!(
            out,
            "{id} {version} is loaded, a {}",
            printable(&loaded.world)
        )?;
        writeln!(out, "  digest  {digest}")?;
        for key in &loaded.signers {
            writeln!(out, "  signed by {}", printable(key))?;
        }
        if loaded.signers.is_empty() {
            writeln!(out, "  nobody signed it")?;
        }
        if !self.swap {
            return Ok(writeln!(
                out,
                "it is not in force yet: look at `policy swap {id} {digest} --dry-run`, then leave --dry-run out"
            )?);
        }
        let swapped = swap::ask(&remote, &loaded.id, &loaded.digest, false).await?;
        Ok(out.write_all(swapped.told(Swapped::DONE).as_bytes())?)
    }

    fn word(&self) -> &'static str {
        match self.wasi {
            Wasi::None => "none",
            Wasi::Minimal => "minimal",
        }
    }

    async fn pull(&self, remote: &Remote, reference: &Reference) -> anyhow::Result<Loaded> {
        let document = json!({ "reference": reference.to_string(), "wasi": self.word() });
        let loaded = remote.post(&path(&["policies", "pull"]), &document).await?;
        Ok(serde_json::from_value(loaded)?)
    }

    async fn upload(&self, remote: &Remote, file: &Path) -> anyhow::Result<Loaded> {
        let octets = std::fs::read(file).with_context(|| {
            format!(
                "cannot read {}, which is no reference of a registry either",
                shown(file)
            )
        })?;
        let signatures = signature_lines(&signatures_of(file))?;
        let resource = format!("{}{}", path(&["policies"]), query(&[("wasi", self.word())]));
        let headers: Vec<_> = signatures
            .iter()
            .map(|line| ("policy-signature", line.as_str()))
            .collect();
        let loaded = remote.post_octets(&resource, octets, &headers).await?;
        Ok(serde_json::from_value(loaded)?)
    }
}

/// The lines of a signature file; none where there is no such file.
fn signature_lines(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", shown(file))),
    };
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}
