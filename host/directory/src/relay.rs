//! Carries octets between a server and ldap3, through the fence.

use crate::fence::{End, Fence};
use bytes::BytesMut;
use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::UnixStream,
    select,
    sync::Notify,
};
use zeroize::Zeroizing;

/// What is known of a connection outside of its relay.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    progress: AtomicU8,
    end: OnceLock<End>,
    /// Whether what answers the request under way is taken bit by bit.
    is_long: AtomicBool,
    /// How many messages were taken that the fence does not know of yet.
    taken: AtomicUsize,
    room: Notify,
}

/// How far the request under way has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Progress {
    /// Not one octet of it was handed to the network: the peer cannot have acted on it.
    Unsent,
    /// The peer may have it.
    Sent,
}

impl Wire {
    /// A request is about to be made.
    pub(crate) fn begin(&self) {
        self.begin_as(false);
    }

    /// A request is about to be made whose result is of any length: each message of it has to be taken
    /// ([`Wire::took`]), and only so much is read ahead.
    pub(crate) fn begin_long(&self) {
        self.begin_as(true);
    }

    fn begin_as(&self, is_long: bool) {
        self.progress.store(0, Ordering::SeqCst);
        self.taken.store(0, Ordering::SeqCst);
        self.is_long.store(is_long, Ordering::SeqCst);
    }

    /// A message of a long result was taken.
    pub(crate) fn took(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.room.notify_one();
    }

    /// How far the request under way has come.
    pub(crate) fn progress(&self) -> Progress {
        match self.progress.load(Ordering::SeqCst) {
            0 => Progress::Unsent,
            _ => Progress::Sent,
        }
    }

    /// Why the connection is over; none while it is not.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.get()
    }
}

/// Carries octets until one side closes or the peer sends what the fence refuses. Then `wire` knows
/// why, before ldap3 learns of it.
pub(crate) async fn relay(
    mut peer: impl AsyncRead + AsyncWrite + Unpin,
    mut local: UnixStream,
    fence: Fence,
    wire: &Wire,
) {
    let end = carry(&mut peer, &mut local, fence, wire).await;
    // It is set here only, once for each relay.
    let _ = wire.end.set(end);
}

async fn carry(
    peer: &mut (impl AsyncRead + AsyncWrite + Unpin),
    local: &mut UnixStream,
    mut fence: Fence,
    wire: &Wire,
) -> End {
    let mut received = BytesMut::new();
    loop {
        fence.taken(wire.taken.swap(0, Ordering::SeqCst));
        let is_full = fence.is_full();
        received.reserve(if received.is_empty() {
            CHUNK_OCTETS
        } else {
            LARGE_CHUNK_OCTETS
        });
        select! {
            // The peer first: if it has closed the connection, a request is not sent in vain.
            biased;
            read = peer.read_buf(&mut received), if !is_full => {
                match read {
                    Ok(0) => return End::Closed("the peer closed the connection".to_owned()),
                    Ok(_) => {}
                    Err(error) => return broken(&error),
                }
                if let Err(end) = deliver(&mut received, local, &mut fence).await {
                    return end;
                }
            }
            ready = local.readable() => {
                let sent = match ready {
                    Ok(()) => submit(local, peer, &mut fence, wire).await,
                    Err(_) => Err(End::Local),
                };
                if let Err(end) = sent {
                    return end;
                }
            }
            () = wire.room.notified(), if is_full => {}
        }
    }
}

/// Hands a request, or more of one, to the peer.
async fn submit(
    local: &UnixStream,
    peer: &mut (impl AsyncWrite + Unpin),
    fence: &mut Fence,
    wire: &Wire,
) -> Result<(), End> {
    // A connection that waits in a pool has no room for requests; one may hold a password.
    let mut request = Zeroizing::new(Vec::with_capacity(REQUEST_OCTETS));
    match local.try_read_buf(&mut *request) {
        Ok(1..) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        Ok(0) | Err(_) => return Err(End::Local),
    }
    fence.request(&request, wire.is_long.load(Ordering::SeqCst))?;
    wire.progress.store(1, Ordering::SeqCst);
    send(peer, &request).await.map_err(|error| broken(&error))
}

/// Hands the whole messages in `received` to ldap3 and leaves the rest.
async fn deliver(
    received: &mut BytesMut,
    local: &mut UnixStream,
    fence: &mut Fence,
) -> Result<(), End> {
    let mut whole = 0;
    while let Some(rest) = received.get(whole..)
        && let Some(octets) = fence.message_octets(rest)?
        && let Some(message) = rest.get(..octets)
    {
        fence.admit(message)?;
        whole += octets;
    }
    let messages = received.split_to(whole);
    if local.write_all(&messages).await.is_err() {
        return Err(End::Local);
    }
    if received.is_empty() {
        // The room of a large message is not kept by a connection that waits in a pool.
        *received = BytesMut::new();
    }
    Ok(())
}

async fn send(peer: &mut (impl AsyncWrite + Unpin), octets: &[u8]) -> io::Result<()> {
    peer.write_all(octets).await?;
    peer.flush().await
}

fn broken(error: &io::Error) -> End {
    End::Closed(format!("the connection broke: {error}"))
}

/// Most requests fit.
const REQUEST_OCTETS: usize = 4096;
/// Many answers fit; there is this much room as long as the connection lives.
const CHUNK_OCTETS: usize = 1024;
/// What is read at once of a message that is not complete: two records of TLS.
const LARGE_CHUNK_OCTETS: usize = 32 * 1024;
