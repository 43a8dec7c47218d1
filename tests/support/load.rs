//! Many sign-ins from one process: a client that does no more than it has to, and what processes cost.

use crate::application::challenge;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};
use url::form_urlencoded::byte_serialize;

/// A client on one connection that signs people in, each in four requests: authorization, page,
/// password, token.
pub struct Caller {
    stream: BufReader<TcpStream>,
    host: String,
    realm: String,
    client_id: String,
    redirect_uri: String,
    /// The cookie that ties a sign-in to a browser; a session's is not kept.
    binding: Option<String>,
}

/// What came back.
struct Answer {
    status: u16,
    location: Option<String>,
    cookie: Option<String>,
    body: String,
}

impl Caller {
    /// Connects to a bridge at `host:port`.
    pub fn connect(host: &str, realm: &str, client_id: &str, redirect_uri: &str) -> Self {
        let stream = TcpStream::connect(host).expect("a bridge");
        stream.set_nodelay(true).expect("a socket");
        let limit = Some(Duration::from_secs(30));
        stream.set_read_timeout(limit).expect("a socket");
        Self {
            stream: BufReader::new(stream),
            host: host.to_owned(),
            realm: realm.to_owned(),
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            binding: None,
        }
    }

    /// Signs somebody in; fails where there are no tokens at the end.
    pub fn sign_in(&mut self, username: &str, password: &str) {
        let redirect = encoded(&self.redirect_uri);
        let answer = self.submit(username, password);
        assert_eq!(answer.status, 303, "{username}: {}", answer.body);
        let answer = answer.location.expect("the application's address");
        let code = between(&answer, "code=", "&").to_owned();
        let fields = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={redirect}&client_id={}&code_verifier={VERIFIER}",
            self.client_id
        );
        let token = format!("/realms/{}/protocol/openid-connect/token", self.realm);
        let tokens = self.ask("POST", &token, Some(&fields));
        assert!(tokens.body.contains("id_token"), "{}", tokens.body);
    }

    /// Tries to sign somebody in: the status of the answer to the password.
    pub fn attempt(&mut self, username: &str, password: &str) -> u16 {
        self.submit(username, password).status
    }

    fn submit(&mut self, username: &str, password: &str) -> Answer {
        let redirect = encoded(&self.redirect_uri);
        let challenge = challenge(VERIFIER);
        let start = format!(
            "/realms/{}/protocol/openid-connect/auth?response_type=code&client_id={}&redirect_uri={redirect}\
             &scope=openid&state=s&nonce=n&code_challenge={challenge}&code_challenge_method=S256",
            self.realm, self.client_id
        );
        let page = self.ask("GET", &start, None);
        if page.cookie.is_some() {
            self.binding = page.cookie;
        }
        let page = page.location.expect("the sign-in page's address");
        let path = self.path(&page);
        let form = self.ask("GET", &path, None).body;
        let csrf = between(&form, "name=\"csrf\" value=\"", "\"");
        let fields = format!(
            "csrf={csrf}&username={}&password={}",
            encoded(username),
            encoded(password)
        );
        self.ask("POST", &path, Some(&fields))
    }

    fn path(&self, address: &str) -> String {
        let prefix = format!("http://{}", self.host);
        address.strip_prefix(&prefix).unwrap_or(address).to_owned()
    }

    fn ask(&mut self, method: &str, path: &str, form: Option<&str>) -> Answer {
        let cookie = self.binding.as_ref();
        let cookie = cookie.map_or_else(String::new, |cookie| format!("cookie: {cookie}\r\n"));
        let body = form.map_or_else(String::new, |form| {
            format!(
                "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
                form.len()
            )
        });
        let origin = format!("http://{}", self.host);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\norigin: {origin}\r\n{cookie}{body}\r\n{}",
            self.host,
            form.unwrap_or_default()
        );
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes()).expect("a connection");
        self.read()
    }

    fn read(&mut self) -> Answer {
        let mut answer = Answer {
            status: 0,
            location: None,
            cookie: None,
            body: String::new(),
        };
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("an answer");
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                answer.status = rest
                    .get(..3)
                    .and_then(|s| s.parse().ok())
                    .expect("a status");
            } else if let Some((name, value)) = text.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().expect("a length"),
                    "location" => answer.location = Some(value.to_owned()),
                    "set-cookie" => {
                        answer.cookie = value.split(';').next().map(str::to_owned);
                    }
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        answer.body = String::from_utf8(body).expect("text");
        answer
    }
}

/// How much processor time a process and its threads have had, in seconds.
pub fn cpu_seconds(process_id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process_id}/stat")).expect("a running process");
    let (_, fields) = stat.rsplit_once(") ").expect("the format of proc(5)");
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().expect("a number"))
        .sum();
    let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
    f64::from(ticks) / TICKS_PER_SECOND
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap_or_default()
}

const VERIFIER: &str = "verifier-0123456789-0123456789-0123456789-01234";
/// Linux counts so on every machine that there is (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;
