//! What the sample remembers of its visitors: a bounded number of things, each for a bounded time.

use bridge_model::time::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Things under keys. Over the bound the oldest goes.
pub(super) struct Kept<T> {
    items: Mutex<VecDeque<Item<T>>>,
    count_max: usize,
    lifetime: Duration,
}

struct Item<T> {
    key: String,
    value: T,
    expires_at: Timestamp,
}

impl<T> Kept<T> {
    /// Room for `count_max` things, each for `lifetime`, in whole seconds.
    pub(super) fn new(count_max: usize, lifetime: Duration) -> Self {
        Self {
            items: Mutex::new(VecDeque::new()),
            count_max,
            lifetime,
        }
    }

    /// Keeps a thing, in place of what was under its key.
    pub(super) fn put(&self, key: String, value: T, now: Timestamp) {
        let mut items = self.live(now);
        items.retain(|item| item.key != key);
        while items.len() >= self.count_max {
            items.pop_front();
        }
        items.push_back(Item {
            key,
            value,
            expires_at: now.plus(self.lifetime),
        });
    }

    /// Gives a thing away if it is the right one; it is not kept any longer then.
    pub(super) fn take_if(
        &self,
        key: &str,
        now: Timestamp,
        is_right: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let mut items = self.live(now);
        let at = items
            .iter()
            .position(|item| item.key == key && is_right(&item.value))?;
        items.remove(at).map(|item| item.value)
    }

    /// Whether there is a thing of this kind.
    pub(super) fn has(&self, now: Timestamp, is_right: impl Fn(&str, &T) -> bool) -> bool {
        self.live(now)
            .iter()
            .any(|item| is_right(&item.key, &item.value))
    }

    /// The things whose time is not over. Nothing here panics half-way, so a poisoned lock is sound.
    fn live(&self, now: Timestamp) -> MutexGuard<'_, VecDeque<Item<T>>> {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.retain(|item| now < item.expires_at);
        items
    }
}

impl<T: Clone> Kept<T> {
    /// The thing under a key.
    pub(super) fn get(&self, key: &str, now: Timestamp) -> Option<T> {
        let items = self.live(now);
        let item = items.iter().find(|item| item.key == key)?;
        Some(item.value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1000);

    fn kept() -> Kept<u8> {
        let kept = Kept::new(2, Duration::from_secs(10));
        kept.put("a".to_owned(), 1, NOW);
        kept.put("b".to_owned(), 2, NOW);
        kept
    }

    #[test]
    fn the_oldest_makes_room() {
        let kept = kept();
        kept.put("c".to_owned(), 3, NOW);
        assert_eq!(kept.get("a", NOW), None);
        assert_eq!(kept.get("b", NOW), Some(2));
        assert_eq!(kept.get("c", NOW), Some(3));
    }

    #[test]
    fn a_key_holds_one_thing() {
        let kept = kept();
        kept.put("b".to_owned(), 3, NOW);
        assert_eq!(kept.get("a", NOW), Some(1));
        assert_eq!(kept.get("b", NOW), Some(3));
    }

    #[test]
    fn nothing_outlives_its_time() {
        let kept = kept();
        assert_eq!(kept.get("a", Timestamp(1009)), Some(1));
        assert_eq!(kept.get("a", Timestamp(1010)), None);
    }

    #[test]
    fn a_thing_is_given_away_once_and_only_to_whom_it_belongs() {
        let kept = kept();
        assert_eq!(kept.take_if("a", NOW, |value| *value == 2), None);
        assert_eq!(kept.take_if("a", NOW, |value| *value == 1), Some(1));
        assert_eq!(kept.take_if("a", NOW, |value| *value == 1), None);
    }
}
