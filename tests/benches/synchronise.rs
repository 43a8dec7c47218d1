//! A full synchronisation of a hundred thousand people from slapd, beside the bare paged read by the
//! same client; and a run for changes after a hundred of them changed.
//!
//! `cargo bench -p suites --bench synchronise`

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

mod direct;

use bridge_model::{
    dn::Dn,
    filter::Filter,
    search::{PagedSearch, Search, SearchScope},
};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    thread,
    time::{Duration, Instant},
};
use suites::{
    admin::{Admin, federation_document},
    ldap::Administrator,
    load::cpu_seconds,
    served::Served,
    slapd::{MANY, Particulars, SERVICE_DN, SERVICE_PASSWORD, Slapd},
};

const PEOPLE: usize = 100_000;
const CHANGED: usize = 100;
/// What the plan of the vendor's policy asks for of a person.
const ATTRIBUTES: [&str; 14] = [
    "uid",
    "entryUUID",
    "givenName",
    "sn",
    "displayName",
    "cn",
    "mail",
    "memberOf",
    "pwdAccountLockedTime",
    "pwdAccountTmpLockoutEnd",
    "pwdReset",
    "pwdStartTime",
    "pwdEndTime",
    "modifyTimestamp",
];

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let people = if is_test { 200 } else { PEOPLE };
    let slapd = Slapd::start_as(&Particulars {
        people,
        ..Particulars::default()
    });
    let url = format!("ldaps://{}", slapd.ldaps_address());
    // The first read warms the server, too.
    bare_read(&url);
    let bare = bare_read(&url);

    let served = Served::bare_and_unhurried(env!("CARGO_BIN_EXE_bridge-under-test"));
    let operator = served.operator();
    operator.create_realm("corp");
    let operator = operator.of("corp");
    let mut federation = federation_document(&url);
    federation["users_dn"] = json!(MANY);
    federation["import_enabled"] = json!(true);
    let made = operator.create("/user-federations", &federation);
    let id = made["id"].as_str().expect("an id");
    let path = format!("/user-federations/{id}/sync");
    let idle = served.bridge.resident_kib();

    for what in ["everybody is new", "nobody changed"] {
        let spent = cpu_seconds(served.bridge.process_id());
        let (run, time, peak) = synchronise(&served, &operator, &path, "full");
        let spent = cpu_seconds(served.bridge.process_id()) - spent;
        println!(
            "full run of {} people, {what}: {time:.2?}, bare paged read {bare:.2?}, ratio {:.2}; {} KiB above \
             idle at the most; {:.1} s of processor time",
            run["read"],
            time.as_secs_f64() / bare.as_secs_f64(),
            peak.saturating_sub(idle),
            spent
        );
    }
    change_some(&slapd, CHANGED.min(people));
    let (run, time, _) = synchronise(&served, &operator, &path, "changed");
    println!(
        "run for changes after {CHANGED} changes: {time:.2?}, {} read, {} updated, {} unchanged",
        run["read"], run["updated"], run["unchanged"]
    );
}

/// Runs to the end; the run, how long it took, and the most memory meanwhile.
fn synchronise(
    served: &Served,
    operator: &Admin,
    path: &str,
    kind: &str,
) -> (Value, Duration, u64) {
    let began = Instant::now();
    let page = operator.post(&format!("{path}?kind={kind}"), &json!({}));
    assert_eq!(page.status, 202, "{}", page.body);
    let mut peak = 0;
    loop {
        peak = peak.max(served.bridge.resident_kib());
        let run = operator.get(path).json()["last"].clone();
        if run["stage"] != "running" {
            assert_eq!(run["stage"], "done", "{run}");
            return (run, began.elapsed(), peak);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn change_some(slapd: &Slapd, count: usize) {
    let url = format!("ldap://{}", slapd.ldap_address());
    let administrator = Administrator {
        url: &url,
        dn: "cn=admin,dc=example,dc=test",
        password: "adminpw",
    };
    let mut ldif = String::new();
    for i in 0..count {
        write!(
            ldif,
            "dn: uid=u{:06},{MANY}\nchangetype: modify\nreplace: givenName\ngivenName: Other\n\n",
            i * 7
        )
        .expect("a string");
    }
    administrator.change(&ldif, false);
}

/// Reads everybody in pages of a thousand and keeps nothing; how long it took.
fn bare_read(url: &str) -> Duration {
    direct::runtime().block_on(async {
        let directory = direct::open(url, SERVICE_DN, SERVICE_PASSWORD);
        let search = PagedSearch {
            search: Search {
                base: Dn::parse(MANY).expect("a DN"),
                scope: SearchScope::Subtree,
                filter: Filter::And(vec![
                    Filter::equal("objectClass", "inetOrgPerson"),
                    Filter::Present("uid".to_owned()),
                ]),
                attributes: ATTRIBUTES.map(str::to_owned).to_vec(),
                size_limit: 1_000,
            },
            paged: true,
            controls: Vec::new(),
        };
        let began = Instant::now();
        let mut pages = directory.pages(&search).await.expect("a read");
        let mut count = 0;
        while let Some(page) = pages.next().await.expect("a page") {
            count += page.entries.len();
        }
        assert!(count > 0, "nobody was read");
        began.elapsed()
    })
}
