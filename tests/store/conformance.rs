//! What every backend has to do. Each check gets a new store.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod clients;
pub(crate) mod failures;
pub(crate) mod imports;
pub(crate) mod keys;
pub(crate) mod realms;
pub(crate) mod sessions;
pub(crate) mod users;

pub(crate) use apply::{again as applied_again, owners};
pub(crate) use changes::{
    clients as changed_clients, federations as changed_federations, realms as changed_realms,
};

pub(crate) use imports::{gone, local, search, synchronisation};
pub(crate) use sessions::ends as sign_in_ends;

use bridge_model::ports::{Store, StoreError};
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

/// How many do the same at once.
const CROWD: usize = 50;

/// Lets a crowd do the same at once, and gives what came of it.
async fn all_at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    store: &Arc<dyn Store>,
    act: impl Fn(Arc<dyn Store>, usize) -> F,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(CROWD));
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        let (start, act) = (Arc::clone(&start), act(Arc::clone(store), number));
        crowd.spawn(async move {
            start.wait().await;
            act.await
        });
    }
    crowd.join_all().await
}

/// The text of a conflict.
fn conflict<T>(result: Result<T, StoreError>) -> String {
    let error = result.map(|_| ()).expect_err("something is in the way");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    error.to_string()
}
