use super::*;
use crate::testing::attribute;
use bridge_model::{
    changes::{Advance, ChangeRead, Turn, Whom},
    plan::Problem,
    ports::Imports as _,
    search::{Control, PolicySearch, SearchScope},
    user::LocalProfile,
};

use SyncKind::{Changed, Full};
use SyncStage::{Done, Failed};

mod bounds;

/// A read of users with the uid of one of them, or all.
fn of_users(filter: &str) -> ChangeRead {
    ChangeRead {
        search: PolicySearch {
            key: "users".to_owned(),
            base: String::new(),
            scope: SearchScope::Subtree,
            filter: filter.to_owned(),
            slots: Vec::new(),
            attributes: Vec::new(),
            size_limit: 1,
            required: true,
            more: Vec::new(),
        },
        of_users: true,
        controls: Vec::new(),
        paged: true,
    }
}

/// A read of one entry.
fn of_entry(base: &str) -> ChangeRead {
    let mut read = of_users("(objectClass=*)");
    read.of_users = false;
    read.paged = false;
    read.search.key = "entry".to_owned();
    read.search.base = base.to_owned();
    read.search.scope = SearchScope::Base;
    read.search.attributes = vec!["cn".to_owned()];
    read
}

fn reads(read: ChangeRead) -> Turn {
    Turn::Advance(Box::new(Advance {
        next: Some(read),
        ..Advance::default()
    }))
}

fn mark(cursor: &str) -> Turn {
    changed_to(cursor, [], [])
}

fn changed_to<const C: usize, const G: usize>(
    cursor: &str,
    changed: [Whom; C],
    gone: [Whom; G],
) -> Turn {
    Turn::Advance(Box::new(Advance {
        changed: changed.into(),
        gone: gone.into(),
        cursor: Some(cursor.as_bytes().to_vec()),
        next: None,
    }))
}

/// So many people, all of them read, and the mark `m0` set.
async fn marked(people: usize) -> Bench {
    let bench = Bench::new(people);
    bench.script.wants().changes = Some(vec!["1.2.3".to_owned()]);
    bench.script.turns([reads(of_entry("")), mark("m0")]);
    assert_eq!(bench.run(Full).await.stage, Done);
    bench.script.wants().asked.clear();
    bench
}

async fn cursor(bench: &Bench) -> Option<String> {
    let (origin, cursor) = bench.state().await.cursor?;
    assert_eq!(origin, "sha256:1 1");
    Some(String::from_utf8(cursor).expect("text"))
}

fn asked(bench: &Bench) -> Vec<(Option<String>, Option<String>)> {
    let wants = bench.script.wants();
    let text = |octets: &Vec<u8>| String::from_utf8(octets.clone()).expect("text");
    let asked = wants.asked.iter();
    asked
        .map(|asked| (asked.cursor.as_ref().map(text), asked.key.clone()))
        .collect()
}

#[tokio::test]
async fn a_full_run_sets_the_mark_before_it_reads() {
    let bench = Bench::new(5);
    bench.script.wants().changes = Some(Vec::new());
    bench.script.turns([reads(of_entry("")), mark("m0")]);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.added), (Done, 5));
    assert_eq!(cursor(&bench).await.as_deref(), Some("m0"));
    let key = Some("entry".to_owned());
    assert_eq!(asked(&bench), [(None, None), (None, key)]);
    let paged = bench.site.directories.state().paged.clone();
    assert!(paged[0].search.base.is_root(), "{paged:?}");
    assert_eq!(paged.len(), 2);
}

#[tokio::test]
async fn users_are_read_although_the_mark_cannot_be_set() {
    let bench = Bench::new(5);
    bench.script.wants().changes = Some(Vec::new());
    bench.script.turns([Turn::Failed(Problem {
        field: "x".to_owned(),
        message: "no".to_owned(),
    })]);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, run.added), (Done, 5));
    assert_eq!(cursor(&bench).await, None);
}

