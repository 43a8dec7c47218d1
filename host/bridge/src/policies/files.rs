//! The policies that the files of the folder hold.

use super::{Files, TRY_AGAIN_AFTER};
use bridge_model::realm::PolicyRef;
use tokio::time::Instant;

impl Files {
    /// The digests that are to be tried now: soon after the start, and then now and then.
    pub(super) fn due(&mut self) -> Vec<String> {
        let is_due = self
            .tried_at
            .is_none_or(|at| at.elapsed() >= TRY_AGAIN_AFTER);
        if self.pending.is_empty() || !is_due {
            return Vec::new();
        }
        self.tried_at = Some(Instant::now());
        std::mem::take(&mut self.pending)
    }

    /// That no other file holds a policy of the same id: which of the two is meant cannot be told.
    pub(super) fn check_alone(&self, name: &str, policy: &PolicyRef) -> Result<(), String> {
        let mut taken = self.taken.iter();
        let other = taken.find(|(other, known)| *other != name && known.id == policy.id);
        match other {
            None => Ok(()),
            Some((other, _)) => Err(format!(
                "it holds policy {}, and so does {other}; remove one of the two",
                policy.id
            )),
        }
    }
}
