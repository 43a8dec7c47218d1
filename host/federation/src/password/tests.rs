mod kept_here;

use super::*;
use crate::{
    Attempt, SignInOutcome,
    testing::{BASE, PASSWORD, Site, client, entry, realm},
};
use bridge_model::{
    federation::EditMode, plan::PasswordWrite, ports::DirectoryFault, search::Reply,
};

const NEW: &str = "battery staple";

fn site(mode: EditMode) -> Site {
    let site = Site::new(&["staff", "partners"]);
    site.store.change("staff", |it| it.edit_mode = mode);
    site.directories.put([
        entry("staff", "ada", &[("cn", "Ada"), ("mail", "ada@x.example")]),
        entry("staff", "eve", &[("description", "off")]),
        entry("staff", "max", &[("description", "must")]),
    ]);
    site
}

fn dn(name: &str) -> String {
    format!("uid={name},ou=staff,{BASE}")
}

/// From now on a bind with the right password is refused with these words.
fn refuse_bind(site: &Site, name: &str, diagnostic: &str) {
    let reply = Reply {
        result_code: 49,
        diagnostic: diagnostic.to_owned(),
        controls: Vec::new(),
    };
    site.directories
        .state()
        .bind_replies
        .insert(dn(name), reply);
}

fn set_way(site: &Site, way: &PasswordWrite) {
    for planned in &mut site.store.tables().federations {
        planned.plan.password_write = way.clone();
    }
    site.federations.reload_all();
}

async fn change_to(site: &Site, username: &str, current: &str, new: &str) -> PasswordOutcome {
    let attempt = PasswordAttempt {
        username,
        current,
        new,
        client: Some(&client("a")),
        address: None,
        request_id: "r1",
    };
    site.sign_ins.change_password(&realm("a"), &attempt).await
}

async fn change(site: &Site, username: &str) -> PasswordOutcome {
    change_to(site, username, PASSWORD, NEW).await
}

async fn sign_in(site: &Site, username: &str, password: &str) -> SignInOutcome {
    let attempt = Attempt {
        username,
        password,
        client: &client("a"),
        address: None,
        request_id: "r2",
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await
}

fn reason(site: &Site) -> String {
    site.audit.last().reason.unwrap_or_default()
}

fn writers(site: &Site) -> Vec<&'static str> {
    let state = site.directories.state();
    state.password_writes.iter().map(|(by, _)| *by).collect()
}

#[tokio::test]
async fn a_person_writes_their_own_password_to_the_directory() {
    let site = site(EditMode::Writable);
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Changed);
    assert_eq!(writers(&site), ["person"]);
    let line = site.audit.last();
    assert_eq!(line.event, AuditKind::PasswordChanged);
    assert_eq!(line.outcome, AuditOutcome::Success);
    let subject = line.subject.expect("a subject");
    assert_eq!(line.object, Some(format!("user a/{subject}")));
    assert!(matches!(
        sign_in(&site, "ada", PASSWORD).await,
        SignInOutcome::Refused
    ));
    assert!(matches!(
        sign_in(&site, "ada", NEW).await,
        SignInOutcome::SignedIn(_)
    ));
}

#[tokio::test]
async fn who_does_not_know_the_password_hears_the_same_whoever_it_is() {
    let site = site(EditMode::Writable);
    for (username, current, said) in [
        ("ada", "wrong", "bad_credentials"),
        ("eve", "wrong", "disabled"),
        ("nobody", PASSWORD, "unknown_user"),
        ("\u{7}", PASSWORD, "not_a_user_name"),
        ("ada", "", "empty_password"),
    ] {
        let outcome = change_to(&site, username, current, NEW).await;
        assert_eq!(outcome, PasswordOutcome::Refused, "{username}");
        assert_eq!(reason(&site), said, "{username}");
    }
    // Who is not there costs what a wrong password costs: the same write as a name that nobody has.
    let binds = site.directories.state().binds.clone();
    assert_eq!(binds.len(), 3);
    for bind in &binds[1..] {
        assert!(bind.starts_with("uid=nobody-"), "{bind}");
    }
    assert!(writers(&site).is_empty());
}

#[tokio::test]
async fn who_cannot_bind_because_of_the_passwords_age_is_written_for_by_the_service() {
    for diagnostic in ["expired", "must change"] {
        let site = site(EditMode::Writable);
        refuse_bind(&site, "ada", diagnostic);
        let outcome = sign_in(&site, "ada", PASSWORD).await;
        assert!(matches!(
            outcome,
            SignInOutcome::PasswordChangeRequired { may_change: true }
        ));
        assert_eq!(change(&site, "ada").await, PasswordOutcome::Changed);
        assert_eq!(writers(&site), ["service for person"]);
        let outcome = sign_in(&site, "ada", NEW).await;
        assert!(matches!(outcome, SignInOutcome::SignedIn(_)));
    }
}

#[tokio::test]
async fn the_service_writes_for_nobody_whose_password_was_not_proved_or_whose_account_is_shut() {
    for diagnostic in ["expired, perhaps", "locked", "something else"] {
        let site = site(EditMode::Writable);
        refuse_bind(&site, "ada", diagnostic);
        assert_eq!(change(&site, "ada").await, PasswordOutcome::Refused);
        assert!(writers(&site).is_empty(), "{diagnostic}");
        let outcome = sign_in(&site, "ada", PASSWORD).await;
        assert!(matches!(outcome, SignInOutcome::Refused), "{diagnostic}");
    }
}

