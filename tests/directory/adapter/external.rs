//! A service that is known by what lies below LDAP.

use super::*;
use bridge_model::{federation::TlsVersion, ports::DirectoryFault};
use suites::slapd::Slapd;

/// A federation whose service shows a certificate of this name, and the certificate's key.
fn certified(url: String, common_name: &str) -> (Federation, String) {
    let client = Authority::shared().client(common_name);
    let mut federation = federation(&[url]);
    federation.connection.bind = ServiceBind::External(Some(client.certificate));
    (federation, client.key)
}

/// Whether the service may write people, which the suites' usual one may not.
async fn may_write(directory: &dyn Directory) -> bool {
    let answer = directory.write(&newcomer("external")).await;
    let is_made = answer.expect("an answer").is_success();
    if is_made {
        let dn = Dn::named(&[part("uid", "external")], &dn(PEOPLE)).expect("a name");
        let answer = directory.write(&Write::Delete { dn }).await;
        assert!(answer.expect("an answer").is_success());
    }
    is_made
}

#[tokio::test]
async fn a_certificate_is_who_the_service_is() {
    let slapd = Slapd::start();
    for (url, start_tls) in [
        (format!("ldaps://{}", slapd.ldaps_address()), false),
        (format!("ldap://{}", slapd.ldap_address()), true),
    ] {
        let (mut federation, key) = certified(url, "bridge writer");
        federation.connection.start_tls = start_tls;
        let directory = open_as(&federation, &key);
        works(&*directory).await;
        assert!(may_write(&*directory).await);
    }
    // Somebody else is let in by the same authority, and may not write.
    let (federation, key) = certified(format!("ldaps://{}", slapd.ldaps_address()), "nobody");
    assert!(!may_write(&*open_as(&federation, &key)).await);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_a_fault_of_the_service() {
    let slapd = Slapd::shared();
    let (mut federation, _) = certified(format!("ldaps://{}", slapd.ldaps_address()), "x");
    // It vouches for itself only.
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new([]).expect("no names");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    federation.connection.bind = ServiceBind::External(Some(pem));
    let directory = open_as(&federation, &key.serialize_pem());
    let error = directory.search(&by_uid("ada")).await.expect_err("refused");
    let faults = [
        DirectoryFault::ServiceBind,
        DirectoryFault::Tls,
        DirectoryFault::Protocol,
    ];
    assert!(faults.contains(&error.fault), "{error}");
}

#[tokio::test]
async fn a_socket_knows_the_process_and_needs_no_tls() {
    let slapd = Slapd::start();
    let mut federation = federation(&[slapd.ldapi_url()]);
    federation.connection.bind = ServiceBind::External(None);
    // No outbound rule allows anything: it is not asked for a socket.
    let directory = LdapDirectories::new(OutboundRules::default())
        .open(&federation, None)
        .expect("a configuration that can work");
    works(&*directory).await;
    assert!(may_write(&*directory).await);
    let missing = slapd.ldapi_url() + "x";
    federation.connection.urls = vec![Url::parse(&missing).expect("a URL")];
    let directory = LdapDirectories::new(OutboundRules::default())
        .open(&federation, None)
        .expect("a configuration that can work");
    let error = directory.search(&by_uid("ada")).await.expect_err("nobody");
    assert_eq!(error.fault, DirectoryFault::Connect, "{error}");
    assert!(error.server.ends_with("/ldapix"), "{error}");
}

#[tokio::test]
async fn the_oldest_version_of_tls_is_as_configured() {
    let slapd = Slapd::shared();
    let mut federation = ldaps(&slapd.ldaps_address());
    federation.connection.tls_min = TlsVersion::Tls13;
    works(&*open(&federation)).await;
    // A server that speaks TLS 1.2 only.
    let old = old_server().await;
    for (oldest, expected) in [
        (TlsVersion::Tls12, DirectoryFault::Protocol),
        (TlsVersion::Tls13, DirectoryFault::Tls),
    ] {
        let mut federation = ldaps(&old);
        federation.connection.tls_min = oldest;
        let error = open(&federation).search(&by_uid("ada")).await;
        assert_eq!(error.expect_err("no answer").fault, expected);
    }
}

/// The address of a server that does a handshake of TLS 1.2 and closes the connection.
async fn old_server() -> String {
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{ServerConfig, version::TLS12},
    };
    let leaf = &Authority::shared().server;
    let certificate = rustls_pki_types::pem::PemObject::from_pem_slice(leaf.certificate.as_bytes());
    let key = rustls_pki_types::pem::PemObject::from_pem_slice(leaf.key.as_bytes());
    let config = ServerConfig::builder_with_protocol_versions(&[&TLS12])
        .with_no_client_auth()
        .with_single_cert(vec![certificate.expect("PEM")], key.expect("PEM"))
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("the port").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    address
}
