use super::*;
use crate::{
    capabilities,
    testing::{FakeDirectories, attribute, entry, federation, subtree},
};
use StageResult::{Failed, NotNeeded, NotReached, Passed};
use bridge_model::{
    dn::Dn,
    entry::Entry,
    federation::BindName,
    ports::{Certificate, Facts, Misfit},
    time::Timestamp,
};

fn bound() -> Federation {
    let mut it = federation("a", "staff");
    it.connection.bind = ServiceBind::Simple(BindName::new("cn=svc").expect("a name"));
    it
}

fn with_people() -> FakeDirectories {
    let directories = FakeDirectories::default();
    let place = Entry {
        dn: "ou=staff,dc=example,dc=test".to_owned(),
        attributes: vec![attribute("objectClass", &["organizationalUnit"])],
    };
    directories.put([place, entry("staff", "ada", &[])]);
    directories
}

fn results(report: &TestReport) -> Vec<StageResult> {
    report.stages.iter().map(|stage| stage.result).collect()
}

async fn tested(directories: &FakeDirectories, it: &Federation) -> TestReport {
    test_authentication(directories, it, Some(Secret::new("service"))).await
}

#[tokio::test]
async fn a_connection_is_tested_without_a_credential_server_by_server() {
    let directories = with_people();
    let mut it = bound();
    let second = "ldap://other.example:10389".parse().expect("a URL");
    it.connection.urls.push(second);
    let report = test_connection(&directories, &it).await;
    assert!(report.passed, "{report:?}");
    let servers: Vec<_> = report.stages.iter().map(|it| it.server.as_str()).collect();
    assert_eq!(
        servers,
        [
            "directory.example:636",
            "directory.example:636",
            "directory.example:636",
            "directory.example:636",
            "other.example:10389",
            "other.example:10389",
            "other.example:10389",
            "other.example:10389"
        ]
    );
    assert_eq!(
        results(&report),
        [
            Passed, Passed, Passed, Passed, Passed, Passed, NotNeeded, Passed
        ]
    );
    for (opened, had_credential) in &directories.state().opened {
        assert_eq!(opened.connection.bind, ServiceBind::None);
        assert!(!had_credential);
    }
}

#[tokio::test]
async fn authentication_binds_once_and_finds_what_was_named() {
    let directories = with_people();
    let mut it = bound();
    assert!(tested(&directories, &it).await.passed);
    assert_eq!(directories.state().opened.len(), 1);

    it.read_bases = vec![subtree("ou=gone,dc=example,dc=test")];
    it.groups_base = Some(Dn::parse("ou=lost,dc=example,dc=test").expect("a DN"));
    let report = tested(&directories, &it).await;
    assert!(!report.passed);
    assert_eq!(
        results(&report),
        [Passed, Passed, Passed, Passed, Passed, Failed]
    );
    let fields: Vec<_> = report.problems.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["advanced.read_bases", "advanced.groups"]);
    assert!(report.problems[0].message.contains("result code 32"));
}

#[tokio::test]
async fn a_fault_fails_its_stage_and_what_follows_is_not_reached() {
    for (fault, expected, field) in [
        (
            DirectoryFault::NameResolution,
            [
                Failed, NotReached, NotReached, NotReached, NotReached, NotReached,
            ],
            "connection_url",
        ),
        (
            DirectoryFault::OutboundRefused,
            [
                Failed, NotReached, NotReached, NotReached, NotReached, NotReached,
            ],
            "connection_url",
        ),
        (
            DirectoryFault::Connect,
            [
                Passed, Failed, NotReached, NotReached, NotReached, NotReached,
            ],
            "connection_url",
        ),
        (
            DirectoryFault::Tls,
            [Passed, Passed, Failed, NotReached, NotReached, NotReached],
            "connection_url",
        ),
        (
            DirectoryFault::PlaintextRefused,
            [
                NotReached, NotReached, Failed, NotReached, NotReached, NotReached,
            ],
            "connection_url",
        ),
        (
            DirectoryFault::Protocol,
            [Passed, Passed, Passed, Passed, Passed, Failed],
            "connection_url",
        ),
        (
            DirectoryFault::ServiceBind,
            [Passed, Passed, Passed, Passed, Failed, NotReached],
            "bind_dn",
        ),
        (
            DirectoryFault::Misconfigured,
            [NotReached; 6],
            "connection_url",
        ),
    ] {
        let directories = with_people();
        directories.break_down("", fault);
        let report = tested(&directories, &bound()).await;
        assert!(!report.passed);
        assert_eq!(results(&report), expected, "{fault}");
        let [problem] = report.problems.as_slice() else {
            panic!("{:?}", report.problems);
        };
        assert_eq!(problem.field, field);
        assert!(problem.message.contains("; "), "{problem:?}");
    }
}

