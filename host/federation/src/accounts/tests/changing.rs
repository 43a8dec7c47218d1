//! Somebody who is known.

use super::*;

#[tokio::test]
async fn a_change_is_written_as_the_policy_says_and_read_again() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    make_of_changes(
        &site,
        EntryChange {
            rename: None,
            modifications: vec![replaced("mail", &["countess@x.example"])],
        },
    );
    let wanted = claims(&json!({
        "email": "countess@x.example", "name": "Ada", "nickname": null,
    }));
    let changed = update(&site, &ada, wanted).await.expect("a user");
    // What is so already is not asked for.
    let email = format!("{}: email = Some(Text(\"countess@x.example\"))", dn("ada"));
    assert_eq!(asked(&site), [email]);
    let imported = changed.imported.expect("an import");
    assert_eq!(
        imported.claims.get("email"),
        Some(&json!("countess@x.example"))
    );
    let before = writes(&site).len();
    let same = claims(&json!({"name": "Ada"}));
    update(&site, &ada, same).await.expect("a user");
    assert_eq!(writes(&site).len(), before);
}

#[tokio::test]
async fn a_slow_policy_is_asked_about_a_change_where_nobody_else_waits() {
    let site = site(EditMode::Writable);
    site.policies.all()[0].is_slow = true;
    make_of_changes(
        &site,
        EntryChange {
            rename: None,
            modifications: vec![replaced("mail", &["countess@x.example"])],
        },
    );
    let ada = known(&site, "ada").await;
    let threads = Arc::clone(&site.policies.all()[0].threads);
    let take = || std::mem::take(&mut *threads.lock().expect("no test panicked in here"));
    take();
    let wanted = || claims(&json!({ "email": "countess@x.example" }));
    refuse_write(&site, 19);
    let refused = update(&site, &ada, wanted()).await;
    assert!(
        matches!(refused, Err(AccountError::Problems(_))),
        "{refused:?}"
    );
    update(&site, &ada, wanted()).await.expect("a user");
    create(&site, new_user("cid", None, true))
        .await
        .expect("a user");
    let threads = take();
    // A change and its refusal, a change, somebody new, and what is read before and after.
    assert!(threads.len() >= 4, "{threads:?}");
    for thread in &threads {
        assert!(thread.starts_with("slow-policy-"), "{threads:?}");
    }
}

#[tokio::test]
async fn who_gets_another_name_is_the_same_person() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    make_of_changes(
        &site,
        EntryChange {
            rename: Some(vec![NamePart {
                attribute: "uid".to_owned(),
                value: b"lovelace".to_vec(),
            }]),
            modifications: Vec::new(),
        },
    );
    let named = |name: &str| ProfileUpdate {
        username: Some(name.to_owned()),
        ..ProfileUpdate::default()
    };
    let taken = update(&site, &ada, named("bob")).await;
    assert!(matches!(
        taken,
        Err(AccountError::Store(StoreError::Duplicate(_)))
    ));
    let changed = update(&site, &ada, named("lovelace")).await;
    let changed = changed.expect("a user");
    assert_eq!(changed.known.subject, ada);
    assert_eq!(changed.known.username, "lovelace");
    assert_eq!(changed.known.entry_dn, dn("lovelace"));
}

#[tokio::test]
async fn only_the_persons_own_entry_is_written() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    // Somebody else has the DN and the name now.
    for entry in &mut site.directories.state().entries {
        if entry.dn == dn("ada") {
            entry.attributes.retain(|it| it.name != "id");
            entry.attributes.push(attribute("id", &["id-another"]));
        }
    }
    let wanted = claims(&json!({"email": "x@x.example"}));
    let refused = update(&site, &ada, wanted).await;
    assert!(matches!(refused, Err(AccountError::Missing)));
    let refused = reset(&site, &ada, false).await;
    assert!(matches!(refused, Err(AccountError::Missing)));
    assert!(writes(&site).is_empty());
    assert!(site.directories.state().password_writes.is_empty());
    // Of somebody who is gone only what is kept here is removed.
    site.accounts
        .remove(&realm("a"), &ada)
        .await
        .expect("removed");
    assert!(writes(&site).is_empty());
}

#[tokio::test]
async fn what_a_policy_may_not_write_is_not_written() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    for name in ["userPassword", "id", "seeAlso"] {
        make_of_changes(
            &site,
            EntryChange {
                rename: None,
                modifications: vec![replaced("mail", &["x"]), replaced(name, &["x"])],
            },
        );
        let wanted = claims(&json!({"email": "x@x.example"}));
        let refused = update(&site, &ada, wanted).await;
        assert!(
            matches!(refused, Err(AccountError::Unavailable(_))),
            "{name}"
        );
    }
    assert!(writes(&site).is_empty());
}

#[tokio::test]
async fn a_name_that_the_directory_refuses_after_the_rest_was_written_is_told() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    make_of_changes(
        &site,
        EntryChange {
            rename: Some(vec![NamePart {
                attribute: "uid".to_owned(),
                value: b"lovelace".to_vec(),
            }]),
            modifications: vec![replaced("mail", &["x@x.example"])],
        },
    );
    site.directories
        .state()
        .write_replies
        .push_back(Reply::default());
    refuse_write(&site, 68);
    let wanted = claims(&json!({"email": "x@x.example"}));
    let refused = update(&site, &ada, wanted).await;
    let Err(AccountError::Unfinished { subject, detail }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(subject, Some(ada));
    assert!(detail.contains("the name was not"), "{detail}");
}

