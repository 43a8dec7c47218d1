//! The runs of synchronisations that this process has, when it is to end.

use super::Bridge;
use bridge_federation::SyncError;
use bridge_model::{
    names::{FederationId, RealmName},
    synchronisation::SyncStage,
};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing::{error, warn};

/// A run ends within the answer that it waits for; whoever stops a server waits no longer than this.
const END_MAX: Duration = Duration::from_secs(5);
/// How often it is looked whether runs have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl Bridge {
    /// Ends the runs of synchronisations of this process, so that they are kept as interrupted, and
    /// waits for that, for five seconds at the most. Nothing may begin any after this was called.
    pub async fn interrupt_runs(&self) {
        if timeout(END_MAX, self.end_runs()).await.is_err() {
            warn!("runs of synchronisations were cut off; they begin again in a few minutes");
        }
    }

    async fn end_runs(&self) {
        let ended = async {
            let mut going = Vec::new();
            for federation in self.store.importing_federations().await? {
                let (realm, id) = (federation.realm, federation.id);
                if self.is_going(&realm, id).await?
                    && self.synchroniser.interrupt(&realm, id).await?
                {
                    going.push((realm, id));
                }
            }
            for (realm, federation) in going {
                while self.is_going(&realm, federation).await? {
                    sleep(LOOK_EVERY).await;
                }
            }
            Ok::<_, SyncError>(())
        };
        if let Err(error) = ended.await {
            error!(%error, "runs of synchronisations could not be ended");
        }
    }

    async fn is_going(&self, realm: &RealmName, id: FederationId) -> Result<bool, SyncError> {
        let state = self.synchroniser.state(realm, id).await?;
        Ok(state
            .last
            .is_some_and(|run| run.stage == SyncStage::Running))
    }
}
