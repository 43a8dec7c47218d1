//! Tokens for a client that acts for itself (RFC 6749 section 4.4).

use super::{Refusal, Remote, path};
use crate::{
    config::{self, understood},
    documents::{Format, format::Malformed},
};
use anyhow::Context as _;
use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_model::{
    names::{ClientId, RealmName},
    realm::PLATFORM,
};
use http::{Method, header};
use serde::Deserialize;
use std::path::Path;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// A client and its secret.
struct Credentials {
    realm: String,
    client_id: ClientId,
    client_secret: Zeroizing<String>,
}

/// Asks the bridge for a token with what a file says.
pub(super) async fn token(remote: &Remote, file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let credentials = read(file)?;
    let endpoint = [
        "realms",
        &credentials.realm,
        "protocol",
        "openid-connect",
        "token",
    ];
    let request = remote
        .request(Method::POST, &path(&endpoint))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, basic(&credentials))
        .body(Body::from("grant_type=client_credentials"))?;
    let answer = remote.exchange(request).await?;
    if !answer.status.is_success() {
        let refusal = Refusal::of_token(answer.status, &answer.body);
        let about = format!("no token for the client of {}", file.display());
        return Err(anyhow::Error::new(refusal).context(about));
    }
    let answer: TokenAnswer =
        serde_json::from_slice(&answer.body).context("the token endpoint's answer has no token")?;
    Ok(Zeroizing::new(answer.access_token))
}

/// RFC 6749 section 5.1, as far as it matters here.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

/// RFC 6749 section 2.3.1: both are form-encoded first.
fn basic(credentials: &Credentials) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let both = Zeroizing::new(format!(
        "{}:{}",
        encoded(credentials.client_id.as_str()),
        encoded(&credentials.client_secret)
    ));
    format!("Basic {}", STANDARD.encode(both.as_bytes()))
}

/// Reads a file such as `init` writes. It is TOML whatever it is called, unless its name says other.
fn read(file: &Path) -> anyhow::Result<Credentials> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = Zeroizing::new(text);
    let format = Format::of(file).unwrap_or(Format::Toml);
    let root = format.read(&text).map_err(|Malformed { line, message }| {
        config::Faults(vec![config::Fault {
            line,
            ..config::Faults::of_file(file, message).0.remove(0)
        }])
    })?;
    let credentials = understood(file, &root, |_, section| {
        let realm = section.typed("realm", section.text("realm"), RealmName::new);
        let client_id = section.required_text("client_id");
        let client_id = section.typed("client_id", client_id, ClientId::new);
        let client_secret = section.required_text("client_secret");
        section.finish();
        Some(Credentials {
            realm: realm.map_or_else(|| PLATFORM.to_owned(), |realm| realm.to_string()),
            client_id: client_id?,
            client_secret: Zeroizing::new(client_secret?),
        })
    })?;
    Ok(credentials)
}
