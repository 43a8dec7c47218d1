//! `init`: a folder to begin with.

use crate::system::OsRandom;
use anyhow::{Context as _, bail};
use bridge_store::SealingKey;
use std::{
    fs::{self, DirBuilder},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

const BRIDGE: &str = include_str!("init/bridge.toml");
const REALM: &str = include_str!("init/realm.toml");

pub(super) fn run(folder: &Path) -> anyhow::Result<()> {
    let config = folder.join("bridge.toml");
    for file in ["bridge.toml", "secrets", "data", "realms"] {
        let path = folder.join(file);
        if path.exists() {
            bail!(
                "{} is there already; init changes nothing that exists: name another folder",
                path.display()
            );
        }
    }
    make(folder).inspect_err(|_| {
        // Nothing half-made stays: all of it was made here.
        for part in ["secrets", "data", "realms"] {
            let _ = fs::remove_dir_all(folder.join(part));
        }
        let _ = fs::remove_file(&config);
    })?;
    let mut out = std::io::stdout();
    writeln!(out, "made {}: the process's own settings", config.display())?;
    writeln!(
        out,
        "made {}: a realm to begin with",
        folder.join("realms/staff.toml").display()
    )?;
    writeln!(
        out,
        "made {}: keep a copy of it apart from the database's",
        folder.join("secrets/sealing.key").display()
    )?;
    writeln!(
        out,
        "next: write your directory into realms/staff.toml, then"
    )?;
    writeln!(
        out,
        "  ldap-oidc-bridge check --config {}",
        config.display()
    )?;
    writeln!(
        out,
        "  ldap-oidc-bridge serve --config {}",
        config.display()
    )?;
    Ok(())
}

fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (part, mode) in [("secrets", 0o700), ("data", 0o700), ("realms", 0o755)] {
        let path = folder.join(part);
        let made = DirBuilder::new().mode(mode).create(&path);
        made.with_context(|| format!("cannot make {}", path.display()))?;
    }
    SealingKey::create(&folder.join("secrets/sealing.key"), &OsRandom)?;
    for (file, text) in [("realms/staff.toml", REALM), ("bridge.toml", BRIDGE)] {
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
