use super::{CROWD, all_at_once};
use crate::sample::{NOW, hash};
use bridge_model::{ports::Store, time::Timestamp};
use std::{sync::Arc, time::Duration};

type Subject = Arc<dyn Store>;

const WINDOW: Duration = Duration::from_mins(5);

async fn count(store: &Subject, number: u8, second: u64) -> u32 {
    let now = Timestamp(NOW.0 + second);
    let counted = store.count_attempt(hash(number), WINDOW, now).await;
    counted.expect("it counts")
}

pub(crate) async fn attempts_are_counted_within_their_window(store: &Subject) {
    for (second, expected) in [(0, 1), (100, 2), (299, 3), (300, 1), (599, 2), (600, 1)] {
        assert_eq!(count(store, 1, second).await, expected, "second {second}");
    }
    assert_eq!(count(store, 2, 600).await, 1);
}

pub(crate) async fn an_attempt_is_taken_back(store: &Subject) {
    for expected in 1..=3 {
        assert_eq!(count(store, 1, 0).await, expected);
    }
    for number in [1, 2] {
        let taken = store.take_back_attempt(hash(number)).await;
        taken.expect("it is answered");
    }
    assert_eq!(count(store, 1, 10).await, 3);
    assert_eq!(count(store, 2, 10).await, 1);
}

pub(crate) async fn a_window_without_attempts_is_over(store: &Subject) {
    assert_eq!(count(store, 1, 0).await, 1);
    for _ in 0..3 {
        let taken = store.take_back_attempt(hash(1)).await;
        taken.expect("it is answered");
    }
    // The window begins anew, with what is its first attempt now.
    assert_eq!(count(store, 1, 299).await, 1);
    assert_eq!(count(store, 1, 301).await, 2);
    assert_eq!(count(store, 1, 598).await, 3);
    assert_eq!(count(store, 1, 599).await, 1);
}

pub(crate) async fn attempts_are_forgotten(store: &Subject) {
    for number in [1, 1, 2, 2] {
        count(store, number, 0).await;
    }
    let forgotten = store.forget_attempts(hash(1)).await;
    forgotten.expect("it is answered");
    assert_eq!(count(store, 1, 1).await, 1);
    assert_eq!(count(store, 2, 1).await, 3);
}

pub(crate) async fn no_two_attempts_have_the_same_count(store: &Subject) {
    let counts = all_at_once(store, |store, number| async move {
        count(&store, 1, number as u64).await
    });
    let mut counts = counts.await;
    counts.sort_unstable();
    let expected: Vec<_> = (1..=u32::try_from(CROWD).expect("a small crowd")).collect();
    assert_eq!(counts, expected);
}
