//! `policy sign`: says that a component is yours.

use super::terminal::shown;
use bridge_kit::signing::{read_key, sign, signatures_of};
use clap::Args;
use std::{io::Write as _, path::PathBuf};

/// What is signed.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Sign {
    /// The component
    file: PathBuf,
    /// The file with the private key, as `policy key` makes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Sign {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let key = read_key(&self.key)?;
        let signature = sign(&self.file, &key)?;
        writeln!(
            std::io::stdout(),
            "signed {} as {}\nthe signature is in {}: it goes where the component goes",
            shown(&self.file),
            signature.key,
            shown(&signatures_of(&self.file))
        )?;
        Ok(())
    }
}