#[tokio::test]
async fn silence_is_told_at_the_stage_where_it_began() {
    let it = bound();
    for (step, failed) in [
        (DirectoryStep::NameResolution, 0),
        (DirectoryStep::Tcp, 1),
        (DirectoryStep::Tls, 2),
        (DirectoryStep::ServiceBind, 4),
        (DirectoryStep::Operation, 5),
    ] {
        let error = DirectoryError::new(DirectoryFault::Timeout, "d.example:636", "silent");
        let report = TestReport::unanswered(&it, &error.at(step));
        let told = results(&report);
        assert_eq!(told[failed], Failed, "{step:?}");
        assert!(told[..failed].iter().all(|result| *result == Passed));
        assert!(told[failed + 1..].iter().all(|it| *it == NotReached));
    }
    let directories = with_people();
    directories.break_down("", DirectoryFault::Protocol);
    let report = test_connection(&directories, &it).await;
    assert_eq!(results(&report), [Passed, Passed, Passed, Failed]);
}

#[test]
fn a_certificate_that_does_not_fit_is_shown_with_what_to_do() {
    for (misfit, said) in [
        (Misfit::Name, "dc1.example"),
        (Misfit::Authority, "advanced.ca_bundle"),
        (Misfit::Expired, "renewed"),
        (Misfit::NotYetValid, "clocks"),
    ] {
        let mut error = DirectoryError::new(DirectoryFault::Tls, "d.example:636", "no; TLS");
        error.facts = Facts::Certificate(Box::new(Certificate {
            misfit,
            subject: "CN=dc1.example".to_owned(),
            names: vec!["dc1.example".to_owned()],
            issuer: "CN=ca".to_owned(),
            not_before: Timestamp(1),
            not_after: Timestamp(2),
        }));
        let report = TestReport::unanswered(&bound(), &error);
        let shown = report.stages[2]
            .certificate
            .as_ref()
            .expect("a certificate");
        assert_eq!(shown.issuer, "CN=ca");
        let (what, remedy) = report.problems[0].message.split_once("; ").expect("both");
        assert!(remedy.contains(said), "{remedy}");
        assert!(what.contains("no, TLS"), "{what}");
    }
}

#[tokio::test]
async fn a_directory_says_what_it_can_do() {
    let directories = FakeDirectories::default();
    directories.state().root = vec![
        attribute("namingContexts", &["dc=example,dc=test"]),
        attribute("supportedLDAPVersion", &["3"]),
        attribute("supportedExtension", &["1.3.6.1.4.1.1466.20037"]),
        attribute("vendorName", &["Example"]),
    ];
    let told = capabilities(&directories, &bound(), None).await;
    let told = told.expect("an answer");
    assert!(told.start_tls);
    assert_eq!(told.naming_contexts, ["dc=example,dc=test"]);
    assert_eq!(told.vendor_name.as_deref(), Some("Example"));
    let opened = directories.state().opened[0].clone();
    assert_eq!(opened.0.connection.bind, ServiceBind::None);

    directories.break_down("", DirectoryFault::Connect);
    let report = capabilities(&directories, &bound(), Some(Secret::new("service"))).await;
    assert_eq!(results(&report.expect_err("no answer"))[1], Failed);
}
