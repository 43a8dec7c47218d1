//! One run, from its beginning to its end.

use super::{changed, full, halt::Halt, ledger::Ledger};
use crate::{
    active::ActiveRealm, aside::aside, decide, member::ActiveFederation, member::SharedError,
};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    decision::Context,
    ports::{AuditLog, Store},
    realm::PlannedFederation,
    synchronisation::{SyncKind, SyncRun, SyncStage},
};
use serde_json::json;
use std::sync::Arc;
use tokio::{select, sync::Notify};
use tracing::{info, warn};

/// What a run works with.
pub(super) struct Job {
    pub(super) store: Arc<dyn Store>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) realm: Arc<ActiveRealm>,
    pub(super) federation: Arc<ActiveFederation>,
}

impl Job {
    /// Reads what is to be read.
    async fn run(&self) -> Result<(), Halt> {
        let run = self.ledger.run();
        let began = run
            .as_ref()
            .map_or_else(|| self.ledger.now(), |run| run.started_at);
        if run.is_some_and(|run| run.kind == SyncKind::Changed)
            && let Some(cursor) = self.cursor()
        {
            match changed::read(self, cursor).await? {
                changed::Outcome::Done => {
                    self.ledger.change(|state| state.changed_at = Some(began));
                    return Ok(());
                }
                changed::Outcome::StartOver => {
                    info!(
                        federation = %self.federation.name(),
                        "the mark of the last run is of no use any more: all users are read"
                    );
                }
            }
        }
        self.ledger.note(|run| run.kind = SyncKind::Full);
        let cursor = full::read(self, began).await?;
        let origin = origin(&self.federation);
        self.ledger.change(|state| {
            state.cursor = cursor.map(|cursor| (origin, cursor));
            state.full_at = Some(began);
            state.changed_at = Some(began);
        });
        Ok(())
    }

    /// Where the changes begin that were not read, if that is known of the federation as it is now.
    fn cursor(&self) -> Option<Vec<u8>> {
        let cursor = self.ledger.state().cursor;
        let own = cursor.filter(|(of, _)| *of == origin(&self.federation));
        own.map(|(_, octets)| octets)
    }

    /// What is alike for all persons of a call.
    pub(super) async fn context(&self) -> Result<Context, SharedError> {
        decide::context(&self.federation, self.ledger.now()).await
    }

    /// Works through what keeps a processor busy, with the federation at hand.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ActiveRealm, &ActiveFederation) -> T + Send + 'static,
    ) -> T {
        let (realm, federation) = (Arc::clone(&self.realm), Arc::clone(&self.federation));
        aside(move || work(&realm, &federation)).await
    }
}

/// What a cursor belongs to: this very policy, since it alone can read it, and the federation as it is
/// now, since after a change of it everybody may be somebody else.
pub(super) fn origin(federation: &ActiveFederation) -> String {
    let digest = &federation.policy.reference().digest;
    format!("{digest} {}", federation.planned.revision.0)
}

/// A run that was begun: with what it works with, or why it cannot.
pub(super) struct Begun {
    pub(super) planned: Arc<PlannedFederation>,
    pub(super) job: Result<Job, String>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) stop: Arc<Notify>,
    pub(super) audit: Arc<dyn AuditLog>,
}

impl Begun {
    /// Runs to the end, whatever that is, and leaves it in the store, the log and the audit trail.
    pub(super) async fn perform(self) {
        let end = match &self.job {
            Err(reason) => Err(Halt::Failed(reason.clone())),
            Ok(job) => select! {
                biased;
                () = self.stop.notified() => return self.end(SyncStage::Interrupted, Some("interrupted")).await,
                end = job.run() => end,
                () = self.ledger.keep_saving() => Ok(()),
            },
        };
        match end {
            Ok(()) => self.end(SyncStage::Done, None).await,
            Err(Halt::Failed(reason)) => self.end(SyncStage::Failed, Some(&reason)).await,
            Err(Halt::Stopped(reason)) => self.end(SyncStage::Stopped, Some(&reason)).await,
        }
    }

    async fn end(&self, stage: SyncStage, reason: Option<&str>) {
        let Some(run) = self.ledger.ended(stage, reason) else {
            return;
        };
        self.record(&run);
        if let Err(error) = self.ledger.close(run).await {
            warn!(%error, "the end of a synchronisation was not kept: it is taken for lost");
        }
    }

    fn record(&self, run: &SyncRun) {
        let federation = &self.planned.federation;
        let outcome = match run.stage {
            SyncStage::Done => AuditOutcome::Success,
            SyncStage::Stopped | SyncStage::Interrupted => AuditOutcome::Refused,
            SyncStage::Failed | SyncStage::Running => AuditOutcome::Unavailable,
        };
        let mut event = AuditEvent::new(self.ledger.now(), AuditKind::Synchronised, outcome);
        event.reason.clone_from(&run.reason);
        event.realm = Some(federation.realm.to_string());
        event.federation = Some(federation.name.to_string());
        event.policy = Some(self.planned.policy.clone());
        event.object = Some(format!(
            "federation {}/{}",
            federation.realm, federation.name
        ));
        event.after = Some(json!({
            "kind": run.kind,
            "stage": run.stage,
            "read": run.read,
            "added": run.added,
            "updated": run.updated,
            "unchanged": run.unchanged,
            "removed": run.removed,
            "failed": run.failed,
        }));
        self.audit.record(&event);
        info!(
            realm = %federation.realm,
            federation = %federation.name,
            stage = ?run.stage,
            read = run.read,
            added = run.added,
            updated = run.updated,
            unchanged = run.unchanged,
            removed = run.removed,
            failed = run.failed,
            reason = run.reason,
            "a synchronisation ended"
        );
    }
}
