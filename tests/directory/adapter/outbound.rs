//! Where realms may not connect to: nothing arrives there, and nothing of it is told.

use super::*;
use bridge_model::ports::DirectoryFault;
use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    time::Instant,
};
use suites::slapd::Slapd;
use tokio::net::lookup_host;

/// Somebody who listens on all of this machine's loopback addresses, and answers nobody.
struct Bystander {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Bystander {
    fn start() -> Self {
        let mut listeners = vec![TcpListener::bind("127.0.0.1:0").expect("a free port")];
        let port = listeners[0].local_addr().expect("bound").port();
        // Not every machine has IPv6.
        listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)));
        for listener in &listeners {
            listener.set_nonblocking(true).expect("a socket");
        }
        Self { listeners, port }
    }

    /// Whether nobody ever connected. The kernel takes a connection before it is accepted, so what
    /// came is there.
    fn was_left_alone(&self) -> bool {
        let is_idle = |listener: &TcpListener| {
            let accepted = listener.accept();
            accepted.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.listeners.iter().all(is_idle)
    }
}

/// What a search and a bind at a URL fail with, under these rules.
async fn faults(url: &str, rules: &OutboundRules) -> Vec<DirectoryError> {
    let mut federation = federation(&[url.to_owned()]);
    federation.connection.allow_plaintext = true;
    let directory = LdapDirectories::new(rules.clone())
        .open(&federation, Some(Secret::new(SERVICE_PASSWORD)))
        .expect("a URL that can be dialled");
    let found = directory.search(&by_uid("ada")).await;
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    vec![
        found.expect_err("out of reach"),
        bound.expect_err("out of reach"),
    ]
}

fn rules(rules: impl IntoIterator<Item = OutboundRule>) -> OutboundRules {
    OutboundRules(rules.into_iter().collect())
}

/// A rule for addresses, whatever their names.
fn networks(networks: &[&str]) -> OutboundRule {
    let networks = networks.iter().map(|text| text.parse().expect("a network"));
    OutboundRule {
        networks: networks.collect(),
        ..OutboundRule::default()
    }
}

/// A rule for hosts, wherever they are.
fn hosts(hosts: &[&str]) -> OutboundRule {
    OutboundRule {
        hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        ..OutboundRule::default()
    }
}

/// Names that lead to this machine without looking like it.
async fn names_of_this_machine() -> Vec<String> {
    let table = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names = table.lines().flat_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut fields = line.split_whitespace();
        let address = fields.next().and_then(|text| text.parse::<IpAddr>().ok());
        let is_here = address.is_some_and(|address| address.is_loopback());
        fields.filter(move |_| is_here).map(str::to_owned)
    });
    let mut here = vec!["localhost".to_owned()];
    for name in names {
        let addresses: Vec<_> = lookup_host((name.as_str(), 0))
            .await
            .expect("known")
            .collect();
        if addresses.iter().all(|address| address.ip().is_loopback()) {
            here.push(name);
        }
    }
    here
}

#[tokio::test]
async fn this_machine_is_out_of_reach_in_every_spelling() {
    let bystander = Bystander::start();
    let spellings = [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "LOCALHOST",
    ];
    let names = names_of_this_machine().await;
    let spellings = spellings.iter().map(|&host| host.to_owned()).chain(names);
    for host in spellings {
        for scheme in ["ldap", "ldaps"] {
            let url = format!("{scheme}://{host}:{}", bystander.port);
            for error in faults(&url, &OutboundRules::default()).await {
                assert_eq!(
                    error.fault,
                    DirectoryFault::OutboundRefused,
                    "{url}: {error}"
                );
            }
        }
    }
    assert!(bystander.was_left_alone());
}

#[tokio::test]
async fn an_address_is_written_as_one_or_not_at_all() {
    // The name service would take all of these for 127.0.0.1.
    for host in [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
    ] {
        let federation = plaintext(host);
        let opened = LdapDirectories::new(OutboundRules::default())
            .open(&federation, Some(Secret::new(SERVICE_PASSWORD)));
        match opened {
            Err(error) => assert_eq!(error.fault, DirectoryFault::Misconfigured, "{error}"),
            Ok(directory) => {
                let error = directory.search(&by_uid("ada")).await.expect_err(host);
                let expected = DirectoryFault::OutboundRefused;
                assert_eq!(error.fault, expected, "{error}");
            }
        }
    }
}

#[tokio::test]
async fn link_local_addresses_groups_and_metadata_services_are_out_of_reach() {
    for host in [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "169.254.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "192.0.0.192",
        "224.0.0.1",
        "[ff02::1]",
        "255.255.255.255",
    ] {
        let begin = Instant::now();
        for error in faults(&format!("ldap://{host}"), &OutboundRules::default()).await {
            assert_eq!(
                error.fault,
                DirectoryFault::OutboundRefused,
                "{host}: {error}"
            );
        }
        // Nobody waits for an answer from there, so time tells nothing either.
        assert!(begin.elapsed() < Duration::from_secs(2), "{host}");
    }
}

