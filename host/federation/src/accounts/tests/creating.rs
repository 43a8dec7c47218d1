//! Somebody new.

use super::*;

#[tokio::test]
async fn somebody_new_is_in_the_directory_with_a_password_and_can_sign_in() {
    let site = site(EditMode::Writable);
    let made = create(&site, new_user("cid", Some(NEW), true)).await;
    let made = made.expect("a user");
    assert_eq!(made.known.username, "cid");
    assert_eq!(made.known.entry_dn, dn("cid"));
    let imported = made.imported.expect("an import");
    assert_eq!(imported.claims.get("name"), Some(&json!("Cid")));
    assert_eq!(
        asked(&site),
        [
            "new: preferred_username = Text(\"cid\")",
            "new: age = Integer(7)",
            "new: name = Text(\"Cid\")",
        ]
    );
    let wrote = site.directories.state().password_writes.clone();
    assert_eq!(wrote, [("service", dn("cid"))]);
    let outcome = sign_in(&site, "cid", NEW).await;
    let SignInOutcome::SignedIn(user) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(user.user().subject, made.known.subject);
}

#[tokio::test]
async fn new_users_go_to_the_first_federation_that_takes_them_and_nowhere_else() {
    let site = site(EditMode::ReadOnly);
    let refused = create(&site, new_user("cid", None, true)).await;
    assert!(matches!(refused, Err(AccountError::NoRegistration)));
    site.store.change("partners", |it| {
        it.edit_mode = EditMode::Writable;
        it.sync_registration = true;
    });
    site.federations.reload_all();
    // The policy's entry belongs to the other federation, where this one has no users.
    let refused = create(&site, new_user("cid", None, true)).await;
    assert!(matches!(refused, Err(AccountError::Unavailable(_))));
    assert!(writes(&site).is_empty());
    // One that cannot be put in force is not passed over.
    site.store.change("staff", |it| {
        it.edit_mode = EditMode::Writable;
        it.vendor = "nobody".to_owned();
    });
    site.federations.reload_all();
    let refused = create(&site, new_user("cid", None, true)).await;
    let Err(AccountError::Unavailable(reason)) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.starts_with("federation staff"), "{reason}");
}

#[tokio::test]
async fn a_name_that_somebody_has_in_any_federation_is_taken() {
    let site = site(EditMode::Writable);
    for username in ["ada", "bob", "ADA"] {
        let refused = create(&site, new_user(username, None, true)).await;
        let taken = matches!(refused, Err(AccountError::Store(StoreError::Duplicate(_))));
        assert!(taken, "{username}");
    }
    // Or below another name, as the directory says.
    refuse_write(&site, 68);
    let refused = create(&site, new_user("cid", None, true)).await;
    assert!(matches!(
        refused,
        Err(AccountError::Store(StoreError::Duplicate(_)))
    ));
    // Whoever might live in a silent directory might have the name.
    site.directories
        .break_down("partners", DirectoryFault::Timeout);
    let refused = create(&site, new_user("cid", None, true)).await;
    assert!(matches!(refused, Err(AccountError::Unavailable(_))));
}

#[tokio::test]
async fn what_is_wrong_with_somebody_new_is_told_in_the_fields_of_the_profile() {
    let site = site(EditMode::Writable);
    let mut wrong = new_user(" ", None, true);
    wrong.claims.insert("sub".to_owned(), json!("root"));
    let Err(AccountError::Problems(problems)) = create(&site, wrong).await else {
        panic!("it was taken");
    };
    let fields: Vec<_> = problems.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["username", "sub"]);
    refuse_write(&site, 19);
    let refused = create(&site, new_user("cid", None, true)).await;
    let Err(AccountError::Problems(problems)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(problems[0].field, "email");
    site.policies.all()[0].new_entry = None;
    site.federations.reload_all();
    let refused = create(&site, new_user("cid", None, true)).await;
    assert!(matches!(refused, Err(AccountError::Problems(_))));
}

#[tokio::test]
async fn what_was_done_of_somebody_new_is_told_if_the_rest_was_not() {
    let site = site(EditMode::Writable);
    site.policies.all()[0].complaints = vec![Complaint::TooShort(Some(20))];
    let accepted = Reply::default();
    site.directories.state().write_replies.push_back(accepted);
    // The first answer is only told: nothing was written, so nothing is there to be read back.
    let made = create(&site, new_user("cid", Some(NEW), true)).await;
    let Err(AccountError::Unfinished { subject, detail }) = made else {
        panic!("{made:?}");
    };
    assert_eq!(subject, None);
    assert!(detail.contains("not among the users"), "{detail}");

    let other = super::site(EditMode::Writable);
    other.policies.all()[0].complaints = vec![Complaint::TooShort(Some(20))];
    other.directories.state().password_refusal = Some(19);
    let made = create(&other, new_user("cid", Some(NEW), true)).await;
    let Err(AccountError::Unfinished { subject, detail }) = made else {
        panic!("{made:?}");
    };
    assert!(subject.is_some());
    assert!(detail.contains("was created"), "{detail}");
    assert!(detail.contains("has no password"), "{detail}");
    let line = other.audit.last();
    assert_eq!(line.outcome, AuditOutcome::Unavailable);
    assert_eq!(line.reason, Some(detail));
    assert_eq!(line.subject, subject);
}

#[tokio::test]
async fn an_account_that_comes_switched_off_is_switched_on_after_its_password() {
    let site = site(EditMode::Writable);
    if let Some(new) = &mut site.policies.all()[0].new_entry {
        new.attributes.push(attribute("description", &["off"]));
    }
    make_of_changes(
        &site,
        EntryChange {
            rename: None,
            modifications: vec![replaced("description", &[])],
        },
    );
    let made = create(&site, new_user("cid", Some(NEW), true)).await;
    let imported = made.expect("a user").imported.expect("an import");
    assert!(imported.bars.is_empty());
    let enabled = format!("{}: enabled = Some(Boolean(true))", dn("cid"));
    assert!(asked(&site).contains(&enabled));
    let outcome = sign_in(&site, "cid", NEW).await;
    assert!(matches!(outcome, SignInOutcome::SignedIn(_)));
}
