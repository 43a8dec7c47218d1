//! A peer that answers HTTP requests as a script says, well or badly.

use crate::background::Listening;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// No request of these suites has a longer head.
const HEAD_OCTETS_MAX: usize = 16 << 10;

/// What somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path with its query.
    pub path: String,
    /// The header `Authorization`, where there was one.
    pub authorization: Option<String>,
}

/// What the peer says; then it closes the connection.
#[derive(Clone, Debug)]
pub enum Said {
    /// An answer: its status, lines of its head, its body.
    Answer(u16, Vec<String>, Vec<u8>),
    /// An answer that does not end.
    Endless,
}

/// A running peer without TLS. It ends with this value.
pub struct WebPeer {
    listening: Listening,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl WebPeer {
    /// Starts a peer that answers as the script says, which is told its own address.
    pub fn start(script: impl Fn(&Asked, SocketAddr) -> Said + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let kept = Arc::clone(&asked);
        let listening = Listening::start(move |stream, address| {
            let (script, asked) = (Arc::clone(&script), Arc::clone(&kept));
            talk(stream, move |request| {
                lock(&asked).push(request.clone());
                script(request, address)
            })
        });
        Self { listening, asked }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Everything that was asked so far, in the order in which it came.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }
}

fn lock(asked: &Mutex<Vec<Asked>>) -> MutexGuard<'_, Vec<Asked>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn talk(mut stream: TcpStream, script: impl Fn(&Asked) -> Said) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let (status, mut lines, body) = match script(&request) {
        Said::Answer(status, lines, body) => (status, lines, body),
        Said::Endless => {
            let head = "HTTP/1.1 200 Said\r\nconnection: close\r\n\r\n".as_bytes();
            let block = vec![b' '; 16 << 10];
            let mut sent = stream.write_all(head).await;
            while sent.is_ok() {
                sent = stream.write_all(&block).await;
            }
            return;
        }
    };
    lines.push(format!("content-length: {}", body.len()));
    let lines = lines.join("\r\n");
    let head = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\n{lines}\r\n\r\n");
    if stream.write_all(head.as_bytes()).await.is_ok() {
        // Whoever has gone does not want it.
        let _ = stream.write_all(&body).await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD_OCTETS_MAX {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let authorization = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_it = name.eq_ignore_ascii_case("authorization");
        is_it.then(|| value.to_owned())
    });
    Some(Asked {
        path,
        authorization,
    })
}
