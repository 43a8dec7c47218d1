use super::*;
use crate::{audit::AuditFile, system::OsRandom};
use bridge_model::{
    names::{FederationName, RealmName},
    policy::{PolicyOrigin, PolicyPackage},
    ports::{Policies as _, Realms, Store},
    realm::PlannedFederation,
    secret::Secret,
};
use bridge_policy::{HostSettings, PolicyHost};
use bridge_store::{Purpose, SealingKey, SqliteStore};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::{
    fs, io,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};
use tempfile::TempDir;
use tracing_subscriber::fmt::MakeWriter;
use url::Url;

const REALM: &str = r#"
[realm]
name = "staff"

[[federations]]
name = "directory"
vendor = "generic"
connection_url = "ldaps://ldap.example"
users_dn = "ou=people,dc=example"
bind_dn = "cn=svc,dc=example"
bind_credential = "file:secret"
advanced.ca_bundle = "ca.pem"
"#;

fn certificate(name: &str) -> String {
    let made = generate_simple_self_signed(vec![name.to_owned()]);
    let CertifiedKey { cert, .. } = made.expect("a certificate");
    cert.pem()
}

/// The one policy that is needed: compiling all takes long.
fn policies() -> PolicyHost {
    let host = PolicyHost::new(HostSettings::default()).expect("a host");
    let mut components = bridge_components::components().iter();
    let generic = components.find(|component| component.name == "generic");
    let octets = generic.expect("there is one").bytes;
    let package = PolicyPackage::unsigned(octets, PolicyOrigin::BuiltIn);
    let loaded = host.load(&package).expect("it loads");
    host.put_in_force(&loaded.digest).expect("it is the first");
    host
}

/// A folder with the files of a bridge, and what keeps the bridge up with them.
struct Place {
    folder: TempDir,
    upkeep: Upkeep,
    store: Arc<SqliteStore>,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("bridge.toml", include_str!("../../init/bridge.toml")),
            ("secret", "first"),
            ("ca.pem", &certificate("first")),
        ] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let config = ProcessConfig::read(&folder.path().join("bridge.toml")).expect("understood");
        let [realm] = config.apply.as_slice() else {
            unreachable!("one file is applied");
        };
        fs::create_dir_all(realm.parent().expect("a folder")).expect("made");
        for name in ["secret", "ca.pem"] {
            fs::rename(folder.path().join(name), realm.with_file_name(name)).expect("moved");
        }
        fs::write(realm, REALM).expect("written");
        let random = Arc::new(OsRandom);
        let key = SealingKey::generate(&*random);
        let store = SqliteStore::in_memory(&key, random, Purpose::Production).await;
        let store = Arc::new(store.expect("memory opens"));
        let base = Url::parse("http://127.0.0.1:8080").expect("a URL");
        let audit = AuditFile::append(&folder.path().join("audit")).expect("a file");
        let bridge = Bridge::builder(base, Arc::clone(&store) as Arc<dyn Store>)
            .audit(Arc::new(audit))
            .policies(policies())
            .build()
            .expect("a bridge");
        let watch = Upkeep::watch(&config);
        let files = realm_files(&config, bridge.policies()).expect("understood");
        for file in &files {
            bridge.apply(file).await.expect("applied");
        }
        let certificates = Certificates::read(&config).expect("there are none");
        let upkeep = Upkeep::new(config, bridge, certificates, &files, watch);
        Self {
            folder,
            upkeep,
            store,
        }
    }

    fn write(&self, name: &str, text: &str) {
        let realm = &self.upkeep.config.apply[0];
        // As a file is replaced by whoever does it well.
        let new = self.folder.path().join("new");
        fs::write(&new, text).expect("written");
        fs::rename(new, realm.with_file_name(name)).expect("moved");
    }

    async fn federation(&self) -> (PlannedFederation, Option<Secret>) {
        let realm = RealmName::new("staff").expect("a name");
        let name = FederationName::new("directory").expect("a name");
        let key = self.store.federation_key(&realm, &name).await;
        let id = key.expect("it reads").expect("there is one").id;
        let planned = self.store.federation(&realm, id).await.expect("it reads");
        let planned = planned.expect("there is one");
        let credential = self.store.bind_credential(&planned.federation).await;
        (planned, credential.expect("it opens"))
    }

    async fn credential(&self) -> Secret {
        self.federation().await.1.expect("there is one")
    }

    async fn ca_bundle(&self) -> Option<String> {
        let (planned, _) = self.federation().await;
        planned.federation.connection.ca_bundle
    }

    fn let_time_pass(&mut self) {
        if let Some(failure) = &mut self.upkeep.failure {
            failure.try_again_at = Instant::now();
        }
    }
}

