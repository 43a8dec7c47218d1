//! What lies in the files, and what comes of changing it there.

use crate::{
    conformance::users::person,
    databases::{files_of, open, tamper},
    sample::{
        LATER, NOW, SOURCE, client, client_id, declaration, declare, empty_realm, federation,
        full_realm, grant, interaction, key, realm_name, session, signing_key, staff,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bridge_model::{
    keys::SigningAlgorithm,
    ports::{Clients, Imports, Keys, Realms, Sessions, StoreError, Users},
    secret::Secret,
    user::LocalProfile,
};
use bridge_store::{OpenError, SqliteStore};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A file with a realm, a signing key, and a sign-in in it.
async fn full(folder: &TempDir) -> (SqliteStore, PathBuf) {
    let path = folder.path().join("store.db");
    let store = open(&path, &key(1)).await.expect("a new database opens");
    let mut realm = full_realm();
    realm.clients.push(client(
        "blog",
        &["client-secret-two", "client-secret-three"],
    ));
    declare(&store, vec![realm]).await;
    let signing_key = signing_key("k1", SigningAlgorithm::RS256);
    store
        .add_first_signing_key(&signing_key)
        .await
        .expect("it is kept");
    store
        .add_interaction(&interaction(1))
        .await
        .expect("it is kept");
    store.add_session(&session(1)).await.expect("it is kept");
    let ada = person("f6a2", "ada");
    store.note_user(&ada, NOW).await.expect("it is noted");
    let local = LocalProfile {
        password_hash: Some("hash-of-a-password-in-the-clear".into()),
        ..LocalProfile::default()
    };
    let saved = store.save_local_profile(&staff(), "f6a2", &local).await;
    assert!(saved.expect("it is answered"));
    store.add_grant(&grant(1)).await.expect("it is kept");
    (store, path)
}

/// The same after something was done behind the store's back.
async fn tampered(folder: &TempDir, sql: &str) -> SqliteStore {
    let (store, path) = full(folder).await;
    store.close().await;
    assert_eq!(tamper(&path, sql), 1, "{sql}");
    open(&path, &key(1)).await.expect("it opens")
}

fn contains(octets: &[u8], wanted: &[u8]) -> bool {
    octets.windows(wanted.len()).any(|window| window == wanted)
}

/// The ways in which somebody might have written octets down.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut hexadecimal = String::new();
    for octet in secret {
        write!(hexadecimal, "{octet:02x}").expect("a string takes everything");
    }
    let json: Vec<_> = secret.iter().map(u8::to_string).collect();
    vec![
        secret.to_vec(),
        STANDARD_NO_PAD.encode(secret).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        hexadecimal.to_uppercase().into_bytes(),
        hexadecimal.into_bytes(),
        json.join(",").into_bytes(),
    ]
}

fn all_octets(path: &Path) -> Vec<u8> {
    let files = files_of(path);
    files
        .iter()
        .flat_map(|file| fs::read(file).expect("it reads"))
        .collect()
}

#[tokio::test]
async fn no_secret_stands_in_the_files() {
    let folder = TempDir::new().expect("a folder");
    let (store, path) = full(&folder).await;
    let subject_key = store.subject_key(&staff()).await.expect("it reads");
    let secrets = [
        Secret::new("bind-credential-in-the-clear"),
        Secret::new("client-secret-one"),
        Secret::new("client-secret-two"),
        Secret::new("client-secret-three"),
        Secret::new("hash-of-a-password-in-the-clear"),
        signing_key("k1", SigningAlgorithm::RS256).private,
        subject_key.expect("there is one"),
        key(1).derive("store/seal"),
        key(1).derive("store/client-secrets"),
    ];
    // With the write-ahead log, and without.
    for is_closed in [false, true] {
        if is_closed {
            store.close().await;
        }
        assert_eq!(files_of(&path).len(), if is_closed { 1 } else { 3 });
        let octets = all_octets(&path);
        // What is no secret is found, so the search finds.
        for open in ["Staff of Example", "ldaps://one.example", "Ada Lovelace"] {
            assert!(contains(&octets, open.as_bytes()), "{open}");
        }
        for (number, secret) in secrets.iter().enumerate() {
            for spelling in spellings(secret.expose()) {
                assert!(!contains(&octets, &spelling), "secret {number}");
            }
        }
    }
}

/// Changes one octet of a sealed column.
fn flip(table: &str, column: &str, octet: u32) -> String {
    let before = octet - 1;
    let after = octet + 1;
    format!(
        "UPDATE {table} SET {column} = CAST(
            substr({column}, 1, {before})
            || CASE substr({column}, {octet}, 1) WHEN x'00' THEN x'01' ELSE x'00' END
            || substr({column}, {after}) AS BLOB)"
    )
}

