//! What is known of every request: its id, whom it comes from, and the line it leaves in the log.

use super::{failure::Failure, pages, state::WebState};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bridge_model::ports::Random;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::{Duration, Instant},
};
use tracing::Instrument;
use zeroize::Zeroizing;

/// Where a request's id stands, in and out.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a proxy says of the client: the de-facto form, which every proxy writes.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How long a body may take to arrive: a form of a few hundred octets, on a bad mobile connection.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(15);

/// What is known of a request.
#[derive(Clone, Debug)]
pub(super) struct RequestContext {
    /// The id, in the answer, the log and the audit trail.
    pub id: String,
    /// The client's address, as far as proxies are trusted.
    pub address: Option<IpAddr>,
}

/// Gives every request its id, its context and its span, and writes its one line into the log.
///
/// The line has the route's pattern and never the query, which holds codes and states.
pub(super) async fn observe(
    State(state): State<WebState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let trusted = &state.settings.trusted_proxies;
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let is_proxy = peer.is_some_and(|peer| is_trusted(peer, trusted));
    let id = request_id(request.headers(), is_proxy, state.random.as_ref());
    let address = match peer {
        Some(peer) if is_proxy => client_address(peer, request.headers(), trusted).map(Some),
        other => Ok(other),
    };
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        method = %request.method(),
        route = %route,
        realm = tracing::field::Empty,
    );
    let answer = async {
        let mut response = match address {
            Ok(address) => {
                let context = RequestContext {
                    id: id.clone(),
                    address,
                };
                request.extensions_mut().insert(context);
                next.run(request).await
            }
            // Fails closed: without an address, throttles and the audit trail would be blind.
            Err(failure) => pages::failure(&failure, &id, failure.clone().into_response()),
        };
        log_line(&response, started.elapsed());
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    };
    answer.instrument(span).await
}

/// The one line of a request.
fn log_line(response: &Response, latency: Duration) {
    let status = response.status().as_u16();
    let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    let failure = response.extensions().get().map(Failure::name);
    if response.status().is_server_error() {
        tracing::warn!(status, latency_ms, failure, "request failed");
    } else {
        tracing::info!(status, latency_ms, failure, "request answered");
    }
}

/// The id that a trusted proxy gave, or a new one of 128 random bits.
fn request_id(headers: &HeaderMap, is_proxy: bool, random: &dyn Random) -> String {
    let given = headers
        .get(&REQUEST_ID)
        .filter(|_| is_proxy)
        .and_then(|value| value.to_str().ok());
    match given {
        Some(id) if is_request_id(id) => id.to_owned(),
        _ => {
            let mut octets = [0; 16];
            random.fill(&mut octets);
            format!("{:032x}", u128::from_be_bytes(octets))
        }
    }
}

/// Whether an id can be written into a log, a header and a page as it is.
fn is_request_id(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether an address is a trusted proxy's.
fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The client's address where the peer is a trusted proxy: the rightmost that is not one itself,
/// for every proxy appends, and what stands to the left of the first stranger is a stranger's word.
///
/// # Errors
///
/// [`Failure::Forwarded`] if what a trusted proxy wrote is no address.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Result<IpAddr, Failure> {
    let mut nearest = peer;
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        let list = value.to_str().map_err(|_| Failure::Forwarded)?;
        for hop in list.rsplit(',') {
            nearest = hop_address(hop.trim()).ok_or(Failure::Forwarded)?;
            if !is_trusted(nearest, trusted) {
                return Ok(nearest);
            }
        }
    }
    Ok(nearest)
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    IpAddr::from_str(bare.unwrap_or(text))
        .or_else(|_| SocketAddr::from_str(text).map(|address| address.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

/// A body of `application/x-www-form-urlencoded`, as text; wiped when it goes, for it may hold a
/// password.
pub(super) struct FormBody(pub Zeroizing<String>);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_form(request.headers()) {
            return Err(Failure::MediaType);
        }
        let body = tokio::time::timeout(BODY_READ_TIMEOUT, Bytes::from_request(request, state))
            .await
            .map_err(|_| Failure::RequestTimeout)?
            .map_err(|rejection| {
                Failure::of_status(rejection.into_response().status()).unwrap_or(Failure::Internal)
            })?;
        let text = str::from_utf8(&body)
            .map_err(|_| Failure::Malformed("The form is not encoded as UTF-8."))?;
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

/// Whether a request says that its body is a form.
fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| {
            essence
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Vec<IpNet> {
        list.iter()
            .map(|text| text.parse().expect("a network"))
            .collect()
    }

    fn forwarded(lines: &[&str]) -> HeaderMap {
        lines
            .iter()
            .map(|line| {
                let value = HeaderValue::from_str(line).expect("a header value");
                (FORWARDED_FOR, value)
            })
            .collect()
    }

    fn address(lines: &[&str]) -> Result<String, Failure> {
        let trusted = networks(&["10.0.0.0/8", "fd00::/8"]);
        let peer = IpAddr::from([10, 0, 0, 1]);
        client_address(peer, &forwarded(lines), &trusted).map(|address| address.to_string())
    }

    #[test]
    fn the_client_is_the_rightmost_that_is_no_trusted_proxy() {
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["192.0.2.7"], "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
            (&["192.0.2.7, 10.0.0.2, fd00::1"], "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7", "10.0.0.2"], "192.0.2.7"),
            (&["192.0.2.7:50001"], "192.0.2.7"),
            (&["[2001:db8::1]:50001"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["<script>, 192.0.2.7"], "192.0.2.7"),
        ] {
            assert_eq!(address(lines), Ok(expected.to_owned()), "{lines:?}");
        }
    }

    #[test]
    fn an_unreadable_address_from_a_trusted_proxy_is_refused() {
        for lines in [
            &["unknown"][..],
            &[""],
            &["192.0.2.7, "],
            &["192.0.2.7, nonsense, 10.0.0.2"],
            &["192.0.2.999"],
            &["192.0.2.7", "\"10.0.0.2"],
        ] {
            assert_eq!(address(lines), Err(Failure::Forwarded), "{lines:?}");
        }
    }

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, octets: &mut [u8]) {
            octets.fill(7);
        }
    }

    #[test]
    fn a_request_id_is_believed_only_from_a_trusted_proxy_and_only_if_it_is_clean() {
        let own = "07".repeat(16);
        for (given, is_proxy, expected) in [
            ("abc-DEF_0.12", true, "abc-DEF_0.12"),
            ("abc-DEF_0.12", false, own.as_str()),
            ("short", true, &own),
            ("with space and more", true, &own),
            ("<script>alert(1)</script>", true, &own),
            (&"x".repeat(65), true, &own),
        ] {
            let value = HeaderValue::from_str(given).expect("a header value");
            let headers = HeaderMap::from_iter([(REQUEST_ID, value)]);
            assert_eq!(request_id(&headers, is_proxy, &Sevens), expected, "{given}");
        }
    }

    #[test]
    fn a_form_is_known_by_its_media_type() {
        for (value, expected) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", true),
            ("application/json", false),
            ("multipart/form-data; boundary=x", false),
            ("text/plain; application/x-www-form-urlencoded", false),
        ] {
            let value = HeaderValue::from_static(value);
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, value)]);
            assert_eq!(is_form(&headers), expected);
        }
        assert!(!is_form(&HeaderMap::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let silent = futures_util::stream::pending::<Result<Vec<u8>, axum::Error>>();
        let request = Request::builder()
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(axum::body::Body::from_stream(silent))
            .expect("a request");
        let read = FormBody::from_request(request, &()).await;
        assert_eq!(read.err(), Some(Failure::RequestTimeout));
    }
}
