use super::{Counted, ThrottleLimits};
use crate::{
    Attempt, PasswordAttempt, PasswordOutcome, SignInOutcome,
    testing::{BASE, MemoryStore, PASSWORD, Site, client, entry, realm},
};
use bridge_model::{federation::EditMode, names::FederationId, search::Reply, time::Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// The lockout threshold that hardening guides ask for.
const LOCKOUT: u32 = 5;

fn site(mode: EditMode) -> Site {
    let site = Site::new(&["staff"]);
    site.store.change("staff", |it| it.edit_mode = mode);
    site.directories.put([entry("staff", "ada", &[])]);
    for planned in &mut site.store.tables().federations {
        planned.plan.login_filter = "(|(uid={username})(uid={local}))".to_owned();
    }
    site
}

fn failures(site: &Site) -> u32 {
    let state = site.directories.state();
    let ada = format!("uid=ada,ou=staff,{BASE}");
    state.failures.get(&ada).copied().unwrap_or_default()
}

/// One of many ways to write the same name.
fn spelling(i: u32) -> String {
    match i % 4 {
        0 => "ada".to_owned(),
        1 => format!("ada@{i}.example"),
        2 => format!("CORP{i}\\Ada"),
        _ => " ADA ".trim().to_owned(),
    }
}

async fn guess(site: &Site, i: u32) -> SignInOutcome {
    let attempt = Attempt {
        username: &spelling(i),
        password: &format!("guess {i}"),
        client: &client("a"),
        address: None,
        request_id: "r",
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await
}

async fn guess_by_change(site: &Site, i: u32) -> PasswordOutcome {
    let attempt = PasswordAttempt {
        username: &spelling(i),
        current: &format!("guess {i}"),
        new: "entirely new words",
        client: None,
        address: None,
        request_id: "r",
    };
    site.sign_ins.change_password(&realm("a"), &attempt).await
}

#[tokio::test]
async fn a_thousand_wrong_passwords_through_every_door_lock_nobody_out() {
    for mode in [EditMode::ReadOnly, EditMode::Writable, EditMode::Unsynced] {
        let site = site(mode);
        for i in 0..500 {
            let outcome = guess(&site, i).await;
            assert!(!matches!(outcome, SignInOutcome::SignedIn(_)), "{i}");
            let outcome = guess_by_change(&site, i + 1).await;
            assert_ne!(outcome, PasswordOutcome::Changed, "{i}");
        }
        let failures = failures(&site);
        assert!((1..LOCKOUT).contains(&failures), "{mode:?}: {failures}");
    }
}

#[tokio::test]
async fn no_span_of_a_window_takes_more_attempts_than_a_directory_does() {
    let site = site(EditMode::ReadOnly);
    let window = 15 * 60;
    let mut times = Vec::new();
    // Four attempts right before and right after every quarter of an hour.
    for now in 0..4 * window {
        let phase = now % window;
        if phase < 4 || phase >= window - 4 {
            let before = failures(&site);
            guess(&site, u32::try_from(now).expect("small") * 4 + 1).await;
            times.extend((failures(&site) > before).then_some(now));
        }
        site.clock.advance(Duration::from_secs(1));
    }
    assert!(times.len() > 8, "{times:?}");
    for start in &times {
        let within = times
            .iter()
            .filter(|time| (*start..start + window).contains(*time));
        let within = within.count();
        assert!(
            within < LOCKOUT as usize,
            "{within} from {start}: {times:?}"
        );
    }
}

#[tokio::test]
async fn who_gets_in_has_failed_never_and_who_does_not_waits() {
    let site = site(EditMode::ReadOnly);
    let right = async |site: &Site| {
        let attempt = Attempt {
            username: "ada",
            password: PASSWORD,
            client: &client("a"),
            address: None,
            request_id: "r",
        };
        site.sign_ins.sign_in(&realm("a"), &attempt).await
    };
    for _ in 0..3 {
        for _ in 0..3 {
            guess(&site, 0).await;
        }
        assert!(matches!(right(&site).await, SignInOutcome::SignedIn(_)));
    }
    for i in 0..4 {
        guess(&site, 4 * i + 1).await;
    }
    // Told as a refusal, since another name led here.
    assert!(matches!(right(&site).await, SignInOutcome::Refused));
    site.clock.advance(Duration::from_mins(15));
    assert!(matches!(right(&site).await, SignInOutcome::SignedIn(_)));
}

#[tokio::test]
async fn an_expired_password_that_is_right_buys_no_further_guesses() {
    let site = site(EditMode::ReadOnly);
    let ada = format!("uid=ada,ou=staff,{BASE}");
    let refused = Reply {
        result_code: 49,
        diagnostic: "expired".to_owned(),
        controls: Vec::new(),
    };
    site.directories.state().bind_replies.insert(ada, refused);
    for i in 0..40 {
        guess(&site, 4 * i + 1).await;
        let attempt = Attempt {
            username: "ada",
            password: PASSWORD,
            client: &client("a"),
            address: None,
            request_id: "r",
        };
        site.sign_ins.sign_in(&realm("a"), &attempt).await;
    }
    assert!(failures(&site) < LOCKOUT, "{}", failures(&site));
}

#[tokio::test]
async fn a_limit_is_kept_however_high_it_is() {
    let store = MemoryStore::default();
    for max in [1, 4, 16, 17, 200] {
        let limits = ThrottleLimits {
            per_account_max: max,
            ..ThrottleLimits::default()
        };
        let identifier = max.to_be_bytes();
        let mut admitted = 0;
        for _ in 0..300 {
            let mut counted = Counted::new(&store, limits, Timestamp(1));
            let federation = FederationId(Uuid::nil());
            let admits = counted.admits_entry(federation, &identifier).await;
            admitted += u32::from(admits.expect("a store that works"));
        }
        assert_eq!(admitted, max);
    }
}
