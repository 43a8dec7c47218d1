//! Policies that a bridge fetches from a registry, where its operator lets it go.

use super::{
    BRIDGE, assert_is_problem, members,
    policies::{component, in_force, listed, realm_of_slapd, sign_in},
};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use suites::{
    bridge::run,
    browser::Page,
    registry::Registry,
    served::Served,
    versions::marked,
    web_peer::{Asked, Said, WebPeer},
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";

fn sha256(octets: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for octet in digest(&SHA256, octets).as_ref() {
        write!(text, "{octet:02x}").expect("a string");
    }
    text
}

/// The manifest of a component, which is said to have so many octets.
fn manifest(component: &[u8], octets: usize) -> Vec<u8> {
    let described = b"{}";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": CONFIG, "digest": sha256(described), "size": described.len() },
        "layers": [
            { "mediaType": "application/wasm", "digest": sha256(component), "size": octets },
        ],
    });
    manifest.to_string().into_bytes()
}

fn pull(served: &Served, reference: &str) -> Page {
    let wanted = json!({ "reference": reference });
    served.operator().post("/policies/pull", &wanted)
}

/// What is said of a reference that is not fetched.
#[track_caller]
fn refusal(page: &Page) -> String {
    let problem = assert_is_problem(page, 400);
    assert_eq!(members(&problem, "errors"), ["reference"], "{problem}");
    problem["errors"][0].to_string()
}