#[tokio::test]
async fn a_flipped_octet_of_a_subject_key_is_noticed() {
    for octet in [1, 2, 14, 30] {
        let folder = TempDir::new().expect("a folder");
        let store = tampered(&folder, &flip("realms", "subject_key", octet)).await;
        let error = store
            .subject_key(&staff())
            .await
            .expect_err("it is noticed");
        let StoreError::Sealed(what) = &error else {
            panic!("{error}");
        };
        assert_eq!(what, "realms.subject_key of staff");
        // The rest can still be read.
        assert!(store.realm(&staff()).await.expect("it reads").is_some());
    }
}

#[tokio::test]
async fn a_flipped_octet_of_a_local_password_is_noticed() {
    let folder = TempDir::new().expect("a folder");
    let store = tampered(&folder, &flip("local_profiles", "password", 20)).await;
    let read = store.local_profile(&staff(), "f6a2").await;
    assert!(
        matches!(&read, Err(StoreError::Sealed(what)) if what.contains("staff/f6a2")),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_flipped_octet_of_a_signing_key_is_noticed() {
    let folder = TempDir::new().expect("a folder");
    let store = tampered(&folder, &flip("signing_keys", "private", 20)).await;
    let error = store
        .signing_keys(&staff())
        .await
        .expect_err("it is noticed");
    assert!(
        matches!(&error, StoreError::Sealed(what) if what.contains("staff/k1")),
        "{error}"
    );
    let first = store
        .add_first_signing_key(&signing_key("k2", SigningAlgorithm::RS256))
        .await;
    assert!(matches!(first, Err(StoreError::Sealed(_))));
}

#[tokio::test]
async fn a_flipped_octet_of_a_bind_credential_is_noticed() {
    let folder = TempDir::new().expect("a folder");
    let store = tampered(&folder, &flip("federations", "bind_credential", 20)).await;
    let federation = federation("people", 1).planned.federation;
    let error = store
        .bind_credential(&federation)
        .await
        .expect_err("it is noticed");
    assert!(
        matches!(&error, StoreError::Sealed(what) if what.contains("staff/people")),
        "{error}"
    );
    // Declared again with its credential, it is mended, and that is a change.
    let applied = store
        .apply(&declaration(vec![full_realm()]), false, LATER)
        .await;
    let applied = applied.expect("it applies");
    assert_eq!(applied.changed, ["federation staff/people"]);
    let credential = store.bind_credential(&federation).await.expect("it opens");
    assert_eq!(
        credential,
        Some(Secret::new("bind-credential-in-the-clear"))
    );
}

#[tokio::test]
async fn a_credential_does_not_go_to_a_server_that_was_put_in_by_hand() {
    for (from, to) in [
        ("ldaps://two.example", "ldaps://evil.example"),
        ("\"start_tls\":false", "\"start_tls\":true"),
        ("\"allow_plaintext\":false", "\"allow_plaintext\":true"),
        ("-----BEGIN CERTIFICATE-----", "-----BEGIN EVIL-----"),
        ("cn=bridge,dc=staff,dc=example", "cn=somebody,dc=else"),
    ] {
        let folder = TempDir::new().expect("a folder");
        let sql =
            format!("UPDATE federations SET definition = replace(definition, '{from}', '{to}')");
        let store = tampered(&folder, &sql).await;
        let federations = store.federations(&staff()).await.expect("they read");
        let federation = &federations[0].federation;
        assert_ne!(
            *federation,
            crate::sample::federation("people", 1).planned.federation
        );
        let error = store.bind_credential(federation).await;
        assert!(matches!(error, Err(StoreError::Sealed(_))), "{to}");
    }
}

#[tokio::test]
async fn a_credential_does_not_open_in_another_federation() {
    let folder = TempDir::new().expect("a folder");
    let (store, path) = full(&folder).await;
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&store, vec![realm]).await;
    store.close().await;
    let sql = "UPDATE federations SET bind_credential =
        (SELECT bind_credential FROM federations WHERE name = 'people') WHERE name = 'others'";
    assert_eq!(tamper(&path, sql), 1);
    let store = open(&path, &key(1)).await.expect("it opens");
    let others = federation("others", 2).planned.federation;
    assert!(matches!(
        store.bind_credential(&others).await,
        Err(StoreError::Sealed(_))
    ));
    let people = federation("people", 1).planned.federation;
    assert!(store.bind_credential(&people).await.is_ok());
}

#[tokio::test]
async fn a_digest_of_one_client_does_not_let_another_in() {
    let folder = TempDir::new().expect("a folder");
    let sql = "UPDATE client_secrets SET digest = (SELECT digest FROM client_secrets
        WHERE client = 'blog' ORDER BY number DESC LIMIT 1) WHERE client = 'wiki'";
    let store = tampered(&folder, sql).await;
    for (id, expected) in [("blog", true), ("wiki", false)] {
        let presented = Secret::new("client-secret-two");
        let fits = store
            .client_secret_fits(&staff(), &client_id(id), &presented, NOW)
            .await;
        assert_eq!(fits.expect("it reads"), expected, "{id}");
    }
}

