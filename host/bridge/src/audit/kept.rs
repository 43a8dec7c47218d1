//! The audit trail as it can be read back: events go to a sink at once, and to the store in batches.

use bridge_model::{
    audit::AuditEvent,
    ports::{AuditLog, AuditTrail},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};
use tracing::{error, warn};

/// Audit events to a sink and to the store. A clone is the same.
///
/// The sink is written before [`AuditLog::record`] returns. The store follows within moments, and
/// nobody waits for it: where it is too slow for too long, events are missing there, which the log
/// says, and stand in the sink alone.
#[derive(Clone)]
pub struct KeptAudit {
    sink: Arc<dyn AuditLog>,
    queue: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
}

enum Message {
    Event(Box<AuditEvent>),
    /// Answered when everything before it is kept.
    Flush(oneshot::Sender<()>),
}

/// A burst of sign-ins of a second, with the store at a standstill.
const QUEUE_MAX: usize = 8_192;
/// So many are kept at once.
const BATCH_MAX: usize = 256;
/// How long events wait for others, unless somebody waits for them: a sign-in shares its write with
/// those before and after it.
const GATHER: Duration = Duration::from_millis(250);
/// How often a batch is tried before it is given up.
const ATTEMPTS_MAX: u32 = 4;
/// The pause after the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(50);
/// How long anybody waits for the store.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

impl KeptAudit {
    /// Starts the task that keeps events. It ends when the last clone is gone.
    ///
    /// Has to be called within a Tokio runtime.
    pub fn start(sink: Arc<dyn AuditLog>, store: Arc<dyn AuditTrail>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        tokio::spawn(keep(receiver, store, lost.clone()));
        Self {
            sink,
            queue: sender,
            lost,
        }
    }

    /// Waits until everything that was recorded before is kept, for five seconds at the most. Gives
    /// whether it is.
    pub async fn flush(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        let flushed = async {
            let sent = self.queue.send(Message::Flush(sender)).await.is_ok();
            sent && receiver.await.is_ok()
        };
        tokio::time::timeout(FLUSH_TIMEOUT, flushed)
            .await
            .unwrap_or(false)
    }
}

impl AuditLog for KeptAudit {
    fn record(&self, event: &AuditEvent) {
        self.sink.record(event);
        if self
            .queue
            .try_send(Message::Event(Box::new(event.clone())))
            .is_err()
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn keep(
    mut queue: mpsc::Receiver<Message>,
    store: Arc<dyn AuditTrail>,
    lost: Arc<AtomicU64>,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while gather(&mut queue, &mut batch).await {
        let (mut events, mut waiting) = (Vec::new(), Vec::new());
        for message in batch.drain(..) {
            match message {
                Message::Event(event) => events.push(*event),
                Message::Flush(sender) => waiting.push(sender),
            }
        }
        write(store.as_ref(), &events, &lost).await;
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            warn!(
                events = lost,
                "audit events cannot be read back: the store was too slow for them, or failed"
            );
        }
        for sender in waiting {
            // Whoever waited may have gone.
            let _ = sender.send(());
        }
    }
}

/// Takes what has come together; false when there will be no more.
async fn gather(queue: &mut mpsc::Receiver<Message>, batch: &mut Vec<Message>) -> bool {
    let mut until = None;
    while batch.len() < BATCH_MAX && !matches!(batch.last(), Some(Message::Flush(_))) {
        let next = match until {
            None => queue.recv().await,
            Some(until) => timeout_at(until, queue.recv()).await.ok().flatten(),
        };
        let Some(message) = next else { break };
        until.get_or_insert_with(|| Instant::now() + GATHER);
        batch.push(message);
    }
    !batch.is_empty()
}

async fn write(store: &dyn AuditTrail, events: &[AuditEvent], lost: &AtomicU64) {
    if events.is_empty() {
        return;
    }
    let mut pause = PAUSE;
    for attempt in 1..=ATTEMPTS_MAX {
        match store.add_events(events).await {
            Ok(()) => return,
            Err(error) if attempt == ATTEMPTS_MAX => {
                error!(%error, "audit events could not be kept");
                lost.fetch_add(events.len() as u64, Ordering::Relaxed);
            }
            Err(_) => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use bridge_model::{
        audit::{AuditKind, AuditOutcome, AuditQuery, KeptEvent},
        ports::StoreError,
        time::Timestamp,
    };
    use std::sync::Mutex;
    use tokio::sync::Semaphore;

    /// Keeps what it is given, once it may.
    struct Trail {
        kept: Mutex<Vec<u64>>,
        failures: Mutex<u32>,
        may: Semaphore,
    }

    impl Trail {
        fn new(permits: usize, failures: u32) -> Arc<Self> {
            Arc::new(Self {
                kept: Mutex::default(),
                failures: Mutex::new(failures),
                may: Semaphore::new(permits),
            })
        }

        fn kept(&self) -> Vec<u64> {
            self.kept.lock().expect("not poisoned").clone()
        }
    }

    #[async_trait]
    impl AuditTrail for Trail {
        async fn add_events(&self, events: &[AuditEvent]) -> Result<(), StoreError> {
            let _permit = self.may.acquire().await.expect("open");
            let mut failures = self.failures.lock().expect("not poisoned");
            if *failures > 0 {
                *failures -= 1;
                return Err(StoreError::Conflict("busy".to_owned()));
            }
            let mut kept = self.kept.lock().expect("not poisoned");
            kept.extend(events.iter().map(|event| event.time.0));
            Ok(())
        }

        async fn events(&self, _: &AuditQuery) -> Result<Vec<KeptEvent>, StoreError> {
            Ok(Vec::new())
        }

        async fn remove_events(&self, _: Timestamp) -> Result<u64, StoreError> {
            Ok(0)
        }
    }

    #[derive(Default)]
    struct Sink(Mutex<usize>);

    impl AuditLog for Sink {
        fn record(&self, _: &AuditEvent) {
            *self.0.lock().expect("not poisoned") += 1;
        }
    }

    fn event(number: u64) -> AuditEvent {
        AuditEvent::new(Timestamp(number), AuditKind::SignIn, AuditOutcome::Success)
    }

    #[tokio::test]
    async fn events_are_kept_in_order_and_a_flush_waits_for_them() {
        let trail = Trail::new(1, 0);
        let audit = KeptAudit::start(Arc::new(Sink::default()), trail.clone());
        for number in 0..1_000 {
            audit.record(&event(number));
        }
        assert!(audit.flush().await);
        assert_eq!(trail.kept(), (0..1_000).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_store_is_tried_again() {
        let trail = Trail::new(1, ATTEMPTS_MAX - 1);
        let audit = KeptAudit::start(Arc::new(Sink::default()), trail.clone());
        audit.record(&event(7));
        assert!(audit.flush().await);
        assert_eq!(trail.kept(), [7]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_at_a_standstill_keeps_nobody_waiting_and_what_is_lost_is_counted() {
        let trail = Trail::new(0, 0);
        let sink = Arc::new(Sink::default());
        let audit = KeptAudit::start(sink.clone(), trail.clone());
        let more = 10;
        for number in 0..(QUEUE_MAX + more) as u64 {
            audit.record(&event(number));
        }
        assert_eq!(*sink.0.lock().expect("not poisoned"), QUEUE_MAX + more);
        assert_eq!(audit.lost.load(Ordering::Relaxed), more as u64);
        assert!(!audit.flush().await, "nothing was kept");
        trail.may.add_permits(1);
        assert!(audit.flush().await);
        assert_eq!(trail.kept().len(), QUEUE_MAX);
    }
}
