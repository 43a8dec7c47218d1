//! A TCP proxy between a client and a server that breaks things, and counts what passes.

use crate::background;
use socket2::SockRef;
use std::{
    future,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    select,
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// What becomes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Pass,
    /// Nobody listens.
    Refuse,
    /// New connections are accepted and nothing more; those that are there go on.
    Hang,
    /// Nothing passes any more, on any connection.
    Freeze,
    /// All connections are reset, new ones at once.
    Reset,
    /// Each connection is reset after so many more octets from the server.
    Cut(u64),
    /// Whatever passes passes so much later.
    Delay(Duration),
    /// Nobody answers who asks for a new connection, as where a firewall drops packets; those that are there
    /// go on.
    BlackHole,
}

/// A running proxy. It ends with this value.
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    /// How many changes of the mode are in force.
    changes: watch::Receiver<u64>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    octets_sent: AtomicU64,
}

impl Proxy {
    /// Starts a proxy in front of `upstream`, an address such as `127.0.0.1:636`.
    pub fn start(upstream: &str) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST, upstream)
    }

    /// The same on another address of this machine, such as one that no certificate is for.
    pub fn start_on(address: Ipv4Addr, upstream: &str) -> Self {
        let listener = StdListener::bind((address, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("the port");
        let (mode, modes) = watch::channel(Mode::Pass);
        let (done, changes) = watch::channel(0);
        let counts = Arc::new(Counts::default());
        let upstream = upstream.parse().expect("an address");
        let task = background::spawn({
            let counts = Arc::clone(&counts);
            async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                let front = Front {
                    address,
                    upstream,
                    counts,
                };
                front.serve(listener, modes, done).await;
            }
        });
        Self {
            address,
            mode,
            changes,
            counts,
            task,
        }
    }

    /// Where it listens, as `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Changes what becomes of connections. When it returns the new mode is in force.
    pub fn set_mode(&self, mode: Mode) {
        let before = *self.changes.borrow();
        self.mode.send_replace(mode);
        let begin = Instant::now();
        while *self.changes.borrow() == before {
            assert!(
                begin.elapsed() < CHANGE_MAX,
                "the proxy does not change its mode"
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many connections it accepted so far.
    pub fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// How many octets clients sent so far.
    pub fn octets_sent(&self) -> u64 {
        self.counts.octets_sent.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        // Connections end, too.
        self.mode.send_replace(Mode::Reset);
    }
}

/// Where it listens and where that leads.
struct Front {
    address: SocketAddr,
    upstream: SocketAddr,
    counts: Arc<Counts>,
}

impl Front {
    async fn serve(
        self,
        listener: TcpListener,
        mut modes: watch::Receiver<Mode>,
        done: watch::Sender<u64>,
    ) {
        let mut listener = Some(listener);
        loop {
            let mode = *modes.borrow_and_update();
            if mode == Mode::Refuse {
                listener = None;
            } else if listener.is_none() {
                listener = Some(listen_again(self.address));
            }
            let mut unheard = match listener.as_ref().filter(|_| mode == Mode::BlackHole) {
                Some(listener) => fill(listener, self.address).await,
                None => Vec::new(),
            };
            done.send_modify(|changes| *changes += 1);
            // Until the mode changes again.
            loop {
                select! {
                    biased;
                    changed = modes.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    client = accept(listener.as_ref().filter(|_| unheard.is_empty())) => {
                        self.take(client, mode, &modes);
                    }
                }
            }
            for filler in unheard.drain(..) {
                // It stands first in the queue.
                let _ = accept(listener.as_ref()).await;
                drop(filler);
            }
            if let Some(listener) = &listener {
                listen(listener, BACKLOG);
            }
        }
    }

    fn take(&self, client: TcpStream, mode: Mode, modes: &watch::Receiver<Mode>) {
        self.counts.accepted.fetch_add(1, Ordering::SeqCst);
        let mut modes = modes.clone();
        match mode {
            Mode::Reset => reset(&client),
            Mode::Hang | Mode::Freeze => {
                background::spawn(async move {
                    let _ = modes.changed().await;
                    drop(client);
                });
            }
            Mode::Pass | Mode::Refuse | Mode::Cut(_) | Mode::Delay(_) | Mode::BlackHole => {
                let counts = Arc::clone(&self.counts);
                background::spawn(carry(client, self.upstream, modes, counts));
            }
        }
    }
}

/// The next client; nobody ever where nobody listens.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    if let Some(listener) = listener
        && let Ok((client, _)) = listener.accept().await
    {
        return client;
    }
    future::pending().await
}

/// Listens on the address that was given up.
fn listen_again(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a socket");
    socket.bind(address).expect("the port that was ours");
    socket
        .listen(u32::try_from(BACKLOG).expect("small"))
        .expect("a listener")
}

/// Changes how many clients may wait to be accepted.
fn listen(listener: &TcpListener, backlog: i32) {
    let socket = SockRef::from(listener);
    socket.listen(backlog).expect("a listener");
}

/// Fills the queue of clients, so that the kernel drops what further ones send.
async fn fill(listener: &TcpListener, address: SocketAddr) -> Vec<TcpStream> {
    listen(listener, 0);
    let mut fillers = Vec::new();
    while let Ok(filler) = timeout(FILL_MAX, TcpStream::connect(address)).await {
        fillers.push(filler.expect("a listener of one's own"));
    }
    fillers
}

async fn carry(
    client: TcpStream,
    upstream: SocketAddr,
    modes: watch::Receiver<Mode>,
    counts: Arc<Counts>,
) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        reset(&client);
        return;
    };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let uncounted = Arc::new(Counts::default());
    let up = pump(from_client, to_server, modes.clone(), (Way::Up, &counts));
    let down = pump(from_server, to_client, modes, (Way::Down, &uncounted));
    tokio::pin!(up, down);
    select! {
        end = &mut down => if end != End::Cut {
            up.await;
        },
        _ = &mut up => {
            down.await;
        }
    }
}

