//! The change of the sealing key.

use crate::{
    conformance::users::person,
    databases::{column, files_of, open, tamper},
    sample::{
        NOW, Numbers, client_id, declare, empty_realm, federation, full_realm, grant, id, key,
        realm_name, session, signing_key, staff,
    },
};
use bridge_model::{
    keys::SigningAlgorithm,
    names::FederationId,
    ports::{Clients, Imports, Keys, Realms, Sessions, Users},
    secret::Secret,
    user::LocalProfile,
};
use bridge_store::{
    KeyFileError, OpenError, Purpose, ResealError, RotateError, SealingKey, SqliteStore,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

pub(crate) async fn reseal(
    path: &Path,
    old: &SealingKey,
    new: &SealingKey,
) -> Result<(), ResealError> {
    let random = Arc::new(Numbers::default());
    SqliteStore::reseal(path, old, new, random, Purpose::Production).await
}

async fn rotate(path: &Path, key_file: &Path) -> Result<(), RotateError> {
    let random = Arc::new(Numbers::starting_at(77_000));
    SqliteStore::rotate_key(path, key_file, random, Purpose::Production).await
}

/// A closed database with something of everything that is sealed or digested, and the realm's
/// subject key.
async fn full(folder: &TempDir, key: &SealingKey) -> (PathBuf, Secret) {
    let path = folder.path().join("store.db");
    let store = open(&path, key).await.expect("a new database opens");
    declare(&store, vec![full_realm(), empty_realm("other")]).await;
    for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::ES256] {
        let key = signing_key(&algorithm.to_string(), algorithm);
        store.add_first_signing_key(&key).await.expect("it is kept");
    }
    let subjects = [(b"ada".to_vec(), "old-1".to_owned())];
    let imported = store
        .import_subjects(&staff(), FederationId(id(1)), &subjects)
        .await;
    imported.expect("they are kept");
    let ada = person("f6a2", "ada");
    store.note_user(&ada, NOW).await.expect("it is noted");
    let saved = store.save_local_profile(&staff(), "f6a2", &local()).await;
    assert!(saved.expect("it is answered"));
    store.add_session(&session(1)).await.expect("it is kept");
    store.add_grant(&grant(1)).await.expect("it is kept");
    let subject_key = store.subject_key(&staff()).await.expect("it reads");
    store.close().await;
    (path, subject_key.expect("there is one"))
}

fn local() -> LocalProfile {
    LocalProfile {
        password_hash: Some("hash-of-a-password-in-the-clear".into()),
        ..LocalProfile::default()
    }
}

/// Whether everything of [`full`] opens and fits with a key.
async fn check(path: &Path, key: &SealingKey, subject_key: &Secret) {
    let store = open(path, key).await.expect("it opens");
    let read = store.subject_key(&staff()).await.expect("it opens");
    assert_eq!(read.as_ref(), Some(subject_key));
    let other = store.subject_key(&realm_name("other")).await;
    assert!(other.expect("it opens").is_some());
    for signing in store.signing_keys(&staff()).await.expect("they open") {
        let expected = signing_key(&signing.kid, signing.algorithm).private;
        assert_eq!(signing.private, expected);
    }
    let people = federation("people", 1).planned.federation;
    let credential = store.bind_credential(&people).await.expect("it opens");
    assert_eq!(
        credential,
        Some(Secret::new("bind-credential-in-the-clear"))
    );
    for (secret, expected) in [("client-secret-one", true), ("another", false)] {
        let fits = store
            .client_secret_fits(&staff(), &client_id("wiki"), &Secret::new(secret), NOW)
            .await;
        assert_eq!(fits.expect("it reads"), expected);
    }
    let found = store
        .imported_subject(&staff(), FederationId(id(1)), b"ada")
        .await;
    assert_eq!(found.expect("it reads").as_deref(), Some("old-1"));
    let found = store.local_profile(&staff(), "f6a2").await;
    assert_eq!(found.expect("it opens"), local());
    let found = store.session(&staff(), session(1).secret, NOW).await;
    assert_eq!(found.expect("it reads"), Some(session(1)));
    let found = store.grant(&staff(), grant(1).id, NOW).await;
    assert_eq!(found.expect("it reads"), Some(grant(1)));
    store.close().await;
}

/// Every sealed value as it lies in the file.
fn sealed(path: &Path) -> Vec<Vec<u8>> {
    column(
        path,
        "SELECT sentinel FROM application UNION ALL SELECT digest_key FROM application
        UNION ALL SELECT subject_key FROM realms UNION ALL SELECT private FROM signing_keys
        UNION ALL SELECT bind_credential FROM federations
        UNION ALL SELECT password FROM local_profiles",
    )
}

#[tokio::test]
async fn after_a_change_of_the_key_the_new_one_opens_everything_and_the_old_one_nothing() {
    let folder = TempDir::new().expect("a folder");
    let (path, subject_key) = full(&folder, &key(1)).await;
    check(&path, &key(1), &subject_key).await;
    let before = sealed(&path);
    assert_eq!(before.len(), 8);
    reseal(&path, &key(1), &key(2))
        .await
        .expect("it is sealed anew");
    assert_eq!(files_of(&path).len(), 1);
    // Nothing that the old key opens is left, not even where nobody looks.
    let octets = fs::read(&path).expect("it reads");
    for sealed in &before {
        let found = octets.windows(sealed.len()).any(|window| window == sealed);
        assert!(!found, "{} octets", sealed.len());
    }
    let refused = open(&path, &key(1)).await.err().expect("it is refused");
    assert!(matches!(refused, OpenError::OtherKey { .. }), "{refused}");
    check(&path, &key(2), &subject_key).await;
    // And again, and back.
    reseal(&path, &key(2), &key(3))
        .await
        .expect("it is sealed anew");
    reseal(&path, &key(3), &key(1))
        .await
        .expect("it is sealed anew");
    check(&path, &key(1), &subject_key).await;
}

