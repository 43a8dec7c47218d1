//! `serve`: signs people in until the process is told to stop.

mod doors;
mod record;
mod upkeep;

pub(super) use record::Record;

use super::realm_files;
use crate::{
    app::{Bridge, Builder},
    audit::{AuditFile, KeptAudit},
    config::{process::ProcessConfig, realm_file::RealmFile},
    policies::{Restored, guarded_policies},
    system::{OsRandom, SystemClock},
    watch::Watch,
    web::{
        ConnectionLimits,
        admin::{AdminSettings, AdminSocket},
    },
};
use anyhow::Context as _;
use bridge_model::ports::{Clock as _, Random};
use bridge_policy::{Cache, PolicyHost};
use bridge_store::{KeptPolicies, Options, Purpose, SealingKey, SqliteStore};
use doors::{Certificates, Doors};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use upkeep::Upkeep;

/// How often files are looked at: soon enough for a person who waits, and nothing to a disk.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked whether users of a directory have to be read: periods are minutes at least.
const SYNC_EVERY: Duration = Duration::from_secs(15);
/// How often what is over is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

pub(super) async fn run(path: &Path, record: &Record) -> anyhow::Result<()> {
    let config = ProcessConfig::read(path)?;
    let key = SealingKey::read(&config.store.sealing_key)?;
    let policies = Arc::new(guarded_policies(Some(Cache {
        folder: config.policies.cache.clone(),
        mac_key: key.derive("policy cache"),
    }))?);
    // Nothing is made or changed before everything is understood; what was kept is needed for that.
    let (database, options) = (&config.store.path, Options::new(Purpose::Production));
    let random: Arc<dyn Random> = Arc::new(OsRandom);
    let kept = SqliteStore::peek(database, &key, &random, &options)?;
    let understood = Understood::of(&config, &policies, kept).await?;
    let store = SqliteStore::open(database, &key, random, &options).await?;
    let store = Arc::new(store);
    let served = serve(config, policies, store.clone(), understood, record).await;
    // What is written a moment after it happened is written now.
    store.close().await;
    served?;
    info!("stopped");
    Ok(())
}

/// What files say, and what has to be there before anything is made.
struct Understood {
    restored: Restored,
    watch: Watch,
    files: Vec<RealmFile>,
    certificates: Certificates,
    sink: AuditFile,
    doors: Doors,
}

impl Understood {
    async fn of(
        config: &ProcessConfig,
        policies: &Arc<PolicyHost>,
        kept: KeptPolicies,
    ) -> anyhow::Result<Self> {
        let now = SystemClock.now();
        let restored = Restored::all(policies, config.policies.clone(), kept, now).await;
        let watch = Upkeep::watch(config);
        let files = realm_files(config, policies.as_ref())?;
        let certificates = Certificates::read(config)?;
        let sink = match &config.audit_file {
            Some(file) => AuditFile::append(file)
                .with_context(|| format!("cannot write audit events to {}", file.display()))?,
            None => AuditFile::standard_output(),
        };
        Ok(Self {
            restored,
            watch,
            files,
            certificates,
            sink,
            doors: Doors::take(config).await?,
        })
    }
}

async fn serve(
    config: ProcessConfig,
    policies: Arc<PolicyHost>,
    store: Arc<SqliteStore>,
    understood: Understood,
    record: &Record,
) -> anyhow::Result<()> {
    let Understood {
        restored,
        watch,
        files,
        certificates,
        sink,
        doors,
    } = understood;
    let settings = AdminSettings {
        prefixes: config.admin.prefixes.clone(),
        rates: config.admin.rates,
        ..AdminSettings::default()
    };
    let trail = KeptAudit::start(Arc::new(sink), store.clone());
    let builder = bridge(&config, store, &trail).policies(policies);
    let builder = builder.restored(restored).recorder(record.start()?);
    let bridge = builder.build()?;
    let socket = AdminSocket::bind(&config.admin.socket).await?;
    bridge.withdraw_all_but(&files).await?;
    for file in &files {
        bridge.apply(file).await?;
    }
    bridge.ensure_platform().await?;
    bridge.ready();

    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone(), bridge.clone()));
    let upkeep = Upkeep::new(
        config.clone(),
        bridge.clone(),
        certificates.clone(),
        &files,
        watch,
    );
    let mut chores = JoinSet::new();
    chores.spawn(keep_up(upkeep, bridge.clone()));
    chores.spawn(keep_policies_up(bridge.clone()));
    let runs = tokio::spawn(synchronise(bridge.clone(), stop.clone()));
    info!(
        address = %config.listener.address,
        base_url = %config.base_url,
        admin_address = config.admin.address.map(tracing::field::display),
        admin_socket = %config.admin.socket.display(),
        "listening"
    );
    let admin = bridge.admin_router(Some(trail.clone()), settings);
    let served =
        tokio::spawn(socket.serve(admin.clone(), ConnectionLimits::default(), stop.clone()));
    doors.serve(&bridge, admin, certificates, stop).await;
    // All requests have ended; what they left in the audit trail is kept before the process ends.
    let _ = served.await;
    let _ = runs.await;
    bridge.interrupt_runs().await;
    chores.shutdown().await;
    if !trail.flush().await {
        error!("the last audit events could not be kept for reading");
    }
    Ok(())
}

fn bridge(config: &ProcessConfig, store: Arc<SqliteStore>, trail: &KeptAudit) -> Builder {
    let builder = Bridge::builder(config.base_url.clone(), store)
        .audit(Arc::new(trail.clone()))
        .audit_keep(config.audit_keep)
        .throttle(config.throttle)
        .trusted_proxies(config.listener.trusted_proxies.clone())
        .outbound(config.outbound.clone());
    match config.health_address {
        Some(_) => builder.health_elsewhere(),
        None => builder,
    }
}

/// Keeps up with the policies of the folder. Apart from the rest, since to admit one may take seconds.
async fn keep_policies_up(bridge: Bridge) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        bridge.policy_sources().look().await;
    }
}

/// Keeps up with files that change, and removes what is over.
async fn keep_up(mut upkeep: Upkeep, bridge: Bridge) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = look.tick() => upkeep.look().await,
            _ = sweep.tick() => bridge.sweep().await,
        }
    }
}

/// Begins the synchronisations that are due, until `stop`.
async fn synchronise(bridge: Bridge, stop: CancellationToken) {
    let mut look = tokio::time::interval(SYNC_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => { bridge.synchroniser().start_due().await; }
        }
    }
}

async fn stop_on_signal(stop: CancellationToken, bridge: Bridge) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        error!("signals cannot be received; the process stops only when it is killed");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!("stopping: no new connections; requests under way are answered");
    bridge.health().set_serving(false);
    stop.cancel();
}
