//! Servers that end, hang and come back.

use super::{
    Scenario,
    stage::{Realm, Stage},
};
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};
use suites::proxy::{Mode, Proxy};
use url::Url;

/// How long a sign-in may take where a server does not answer: connecting and one operation, each
/// twice, and what a busy machine adds.
const ANSWER_MAX: Duration = Duration::from_secs(15);

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all(
        "each kind of outage ends in time and is nobody's wrong password",
        |stage| {
            let proxy = Proxy::start(&address(stage));
            let realm = through(stage, &[&proxy]);
            realm.comes_in("ada", "Pw-ada");
            for mode in [Mode::Refuse, Mode::Hang, Mode::Freeze, Mode::Reset] {
                proxy.set_mode(mode);
                let begin = Instant::now();
                for _ in 0..3 {
                    let page = realm.try_password("ada", "Pw-ada");
                    // What was open when it began to hang goes on.
                    let expected: &[u16] = if mode == Mode::Hang {
                        &[303, 503]
                    } else {
                        &[503]
                    };
                    assert!(expected.contains(&page.status), "{mode:?}: {}", page.status);
                }
                assert!(
                    begin.elapsed() < 3 * ANSWER_MAX,
                    "{mode:?}: {:?}",
                    begin.elapsed()
                );
                proxy.set_mode(Mode::Pass);
                comes_back(&realm);
            }
        },
    ),
    Scenario::of_all("the second server takes over", |stage| {
        let (first, second) = (Proxy::start(&address(stage)), Proxy::start(&address(stage)));
        let realm = through(stage, &[&first, &second]);
        realm.comes_in("ada", "Pw-ada");
        for mode in [Mode::Refuse, Mode::Reset] {
            first.set_mode(mode);
            realm.comes_in("ada", "Pw-ada");
            first.set_mode(Mode::Pass);
        }
        first.set_mode(Mode::Freeze);
        comes_back(&realm);
        assert!(second.accepted() > 0);
    }),
    Scenario::of_all(
        "connections that the server has closed are found and replaced",
        |stage| {
            let proxy = Proxy::start(&address(stage));
            let realm = through(stage, &[&proxy]);
            realm.comes_in("ada", "Pw-ada");
            for _ in 0..3 {
                // All of them end while nobody uses them.
                proxy.set_mode(Mode::Reset);
                proxy.set_mode(Mode::Pass);
                realm.comes_in("ada", "Pw-ada");
            }
        },
    ),
    Scenario::of_all(
        "a thousand sign-ins while the first of two servers ends and comes back five times",
        thousand,
    )
    .not_samba("it hashes too slowly for so many in a test")
    .not_rhds("shown with slapd: the bridge's part is the same"),
];

/// Four browsers sign in while the first of two ways to the server is cut and mended.
fn thousand(stage: &Stage) {
    let (first, second) = (Proxy::start(&address(stage)), Proxy::start(&address(stage)));
    let realm = through(stage, &[&first, &second]);
    realm.comes_in("ada", "Pw-ada");
    let (done, unavailable) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..5 {
                let wanted = (round + 1) * 1_000 / 6;
                while done.load(Ordering::SeqCst) < wanted && !is_over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(2));
                }
                first.set_mode(Mode::Reset);
                first.set_mode(Mode::Refuse);
                thread::sleep(Duration::from_millis(100));
                first.set_mode(Mode::Pass);
            }
        });
        let people = ["ada", "emmy", "o'brien", "bob"];
        let browsers: Vec<_> = people
            .into_iter()
            .map(|username| {
                let (realm, done, unavailable) = (&realm, &done, &unavailable);
                scope.spawn(move || {
                    while done.fetch_add(1, Ordering::SeqCst) < 1_000 {
                        let page = realm.try_password(username, &format!("Pw-{username}"));
                        match page.status {
                            303 => {}
                            503 => {
                                unavailable.fetch_add(1, Ordering::SeqCst);
                            }
                            other => panic!("{username}: {other}: {}", realm.reason()),
                        }
                    }
                })
            })
            .collect();
        for browser in browsers {
            browser
                .join()
                .expect("every sign-in ends well or is told as an outage");
        }
        is_over.store(true, Ordering::SeqCst);
    });
    // In flight on the dead server: at most one a browser and a cut. A bind that was sent is not sent
    // again, since the directory may have counted it.
    let unavailable = unavailable.load(Ordering::SeqCst);
    assert!(
        unavailable <= 4 * 5,
        "{unavailable} sign-ins were told of an outage"
    );
}

/// Somebody comes in again within a while.
#[track_caller]
fn comes_back(realm: &Realm<'_>) {
    let begin = Instant::now();
    while realm.try_password("ada", "Pw-ada").status != 303 {
        assert!(
            begin.elapsed() < Duration::from_mins(1),
            "{}",
            realm.reason()
        );
        thread::sleep(Duration::from_millis(100));
    }
}

/// The server's address for LDAPS.
pub(super) fn address(stage: &Stage) -> String {
    let federation = stage.federation();
    let url = federation["connection_url"].as_str().expect("a URL");
    let url = Url::parse(url).expect("a URL");
    let host = url.host_str().expect("a host");
    format!("{host}:{}", url.port().unwrap_or(636))
}

/// A realm whose servers are proxies.
fn through<'a>(stage: &'a Stage, proxies: &[&Proxy]) -> Realm<'a> {
    let urls: Vec<_> = proxies
        .iter()
        .map(|proxy| format!("ldaps://{}", proxy.address()))
        .collect();
    stage.realm_with(|federation| {
        federation["connection_url"] = json!(urls.join(" "));
        federation["advanced"]["connection_timeout"] = json!("2s");
        federation["advanced"]["read_timeout"] = json!("2s");
    })
}
