//! Work that keeps a processor busy.

use std::{future, panic};
use tokio::task::spawn_blocking;

/// Does work on a thread of its own, so that whoever waits for the network meanwhile is not kept
/// waiting by it.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => panic::resume_unwind(payload),
            // The runtime is going down, and whoever waits here with it.
            Err(_) => future::pending().await,
        },
    }
}
