//! The addresses that are listened at: one for people and applications, one for administrators, one
//! for probes.

use crate::{
    app::Bridge,
    config::process::{ProcessConfig, TlsConfig},
    web::{self, ConnectionLimits, ServeError, Tls, TlsError},
};
use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::error;

/// Addresses that are taken.
pub(super) struct Doors {
    public: TcpListener,
    admin: Option<TcpListener>,
    health: Option<TcpListener>,
}

/// What the listeners prove themselves with. A clone is the same.
#[derive(Clone)]
pub(super) struct Certificates {
    public: Option<Tls>,
    admin: Option<Tls>,
}

impl Doors {
    /// Takes the addresses.
    pub(super) async fn take(config: &ProcessConfig) -> Result<Self, ServeError> {
        let public = web::bind(config.listener.address).await?;
        let admin = match config.admin.address {
            Some(address) => Some(web::bind(address).await?),
            None => None,
        };
        let health = match config.health_address {
            Some(address) => Some(web::bind(address).await?),
            None => None,
        };
        Ok(Self {
            public,
            admin,
            health,
        })
    }

    /// Serves until `stop`, and then until all requests on their way have ended.
    pub(super) async fn serve(
        self,
        bridge: &Bridge,
        admin: Router,
        certificates: Certificates,
        stop: CancellationToken,
    ) {
        let health = web::health_router(bridge.health().clone());
        let mut open = JoinSet::new();
        for (listener, tls, router) in [
            (Some(self.public), certificates.public, bridge.router()),
            (self.admin, certificates.admin, admin),
            (self.health, None, health),
        ] {
            let Some(listener) = listener else { continue };
            let until = stop.clone().cancelled_owned();
            let limits = ConnectionLimits::default();
            open.spawn(web::serve(listener, tls, router, limits, until));
        }
        while open.join_next().await.is_some() {}
    }
}

impl Certificates {
    /// Reads them.
    pub(super) fn read(config: &ProcessConfig) -> Result<Self, TlsError> {
        let read = |files: &Option<TlsConfig>| {
            let files = files.as_ref();
            files
                .map(|files| Tls::read(&files.certificate, &files.key))
                .transpose()
        };
        Ok(Self {
            public: read(&config.listener.tls)?,
            admin: read(&config.admin.tls)?,
        })
    }

    /// Reads them again. What is wrong keeps the last good one and is said in the log.
    pub(super) fn read_again(&self, config: &ProcessConfig) {
        for (tls, files) in [
            (&self.public, &config.listener.tls),
            (&self.admin, &config.admin.tls),
        ] {
            if let (Some(tls), Some(files)) = (tls, files)
                && let Err(error) = tls.read_again(&files.certificate, &files.key)
            {
                error!(%error, "the changed certificate is not taken; the last good one stays");
            }
        }
    }
}
