//! `init`: a folder to begin with.

use crate::system::{OsRandom, SystemClock};
use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{
    admin::AdminScope,
    client::{Client, ClientAuthentication, ClientSecret, GrantType},
    keys::SigningAlgorithm,
    names::{ClientId, RealmName},
    ports::{Clients as _, Clock as _, Precondition, Random as _, Realms as _},
    realm::{PLATFORM, Realm, Revision},
    secret::Secret,
    time::Timestamp,
};
use bridge_store::{Options, Purpose, SealingKey, SqliteStore};
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    sync::Arc,
    time::Duration,
};
use zeroize::Zeroizing;

const BRIDGE: &str = include_str!("init/bridge.toml");
const REALM: &str = include_str!("init/realm.toml");

/// The client that the first credential is of.
const FIRST: &str = "first";
/// How long the first credential holds.
const FIRST_HOLDS: Duration = Duration::from_hours(1);

pub(super) async fn run(folder: &Path) -> anyhow::Result<()> {
    let config = folder.join("bridge.toml");
    for file in ["bridge.toml", "secrets", "data", "realms"] {
        let path = folder.join(file);
        if path.exists() {
            bail!(
                "{} is there already; init changes nothing that exists: name another folder",
                path.display()
            );
        }
    }
    make(folder).await.inspect_err(|_| {
        // Nothing half-made stays: all of it was made here.
        for part in ["secrets", "data", "realms"] {
            let _ = fs::remove_dir_all(folder.join(part));
        }
        let _ = fs::remove_file(&config);
    })?;
    let mut out = std::io::stdout();
    writeln!(out, "made {}: the process's own settings", config.display())?;
    writeln!(
        out,
        "made {}: a realm to begin with",
        folder.join("realms/staff.toml").display()
    )?;
    writeln!(
        out,
        "made {}: keep a copy of it apart from the database's",
        folder.join("secrets/sealing.key").display()
    )?;
    writeln!(
        out,
        "made {}: administers everything, once, within the hour",
        folder.join("secrets/first-credential").display()
    )?;
    writeln!(
        out,
        "next: write your directory into realms/staff.toml, then"
    )?;
    writeln!(
        out,
        "  ldap-oidc-bridge check --config {}",
        config.display()
    )?;
    writeln!(
        out,
        "  ldap-oidc-bridge serve --config {}",
        config.display()
    )?;
    Ok(())
}

async fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (part, mode) in [("secrets", 0o700), ("data", 0o700), ("realms", 0o755)] {
        let path = folder.join(part);
        let made = DirBuilder::new().mode(mode).create(&path);
        made.with_context(|| format!("cannot make {}", path.display()))?;
    }
    let key = SealingKey::create(&folder.join("secrets/sealing.key"), &OsRandom)?;
    for (file, text) in [("realms/staff.toml", REALM), ("bridge.toml", BRIDGE)] {
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let options = Options::new(Purpose::Production);
    let database = folder.join("data/bridge.db");
    let store = SqliteStore::open(&database, &key, Arc::new(OsRandom), &options).await?;
    let made = first_credential(&store, &folder.join("secrets/first-credential")).await;
    store.close().await;
    made
}

/// Makes the client that administers everything, and writes down its secret: good for one token within
/// the hour. The database has a digest of it.
async fn first_credential(store: &SqliteStore, file: &Path) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let realm = Realm::new(RealmName::new(PLATFORM)?);
    store.save_realm(&realm, Precondition::Absent, now).await?;
    let client = Client {
        realm: realm.name.clone(),
        id: ClientId::new(FIRST)?,
        name: None,
        enabled: true,
        authentication: ClientAuthentication::Secret,
        grant_types: vec![GrantType::ClientCredentials],
        redirect_uris: Vec::new(),
        signing_algorithm: SigningAlgorithm::ES256,
        token_lifetime: None,
        allowed_groups: Vec::new(),
        admin_scopes: vec![AdminScope::RealmAdmin, AdminScope::PolicyAdmin],
        managed_by: None,
        revision: Revision::default(),
    };
    store
        .save_client(&client, Precondition::Absent, now)
        .await?;
    let mut octets = Zeroizing::new([0; 32]);
    OsRandom.fill(octets.as_mut_slice());
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(octets.as_slice()));
    let about = ClientSecret {
        id: OsRandom.uuid(),
        created_at: now,
        expires_at: Some(Timestamp(now.0 + FIRST_HOLDS.as_secs())),
        single_use: true,
    };
    let kept = Secret::new(secret.as_bytes());
    store
        .add_client_secret(&realm.name, &client.id, &kept, &about)
        .await?;
    let text = Zeroizing::new(format!(
        "# Administers everything. Good for one token, within an hour of `init`:\n\
         #   ldap-oidc-bridge get realms --server URL --credentials first-credential\n\
         realm = \"{PLATFORM}\"\nclient_id = \"{FIRST}\"\nclient_secret = \"{}\"\n",
        secret.as_str()
    ));
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    let mut made = made.with_context(|| format!("cannot make {}", file.display()))?;
    made.write_all(text.as_bytes())?;
    Ok(made.sync_all()?)
}
