//! Sign-ins in which mapper policies had a say, recorded and answered again.

use super::{
    BRIDGE,
    policies::{component, realm_of_slapd, sign_in, uploaded},
    shadow::recordings,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use suites::{bridge::run, served::Served, versions::reworded};

const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// A mapper policy of the operator's own: one that is built in, by another name.
fn own_mapper() -> Vec<u8> {
    let mut mappers = bridge_components::mappers().iter();
    let regex = mappers.find(|mapper| mapper.name == "regex");
    reworded(regex.expect("it is built in").bytes, "regex", "rxmap")
}

/// One that answers, one of the operator's own policy, and one that fails for everybody whose name is no
/// number.
fn mappers() -> Value {
    json!([
        {
            "name": "display", "kind": "cel", "claim": "display",
            "settings": { "expression": "entry.givenName[0] + ' ' + entry.sn[0]" }
        },
        {
            "name": "trade", "kind": "rxmap", "ldap_attribute": "title", "claim": "trade",
            "settings": { "pattern": "^(.)(.*)$", "replacement": "$2-$1" }
        },
        {
            "name": "number", "kind": "cel", "claim": "number",
            "settings": { "expression": "int(entry.sn[0])" }
        },
    ])
}

/// Has a recording answered by the policies of these files; whether it went well, and what was said.
fn replayed(served: &Served, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["policy", "run"], arguments].concat();
    let output = run(BRIDGE, &served.path(""), &arguments);
    let printed = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&printed).into_owned();
    (output.status.code(), text)
}

/// A recording, once it is written to its end.
fn read(file: &Path) -> Value {
    let begin = Instant::now();
    loop {
        let text = fs::read_to_string(file).expect("a recording");
        match serde_json::from_str(&text) {
            Ok(recording) => return recording,
            Err(error) => assert!(begin.elapsed() < WRITTEN_WITHIN, "{error}: {text}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn expect_replays(served: &Served, file: &Path) {
    let named = file.to_str().expect("a path of a test");
    let (own, vendor) = ("rxmap.wasm", "openldap.wasm");
    let (code, text) = replayed(served, &[vendor, named, "--with", own]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the same, to the octet"), "{text}");
    // A version of the mapper policy is tried on what was recorded, too.
    let (code, text) = replayed(served, &[own, named]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = replayed(served, &[vendor, named]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("rxmap") && text.contains("not here"),
        "{text}"
    );

    let mut other = read(file);
    other["chained"][0]["adjustments"][0]["set_claim"]["value"]["text"] = json!("somebody else");
    let tampered = file.with_extension("tampered");
    fs::write(&tampered, other.to_string()).expect("written");
    let named = tampered.to_str().expect("a path of a test");
    let (code, text) = replayed(served, &[vendor, named, "--with", own]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("the first difference is in") && text.contains("somebody else"),
        "{text}"
    );
}

#[test]
fn what_mapper_policies_said_of_somebody_is_answered_again_to_the_octet() {
    let (served, platform) = realm_of_slapd();
    let digest = uploaded(&platform, own_mapper());
    let page = platform.post("/policies/rxmap/swap", &json!({ "digest": digest }));
    assert_eq!(page.status, 200, "{}", page.body);
    let operator = platform.of("staff");
    let all = operator.get("/user-federations").json();
    let id = all[0]["id"].as_str().expect("an id");
    let path = format!("/user-federations/{id}");
    let page = operator.patch(&path, &json!({ "mapper": mappers() }));
    assert_eq!(page.status, 200, "{}", page.body);
    let mut served = served;
    for (name, octets) in [
        ("openldap.wasm", component("openldap").to_vec()),
        ("rxmap.wasm", own_mapper()),
    ] {
        fs::write(served.path(name), octets).expect("written");
    }
    for (folder, more) in [("replaced", &[][..]), ("kept", &["--record-values"])] {
        let place = served.path(folder);
        let named = place.to_str().expect("a path of a test").to_owned();
        let arguments = [&["--record", &*named], more].concat();
        served = served.restarted_with(BRIDGE, &arguments);
        assert!(sign_in(&served).is_some());
        let files = recordings(&place);
        let [file] = &files[..] else {
            unreachable!("one sign-in: {files:?}");
        };
        let recording = read(file);
        let chained = recording["chained"].as_array().expect("a list");
        let asked: Vec<_> = chained.iter().map(|call| &call["mapper"]).collect();
        assert_eq!(asked, ["display", "trade", "number"], "{recording}");
        assert_eq!(chained[2]["adjustments"], Value::Null, "{recording}");
        let claims = &recording["verdict"]["identified"]["claims"];
        let is_kept = folder == "kept";
        assert_eq!(claims["display"] == "Ada Lovelace", is_kept, "{claims}");
        assert_eq!(claims["trade"] == "nalyst-A", is_kept, "{claims}");
        assert!(claims["display"].is_string(), "{claims}");
        assert!(claims["trade"].is_string(), "{claims}");
        assert!(claims.get("number").is_none(), "{claims}");
        expect_replays(&served, file);
    }
}
