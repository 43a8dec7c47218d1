//! `serve --record`: sign-ins are kept as their policies met them.

use crate::system::OsRandom;
use bridge_federation::{Recorder, RecorderError, Values};
use clap::Args;
use std::path::PathBuf;
use tracing::warn;

/// Whether sign-ins are recorded, and how.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Record {
    /// Record sign-ins to this folder, at most 1000, one file each, with pseudonyms for people's values:
    /// `policy run` answers them again
    #[arg(long = "record", value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Record people's values as they are; never passwords nor other secrets
    #[arg(long = "record-values", requires = "folder")]
    values: bool,
}

impl Record {
    /// Begins to record, if that is wanted.
    pub(super) fn start(&self) -> Result<Option<Recorder>, RecorderError> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let values = if self.values {
            Values::Kept
        } else {
            Values::Replaced
        };
        warn!(folder = %folder.display(), values = ?values, "sign-ins are recorded");
        Recorder::start(folder, values, &OsRandom).map(Some)
    }
}