#[tokio::test]
async fn what_is_out_of_reach_looks_the_same_whether_anybody_is_there() {
    let bystander = Bystander::start();
    let unused = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = unused.local_addr().expect("bound").port();
    drop(unused);
    let elsewhere = rules([networks(&["10.0.0.0/8"]), hosts(&["ldap.example"])]);
    for rules in [OutboundRules::default(), elsewhere] {
        for host in ["127.0.0.1", "localhost"] {
            let mut told = Vec::new();
            for port in [bystander.port, nobody] {
                for error in faults(&format!("ldaps://{host}:{port}"), &rules).await {
                    told.push(error.to_string().replace(&port.to_string(), "PORT"));
                }
            }
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        }
    }
    assert!(bystander.was_left_alone());
}

#[tokio::test]
async fn with_rules_a_name_that_is_not_known_looks_like_one_that_is_out_of_reach() {
    let rules = rules([networks(&["10.0.0.0/8"])]);
    let mut told = Vec::new();
    for host in ["localhost", "no-such-host.invalid"] {
        for error in faults(&format!("ldap://{host}"), &rules).await {
            assert_eq!(error.fault, DirectoryFault::OutboundRefused, "{error}");
            assert!(!error.detail.contains("127.0.0.1"), "{error}");
            told.push(error.to_string().replace(host, "HOST"));
        }
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
}

#[tokio::test]
async fn only_the_operators_log_tells_where_a_name_leads() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let writer = Arc::new(log.reopen().expect("the same file"));
    let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let rules = rules([networks(&["10.0.0.0/8"])]);
    let written = || fs::read_to_string(log.path()).expect("text");
    // A test beside this one that comes to the same line at this very moment, and has no log, may switch
    // it off for all until somebody looks again.
    for _ in 0..10 {
        tracing::callsite::rebuild_interest_cache();
        for error in faults("ldap://localhost", &rules).await {
            assert!(!error.to_string().contains("127.0.0.1"), "{error}");
        }
        if !written().is_empty() {
            break;
        }
    }
    drop(guard);
    let log = written();
    for told in ["WARN", "staff", "localhost", "127.0.0.1:389"] {
        assert!(log.contains(told), "{told} in {log}");
    }
}

#[tokio::test]
async fn a_name_that_a_rule_names_may_be_told_to_be_unknown() {
    let rules = rules([hosts(&["*.invalid"])]);
    for error in faults("ldap://no-such-host.invalid", &rules).await {
        assert_eq!(error.fault, DirectoryFault::NameResolution, "{error}");
        assert!(error.detail.contains("no-such-host.invalid"), "{error}");
        assert_eq!(error.server, "no-such-host.invalid:389");
    }
    for error in faults("ldap://no-such-host.invalid", &OutboundRules::default()).await {
        assert_eq!(error.fault, DirectoryFault::NameResolution, "{error}");
    }
}

#[tokio::test]
async fn a_rule_for_a_name_does_not_follow_it_to_this_machine() {
    let bystander = Bystander::start();
    let rules = rules([hosts(&["localhost", "127.0.0.1", "*.local"])]);
    for host in ["localhost", "127.0.0.1"] {
        for error in faults(&format!("ldap://{host}:{}", bystander.port), &rules).await {
            assert_eq!(error.fault, DirectoryFault::OutboundRefused, "{error}");
        }
    }
    assert!(bystander.was_left_alone());
}

#[tokio::test]
async fn what_a_rule_allows_works_and_nothing_beside_it() {
    let slapd = Slapd::shared();
    let [plain, secured] = [slapd.ldap_address(), slapd.ldaps_address()];
    let address: SocketAddr = secured.parse().expect("an address");
    let realm = |name| RealmName::new(name).expect("a name");
    let this_port = OutboundRule {
        realms: vec![realm("staff")],
        networks: vec![IpAddr::from(Ipv4Addr::LOCALHOST).into()],
        ports: vec![address.port()],
        ..OutboundRule::default()
    };
    let directories = LdapDirectories::new(rules([this_port]));
    let mut federation = ldaps(&secured);
    let open = |federation: &Federation| {
        let opened = directories.open(federation, Some(Secret::new(SERVICE_PASSWORD)));
        opened.expect("a configuration that can work")
    };
    works(&*open(&federation)).await;
    // Another port, another realm.
    let refused = async |federation: &Federation| {
        let searched = open(federation).search(&by_uid("ada")).await;
        let error = searched.expect_err("out of reach");
        assert_eq!(error.fault, DirectoryFault::OutboundRefused, "{error}");
    };
    refused(&start_tls(&plain)).await;
    federation.realm = realm("guests");
    refused(&federation).await;
}

#[tokio::test]
async fn a_server_out_of_reach_is_passed_over() {
    let slapd = Slapd::shared();
    let federation = federation(&[
        "ldaps://169.254.169.254".to_owned(),
        format!("ldaps://{}", slapd.ldaps_address()),
    ]);
    works(&*open(&federation)).await;
}
