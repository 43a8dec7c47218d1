//! The router on real sockets.

use super::super::{ConnectionLimits, ServeError, Tls, TlsError, bind, serve};
use axum::{Router, extract::ConnectInfo, routing::get};
use bytes::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// No test waits longer.
const PATIENCE: Duration = Duration::from_secs(10);
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// A listener of its own, stopped when asked to.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(tls: Option<Tls>, limits: ConnectionLimits) -> Server {
    let router = Router::new()
        .route(
            "/",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()),
        )
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(300)).await;
                "done"
            }),
        );
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        let _ = stopped.await;
    };
    let task = tokio::spawn(serve(listener, tls, router, limits, until));
    Server {
        address,
        stop,
        task,
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await;
    stream.expect("in time").expect("a connection")
}

/// Asks for what takes its time, and is on its way.
async fn ask_slowly(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address).await;
    let request = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream
}

async fn ends(task: JoinHandle<()>) {
    let ended = timeout(PATIENCE, task).await;
    ended.expect("in time").expect("no panic");
}

/// Reads until `end` has come, or the peer has ended.
async fn read_until(stream: &mut (impl AsyncReadExt + Unpin), end: &str) -> String {
    let mut text = Vec::new();
    let mut part = [0; 1024];
    let reading = async {
        while !String::from_utf8_lossy(&text).contains(end) {
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => break,
                Ok(count) => text.extend_from_slice(&part[..count]),
            }
        }
    };
    timeout(PATIENCE, reading).await.expect("in time");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_plain_connection_is_served_and_its_peer_is_known() {
    let server = start(None, ConnectionLimits::default()).await;
    let mut stream = connect(server.address).await;
    stream.write_all(GET).await.expect("sent");
    let answer = read_until(&mut stream, "127.0.0.1").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_taken_port_is_said_with_what_to_do() {
    let server = start(None, ConnectionLimits::default()).await;
    let error = bind(server.address).await.expect_err("it is taken");
    assert!(matches!(error, ServeError::Taken(address) if address == server.address));
    let text = error.to_string();
    assert!(text.contains(&server.address.to_string()), "{text}");
    assert!(text.contains("listen at another"), "{text}");
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 0));
    let error = bind(elsewhere).await.expect_err("not of this machine");
    assert!(matches!(error, ServeError::NotHere(_)), "{error}");
}

