//! `policy pull`: a component comes from a registry, with its signatures.

use super::terminal::{octets, shown};
use crate::cli::output::printable;
use anyhow::{Context as _, bail};
use bridge_kit::{
    registry::{Credentials, Reference, pull},
    signing::{SignedFile, signatures_of, write_signatures},
};
use bridge_model::policy::PolicyOrigin;
use clap::Args;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// What comes from where.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Pull {
    /// Where from, such as registry.example.com/team/policy:1.0 or registry.example.com/team/policy@sha256:…
    reference: Reference,
    /// The new file; by itself the last part of the name, with .wasm
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Pull {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let file = match &self.out {
            Some(file) => file.clone(),
            None => PathBuf::from(format!("{}.wasm", self.reference.short_name())),
        };
        for there in [&file, &signatures_of(&file)] {
            if there.exists() {
                bail!(
                    "{} is there already; name another file with --out",
                    shown(there)
                );
            }
        }
        let credentials = Credentials::find(&self.reference)?;
        let package = pull(&self.reference, &credentials).await?;
        write(&file, &package.octets)?;
        if !package.signatures.is_empty() {
            write_signatures(&file, &package.signatures)?;
        }
        let mut out = std::io::stdout();
        writeln!(
            out,
            "pulled {}: {}",
            shown(&file),
            octets(package.octets.len() as u64)
        )?;
        if let PolicyOrigin::Registry(pinned) = &package.origin {
            writeln!(out, "  it is  {}", printable(pinned))?;
        }
        let signed = SignedFile {
            octets: package.octets,
            signatures: package.signatures,
        };
        for (key, fits) in signed.judged() {
            let verdict = if fits {
                "signed"
            } else {
                "not signed, though it says so,"
            };
            writeln!(out, "  {verdict} by {key}")?;
        }
        if signed.signatures.is_empty() {
            writeln!(out, "  nobody signed it")?;
        }
        Ok(())
    }
}

fn write(file: &Path, octets: &[u8]) -> anyhow::Result<()> {
    fs::write(file, octets).with_context(|| format!("cannot write {}", shown(file)))
}
