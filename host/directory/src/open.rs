//! From a federation to a directory: everything that can be told without dialling.

use crate::{
    connection::Channel,
    directory::LdapDirectory,
    endpoint::{Endpoint, Security},
    fault::fault,
    idle::Idle,
    limits::Limits,
    outbound::Outbound,
    server::{Server, Settings},
    service::ServiceAccount,
    tls::{TlsCommon, TlsPeer},
};
use bridge_model::{
    federation::{BindName, Connection, Federation, ServiceBind},
    outbound::OutboundRules,
    ports::{Directories, Directory, DirectoryError, DirectoryFault},
    secret::{Password, Secret},
};
use std::{fmt, sync::Arc};
use url::Url;

/// Opens directories over LDAP.
///
/// Directories that trust the same authorities share what that takes, so that many of them cost little.
/// Their calls must be made within a tokio runtime.
pub struct LdapDirectories {
    common: TlsCommon,
    idle: Arc<Idle>,
    rules: Arc<OutboundRules>,
    limits: Limits,
}

impl LdapDirectories {
    /// Directories that are reached where the operator's rules allow it, with the limits that fit
    /// nearly everywhere.
    pub fn new(rules: OutboundRules) -> Self {
        Self::with_limits(rules, Limits::default())
    }

    /// With other limits.
    pub fn with_limits(rules: OutboundRules, limits: Limits) -> Self {
        Self {
            common: TlsCommon::new(),
            idle: Arc::new(Idle::new(limits)),
            rules: Arc::new(rules),
            limits,
        }
    }

    fn servers(
        &self,
        connection: &Connection,
        settings: &Arc<Settings>,
    ) -> Result<Vec<Arc<Server>>, DirectoryError> {
        let bundle = connection.ca_bundle.as_deref();
        let trusting = |url| {
            let made = self.common.trusting(bundle);
            made.map_err(|detail| misconfigured(url, detail))
        };
        if bundle.is_some()
            && let Some(url) = connection.urls.first()
        {
            // Even where nothing needs it yet, so that a bad one is told now.
            trusting(url)?;
        }
        let mut servers = Vec::with_capacity(connection.urls.len());
        for url in &connection.urls {
            let (endpoint, security) = Endpoint::new(url, connection.start_tls)
                .map_err(|detail| misconfigured(url, detail))?;
            let peer = |name| {
                let config = trusting(url)?;
                Ok(TlsPeer { config, name })
            };
            let channel = match security {
                Security::Plain => Channel::Plain,
                Security::StartTls(name) => Channel::StartTls(peer(name)?),
                Security::Tls(name) => Channel::Tls(peer(name)?),
            };
            let server = Server::new(endpoint, channel, Arc::clone(settings), &self.idle);
            servers.push(Arc::new(server));
        }
        Ok(servers)
    }
}

impl fmt::Debug for LdapDirectories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LdapDirectories")
            .field("rules", &self.rules)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Directories for LdapDirectories {
    fn open(
        &self,
        federation: &Federation,
        bind_credential: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError> {
        let connection = &federation.connection;
        let Some(first) = connection.urls.first() else {
            return Err(fault(
                DirectoryFault::Misconfigured,
                federation.name.as_str(),
                "there is no URL of a server",
            ));
        };
        let misconfigured = |detail: String| misconfigured(first, detail);
        for (name, is_zero) in [
            ("connect timeout", connection.connect_timeout.is_zero()),
            ("operation timeout", connection.operation_timeout.is_zero()),
            (
                "number of connections",
                connection.pool_connections_max == 0,
            ),
        ] {
            if is_zero {
                return Err(misconfigured(format!("the {name} must not be 0")));
            }
        }
        let service = service(&connection.bind, bind_credential).map_err(misconfigured)?;
        let settings = Arc::new(Settings {
            federation: federation.name.to_string(),
            outbound: Outbound {
                rules: Arc::clone(&self.rules),
                realm: federation.realm.clone(),
            },
            service: service
                .map(|(name, password)| ServiceAccount::new(name, password, self.limits)),
            allow_plaintext: connection.allow_plaintext,
            connect_timeout: connection.connect_timeout,
            operation_timeout: connection.operation_timeout,
            pool_connections_max: connection.pool_connections_max,
            follow_aliases: connection.follow_aliases,
            limits: self.limits,
        });
        let servers = self.servers(connection, &settings)?;
        Ok(Arc::new(LdapDirectory::new(servers, settings)))
    }
}

/// Who the service connections are bound as.
fn service(
    bind: &ServiceBind,
    credential: Option<Secret>,
) -> Result<Option<(BindName, Password)>, String> {
    let ServiceBind::Simple(name) = bind else {
        return Ok(None);
    };
    let missing = || {
        format!(
            "the service binds as {} but has no credential",
            name.as_str()
        )
    };
    let credential = credential.ok_or_else(missing)?;
    let text = std::str::from_utf8(credential.expose())
        .map_err(|_| "the bind credential is not UTF-8 (RFC 4513 section 5.1.3)".to_owned())?;
    let password = Password::new(text)
        .map_err(|error| format!("the bind credential cannot be used: {error}"))?;
    Ok(Some((name.clone(), password)))
}

fn misconfigured(url: &Url, detail: String) -> DirectoryError {
    // Of a URL that is not taken only this much is known to hold no secret.
    let server = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.scheme().to_owned(),
    };
    fault(DirectoryFault::Misconfigured, &server, detail)
}

#[cfg(test)]
mod tests;
