//! Databases that older bridges made.

use crate::{
    conformance::users::person,
    databases::{column, open, tamper},
    sample::{
        NOW, Numbers, client, client_id, declare, federation, full_realm, interaction, key, staff,
    },
};
use aws_lc_rs::hmac;
use bridge_model::{
    client::{Client, GrantType},
    federation::{Connection, Federation, OnError, Synchronisation, TlsVersion},
    plan::{GroupForm, PasswordWrite, Plan},
    policy::{KeptPolicy, PolicyOrigin, PolicyPackage},
    ports::{Clients, Imports, PolicyPackages, Random, Realms, Sessions, Users},
    realm::{FederationDeclaration, PolicyRef, Revision},
    secret::Secret,
    user::UserQuery,
};
use bridge_store::{OpenError, Options, Purpose, SqliteStore};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

const SECOND: &str = include_str!("older.second.sql");
const OLDER: &str = include_str!("older.sql");
const FIRST: &str = include_str!("../../host/store/migrations/sqlite/0001_store.sql");

/// As secrets of clients were kept: keyed with what was derived from the sealing key.
fn digest(id: &str, secret: &str) -> String {
    let key = key(1).derive("store/client-secrets");
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let mut message = Vec::new();
    for part in ["staff", id, secret] {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    let mut hexadecimal = String::new();
    for octet in hmac::sign(&key, &message).as_ref() {
        write!(hexadecimal, "{octet:02x}").expect("a string takes everything");
    }
    hexadecimal
}

/// A database of the first schema with the realm `staff` in it, and its subject key.
async fn older(path: &Path) -> Option<Secret> {
    let store = open(path, &key(1)).await.expect("a new database opens");
    let mut realm = full_realm();
    realm.federations = vec![earlier()];
    realm.clients.push(client("blog", &["x"]));
    declare(&store, vec![realm]).await;
    store.add_interaction(&interaction(1)).await.expect("kept");
    let subject_key = store.subject_key(&staff()).await.expect("it reads");
    store.close().await;
    tamper(path, SECOND);
    tamper(path, OLDER);
    for (column, id, secret) in [
        ("first", "wiki", "client-secret-one"),
        ("first", "blog", "new"),
        ("second", "blog", "old"),
    ] {
        let digest = digest(id, secret);
        let sql =
            format!("UPDATE clients SET {column}_secret_digest = x'{digest}' WHERE id = '{id}'");
        assert_eq!(tamper(path, &sql), 1);
    }
    subject_key
}

/// A federation as it could be said in the second schema: the rest has its presets.
fn earlier() -> FederationDeclaration {
    let mut federation = federation("people", 1);
    federation.planned.federation.policy_digest = None;
    let connection = &mut federation.planned.federation.connection;
    *connection = Connection {
        pool_connections_min: 0,
        tls_min: TlsVersion::Tls12,
        referral_hosts: Vec::new(),
        follow_aliases: false,
        ..connection.clone()
    };
    federation.planned.plan = Plan {
        password_controls: Vec::new(),
        password_write: PasswordWrite::Refused,
        writes: Vec::new(),
        group_form: GroupForm::Name,
        ..federation.planned.plan
    };
    federation
}

/// The tables, their columns and the indexes.
fn schema(path: &Path) -> BTreeSet<String> {
    let lines: Vec<String> = column(
        path,
        "SELECT m.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk AS line
        FROM sqlite_schema m, pragma_table_info(m.name) c
        WHERE m.name NOT LIKE '_sqlx%' AND m.name NOT LIKE 'sqlite%'",
    );
    lines.into_iter().collect()
}

#[tokio::test]
async fn what_an_older_bridge_kept_is_still_there() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    let subject_key = older(&path).await;
    let first = folder.path().join("first.db");
    std::fs::write(&first, "").expect("it writes");
    tamper(&first, FIRST);
    assert_eq!(schema(&path), schema(&first));

    // Twice: what the first opening did is found by the second.
    for _ in 0..2 {
        let store = open(&path, &key(1)).await.expect("it opens");
        let key = store.subject_key(&staff()).await.expect("it reads");
        assert_eq!(key, subject_key);
        let realm = store.realm(&staff()).await.expect("it reads");
        let realm = realm.expect("there is one");
        assert_eq!(
            (realm.revision, realm.admin_groups),
            (Revision(1), Vec::new())
        );
        let read = store.federations(&staff()).await.expect("they read");
        let expected = Federation {
            groups_base: None,
            on_error: OnError::Deny,
            synchronisation: Synchronisation::default(),
            email_verified_domains: Vec::new(),
            ..earlier().planned.federation
        };
        assert_eq!(
            (&read[0].federation, read[0].revision),
            (&expected, Revision(1))
        );
        let credential = store.bind_credential(&expected).await.expect("it opens");
        assert_eq!(
            credential,
            Some(Secret::new("bind-credential-in-the-clear"))
        );
        let wiki = store.client(&staff(), &client_id("wiki")).await;
        let wiki = wiki.expect("it reads").expect("there is one");
        let expected = Client {
            grant_types: vec![GrantType::AuthorizationCode],
            token_lifetime: None,
            allowed_groups: Vec::new(),
            admin_scopes: Vec::new(),
            revision: Revision(1),
            managed_by: wiki.managed_by.clone(),
            ..client("wiki", &["x"]).client
        };
        assert_eq!(wiki, expected);
        for (id, secret, expected) in [
            ("wiki", "client-secret-one", true),
            ("blog", "new", true),
            ("blog", "old", true),
            ("blog", "client-secret-one", false),
        ] {
            let fits = store
                .client_secret_fits(&staff(), &client_id(id), &Secret::new(secret), NOW)
                .await;
            assert_eq!(fits.expect("it reads"), expected, "{id} {secret}");
        }
        let known = store.client_secrets(&staff(), &client_id("blog")).await;
        let known = known.expect("they read");
        assert_eq!(known.len(), 2);
        assert!(known.iter().all(|secret| secret.created_at == NOW));
        let found = store.interaction(&staff(), interaction(1).id, NOW).await;
        assert_eq!(found.expect("it reads"), Some(interaction(1)));
        store.close().await;
    }
}

