//! Bodies that hold a document, and queries.

use super::problem::{Kind, Problem};
use crate::{
    documents::{Advice, read_body},
    web::failure::Failure,
};
use axum::{
    body::{Bytes, HttpBody as _, to_bytes},
    extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request},
    response::IntoResponse,
};
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{str::FromStr, time::Duration};

/// The most octets of a body: a declaration of hundreds of objects, or some thousand subjects.
pub(super) const OCTETS_MAX: usize = 1024 * 1024;

/// How long a body may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a component may take to arrive.
const OCTETS_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The type of a document.
pub(super) const JSON: &str = "application/json";
/// The type of a merge patch (RFC 7396 section 4).
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";

/// A body of JSON whose names stand once in their object.
pub(super) struct Document(pub(super) Value);

/// A merge patch: also taken as plain JSON.
pub(super) struct Patch(pub(super) Value);

/// A body of JSON that is a `T` and nothing more.
pub(super) struct Body<T>(pub(super) T);

/// A body of JSON that is a list of objects, each a `T` and nothing more.
pub(super) struct Objects<T>(pub(super) Vec<T>);

/// A body of JSON that is a `T`, or none at all.
pub(super) struct OptionalBody<T>(pub(super) T);

/// A query that is a `T` and nothing more.
pub(super) struct Parameters<T>(pub(super) T);

/// A body of octets that is not read yet.
pub(super) struct Octets(Request);

/// Segments of the path by their names in the route, percent-decoded.
pub(super) struct Segments(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = read(request, state, &[JSON]).await?;
        document(&text).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Patch {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = read(request, state, &[JSON, MERGE_PATCH]).await?;
        match document(&text)? {
            patch @ Value::Object(_) => Ok(Self(patch)),
            _ => Err(Problem::of_member(
                "",
                "is no object; send the members that change",
            )),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = read(request, state, &[JSON]).await?;
        // The derived readers take a list of values for an object, too.
        if text.trim_start().starts_with('[') {
            return Err(Problem::of_member("", "is a list; send an object"));
        }
        parsed(&text).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Objects<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = read(request, state, &[JSON]).await?;
        let objects: Vec<Map<String, Value>> = parsed(&text)?;
        let objects = objects.into_iter().enumerate().map(|(place, object)| {
            T::deserialize(Value::Object(object)).map_err(|error| {
                Problem::of_member(&format!("[{place}]"), without_values(&error.to_string()))
            })
        });
        objects.collect::<Result<_, _>>().map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_empty = request.body().size_hint().exact() == Some(0);
        if is_empty {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, state)
            .await
            .map(|Body(body)| Self(body))
    }
}

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(request))
    }
}

impl Octets {
    /// Reads them, at most so many, sent as one of these media types.
    pub(super) async fn read(self, types: &[&str], most: usize) -> Result<Vec<u8>, Problem> {
        if !is_one_of(self.0.headers(), types) {
            return Err(wrong_type(types));
        }
        let too_large = || Problem::new(Kind::TooLarge, format!("the body may have {most} octets"));
        let body = self.0.into_body();
        if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
            return Err(too_large());
        }
        let read = tokio::time::timeout(OCTETS_READ_TIMEOUT, to_bytes(body, most));
        let read = read
            .await
            .map_err(|_| Problem::from(Failure::RequestTimeout))?;
        Ok(read.map_err(|_| too_large())?.into())
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Problem::new(Kind::Invalid, rejection.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments = RawPathParams::from_request_parts(parts, state).await;
        let segments = segments.map_err(|_| Problem::missing("address"))?;
        let segments = segments.iter();
        Ok(Self(
            segments
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ))
    }
}

impl Segments {
    /// A segment as it is.
    pub(super) fn text(&self, name: &str) -> Result<&str, Problem> {
        let mut segments = self.0.iter();
        let found = segments.find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| Problem::missing("address"))
    }

    /// A segment of a form. Nothing has a name of another form, so it is not there.
    pub(super) fn parsed<T: FromStr>(&self, name: &str, what: &str) -> Result<T, Problem> {
        self.text(name)?.parse().map_err(|_| Problem::missing(what))
    }

    /// A segment that is a name. Nothing has a name that none may have, so it is not there.
    pub(super) fn named<T, E>(
        &self,
        name: &str,
        what: &str,
        make: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<T, Problem> {
        make(self.text(name)?.to_owned()).map_err(|_| Problem::missing(what))
    }
}

