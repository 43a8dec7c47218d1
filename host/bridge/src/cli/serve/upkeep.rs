//! Files that are put in force again when they change.

use super::doors::Certificates;
use crate::{
    app::Bridge,
    cli::realm_files,
    config::{process::ProcessConfig, realm_file::RealmFile},
    watch::Watch,
};
use std::{path::PathBuf, time::Duration};
use tokio::time::Instant;
use tracing::{error, info};

/// How long after a failure files are read again although none of those that are watched has changed:
/// what a changed file names may not have been there yet.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What a served bridge takes from files, kept up with them. What is wrong keeps the last good state.
pub(super) struct Upkeep {
    config: ProcessConfig,
    bridge: Bridge,
    certificates: Certificates,
    watch: Watch,
    failure: Option<Failure>,
}

/// Why files are not in force.
struct Failure {
    /// As it was said in the log; once is enough.
    told: Vec<String>,
    try_again_at: Instant,
}

impl Upkeep {
    /// What watches the files, to be taken before they are read.
    pub(super) fn watch(config: &ProcessConfig) -> Watch {
        Watch::over(own_files(config))
    }

    /// Keeps up with files that were read since `watch` was taken.
    pub(super) fn new(
        config: ProcessConfig,
        bridge: Bridge,
        certificates: Certificates,
        files: &[RealmFile],
        mut watch: Watch,
    ) -> Self {
        watch.set(watched(&config, files));
        Self {
            config,
            bridge,
            certificates,
            watch,
            failure: None,
        }
    }

    /// Looks whether something is to be done, and does it.
    pub(super) async fn look(&mut self) {
        let has_changed = self.watch.has_changed();
        let is_due = |failure: &Failure| failure.try_again_at <= Instant::now();
        if has_changed {
            self.certificates.read_again(&self.config);
        }
        if has_changed || self.failure.as_ref().is_some_and(is_due) {
            self.read_again().await;
        }
    }

    async fn read_again(&mut self) {
        let files = match realm_files(&self.config, self.bridge.policies()) {
            Ok(files) => files,
            Err(faults) => {
                self.fail(faults.0.iter().map(ToString::to_string).collect());
                return;
            }
        };
        let mut errors = Vec::new();
        for file in &files {
            match self.bridge.apply(file).await {
                Ok(applied) => info!(
                    file = file.source,
                    created = ?applied.created,
                    changed = ?applied.changed,
                    removed = ?applied.removed,
                    "applied"
                ),
                Err(error) => errors.push(error.to_string()),
            }
        }
        self.watch.set(watched(&self.config, &files));
        if errors.is_empty() {
            self.failure = None;
        } else {
            self.fail(errors);
        }
    }

    fn fail(&mut self, errors: Vec<String>) {
        let is_told = |failure: &Failure| failure.told == errors;
        if !self.failure.as_ref().is_some_and(is_told) {
            for error in &errors {
                error!(
                    error,
                    "changed files are not applied; the last good state stays"
                );
            }
        }
        self.failure = Some(Failure {
            told: errors,
            try_again_at: Instant::now() + TRY_AGAIN_AFTER,
        });
    }
}

fn watched(config: &ProcessConfig, files: &[RealmFile]) -> Vec<PathBuf> {
    let named = files.iter().flat_map(|file| file.watched.clone());
    own_files(config).chain(named).collect()
}

/// The files that the process's own settings name.
fn own_files(config: &ProcessConfig) -> impl Iterator<Item = PathBuf> {
    let tls = config.listener.tls.iter().chain(&config.admin.tls);
    let tls = tls.flat_map(|tls| [tls.certificate.clone(), tls.key.clone()]);
    config.apply.iter().cloned().chain(tls)
}

#[cfg(test)]
mod tests;
