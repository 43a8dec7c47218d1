//! `policy push`: a component goes to a registry, with its signatures.

use super::terminal::shown;
use crate::cli::output::printable;
use bridge_kit::{
    registry::{Credentials, Reference, push},
    signing::SignedFile,
};
use clap::Args;
use std::{io::Write as _, path::PathBuf};

/// What goes where.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Push {
    /// The component; its signatures are beside it
    file: PathBuf,
    /// Where to, such as registry.example.com/team/policy:1.0
    reference: Reference,
}

impl Push {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let SignedFile { octets, signatures } = SignedFile::read(&self.file)?;
        let credentials = Credentials::find(&self.reference)?;
        let pushed = push(&octets, &signatures, &self.reference, &credentials).await?;
        let signed = match signatures.len() {
            0 => "without a signature".to_owned(),
            1 => "with one signature".to_owned(),
            several => format!("with {several} signatures"),
        };
        writeln!(
            std::io::stdout(),
            "pushed {} to {}, {signed}\nthis very policy is, from now on:\n{}",
            shown(&self.file),
            printable(&self.reference.to_string()),
            printable(&pushed.pinned.to_string())
        )?;
        Ok(())
    }
}
