//! The servers, over a socket, with a client's codec.

use super::*;
use futures_util::{SinkExt as _, StreamExt as _};
use ldap3_proto::{
    LdapCodec, LdapFilter, LdapSearchScope,
    control::LdapControl,
    proto::{
        LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapExtendedRequest, LdapMsg, LdapOp,
        LdapResultCode, LdapSearchRequest, SaslCredentials,
    },
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_util::codec::Framed;

const LDIF: &str = "dn:
objectClass: top
supportedLDAPVersion: 3

dn: dc=example
objectClass: domain

dn: uid=ada,dc=example
objectClass: person
uid: ada
key:: //79
demoPassword: secret

dn: uid=alan,dc=example
objectClass: person
uid: alan
demoPassword: secret
demoBindAnswer: 49 locked
demoBindControl: 1.2.3 AQI=
";

struct Peer {
    messages: Framed<TcpStream, LdapCodec>,
    _directory: DemoDirectory,
}

impl Peer {
    async fn new() -> Self {
        let tree = Tree::parse("one", LDIF).expect("well formed");
        let directory = DemoDirectory::start(vec![tree]).await.expect("starts");
        let address = directory.address("one").expect("started");
        assert!(address.ip().is_loopback());
        let stream = TcpStream::connect(address).await.expect("connects");
        Self {
            messages: Framed::new(stream, LdapCodec::default()),
            _directory: directory,
        }
    }

    async fn send(&mut self, operation: LdapOp, controls: Vec<LdapControl>) {
        let message = LdapMsg::new_with_ctrls(5, operation, controls);
        self.messages.send(message).await.expect("sent");
    }

    async fn receive(&mut self) -> LdapMsg {
        self.messages.next().await.expect("answered").expect("LDAP")
    }

    async fn bind(&mut self, dn: &str, password: &str) -> (LdapResultCode, String, usize) {
        self.send(bind(dn, LdapBindCred::Simple(password.to_owned())), vec![])
            .await;
        let message = self.receive().await;
        let LdapOp::BindResponse(response) = message.op else {
            unreachable!("{message:?}");
        };
        (response.res.code, response.res.message, message.ctrl.len())
    }

    /// The DNs found and the result code.
    async fn search(&mut self, base: &str, filter: LdapFilter) -> (Vec<String>, LdapResultCode) {
        let scope = if base.is_empty() {
            LdapSearchScope::Base
        } else {
            LdapSearchScope::Subtree
        };
        self.send(search(base, scope, filter), vec![]).await;
        let mut names = Vec::new();
        loop {
            let message = self.receive().await;
            match message.op {
                LdapOp::SearchResultEntry(entry) => names.push(entry.dn),
                LdapOp::SearchResultDone(result) => return (names, result.code),
                _ => unreachable!("{message:?}"),
            }
        }
    }
}

fn bind(dn: &str, cred: LdapBindCred) -> LdapOp {
    LdapOp::BindRequest(LdapBindRequest {
        version: 3,
        dn: dn.to_owned(),
        cred,
    })
}

fn search(base: &str, scope: LdapSearchScope, filter: LdapFilter) -> LdapOp {
    LdapOp::SearchRequest(LdapSearchRequest {
        base: base.to_owned(),
        scope,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter,
        attrs: vec![],
    })
}

fn anything() -> LdapFilter {
    LdapFilter::Present("objectClass".to_owned())
}

const ADA: &str = "uid=ada,dc=example";

#[tokio::test]
async fn binds_and_searches() {
    let mut peer = Peer::new().await;
    assert_eq!(
        peer.bind(ADA, "secret").await,
        (LdapResultCode::Success, String::new(), 0)
    );
    let uid = LdapFilter::Equality("UID".to_owned(), "ADA".to_owned());
    let (names, code) = peer.search("dc=example", uid).await;
    assert_eq!(
        (names, code),
        (vec![ADA.to_owned()], LdapResultCode::Success)
    );
}

#[tokio::test]
async fn answers_a_bind_as_the_tree_says() {
    let mut peer = Peer::new().await;
    let locked = peer.bind("uid=alan,dc=example", "secret").await;
    assert_eq!(
        locked,
        (LdapResultCode::InvalidCredentials, "locked".to_owned(), 1)
    );
    let wrong = peer.bind("uid=alan,dc=example", "wrong").await;
    assert_eq!(
        wrong,
        (LdapResultCode::InvalidCredentials, String::new(), 0)
    );
}

#[tokio::test]
async fn a_search_needs_a_bind_but_for_the_root_dse() {
    let mut peer = Peer::new().await;
    let refused = (vec![], LdapResultCode::InsufficentAccessRights);
    assert_eq!(peer.search("dc=example", anything()).await, refused);
    let (names, code) = peer.search("", anything()).await;
    assert_eq!(
        (names, code),
        (vec![String::new()], LdapResultCode::Success)
    );
    peer.bind("", "").await;
    assert_eq!(peer.search("dc=example", anything()).await, refused);
}

#[tokio::test]
async fn a_failed_bind_takes_the_earlier_one_away() {
    let mut peer = Peer::new().await;
    peer.bind(ADA, "secret").await;
    assert_eq!(peer.search("dc=example", anything()).await.0.len(), 3);
    peer.bind(ADA, "wrong").await;
    assert_eq!(peer.search("dc=example", anything()).await.0.len(), 0);
}

#[tokio::test]
async fn a_name_without_a_password_proves_nothing() {
    let mut peer = Peer::new().await;
    let (code, _, _) = peer.bind(ADA, "").await;
    assert_eq!(code, LdapResultCode::UnwillingToPerform);
    assert!(peer.search("dc=example", anything()).await.0.is_empty());
}

#[tokio::test]
async fn refuses_what_it_does_not_do_and_goes_on() {
    let mut peer = Peer::new().await;
    let external = SaslCredentials {
        mechanism: "EXTERNAL".to_owned(),
        credentials: vec![],
    };
    let sasl = bind("", LdapBindCred::SASL(external));
    let start_tls = LdapOp::ExtendedRequest(LdapExtendedRequest {
        name: "1.3.6.1.4.1.1466.20037".to_owned(),
        value: None,
    });
    for (operation, expected) in [
        (
            LdapOp::DelRequest(ADA.to_owned()),
            LdapResultCode::UnwillingToPerform,
        ),
        (start_tls, LdapResultCode::ProtocolError),
        (sasl, LdapResultCode::AuthMethodNotSupported),
    ] {
        peer.send(operation, vec![]).await;
        let message = peer.receive().await;
        assert_eq!(message.msgid, 5);
        let code = match message.op {
            LdapOp::DelResponse(result) => result.code,
            LdapOp::ExtendedResponse(response) => response.res.code,
            LdapOp::BindResponse(response) => response.res.code,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(code, expected);
    }
    peer.send(LdapOp::AbandonRequest(1), vec![]).await;
    assert_eq!(peer.bind(ADA, "secret").await.0, LdapResultCode::Success);
}

#[tokio::test]
async fn refuses_a_critical_control_that_it_does_not_know() {
    let mut peer = Peer::new().await;
    for (criticality, expected) in [
        (true, LdapResultCode::UnavailableCriticalExtension),
        (false, LdapResultCode::Success),
    ] {
        let control = LdapControl::Unknown {
            oid: "1.2.3.4".to_owned(),
            criticality,
            value: None,
        };
        peer.send(search("", LdapSearchScope::Base, anything()), vec![control])
            .await;
        let code = loop {
            if let LdapOp::SearchResultDone(result) = peer.receive().await.op {
                break result.code;
            }
        };
        assert_eq!(code, expected);
    }
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_and_left() {
    let mut peer = Peer::new().await;
    let octets = [0x30, 0x03, 0x02, 0x01, 0x05];
    peer.messages
        .get_mut()
        .write_all(&octets)
        .await
        .expect("sent");
    let message = peer.receive().await;
    assert_eq!(message.msgid, 0);
    let LdapOp::ExtendedResponse(notice) = message.op else {
        unreachable!("{message:?}");
    };
    assert_eq!(notice.name.as_deref(), Some("1.3.6.1.4.1.1466.20036"));
    assert_eq!(notice.res.code, LdapResultCode::ProtocolError);
    assert!(peer.messages.next().await.is_none());
}

#[tokio::test]
async fn unbinding_ends_the_connection() {
    let mut peer = Peer::new().await;
    peer.send(LdapOp::UnbindRequest, vec![]).await;
    assert!(peer.messages.next().await.is_none());
}

#[tokio::test]
async fn every_tree_has_a_port_of_its_own_and_goes_with_the_directory() {
    let trees = ["one", "two"].map(|name| Tree::parse(name, LDIF).expect("well formed"));
    let directory = DemoDirectory::start(trees.into()).await.expect("starts");
    let one = directory.address("one").expect("started");
    assert_ne!(Some(one), directory.address("two"));
    assert_eq!(directory.address("three"), None);
    let mut stream = TcpStream::connect(one).await.expect("connects");
    drop(directory);
    // A write may still reach the kernel's buffer; the end of the stream is what tells.
    let mut octets = [0; 1];
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut octets).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}
