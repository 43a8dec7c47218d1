use super::*;
use crate::testing::{FakeDirectories, FakePolicy, entry, federation, planned, subtree};
use bridge_model::{
    federation::Federation,
    plan::{Description, Plan, Proposal},
    ports::{DirectoryFault, PolicyFault, VendorPolicy},
    realm::PolicyRef,
    search::SearchScope,
};
use std::sync::Mutex;

/// A policy that has one group read for everyone, and gives everyone the name of their entry.
struct GroupReader {
    inner: FakePolicy,
    /// The group of a person, with the base; none: nothing is read.
    group: fn(&str) -> Option<String>,
    /// Whoever has it in their name makes the policy trap.
    trap: &'static str,
    /// How many persons each call had.
    calls: Arc<Mutex<Vec<usize>>>,
}

impl GroupReader {
    fn new(group: fn(&str) -> Option<String>) -> Self {
        Self {
            inner: FakePolicy::new("sample"),
            group,
            trap: "nobody",
            calls: Arc::default(),
        }
    }
}

fn uid(person: &Person) -> String {
    let value = person.entry.values("uid").first().expect("a name");
    String::from_utf8(value.clone()).expect("text")
}

impl VendorPolicy for GroupReader {
    fn reference(&self) -> &PolicyRef {
        self.inner.reference()
    }

    fn description(&self) -> &Description {
        self.inner.description()
    }

    fn translate(&self, it: &Federation) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
        self.inner.translate(it)
    }

    fn recognise(&self, root: &Entry, samples: &[Entry]) -> Result<Option<Proposal>, PolicyError> {
        self.inner.recognise(root, samples)
    }

    fn decide(&self, _: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
        let mut calls = self.calls.lock().expect("no test panicked in here");
        calls.push(persons.len());
        if persons.iter().any(|person| uid(person).contains(self.trap)) {
            return Err(PolicyError {
                policy: "sample".to_owned(),
                fault: PolicyFault::Trap,
                detail: String::new(),
            });
        }
        let steps = persons.iter().map(|person| {
            let group = (self.group)(&uid(person));
            match group.filter(|_| person.findings.is_empty()) {
                Some(group) => Step::Read(vec![PolicySearch {
                    key: uid(person),
                    base: format!("cn={group}"),
                    scope: SearchScope::Base,
                    filter: "(objectClass=*)".to_owned(),
                    slots: Vec::new(),
                    attributes: vec!["cn".to_owned()],
                    size_limit: 1,
                    required: group.starts_with("required"),
                    more: Vec::new(),
                }]),
                None => Step::Identified(Identity {
                    username: uid(person),
                    ..Identity::default()
                }),
            }
        });
        Ok(steps.collect())
    }
}

fn below_groups(name: &str) -> String {
    format!("{name},ou=groups,dc=example,dc=test")
}

