use super::*;
use crate::testing::{PASSWORD, attribute, client, subtree};
use crate::{Attempt, SignInOutcome};
use bridge_model::{
    ports::{DirectoryFault, Imports as _},
    search::{PolicySearch, SearchScope},
    user::LocalProfile,
};
use std::sync::atomic::Ordering;

use SyncKind::Full;
use SyncStage::{Done, Failed, Stopped};

#[tokio::test]
async fn all_users_are_read_in_pages_and_written_once() {
    let bench = Bench::new(25);
    let first = bench.run(Full).await;
    assert_eq!((first.stage, counts(&first)), (Done, [25, 25, 0, 0, 0, 0]));
    assert_eq!(bench.names(), (0..25).map(name).collect::<Vec<_>>());
    let paged = bench.site.directories.state().paged.clone();
    let [read] = paged.as_slice() else {
        panic!("{paged:?}");
    };
    assert!(read.paged && read.controls.is_empty());
    assert_eq!(read.search.size_limit, 10);
    assert_eq!(
        read.search.filter.to_string(),
        "(&(objectClass=person)(uid=*))"
    );
    let writes = bench.store().tables().import_writes;

    let second = bench.run(Full).await;
    assert_eq!(counts(&second), [25, 0, 0, 25, 0, 0]);
    assert_eq!(bench.store().tables().import_writes, writes);

    bench.put("u07", Some(named("u07", "Ada")));
    let third = bench.run(Full).await;
    assert_eq!(counts(&third), [25, 0, 1, 24, 0, 0]);
    let ada = bench.kept("u07").and_then(|kept| kept.imported);
    assert_eq!(ada.expect("somebody").claims["name"], "Ada");
    let state = bench.state().await;
    assert_eq!(state.full_at, Some(third.started_at));
    assert_eq!(state.cursor, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_is_read_while_another_is_worked_on_and_no_third() {
    let bench = Bench::new(95);
    let run = bench.run(Full).await;
    assert_eq!(counts(&run), [95, 95, 0, 0, 0, 0]);
    let waiting = bench.script.entries_waiting_max.load(Ordering::SeqCst);
    assert_eq!(waiting, 10, "entries beside the page that is read");
}

#[tokio::test]
async fn who_is_imported_is_who_signs_in() {
    let bench = Bench::new(3);
    bench.run(Full).await;
    let attempt = Attempt {
        username: "u01",
        password: PASSWORD,
        client: &client("a"),
        address: None,
        request_id: "r1",
    };
    let outcome = bench
        .site
        .sign_ins
        .sign_in(&crate::testing::realm("a"), &attempt)
        .await;
    let SignInOutcome::SignedIn(user) = outcome else {
        panic!("{outcome:?}");
    };
    let kept = bench.kept("u01").expect("somebody");
    assert_eq!(*kept.imported.expect("a user"), *user.user());
}

#[tokio::test]
async fn subjects_that_people_brought_along_stay() {
    let bench = Bench::new(3);
    let brought = (b"id-u01".to_vec(), "of-old".to_owned());
    bench.store().tables().imported.extend([brought]);
    bench.run(Full).await;
    assert_eq!(bench.subject("u01"), "of-old");
    assert_eq!(bench.subject("u02").len(), 43);
}

#[tokio::test]
async fn who_is_gone_is_removed_and_what_the_bridge_keeps_of_others_stays() {
    let bench = Bench::new(20);
    bench.run(Full).await;
    let local = LocalProfile {
        disabled: true,
        ..LocalProfile::default()
    };
    let changed = bench.subject("u05");
    let saved = bench
        .store()
        .save_local_profile(&realm(), &changed, &local)
        .await;
    assert!(saved.expect("a store"));
    let gone = bench.subject("u03");
    bench.put("u03", None);
    bench.put("u05", Some(named("u05", "Ada")));
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Done, [19, 0, 1, 18, 1, 0]));
    assert!(bench.kept("u03").is_none());
    assert_eq!(bench.store().tables().sessions_ended, [gone]);
    assert_eq!(bench.kept("u05").expect("somebody").local, local);
}

#[tokio::test]
async fn more_than_a_share_that_vanished_is_a_mistake() {
    let bench = Bench::new(20);
    bench.run(Full).await;
    for number in 0..5 {
        bench.put(&name(number), None);
    }
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Stopped, [15, 0, 0, 15, 0, 0]));
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("5 of 20 users"), "{reason}");
    assert!(reason.contains("20 % of vanished_max_percent"), "{reason}");
    assert_eq!(bench.names().len(), 20);
    assert_eq!(
        bench.audit().last().outcome,
        bridge_model::audit::AuditOutcome::Refused
    );

    bench.change(|federation| federation.synchronisation.vanished_max_percent = 25);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.removed), (Done, 5));
}

