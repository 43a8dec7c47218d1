//! Work that keeps a processor busy.

use std::{future, panic};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{block_in_place, spawn_blocking},
};

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

/// Does work right here that may take long, in the midst of other work that cannot be put aside; whoever
/// else waits on this thread goes on on another meanwhile.
pub(crate) fn here<T>(takes_long: bool, work: impl FnOnce() -> T) -> T {
    let has_others = || {
        let runtime = Handle::try_current();
        runtime.is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread)
    };
    if takes_long && has_others() {
        block_in_place(work)
    } else {
        work()
    }
}
