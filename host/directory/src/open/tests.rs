use super::*;
use bridge_model::names::{FederationName, RealmName};
use std::time::Duration;

fn federation(urls: &[&str]) -> Federation {
    let urls = urls.iter().map(|url| Url::parse(url).expect(url));
    Federation::new(
        RealmName::new("staff").expect("a name"),
        FederationName::new("ldap").expect("a name"),
        Connection::to(urls.collect()),
    )
}

fn directories() -> LdapDirectories {
    LdapDirectories::new(OutboundRules::default())
}

fn refusal(federation: &Federation, credential: Option<&str>) -> String {
    let opened = directories().open(federation, credential.map(Secret::new));
    let error = opened.err().expect("refused");
    assert_eq!(error.fault, DirectoryFault::Misconfigured, "{error}");
    error.to_string()
}

#[test]
fn tells_what_is_wrong_without_dialling() {
    let plain = federation(&["ldap://a.example"]);
    assert!(directories().open(&plain, None).is_ok());

    assert!(refusal(&federation(&[]), None).contains("no URL"));
    let other = refusal(&federation(&["ldap://a.example", "http://b.example"]), None);
    assert!(
        other.contains("b.example") && other.contains("http"),
        "{other}"
    );

    for url in ["ldaps://a.example", "ldap://a.example"] {
        let mut broken = federation(&[url]);
        broken.connection.ca_bundle = Some("nonsense".to_owned());
        assert!(refusal(&broken, None).contains("CA bundle"), "{url}");
    }

    let mut broken = plain.clone();
    broken.connection.operation_timeout = Duration::ZERO;
    assert!(refusal(&broken, None).contains("operation timeout"));

    let mut broken = plain.clone();
    broken.connection.pool_connections_max = 0;
    assert!(refusal(&broken, None).contains("number of connections"));
}

#[test]
fn a_service_never_binds_without_a_password() {
    let mut federation = federation(&["ldap://a.example"]);
    federation.connection.bind = ServiceBind::Simple(BindName::new("cn=svc").expect("a name"));
    assert!(refusal(&federation, None).contains("no credential"));
    assert!(refusal(&federation, Some("")).contains("empty"));
    assert!(refusal(&federation, Some("\0")).contains("empty"));
    assert!(
        directories()
            .open(&federation, Some(Secret::new("pw")))
            .is_ok()
    );
}

#[test]
fn a_fault_repeats_no_password_from_a_url() {
    let text = refusal(&federation(&["ldap://svc:hunter2@a.example"]), None);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn who_the_channel_below_says_needs_a_channel_that_knows() {
    let mut certificate = federation(&["ldap://a.example"]);
    certificate.connection.bind = ServiceBind::External(Some("nonsense".to_owned()));
    assert!(refusal(&certificate, None).contains("private key"));
    assert!(refusal(&certificate, Some("key")).contains("certificate"));
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new([]).expect("no names");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    certificate.connection.bind = ServiceBind::External(Some(pem));
    let key = key.serialize_pem();
    assert!(refusal(&certificate, Some(&key)).contains("over TLS only"));
    certificate.connection.start_tls = true;
    let opened = directories().open(&certificate, Some(Secret::new(key.as_str())));
    assert!(opened.is_ok());

    for (url, is_ok) in [
        ("ldapi://%2Frun%2Fldapi", true),
        ("ldaps://a.example", false),
    ] {
        let mut socket = federation(&[url]);
        socket.connection.bind = ServiceBind::External(None);
        assert_eq!(directories().open(&socket, None).is_ok(), is_ok, "{url}");
    }
}
