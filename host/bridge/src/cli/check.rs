//! `check`: says everything that is wrong with a configuration.

use super::realm_files;
use crate::{
    config::{Fault, Faults, process::ProcessConfig, realm_file::RealmFile},
    policies::{Restored, guarded_policies},
    system::SystemClock,
    web::Tls,
};
use bridge_directory::LdapDirectories;
use bridge_federation::probe;
use bridge_model::ports::Clock as _;
use bridge_store::{KeptPolicies, SealingKey};
use std::{io::Write as _, path::Path, sync::Arc};

pub(super) async fn run(path: &Path, offline: bool) -> anyhow::Result<()> {
    let config = ProcessConfig::read(path)?;
    let policies = Arc::new(guarded_policies(None)?);
    let now = SystemClock.now();
    let none = KeptPolicies::default();
    let restored = Restored::all(&policies, config.policies.clone(), none, now).await;
    let mut faults = restored.faults();
    let files = realm_files(&config, policies.as_ref()).unwrap_or_else(|more| {
        faults.extend(more.0);
        Vec::new()
    });
    let mut wrong = |field: &str, message: String| {
        faults.push(Fault {
            file: path.to_owned(),
            line: 0,
            field: field.to_owned(),
            message,
        });
    };
    if let Err(error) = SealingKey::read(&config.store.sealing_key) {
        wrong("store.sealing_key", error.to_string());
    }
    for (field, tls) in [
        ("listener.tls_certificate", &config.listener.tls),
        ("admin.tls_certificate", &config.admin.tls),
    ] {
        if let Some(tls) = tls
            && let Err(error) = Tls::read(&tls.certificate, &tls.key)
        {
            wrong(field, error.to_string());
        }
    }
    let folder = config.store.path.parent();
    if !folder.is_some_and(Path::is_dir) {
        wrong("store.path", "its folder is not there; make it".to_owned());
    }
    if faults.is_empty() && !offline {
        let directories = LdapDirectories::new(config.outbound.clone());
        for file in &files {
            faults.extend(unreachable(file, &directories).await);
        }
    }
    if !faults.is_empty() {
        return Err(Faults(faults).into());
    }
    let mut out = std::io::stdout();
    for file in &files {
        for warning in &file.warnings {
            writeln!(out, "warning: {warning}")?;
        }
    }
    writeln!(
        out,
        "{} is fine; realms declared: {}",
        path.display(),
        files.len()
    )?;
    Ok(())
}

/// What the directories of a realm's federations say, or that they say nothing.
async fn unreachable(file: &RealmFile, directories: &LdapDirectories) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, declared) in file.declared.federations.iter().enumerate() {
        let federation = &declared.planned.federation;
        if !federation.enabled {
            continue;
        }
        let credential = declared.bind_credential.clone();
        for problem in probe(directories, federation, credential).await {
            let field = format!("federations[{i}].{}", problem.field);
            faults.push(file.fault(field, problem.message));
        }
    }
    faults
}