fn document(text: &str) -> Result<Value, Problem> {
    let read = read_body(text.as_bytes());
    read.map_err(|problem| Problem::of_members(vec![Advice::from(&problem)]))
}

/// Reads JSON that is a `T` and nothing more.
fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            Problem::of_member("", without_values(&error.to_string()))
        } else {
            not_json(&error)
        }
    })
}

async fn read<S: Send + Sync>(
    request: Request,
    state: &S,
    types: &[&str],
) -> Result<String, Problem> {
    if !is_one_of(request.headers(), types) {
        return Err(wrong_type(types));
    }
    let body = tokio::time::timeout(READ_TIMEOUT, Bytes::from_request(request, state))
        .await
        .map_err(|_| Problem::from(Failure::RequestTimeout))?
        .map_err(|rejection| {
            let failure = Failure::of_status(rejection.into_response().status());
            Problem::from(failure.unwrap_or(Failure::Internal))
        })?;
    String::from_utf8(body.into())
        .map_err(|_| Problem::new(Kind::Invalid, "the body is not encoded as UTF-8"))
}

fn wrong_type(types: &[&str]) -> Problem {
    let detail = format!("the body has to be {}", types.join(" or "));
    Problem::new(Kind::MediaType, detail)
}

fn is_one_of(headers: &HeaderMap, types: &[&str]) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| {
            types
                .iter()
                .any(|one| essence.trim().eq_ignore_ascii_case(one))
        })
}

/// What is wrong with a text that is no JSON.
fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!(
        "the body is not JSON: something is wrong at line {}, column {}",
        error.line(),
        error.column()
    );
    Problem::new(Kind::Invalid, detail)
}

/// What the reader says of a wrong type quotes the value, which may be a secret in the wrong place.
fn without_values(message: &str) -> String {
    let is_quoted =
        message.starts_with("invalid type: string") || message.starts_with("invalid value: string");
    if is_quoted && let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("a string stands where there has to be {expected}");
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body as Octets;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        limit: u32,
    }

    fn request(media_type: &str, body: &str) -> Request {
        Request::post("/")
            .header(header::CONTENT_TYPE, media_type)
            .body(Octets::from(body.to_owned()))
            .expect("a request")
    }

    async fn kind(media_type: &str, body: &str) -> Option<Kind> {
        let read = Body::<Sample>::from_request(request(media_type, body), &()).await;
        read.err().map(|problem| problem.kind)
    }

    #[tokio::test]
    async fn a_body_is_what_it_has_to_be_or_said_to_be_wrong() {
        for (media_type, body, expected) in [
            ("application/json", r#"{"limit": 1}"#, None),
            ("Application/JSON; charset=utf-8", r#"{"limit": 1}"#, None),
            ("text/plain", r#"{"limit": 1}"#, Some(Kind::MediaType)),
            ("application/merge-patch+json", "{}", Some(Kind::MediaType)),
            ("application/json", "{", Some(Kind::Invalid)),
            ("application/json", r#"{"limit": -1}"#, Some(Kind::Invalid)),
            (
                "application/json",
                r#"{"limit": 1, "x": 2}"#,
                Some(Kind::Invalid),
            ),
            ("application/json", "[]", Some(Kind::Invalid)),
        ] {
            assert_eq!(
                kind(media_type, body).await,
                expected,
                "{media_type} {body}"
            );
        }
    }

    #[tokio::test]
    async fn a_patch_is_an_object_of_either_type() {
        for (media_type, body, is_taken) in [
            ("application/merge-patch+json", "{}", true),
            ("application/json", "{}", true),
            ("application/json-patch+json", "[]", false),
            ("application/merge-patch+json", "[]", false),
            ("application/merge-patch+json", "null", false),
        ] {
            let read = Patch::from_request(request(media_type, body), &()).await;
            assert_eq!(read.is_ok(), is_taken, "{media_type} {body}");
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_told() {
        let problem = parsed::<Sample>(r#"{"limit": "hunter2"}"#);
        let problem = problem.expect_err("a string is no number");
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        assert!(problem.detail.contains("u32"), "{problem:?}");
    }
}
