//! `StartTLS` (RFC 4511 section 4.14): the first thing on a connection, or the last.

use crate::{
    ber::tag,
    fault::answer,
    fence::{End, Message, message_octets, result},
};
use bridge_model::ports::{DirectoryFault, Facts};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Why there is no TLS.
pub(crate) type Refused = (DirectoryFault, String, Facts);

/// Asks for TLS. After success the handshake is the next thing on the stream; after anything else
/// the stream must be dropped: nothing is ever sent on it in clear instead.
pub(crate) async fn start_tls(stream: &mut TcpStream) -> Result<(), Refused> {
    let protocol = |detail: String| (DirectoryFault::Protocol, detail, Facts::None);
    let broken = |error: io::Error| protocol(format!("StartTLS: {error}"));
    let ended = |end: End| match end {
        End::Closed(detail) | End::Violation(detail) => protocol(format!("StartTLS: {detail}")),
        End::Local => protocol("StartTLS: the connection was closed".to_owned()),
    };
    stream.write_all(REQUEST).await.map_err(broken)?;
    let mut received = Vec::with_capacity(256);
    let octets = loop {
        if stream.read_buf(&mut received).await.map_err(broken)? == 0 {
            return Err(protocol(
                "the peer closed the connection instead of answering StartTLS".to_owned(),
            ));
        }
        match message_octets(&received, ANSWER_OCTETS_MAX).map_err(ended)? {
            Some(octets) if received.len() >= octets => break octets,
            _ => {}
        }
    };
    let (message, rest) = received.split_at(octets);
    let message = Message::read(message).map_err(|malformed| ended(malformed.into()))?;
    if message.id == 0 {
        return Err(ended(message.farewell()));
    }
    if message.id != REQUEST_ID || message.operation.tag != tag::EXTENDED_RESPONSE {
        return Err(protocol(
            "the peer answered StartTLS with something else".to_owned(),
        ));
    }
    let result = result(message.operation.content).map_err(|malformed| ended(malformed.into()))?;
    if result.code != 0 {
        return Err((
            DirectoryFault::Tls,
            format!(
                "the server refused StartTLS with {}",
                answer(result.code, result.diagnostic)
            ),
            Facts::Refused(result.code),
        ));
    }
    // A server waits for the client to begin the handshake. Whatever is here already was put in by
    // somebody who hopes that it is read as if it had come through TLS.
    if !rest.is_empty() {
        return Err(protocol(
            "octets in clear text after the answer to StartTLS: somebody may be tampering with the connection".to_owned(),
        ));
    }
    Ok(())
}

/// An extended request with the OID 1.3.6.1.4.1.1466.20037 (RFC 4511 section 4.14.1).
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
const REQUEST_ID: u32 = 1;
/// A result code and a sentence.
const ANSWER_OCTETS_MAX: usize = 4096;
