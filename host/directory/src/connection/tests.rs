use super::*;
use bridge_model::{
    dn::Dn,
    filter::Filter,
    search::{Found, Search, SearchScope},
};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

fn endpoint() -> Endpoint {
    Endpoint {
        host: "peer".to_owned(),
        port: 389,
        address: "peer:389".to_owned(),
    }
}

/// A connection to a peer that answers its first request with these octets and closes.
async fn connection(answer: Vec<u8>) -> Connection {
    let (near, mut far) = duplex(64 * 1024);
    tokio::spawn(async move {
        wait_for_request(&mut far).await;
        // The other side may have closed already.
        let _ = far.write_all(&answer).await;
    });
    Connection::start(near, Limits::default(), &endpoint())
        .await
        .expect("a connection")
}

async fn wait_for_request(far: &mut DuplexStream) {
    let mut request = [0; 1024];
    let _ = far.read(&mut request).await;
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

async fn bind_answered_with(answer: Vec<u8>) -> Result<Reply, Failure> {
    let name = BindName::new("uid=ada").expect("a name");
    let password = Password::new("secret").expect("a password");
    let mut connection = connection(answer).await;
    let bound = connection.bind(&name, &password, &[], soon()).await;
    bound.map(|answered| answered.value)
}

async fn search_answered_with(answer: Vec<u8>) -> Result<Found, Failure> {
    let search = Search {
        base: Dn::parse("dc=example").expect("a DN"),
        scope: SearchScope::Subtree,
        filter: Filter::equal("uid", "ada"),
        attributes: vec!["mail".to_owned()],
        size_limit: 3,
    };
    let found = connection(answer)
        .await
        .search(&search, false, soon())
        .await;
    found.map(|answered| answered.value.found)
}

/// Success with a control that has a value.
const BOUND: &[u8] = b"\x30\x1c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00\
    \xa0\x0e\x30\x0c\x04\x031.2\x01\x01\xff\x04\x02ok";

/// One entry with one attribute, a reference, an intermediate response, and the end.
const FOUND: &[u8] = b"\x30\x1f\x02\x01\x01\x64\x1a\x04\x07uid=ada\x30\x0f\x30\x0d\x04\x04mail\
    \x31\x05\x04\x03a@b\
    \x30\x0c\x02\x01\x01\x73\x07\x04\x05ldap:\
    \x30\x05\x02\x01\x01\x79\x00\
    \x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00";

#[tokio::test]
async fn gives_what_the_peer_answered() {
    let reply = bind_answered_with(BOUND.to_vec()).await.expect("an answer");
    let expected = Control {
        oid: "1.2".to_owned(),
        critical: true,
        value: Some(b"ok".to_vec()),
    };
    assert_eq!((reply.result_code, reply.controls), (0, vec![expected]));
    let found = search_answered_with(FOUND.to_vec())
        .await
        .expect("an answer");
    assert_eq!(found.result_code, 0);
    assert_eq!(found.entries.len(), 1);
    assert_eq!(found.entries[0].values("mail"), [b"a@b".to_vec()]);
}

#[tokio::test]
async fn takes_no_more_entries_than_were_asked_for() {
    let (entry, rest) = FOUND.split_at(33);
    let found = search_answered_with([&entry.repeat(4), rest].concat())
        .await
        .expect("an answer");
    assert_eq!(
        (found.result_code, found.entries.len()),
        (SIZE_LIMIT_EXCEEDED, 3)
    );
    let found = search_answered_with([&entry.repeat(3), rest].concat())
        .await
        .expect("an answer");
    assert_eq!((found.result_code, found.entries.len()), (0, 3));
}

#[tokio::test]
async fn knows_whether_the_peer_may_have_the_request() {
    let failure = bind_answered_with(vec![]).await.expect_err("closed");
    assert!(failure.is_closed, "{failure:?}");
    assert_eq!(failure.progress, Progress::Sent);

    let (near, far) = duplex(1024);
    let mut connection = Connection::start(near, Limits::default(), &endpoint())
        .await
        .expect("a connection");
    drop(far);
    let name = BindName::new("uid=ada").expect("a name");
    let password = Password::new("secret").expect("a password");
    let failure = connection
        .bind(&name, &password, &[], soon())
        .await
        .err()
        .expect("closed");
    assert!(failure.is_closed, "{failure:?}");
    assert_eq!(failure.progress, Progress::Unsent);
    assert!(!connection.is_alive());
}

/// Octets that are the same in every run (xorshift).
struct Odd(u64);

impl Odd {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).expect("below")
    }

    /// A copy with some octets changed, dropped or put in.
    fn garble(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut octets = octets.to_vec();
        for _ in 0..=self.next(3) {
            let at = self.next(octets.len());
            let octet = u8::try_from(self.next(256)).expect("an octet");
            match self.next(4) {
                0 => octets.insert(at, octet),
                1 if octets.len() > 1 => drop(octets.remove(at)),
                _ => octets[at] = octet,
            }
        }
        octets
    }
}

#[tokio::test]
async fn no_answer_makes_ldap3_panic_or_wait() {
    let mut odd = Odd(0x9e37_79b9_7f4a_7c15);
    let mut answered = 0;
    for round in 0..6000 {
        let is_bind = round % 2 == 0;
        let answer = odd.garble(if is_bind { BOUND } else { FOUND });
        let failure = if is_bind {
            bind_answered_with(answer.clone()).await.err()
        } else {
            search_answered_with(answer.clone()).await.err()
        };
        let Some(Failure { error, .. }) = failure else {
            answered += 1;
            continue;
        };
        assert_eq!(error.fault, DirectoryFault::Protocol, "{error} {answer:x?}");
        // Other words would be those of ldap3, which then has come to harm.
        assert!(error.detail.starts_with("the peer "), "{error} {answer:x?}");
    }
    // Some changes only touch a text; if all answers were refused, nothing would be tested.
    assert!(answered > 200, "{answered}");
}
