//! `policy verify`: whose a component is.

use super::terminal::shown;
use bridge_kit::signing::{SignedFile, signatures_of};
use bridge_model::policy::PolicyKey;
use clap::Args;
use std::{io::Write as _, path::PathBuf, process::ExitCode};

/// What is verified.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Verify {
    /// The component; its signatures are beside it
    file: PathBuf,
    /// A public key (ed25519:…) that counts; may be named again. Without one, any key does
    #[arg(long, value_name = "PUBLIC")]
    key: Vec<PolicyKey>,
}

impl Verify {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let judged = SignedFile::read(&self.file)?.judged();
        let mut out = std::io::stdout();
        let is_meant = |key: &PolicyKey| self.key.is_empty() || self.key.contains(key);
        let mut is_signed = false;
        for (key, fits) in &judged {
            let (mark, says) = match (fits, is_meant(key)) {
                (true, true) => ("✓", "its signature fits"),
                (true, false) => ("–", "its signature fits, but you did not name this key"),
                (false, _) => ("✗", "its signature is not of this file"),
            };
            is_signed |= *fits && is_meant(key);
            writeln!(out, "{mark} {key}: {says}")?;
        }
        if is_signed {
            writeln!(out, "{} is as it was signed", shown(&self.file))?;
            return Ok(ExitCode::SUCCESS);
        }
        if judged.is_empty() {
            let beside = signatures_of(&self.file);
            writeln!(
                out,
                "✗ there is no signature: {} is missing or empty",
                shown(&beside)
            )?;
        }
        writeln!(out, "{} has no signature that counts", shown(&self.file))?;
        Ok(ExitCode::FAILURE)
    }
}
