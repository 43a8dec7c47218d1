//! Whole sign-ins a second (code flow, four requests, ES256, over pooled LDAPS) against each directory,
//! beside what the same client gets of the same server by bare searches and binds.
//!
//! `cargo bench -p suites --bench rates`

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

mod direct;

use bridge_model::{
    dn::Dn,
    federation::BindName,
    filter::Filter,
    search::{Search, SearchScope},
    secret::Password,
};
use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use suites::{
    authority::Authority,
    load::{Caller, cpu_seconds},
    rhds::{self, Rhds},
    samba::Samba,
    served::{self, Served},
    slapd::{self, Particulars, Slapd},
};

const CLIENT: &str = "chat";
const REDIRECT: &str = "http://127.0.0.1:49152/callback";
/// So many connections, to the bridge and to the directory.
const AT_ONCE: usize = 16;

/// A server under measure.
struct Target {
    name: &'static str,
    vendor: served::Directory,
    /// Of the attribute that is searched for.
    username: &'static str,
    people: Vec<String>,
    process_id: u32,
}

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let lasts = Duration::from_millis(if is_test { 50 } else { 8_000 });
    let slapd = Slapd::start_as(&Particulars {
        people: 10_000,
        ..Particulars::default()
    });
    measure(&of_slapd(&slapd), lasts);
    drop(slapd);
    let rhds = Rhds::start();
    measure(&of_rhds(&rhds), lasts);
    drop(rhds);
    let samba = Samba::start();
    measure(&of_samba(&samba), lasts);
}

fn of_slapd(slapd: &Slapd) -> Target {
    let url = format!("ldaps://{}", slapd.ldaps_address());
    let mut vendor = served::Directory::at(url).trusting(&Authority::shared().ca);
    vendor.users_dn = slapd::MANY;
    Target {
        name: "slapd",
        vendor,
        username: "uid",
        people: (0..10_000).map(|i| format!("u{i:06}")).collect(),
        process_id: slapd.process_id(),
    }
}

fn of_rhds(rhds: &Rhds) -> Target {
    let mut vendor = served::Directory::at(rhds.ldaps_url()).trusting(&Authority::shared().ca);
    vendor.vendor = "rhds";
    vendor.users_dn = rhds::PEOPLE;
    let people = [
        "ada", "emmy", "joan", "mary", "dorothy", "evelyn", "ruth", "vera",
    ];
    Target {
        name: "389 (SSHA512)",
        vendor,
        username: "uid",
        people: people.map(str::to_owned).to_vec(),
        process_id: rhds.process_id(),
    }
}

fn of_samba(samba: &Samba) -> Target {
    Target {
        name: "samba",
        vendor: served::Directory::of_samba(samba.ldaps_url()).trusting(&Authority::shared().ca),
        username: "sAMAccountName",
        people: ["ada", "emmy", "jorg", "sophie", "bob"]
            .map(str::to_owned)
            .to_vec(),
        process_id: samba.process_id(),
    }
}

fn measure(target: &Target, lasts: Duration) {
    let bare = bare_rate(target, lasts);
    let served = Served::start(env!("CARGO_BIN_EXE_bridge-under-test"), &target.vendor);
    let host = served.bridge.url("").replace("http://", "");
    run(&host, target, lasts / 4);
    let parts = [
        ("bridge", served.bridge.process_id()),
        (target.name, target.process_id),
        ("this client", process::id()),
    ];
    let before = parts.map(|(_, id)| cpu_seconds(id));
    let began = Instant::now();
    let count = run(&host, target, lasts);
    let seconds = began.elapsed().as_secs_f64();
    let rate = number(count) / seconds;
    println!(
        "{}: {rate:.0} sign-ins a second, {bare:.0} bare searches and binds, ratio {:.2} ({AT_ONCE} at once)",
        target.name,
        rate / bare
    );
    for ((part, id), before) in parts.into_iter().zip(before) {
        let spent = cpu_seconds(id) - before;
        println!(
            "  {part}: {:.0} % of one processor, {:.0} µs a sign-in",
            100.0 * spent / seconds,
            1e6 * spent / number(count)
        );
    }
}

/// Signs people in for a while; how many.
fn run(host: &str, target: &Target, lasts: Duration) -> usize {
    let began = Instant::now();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..AT_ONCE)
            .map(|caller| {
                // Each has people of its own as far as there are so many: the throttle lets few
                // attempts for one person be on their way at once.
                let first = caller % target.people.len();
                let mut people = target.people[first..].iter().step_by(AT_ONCE).cycle();
                scope.spawn(move || {
                    let mut caller = Caller::connect(host, "staff", CLIENT, REDIRECT);
                    let mut count = 0;
                    while began.elapsed() < lasts {
                        let username = people.next().expect("there is somebody");
                        caller.sign_in(username, &format!("Pw-{username}"));
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("counted"))
            .sum()
    })
}

/// Searches and binds a second, by the bridge's own client without the bridge.
fn bare_rate(target: &Target, lasts: Duration) -> f64 {
    direct::runtime().block_on(async {
        let served::Directory {
            url,
            bind_dn,
            credential,
            ..
        } = &target.vendor;
        let directory = direct::open(url, bind_dn, credential);
        let base = Dn::parse(target.vendor.users_dn).expect("a DN");
        let next = Arc::new(AtomicUsize::new(0));
        let began = Instant::now();
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (directory, base, next) = (directory.clone(), base.clone(), next.clone());
                let (people, attribute) = (target.people.clone(), target.username);
                tokio::spawn(async move {
                    let mut count = 0;
                    while began.elapsed() < lasts {
                        let at = next.fetch_add(1, Ordering::Relaxed) % people.len();
                        let username = &people[at];
                        let search = Search {
                            base: base.clone(),
                            scope: SearchScope::Subtree,
                            filter: Filter::equal(attribute, username.as_str()),
                            attributes: vec!["cn".to_owned()],
                            size_limit: 2,
                        };
                        let found = directory.search(&search).await.expect("an answer");
                        let dn = BindName::new(found.entries[0].dn.clone()).expect("a DN");
                        let password = Password::new(format!("Pw-{username}"));
                        let password = password.expect("a password");
                        let reply = directory.bind(&dn, &password, &[]).await;
                        assert!(reply.expect("an answer").is_success(), "{username}");
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let mut count = 0;
        for task in tasks {
            count += task.await.expect("counted");
        }
        number(count) / began.elapsed().as_secs_f64()
    })
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
