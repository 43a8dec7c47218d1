//! A peer that speaks as much LDAP as a script lets it, well or badly.

use crate::background::Listening;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

/// Something that a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The message id; 0 for what is no LDAP message.
    pub id: u8,
    /// The tag of the operation, such as [`BIND`]; 0 for what is no LDAP message.
    pub operation: u8,
    /// All of it.
    pub octets: Vec<u8>,
}

/// What the peer does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It sends these octets.
    Send(Vec<u8>),
    /// It sends these octets and closes the connection.
    SendAndClose(Vec<u8>),
    /// It sends these octets again and again, with a pause between.
    Drip(Vec<u8>, Duration),
    /// It says nothing.
    Ignore,
}

/// The tag of a bind request.
pub const BIND: u8 = 0x60;
/// The tag of a search request.
pub const SEARCH: u8 = 0x63;
/// The tag of an extended request, such as StartTLS.
pub const EXTENDED: u8 = 0x77;

/// A running peer without TLS. It ends with this value.
pub struct Peer {
    listening: Listening,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Peer {
    /// Starts a peer that answers each request as the script says.
    pub fn start(script: impl Fn(&Request) -> Reaction + Send + Sync + 'static) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let kept = Arc::clone(&requests);
        let listening = Listening::start(move |stream, _| {
            let (script, requests) = (Arc::clone(&script), Arc::clone(&kept));
            async move { talk(stream, &*script, &requests).await }
        });
        Self {
            listening,
            requests,
        }
    }

    /// Where it listens, as `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.listening.address().to_string()
    }

    /// Everything that was sent so far, in the order in which it came.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }
}

fn lock(requests: &Mutex<Vec<Request>>) -> MutexGuard<'_, Vec<Request>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn talk(
    mut stream: TcpStream,
    script: &(impl Fn(&Request) -> Reaction + ?Sized),
    requests: &Mutex<Vec<Request>>,
) {
    let _ = stream.set_nodelay(true);
    while let Some(request) = read(&mut stream).await {
        lock(requests).push(request.clone());
        let (octets, goes_on) = match script(&request) {
            Reaction::Send(octets) => (octets, true),
            Reaction::SendAndClose(octets) => (octets, false),
            Reaction::Drip(octets, pause) => {
                while stream.write_all(&octets).await.is_ok() {
                    sleep(pause).await;
                }
                return;
            }
            Reaction::Ignore => continue,
        };
        if stream.write_all(&octets).await.is_err() || !goes_on {
            return;
        }
    }
}

/// The next message of a client; ours have lengths of at most two octets.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut octets = vec![0; 2];
    stream.read_exact(&mut octets).await.ok()?;
    if octets[0] != 0x30 {
        return Some(Request {
            id: 0,
            operation: 0,
            octets,
        });
    }
    let more = match octets[1] {
        short @ ..0x80 => usize::from(short),
        long => {
            let mut length = vec![0; usize::from(long & 0x7f)];
            stream.read_exact(&mut length).await.ok()?;
            octets.extend(&length);
            length
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet))
        }
    };
    let start = octets.len();
    octets.resize(start + more, 0);
    stream.read_exact(&mut octets[start..]).await.ok()?;
    // A message id below 128 is `02 01 id`.
    Some(Request {
        id: octets[start + 2],
        operation: octets[start + 3],
        octets,
    })
}

/// A BER element; its content at most 65,535 octets.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .expect("a short element")
        .to_be_bytes();
    let mut octets = match length {
        [0, short @ ..0x80] => vec![tag, short],
        [high, low] => vec![tag, 0x82, high, low],
    };
    octets.extend(content);
    octets
}

/// A message of RFC 4511 section 4.1.1 with one operation.
pub fn message(id: u8, operation: u8, content: &[u8]) -> Vec<u8> {
    let parts = [element(0x02, &[id]), element(operation, content)];
    element(0x30, &parts.concat())
}

/// The fields of a result (RFC 4511 section 4.1.9).
pub fn result(code: u8, diagnostic: &str) -> Vec<u8> {
    [
        element(0x0a, &[code]),
        element(0x04, b""),
        element(0x04, diagnostic.as_bytes()),
    ]
    .concat()
}

/// The answer to a bind.
pub fn bind_response(id: u8, code: u8) -> Vec<u8> {
    message(id, 0x61, &result(code, ""))
}

/// The end of a search.
pub fn search_done(id: u8, code: u8) -> Vec<u8> {
    message(id, 0x65, &result(code, ""))
}

/// One entry of a search, with values of one attribute.
pub fn search_entry(id: u8, dn: &str, attribute: &str, values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values
        .iter()
        .flat_map(|value| element(0x04, value))
        .collect();
    let attribute = [element(0x04, attribute.as_bytes()), element(0x31, &values)].concat();
    let attributes = element(0x30, &element(0x30, &attribute));
    message(
        id,
        0x64,
        &[element(0x04, dn.as_bytes()), attributes].concat(),
    )
}

/// The answer to an extended request.
pub fn extended_response(id: u8, code: u8) -> Vec<u8> {
    message(id, 0x78, &result(code, ""))
}
