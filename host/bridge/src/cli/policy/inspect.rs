//! `policy inspect`: what a file is.

use super::{
    build::world,
    terminal::{octets, shown},
};
use crate::cli::output::printable;
use bridge_kit::{component::Footprint, signing::SignedFile};
use bridge_model::policy::{PolicyOrigin, PolicyPackage, WasiGrant};
use bridge_policy::{
    Admission, AdmissionChild, HostSettings, Inspection, Limits, PolicyHost, inspect,
};
use clap::Args;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

/// What is looked into.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// The component
    file: PathBuf,
}

impl Inspect {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let signed = SignedFile::read(&self.file)?;
        let inspection = inspect(&signed.octets)
            .map_err(|error| anyhow::anyhow!("{}: {error}", shown(&self.file)))?;
        let mut out = io::stdout();
        facts(&mut out, &inspection, &signed)?;
        let verdict = match &inspection.kind {
            Ok(_) => admitted(&mut out, &inspection, signed)?,
            Err(reason) => Err(reason.clone()),
        };
        match verdict {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(reason) => {
                writeln!(out, "\n✗ no bridge takes it: {}", printable(&reason))?;
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// What the file says by itself.
fn facts(out: &mut impl Write, it: &Inspection, signed: &SignedFile) -> io::Result<()> {
    let limits = Limits::default();
    let kind = it.kind.as_ref().map_or("none", |kind| world(*kind));
    let versions = it.contract_versions.join(", ");
    writeln!(out, "world     {kind} {}", printable(&versions))?;
    writeln!(out, "digest    {}", it.digest)?;
    let core = if it.is_core_module {
        ", a core module, of which the bridge makes a component"
    } else {
        ""
    };
    writeln!(
        out,
        "size      {} of {}{core}",
        octets(it.octets as u64),
        octets(limits.component_octets_max as u64)
    )?;
    let footprint = Footprint::of(&signed.octets);
    writeln!(
        out,
        "memory    {} of {} from the start",
        octets(footprint.memory_octets),
        octets(limits.memory_octets_max as u64)
    )?;
    if it.needs_wasi {
        writeln!(out, "wasi      needed: `wasi = \"minimal\"`")?;
    } else {
        writeln!(out, "wasi      not needed")?;
    }
    list(out, "imports", &it.imports, "nothing")?;
    list(out, "exports", &it.exports, "nothing")?;
    let made: Vec<_> = it
        .producers
        .iter()
        .map(|made| format!("{} {}", made.name, made.version).trim().to_owned())
        .collect();
    list(out, "made with", &made, "not said")?;
    let judged = signed.judged();
    let signers: Vec<_> = judged
        .iter()
        .map(|(key, fits)| {
            let verdict = if *fits { "✓" } else { "✗ does not fit:" };
            format!("{verdict} {key}")
        })
        .collect();
    list(out, "signed by", &signers, "nobody")
}

fn list(out: &mut impl Write, name: &str, items: &[String], none: &str) -> io::Result<()> {
    let mut first = name;
    for item in items {
        writeln!(out, "{first:<9} {}", printable(item))?;
        first = "";
    }
    if items.is_empty() {
        writeln!(out, "{name:<9} {none}")?;
    }
    Ok(())
}

/// Has it admitted as a bridge would, in a process of its own; says who it is, or why not.
fn admitted(
    out: &mut impl Write,
    inspection: &Inspection,
    signed: SignedFile,
) -> anyhow::Result<Result<(), String>> {
    let host = PolicyHost::new(HostSettings {
        admission: Admission::Child(AdmissionChild::of_this_program()?),
        // One call at a time needs little address space.
        limits: Limits {
            instances_max: 8,
            ..Limits::default()
        },
        ..HostSettings::default()
    })?;
    let package = PolicyPackage {
        octets: signed.octets,
        signatures: signed.signatures,
        wasi: if inspection.needs_wasi {
            WasiGrant::Minimal
        } else {
            WasiGrant::None
        },
        origin: PolicyOrigin::Upload,
    };
    let began = Instant::now();
    Ok(match host.load(&package) {
        Ok(policy) => {
            writeln!(
                out,
                "\n✓ {} {}: a bridge takes it (compiled and tried in {} ms)",
                printable(&policy.id),
                printable(&policy.version),
                began.elapsed().as_millis()
            )?;
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    })
}
