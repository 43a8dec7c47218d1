use super::*;
use crate::{
    StageResult,
    testing::{FakeDirectories, FakePolicies, FakePolicy, attribute, connection, entry, subtree},
};
use bridge_model::{federation::ServiceBind, policy::PolicyRules, ports::DirectoryFault};

fn proposal(certainty: u8, base: &str) -> Proposal {
    Proposal {
        certainty,
        users: vec![subtree(base)],
        readable: Vec::new(),
        username_attribute: None,
        rdn_attribute: None,
        uuid_attribute: None,
        user_object_classes: Vec::new(),
        custom_filter: None,
        mappers: Vec::new(),
        settings: Vec::new(),
        notes: vec![Problem {
            field: "vendor".to_owned(),
            message: "recognised by its shape; name another if that is wrong".to_owned(),
        }],
    }
}

fn policies(proposals: &[(&str, Option<Proposal>)]) -> FakePolicies {
    let policies = FakePolicies::default();
    *policies.all() = proposals
        .iter()
        .map(|(id, proposal)| FakePolicy {
            proposal: proposal.clone(),
            ..FakePolicy::new(id)
        })
        .collect();
    policies
}

fn directories() -> FakeDirectories {
    let directories = FakeDirectories::default();
    directories.put([
        Entry {
            dn: "ou=staff,dc=example,dc=test".to_owned(),
            attributes: vec![attribute("objectClass", &["organizationalUnit"])],
        },
        entry("staff", "ada", &[("cn", "Ada")]),
        entry("staff", "bob", &[]),
    ]);
    directories.state().root = vec![
        attribute("namingContexts", &["dc=example,dc=test"]),
        attribute("supportedExtension", &["1.3.6.1.4.1.1466.20037"]),
    ];
    directories
}

async fn connected(
    directories: &FakeDirectories,
    policies: &FakePolicies,
    url: &str,
) -> Result<Connected, TestReport> {
    let realm = RealmName::new("a").expect("a name");
    let address = Address {
        realm: &realm,
        rules: &PolicyRules::default(),
        connection: connection(url),
        bind_credential: None,
        now: Timestamp(1_000_000),
    };
    connect(directories, policies, address).await
}

#[tokio::test]
async fn the_surest_policy_proposes_a_whole_federation_and_shows_people() {
    let policies = policies(&[
        ("any", Some(proposal(10, "dc=example,dc=test"))),
        ("sure", Some(proposal(95, "ou=staff,dc=example,dc=test"))),
        ("other", None),
    ]);
    let told = connected(&directories(), &policies, "ldaps://dc1.example.test").await;
    let told = told.expect("connected");
    let order: Vec<_> = told
        .proposals
        .iter()
        .map(|it| it.policy.id.as_str())
        .collect();
    assert_eq!(order, ["sure", "any"]);
    let best = &told.proposals[0];
    assert_eq!(best.federation.name.as_str(), "dc1.example.test");
    assert_eq!(best.federation.vendor, "sure");
    assert!(best.planned.is_some() && best.problems.is_empty());
    assert!(best.notes[0].message.starts_with("recognised"));
    let names: Vec<_> = told.people.iter().map(|it| it.entry.dn.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let identity = told.people[0].identity.as_ref().expect("ada");
    assert_eq!(identity.subject, None);
    let json = serde_json::to_string(&told).expect("JSON");
    assert!(!json.contains("userPassword"), "{json}");
}

#[tokio::test]
async fn tls_is_turned_on_where_the_directory_offers_it_before_a_credential_is_sent() {
    let policies = policies(&[("any", Some(proposal(10, "dc=example,dc=test")))]);
    let directories = directories();
    let told = connected(&directories, &policies, "ldap://dc1.example.test").await;
    assert!(
        told.expect("connected").proposals[0]
            .federation
            .connection
            .start_tls
    );
    let opened = directories.state().opened.clone();
    assert_eq!(opened[0].0.connection.bind, ServiceBind::None);
    assert!(!opened[0].0.connection.start_tls);
    assert!(opened[1..].iter().all(|(it, _)| it.connection.start_tls));

    directories.state().root.truncate(1);
    let told = connected(&directories, &policies, "ldap://dc1.example.test").await;
    let best = &told.expect("connected").proposals[0];
    assert!(!best.federation.connection.start_tls);
    assert!(best.notes.iter().any(|it| it.field == "connection_url"));
}

#[tokio::test]
async fn a_policy_that_fails_does_not_keep_the_others_from_knowing() {
    let policies = policies(&[
        ("broken", None),
        ("any", Some(proposal(10, "dc=example,dc=test"))),
    ]);
    policies.all()[0].is_broken = true;
    let told = connected(&directories(), &policies, "ldaps://dc1.example.test").await;
    let told = told.expect("connected");
    assert_eq!(told.proposals.len(), 1);
    assert_eq!(told.warnings[0].field, "vendor");
}

#[tokio::test]
async fn a_directory_that_does_not_answer_says_at_which_stage() {
    let directories = directories();
    directories.break_down("", DirectoryFault::Connect);
    let told = connected(&directories, &policies(&[]), "ldaps://dc1.example.test").await;
    let report = told.expect_err("no answer");
    assert!(!report.passed);
    assert_eq!(report.stages[1].result, StageResult::Failed);
}

#[tokio::test]
async fn samples_are_a_few_of_each_kind_without_secrets() {
    let directories = directories();
    directories.put((0..200).map(|i| entry("staff", &format!("u{i}"), &[])));
    let long = entry(
        "staff",
        "photo",
        &[("mail", "p@x.test"), ("cn", &"x".repeat(5_000))],
    );
    directories.put([long]);
    let federation = crate::testing::federation("a", "staff");
    let directory = directories.open(&federation, None).expect("open");
    let root = read_root(directory.as_ref()).await.expect("a root DSE");
    let found = samples(directory.as_ref(), &root.entries[0], PATIENCE)
        .await
        .expect("samples");
    assert!(found.len() > 5 && found.len() < 50, "{}", found.len());
    let photo = found
        .iter()
        .find(|it| it.dn.starts_with("uid=photo"))
        .expect("mail comes first");
    assert!(photo.values("cn").is_empty());
    assert!(found.iter().all(|it| it.values("userPassword").is_empty()));
}
