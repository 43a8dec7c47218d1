//! A bridge that runs, as an administrator's command line reaches it.

mod connect;
mod credentials;
mod problem;

pub(super) use problem::Refusal;

use crate::config::process::ProcessConfig;
use anyhow::{Context as _, bail};
use axum::body::Body;
use bytes::Bytes;
use clap::Args;
use connect::Listener;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};
use tokio::sync::OnceCell;
use url::{Url, form_urlencoded::Serializer};
use zeroize::Zeroizing;

/// Where the resources are.
const ROOT: &str = "/auth-management/v1";
/// The variable that a token may stand in.
const TOKEN_VARIABLE: &str = "LDAP_OIDC_BRIDGE_TOKEN";
/// The longest that one answer may take.
const ANSWER_MAX: Duration = Duration::from_mins(2);
/// More than any answer has.
const ANSWER_OCTETS_MAX: usize = 64 << 20;

/// Which bridge, and as whom.
#[derive(Clone, Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    bridge: Which,
    /// With --server: a file with an access token; without it the variable LDAP_OIDC_BRIDGE_TOKEN
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
    /// With --server: a file with client_id, client_secret and realm, such as init writes; a token is
    /// asked for with it
    #[arg(
        long,
        value_name = "FILE",
        requires = "server",
        conflicts_with = "token_file"
    )]
    credentials: Option<PathBuf>,
    /// With --server: certificates (PEM) that vouch for it; without it the machine's own
    #[arg(long, value_name = "FILE", requires = "server")]
    server_ca: Option<PathBuf>,
}

/// Which bridge.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The bridge of this configuration file, at its socket: as the user it runs as, or root
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The bridge at this Unix socket
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// The bridge whose admin listener is there, as https://HOST:PORT
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
}

/// A bridge that can be asked.
pub(super) struct Remote {
    listener: Listener,
    /// Where the paths begin.
    base: Url,
    access: Access,
    realm: Option<String>,
}

/// How a bridge is told who asks.
enum Access {
    /// By the socket itself.
    Peer,
    /// By a token.
    Token(Zeroizing<String>),
    /// By a token that is asked for when it is first needed.
    Credentials {
        file: PathBuf,
        token: OnceCell<Zeroizing<String>>,
    },
}

/// What a bridge answered.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    body: Bytes,
}

impl Remote {
    /// The bridge. It is not asked for anything yet.
    pub(super) fn open(place: &Place) -> anyhow::Result<Self> {
        if let Some(server) = &place.bridge.server {
            return Ok(Self {
                listener: Listener::server(server, place.server_ca.as_deref())?,
                base: server.clone(),
                access: Access::of(place)?,
                realm: None,
            });
        }
        let socket = match (&place.bridge.socket, &place.bridge.config) {
            (Some(socket), _) => socket.clone(),
            (None, Some(config)) => ProcessConfig::read(config)?.admin.socket,
            (None, None) => bail!("name the bridge; with --config, --socket or --server"),
        };
        Ok(Self {
            listener: Listener::Socket(socket),
            base: Url::parse("http://localhost")?,
            access: Access::Peer,
            realm: None,
        })
    }

    /// The same, for what it has of a realm.
    pub(super) fn of(self, realm: &str) -> Self {
        Self {
            realm: Some(realm.to_owned()),
            ..self
        }
    }

