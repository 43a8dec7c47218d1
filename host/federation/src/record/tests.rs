use super::{
    recorder::{Sight, recording},
    *,
};
use crate::{
    Attempt, Federations, SignIns, ThrottleLimits,
    testing::{
        FakePolicy, NoRandom, PASSWORD, Site, attribute, client, entry, federation, planned, realm,
    },
};
use bridge_model::{decision::Person, ports::VendorPolicy, search::Reply, time::Timestamp};
use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

fn sight() -> Sight {
    let mut ada = entry(
        "staff",
        "ada",
        &[("cn", "Ada Lovelace"), ("mail", "ada@corp.example")],
    );
    let group = "cn=Wheel,ou=staff,dc=example,dc=test";
    ada.attributes.push(attribute("seeAlso", &[group]));
    Sight {
        planned: Arc::new(planned(federation("a", "staff"))),
        policy: Arc::new(FakePolicy::new("sample")),
        links: Vec::new(),
        person: Person {
            entry: ada,
            reply: Some(Reply::default()),
            findings: Vec::new(),
        },
        shared: Vec::new(),
        now: Timestamp(1_000_000),
    }
}

#[test]
fn a_recording_has_nobodys_values_and_is_answered_alike_by_the_same_policy() {
    let recording = recording(&sight(), Values::Replaced, &[3; 32]);
    let text = recording.write().expect("JSON");
    for word in [
        "Lovelace",
        "ada@",
        "corp.example",
        "Wheel",
        "id-ada",
        "secret",
        "directory.example",
    ] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let Recorded::Identified { claims, .. } = &recording.verdict else {
        unreachable!("{text}");
    };
    assert_eq!(claims["groups"].as_array().map(Vec::len), Some(1), "{text}");
    let again = Recording::read(&text).expect("a recording");
    assert_eq!(again, recording);
    let replayed = again.replay(&FakePolicy::new("sample"), &[]);
    assert_eq!(replayed.first_difference, None);
    assert!(replayed.same);
    assert_eq!(replayed.verdict, recording.verdict);
}

#[test]
fn values_are_there_by_choice_but_no_secrets() {
    let mut sight = sight();
    let mut planned = planned(federation("a", "staff"));
    planned.plan.attributes.push("userPassword".to_owned());
    sight.planned = Arc::new(planned);
    let text = recording(&sight, Values::Kept, &[3; 32])
        .write()
        .expect("JSON");
    assert!(text.contains("Ada Lovelace") && text.contains("Wheel"));
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn another_version_that_answers_otherwise_is_told_where() {
    let recording = recording(&sight(), Values::Kept, &[3; 32]);
    let mut policy = FakePolicy::new("sample");
    policy.reference.digest = "sha256:2".to_owned();
    assert!(recording.replay(&policy, &[]).same);
    policy.password_ends_at = Some(Timestamp(5));
    let replayed = recording.replay(&policy, &[]);
    let told = replayed.first_difference.expect("a difference");
    assert!(told.starts_with("call 1 step identified bars"), "{told}");
    policy.is_broken = true;
    let told = recording.replay(&policy, &[]).first_difference;
    assert!(told.is_some_and(|told| told.starts_with("the plan: ")));
    assert_eq!(policy.reference().id, "sample");
}

#[test]
fn a_recording_of_another_format_is_refused_with_words() {
    let mut recording = recording(&sight(), Values::Kept, &[3; 32]);
    recording.format = 2;
    let text = recording.write().expect("JSON");
    let error = Recording::read(&text).expect_err("another format");
    assert!(error.to_string().contains("format 2"), "{error}");
    assert!(Recording::read("{}").is_err() && Recording::read("no").is_err());
}

#[tokio::test]
async fn sign_ins_are_written_to_files_for_this_user_alone() {
    let site = Site::new(&["staff"]);
    site.directories
        .put([entry("staff", "ada", &[("cn", "Ada Lovelace")])]);
    let own = tempfile::tempdir().expect("a folder of its own");
    let folder = own.path().join("recordings");
    let recorder = Recorder::start(&folder, Values::Replaced, &NoRandom).expect("a folder");
    let federations = Federations::new(
        site.store.clone(),
        site.policies.clone(),
        site.directories.clone(),
    );
    let sign_ins = SignIns::new(
        Arc::new(federations.with_recorder(recorder)),
        site.store.clone(),
        site.clock.clone(),
        Arc::new(NoRandom),
        site.audit.clone(),
        ThrottleLimits::default(),
    );
    let client = client("a");
    for password in [PASSWORD, "wrong"] {
        let attempt = Attempt {
            username: "ada",
            password,
            client: &client,
            address: None,
            request_id: "r1",
        };
        sign_ins.sign_in(&realm("a"), &attempt).await;
    }
    let mut files = Vec::new();
    for _ in 0..500 {
        let entries = fs::read_dir(&folder).expect("a folder");
        files = entries.map(|it| it.expect("a file").path()).collect();
        if files.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(files.len(), 2);
    files.sort();
    let mut verdicts = Vec::new();
    for file in &files {
        let mode = fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(file).expect("a file");
        assert!(
            !text.contains("Lovelace") && !text.contains(PASSWORD),
            "{text}"
        );
        let recording = Recording::read(&text).expect("a recording");
        assert!(recording.replay(&FakePolicy::new("sample"), &[]).same);
        verdicts.push(recording.reply.map(|reply| reply.result_code));
    }
    assert_eq!(verdicts, [Some(0), Some(49)]);
}