#[tokio::test]
async fn those_who_changed_are_read_from_where_the_last_run_stood() {
    let bench = marked(25).await;
    for name in ["u03", "u04"] {
        bench.put(name, Some(named(name, "Ada")));
    }
    bench.script.turns([
        reads(of_users("(cn=Ada)")),
        changed_to("m1", [Whom::Here(0), Whom::Here(1)], []),
    ]);
    let run = bench.run(Changed).await;
    assert_eq!(run.kind, Changed);
    assert_eq!((run.stage, counts(&run)), (Done, [2, 0, 2, 0, 0, 0]));
    assert_eq!(cursor(&bench).await.as_deref(), Some("m1"));
    let m0 = || Some("m0".to_owned());
    assert_eq!(
        asked(&bench),
        [(m0(), None), (m0(), Some("users".to_owned()))]
    );
    let paged = bench.site.directories.state().paged.clone();
    let read = paged.last().expect("a read");
    assert_eq!(
        read.search.filter.to_string(),
        "(&(&(objectClass=person)(uid=*))(cn=Ada))"
    );
    assert_eq!(read.search.size_limit, 10);
    let state = bench.state().await;
    assert_eq!(state.changed_at, Some(run.started_at));

    bench.script.turns([mark("m2")]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, counts(&run)), (Done, [0; 6]));
    assert_eq!(cursor(&bench).await.as_deref(), Some("m2"));
}

#[tokio::test]
async fn those_who_are_named_are_read_one_by_one() {
    let bench = marked(25).await;
    for name in ["u03", "u04", "new"] {
        bench.put(name, Some(named(name, "Ada")));
    }
    bench.put("u05", Some(named("u05", "Bob")));
    let mut none = named("u06", "x");
    none.attributes.retain(|it| it.name != "objectClass");
    none.attributes.push(attribute("objectClass", &["device"]));
    bench.put("u06", Some(none));
    let id = |name: &str| Whom::Id(format!("id-{name}").into_bytes());
    bench.script.turns([
        reads(of_entry(&dn("u05"))),
        changed_to(
            "m1",
            [
                id("u03"),
                id("new"),
                Whom::Dn(dn("u04").to_uppercase()),
                Whom::Here(0),
                id("u06"),
                Whom::Dn(dn("never")),
                Whom::Dn("uid=x,ou=elsewhere,o=y".to_owned()),
            ],
            [],
        ),
    ]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, counts(&run)), (Done, [4, 1, 3, 0, 0, 0]));
    assert_eq!(bench.names().len(), 26, "who is no user any more stays");
    let names = ["u03", "u04", "new", "u05"].map(|name| {
        let imported = bench.kept(name).and_then(|kept| kept.imported);
        imported.expect("somebody").claims["name"].clone()
    });
    assert_eq!(names, ["Ada", "Ada", "Ada", "Bob"]);
}

#[tokio::test]
async fn those_who_are_gone_are_removed_whoever_they_are() {
    let bench = marked(25).await;
    bench.script.turns([
        reads(of_users("(uid=u03)")),
        changed_to(
            "m1",
            [],
            [
                Whom::Here(0),
                Whom::Id(b"id-u04".to_vec()),
                Whom::Dn(dn("u05").to_uppercase()),
                Whom::Id(b"id-never".to_vec()),
                Whom::Dn(dn("never")),
                Whom::Id(Vec::new()),
            ],
        ),
    ]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, counts(&run)), (Done, [0, 0, 0, 0, 3, 0]));
    let names = bench.names();
    for name in ["u03", "u04", "u05"] {
        assert!(!names.contains(&name.to_owned()), "{name}");
    }
    assert_eq!(names.len(), 22);
}

#[tokio::test]
async fn who_was_renamed_is_gone_by_the_old_name_only() {
    let bench = marked(5).await;
    let subject = bench.subject("u03");
    let local = LocalProfile {
        disabled: true,
        ..LocalProfile::default()
    };
    let saved = bench
        .store()
        .save_local_profile(&realm(), &subject, &local)
        .await;
    assert!(saved.expect("a store"));
    let mut renamed = named("ada", "Ada");
    renamed.attributes.retain(|it| it.name != "id");
    renamed.attributes.push(attribute("id", &["id-u03"]));
    bench.put("u03", None);
    bench.put("ada", Some(renamed));
    let id = || Whom::Id(b"id-u03".to_vec());
    bench
        .script
        .turns([changed_to("m1", [id()], [Whom::Dn(dn("u03")), id()])]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, counts(&run)), (Done, [1, 0, 1, 0, 0, 0]));
    assert_eq!(bench.subject("ada"), subject);
    assert_eq!(bench.kept("ada").expect("somebody").local, local);
}

