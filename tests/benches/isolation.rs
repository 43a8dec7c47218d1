//! What one realm can do to another: realm B signs in at a steady rate, alone and while realm A offers more
//! with a policy that never ends.
//!
//! `cargo bench -p suites --bench isolation`

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use serde_json::json;
use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};
use suites::{
    admin::{Admin, federation_document, send},
    authority::Authority,
    load::Caller,
    policy::guest,
    served::{Directory, Served},
    slapd::{self, Particulars, Slapd},
};

const REDIRECT: &str = "http://127.0.0.1:49152/callback";
/// Sign-ins a second that each realm offers, whether or not the ones before are answered.
const QUIET_RATE: u32 = 50;
const LOUD_RATE: u32 = 200;
/// Connections of each realm: as many as may have to wait at once.
const CALLERS: usize = 32;
const PEOPLE: usize = 10_000;
/// Of processor time in a second, for all policies of the loud realm: the preset.
const CAP_MS: f64 = 250.0;

/// A realm that offers sign-ins.
struct Offer<'a> {
    host: &'a str,
    realm: &'a str,
    rate: u32,
    /// Whether sign-ins have to end with tokens.
    is_sound: bool,
}

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (runs, lasts) = if is_test { (1, 1) } else { (5, 60) };
    let lasts = Duration::from_secs(lasts);
    let slapd = Slapd::start_as(&Particulars {
        people: PEOPLE,
        ..Particulars::default()
    });
    let url = format!("ldaps://{}", slapd.ldaps_address());
    let mut directory = Directory::at(&url).trusting(&Authority::shared().ca);
    directory.users_dn = slapd::MANY;
    let served = Served::start(env!("CARGO_BIN_EXE_bridge-under-test"), &directory);
    add_loud_realm(&served.operator(), &url);
    let host = served.bridge.url("").replace("http://", "");
    let quiet = Offer {
        host: &host,
        realm: "staff",
        rate: QUIET_RATE,
        is_sound: true,
    };
    let loud = Offer {
        host: &host,
        realm: "loud",
        rate: LOUD_RATE,
        is_sound: false,
    };
    let never = AtomicBool::new(false);
    offer(&quiet, lasts / 10, &never);
    let mut ratios = Vec::new();
    for run in 1..=runs {
        let alone = p99(offer(&quiet, lasts, &never));
        let over = AtomicBool::new(false);
        let process = served.bridge.process_id();
        let (beside, cpu_ms) = thread::scope(|scope| {
            let noise = scope.spawn(|| offer(&loud, 2 * lasts, &over));
            // The first second's worth is an allowance that is there from the beginning.
            thread::sleep(lasts / 10);
            let (before, began) = (policy_cpu_ms(process), Instant::now());
            let beside = p99(offer(&quiet, lasts, &never));
            let spent = policy_cpu_ms(process) - before;
            let cpu_ms = spent / began.elapsed().as_secs_f64();
            over.store(true, Ordering::Relaxed);
            noise.join().expect("it offered");
            (beside, cpu_ms)
        });
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!(
            "run {run}: p99 alone {:.1} ms, beside {:.1} ms, ratio {ratio:.2}; policies of the loud realm {cpu_ms:.0} ms of processor time a second, cap {CAP_MS:.0}",
            1e3 * alone.as_secs_f64(),
            1e3 * beside.as_secs_f64()
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("isolation: median ratio {:.2}", ratios[ratios.len() / 2]);
}

/// A realm on the same directory, with a policy that never knows who somebody is.
fn add_loud_realm(operator: &Admin, url: &str) {
    let request = operator.request("POST", "/policies");
    let request = request.header("content-type", "application/wasm");
    let loaded = send(request.body(guest("overreach").to_vec()));
    assert_eq!(loaded.status, 201, "{}", loaded.body);
    let digest = loaded.json()["digest"].clone();
    let swapped = operator.post("/policies/overreach/swap", &json!({ "digest": digest }));
    assert_eq!(swapped.status, 200, "{}", swapped.body);
    operator.create_realm("loud");
    let loud = operator.of("loud");
    loud.create_public_client("chat");
    let mut federation = federation_document(url);
    federation["vendor"] = json!("overreach");
    federation["users_dn"] = json!(slapd::MANY);
    federation["advanced"] = json!({
        "ca_bundle": Authority::shared().ca, "settings": { "how": "loop" },
    });
    loud.create("/user-federations", &federation);
}

/// Offers sign-ins at a steady rate; how long each took from when it was due, also where it had to wait
/// for a connection.
fn offer(offer: &Offer<'_>, lasts: Duration, over: &AtomicBool) -> Vec<Duration> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(|| call(offer, &next, (began, lasts), over)))
            .collect();
        callers
            .into_iter()
            .flat_map(|caller| caller.join().expect("it offered"))
            .collect()
    })
}

fn call(
    offer: &Offer<'_>,
    next: &AtomicUsize,
    (began, lasts): (Instant, Duration),
    over: &AtomicBool,
) -> Vec<Duration> {
    let mut caller = Caller::connect(offer.host, offer.realm, "chat", REDIRECT);
    let mut taken = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = Duration::from_secs(1) * u32::try_from(number).unwrap_or(u32::MAX) / offer.rate;
        if due >= lasts || over.load(Ordering::Relaxed) {
            return taken;
        }
        thread::sleep(due.saturating_sub(began.elapsed()));
        let username = format!("u{:06}", number % PEOPLE);
        let password = format!("Pw-{username}");
        if offer.is_sound {
            caller.sign_in(&username, &password);
        } else {
            let status = caller.attempt(&username, &password);
            assert_eq!(status, 503, "nobody comes in");
        }
        taken.push(began.elapsed().saturating_sub(due));
    }
}

fn p99(mut taken: Vec<Duration>) -> Duration {
    taken.sort();
    taken[(taken.len() * 99 / 100).min(taken.len() - 1)]
}

/// What the threads that slow policies run on have used so far, in milliseconds (proc(5)).
fn policy_cpu_ms(process: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("a running process");
    let tasks = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok());
    let of_policies = tasks.filter(|stat| stat.contains("(slow-policy"));
    let ticks = of_policies.map(|stat| {
        let (_, fields) = stat.rsplit_once(") ").expect("the format of proc(5)");
        let times = fields.split(' ').skip(11).take(2);
        times
            .map(|ticks| ticks.parse::<f64>().expect("a number"))
            .sum::<f64>()
    });
    10.0 * ticks.sum::<f64>()
}
