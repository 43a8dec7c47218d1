//! Connections to a bridge: its Unix socket, or its admin listener.

use anyhow::{Context as _, bail};
use axum::body::Body;
use http::{Request, Response};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// Where a bridge listens.
pub(super) enum Listener {
    /// At a Unix socket.
    Socket(PathBuf),
    /// At an address.
    Server {
        host: String,
        port: u16,
        tls: Option<(TlsConnector, ServerName<'static>)>,
    },
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Listener {
    /// A server. Without TLS only one of this machine: a token is no less than a password.
    pub(super) fn server(url: &Url, ca_bundle: Option<&Path>) -> anyhow::Result<Self> {
        let host = url.host().filter(|_| url.username().is_empty());
        let Some(host) = host else {
            bail!("{url} is no address of a bridge; write https://HOST");
        };
        let is_loopback = match &host {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(name) => *name == "localhost",
        };
        let name = match &host {
            Host::Domain(name) => (*name).to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let tls = match url.scheme() {
            "https" => {
                let server_name = ServerName::try_from(name.clone())?;
                Some((connector(ca_bundle)?, server_name))
            }
            "http" if is_loopback => None,
            _ => bail!("a token does not travel in clear; write https:// instead of {url}"),
        };
        let port = url.port_or_known_default().unwrap_or(443);
        Ok(Self::Server {
            host: name,
            port,
            tls,
        })
    }

    /// Sends one request on a connection of its own.
    pub(super) async fn exchange(
        &self,
        request: Request<Body>,
    ) -> anyhow::Result<Response<Incoming>> {
        let stream = self.connect().await.with_context(|| {
            format!("cannot reach the bridge at {self}; make sure that it runs, and that you may")
        })?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender.
        tokio::spawn(connection);
        let response = sender.send_request(request).await;
        response.with_context(|| format!("the bridge at {self} broke off"))
    }

    async fn connect(&self) -> anyhow::Result<Box<dyn Stream>> {
        match self {
            Self::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Self::Server { host, port, tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                match tls {
                    None => Ok(Box::new(stream)),
                    Some((connector, name)) => {
                        Ok(Box::new(connector.connect(name.clone(), stream).await?))
                    }
                }
            }
        }
    }
}

fn connector(ca_bundle: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    match ca_bundle {
        Some(file) => {
            let certificates = CertificateDer::pem_file_iter(file);
            let unread = || format!("cannot read certificates from {}", file.display());
            for certificate in certificates.with_context(unread)? {
                roots.add(certificate.with_context(unread)?)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        bail!("there are no certificates to check the bridge's with; name some with --server-ca");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Server { host, port, .. } => write!(f, "{host}:{port}"),
        }
    }
}
