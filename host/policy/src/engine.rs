//! The engine that all policies share, and the clock that ends calls.

use crate::{
    limits::Limits,
    meter::Meter,
    witness::{Observers, Witness},
};
use aws_lc_rs::digest;
use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use wasmtime::{
    Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig,
    Strategy,
};

/// The engine with its ticker: while it lives, calls end at their deadlines.
pub(crate) struct PolicyEngine {
    /// Fields are dropped in order: the ticker stops before the engine goes.
    _ticker: Ticker,
    engine: Engine,
    observers: Observers,
}

impl PolicyEngine {
    /// Makes the engine and reserves the address space of its instances.
    pub(crate) fn new(limits: &Limits) -> Result<Self, EngineError> {
        Self::observed(limits, Observers::default())
    }

    /// The same, where every call is looked on at.
    pub(crate) fn observed(limits: &Limits, observers: Observers) -> Result<Self, EngineError> {
        let mut config = config(limits);
        let meter = observers.meter.as_ref();
        config.consume_fuel(meter.is_some_and(|meter| meter.counts_fuel()));
        let engine = Engine::new(&config).map_err(EngineError::Engine)?;
        let ticker = Ticker::start(engine.weak(), Duration::from_millis(limits.tick_ms))
            .map_err(EngineError::Ticker)?;
        Ok(Self {
            _ticker: ticker,
            engine,
            observers,
        })
    }

    /// The engine, for everything but its clock.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What calls are noted on.
    pub(crate) fn meter(&self) -> Option<&Meter> {
        self.observers.meter.as_deref()
    }

    /// Who keeps where calls end that have no answer.
    pub(crate) fn witness(&self) -> Option<&Witness> {
        self.observers.witness.as_deref()
    }
}

/// Why there is no engine.
pub(crate) enum EngineError {
    /// It could not be made: most likely its address space could not be reserved.
    Engine(wasmtime::Error),
    /// No thread for the ticker.
    Ticker(std::io::Error),
}

/// What compiled code depends on beside the component: the engine's version and settings, and the
/// processor. Two engines with the same value take each other's code.
pub(crate) fn compatibility(engine: &Engine) -> [u8; 32] {
    let mut hasher = CompatibilityHasher(digest::Context::new(&digest::SHA256));
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.octets()
}

/// Turns the engine's compatibility value into a digest that does not depend on the standard
/// library's hasher, which may change from one version of Rust to the next.
struct CompatibilityHasher(digest::Context);

impl CompatibilityHasher {
    fn octets(self) -> [u8; 32] {
        let mut octets = [0; 32];
        octets.copy_from_slice(self.0.finish().as_ref());
        octets
    }
}

impl Hasher for CompatibilityHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut octets = [0; 8];
        octets.copy_from_slice(&self.0.clone().finish().as_ref()[..8]);
        u64::from_be_bytes(octets)
    }
}

/// What policies run on. The compiler's surface is kept small: no proposal is on that a policy in
/// Rust, JavaScript or Python does not need.
fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        // The same input gives the same output to the octet, on any machine.
        .cranelift_nan_canonicalization(true)
        // No state for asynchronous calls in stores: all calls are synchronous.
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_octets_max)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let instances = limits.instances_max;
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(limits.core_instances_max))
        // For calls that are asynchronous, of which there are none; preset are two gigabytes.
        .total_stacks(1)
        .total_memories(instances.saturating_mul(limits.memories_max))
        .total_tables(instances.saturating_mul(limits.tables_max))
        .max_core_instances_per_component(limits.core_instances_max)
        .max_memories_per_component(limits.memories_max)
        .max_tables_per_component(limits.tables_max)
        .max_tables_per_module(limits.tables_max)
        .max_memory_size(limits.memory_octets_max)
        .table_elements(limits.table_elements_max)
        .linear_memory_keep_resident(limits.memory_resident_octets)
        .table_keep_resident(limits.memory_resident_octets)
        // Only pages that a call touched are put back, which halves the cost of a call. Linux 6.7.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the engine's epoch until it is dropped.
///
/// Ticks that a slow machine misses are not made up for: bursts of ticks would end calls that had no
/// time to run.
struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// The engine is held weakly: a thread that kept it alive would keep it alive for good.
    fn start(engine: EngineWeak, tick: Duration) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("policy-ticker".into())
            .stack_size(64 << 10)
            .spawn(move || {
                while !stopped.load(Ordering::Acquire) {
                    thread::park_timeout(tick);
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It cannot have panicked, and if it had there would be nobody to tell.
            let _ = thread.join();
        }
    }
}