#[tokio::test]
async fn a_run_that_breaks_goes_on_after_the_last_page_that_was_done() {
    let bench = marked(25).await;
    for number in 0..25 {
        bench.put(&name(number), Some(named(&name(number), "Ada")));
    }
    let ten = || {
        Turn::Advance(Box::new(Advance {
            changed: (0..10).map(Whom::Here).collect(),
            cursor: Some(b"m1".to_vec()),
            ..Advance::default()
        }))
    };
    bench.script.turns([reads(of_users("(cn=Ada)")), ten()]);
    bench.site.directories.state().pages_break_after = Some(1);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, counts(&run)), (Failed, [10, 0, 10, 0, 0, 0]));
    assert_eq!(cursor(&bench).await.as_deref(), Some("m1"));

    bench.site.directories.state().pages_break_after = None;
    bench.script.wants().asked.clear();
    bench.script.turns([mark("m2")]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.kind), (Done, Changed));
    assert_eq!(asked(&bench), [(Some("m1".to_owned()), None)]);
}

#[tokio::test]
async fn what_a_page_wants_next_waits_for_the_last_page() {
    let bench = marked(25).await;
    let more = || reads(of_entry(""));
    bench.script.turns([
        reads(of_users("(uid=*)")),
        more(),
        more(),
        more(),
        mark("m1"),
    ]);
    let run = bench.run(Changed).await;
    assert_eq!(run.stage, Done);
    let keys: Vec<_> = asked(&bench).into_iter().map(|(_, key)| key).collect();
    let key = |key: &str| Some(key.to_owned());
    let wanted = [None, key("users"), key("users"), key("users"), key("entry")];
    assert_eq!(keys, wanted);
    let wants = bench.script.wants();
    let pages = wants.asked.iter().filter_map(|asked| asked.page.as_ref());
    let is_last: Vec<_> = pages.map(|page| page.is_last).collect();
    assert_eq!(is_last, [false, false, true, true]);
}

#[tokio::test]
async fn a_read_of_several_places_has_one_last_page() {
    let bench = marked(5).await;
    bench.change(|federation| {
        let more = crate::testing::subtree("ou=others,dc=example,dc=test");
        federation.users.push(more);
    });
    bench
        .script
        .turns([reads(of_users("(uid=*)")), mark("m1"), mark("m2")]);
    assert_eq!(bench.run(Changed).await.stage, Done);
    let wants = bench.script.wants();
    let pages = wants.asked.iter().filter_map(|asked| asked.page.as_ref());
    let is_last: Vec<_> = pages.map(|page| page.is_last).collect();
    assert_eq!(is_last, [false, true]);
}

#[tokio::test]
async fn all_users_are_read_where_what_changed_cannot_be_told() {
    let bench = marked(5).await;
    bench.script.turns([Turn::StartOver, mark("m7")]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.kind, run.read), (Done, Full, 5));
    assert_eq!(cursor(&bench).await.as_deref(), Some("m7"));

    bench.script.wants().changes = None;
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.kind, run.read), (Done, Full, 5));
    assert_eq!(cursor(&bench).await, None);
}

#[tokio::test]
async fn a_cursor_is_shown_to_the_policy_that_wrote_it_only() {
    let bench = marked(5).await;
    bench.script.wants().digest = Some("sha256:2".to_owned());
    bench.federations.reload_all();
    bench.script.turns([mark("n0")]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.kind), (Done, Full));
    assert_eq!(asked(&bench), [(None, None)]);
    let cursor = bench.state().await.cursor;
    assert_eq!(cursor, Some(("sha256:2 1".to_owned(), b"n0".to_vec())));
}

#[tokio::test]
async fn after_a_change_of_the_federation_all_users_are_read() {
    let bench = marked(5).await;
    for planned in &mut bench.store().tables().federations {
        planned.revision.0 += 1;
    }
    bench.federations.reload_all();
    bench.script.turns([mark("m9")]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.kind, run.read), (Done, Full, 5));
}

#[tokio::test]
async fn what_was_not_read_to_its_end_is_read_again() {
    let bench = marked(25).await;
    bench.script.wants().code = Some((1, 11));
    bench
        .script
        .turns([reads(of_users("(uid=*)")), mark("m1"), mark("m2")]);
    let run = bench.run(Changed).await;
    assert_eq!(run.stage, Failed);
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("result code 11"), "{reason}");
    assert_eq!(cursor(&bench).await.as_deref(), Some("m1"));
}
