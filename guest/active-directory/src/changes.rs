//! What changed, by `uSNChanged`: each server of a domain counts its own writes, so a number is worth
//! something on the server that it came from alone.
//!
//! The server is asked who it is and how far it has counted before a run, and who it is after it: a run
//! whose reads went to several servers starts over. What is gone is found by reading all users.

use crate::ActiveDirectory;
use policy_sdk::{
    Attributes, Changes,
    changes::{Run, done, everyone, nothing, of_entry, of_users, read, refused},
    types::{Advance, ChangeRead, Page, Turn, problem},
};

impl Changes for ActiveDirectory {
    fn start(run: Run<'_>) -> Turn {
        match run.cursor.map(Mark::decode) {
            None => read(root(FIRST)),
            Some(Some(_)) => read(root(BEGIN)),
            Some(None) => Turn::StartOver,
        }
    }

    fn follow(run: Run<'_>, asked: &str, page: &Page) -> Turn {
        if let Some(problem) = refused(page) {
            return Turn::Failed(problem);
        }
        let known = run.cursor.and_then(Mark::decode);
        match (asked.split_once('.').unwrap_or((asked, "")), known) {
            ((FIRST, _), _) => mark(page).map_or_else(unmarked, |mark| done(mark.encode())),
            ((BEGIN, _), Some(known)) => begin(&known, page),
            ((USERS, usn), Some(_)) => Turn::Advance(Advance {
                changed: everyone(page),
                next: Some(root(&format!("{END}.{usn}"))),
                ..nothing()
            }),
            ((END, usn), Some(known)) => match (mark(page), usn.parse()) {
                (Some(now), Ok(usn)) if now.server == known.server => {
                    done(Mark { usn, ..known }.encode())
                }
                _ => Turn::StartOver,
            },
            _ => Turn::StartOver,
        }
    }
}

/// How far a server has counted.
struct Mark<'a> {
    usn: u64,
    /// The DN of the server's own settings.
    server: &'a str,
}

impl<'a> Mark<'a> {
    fn decode(cursor: &'a [u8]) -> Option<Self> {
        let (usn, server) = std::str::from_utf8(cursor).ok()?.split_once(' ')?;
        Some(Self {
            usn: usn.parse().ok()?,
            server,
        })
    }

    fn encode(&self) -> Vec<u8> {
        format!("{} {}", self.usn, self.server).into_bytes()
    }
}

fn root(key: &str) -> ChangeRead {
    of_entry(key, "", &[COUNTED, SERVER], None)
}

/// What the root DSE says.
fn mark(page: &Page) -> Option<Mark<'_>> {
    let root = Attributes::of(&page.entries.first()?.entry);
    Some(Mark {
        usn: u64::try_from(root.integer(COUNTED).ok()??).ok()?,
        server: root.text(SERVER)?,
    })
}

fn unmarked() -> Turn {
    Turn::Failed(problem(
        COUNTED,
        "the root DSE does not show it; read all users instead",
    ))
}

fn begin(known: &Mark<'_>, page: &Page) -> Turn {
    let Some(now) = mark(page) else {
        return unmarked();
    };
    // A server that has counted less was put back to an older state.
    if now.server != known.server || now.usn < known.usn {
        return Turn::StartOver;
    }
    if now.usn == known.usn {
        return Turn::Advance(nothing());
    }
    read(of_users(
        format!("{USERS}.{}", now.usn),
        format!("(uSNChanged>={})", known.usn + 1),
        None,
    ))
}

const COUNTED: &str = "highestCommittedUSN";
const SERVER: &str = "dsServiceName";

