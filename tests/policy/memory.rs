//! The memory of this process.

use std::{
    fs,
    sync::{PoisonError, RwLockWriteGuard},
};
use suites::policy::MEASURED_ALONE;

/// Keeps all other tests that call policies from running, so that the process's memory is this test's.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    MEASURED_ALONE
        .write()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What the process has in memory: the second number of `/proc/self/statm`, in pages (proc(5)).
pub(crate) fn resident_octets() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("seven numbers");
    pages * PAGE_OCTETS
}

/// On every machine that the tests run on; a larger page would only make the check stricter.
const PAGE_OCTETS: usize = 4096;