/// What is said in the log, by all tests: a subscriber of one thread alone may miss what another thread
/// said first.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

static LINES: LazyLock<Lines> = LazyLock::new(|| {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test has one");
    lines
});

impl io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// The errors that name a folder.
    fn errors(&self, folder: &Path) -> Vec<String> {
        let folder = folder.to_str().expect("a path of a test");
        let text = self.0.lock().expect("nobody panicked").clone();
        let text = String::from_utf8(text).expect("UTF-8");
        let errors = text.lines();
        let errors = errors.filter(|line| line.contains("ERROR") && line.contains(folder));
        errors.map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn what_a_realm_file_names_is_in_force_at_the_next_look() {
    let mut place = Place::new().await;
    assert_eq!(place.credential().await, Secret::new("first"));
    place.write("secret", "second\n");
    place.upkeep.look().await;
    assert_eq!(place.credential().await, Secret::new("second"));
    let second = certificate("second");
    place.write("ca.pem", &second);
    place.upkeep.look().await;
    assert_eq!(place.ca_bundle().await.as_deref(), Some(second.as_str()));
    assert_eq!(place.credential().await, Secret::new("second"));
    // What is as it was is left alone.
    let (before, _) = place.federation().await;
    place.write("secret", "second\n");
    place.upkeep.look().await;
    place.upkeep.look().await;
    assert_eq!(place.federation().await.0.revision, before.revision);
}

#[tokio::test]
async fn a_broken_file_keeps_the_last_good_state_and_is_told_once() {
    let lines = LINES.clone();
    let mut place = Place::new().await;
    let before = place.ca_bundle().await;
    place.write("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    place.write("secret", "second");
    for _ in 0..3 {
        place.upkeep.look().await;
        place.let_time_pass();
    }
    assert_eq!(place.ca_bundle().await, before);
    assert_eq!(place.credential().await, Secret::new("first"));
    let told = lines.errors(place.folder.path());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("staff.toml:12: federations[0].advanced.ca_bundle: not PEM"),
        "{told:?}"
    );
    let good = certificate("good");
    place.write("ca.pem", &good);
    place.upkeep.look().await;
    assert_eq!(place.ca_bundle().await.as_deref(), Some(good.as_str()));
    assert_eq!(place.credential().await, Secret::new("second"));
    assert_eq!(lines.errors(place.folder.path()).len(), 1);
}

#[tokio::test]
async fn a_file_that_comes_after_it_is_named_is_taken_when_it_is_there() {
    let mut place = Place::new().await;
    let name = place.upkeep.config.apply[0].clone();
    let name = name.file_name().and_then(|name| name.to_str());
    let name = name.expect("a name").to_owned();
    place.write(&name, &REALM.replace("file:secret", "file:later"));
    place.upkeep.look().await;
    assert_eq!(place.credential().await, Secret::new("first"));
    place.write("later", "third");
    place.upkeep.look().await;
    place.let_time_pass();
    place.upkeep.look().await;
    assert_eq!(place.credential().await, Secret::new("third"));
    // And from now on it is watched.
    place.write("later", "fourth");
    place.upkeep.look().await;
    assert_eq!(place.credential().await, Secret::new("fourth"));
}
