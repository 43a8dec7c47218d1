//! What is written a moment after it happened, together with what came meanwhile.

use super::writer::Writer;
use bridge_model::ports::StoreError;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// Writes on its own until it is dropped, what is left then as well.
pub(super) struct Behind {
    /// One word is enough for all that came since.
    wake: mpsc::Sender<()>,
}

impl Behind {
    /// `write` writes all of a table that is not written. What keeps it from that keeps everything else
    /// from being written, which is said there; it is tried again with whatever comes next.
    pub(super) fn start<T, F>(
        table: &Arc<T>,
        writer: Writer,
        write: impl Fn(Arc<T>, Writer) -> F + Send + 'static,
    ) -> Self
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let table = Arc::clone(table);
        let (wake, mut woken) = mpsc::channel(1);
        tokio::spawn(async move {
            while woken.recv().await.is_some() {
                sleep(WRITE_AFTER).await;
                let _ = write(Arc::clone(&table), writer.clone()).await;
            }
            let _ = write(table, writer).await;
        });
        Self { wake }
    }

    /// To be called when there is something to be written.
    pub(super) fn wake(&self) {
        // A full channel says the same.
        let _ = self.wake.try_send(());
    }
}

/// Longer than most sign-ins of people whom a browser remembers, and too short for anything to be worth
/// a crash.
const WRITE_AFTER: Duration = Duration::from_millis(50);
