//! WASI 0.2 as a grant: what toolchains take for granted, none of which reaches anything.
//!
//! Output goes to the policy's log, the input is at its end, the environment is empty, the clocks stand
//! still, and the random numbers are always the same: a policy with this grant answers the same to the
//! same question, as every other does. Nothing waits, so nothing outlives its deadline in a host's
//! function.

mod output;
mod still;

use crate::{call::CallState, limits::Limits, log::Log};
use output::{Channel, Output};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use still::{NeverWaiting, Still};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView,
    cli::{WasiCli, WasiCliView},
    clocks::{WasiClocks, WasiClocksView},
    filesystem::{WasiFilesystem, WasiFilesystemView},
    p2::bindings::{cli, clocks, filesystem, io, random, sync},
    random::{WasiRandom, WasiRandomView},
};

/// Lets policies import the interfaces of the grant `minimal`, one by one: what is not named here does
/// not exist.
pub(crate) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    let l = linker;
    cli::environment::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, WasiClocksView::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, NeverWaiting>(l, still)?;
    random::random::add_to_linker::<_, WasiRandom>(l, WasiRandomView::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(l, WasiRandomView::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, WasiRandomView::random)?;
    io::error::add_to_linker::<_, still::Table>(l, table)?;
    sync::io::poll::add_to_linker::<_, NeverWaiting>(l, still)?;
    sync::io::streams::add_to_linker::<_, NeverWaiting>(l, still)?;
    // The standard libraries of some languages import these whether a program has files or not. There is
    // no folder to begin with, and so no descriptor that any of these functions could be called with.
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, WasiFilesystemView::filesystem)?;
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(l, WasiFilesystemView::filesystem)
}

/// What belongs to one instance of a policy that has the grant. It is made when the policy first asks for
/// something, so one that never does pays nothing.
pub(crate) struct Wasi {
    begun: Option<Box<Begun>>,
    output_octets_max: usize,
}

struct Begun {
    ctx: WasiCtx,
    table: ResourceTable,
    output: Arc<Mutex<Output>>,
}

impl Wasi {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            begun: None,
            output_octets_max: limits.log_octets_max,
        }
    }

    /// Puts what the policy wrote to its output into its log.
    pub(crate) fn drain(&mut self, log: &mut Log) {
        if let Some(begun) = &self.begun {
            output::lock(&begun.output).drain(log);
        }
    }

    fn begun(&mut self) -> &mut Begun {
        let octets_max = self.output_octets_max;
        self.begun
            .get_or_insert_with(|| Box::new(Begun::new(octets_max)))
    }
}

impl Begun {
    fn new(output_octets_max: usize) -> Self {
        let output = Arc::new(Mutex::new(Output::new(output_octets_max)));
        let ctx = WasiCtx::builder()
            .stdout(Channel::standard(&output))
            .stderr(Channel::error(&output))
            .wall_clock(Stopped)
            .monotonic_clock(Stopped)
            .secure_random(Deterministic::new(RANDOM.to_vec()))
            .insecure_random(Deterministic::new(RANDOM.to_vec()))
            .insecure_random_seed(u128::from_le_bytes(*b"always the same."))
            .max_random_size(RANDOM_OCTETS_MAX)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        Self { ctx, table, output }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Begun { ctx, table, .. } = self.wasi.begun();
        WasiCtxView { ctx, table }
    }
}

fn table(state: &mut CallState) -> &mut ResourceTable {
    &mut state.wasi.begun().table
}

fn still(state: &mut CallState) -> Still<'_> {
    Still(table(state))
}

/// A clock that stands at its beginning: 1 January 1970. The time that a policy needs is an argument of
/// its calls.
struct Stopped;

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Stopped {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Repeated for ever. Hash maps are seeded with it and want no zeros.
const RANDOM: &[u8; 64] = b"These octets are not random: a policy has nothing to be secret. ";
/// In one call. Seeds need 32.
const RANDOM_OCTETS_MAX: u64 = 64 << 10;
/// Streams and pollables of one instance; three and one are usual.
const RESOURCES_MAX: usize = 1000;
