//! How databases are made, refused and opened again.

use crate::{
    conformance::{
        imports::{PEOPLE, imported},
        users::person,
    },
    databases::{column, connect, files_of, open, open_for, tamper},
    sample::{
        LATER, NOW, Numbers, client_id, declaration, federation, full_realm, grant, hash,
        interaction, key, session, signing_key, staff,
    },
};
use bridge_model::{
    keys::SigningAlgorithm,
    ports::{Clients, Failures, Imports, Keys, Realms, Sessions, StoreError, Users},
    realm::Applied,
    secret::Secret,
    session::Redemption,
    synchronisation::{SyncKind, SyncRun},
    time::Timestamp,
    user::{KnownUser, Standing},
};
use bridge_store::{OpenError, Options, Purpose, SqliteStore};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    (folder, path)
}

async fn refusal(path: &Path) -> OpenError {
    open(path, &key(1)).await.err().expect("it is refused")
}

#[tokio::test]
async fn the_files_are_their_owners_alone() {
    let (_folder, path) = folder();
    let store = open(&path, &key(1)).await.expect("a new database opens");
    let declared = store
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    declared.expect("it applies");
    let files = files_of(&path);
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let metadata = fs::metadata(&file).expect("it is there");
        let mode = metadata.permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (_folder, path) = folder();
    let first = open(&path, &key(1)).await.expect("a new database opens");
    let declared = first
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    declared.expect("it applies");
    let subject_key = first.subject_key(&staff()).await.expect("it reads");
    let kept = signing_key("k1", SigningAlgorithm::ES256);
    first
        .add_first_signing_key(&kept)
        .await
        .expect("it is kept");
    first
        .add_interaction(&interaction(1))
        .await
        .expect("it is kept");
    first.add_session(&session(1)).await.expect("it is kept");
    first.add_grant(&grant(1)).await.expect("it is kept");
    let redeemed = first.redeem(&staff(), hash(1), NOW).await;
    assert!(matches!(redeemed, Ok(Redemption::First(_))));
    let window = Duration::from_mins(1);
    first
        .count_attempt(hash(1), window, NOW)
        .await
        .expect("it counts");
    // Counts follow within a tenth of a second.
    tokio::time::sleep(Duration::from_millis(500)).await;
    // As it is when the process ends without a word.
    drop(first);

    let store = open(&path, &key(1)).await.expect("it opens again");
    let again = store
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    assert_eq!(again.expect("it applies"), Applied::default());
    let read = store.subject_key(&staff()).await.expect("it reads");
    assert_eq!(read, subject_key);
    let keys = store.signing_keys(&staff()).await.expect("they read");
    assert_eq!(keys[0].private, kept.private);
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), Some(interaction(1)));
    let found = store.session(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), Some(session(1)));
    let replayed = store.redeem(&staff(), hash(1), NOW).await;
    assert!(matches!(replayed, Ok(Redemption::Replayed(_))));
    let counted = store.count_attempt(hash(1), window, NOW).await;
    assert_eq!(counted.expect("it counts"), 2);
    let federation = federation("people", 1).planned.federation;
    let credential = store.bind_credential(&federation).await.expect("it opens");
    assert_eq!(
        credential,
        Some(Secret::new("bind-credential-in-the-clear"))
    );
    let presented = Secret::new("client-secret-one");
    let fits = store
        .client_secret_fits(&staff(), &client_id("wiki"), &presented, NOW)
        .await;
    assert!(fits.expect("it reads"));
}

#[tokio::test]
async fn two_stores_on_one_file_see_each_others_work_at_once() {
    let (_folder, path) = folder();
    let first = open(&path, &key(1)).await.expect("a new database opens");
    let second = open(&path, &key(1)).await.expect("it opens twice");
    let declared = first
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    declared.expect("it applies");
    second.add_grant(&grant(1)).await.expect("it is kept");
    let redeemed = first.redeem(&staff(), hash(1), NOW).await;
    assert!(matches!(redeemed, Ok(Redemption::First(_))));
    let replayed = second.redeem(&staff(), hash(1), NOW).await;
    assert!(matches!(replayed, Ok(Redemption::Replayed(_))));
}

