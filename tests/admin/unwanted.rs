//! Bodies that nobody wants: whoever sends one sees why it is not taken.

use super::BRIDGE;
use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};
use suites::served::Served;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than lies in the buffers between two processes.
const BODY_OCTETS: usize = 8 << 20;
/// Far more than anybody is heard out.
const FAR_TOO_MANY: usize = 1 << 30;

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

fn head(method: &str, path: &str, media_type: &str, octets: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\n\
         content-length: {octets}\r\n\r\n"
    )
}

fn write(stream: &mut dyn Stream, octets: usize) -> std::io::Result<()> {
    let block = vec![b'a'; 64 << 10];
    for _ in 0..octets / block.len() {
        stream.write_all(&block)?;
    }
    Ok(())
}

/// The status of the next answer, which is read whole.
fn status(stream: &mut dyn Stream) -> u16 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream
            .read_exact(&mut octet)
            .expect("the head of an answer");
        head.push(octet[0]);
    }
    let head = String::from_utf8(head).expect("UTF-8").to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.expect("a length").parse().expect("a number");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the body of an answer");
    let status = head.split(' ').nth(1).expect("a status");
    status.parse().expect("a number")
}

fn to_listener(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.replace("http://", "")).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

#[test]
fn whoever_sends_too_much_sees_the_answer_and_may_ask_again() {
    let served = Served::bare(BRIDGE);
    served.operator().create_realm("staff");
    let socket = UnixStream::connect(served.path("data/admin.sock")).expect("the socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket.set_write_timeout(Some(PATIENCE)).expect("a socket");
    let token = "/realms/staff/protocol/openid-connect/token";
    let form = "application/x-www-form-urlencoded";
    let realms = "/api/auth-management/v1/realms";
    let json = "application/json";
    let doors: [(Box<dyn Stream>, &str, &str, u16); 3] = [
        (
            Box::new(to_listener(&served.bridge.url(""))),
            token,
            form,
            413,
        ),
        // Who they are is asked before anything is read.
        (Box::new(to_listener(served.admin_url())), realms, json, 401),
        (Box::new(socket), realms, json, 413),
    ];
    for (mut stream, path, media_type, expected) in doors {
        for _ in 0..2 {
            let head = head("POST", path, media_type, BODY_OCTETS);
            stream.write_all(head.as_bytes()).expect("the head is sent");
            write(&mut *stream, BODY_OCTETS).expect("all of the body is sent");
            assert_eq!(status(&mut *stream), expected, "{path}");
        }
    }
}

#[test]
fn nobody_is_heard_out_for_ever() {
    let served = Served::bare(BRIDGE);
    let begin = Instant::now();
    let mut talker = to_listener(served.admin_url());
    let head = head(
        "POST",
        "/api/auth-management/v1/realms",
        "application/json",
        FAR_TOO_MANY,
    );
    talker.write_all(head.as_bytes()).expect("the head is sent");
    assert!(
        write(&mut talker, FAR_TOO_MANY).is_err(),
        "all of it was read"
    );
    // One that goes silent is waited for no longer than one that talks.
    let mut silent = to_listener(served.admin_url());
    silent.write_all(head.as_bytes()).expect("the head is sent");
    assert_eq!(status(&mut silent), 401);
    let mut rest = Vec::new();
    let ended = silent.read_to_end(&mut rest);
    assert!(ended.is_err() || rest.is_empty(), "{rest:?}");
    assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
}