#[tokio::test]
async fn where_the_directory_would_not_check_the_old_password_an_administrator_has_to_reset() {
    for way in [
        PasswordWrite::ExtendedOperation,
        match crate::testing::plan().password_write {
            PasswordWrite::Exchange(attribute) => PasswordWrite::Replace(attribute),
            other => other,
        },
    ] {
        let site = site(EditMode::Writable);
        set_way(&site, &way);
        refuse_bind(&site, "ada", "must change");
        let outcome = sign_in(&site, "ada", PASSWORD).await;
        assert!(matches!(
            outcome,
            SignInOutcome::PasswordChangeRequired { may_change: false }
        ));
        assert_eq!(change(&site, "ada").await, PasswordOutcome::NotSupported);
        assert!(writers(&site).is_empty());
    }
}

#[tokio::test]
async fn a_read_only_federation_says_so_to_nobody_but_the_person() {
    let site = site(EditMode::ReadOnly);
    assert_eq!(change(&site, "ada").await, PasswordOutcome::NotSupported);
    assert_eq!(
        change_to(&site, "ada", "wrong", NEW).await,
        PasswordOutcome::Refused
    );
    assert_eq!(change(&site, "nobody").await, PasswordOutcome::Refused);
    assert!(writers(&site).is_empty());
}

#[tokio::test]
async fn an_account_that_is_shut_hears_nothing_of_its_password_whatever_the_edit_mode() {
    let way = crate::testing::plan().password_write;
    for (mode, way) in [
        (EditMode::Writable, way.clone()),
        (EditMode::Writable, PasswordWrite::Refused),
        (EditMode::ReadOnly, way),
    ] {
        let site = site(mode);
        set_way(&site, &way);
        for diagnostic in ["", "must change"] {
            if !diagnostic.is_empty() {
                refuse_bind(&site, "eve", diagnostic);
            }
            let outcome = change(&site, "eve").await;
            assert_eq!(outcome, PasswordOutcome::Refused, "{mode:?} {diagnostic}");
            assert_eq!(reason(&site), "disabled", "{mode:?} {diagnostic}");
        }
        assert!(writers(&site).is_empty(), "{mode:?}");
    }
    // Where it would be written, not even the directory hears of it.
    let site = site(EditMode::Writable);
    change(&site, "eve").await;
    let binds = site.directories.state().binds.clone();
    assert_eq!(binds.len(), 1);
    assert!(binds[0].starts_with("uid=nobody-"), "{}", binds[0]);
}

#[tokio::test]
async fn complaints_are_told_and_do_not_count_as_wrong_passwords() {
    let site = site(EditMode::Writable);
    site.policies.all()[0].complaints = vec![Complaint::TooShort(Some(12))];
    site.federations.reload_all();
    for _ in 0..8 {
        let refused = Reply {
            result_code: 19,
            ..Reply::default()
        };
        site.directories.state().write_replies.push_back(refused);
        let told = change(&site, "ada").await;
        assert_eq!(
            told,
            PasswordOutcome::Complaints(vec![Complaint::TooShort(Some(12))])
        );
    }
    assert_eq!(reason(&site), "password_too_short");
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Changed);
}

#[tokio::test]
async fn a_wrong_old_password_is_a_wrong_password_whoever_says_so() {
    let site = site(EditMode::Writable);
    site.policies.all()[0].complaints = vec![Complaint::WrongOldPassword];
    site.federations.reload_all();
    for i in 0..5 {
        let refused = Reply {
            result_code: 19,
            ..Reply::default()
        };
        site.directories.state().write_replies.push_back(refused);
        let told = change(&site, "ada").await;
        let throttled = matches!(told, PasswordOutcome::Throttled { .. });
        assert_eq!(throttled, i == 4, "{told:?}");
    }
}

#[tokio::test]
async fn a_new_password_that_is_none_or_the_old_one_goes_nowhere() {
    let site = site(EditMode::Writable);
    for (new, complaint) in [
        ("", Complaint::TooShort(Some(1))),
        (PASSWORD, Complaint::InHistory),
        (&"x".repeat(2000), Complaint::TooLong(None)),
    ] {
        let told = change_to(&site, "ada", PASSWORD, new).await;
        assert_eq!(told, PasswordOutcome::Complaints(vec![complaint]));
    }
    assert!(site.directories.state().binds.is_empty());
}

#[tokio::test]
async fn a_directory_that_is_down_or_busy_is_nobodys_fault() {
    let site = site(EditMode::Writable);
    let busy = Reply {
        result_code: 51,
        ..Reply::default()
    };
    for _ in 0..6 {
        let answer = busy.clone();
        site.directories.state().write_replies.push_back(answer);
        assert_eq!(change(&site, "ada").await, PasswordOutcome::Unavailable);
    }
    site.directories
        .break_down("staff", DirectoryFault::Timeout);
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Unavailable);
    site.store.tables().is_down = true;
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Unavailable);
    assert_eq!(reason(&site), "store");
}

#[tokio::test]
async fn a_password_is_changed_for_nobody_whom_the_bridge_keeps_out() {
    let site = site(EditMode::Writable);
    let SignInOutcome::SignedIn(ada) = sign_in(&site, "ada", PASSWORD).await else {
        panic!("ada is refused");
    };
    let subject = ada.user().subject.clone();
    site.store.tables().blocked.push(subject);
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Refused);
    assert_eq!(reason(&site), "blocked");
    site.store.tables().blocked.clear();
    let mut off = realm("a");
    off.enabled = false;
    let attempt = PasswordAttempt {
        username: "ada",
        current: PASSWORD,
        new: NEW,
        client: None,
        address: None,
        request_id: "r1",
    };
    let outcome = site.sign_ins.change_password(&off, &attempt).await;
    assert_eq!(outcome, PasswordOutcome::Refused);
    assert!(writers(&site).is_empty());
}
