//! How often an administrator may ask, and how often somebody may be wrong about who they are.

use super::problem::{Kind, Problem};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};
use std::{hash::Hash, net::IpAddr, num::NonZeroU32};

/// How many there may be: so many at once, and so many a second on and on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: NonZeroU32,
    /// A second.
    pub per_second: NonZeroU32,
}

/// How many requests are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminRates {
    /// Of one administrator.
    pub requests: Rate,
    /// Of one administrator, that have a directory asked.
    pub directory_requests: Rate,
    /// Tokens of one address that are not valid.
    pub failures: Rate,
}

impl Default for AdminRates {
    fn default() -> Self {
        let rate = |burst, per_second| Rate {
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            per_second: NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN),
        };
        Self {
            // A pipeline that applies a thousand objects takes seconds; a loop gone wild is slowed.
            requests: rate(1_000, 100),
            // Each may hold a connection for as long as the timeouts allow.
            directory_requests: rate(60, 5),
            failures: rate(20, 1),
        }
    }
}

/// The rates, kept.
pub(super) struct Limits {
    requests: Limiter<String>,
    directory_requests: Limiter<String>,
    failures: Limiter<Option<IpAddr>>,
}

struct Limiter<K: Hash + Eq + Clone>(RateLimiter<K, HashMapStateStore<K>, DefaultClock>);

/// More keys than there are administrators: those that have not asked for long are forgotten then.
const KEYS_MAX: usize = 10_000;

impl Limits {
    pub(super) fn new(rates: AdminRates) -> Self {
        Self {
            requests: Limiter::new(rates.requests),
            directory_requests: Limiter::new(rates.directory_requests),
            failures: Limiter::new(rates.failures),
        }
    }

    /// Counts a request of an administrator.
    ///
    /// # Errors
    ///
    /// 429 if there were too many.
    pub(super) fn request(&self, administrator: &str) -> Result<(), Problem> {
        self.requests.count(&administrator.to_owned())
    }

    /// Counts a request that has a directory asked.
    ///
    /// # Errors
    ///
    /// 429 if there were too many.
    pub(super) fn directory_request(&self, administrator: &str) -> Result<(), Problem> {
        self.directory_requests.count(&administrator.to_owned())
    }

    /// Counts a token that is not valid. Only such tokens are kept out by it: whoever has a valid one
    /// does not suffer from a neighbour behind the same address.
    ///
    /// # Errors
    ///
    /// 429 if there were too many.
    pub(super) fn failure(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        self.failures.count(&address)
    }
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self(RateLimiter::hashmap_with_clock(
            quota,
            DefaultClock::default(),
        ))
    }

    fn count(&self, key: &K) -> Result<(), Problem> {
        if self.0.len() > KEYS_MAX {
            self.0.retain_recent();
        }
        self.0.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.0.clock().now());
            let seconds = wait.as_secs() + 1;
            Problem::new(
                Kind::Throttled,
                format!("there were too many requests; wait {seconds} s"),
            )
            .retry_after(seconds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use http::header;

    #[test]
    fn who_asks_too_often_waits_and_nobody_else() {
        let one = NonZeroU32::MIN;
        let rate = Rate {
            burst: NonZeroU32::new(3).expect("not 0"),
            per_second: one,
        };
        let limits = Limits::new(AdminRates {
            requests: rate,
            directory_requests: rate,
            failures: rate,
        });
        for _ in 0..3 {
            assert_eq!(limits.request("ops"), Ok(()));
        }
        let refused = limits.request("ops").expect_err("the fourth");
        assert_eq!(refused.kind, Kind::Throttled);
        let response = refused.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(limits.request("others"), Ok(()));
        assert_eq!(limits.directory_request("ops"), Ok(()));
        assert_eq!(limits.failure(None), Ok(()));
    }
}
