//! Where the peers of the suites run: apart from the tests, whether those have a runtime or not.

use std::{future::Future, sync::LazyLock};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

/// Runs something beside the tests.
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    RUNTIME.spawn(task)
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
});
