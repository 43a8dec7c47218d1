//! How an axum program of your own signs people in: it takes the bridge's router.
//!
//! ```sh
//! ldap-oidc-bridge init /tmp/bridge
//! BRIDGE_BIND_CREDENTIAL=secret cargo run --example embed -- /tmp/bridge 127.0.0.1:8080
//! ```

use anyhow::Context as _;
use axum::{Router, routing::get};
use bridge_store::{Options, Purpose, SealingKey, SqliteStore};
use ldap_oidc_bridge::{
    Bridge, OsRandom,
    config::realm_file::RealmFile,
    web::{self, ConnectionLimits},
};
use std::{net::SocketAddr, path::Path, sync::Arc};

/// The program's own pages, and the bridge's beside them.
async fn application(folder: &Path, address: SocketAddr) -> anyhow::Result<Router> {
    let key = SealingKey::read(&folder.join("secrets/sealing.key"))?;
    let options = Options::new(Purpose::Production);
    let path = folder.join("data/bridge.db");
    let store = SqliteStore::open(&path, &key, Arc::new(OsRandom), &options).await?;

    let base_url = format!("http://{address}").parse()?;
    let bridge = Bridge::builder(base_url, Arc::new(store)).build()?;
    let file = RealmFile::read(&folder.join("realms/staff.toml"), bridge.policies())?;
    bridge.apply(&file).await?;
    bridge.ready();

    let own = Router::new().route("/hello", get(|| async { "a page of the program's own" }));
    Ok(own.merge(bridge.router()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("name the folder that init made")?;
    let address = arguments.next().context("name the address to listen on")?;
    let address = address.parse()?;
    let application = application(Path::new(&folder), address).await?;
    let listener = web::bind(address).await?;
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    web::serve(
        listener,
        None,
        application,
        ConnectionLimits::default(),
        stop,
    )
    .await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        body::Body,
        http::{Request, StatusCode},
    };
    use tower::ServiceExt as _;

    const REALM: &str = r#"
        [realm]
        name = "staff"
        [[federations]]
        name = "directory"
        vendor = "generic"
        connection_url = "ldaps://127.0.0.1:1"
        users_dn = "ou=people,dc=example,dc=test"
        bind_type = "none"
        [[clients]]
        client_id = "wiki"
        public = true
        redirect_uris = ["http://127.0.0.1/callback"]
    "#;

    #[tokio::test]
    async fn the_routers_live_side_by_side() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        for part in ["secrets", "data", "realms"] {
            std::fs::create_dir_all(folder.join(part)).expect("a folder");
        }
        SealingKey::create(&folder.join("secrets/sealing.key"), &OsRandom).expect("a key");
        std::fs::write(folder.join("realms/staff.toml"), REALM).expect("a realm");
        let address = "127.0.0.1:8080".parse().expect("an address");
        let application = application(folder, address).await.expect("wired");
        for (path, expected) in [
            ("/hello", StatusCode::OK),
            (
                "/realms/staff/.well-known/openid-configuration",
                StatusCode::OK,
            ),
            (
                "/realms/other/.well-known/openid-configuration",
                StatusCode::NOT_FOUND,
            ),
        ] {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let answer = application
                .clone()
                .oneshot(request)
                .await
                .expect("an answer");
            assert_eq!(answer.status(), expected, "{path}");
        }
    }
}