#[tokio::test]
async fn who_is_switched_off_loses_their_sessions() {
    for mode in [EditMode::Writable, EditMode::Unsynced] {
        let site = site(mode);
        let ada = known(&site, "ada").await;
        make_of_changes(
            &site,
            EntryChange {
                rename: None,
                modifications: vec![replaced("description", &["off"])],
            },
        );
        let off = ProfileUpdate {
            enabled: Some(false),
            ..ProfileUpdate::default()
        };
        update(&site, &ada, off.clone()).await.expect("a user");
        assert_eq!(
            site.store.tables().sessions_ended,
            std::slice::from_ref(&ada)
        );
        let outcome = sign_in(&site, "ada", PASSWORD).await;
        assert!(matches!(outcome, SignInOutcome::Refused), "{mode:?}");
        // It is so already.
        update(&site, &ada, off).await.expect("a user");
        assert_eq!(site.store.tables().sessions_ended.len(), 1);
    }
}

#[tokio::test]
async fn a_read_only_federation_takes_nothing() {
    let site = site(EditMode::ReadOnly);
    let ada = known(&site, "ada").await;
    let wanted = claims(&json!({"email": "x@x.example"}));
    let refused = [
        update(&site, &ada, wanted).await.map(|_| ()),
        reset(&site, &ada, false).await,
        site.accounts.remove(&realm("a"), &ada).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(AccountError::ReadOnly(_))));
    }
    assert!(writes(&site).is_empty());
    assert_eq!(site.store.tables().kept.len(), 1);
}

#[tokio::test]
async fn unsynced_changes_are_kept_here_and_nothing_is_written() {
    let site = site(EditMode::Unsynced);
    let ada = known(&site, "ada").await;
    let wanted = claims(&json!({"email": "x@y.example", "name": null, "nickname": "Countess"}));
    let changed = update(&site, &ada, wanted).await.expect("a user");
    assert_eq!(
        json!(changed.local.claims),
        json!({"email": "x@y.example", "name": null, "nickname": "Countess"})
    );
    // What the directory says anyway is not kept, and what it does not say need not be taken away.
    let back = claims(&json!({"email": "ada@x.example", "nickname": null, "name": "Ada"}));
    let changed = update(&site, &ada, back).await.expect("a user");
    assert_eq!(json!(changed.local.claims), json!({}));
    let refused = ProfileUpdate {
        username: Some("lovelace".to_owned()),
        ..claims(&json!({"groups": ["admins"]}))
    };
    let Err(AccountError::Problems(problems)) = update(&site, &ada, refused).await else {
        panic!("it was taken");
    };
    let fields: Vec<_> = problems.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["groups", "username"]);
    assert!(writes(&site).is_empty());
}

#[tokio::test]
async fn a_reset_password_counts_at_once() {
    for mode in [EditMode::Writable, EditMode::Unsynced] {
        let site = site(mode);
        let ada = known(&site, "ada").await;
        for _ in 0..6 {
            sign_in(&site, "ada", "forgotten").await;
        }
        if mode == EditMode::Unsynced {
            site.clock.advance(std::time::Duration::from_mins(15));
        }
        let refused = reset(&site, &ada, true).await;
        assert!(matches!(refused, Err(AccountError::Unsupported(_))));
        reset(&site, &ada, false).await.expect("reset");
        let outcome = sign_in(&site, "ada", NEW).await;
        assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{mode:?}");
        let outcome = sign_in(&site, "ada", PASSWORD).await;
        assert!(matches!(outcome, SignInOutcome::Refused), "{mode:?}");
    }
}

#[tokio::test]
async fn a_reset_that_the_directory_refuses_says_why() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    site.policies.all()[0].complaints = vec![Complaint::TooWeak];
    site.federations.reload_all();
    refuse_write(&site, 19);
    let Err(AccountError::Complaints(complaints)) = reset(&site, &ada, false).await else {
        panic!("it was taken");
    };
    assert_eq!(complaints, [Complaint::TooWeak]);
}

#[tokio::test]
async fn who_is_removed_is_gone_from_the_directory_where_it_is_written_to() {
    for (mode, is_gone) in [(EditMode::Writable, true), (EditMode::Unsynced, false)] {
        let site = site(mode);
        let ada = known(&site, "ada").await;
        site.accounts
            .remove(&realm("a"), &ada)
            .await
            .expect("removed");
        assert!(site.store.tables().kept.is_empty());
        assert_eq!(
            site.store.tables().sessions_ended,
            std::slice::from_ref(&ada)
        );
        let outcome = sign_in(&site, "ada", PASSWORD).await;
        let refused = matches!(outcome, SignInOutcome::Refused);
        assert_eq!(refused, is_gone, "{mode:?}");
        if is_gone {
            let again = site.accounts.remove(&realm("a"), &ada).await;
            assert!(matches!(again, Err(AccountError::Missing)));
        }
    }
}

#[tokio::test]
async fn who_belongs_to_a_federation_that_is_gone_can_be_removed_and_nothing_else() {
    let site = site(EditMode::Writable);
    let ada = known(&site, "ada").await;
    site.store.change("staff", |it| it.enabled = false);
    site.federations.reload_all();
    let off = site.accounts.remove(&realm("a"), &ada).await;
    assert!(matches!(off, Err(AccountError::Unavailable(_))));
    site.store.tables().federations.clear();
    site.store
        .put_federation(crate::testing::planned(crate::testing::federation(
            "a", "partners",
        )));
    site.federations.reload_all();
    let wanted = claims(&json!({"email": "x@x.example"}));
    let refused = update(&site, &ada, wanted).await;
    assert!(matches!(refused, Err(AccountError::Unsupported(_))));
    site.accounts
        .remove(&realm("a"), &ada)
        .await
        .expect("removed");
    assert!(site.store.tables().kept.is_empty());
}