#[tokio::test]
async fn two_stores_on_one_file_import_the_same_people_once() {
    let (_folder, path) = folder();
    let first = open(&path, &key(1)).await.expect("a new database opens");
    let second = open(&path, &key(1)).await.expect("it opens twice");
    let declared = first
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    declared.expect("it applies");
    let run = SyncRun::begin(SyncKind::Full, NOW);
    let before = Timestamp(NOW.0 - 1);
    let begun = first.begin_sync(PEOPLE, &run, before).await;
    assert!(begun.expect("it is answered"));
    let begun = second.begin_sync(PEOPLE, &run, before).await;
    assert!(!begun.expect("it is answered"));
    let people: Vec<_> = (0..300)
        .map(|number| imported(&format!("s{number}"), &format!("u{number}"), json!({})))
        .collect();
    let realm = staff();
    let (one, other) = tokio::join!(
        first.import_users(&realm, PEOPLE, &people, NOW),
        second.import_users(&realm, PEOPLE, &people, NOW),
    );
    let (one, other) = (one.expect("kept"), other.expect("kept"));
    assert_eq!(one.added + other.added, 300);
    assert_eq!(one.unchanged + other.unchanged, 300);
    let removed = first.remove_users(&realm, PEOPLE, &["s7".to_owned()]).await;
    assert_eq!(removed.expect("they are removed"), 1);
    let listed = second.imported_identifiers(PEOPLE, None, 999).await;
    assert_eq!(listed.expect("they read").len(), 299);
}

#[tokio::test]
async fn migrations_run_once() {
    let (_folder, path) = folder();
    let mut before = None;
    for _ in 0..3 {
        let store = open(&path, &key(1)).await.expect("it opens");
        store.close().await;
        let lines: Vec<String> = column(
            &path,
            "SELECT 'migration ' || version AS line FROM _sqlx_migrations
            UNION ALL SELECT 'purpose ' || purpose || hex(sentinel) FROM application
            UNION ALL SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL",
        );
        for migration in ["migration 1", "migration 2", "migration 3"] {
            assert!(lines.contains(&migration.to_owned()), "{lines:?}");
        }
        let known = before.get_or_insert_with(|| lines.clone());
        assert_eq!(*known, lines);
    }
}