#[tokio::test]
async fn nobody_is_gone_where_references_were_not_followed() {
    let bench = Bench::new(20);
    bench.run(Full).await;
    bench.change(|federation| {
        federation.connection.referral_hosts = vec!["other.example".to_owned()];
    });
    bench.put("u03", None);
    bench.script.wants().references = 2;
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.removed), (Stopped, 0));
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("other servers 2 times"), "{reason}");
    assert!(reason.contains("users_dn"), "{reason}");
    assert_eq!(bench.names().len(), 20);

    bench.script.wants().references = 0;
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.removed), (Done, 1));
}

#[tokio::test]
async fn a_directory_without_users_is_a_mistake_whatever_share_may_vanish() {
    let bench = Bench::new(3);
    bench.change(|federation| federation.synchronisation.vanished_max_percent = 100);
    let nobody = Bench::new(0).run(Full).await;
    assert_eq!((nobody.stage, counts(&nobody)), (Done, [0; 6]));
    bench.run(Full).await;
    bench.site.directories.state().entries.clear();
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.removed), (Stopped, 0));
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("no users any more"), "{reason}");
    assert_eq!(bench.names().len(), 3);
}

#[tokio::test]
async fn entries_that_cannot_be_imported_are_told_and_the_rest_goes_on() {
    let bench = Bench::new(12);
    let mut without = named("without", "x");
    without.attributes.retain(|it| it.name != "id");
    let mut twin = named("twin", "x");
    twin.attributes.retain(|it| it.name != "id");
    twin.attributes.push(attribute("id", &["id-u02"]));
    let mut double = named("double", "x");
    double.attributes.push(attribute("ID", &["a"]));
    double.attributes.retain(|it| it.name != "id");
    double.attributes.push(attribute("id", &["a", "b"]));
    double.attributes.retain(|it| it.name != "ID");
    let mut elsewhere = named("elsewhere", "x");
    elsewhere.dn = "uid=elsewhere,ou=others,dc=example,dc=test".to_owned();
    let mut odd = named("odd", "x");
    odd.dn = "no\nDN".to_owned();
    {
        let mut wants = bench.script.wants();
        wants.strays = vec![without, double, elsewhere, odd, named("u08", "again")];
        wants.traps = vec!["u04".to_owned()];
    }
    bench.site.directories.put([twin]);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.failed, run.added), (Done, 6, 11));
    let failures: Vec<_> = run
        .failures
        .iter()
        .map(|it| (it.dn.split(',').next().unwrap_or_default(), &*it.reason))
        .collect();
    for failure in [
        (
            "uid=without",
            "the entry has no id, or the service account may not read it",
        ),
        ("uid=double", "the entry has several values of id"),
        ("uid=elsewhere", "it lies outside of the searched base"),
        ("no\u{fffd}DN", "its name is not a DN"),
        ("uid=u04", "policy sample: trapped: as the test wants it"),
        ("uid=twin", "another entry has the same identifier"),
    ] {
        assert!(failures.contains(&failure), "{failure:?} in {failures:?}");
    }
    assert!(!bench.names().contains(&"u04".to_owned()));
    assert!(bench.names().contains(&"u05".to_owned()));
}

#[tokio::test]
async fn no_more_failures_are_kept_than_fit_and_all_are_counted() {
    let bench = Bench::new(0);
    let mut strays: Vec<_> = (0..150).map(|number| named(&name(number), "x")).collect();
    for stray in &mut strays {
        stray.attributes.clear();
    }
    bench.script.wants().strays = strays;
    let run = bench.run(Full).await;
    assert_eq!((run.failed, run.failures.len()), (150, 100));
    assert_eq!(run.stage, Failed, "none of them could be imported");
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("none of 150 entries"), "{reason}");
    assert!(reason.contains("the entry has no id"), "{reason}");
}

#[tokio::test]
async fn who_cannot_be_imported_any_more_is_not_gone() {
    let bench = Bench::new(20);
    bench.run(Full).await;
    let mut hidden = named("u01", "x");
    hidden.attributes.retain(|it| it.name != "id");
    bench.put("u01", Some(hidden));
    bench.script.wants().traps = vec!["u02".to_owned()];
    bench.put("u03", None);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Done, [19, 0, 0, 17, 1, 2]));
    let names = bench.names();
    assert!(names.contains(&"u01".to_owned()) && names.contains(&"u02".to_owned()));
}