#[tokio::test]
async fn secrets_of_an_older_bridge_outlive_its_sealing_key() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    let subject_key = older(&path).await;
    crate::reseal::reseal(&path, &key(1), &key(2))
        .await
        .expect("it is sealed anew");
    let store = open(&path, &key(2)).await.expect("the new key opens it");
    let fits = store
        .client_secret_fits(&staff(), &client_id("blog"), &Secret::new("old"), NOW)
        .await;
    assert!(fits.expect("it reads"));
    let key = store.subject_key(&staff()).await.expect("it reads");
    assert_eq!(key, subject_key);
}

#[tokio::test]
async fn who_signed_in_before_people_were_imported_is_still_known() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, &key(1)).await.expect("a new database opens");
    let mut realm = full_realm();
    realm.federations = vec![earlier()];
    declare(&store, vec![realm]).await;
    for (subject, username) in [("s1", "Bob"), ("s2", "ada"), ("s3", "\u{c4}rmel")] {
        let person = person(subject, username);
        store.note_user(&person, NOW).await.expect("it is noted");
    }
    store.close().await;
    tamper(&path, SECOND);

    let store = open(&path, &key(1)).await.expect("it opens");
    let read = store.federations(&staff()).await.expect("they read");
    let expected = earlier().planned;
    assert_eq!(read[0].federation, expected.federation);
    assert_eq!(read[0].plan, expected.plan);
    let credential = store.bind_credential(&read[0].federation).await;
    assert!(credential.expect("it opens").is_some());
    let users = store.users(&staff(), None, 9).await.expect("they read");
    let names: Vec<_> = users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["ada", "Bob", "\u{c4}rmel"]);
    let found = async |username: &str| {
        let query = UserQuery {
            username: Some(username.into()),
            is_exact: true,
            limit: 9,
            ..UserQuery::default()
        };
        let found = store.find_users(&staff(), &query).await;
        let found = found.expect("they read").into_iter();
        found.map(|user| user.known.subject).collect::<Vec<_>>()
    };
    assert_eq!(found("bob").await, ["s1"]);
    // What SQLite could not put into lower case is there after the next sign-in.
    let armel = person("s3", "\u{c4}rmel");
    store.note_user(&armel, NOW).await.expect("it is noted");
    assert_eq!(found("\u{e4}RMEL").await, ["s3"]);
    let subjects = store.users(&staff(), Some("s2"), 9).await;
    assert_eq!(subjects.expect("they read").len(), 2);
}

#[tokio::test]
async fn whoever_looks_for_policies_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    let options = Options::new(Purpose::Production);
    let random: Arc<dyn Random> = Arc::new(Numbers::default());
    let look = |number: u64| SqliteStore::peek(&path, &key(number), &random, &options);
    let none = look(1).expect("there is no file");
    assert!(none.kept.is_empty() && none.in_force.is_empty());
    assert!(!path.exists());

    older(&path).await;
    let files = || {
        let entries = std::fs::read_dir(folder.path()).expect("the folder");
        let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("a file"));
        let files = entries.map(|entry| read(entry.expect("an entry").path()));
        files.collect::<BTreeMap<_, _>>()
    };
    let before = files();
    let none = look(1).expect("a database from before there were policies");
    assert!(none.kept.is_empty() && none.in_force.is_empty());
    let other = look(2);
    assert!(
        matches!(other, Err(OpenError::OtherKey { .. })),
        "{other:?}"
    );
    assert!(files() == before, "something changed");

    let store = open(&path, &key(1)).await.expect("it opens");
    let policy = KeptPolicy {
        policy: PolicyRef {
            id: "own".to_owned(),
            version: "1".to_owned(),
            digest: "sha256:1".to_owned(),
        },
        package: PolicyPackage::unsigned(b"octets", PolicyOrigin::Upload),
        kept_at: NOW,
    };
    store.keep_policy(&policy).await.expect("kept");
    let found = look(1).expect("another one has it open");
    assert_eq!(found.kept, [policy]);
    store.close().await;
}
