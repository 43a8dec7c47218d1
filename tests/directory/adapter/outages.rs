//! Every way for a server to be away, for everything that is asked of one.

use super::*;
use bridge_model::{
    ports::DirectoryFault,
    search::PagedSearch,
    write::{Modification, ModifyWay},
};
use std::time::Instant;
use suites::{
    proxy::{Mode, Proxy},
    slapd::Slapd,
};
use tokio::task::JoinSet;

/// Each of the two timeouts of a call.
const LIMIT: Duration = Duration::from_millis(700);
/// What a busy machine adds.
const SLACK: Duration = Duration::from_secs(4);

/// What is asked of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Search,
    Bind,
    Write,
    Page,
}

const OPERATIONS: [Operation; 4] = [
    Operation::Search,
    Operation::Bind,
    Operation::Write,
    Operation::Page,
];

const MODES: [Mode; 8] = [
    Mode::Refuse,
    Mode::Reset,
    Mode::Hang,
    Mode::Freeze,
    Mode::BlackHole,
    // In the middle of the server's part of the handshake; for what is open, of an answer.
    Mode::Cut(600),
    Mode::Cut(10),
    Mode::Delay(Duration::from_secs(2)),
];

impl Operation {
    /// Asks, and gives the result code.
    async fn ask(self, directory: &dyn Directory) -> Result<u32, DirectoryError> {
        match self {
            Self::Search => {
                let found = directory.search(&by_uid("ada")).await?;
                assert!(found.result_code != 0 || found.entries.len() == 1);
                Ok(found.result_code)
            }
            Self::Bind => {
                let reply = bind(directory, person("ada"), "Pw-ada").await?;
                Ok(reply.result_code)
            }
            Self::Write => {
                let modifications = vec![Modification {
                    way: ModifyWay::Replace,
                    attribute: attribute("description", &["seen"]),
                }];
                let dn = dn(person("ada").as_str());
                let reply = directory
                    .write(&Write::Modify { dn, modifications })
                    .await?;
                Ok(reply.result_code)
            }
            Self::Page => {
                let search = PagedSearch {
                    search: by_uid("ada"),
                    paged: true,
                    controls: Vec::new(),
                };
                let mut pages = directory.pages(&search).await?;
                let page = pages.next().await?.expect("a page");
                assert!(page.reply.result_code != 0 || page.entries.len() == 1);
                Ok(page.reply.result_code)
            }
        }
    }

    /// Asks, sees that it ends in time, and that an outage is no answer of the directory.
    async fn try_once(self, directory: &dyn Directory, when: &str) -> bool {
        let begin = Instant::now();
        let outcome = self.ask(directory).await;
        // A page is asked for after its connection was opened.
        let longest = LIMIT * 2
            + if self == Self::Page {
                LIMIT
            } else {
                Duration::ZERO
            };
        assert!(
            begin.elapsed() < longest + SLACK,
            "{when}: it took {:?}",
            begin.elapsed()
        );
        match outcome {
            Ok(code) => {
                assert_eq!(code, 0, "{when}");
                true
            }
            Err(error) => {
                let outages = [
                    DirectoryFault::Connect,
                    DirectoryFault::Timeout,
                    DirectoryFault::Protocol,
                    DirectoryFault::Tls,
                ];
                assert!(outages.contains(&error.fault), "{when}: {error}");
                false
            }
        }
    }
}

fn through(proxies: &[&Proxy]) -> Federation {
    let urls: Vec<_> = proxies
        .iter()
        .map(|proxy| format!("ldaps://{}", proxy.address()))
        .collect();
    let mut federation = with_timeouts(federation(&urls), LIMIT);
    federation.connection.bind = ServiceBind::Simple(name(WRITER_DN));
    federation
}

/// Whether what is open goes on in this mode, for a short answer at least, so that a call may succeed.
fn spares_what_is_open(mode: Mode) -> bool {
    matches!(mode, Mode::Hang | Mode::BlackHole | Mode::Cut(600))
}

/// Breaks the only server, before or after it was used, and lets it come back.
async fn alone(address: String, mode: Mode, is_used: bool) {
    let proxy = Proxy::start(&address);
    for operation in OPERATIONS {
        let when = format!("{operation:?} {mode:?} used: {is_used}");
        let directory = open_as(&through(&[&proxy]), WRITER_PASSWORD);
        if is_used {
            assert!(operation.try_once(&*directory, &when).await, "{when}");
        }
        proxy.set_mode(mode);
        let is_done = operation.try_once(&*directory, &when).await;
        let may_work = is_used && spares_what_is_open(mode);
        assert!(!is_done || may_work, "{when}: it works");
        operation.try_once(&*directory, &when).await;
        proxy.set_mode(Mode::Pass);
        // Whatever was broken is found out by one call at most.
        let is_back = operation.try_once(&*directory, &when).await
            || operation.try_once(&*directory, &when).await;
        assert!(is_back, "{when}: it does not come back");
    }
}

/// Breaks the first of two servers, before or after it was used.
async fn with_another(address: String, mode: Mode, is_used: bool) {
    let proxy = Proxy::start(&address);
    let second = Proxy::start(&address);
    for operation in OPERATIONS {
        let when = format!("{operation:?} {mode:?} used: {is_used}, with another");
        let directory = open_as(&through(&[&proxy, &second]), WRITER_PASSWORD);
        if is_used {
            let before = second.accepted();
            assert!(operation.try_once(&*directory, &when).await, "{when}");
            assert_eq!(second.accepted(), before, "{when}");
        }
        proxy.set_mode(mode);
        let mut is_done = operation.try_once(&*directory, &when).await;
        // A connection that cannot be opened is opened elsewhere, and what was not sent is sent
        // elsewhere. What was sent to somebody who does not answer is only known to be lost when time
        // is over.
        let is_lost = is_used && matches!(mode, Mode::Freeze | Mode::Delay(_) | Mode::Cut(_));
        let is_lost = is_lost || (is_used && mode == Mode::Reset);
        assert!(is_done || is_lost, "{when}: the second does not take over");
        for _ in 0..2 {
            is_done = operation.try_once(&*directory, &when).await || is_done;
        }
        assert!(is_done, "{when}: the second never takes over");
        assert!(
            operation.try_once(&*directory, &when).await,
            "{when}: not kept"
        );
        proxy.set_mode(Mode::Pass);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outage_ends_in_time_and_passes() {
    let slapd = Slapd::start();
    let mut tasks = JoinSet::new();
    for mode in MODES {
        for is_used in [false, true] {
            tasks.spawn(alone(slapd.ldaps_address(), mode, is_used));
        }
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("it ends well");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_server_takes_over_from_every_outage() {
    let slapd = Slapd::start();
    for is_used in [false, true] {
        let mut tasks = JoinSet::new();
        for mode in MODES {
            tasks.spawn(with_another(slapd.ldaps_address(), mode, is_used));
        }
        while let Some(task) = tasks.join_next().await {
            task.expect("it ends well");
        }
    }
}