/// Where octets go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// How a direction of a connection ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    /// The other direction ends with it.
    Cut,
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut modes: watch::Receiver<Mode>,
    (way, counts): (Way, &Counts),
) -> End {
    let mut octets = vec![0; 16 * 1024];
    let mut left = None;
    loop {
        let mode = *modes.borrow_and_update();
        match mode {
            Mode::Reset | Mode::Refuse => {
                reset(from.as_ref());
                reset(to.as_ref());
                return End::Closed;
            }
            Mode::Freeze => {
                if modes.changed().await.is_err() {
                    return End::Closed;
                }
                continue;
            }
            Mode::Cut(octets) if way == Way::Down => left = left.or(Some(octets)),
            _ => left = None,
        }
        let read = select! {
            biased;
            changed = modes.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return End::Closed,
            },
            read = from.read(&mut octets) => read,
        };
        let Ok(count @ 1..) = read else {
            let _ = to.shutdown().await;
            return End::Closed;
        };
        counts
            .octets_sent
            .fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::SeqCst);
        if let Mode::Delay(time) = mode {
            sleep(time).await;
        }
        let passing = count.min(left.map_or(count, |left| usize::try_from(left).expect("small")));
        if to.write_all(&octets[..passing]).await.is_err() {
            return End::Closed;
        }
        left = left.map(|left| left - u64::try_from(passing).expect("small"));
        if left == Some(0) {
            reset(from.as_ref());
            reset(to.as_ref());
            return End::Cut;
        }
    }
}

/// The connection ends with a reset when it is dropped.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// It takes a moment only.
const CHANGE_MAX: Duration = Duration::from_secs(20);
/// How many clients wait to be accepted.
const BACKLOG: i32 = 128;
/// On one machine a connection takes no time, unless the queue is full.
const FILL_MAX: Duration = Duration::from_millis(150);
