//! Bodies of requests, as routers get them from every listener.

use axum::body::{Body, Bytes, HttpBody};
use http::{Request, header::EXPECT};
use hyper::body::{Frame, Incoming, SizeHint};
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{runtime::Handle, time::timeout};

/// What is read of a body that nobody wants: twice as much as the longest that is taken has.
const UNWANTED_OCTETS_MAX: usize = 64 << 20;
/// How long it is read.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// The request with a body whose sender is heard out. Whoever answers without reading it to its end, since
/// it is too long or the request is refused anyway, leaves a peer that still writes: were the connection
/// closed then, the peer would meet a broken pipe and never see the answer. So what is left is read beside
/// the answer, up to a bound, and thrown away.
pub(super) fn heard_out(request: Request<Incoming>) -> Request<Body> {
    // Who waits to be asked for the body (RFC 9110 section 10.1.1) does not send it after an answer.
    let waits = request.headers().contains_key(EXPECT);
    request.map(|body| {
        if waits || body.is_end_stream() {
            return Body::new(body);
        }
        Body::new(HeardOut { body: Some(body) })
    })
}

/// A body that is read to its end when it is dropped.
struct HeardOut {
    /// None: it is at its end, or broken.
    body: Option<Incoming>,
}

impl HttpBody for HeardOut {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for HeardOut {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(body), Ok(runtime)) = (body, Handle::try_current()) {
            runtime.spawn(async {
                // Whoever writes on after that is cut off.
                let _ = timeout(UNWANTED_TIME, read(body)).await;
            });
        }
    }
}

async fn read(mut body: Incoming) {
    let mut left = UNWANTED_OCTETS_MAX;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let octets = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(octets) else {
            return;
        };
        left = rest;
    }
}
