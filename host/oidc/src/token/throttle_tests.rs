use crate::{
    Parameters, SecretLimits, TokenError, TokenRequest,
    testing::{House, SECRET, form_encoded},
};
use std::{net::IpAddr, time::Duration};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

/// The error of asking for a token for `client`, with the right secret or a wrong one.
async fn outcome(
    house: &House,
    client: &str,
    secret: &str,
    address: &str,
) -> Result<(), TokenError> {
    let secret = form_encoded(secret);
    let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
    let parameters = Parameters::parse(&form);
    let request = TokenRequest {
        authorization: None,
        parameters: &parameters,
        address: address.parse::<IpAddr>().ok(),
    };
    let answer = house.provider.token(&house.realm, &request).await;
    answer.map(|_| ())
}

async fn status(house: &House, client: &str, secret: &str, address: &str) -> u16 {
    match outcome(house, client, secret, address).await {
        Ok(()) => 200,
        Err(error) => error.status(),
    }
}

/// So many wrong secrets, each of which is looked at.
async fn guess(house: &House, client: &str, address: &str, times: u32) {
    for _ in 0..times {
        assert_eq!(status(house, client, "wrong", address).await, 401);
    }
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_learns_nothing() {
    let house = House::new();
    guess(&house, "ops", HERE, 10).await;
    let reads = house.store.tables().secret_reads;
    for secret in ["wrong", SECRET] {
        let error = outcome(&house, "ops", secret, HERE).await;
        let error = error.expect_err("throttled");
        assert_eq!(error.status(), 429);
        assert_eq!(error.body().error, "temporarily_unavailable");
        assert_eq!(error.retry_after_seconds(), Some(300));
        assert_eq!(error.challenge(), None);
    }
    assert_eq!(house.store.tables().secret_reads, reads);
    house.clock.advance(Duration::from_mins(5));
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
}

#[tokio::test]
async fn strangers_lock_nobody_out() {
    let house = House::new();
    guess(&house, "ops", HERE, 10).await;
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 429);
    for address in [ELSEWHERE, "2001:db8::1", ""] {
        assert_eq!(status(&house, "ops", SECRET, address).await, 200);
    }
    // Nor other clients at the same address.
    assert_eq!(status(&house, "web", "wrong", HERE).await, 401);
}

#[tokio::test]
async fn an_address_is_what_one_party_has() {
    for (guessing, asking, expected) in [
        ("192.0.2.1", "::ffff:192.0.2.1", 429),
        ("2001:db8::1", "2001:db8::2:3:4:5", 429),
        ("2001:db8::1", "2001:db8:0:1::1", 200),
        ("", "", 429),
    ] {
        let house = House::new();
        guess(&house, "ops", guessing, 10).await;
        let status = status(&house, "ops", SECRET, asking).await;
        assert_eq!(status, expected, "{guessing} {asking}");
    }
}

#[tokio::test]
async fn a_realm_does_not_count_for_another() {
    let mut house = House::new();
    guess(&house, "ops", HERE, 10).await;
    std::mem::swap(&mut house.realm, &mut house.other);
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
}

#[tokio::test]
async fn a_right_secret_forgets_the_wrong_ones() {
    let house = House::new();
    for _ in 0..5 {
        guess(&house, "ops", HERE, 9).await;
        assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
    }
}

#[tokio::test]
async fn an_own_client_buys_no_guesses_at_others() {
    let house = House::new();
    for victim in 0..10 {
        guess(&house, &format!("client-{victim}"), HERE, 10).await;
        if victim < 9 {
            assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
        }
    }
    assert_eq!(status(&house, "one-more", "wrong", HERE).await, 429);
    // Who has proved who they are is not kept from it by their neighbours.
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
    assert_eq!(status(&house, "one-more", "wrong", ELSEWHERE).await, 401);
}

#[tokio::test]
async fn many_at_once_do_not_slip_through() {
    let house = House::new();
    let (house, mut guesses) = (std::sync::Arc::new(house), tokio::task::JoinSet::new());
    for _ in 0..100 {
        let house = house.clone();
        guesses.spawn(async move { status(&house, "ops", "wrong", HERE).await });
    }
    let statuses = guesses.join_all().await;
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!((looked_at, statuses.len()), (10, 100));
    assert_eq!(house.store.tables().secret_reads, 10);
}

#[tokio::test]
async fn many_honest_ones_at_once_are_all_let_in() {
    let house = House::new();
    let (house, mut honest) = (std::sync::Arc::new(house), tokio::task::JoinSet::new());
    for _ in 0..100 {
        let house = house.clone();
        honest.spawn(async move { status(&house, "ops", SECRET, HERE).await });
    }
    let statuses = honest.join_all().await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(
        house
            .store
            .tables()
            .failures
            .values()
            .all(|(count, _)| *count == 0)
    );
}

#[tokio::test]
async fn who_has_proved_a_secret_is_counted_again_from_the_first_wrong_one_on() {
    let house = House::new();
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
    guess(&house, "ops", HERE, 10).await;
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 429);
}

#[tokio::test]
async fn a_store_that_fails_counts_against_nobody() {
    let house = House::new();
    for _ in 0..20 {
        house.store.tables().secrets_are_down = true;
        assert_eq!(status(&house, "ops", SECRET, HERE).await, 503);
        house.store.tables().secrets_are_down = false;
    }
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
}

#[tokio::test]
async fn other_limits_can_be_set() {
    let limits = SecretLimits {
        per_client_max: 2,
        per_address_max: 3,
        window: Duration::from_secs(20),
    };
    let house = House::with_limits(limits);
    guess(&house, "ops", HERE, 2).await;
    let error = outcome(&house, "ops", SECRET, HERE).await;
    assert_eq!(
        error.expect_err("throttled").retry_after_seconds(),
        Some(20)
    );
    // The third from this address was that one.
    assert_eq!(status(&house, "web", SECRET, HERE).await, 429);
    house.clock.advance(Duration::from_secs(20));
    assert_eq!(status(&house, "ops", SECRET, HERE).await, 200);
}