#[tokio::test]
async fn a_row_that_does_not_read_is_named_by_table_and_column() {
    for (sql, expected) in [
        ("UPDATE realms SET lifetimes = '{}'", "realms.lifetimes"),
        ("UPDATE federations SET plan = 'x'", "federations.plan"),
        (
            "UPDATE federations SET definition = replace(definition, '\"people\"', '\"other\"')",
            "federations.definition",
        ),
        ("UPDATE sessions SET \"user\" = 'null'", "sessions.user"),
        ("UPDATE grants SET auth_time = -1", "grants.auth_time"),
        (
            "UPDATE interactions SET browser = x'00'",
            "interactions.browser",
        ),
        (
            "UPDATE signing_keys SET algorithm = 'none'",
            "signing_keys.algorithm",
        ),
    ] {
        let folder = TempDir::new().expect("a folder");
        let store = tampered(&folder, sql).await;
        let errors = [
            store.realms().await.err(),
            store.federations(&staff()).await.err(),
            store.session(&staff(), session(1).secret, NOW).await.err(),
            store.grant(&staff(), grant(1).id, NOW).await.err(),
            store
                .interaction(&staff(), interaction(1).id, NOW)
                .await
                .err(),
            store.signing_keys(&staff()).await.err(),
        ];
        let texts: Vec<_> = errors.iter().flatten().map(ToString::to_string).collect();
        assert!(
            matches!(&texts[..], [text] if text.contains(expected)),
            "{expected}: {texts:?}"
        );
    }
}

#[tokio::test]
async fn what_no_file_made_is_not_taken_over() {
    for (sql, object) in [
        ("UPDATE realms SET managed_by = NULL", "realm staff"),
        (
            "UPDATE federations SET managed_by = NULL",
            "federation staff/people",
        ),
        (
            "UPDATE clients SET managed_by = NULL WHERE id = 'wiki'",
            "client staff/wiki",
        ),
    ] {
        let folder = TempDir::new().expect("a folder");
        let store = tampered(&folder, sql).await;
        let error = store
            .apply(&declaration(vec![full_realm()]), false, LATER)
            .await;
        let error = error.expect_err("it is in the way").to_string();
        assert!(error.contains(object) && error.contains(SOURCE), "{error}");
        // It does not go with the file either.
        let applied = store.apply(&declaration(vec![]), false, LATER).await;
        let applied = applied.expect("it applies");
        assert!(!applied.removed.contains(&object.to_owned()), "{applied:?}");
    }
}

#[tokio::test]
async fn another_key_does_not_open_the_database_nor_change_it() {
    let folder = TempDir::new().expect("a folder");
    let (store, path) = full(&folder).await;
    store.close().await;
    let before = fs::read(&path).expect("it reads");
    let error = open(&path, &key(2)).await.err().expect("it is refused");
    assert!(matches!(error, OpenError::OtherKey { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "the sealing key in memory is not the one the database {} was sealed with: name the key \
             that was made for this database, restore it from its backup, or run an interrupted \
             `rotate-key` again",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).expect("it reads"), before);
    let store = open(&path, &key(1)).await.expect("the right key opens it");
    declare(&store, vec![full_realm(), empty_realm("other")]).await;
    assert!(
        store
            .subject_key(&realm_name("other"))
            .await
            .expect("it opens")
            .is_some()
    );
}

#[tokio::test]
async fn a_flipped_octet_of_the_sentinel_is_as_good_as_another_key() {
    let folder = TempDir::new().expect("a folder");
    let (store, path) = full(&folder).await;
    store.close().await;
    tamper(&path, &flip("application", "sentinel", 15));
    let error = open(&path, &key(1)).await.err().expect("it is refused");
    assert!(matches!(error, OpenError::OtherKey { .. }), "{error}");
}
