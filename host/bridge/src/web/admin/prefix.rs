//! Where the API is: below several prefixes at once, each with or without a realm before it.

use super::{KEYCLOAK, ROOT};
use axum::extract::Request;
use http::{Uri, uri::PathAndQuery};

/// Below which prefixes the API is found, beside none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes(Vec<Prefix>);

/// One prefix, segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Prefix {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// Exactly this.
    Word(String),
    /// Anything, once.
    Any,
}

/// A text that is no prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no prefix; write it as /api or /{{any-host}}/api: segments of A-Z, a-z, 0-9, -, _, . and ~, or one name in braces for any segment"
)]
pub struct PrefixError(String);

/// The realm that a path names, as it was written. Stands in a request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathRealm(pub(super) String);

/// The path as it was asked for. Stands in a request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AskedPath(pub(super) String);

impl Default for Prefixes {
    /// A plain one, and those of the API that ours is shaped after.
    fn default() -> Self {
        let word = |text: &str| Segment::Word(text.to_owned());
        let prefix = |text: &str, segments| Prefix {
            text: text.to_owned(),
            segments,
        };
        Self(vec![
            prefix("/api", vec![word("api")]),
            prefix("/tcsa/api", vec![word("tcsa"), word("api")]),
            prefix(
                "/{any-host}/tcsa/api",
                vec![Segment::Any, word("tcsa"), word("api")],
            ),
        ])
    }
}

impl Prefixes {
    /// Takes prefixes, each as `/api` or, with a segment that may be anything, as `/{any-host}/api`.
    ///
    /// # Errors
    ///
    /// [`PrefixError`] for the first that is none.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, PrefixError> {
        let prefixes = texts.into_iter().map(|text| prefix(text.as_ref()));
        prefixes.collect::<Result<_, _>>().map(Self)
    }

    /// The prefixes as they were written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|prefix| prefix.text.as_str())
    }

    /// The realm that a path names before the prefix, if it does, and the path as the router knows it;
    /// none: not the API's.
    fn split<'a>(&self, path: &'a str) -> Option<(Option<&'a str>, &'a str)> {
        // The longer reading first: a realm may be called as a prefix is.
        let below_realm = path
            .strip_prefix("/realms/")
            .and_then(|rest| rest.split_once('/').map(|(realm, _)| realm));
        if let Some(realm) = below_realm {
            let rest = path.get("/realms/".len() + realm.len()..)?;
            if let Some(rest) = self.strip(rest) {
                return Some((Some(realm), rest));
            }
        }
        self.strip(path).map(|rest| (None, rest))
    }

    fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below = self.0.iter().filter_map(|prefix| prefix.strip(path));
        std::iter::once(path).chain(below).find_map(|rest| {
            let is_below = |root| {
                let rest: Option<&str> = rest.strip_prefix(root);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if is_below(ROOT) {
                return Some(rest);
            }
            // Some of Keycloak's tools end paths in a slash.
            is_below(KEYCLOAK).then(|| rest.trim_end_matches('/'))
        })
    }

    /// Turns a request's path to the one that the router knows, and notes the realm that it named.
    pub(super) fn rewrite(&self, mut request: Request) -> Request {
        let Some((realm, rest)) = self.split(request.uri().path()) else {
            return request;
        };
        let realm = realm.map(|realm| PathRealm(realm.to_owned()));
        let asked = AskedPath(request.uri().path().to_owned());
        let query = request.uri().query();
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let path = PathAndQuery::try_from(format!("{rest}{query}"));
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = path.ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(asked);
            if let Some(realm) = realm {
                request.extensions_mut().insert(realm);
            }
        }
        request
    }
}

