//! The ports: what the rooms ask of each other without knowing each other.

mod directory;
mod facts;
mod packages;
mod policies;
mod sessions;
mod store;
mod users;

pub use directory::{Directories, Directory, DirectoryError, DirectoryFault, Pages};
pub use facts::{Certificate, DirectoryStep, Facts, Misfit};
pub use packages::PolicyPackages;
pub use policies::{MapperPolicy, Offers, Policies, PolicyError, PolicyFault, VendorPolicy};
pub use sessions::{Failures, Keys, Sessions};
pub use store::{AuditTrail, Clients, Precondition, Realms, Store, StoreError};
pub use users::{Imports, Users};

use crate::{audit::AuditEvent, time::Timestamp};
use uuid::{Builder, Uuid};

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A source of unpredictable octets.
pub trait Random: Send + Sync {
    /// Fills all of `octets`.
    fn fill(&self, octets: &mut [u8]);

    /// An id that nobody can guess and nothing else has (RFC 9562 section 5.4).
    fn uuid(&self) -> Uuid {
        let mut octets = [0; 16];
        self.fill(&mut octets);
        Builder::from_random_bytes(octets).into_uuid()
    }

    /// An id for one of very many: those of one time lie together in an index (RFC 9562 section 5.7),
    /// and 74 of its bits nobody can guess.
    fn uuid_at(&self, now: Timestamp) -> Uuid {
        let mut octets = [0; 10];
        self.fill(&mut octets);
        Builder::from_unix_timestamp_millis(now.0.saturating_mul(1_000), &octets).into_uuid()
    }
}

/// Where audit events go.
pub trait AuditLog: Send + Sync {
    /// Writes one line, in order, before the answer it belongs to is sent.
    fn record(&self, event: &AuditEvent);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same(u8);

    impl Random for Same {
        fn fill(&self, octets: &mut [u8]) {
            octets.fill(self.0);
        }
    }

    #[test]
    fn ids_of_a_later_time_come_later_whatever_was_drawn() {
        let earlier = Same(0xff).uuid_at(Timestamp(1_800_000_000));
        let later = Same(0).uuid_at(Timestamp(1_800_000_001));
        assert!(earlier < later, "{earlier} {later}");
        assert_eq!(earlier.get_version_num(), 7);
        assert_ne!(earlier, Same(0).uuid_at(Timestamp(1_800_000_000)));
    }
}
