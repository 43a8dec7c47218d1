use super::*;

#[tokio::test]
async fn a_policy_reads_only_what_it_may() {
    let mut with_control = of_users("(uid=*)");
    with_control.controls.push(Control {
        oid: "9.9.9".to_owned(),
        critical: true,
        value: None,
    });
    for (read, why) in [
        (with_control, "did not announce"),
        (of_entry("cn=secrets,o=y"), "outside of what may be read"),
        (of_users("(userPassword=*)"), "holds secrets"),
    ] {
        let bench = marked(2).await;
        bench.script.turns([reads(read)]);
        let run = bench.run(Changed).await;
        assert_eq!(run.stage, Failed, "{why}");
        let reason = run.reason.expect("a reason");
        assert!(reason.contains(why), "{reason}");
        assert_eq!(cursor(&bench).await.as_deref(), Some("m0"), "{why}");
    }
    let mut allowed = of_users("(uid=*)");
    allowed.controls.push(Control {
        oid: "1.2.3".to_owned(),
        critical: true,
        value: None,
    });
    let bench = marked(2).await;
    bench.script.turns([reads(allowed.clone()), mark("m1")]);
    assert_eq!(bench.run(Changed).await.stage, Done);
    let paged = bench.site.directories.state().paged.clone();
    assert_eq!(paged.last().expect("a read").controls, allowed.controls);
}

#[tokio::test]
async fn more_who_are_gone_than_may_be_are_looked_for_among_all() {
    let bench = marked(20).await;
    let gone = |names: &[&str]| {
        let ids = names.iter().map(|name| format!("id-{name}").into_bytes());
        ids.map(Whom::Id).collect()
    };
    let advance = |names: &[&str]| Advance {
        gone: gone(names),
        ..Advance::default()
    };
    bench.script.turns([
        Turn::Advance(Box::new(Advance {
            next: Some(of_entry("")),
            ..advance(&["u00", "u01", "u02", "u03"])
        })),
        Turn::Advance(Box::new(advance(&["u04"]))),
        mark("m1"),
    ]);
    // The policy is wrong: all are there.
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.kind, run.removed), (Done, Full, 4));
    assert_eq!((run.read, run.added), (20, 4), "{run:?}");
    assert_eq!(bench.names().len(), 20);
    assert_eq!(bench.store().tables().sessions_ended.len(), 4);
}

#[tokio::test]
async fn who_is_known_through_another_federation_is_not_gone() {
    let bench = marked(20).await;
    let subject = bench.subject("u03");
    {
        let mut tables = bench.store().tables();
        let kept = tables.kept.get_mut(&(realm(), subject.clone()));
        kept.expect("somebody").known.federation = crate::testing::federation("a", "others").id;
    }
    let id = || Whom::Id(b"id-u03".to_vec());
    bench.script.turns([changed_to("m1", [], [id()])]);
    let run = bench.run(Changed).await;
    assert_eq!((run.stage, run.removed), (Done, 0));
    assert_eq!(bench.subject("u03"), subject);
}

#[tokio::test]
async fn the_entry_that_users_live_below_may_be_read() {
    let bench = marked(2).await;
    bench.change(|federation| federation.users[0].scope = SearchScope::OneLevel);
    bench
        .script
        .turns([reads(of_entry("ou=staff,dc=example,dc=test")), mark("m1")]);
    let run = bench.run(Changed).await;
    assert_eq!(run.stage, Done, "{run:?}");
}

#[tokio::test]
async fn what_a_policy_means_has_to_be_there() {
    let bench = marked(2).await;
    bench.script.turns([
        reads(of_users("(uid=*)")),
        changed_to("m1", [Whom::Here(2)], []),
    ]);
    let run = bench.run(Changed).await;
    assert_eq!(run.stage, Failed);
    assert_eq!(cursor(&bench).await.as_deref(), Some("m0"));
    bench
        .script
        .turns(std::iter::repeat_n((), 65).map(|()| reads(of_entry(""))));
    let run = bench.run(Changed).await;
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("more than 64 reads"), "{reason}");
    bench.script.wants().turns.clear();
    let large = "x".repeat(64 * 1024 + 1);
    bench.script.turns([mark(&large)]);
    let run = bench.run(Changed).await;
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("65537 octets"), "{reason}");
}