#[tokio::test]
async fn a_database_in_use_keeps_its_key() {
    let folder = TempDir::new().expect("a folder");
    let (path, subject_key) = full(&folder, &key(1)).await;
    let store = open(&path, &key(1)).await.expect("it opens");
    // Also while it does nothing at all.
    let refused = reseal(&path, &key(1), &key(2)).await;
    let refused = refused.expect_err("it is refused");
    assert!(matches!(refused, ResealError::InUse(_)), "{refused}");
    let text = refused.to_string();
    assert!(
        text.contains("store.db") && text.contains("stop the bridge"),
        "{text}"
    );
    declare(&store, vec![full_realm(), empty_realm("other")]).await;
    store.close().await;
    check(&path, &key(1), &subject_key).await;
    reseal(&path, &key(1), &key(2))
        .await
        .expect("it is sealed anew");
}

#[tokio::test]
async fn what_cannot_be_sealed_anew_is_left_as_it_is() {
    let folder = TempDir::new().expect("a folder");
    let missing = folder.path().join("missing.db");
    let refused = reseal(&missing, &key(1), &key(2)).await;
    assert!(
        matches!(refused, Err(ResealError::Missing(_))),
        "{refused:?}"
    );
    assert!(!missing.exists());
    fs::write(&missing, "").expect("it writes");
    let refused = reseal(&missing, &key(1), &key(2)).await;
    assert!(
        matches!(refused, Err(ResealError::Open(OpenError::Foreign(_)))),
        "{refused:?}"
    );

    let (path, _) = full(&folder, &key(1)).await;
    let before = fs::read(&path).expect("it reads");
    let refused = reseal(&path, &key(3), &key(2)).await;
    assert!(
        matches!(refused, Err(ResealError::Open(OpenError::OtherKey { .. }))),
        "{refused:?}"
    );
    assert_eq!(fs::read(&path).expect("it reads"), before);
    // One value that does not open, and nothing is done.
    let sql = "UPDATE federations SET bind_credential = x'0100'";
    assert_eq!(tamper(&path, sql), 1);
    let before = fs::read(&path).expect("it reads");
    let refused = reseal(&path, &key(1), &key(2)).await;
    let refused = refused.expect_err("it is refused").to_string();
    assert!(refused.contains("staff/people"), "{refused}");
    assert_eq!(fs::read(&path).expect("it reads"), before);
    let store = open(&path, &key(1)).await.expect("the old key opens it");
    store.close().await;
}

#[tokio::test]
async fn a_rotated_key_stands_where_the_old_one_stood() {
    let folder = TempDir::new().expect("a folder");
    let key_file = folder.path().join("sealing.key");
    let old = SealingKey::create(&key_file, &Numbers::default()).expect("it is made");
    let (path, subject_key) = full(&folder, &old).await;
    rotate(&path, &key_file).await.expect("the key is changed");
    let new = SealingKey::read(&key_file).expect("it reads");
    assert_ne!(new.derive("x"), old.derive("x"));
    assert!(!folder.path().join("sealing.key.next").exists());
    check(&path, &new, &subject_key).await;
    let refused = open(&path, &old).await.err().expect("it is refused");
    assert!(matches!(refused, OpenError::OtherKey { .. }), "{refused}");
}

#[tokio::test]
async fn an_interrupted_rotation_goes_on_where_it_stood() {
    for is_sealed in [false, true] {
        let folder = TempDir::new().expect("a folder");
        let key_file = folder.path().join("sealing.key");
        let next_file = folder.path().join("sealing.key.next");
        let old = SealingKey::create(&key_file, &Numbers::default()).expect("it is made");
        let (path, subject_key) = full(&folder, &old).await;
        let random = Numbers::starting_at(5_000);
        let next = SealingKey::create(&next_file, &random).expect("it is made");
        if is_sealed {
            reseal(&path, &old, &next).await.expect("it is sealed anew");
        }
        rotate(&path, &key_file).await.expect("the key is changed");
        let new = SealingKey::read(&key_file).expect("it reads");
        assert_eq!(new.derive("x"), next.derive("x"));
        assert!(!next_file.exists());
        check(&path, &new, &subject_key).await;
    }
}

#[tokio::test]
async fn a_rotation_that_cannot_be_done_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let key_file = folder.path().join("sealing.key");
    let refused = rotate(&folder.path().join("store.db"), &key_file).await;
    assert!(
        matches!(refused, Err(RotateError::KeyFile(KeyFileError::Missing(_)))),
        "{refused:?}"
    );
    let old = SealingKey::create(&key_file, &Numbers::default()).expect("it is made");
    let (path, subject_key) = full(&folder, &old).await;
    let store = open(&path, &old).await.expect("it opens");
    let refused = rotate(&path, &key_file).await;
    assert!(
        matches!(refused, Err(RotateError::Reseal(ResealError::InUse(_)))),
        "{refused:?}"
    );
    store.close().await;
    let kept = SealingKey::read(&key_file).expect("it reads");
    check(&path, &kept, &subject_key).await;
    // Once the database is free, the same command does it.
    rotate(&path, &key_file).await.expect("the key is changed");
    let new = SealingKey::read(&key_file).expect("it reads");
    check(&path, &new, &subject_key).await;
}
