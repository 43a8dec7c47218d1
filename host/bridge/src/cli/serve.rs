//! `serve`: signs people in until the process is told to stop.

mod doors;
mod upkeep;

use super::realm_files;
use crate::{
    app::{Bridge, built_in_policies},
    audit::{AuditFile, KeptAudit},
    config::process::ProcessConfig,
    system::OsRandom,
    web::{
        ConnectionLimits,
        admin::{AdminSettings, AdminSocket},
    },
};
use anyhow::Context as _;
use bridge_policy::{Cache, PolicyHost};
use bridge_store::{Options, Purpose, SealingKey, SqliteStore};
use doors::{Certificates, Doors};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use upkeep::Upkeep;

/// How often files are looked at: soon enough for a person who waits, and nothing to a disk.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked whether users of a directory have to be read: periods are minutes at least.
const SYNC_EVERY: Duration = Duration::from_secs(15);
/// How often what is over is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

pub(super) async fn run(path: &Path) -> anyhow::Result<()> {
    let config = ProcessConfig::read(path)?;
    let key = SealingKey::read(&config.store.sealing_key)?;
    // Nothing is made before everything is understood.
    let policies = built_in_policies(Some(Cache {
        folder: config.policy_cache.clone(),
        mac_key: key.derive("policy cache"),
    }))?;
    let watch = Upkeep::watch(&config);
    let files = realm_files(&config, &policies)?;
    let certificates = Certificates::read(&config)?;
    let settings = AdminSettings {
        prefixes: config.admin.prefixes.clone(),
        rates: config.admin.rates,
        ..AdminSettings::default()
    };
    let sink = match &config.audit_file {
        Some(file) => AuditFile::append(file)
            .with_context(|| format!("cannot write audit events to {}", file.display()))?,
        None => AuditFile::standard_output(),
    };
    let doors = Doors::take(&config).await?;
    let (bridge, trail) = bridge(&config, &key, policies, sink).await?;
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
    tokio::spawn(keep_up(upkeep, bridge.clone()));
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
    if !trail.flush().await {
        error!("the last audit events could not be kept for reading");
    }
    info!("stopped");
    Ok(())
}

async fn bridge(
    config: &ProcessConfig,
    key: &SealingKey,
    policies: PolicyHost,
    sink: AuditFile,
) -> anyhow::Result<(Bridge, KeptAudit)> {
    let options = Options::new(Purpose::Production);
    let store = SqliteStore::open(&config.store.path, key, Arc::new(OsRandom), &options).await?;
    let store = Arc::new(store);
    let trail = KeptAudit::start(Arc::new(sink), store.clone());
    let mut builder = Bridge::builder(config.base_url.clone(), store)
        .audit(Arc::new(trail.clone()))
        .audit_keep(config.audit_keep)
        .throttle(config.throttle)
        .trusted_proxies(config.listener.trusted_proxies.clone())
        .outbound(config.outbound.clone())
        .policies(policies);
    if config.health_address.is_some() {
        builder = builder.health_elsewhere();
    }
    Ok((builder.build()?, trail))
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
