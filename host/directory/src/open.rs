//! From a federation to a directory: everything that can be told without dialling.

use crate::{
    connection::Channel,
    directory::LdapDirectory,
    endpoint::{Endpoint, Security},
    fault::fault,
    idle::Idle,
    limits::Limits,
    outbound::Outbound,
    referral::Referrals,
    server::{Server, Settings},
    service::{Credential, ServiceAccount},
    tls::{Identity, TlsCommon, TlsPeer, Wanted},
};
use bridge_model::{
    federation::{BindName, Connection, Federation, ServiceBind},
    outbound::OutboundRules,
    ports::{Directories, Directory, DirectoryError, DirectoryFault},
    secret::{Password, Secret},
};
use std::{
    fmt,
    sync::{Arc, Mutex},
};
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
        identity: Option<&Identity>,
        settings: &Arc<Settings>,
    ) -> Result<Vec<Arc<Server>>, DirectoryError> {
        let wanted = wanted(connection, identity);
        let config = |url| {
            let made = self.common.config(&wanted);
            made.map_err(|detail| misconfigured(url, detail))
        };
        if wanted.ca_bundle.is_some()
            && let Some(url) = connection.urls.first()
        {
            // Even where nothing needs it yet, so that a bad one is told now.
            config(url)?;
        }
        let mut servers = Vec::with_capacity(connection.urls.len());
        for url in &connection.urls {
            let (endpoint, security) = Endpoint::new(url, connection.start_tls)
                .map_err(|detail| misconfigured(url, detail))?;
            let peer = |name| {
                let config = config(url)?;
                Ok(TlsPeer { config, name })
            };
            let channel = match security {
                Security::Plain => Channel::Plain,
                Security::StartTls(name) => Channel::StartTls(peer(name)?),
                Security::Tls(name) => Channel::Tls(peer(name)?),
                Security::Local(path) => Channel::Local(path),
            };
            if let Some(objection) = objection(&connection.bind, &channel) {
                return Err(misconfigured(url, objection.to_owned()));
            }
            let server = Server::new(endpoint, channel, Arc::clone(settings), &self.idle);
            servers.push(Arc::new(server));
        }
        Ok(servers)
    }
}

impl LdapDirectories {
    fn referrals(
        &self,
        connection: &Connection,
        identity: Option<&Identity>,
        settings: &Arc<Settings>,
    ) -> Result<Option<Referrals>, DirectoryError> {
        let Some(first) = connection.urls.first() else {
            return Ok(None);
        };
        if connection.referral_hosts.is_empty() {
            return Ok(None);
        }
        let config = self.common.config(&wanted(connection, identity));
        let is_tls = connection.urls.iter().any(|url| url.scheme() == "ldaps");
        let hosts = connection.referral_hosts.iter();
        Ok(Some(Referrals {
            hosts: hosts.map(|host| host.to_ascii_lowercase()).collect(),
            start_tls: connection.start_tls || is_tls,
            config: config.map_err(|detail| misconfigured(first, detail))?,
            settings: Arc::clone(settings),
            idle: Arc::clone(&self.idle),
            servers: Mutex::default(),
        }))
    }
}

/// What a connection's TLS is to be like.
fn wanted<'a>(connection: &'a Connection, identity: Option<&'a Identity>) -> Wanted<'a> {
    Wanted {
        ca_bundle: connection.ca_bundle.as_deref(),
        oldest: connection.tls_min,
        identity,
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
        let (service, identity) =
            service(&connection.bind, bind_credential).map_err(misconfigured)?;
        let settings = Arc::new(Settings {
            federation: federation.name.to_string(),
            outbound: Outbound {
                rules: Arc::clone(&self.rules),
                realm: federation.realm.clone(),
            },
            service: service.map(|credential| ServiceAccount::new(credential, self.limits)),
            allow_plaintext: connection.allow_plaintext,
            connect_timeout: connection.connect_timeout,
            operation_timeout: connection.operation_timeout,
            pool_connections_max: connection.pool_connections_max,
            pool_connections_min: connection
                .pool_connections_min
                .min(connection.pool_connections_max),
            follow_aliases: connection.follow_aliases,
            limits: self.limits,
        });
        let servers = self.servers(connection, identity.as_ref(), &settings)?;
        let referrals = self.referrals(connection, identity.as_ref(), &settings)?;
        Ok(LdapDirectory::new(servers, settings, referrals))
    }
}

/// Who the service connections are bound as, and the certificate that it takes.
fn service(
    bind: &ServiceBind,
    credential: Option<Secret>,
) -> Result<(Option<Credential>, Option<Identity>), String> {
    match bind {
        ServiceBind::None => Ok((None, None)),
        ServiceBind::Simple(name) => {
            let credential = simple(name, credential)?;
            Ok((Some(credential), None))
        }
        ServiceBind::External(None) => Ok((Some(Credential::External), None)),
        ServiceBind::External(Some(certificate)) => {
            let key = credential.ok_or(
                "the service binds with a certificate but has no credential: it is the certificate's private key",
            )?;
            let identity = Identity::new(certificate, key.expose())?;
            Ok((Some(Credential::External), Some(identity)))
        }
    }
}

fn simple(name: &BindName, credential: Option<Secret>) -> Result<Credential, String> {
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
    Ok(Credential::Simple(name.clone(), password))
}

/// Why a service cannot bind so over this channel; none if it can.
fn objection(bind: &ServiceBind, channel: &Channel) -> Option<&'static str> {
    match (bind, channel) {
        (ServiceBind::External(Some(_)), Channel::Plain | Channel::Local(_)) => {
            Some("a client certificate is shown over TLS only: use an ldaps:// URL or start_tls")
        }
        (ServiceBind::External(None), Channel::Plain | Channel::StartTls(_) | Channel::Tls(_)) => {
            Some("without a client certificate, a bind by SASL EXTERNAL needs an ldapi:// URL")
        }
        _ => None,
    }
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