/// The keys of the reads; behind that of users and of the end stands the number that the run began with.
const FIRST: &str = "first";
const BEGIN: &str = "begin";
const USERS: &str = "users";
const END: &str = "end";

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy,
        testing::{self, federation, ldif, page, reply},
        types::{Plan, Whom},
    };

    const HERE: &str = "CN=NTDS Settings,CN=DC1";

    fn plan() -> Plan {
        ActiveDirectory::translate(federation("ad", "DC=x")).expect("a plan")
    }

    fn root_dse(usn: &str, server: &str) -> Page {
        let text = format!("dn:\nhighestCommittedUSN: {usn}\ndsServiceName: {server}\n");
        let root = ldif(&text).expect("LDIF").remove(0);
        page(vec![(root, vec![])], reply(0, ""))
    }

    fn users(count: usize, code: u32) -> Page {
        let text = "dn: CN=ada\nobjectClass: user\n";
        let one = || (ldif(text).expect("LDIF").remove(0), vec![]);
        page((0..count).map(|_| one()).collect(), reply(code, ""))
    }

    fn advance(cursor: Option<&[u8]>, answer: Option<(&str, Page)>) -> Result<Advance, Box<Turn>> {
        testing::advance::<ActiveDirectory>(&plan(), cursor, answer, 0)
    }

    #[test]
    fn a_run_reads_what_the_same_server_counted_since() {
        let asked = advance(None, None).expect("a read").next.expect("a read");
        assert!(!asked.of_users);
        assert_eq!(
            (asked.search.base.as_str(), asked.search.key.as_str()),
            ("", "first")
        );
        let marked = advance(None, Some(("first", root_dse("4000", HERE)))).expect("a mark");
        let cursor = marked.cursor.expect("a mark");
        assert_eq!(cursor, b"4000 CN=NTDS Settings,CN=DC1");

        let asked = advance(Some(&cursor), None)
            .expect("a read")
            .next
            .expect("a read");
        assert_eq!(asked.search.key, "begin");
        let begun = advance(Some(&cursor), Some(("begin", root_dse("4003", HERE))));
        let asked = begun.expect("a read").next.expect("a read");
        assert!(asked.of_users && asked.paged);
        assert_eq!(asked.search.filter, "(uSNChanged>=4001)");
        let found = advance(Some(&cursor), Some((&asked.search.key, users(2, 0))));
        let found = found.expect("users");
        assert_eq!(found.changed, [Whom::Here(0), Whom::Here(1)]);
        assert_eq!(found.cursor, None, "the server has to be the same after it");
        let end = found.next.expect("a read").search.key;
        let done = advance(Some(&cursor), Some((&end, root_dse("5000", HERE)))).expect("an end");
        assert_eq!(
            done.cursor.as_deref(),
            Some(&b"4003 CN=NTDS Settings,CN=DC1"[..]),
            "what was written meanwhile is for the next run"
        );
    }

    #[test]
    fn nothing_is_read_where_nothing_was_written() {
        let cursor = b"4000 CN=NTDS Settings,CN=DC1";
        let begun = advance(Some(cursor), Some(("begin", root_dse("4000", HERE))));
        assert_eq!(begun, Ok(nothing()));
    }

    #[test]
    fn another_server_or_an_older_state_starts_over() {
        let cursor = b"4000 CN=NTDS Settings,CN=DC1";
        for (key, usn, server) in [
            ("begin", "4003", "CN=NTDS Settings,CN=DC2"),
            ("begin", "3999", HERE),
            ("end.4003", "4003", "CN=NTDS Settings,CN=DC2"),
            ("end.x", "4003", HERE),
        ] {
            let turn = advance(Some(cursor), Some((key, root_dse(usn, server))));
            assert_eq!(turn, Err(Box::new(Turn::StartOver)), "{key} {usn} {server}");
        }
        for cursor in [&b"x"[..], b"", b"4000", b"x y", b"\xff"] {
            assert_eq!(advance(Some(cursor), None), Err(Box::new(Turn::StartOver)));
        }
    }

    #[test]
    fn a_read_that_was_cut_short_is_no_run() {
        let cursor = b"4000 CN=NTDS Settings,CN=DC1";
        for code in [3, 4, 11] {
            let turn = advance(Some(cursor), Some(("users.4003", users(1, code))));
            let failed = matches!(turn.map_err(|turn| *turn), Err(Turn::Failed(_)));
            assert!(failed, "{code}");
        }
        let empty = ldif("dn:\nobjectClass: top\n").expect("LDIF").remove(0);
        let turn = advance(
            None,
            Some(("first", page(vec![(empty, vec![])], reply(0, "")))),
        );
        let failed = matches!(turn.map_err(|turn| *turn), Err(Turn::Failed(_)));
        assert!(failed);
    }
}
