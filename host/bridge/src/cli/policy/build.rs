//! `policy build`: a folder becomes a component.

use super::terminal::{octets, shown};
use bridge_kit::project::build;
use bridge_policy::{PolicyKind, inspect};
use clap::Args;
use std::{env, io::Write as _, path::PathBuf, time::Instant};

/// What is built.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Build {
    /// The policy's folder
    #[arg(default_value = ".")]
    folder: PathBuf,
}

impl Build {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let built = build(&self.folder)?;
        let inspection = inspect(&built.component)?;
        let here = env::current_dir().unwrap_or_default();
        let file = built.file.strip_prefix(&here).unwrap_or(&built.file);
        let mut out = std::io::stdout();
        writeln!(
            out,
            "built {} in {:.1} s",
            shown(file),
            began.elapsed().as_secs_f64()
        )?;
        writeln!(out, "  world   {}", inspection.kind.map_or("none", world))?;
        writeln!(out, "  size    {}", octets(inspection.octets as u64))?;
        writeln!(out, "  digest  {}", inspection.digest)?;
        if inspection.needs_wasi {
            writeln!(
                out,
                "  wasi    it imports WASI, which has to be granted: `wasi = \"minimal\"`"
            )?;
        }
        Ok(())
    }
}

/// The world's name in the contract.
pub(super) fn world(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Vendor => "vendor-policy",
        PolicyKind::Mapper => "mapper-policy",
    }
}