#[test]
fn a_policy_comes_from_a_registry_over_the_api_and_the_command_line() {
    let registry = Registry::start(false);
    let (served, platform) = realm_of_slapd();
    let command = |arguments: &[&str]| {
        let output = run(BRIDGE, &served.path(""), &[&["policy"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let push = |mark: &str| {
        let octets = marked(component("openldap"), mark);
        fs::write(served.path("mine.wasm"), &octets).expect("a file");
        let tag = format!("{}/team/openldap:{mark}", registry.host);
        let pushed = command(&["push", "mine.wasm", &tag]);
        let pinned = pushed.lines().last().expect("a reference").to_owned();
        (tag, pinned, sha256(&octets))
    };

    let (tag, pinned, two) = push("two");
    let page = pull(&served, &tag);
    assert_eq!(page.status, 201, "{}", page.body);
    let made = page.json();
    assert_eq!(made["digest"], json!(two));
    assert_eq!(made["state"], "loaded");
    assert_eq!(
        made["origin"],
        json!({ "kind": "registry", "from": pinned })
    );
    let wanted = json!({ "digest": two });
    let swapped = platform.post("/policies/openldap/swap", &wanted);
    assert_eq!(swapped.status, 200, "{}", swapped.body);
    assert_eq!(sign_in(&served), Some(two));

    // The reference by digest means the same for good.
    let (_, pinned, three) = push("three");
    let install = ["install", &pinned, "--swap", "--config", "bridge.toml"];
    let printed = command(&install);
    assert!(
        printed.contains(&three) && printed.contains("is in force"),
        "{printed}"
    );
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&three));
    let shown = listed(&platform, &three).expect("it is loaded");
    assert_eq!(shown["origin"]["from"], json!(pinned));
    assert_eq!(sign_in(&served), Some(three));

    let nothing = format!("{}/team/openldap:nothing", registry.host);
    assert!(refusal(&pull(&served, &nothing)).contains("is not there"));
}

#[test]
fn a_registry_that_the_operator_keeps_the_bridge_from_is_not_asked() {
    let peer = WebPeer::start(|_, _| Said::Endless);
    let port = peer.address().port();
    let of_a_realm =
        "[[outbound]]\nrealms = [\"staff\"]\nnetworks = [\"127.0.0.0/8\", \"::1/128\"]\n";
    for (rules, says) in [("", "out of reach"), (of_a_realm, "names no realms")] {
        let served = Served::bare_with(BRIDGE, rules);
        // The name leads to the same place as the address.
        for host in ["127.0.0.1", "127.9.9.9", "localhost"] {
            let text = refusal(&pull(&served, &format!("{host}:{port}/acme:1.0")));
            assert!(text.contains(says) && text.contains(host), "{text}");
        }
    }
    assert_eq!(peer.asked(), []);
}

/// A registry that wants a token, gives it out itself, and sends elsewhere for the component.
fn particular_registry(component: Vec<u8>, elsewhere: Arc<Mutex<SocketAddr>>) -> WebPeer {
    WebPeer::start(move |asked, own| {
        let to = *elsewhere.lock().expect("no panic");
        if asked.path.starts_with("/token?") {
            let token = json!({ "token": "let-me-in", "access_token": "let-me-in" });
            return Said::Answer(200, Vec::new(), token.to_string().into_bytes());
        }
        if asked.authorization.as_deref() != Some("Bearer let-me-in") {
            let realm = if asked.path.contains("/token-elsewhere/") {
                to
            } else {
                own
            };
            let challenge =
                format!("www-authenticate: Bearer realm=\"http://{realm}/token\",service=\"own\"");
            return Said::Answer(401, vec![challenge], Vec::new());
        }
        if asked.path.contains("/manifests/") {
            let manifest = manifest(&component, component.len());
            return Said::Answer(200, vec![format!("content-type: {MANIFEST}")], manifest);
        }
        let location = format!("location: http://{to}/the-octets");
        Said::Answer(307, vec![location], Vec::new())
    })
}

#[test]
fn where_a_registry_sends_the_rules_hold_as_well_and_nobody_else_sees_the_token() {
    let octets = marked(component("generic"), "fetched");
    let place = Arc::new(Mutex::new(SocketAddr::from(([127, 0, 0, 1], 9))));
    let registry = particular_registry(octets.clone(), Arc::clone(&place));
    let sent = octets.clone();
    let blobs = WebPeer::start(move |_, _| Said::Answer(200, Vec::new(), sent.clone()));
    let other = WebPeer::start(|_, _| Said::Endless);
    let (own, allowed) = (registry.address().port(), blobs.address().port());
    let served = Served::bare_with(
        BRIDGE,
        &format!("[[outbound]]\nnetworks = [\"127.0.0.0/8\"]\nports = [{own}, {allowed}]\n"),
    );
    let reference = |name: &str| format!("127.0.0.1:{own}/{name}:1.0");

    *place.lock().expect("no panic") = other.address();
    for name in ["blob-elsewhere", "token-elsewhere/acme"] {
        let text = refusal(&pull(&served, &reference(name)));
        let port = other.address().port().to_string();
        assert!(
            text.contains(&port) && text.contains("[[outbound]]"),
            "{text}"
        );
    }
    assert_eq!(other.asked(), []);

    *place.lock().expect("no panic") = blobs.address();
    let page = pull(&served, &reference("acme"));
    assert_eq!(page.status, 201, "{}", page.body);
    assert_eq!(page.json()["digest"], json!(sha256(&octets)));
    let [asked] = &blobs.asked()[..] else {
        unreachable!("one blob is fetched: {:?}", blobs.asked());
    };
    assert_eq!(asked.authorization, None);
    let mut paths = registry.asked().into_iter().map(|asked| asked.path);
    let token = paths.rfind(|path| path.starts_with("/token?"));
    let token = token.expect("a token was asked for");
    assert!(
        token.contains("scope=repository%3Aacme%3Apull") && token.contains("service=own"),
        "{token}"
    );
}

#[test]
fn no_more_is_read_of_a_registry_than_a_policy_has() {
    let registry = WebPeer::start(|asked: &Asked, _| {
        let said = |octets: Vec<u8>| Said::Answer(200, Vec::new(), octets);
        match asked.path.as_str() {
            "/v2/long/manifests/1" => said(vec![b' '; (256 << 10) + 1]),
            "/v2/short/manifests/1" => said(manifest(component("generic"), 1_000)),
            "/v2/large/manifests/1" => said(manifest(component("generic"), 1 << 40)),
            "/v2/circle/manifests/1" => {
                let location = "location: /v2/circle/manifests/1".to_owned();
                Said::Answer(302, vec![location], Vec::new())
            }
            "/v2/index/manifests/1" => {
                let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
                said(index.to_string().into_bytes())
            }
            "/v2/broken/manifests/1" => Said::Answer(500, Vec::new(), b"no\x1b[2Jt now".to_vec()),
            // Manifests, blobs and refusals that do not end.
            _ => Said::Endless,
        }
    });
    let served = Served::bare(BRIDGE);
    let told = |name: &str, status: u16| -> Value {
        let reference = format!("{}/{name}:1", registry.address());
        assert_is_problem(&pull(&served, &reference), status)
    };
    for (name, status, says) in [
        ("long", 400, "more than 262144 octets"),
        ("endless", 400, "more than 262144 octets"),
        ("index", 400, "several images"),
        ("large", 400, "its component has 1099511627776 octets"),
        ("short", 503, "more than the 1000 octets"),
        ("circle", 503, "from one address to the next"),
        ("broken", 503, "it answers 500"),
    ] {
        let problem = told(name, status);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(says), "{name}: {problem}");
    }
    let asked = registry.asked();
    let blobs = asked.iter().filter(|asked| asked.path.contains("/blobs/"));
    assert_eq!(
        blobs.count(),
        1,
        "what is too large is not begun: {asked:?}"
    );
}
