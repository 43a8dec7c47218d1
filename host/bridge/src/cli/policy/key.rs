//! `policy key`: makes a signing key.

use super::terminal::shown;
use bridge_kit::signing::new_key;
use clap::Args;
use std::{io::Write as _, path::PathBuf};

/// Where it goes.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Key {
    /// The new file with the private key
    file: PathBuf,
}

impl Key {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let public = new_key(&self.file)?;
        let mut out = std::io::stdout();
        writeln!(
            out,
            "made {}: the private key; keep it to yourself, and a copy of it elsewhere",
            shown(&self.file)
        )?;
        writeln!(out, "the public key, for those who trust you:\n{public}")?;
        Ok(())
    }
}
