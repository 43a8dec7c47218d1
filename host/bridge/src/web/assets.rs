//! The stylesheet and the icon: compiled in, named by their digest, kept by browsers for good.

use super::{failure::Failure, state::WebState};
use aws_lc_rs::digest;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;
use std::sync::LazyLock;

/// The pattern of the addresses below.
const PATTERN: &str = "/assets/{file}";

/// The address of the stylesheet. It changes with its content.
pub fn stylesheet_path() -> &'static str {
    &STYLESHEET.path
}

/// The address of the icon.
pub fn icon_path() -> &'static str {
    &ICON.path
}

/// The router of the assets.
pub(super) fn routes() -> Router<WebState> {
    Router::new().route(PATTERN, get(file))
}

/// One of the two files.
async fn file(Path(file): Path<String>) -> Result<Response, Failure> {
    let asset = [&*STYLESHEET, &*ICON]
        .into_iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(&file))
        .ok_or(Failure::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    Ok((headers, asset.content).into_response())
}

/// A file that is compiled in.
struct Asset {
    path: String,
    media_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(content: &'static str, extension: &str, media_type: &'static str) -> Self {
        use std::fmt::Write;
        let digest = digest::digest(&digest::SHA256, content.as_bytes());
        let mut path = "/assets/".to_owned();
        // 64 bits tell versions of one file apart.
        for octet in digest.as_ref().iter().take(8) {
            let _ = write!(path, "{octet:02x}");
        }
        path.push_str(extension);
        Self {
            path,
            media_type,
            content,
        }
    }
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../templates/style.css");
    Asset::new(content, ".css", "text/css; charset=utf-8")
});

static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        include_str!("../../templates/icon.svg"),
        ".svg",
        "image/svg+xml",
    )
});