#[tokio::test]
async fn a_request_on_its_way_is_answered_before_the_end() {
    let server = start(None, ConnectionLimits::default()).await;
    let mut idle = connect(server.address).await;
    let mut stream = ask_slowly(server.address).await;
    server.stop.send(()).expect("it listens");
    let answer = read_until(&mut stream, "done").await;
    assert!(answer.ends_with("done"), "{answer}");
    assert_eq!(read_until(&mut idle, "never").await, "", "idle ones end");
    ends(server.task).await;
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let limits = ConnectionLimits {
        drain_timeout: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let server = start(None, limits).await;
    let mut stream = ask_slowly(server.address).await;
    server.stop.send(()).expect("it listens");
    assert_eq!(read_until(&mut stream, "done").await, "");
    ends(server.task).await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = ConnectionLimits {
        header_timeout: Duration::from_millis(100),
        ..ConnectionLimits::default()
    };
    let server = start(None, limits).await;
    let mut silent = connect(server.address).await;
    let mut slow = connect(server.address).await;
    slow.write_all(b"GET / HTTP/1.1\r\nhost:")
        .await
        .expect("sent");
    for stream in [&mut silent, &mut slow] {
        let answer = read_until(stream, "never").await;
        assert!(!answer.contains("200"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = start(None, ConnectionLimits::default()).await;
    let mut stream = connect(server.address).await;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    // The server may hang up before all of it is sent.
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn no_more_connections_are_served_than_there_are_places() {
    let limits = ConnectionLimits {
        connections_max: 1,
        ..ConnectionLimits::default()
    };
    let server = start(None, limits).await;
    let mut first = connect(server.address).await;
    first.write_all(GET).await.expect("sent");
    read_until(&mut first, "127.0.0.1").await;
    let mut second = connect(server.address).await;
    second.write_all(GET).await.expect("sent");
    let mut part = [0; 1];
    let waits = timeout(Duration::from_millis(200), second.read(&mut part)).await;
    assert!(waits.is_err(), "the place is taken");
    drop(first);
    let answer = read_until(&mut second, "127.0.0.1").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn an_old_connection_ends() {
    let limits = ConnectionLimits {
        connection_age_max: Duration::from_millis(100),
        ..ConnectionLimits::default()
    };
    let server = start(None, limits).await;
    let mut stream = connect(server.address).await;
    stream.write_all(GET).await.expect("sent");
    let answer = read_until(&mut stream, "never").await;
    assert!(
        answer.ends_with("127.0.0.1"),
        "served, then ended: {answer}"
    );
}

/// Certificate and key in files of their own.
struct Files {
    folder: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    roots: RootCertStore,
}

impl Files {
    #[expect(
        clippy::disallowed_methods,
        reason = "the certificates vouch for nothing but this test"
    )]
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bridge-web-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut files = Self {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
            folder,
            roots: RootCertStore::empty(),
        };
        files.renew();
        files
    }

    fn renew(&mut self) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("a certificate");
        std::fs::write(&self.certificate, made.cert.pem()).expect("written");
        std::fs::write(&self.key, made.signing_key.serialize_pem()).expect("written");
        self.roots = RootCertStore::empty();
        self.roots.add(made.cert.der().clone()).expect("a root");
    }

    fn read(&self) -> Result<Tls, TlsError> {
        Tls::read(&self.certificate, &self.key)
    }

    async fn connect(
        &self,
        address: SocketAddr,
        protocols: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_root_certificates(self.roots.clone())
                .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = "localhost".try_into().expect("a name");
        let stream = connect(address).await;
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        timeout(PATIENCE, connecting).await.expect("in time")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn tls_speaks_the_protocol_that_was_agreed_on() {
    let files = Files::new("agreed");
    let tls = files.read().expect("a certificate");
    let server = start(Some(tls), ConnectionLimits::default()).await;

    for protocols in [&[][..], &[&b"http/1.1"[..]]] {
        let mut stream = files.connect(server.address, protocols).await.expect("TLS");
        stream.write_all(GET).await.expect("sent");
        let answer = read_until(&mut stream, "127.0.0.1").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    let stream = files.connect(server.address, &[b"h2", b"http/1.1"]).await;
    let stream = stream.expect("TLS");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let request = http::Request::get("https://localhost/")
        .body(axum::body::Body::empty())
        .expect("a request");
    let answer = timeout(PATIENCE, sender.send_request(request)).await;
    let answer = answer.expect("in time").expect("an answer");
    let body = axum::body::to_bytes(axum::body::Body::new(answer.into_body()), 1024).await;
    assert_eq!(body.expect("a body"), Bytes::from_static(b"127.0.0.1"));
    drop(sender);
    let _ = connection.await;
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
    let mut files = Files::new("renewed");
    let tls = files.read().expect("a certificate");
    let server = start(Some(tls.clone()), ConnectionLimits::default()).await;
    files.connect(server.address, &[]).await.expect("the first");
    files.renew();
    assert!(files.connect(server.address, &[]).await.is_err(), "not yet");
    tls.read_again(&files.certificate, &files.key)
        .expect("the second");
    files
        .connect(server.address, &[])
        .await
        .expect("the second");

    std::fs::write(&files.key, "nonsense").expect("written");
    let error = tls
        .read_again(&files.certificate, &files.key)
        .expect_err("no key");
    assert!(matches!(error, TlsError::Key { .. }), "{error}");
    files
        .connect(server.address, &[])
        .await
        .expect("still the second");
}

#[tokio::test]
async fn unusable_certificates_are_said_with_their_file() {
    let files = Files::new("unusable");
    let other = Files::new("other");
    let missing = files.folder.join("missing.pem");
    let empty = files.folder.join("empty.pem");
    std::fs::write(&empty, "").expect("written");
    for (certificate, key, named) in [
        (&missing, &files.key, "missing.pem"),
        (&empty, &files.key, "empty.pem"),
        (&files.certificate, &missing, "missing.pem"),
        (&files.certificate, &empty, "empty.pem"),
        (&files.certificate, &other.key, "certificate.pem"),
    ] {
        let error = Tls::read(certificate, key).expect_err(named).to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let files = Files::new("silent");
    let limits = ConnectionLimits {
        handshake_timeout: Duration::from_millis(100),
        connections_max: 1,
        ..ConnectionLimits::default()
    };
    let server = start(Some(files.read().expect("a certificate")), limits).await;
    let mut silent = connect(server.address).await;
    assert_eq!(read_until(&mut silent, "never").await, "");
    files
        .connect(server.address, &[])
        .await
        .expect("its place is free again");
}