#[tokio::test]
async fn a_read_that_ends_early_removes_nobody() {
    for (code, remedy) in [(4, "let pagination be on"), (32, "correct users_dn")] {
        let bench = Bench::new(30);
        bench.run(Full).await;
        bench.put("u00", Some(named("u00", "Ada")));
        bench.script.wants().code = Some((2, code));
        let run = bench.run(Full).await;
        assert_eq!((run.stage, run.removed), (Failed, 0), "{code}");
        assert_eq!(run.updated, 1, "what was read stays");
        let reason = run.reason.expect("a reason");
        assert!(reason.contains(&format!("result code {code}")), "{reason}");
        assert!(reason.contains(remedy), "{reason}");
        assert_eq!(bench.names().len(), 30);
        let full_at = bench.state().await.full_at;
        assert_eq!(full_at, Some(run.started_at), "of the run before");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_ends_the_run_and_the_next_begins_anew() {
    let bench = Bench::new(30);
    bench.site.directories.state().pages_break_after = Some(2);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Failed, [20, 20, 0, 0, 0, 0]));
    assert_eq!(bench.state().await.full_at, None);
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("; check that"), "{reason}");
    bench.site.directories.state().pages_break_after = None;
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Done, [30, 10, 0, 20, 0, 0]));
}

#[tokio::test]
async fn places_that_overlap_give_everybody_once() {
    let bench = Bench::new(12);
    bench.change(|federation| federation.users.push(subtree("dc=example,dc=test")));
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Done, [24, 12, 0, 0, 0, 0]));
}

#[tokio::test]
async fn who_signs_in_for_the_first_time_meanwhile_is_not_gone() {
    let bench = Bench::new(20);
    bench.run(Full).await;
    bench.clock().advance(Duration::from_mins(1));
    bench.put("u07", None);
    let gate = &bench.script.gate;
    gate.forget_permits(gate.available_permits() - 1);
    bench.start(Full).await.expect("a run");
    while bench.state().await.last.is_none_or(|run| run.read < 10) {
        sleep(Duration::from_millis(1)).await;
    }
    bench.clock().advance(Duration::from_secs(5));
    let mut user = *bench
        .kept("u01")
        .expect("somebody")
        .imported
        .expect("a user");
    user.subject = "new".to_owned();
    user.username = "new".to_owned();
    let new = ImportedUser {
        identifier: b"id-new".to_vec(),
        user,
    };
    let now = bench.site.clock.now();
    let imported = bench
        .store()
        .import_users(&realm(), staff(), &[new], now)
        .await;
    imported.expect("a store");
    gate.add_permits(100);
    let run = bench.ended().await;
    assert_eq!((run.stage, run.removed), (Done, 1));
    assert!(bench.names().contains(&"new".to_owned()));
}

fn wish() -> PolicySearch {
    PolicySearch {
        key: "groups".to_owned(),
        base: "ou=groups,dc=example,dc=test".to_owned(),
        scope: SearchScope::Base,
        filter: "(objectClass=*)".to_owned(),
        slots: Vec::new(),
        attributes: vec!["cn".to_owned()],
        size_limit: 1,
        required: false,
        more: Vec::new(),
    }
}

#[tokio::test]
async fn what_all_of_a_page_need_is_read_once() {
    let bench = Bench::new(25);
    bench.change(|federation| {
        federation.read_bases = vec![subtree("ou=groups,dc=example,dc=test")];
    });
    bench.script.wants().wish = Some(wish());
    let run = bench.run(Full).await;
    assert_eq!(counts(&run), [25, 25, 0, 0, 0, 0]);
    assert_eq!(bench.site.directories.state().searches.len(), 3);
}

#[tokio::test]
async fn what_may_not_be_read_is_each_entrys_failure() {
    let bench = Bench::new(3);
    bench.script.wants().wish = Some(wish());
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.failed), (Failed, 3));
    let reason = &run.failures[0].reason;
    assert!(reason.contains("outside of what may be read"), "{reason}");
}

#[tokio::test]
async fn a_directory_that_answers_no_reads_ends_the_run() {
    let bench = Bench::new(25);
    bench.change(|federation| {
        federation.read_bases = vec![subtree("ou=groups,dc=example,dc=test")];
    });
    {
        let mut wants = bench.script.wants();
        wants.wish = Some(wish());
        wants.search_fault = Some(DirectoryFault::Timeout);
    }
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.failed), (Failed, 0));
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("no answer in time"), "{reason}");
}
