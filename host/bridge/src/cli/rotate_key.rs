//! `rotate-key`: a new sealing key in the place of the old one.

use crate::{config::process::ProcessConfig, system::OsRandom};
use bridge_store::{Purpose, SqliteStore};
use std::{io::Write as _, path::Path, sync::Arc};

pub(super) async fn run(path: &Path) -> anyhow::Result<()> {
    let store = ProcessConfig::read(path)?.store;
    let random = Arc::new(OsRandom);
    SqliteStore::rotate_key(&store.path, &store.sealing_key, random, Purpose::Production).await?;
    writeln!(
        std::io::stdout(),
        "sealed everything anew; the new key is in {}: keep a copy of it apart from the database's",
        store.sealing_key.display()
    )?;
    Ok(())
}