#[tokio::test]
async fn a_demo_is_not_opened_for_production_nor_the_reverse() {
    for (made, wanted) in [
        (Purpose::Demo, Purpose::Production),
        (Purpose::Production, Purpose::Demo),
    ] {
        let (_folder, path) = folder();
        let store = open_for(made, &path, &key(1)).await;
        store.expect("a new database opens").close().await;
        // The purpose is what is wrong, whatever the key.
        for number in [1, 2] {
            let error = open_for(wanted, &path, &key(number)).await.err();
            let text = error.expect("it is refused").to_string();
            let expected = format!("was made for {made} and is not opened for {wanted}");
            assert!(text.contains(&expected), "{text}");
        }
        let store = open_for(made, &path, &key(1)).await;
        store.expect("it opens").close().await;
        // The mark is sealed in, so that it cannot be rewritten.
        tamper(
            &path,
            &format!("UPDATE application SET purpose = '{wanted}'"),
        );
        let error = open_for(wanted, &path, &key(1)).await.err();
        assert!(matches!(error, Some(OpenError::OtherKey { .. })));
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_bridge_is_left_alone() {
    let (_folder, path) = folder();
    let store = open(&path, &key(1)).await.expect("a new database opens");
    store.close().await;
    tamper(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'later', TRUE, x'00', 0)",
    );
    let before = fs::read(&path).expect("it reads");
    let error = refusal(&path).await;
    assert!(
        matches!(error, OpenError::Newer { found: 9999, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("schema version 9999"), "{error}");
    assert_eq!(fs::read(&path).expect("it reads"), before);
}

#[tokio::test]
async fn a_file_of_somebody_else_is_left_alone() {
    let (_folder, path) = folder();
    fs::write(&path, "not a database, but somebody's diary".repeat(100)).expect("it writes");
    let diary = fs::read(&path).expect("it reads");
    assert!(matches!(refusal(&path).await, OpenError::Foreign(_)));
    assert_eq!(fs::read(&path).expect("it reads"), diary);

    let (_folder, path) = folder();
    fs::write(&path, "").expect("it writes");
    tamper(&path, "CREATE TABLE application (id INTEGER, purpose TEXT)");
    let before = fs::read(&path).expect("it reads");
    let error = refusal(&path).await;
    assert!(matches!(error, OpenError::Foreign(_)), "{error}");
    assert!(
        error
            .to_string()
            .contains("store.db is not a database of this bridge")
    );
    assert_eq!(fs::read(&path).expect("it reads"), before);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let (folder, _) = folder();
    let missing = folder.path().join("missing").join("store.db");
    let error = refusal(&missing).await;
    assert!(matches!(error, OpenError::NoFolder(_)), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("missing/store.db") && text.contains("create it"),
        "{text}"
    );

    fs::write(folder.path().join("file"), "").expect("it writes");
    let error = refusal(&folder.path().join("file").join("store.db")).await;
    assert!(matches!(error, OpenError::NotMade { .. }), "{error}");
    let error = refusal(folder.path()).await;
    assert!(
        error
            .to_string()
            .ends_with("cannot be made: is a directory"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_that_means_something_to_sqlite_is_a_name() {
    let folder = TempDir::new().expect("a folder");
    for name in [":memory:", "file:x?mode=memory"] {
        let path = folder.path().join(name);
        let store = open(&path, &key(1)).await.expect("a new database opens");
        store.close().await;
        let octets = fs::read(&path).expect("there is a file of this name");
        assert!(octets.starts_with(b"SQLite format 3\0"));
    }
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_folder, path) = folder();
    let random = Arc::new(Numbers::default());
    let memory = SqliteStore::in_memory(&key(1), random, Purpose::Demo).await;
    for store in [
        open(&path, &key(1)).await.expect("a new database opens"),
        memory.expect("memory opens"),
    ] {
        store.close().await;
        store.close().await;
        let read = store.realms().await;
        assert!(matches!(read, Err(StoreError::Database(_))));
        let written = store.forget_attempts(hash(1)).await;
        assert!(matches!(written, Err(StoreError::Database(_))));
        let applied = store.apply(&declaration(vec![]), false, NOW).await;
        assert!(matches!(applied, Err(StoreError::Database(_))));
    }
}

/// A new store that does not wait for locks.
async fn impatient(path: &Path) -> SqliteStore {
    let options = Options {
        busy_timeout: Duration::ZERO,
        ..Options::new(Purpose::Production)
    };
    let random = Arc::new(Numbers::default());
    let store = SqliteStore::open(path, &key(1), random, &options).await;
    store.expect("a new database opens")
}

#[tokio::test]
async fn a_lock_is_waited_for_as_long_as_was_said() {
    let (_folder, path) = folder();
    let store = impatient(&path).await;
    let other = connect(&path);
    other.execute_batch("BEGIN IMMEDIATE").expect("it locks");
    let declared = store
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    let error = declared.expect_err("it is locked").to_string();
    assert!(error.contains("locked"), "{error}");
    other.execute_batch("ROLLBACK").expect("it unlocks");
    let declared = store
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    declared.expect("it applies");
}

#[tokio::test]
async fn whoever_is_known_is_noted_without_a_write() {
    let (_folder, path) = folder();
    let store = impatient(&path).await;
    let declared = store
        .apply(&declaration(vec![full_realm()]), false, NOW)
        .await;
    declared.expect("it applies");
    let ada = person("f6a2", "ada");
    store.note_user(&ada, NOW).await.expect("she is noted");
    let other = connect(&path);
    other.execute_batch("BEGIN IMMEDIATE").expect("it locks");
    let standing = store.note_user(&ada, LATER).await;
    assert_eq!(standing.expect("it only reads"), Standing::GOOD);
    let moved = KnownUser {
        entry_dn: "uid=ada,ou=Elsewhere".into(),
        ..ada
    };
    let error = store.note_user(&moved, LATER).await;
    let error = error.expect_err("it has to write").to_string();
    assert!(error.contains("locked"), "{error}");
    other.execute_batch("ROLLBACK").expect("it unlocks");
    let standing = store.note_user(&moved, LATER).await;
    assert_eq!(standing.expect("it writes"), Standing::GOOD);
}
