//! How these commands write numbers and names.

use crate::cli::output::printable;
use std::path::Path;

/// A path, harmless to a terminal.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// So many octets, as people read them.
pub(super) fn octets(count: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * KIB;
    // One digit after the point, without the detour of floating numbers.
    let tenths = |unit: u64| (count.saturating_mul(10)) / unit;
    match count {
        0..KIB => format!("{count} octets"),
        KIB..MIB => format!("{} KiB", count.div_ceil(KIB)),
        _ => format!("{}.{} MiB", tenths(MIB) / 10, tenths(MIB) % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (count, text) in [
            (0, "0 octets"),
            (1023, "1023 octets"),
            (1024, "1 KiB"),
            (490_521, "480 KiB"),
            (12_582_912, "12.0 MiB"),
            (13_000_000, "12.3 MiB"),
        ] {
            assert_eq!(octets(count), text);
        }
    }
}