impl Prefix {
    fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut rest = path;
        for segment in &self.segments {
            let below = rest.strip_prefix('/')?;
            let end = below.find('/').unwrap_or(below.len());
            let (found, after) = below.split_at_checked(end)?;
            let fits = match segment {
                Segment::Word(word) => found == word,
                Segment::Any => !found.is_empty(),
            };
            if !fits {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }
}

fn prefix(text: &str) -> Result<Prefix, PrefixError> {
    let wrong = || PrefixError(text.to_owned());
    let below = text.strip_prefix('/').ok_or_else(wrong)?;
    let is_word = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
    };
    let segments = below.split('/').map(|segment| {
        let name = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some(name) if is_word(name) => Ok(Segment::Any),
            None if is_word(segment) => Ok(Segment::Word(segment.to_owned())),
            _ => Err(wrong()),
        }
    });
    Ok(Prefix {
        text: text.to_owned(),
        segments: segments.collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn a_path_names_its_realm_and_what_it_asks_for() {
        let prefixes = Prefixes::default();
        for (path, expected) in [
            ("/auth-management/v1/clients", Some((None, "/clients"))),
            ("/api/auth-management/v1/clients", Some((None, "/clients"))),
            (
                "/tcsa/api/auth-management/v1/users/a%2Fb",
                Some((None, "/users/a%2Fb")),
            ),
            (
                "/10.0.0.1/tcsa/api/auth-management/v1/clients",
                Some((None, "/clients")),
            ),
            (
                "/realms/staff/api/auth-management/v1/clients",
                Some((Some("staff"), "/clients")),
            ),
            (
                "/realms/staff/auth-management/v1/clients",
                Some((Some("staff"), "/clients")),
            ),
            (
                "/realms/staff/host/tcsa/api/auth-management/v1/clients",
                Some((Some("staff"), "/clients")),
            ),
            // Both a realm called as a prefix begins, and a host called realms.
            (
                "/realms/tcsa/api/auth-management/v1/clients",
                Some((Some("tcsa"), "/clients")),
            ),
            (
                "/realms/a%2Fb/api/auth-management/v1",
                Some((Some("a%2Fb"), "")),
            ),
            ("/api/auth-management/v11", None),
            ("/api/auth-management/v2/clients", None),
            ("/a/b/tcsa/api/auth-management/v1/clients", None),
            ("//tcsa/api/auth-management/v1/clients", None),
            ("/API/auth-management/v1/clients", None),
            ("/api/../api/auth-management/v1/clients", None),
            ("/realms/staff/protocol/openid-connect/token", None),
            ("/", None),
            (
                "/admin/realms/staff/users/",
                Some((None, "/admin/realms/staff/users")),
            ),
            (
                "/realms/staff/api/admin/realms/guests/users",
                Some((Some("staff"), "/admin/realms/guests/users")),
            ),
            ("/admin/realmsandmore", None),
            ("/admin", None),
        ] {
            let found = prefixes.split(path);
            let found = found.map(|(realm, path)| (realm, path.strip_prefix(ROOT).unwrap_or(path)));
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_request_keeps_its_query_and_hears_of_its_realm() {
        let request =
            Request::get("/realms/staff/api/auth-management/v1/users?after=x%20y&limit=2")
                .body(Body::empty())
                .expect("a request");
        let request = Prefixes::default().rewrite(request);
        assert_eq!(
            request.uri().to_string(),
            "/auth-management/v1/users?after=x%20y&limit=2"
        );
        assert_eq!(
            request.extensions().get(),
            Some(&PathRealm("staff".to_owned()))
        );
    }

    #[test]
    fn prefixes_are_what_they_are_said_to_be_or_refused() {
        assert!(Prefixes::new(["/api", "/{host}/v2.0/x_y"]).is_ok());
        for bad in ["", "/", "api", "/api/", "//api", "/a b", "/{}", "/{a", "/*"] {
            assert_eq!(
                Prefixes::new([bad]),
                Err(PrefixError(bad.to_owned())),
                "{bad}"
            );
        }
        let own = Prefixes::new(["/{tenant}/admin"]).expect("a prefix");
        assert_eq!(
            own.split("/x/admin/auth-management/v1/clients"),
            Some((None, "/auth-management/v1/clients"))
        );
        assert_eq!(own.split("/api/auth-management/v1/clients"), None);
    }
}