    /// Reads a resource, such as `/clients`.
    pub(super) async fn get(&self, resource: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.get_text(resource).await?)?)
    }

    /// As [`Remote::get`], as it came: with the members in their order.
    pub(super) async fn get_text(&self, resource: &str) -> anyhow::Result<String> {
        let answer = self.send(Method::GET, resource, None).await?;
        Ok(String::from_utf8(answer.success()?.into())?)
    }

    /// Sends a document to a resource.
    pub(super) async fn post(&self, resource: &str, document: &Value) -> anyhow::Result<Value> {
        let answer = self.send(Method::POST, resource, Some(document)).await?;
        Ok(serde_json::from_slice(&answer.success()?)?)
    }

    /// Removes a resource, or what goes on there.
    pub(super) async fn delete(&self, resource: &str) -> anyhow::Result<()> {
        let answer = self.send(Method::DELETE, resource, None).await?;
        answer.success()?;
        Ok(())
    }

    /// Sends a component to a resource, with these headers.
    pub(super) async fn post_octets(
        &self,
        resource: &str,
        octets: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let mut request = self.authorised(Method::POST, resource).await?;
        request = request.header(header::CONTENT_TYPE, "application/wasm");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.exchange(request.body(Body::from(octets))?).await?;
        Ok(serde_json::from_slice(&answer.success()?)?)
    }

    async fn send(
        &self,
        method: Method,
        resource: &str,
        document: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let mut request = self.authorised(method, resource).await?;
        let body = match document {
            Some(document) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(serde_json::to_vec(document)?)
            }
            None => Body::empty(),
        };
        self.exchange(request.body(body)?).await
    }

    /// A request for a resource, by whoever asks.
    async fn authorised(
        &self,
        method: Method,
        resource: &str,
    ) -> anyhow::Result<http::request::Builder> {
        let realm = self.realm.as_deref().map(|realm| path(&["realms", realm]));
        let path = format!("{}{ROOT}{resource}", realm.unwrap_or_default());
        let mut request = self.request(method, &path);
        let token = match &self.access {
            Access::Peer => None,
            Access::Token(token) => Some(token),
            Access::Credentials { file, token } => {
                let asked = token.get_or_try_init(|| credentials::token(self, file));
                Some(asked.await?)
            }
        };
        if let Some(token) = token {
            let bearer = format!("Bearer {}", token.as_str());
            request = request.header(header::AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    /// A request for a path of the listener.
    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let base = self.base.path().trim_end_matches('/');
        Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header(header::HOST, self.base.authority())
    }

    /// Sends a request and takes the whole answer.
    async fn exchange(&self, request: Request<Body>) -> anyhow::Result<Answer> {
        let listener = &self.listener;
        let work = async {
            let response = listener.exchange(request).await?;
            let (head, body) = response.into_parts();
            let body = axum::body::to_bytes(Body::new(body), ANSWER_OCTETS_MAX).await?;
            Ok(Answer {
                status: head.status,
                body,
            })
        };
        match tokio::time::timeout(ANSWER_MAX, work).await {
            Ok(answer) => answer,
            Err(_) => bail!("the bridge at {listener} does not answer; look at its log"),
        }
    }
}

impl Access {
    /// Over the network.
    fn of(place: &Place) -> anyhow::Result<Self> {
        if let Some(file) = &place.credentials {
            return Ok(Self::Credentials {
                file: file.clone(),
                token: OnceCell::new(),
            });
        }
        if let Some(file) = &place.token_file {
            let text = std::fs::read_to_string(file);
            let text =
                Zeroizing::new(text.with_context(|| format!("cannot read {}", file.display()))?);
            return Ok(Self::Token(Zeroizing::new(text.trim().to_owned())));
        }
        let Ok(token) = std::env::var(TOKEN_VARIABLE) else {
            bail!(
                "over the network a token is needed: give --credentials or --token-file, or set {TOKEN_VARIABLE}"
            );
        };
        Ok(Self::Token(Zeroizing::new(token)))
    }
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    ///
    /// [`Refusal`] for anything else.
    fn success(self) -> Result<Bytes, Refusal> {
        if self.status.is_success() {
            Ok(self.body)
        } else {
            Err(Refusal::of(self.status, &self.body))
        }
    }
}

/// A path of these segments, whatever stands in them.
pub(super) fn path(segments: &[&str]) -> String {
    let mut url = Url::parse("http://localhost").ok();
    if let Some(mut path) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        path.clear().extend(segments);
    }
    url.map(|url| url.path().to_owned()).unwrap_or_default()
}

/// A query of these pairs, with its question mark.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = Serializer::new("?".to_owned());
    query.extend_pairs(pairs).finish()
}
