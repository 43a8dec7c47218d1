//! What changed, by the times that the directory writes into entries.

use super::{Run, done, everyone, nothing, of_users, read, refused};
use crate::{
    time,
    types::{Advance, Page, Turn},
};

/// Tells these cursors from others.
const TIME: u8 = b't';
const KEY: &str = "time.";
/// How much is read again, for clocks that differ.
const OVERLAP_SECONDS: u64 = 300;

/// Where a run stands that begins now.
pub(super) fn mark(now: u64) -> Vec<u8> {
    let mut cursor = vec![TIME];
    cursor.extend_from_slice(time_of(now).as_bytes());
    cursor
}

pub(super) fn start(run: Run<'_>) -> Turn {
    match run.cursor {
        None => done(mark(run.now)),
        Some(cursor) => match since(cursor) {
            Some(since) => read(of_users(
                format!("{KEY}{}", time_of(run.now)),
                format!("(|(modifyTimestamp>={since})(createTimestamp>={since}))"),
                None,
            )),
            None => Turn::StartOver,
        },
    }
}

pub(super) fn follow(_: Run<'_>, asked: &str, page: &Page) -> Turn {
    let Some(mark) = asked.strip_prefix(KEY).filter(|mark| is_time(mark)) else {
        return Turn::StartOver;
    };
    if let Some(problem) = refused(page) {
        return Turn::Failed(problem);
    }
    let cursor = || [&[TIME], mark.as_bytes()].concat();
    Turn::Advance(Advance {
        changed: everyone(page),
        cursor: page.last.then(cursor),
        ..nothing()
    })
}

fn since(cursor: &[u8]) -> Option<&str> {
    let (kind, time) = cursor.split_first()?;
    let time = std::str::from_utf8(time).ok()?;
    (*kind == TIME && is_time(time)).then_some(time)
}

/// As [`time_of`] writes it: it goes into a filter.
fn is_time(text: &str) -> bool {
    let digits = text.strip_suffix('Z').unwrap_or_default();
    digits.len() == 14 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The GeneralizedTime (RFC 4517 section 3.3.13) of a mark that is set now.
fn time_of(now: u64) -> String {
    time::to_generalized(now.saturating_sub(OVERLAP_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        terms::Terms,
        types::{PageEntry, Reply, Whom},
    };

    const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z

    fn run<'a>(terms: &'a Terms<'a>, cursor: Option<&'a [u8]>, now: u64) -> Run<'a> {
        Run { terms, now, cursor }
    }

    fn page(entries: usize, result_code: u32, last: bool) -> Page {
        let entry = |at| PageEntry {
            entry: crate::types::Entry {
                dn: format!("uid={at}"),
                attributes: Vec::new(),
            },
            controls: Vec::new(),
        };
        Page {
            entries: (0..entries).map(entry).collect(),
            messages: Vec::new(),
            reply: Reply {
                result_code,
                diagnostic: String::new(),
                controls: Vec::new(),
            },
            last,
        }
    }

    #[test]
    fn a_run_reads_what_changed_since_five_minutes_before_the_last_one_began() {
        let terms = Terms::default();
        let Turn::Advance(first) = start(run(&terms, None, NOW)) else {
            panic!("no mark");
        };
        let cursor = first.cursor.expect("a mark");
        assert_eq!(cursor, b"t20261121115500Z");
        assert_eq!(first.next, None);

        let Turn::Advance(begun) = start(run(&terms, Some(&cursor), NOW + 3600)) else {
            panic!("no read");
        };
        assert_eq!(begun.cursor, None, "nothing was seen yet");
        let next = begun.next.expect("a read");
        assert!(next.of_users && next.paged && next.controls.is_empty());
        assert_eq!(
            next.search.filter,
            "(|(modifyTimestamp>=20261121115500Z)(createTimestamp>=20261121115500Z))"
        );

        // However long the run takes, the mark is that of its beginning.
        let later = run(&terms, Some(&cursor), NOW + 9999);
        let Turn::Advance(first) = follow(later, &next.search.key, &page(2, 0, false)) else {
            panic!("no advance");
        };
        assert_eq!(first.changed, [Whom::Here(0), Whom::Here(1)]);
        assert_eq!(first.cursor, None);
        let Turn::Advance(last) = follow(later, &next.search.key, &page(1, 0, true)) else {
            panic!("no advance");
        };
        assert_eq!(last.cursor.as_deref(), Some(&b"t20261121125500Z"[..]));
        assert_eq!(last.next, None);
    }

    #[test]
    fn a_run_that_was_cut_short_does_not_move_the_mark() {
        let terms = Terms::default();
        let cursor = mark(NOW);
        for code in [3, 4, 11, 50] {
            let turn = follow(
                run(&terms, Some(&cursor), NOW),
                "time.20261121125500Z",
                &page(1, code, true),
            );
            assert!(matches!(turn, Turn::Failed(_)), "{code}");
        }
    }

    #[test]
    fn what_nobody_wrote_is_of_no_use() {
        let terms = Terms::default();
        for cursor in [
            &b""[..],
            b"t",
            b"t2026",
            b"x20261121115500Z",
            b"t20261121115500)",
            b"t\xff",
        ] {
            let turn = start(run(&terms, Some(cursor), NOW));
            assert!(matches!(turn, Turn::StartOver), "{cursor:?}");
        }
        let turn = follow(run(&terms, None, NOW), "users", &page(0, 0, true));
        assert!(matches!(turn, Turn::StartOver));
    }
}
