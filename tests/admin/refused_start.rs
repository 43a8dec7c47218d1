//! A start that is refused changes nothing.

use super::{
    BRIDGE,
    policies::{component, in_force, uploaded},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    net::TcpStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use suites::{bridge::run, served::Served, versions::reworded};

/// A process that is killed is gone long before.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// A realm whose federation has this vendor.
fn realm(vendor: &str) -> String {
    format!(
        "[realm]\nname = \"guests\"\n\n[[federations]]\nname = \"directory\"\nvendor = \"{vendor}\"\n\
         connection_url = \"ldaps://ldap.example.com\"\nusers_dn = \"ou=people,dc=example,dc=com\"\n\
         bind_type = \"none\"\n"
    )
}

/// The database and what lies beside it. What SQLite maps of its log is other after every reader.
fn data(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder.join("data")).expect("the database's folder");
    let files = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file());
    let named = files.map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into();
        let octets = fs::read(&path).expect("a file");
        match path.extension() {
            Some(end) if end.to_string_lossy().ends_with("-shm") => (name, Vec::new()),
            _ => (name, octets),
        }
    });
    named.collect()
}

/// Has a start refused for its realm file; then the file is right again.
fn be_refused(folder: &Path) {
    let file = folder.join("realms/guests.toml");
    fs::write(&file, realm("nobody")).expect("a realm file");
    let before = data(folder);
    assert!(before.contains_key("bridge.db"), "{:?}", before.keys());
    let refused = run(BRIDGE, folder, &["serve", "--config", "bridge.toml"]);
    let complained = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{complained}");
    assert!(complained.contains("federations[0].vendor"), "{complained}");
    let after = data(folder);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    assert!(before == after, "a file has other octets");
    fs::write(&file, realm("ourownid")).expect("a realm file");
}

#[test]
fn a_refused_start_leaves_a_database_as_it_was_and_a_right_one_finds_its_policies() {
    let served = Served::bare(BRIDGE);
    let platform = served.operator();
    let renamed = reworded(component("openldap"), "openldap", "ourownid");
    let own = uploaded(&platform, reworded(&renamed, "open-ldap", "our-ownid"));
    let swapped = platform.post("/policies/ourownid/swap", &json!({ "digest": own }));
    assert_eq!(swapped.status, 200, "{}", swapped.body);
    let config = served.path("bridge.toml");
    let text = fs::read_to_string(&config).expect("the configuration");
    let text = text.replace("apply = []", "apply = [\"realms/guests.toml\"]");
    fs::write(&config, text).expect("the configuration");

    let folder = served.path("");
    let served = served.paused(BRIDGE, || {
        let left = data(&folder);
        let log = left.keys().find(|name| name.ends_with("-wal"));
        assert_eq!(log, None, "whoever stops closes the database");
        be_refused(&folder);
    });
    assert_eq!(
        in_force(&served.operator(), "ourownid").as_ref(),
        Some(&own)
    );

    // What somebody who was killed left in the database's log stays there until a start that is not refused.
    served.operator().create_realm("later");
    served.bridge.kill();
    let address = served.admin_url().replace("http://", "");
    let begin = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(begin.elapsed() < GONE_WITHIN, "it still listens");
        thread::sleep(Duration::from_millis(10));
    }
    let log = data(&folder)
        .into_iter()
        .find(|(name, _)| name.ends_with("-wal"));
    assert!(log.is_some_and(|(_, octets)| !octets.is_empty()));
    be_refused(&folder);
    let served = served.killed(BRIDGE);
    assert_eq!(in_force(&served.operator(), "ourownid"), Some(own));
    assert_eq!(served.operator().get("/realms/later").status, 200);
}
