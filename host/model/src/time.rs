//! Points in time.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A point in time.
///
/// Unit: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted (the `NumericDate` of
/// RFC 7519 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The point `span` later, whole seconds; saturates.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_secs()))
    }

    /// The point `span` earlier, whole seconds; saturates.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.as_secs()))
    }
}
