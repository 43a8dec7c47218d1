//! Which state of an object an answer shows, and which one a change is meant for (RFC 9110 section 13).

use super::problem::{Kind, Problem};
use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use bridge_model::{ports::Precondition, realm::Revision};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;
use std::convert::Infallible;

/// The entity tag of a revision: `"r7"`.
pub(super) fn etag(revision: Revision) -> String {
    format!("\"r{}\"", revision.0)
}

/// The conditions of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Conditions {
    fn of(headers: &HeaderMap) -> Self {
        // Several headers are one list (RFC 9110 section 5.3); what is no text fits nothing.
        let list = |name: HeaderName| {
            let values = headers.get_all(name).iter();
            let values: Vec<_> = values.map(|v| v.to_str().unwrap_or_default()).collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        Self {
            if_match: list(header::IF_MATCH),
            if_none_match: list(header::IF_NONE_MATCH),
        }
    }

    /// What the store is to hold a change of this object to. A change that was made from what was
    /// read is only right for that, whether the request says so or not.
    ///
    /// # Errors
    ///
    /// 412 if the request was meant for another state.
    pub(super) fn of_change(
        &self,
        current: Revision,
        is_made_from_it: bool,
    ) -> Result<Precondition, Problem> {
        if let Some(list) = &self.if_match {
            if !has(list, current) {
                return Err(stale());
            }
            return Ok(Precondition::Revision(current));
        }
        if self
            .if_none_match
            .as_ref()
            .is_some_and(|list| has(list, current))
        {
            return Err(stale());
        }
        Ok(if is_made_from_it {
            Precondition::Revision(current)
        } else {
            Precondition::Present
        })
    }

    /// Whether the request wants to make something that is not there: `If-None-Match: *`.
    pub(super) fn wants_new(&self) -> bool {
        self.if_none_match.as_deref().map(str::trim) == Some("*")
    }

    /// An object as the answer to GET: with its tag, or 304 if the request has it already.
    pub(super) fn answer(&self, revision: Revision, document: &impl Serialize) -> Response {
        let is_known = self.if_none_match.as_ref();
        if is_known.is_some_and(|list| has(list, revision)) {
            return tagged(revision, StatusCode::NOT_MODIFIED);
        }
        tagged(revision, Json(document))
    }
}

/// An answer with the tag of what it shows.
pub(super) fn tagged(revision: Revision, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&etag(revision)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

fn stale() -> Problem {
    Problem::new(
        Kind::Stale,
        "the object is not what the request was meant for; read it again",
    )
}

/// Whether a list of tags has this one. Our tags are strong and hold no comma.
fn has(list: &str, revision: Revision) -> bool {
    let tag = etag(revision);
    list.split(',').map(str::trim).any(|one| {
        // A weak tag is one that an intermediary made of ours (RFC 9110 section 8.8.1).
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(headers: &[(HeaderName, &'static str)]) -> Conditions {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        Conditions::of(&map)
    }

    #[test]
    fn a_change_is_held_to_what_it_was_meant_for() {
        let five = Revision(5);
        let exactly = Some(Precondition::Revision(five));
        for (headers, is_made_from_it, expected) in [
            (&[][..], false, Some(Precondition::Present)),
            (&[], true, exactly),
            (&[(header::IF_MATCH, "\"r5\"")], false, exactly),
            (&[(header::IF_MATCH, "*")], false, exactly),
            (&[(header::IF_MATCH, "\"r4\", \"r5\"")], false, exactly),
            (
                &[(header::IF_MATCH, "\"r4\""), (header::IF_MATCH, "\"r5\"")],
                false,
                exactly,
            ),
            (&[(header::IF_MATCH, "\"r4\"")], false, None),
            (&[(header::IF_MATCH, "r5")], false, None),
            (&[(header::IF_MATCH, "")], false, None),
            (&[(header::IF_NONE_MATCH, "*")], false, None),
            (&[(header::IF_NONE_MATCH, "\"r5\"")], false, None),
            (
                &[(header::IF_NONE_MATCH, "\"r4\"")],
                false,
                Some(Precondition::Present),
            ),
        ] {
            let found = conditions(headers).of_change(five, is_made_from_it);
            assert_eq!(found.ok(), expected, "{headers:?}");
        }
    }

    #[test]
    fn what_is_known_already_is_not_sent_again() {
        let answer =
            |value| conditions(&[(header::IF_NONE_MATCH, value)]).answer(Revision(5), &"document");
        assert_eq!(answer("\"r5\"").status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer("W/\"r5\"").status(), StatusCode::NOT_MODIFIED);
        let fresh = answer("\"r4\"");
        assert_eq!(fresh.status(), StatusCode::OK);
        assert_eq!(fresh.headers()[header::ETAG], "\"r5\"");
        assert!(conditions(&[(header::IF_NONE_MATCH, " * ")]).wants_new());
    }
}
