//! How much memory an instance may have.

use crate::limits::Limits;
use wasmtime::ResourceLimiter;

/// Counts what one instance has of memory and tables, all of them together, and ends the call that
/// wants more.
///
/// A policy that were merely told that there is no more memory would stop in its own way, and the
/// reason would be lost.
pub(crate) struct Allowance {
    memory_octets_left: usize,
    table_elements_left: usize,
    limits: Limits,
}

/// More than a call may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    #[error("it wanted more than the {0} octets of memory that it may have")]
    Memory(usize),
    #[error("it wanted more than the {0} table elements that it may have")]
    Table(usize),
}

impl Allowance {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_octets_left: limits.memory_octets_max,
            table_elements_left: limits.table_elements_max,
            limits: *limits,
        }
    }

    /// How much memory the instance has: it never gives any back.
    pub(crate) fn memory_octets(&self) -> usize {
        self.limits
            .memory_octets_max
            .saturating_sub(self.memory_octets_left)
    }
}

impl ResourceLimiter for Allowance {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = desired.saturating_sub(current);
        match self.memory_octets_left.checked_sub(wanted) {
            Some(left) => self.memory_octets_left = left,
            None => return Err(Exceeded::Memory(self.limits.memory_octets_max).into()),
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = desired.saturating_sub(current);
        match self.table_elements_left.checked_sub(wanted) {
            Some(left) => self.table_elements_left = left,
            None => return Err(Exceeded::Table(self.limits.table_elements_max).into()),
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        usize::try_from(self.limits.core_instances_max).unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        usize::try_from(self.limits.tables_max).unwrap_or(usize::MAX)
    }

    fn memories(&self) -> usize {
        usize::try_from(self.limits.memories_max).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit that an answer says was exceeded.
    fn exceeded(answer: wasmtime::Result<bool>) -> Option<Exceeded> {
        answer.err()?.downcast_ref().copied()
    }

    #[test]
    fn all_memories_draw_on_one_allowance() {
        let mut allowance = Allowance::new(&Limits {
            memory_octets_max: 3,
            ..Limits::default()
        });
        assert!(matches!(allowance.memory_growing(0, 2, None), Ok(true)));
        assert!(matches!(allowance.memory_growing(0, 1, None), Ok(true)));
        let refused = allowance.memory_growing(2, 3, None);
        assert_eq!(exceeded(refused), Some(Exceeded::Memory(3)));
    }

    #[test]
    fn all_tables_draw_on_one_allowance() {
        let mut allowance = Allowance::new(&Limits {
            table_elements_max: 10,
            ..Limits::default()
        });
        assert!(matches!(allowance.table_growing(0, 6, None), Ok(true)));
        let refused = allowance.table_growing(0, 5, None);
        assert_eq!(exceeded(refused), Some(Exceeded::Table(10)));
    }
}