/// What became of people with these names: the user name, or why there is none.
async fn decided(
    policy: GroupReader,
    directories: &FakeDirectories,
    names: &[&str],
) -> Vec<Result<String, String>> {
    let mut staff = federation("a", "staff");
    staff.read_bases = vec![subtree("ou=groups,dc=example,dc=test")];
    let policy = Arc::new(policy);
    let active = ActiveFederation::open(planned(staff), policy, directories, None);
    let active = active.expect("a federation");
    let persons = names.iter().map(|name| Person {
        entry: entry("staff", name, &[]),
        reply: None,
        findings: Vec::new(),
    });
    let now = Timestamp(0);
    let context = context(&active, now).await.expect("nothing is shared");
    let (judged, _) = decide_all(&active, context, persons.collect()).await;
    let outcomes = judged.into_iter().zip(names).map(|(judged, name)| {
        assert_eq!(uid(&judged.person), *name, "the order stays");
        match judged.outcome {
            Ok(Verdict::Identified(identity)) => Ok(identity.username),
            Ok(Verdict::Rejected(_)) => Err("rejected".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    });
    outcomes.collect()
}

fn own(names: &[&str]) -> Vec<Result<String, String>> {
    names.iter().map(|name| Ok((*name).to_owned())).collect()
}

#[tokio::test]
async fn all_are_asked_about_in_one_call_and_again_only_those_who_wait() {
    let directories = FakeDirectories::default();
    let policy = GroupReader::new(|uid| uid.starts_with('b').then(|| below_groups("b")));
    let calls = policy.calls.clone();
    let names = ["a1", "b1", "a2", "b2", "b3"];
    assert_eq!(decided(policy, &directories, &names).await, own(&names));
    assert_eq!(*calls.lock().expect("no panic"), [5, 3]);
    let searches = directories.state().searches.clone();
    assert_eq!(
        searches.len(),
        1,
        "the same read is done once: {searches:?}"
    );
}

#[tokio::test]
async fn many_are_asked_about_in_calls_of_a_bounded_size() {
    let directories = FakeDirectories::default();
    let policy = GroupReader::new(|_| None);
    let calls = policy.calls.clone();
    let names: Vec<_> = (0..501).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(decided(policy, &directories, &names).await, own(&names));
    assert_eq!(*calls.lock().expect("no panic"), [250, 250, 1]);
}

#[tokio::test]
async fn who_makes_the_policy_trap_harms_nobody_else() {
    let directories = FakeDirectories::default();
    let policy = GroupReader {
        trap: "eve",
        ..GroupReader::new(|_| None)
    };
    let names = ["a", "b", "c", "eve", "d", "e", "eve2"];
    let decided = decided(policy, &directories, &names).await;
    for (name, outcome) in names.iter().zip(decided) {
        assert_eq!(outcome.is_err(), name.contains("eve"), "{name}");
    }
}

#[tokio::test]
async fn a_read_that_may_not_be_done_is_one_persons_fault() {
    let directories = FakeDirectories::default();
    let policy = GroupReader::new(|uid| match uid {
        "evil" => Some("x,ou=elsewhere,o=y".to_owned()),
        "strict" => Some(below_groups("required")),
        uid => Some(below_groups(uid)),
    });
    let names = ["a", "evil", "strict", "b"];
    let decided = decided(policy, &directories, &names).await;
    assert_eq!(decided[0], Ok("a".to_owned()));
    assert_eq!(decided[3], Ok("b".to_owned()));
    let evil = decided[1].clone().expect_err("outside");
    assert!(evil.contains("outside of what may be read"), "{evil}");
    let strict = decided[2].clone().expect_err("not there");
    assert!(strict.contains("ended with result code 32"), "{strict}");
}

#[tokio::test]
async fn a_directory_that_does_not_answer_is_not_asked_for_everyone() {
    let directories = FakeDirectories::default();
    directories.break_down("", DirectoryFault::Timeout);
    let policy = GroupReader::new(|uid| Some(below_groups(uid)));
    let names: Vec<_> = (0..100).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let decided = decided(policy, &directories, &names).await;
    assert!(decided.iter().all(Result::is_err));
}

#[tokio::test]
async fn a_policy_that_never_knows_is_asked_no_more() {
    struct Endless(FakePolicy);
    impl VendorPolicy for Endless {
        fn reference(&self) -> &PolicyRef {
            self.0.reference()
        }
        fn description(&self) -> &Description {
            self.0.description()
        }
        fn translate(&self, it: &Federation) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
            self.0.translate(it)
        }
        fn recognise(&self, _: &Entry, _: &[Entry]) -> Result<Option<Proposal>, PolicyError> {
            Ok(None)
        }
        fn decide(&self, _: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
            let reader = GroupReader::new(|_| Some(below_groups("x")));
            let fresh = persons.iter().map(|person| Person {
                findings: Vec::new(),
                ..person.clone()
            });
            reader.decide(
                &Context {
                    memo: Vec::new(),
                    now: Timestamp(0),
                    shared: Vec::new(),
                    more: Vec::new(),
                },
                &fresh.collect::<Vec<_>>(),
            )
        }
    }
    let mut staff = federation("a", "staff");
    staff.read_bases = vec![subtree("ou=groups,dc=example,dc=test")];
    let directories = FakeDirectories::default();
    let policy = Arc::new(Endless(FakePolicy::new("sample")));
    let active = ActiveFederation::open(planned(staff), policy, &directories, None);
    let active = active.expect("a federation");
    let mut person = Person {
        entry: entry("staff", "ada", &[]),
        reply: None,
        findings: Vec::new(),
    };
    let decided = decide(&active, &mut person, Timestamp(0)).await;
    let Err(error) = decided else {
        panic!("a verdict");
    };
    assert_eq!(error.to_string(), "the policy asked for too much: rounds");
    assert_eq!(uid(&person), "ada", "the person is left as they were");
    assert_eq!(person.findings.len(), ROUNDS_MAX);
}
