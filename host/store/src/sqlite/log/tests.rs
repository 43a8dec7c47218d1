use super::*;
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

const PIECE: i32 = 50;
/// As SQLite's pages are, each with its header in the log.
const PAGE_OCTETS: u64 = 4096 + 24;

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("SQLite opens the file");
    let set = connection.busy_timeout(Duration::from_secs(5));
    set.expect("it is set");
    connection
}

/// Writes `count` times without a pause; gives how many pages the log had at the most.
fn write(path: &Path, count: i32) -> u64 {
    let mut writing = connect(path);
    for (pragma, value) in [("journal_mode", "WAL"), ("synchronous", "OFF")] {
        let set = writing.pragma_update(None, pragma, value);
        set.expect("it is set");
    }
    let made = writing.execute_batch("CREATE TABLE things (number INTEGER PRIMARY KEY, text TEXT)");
    made.expect("it is made");
    let mut log = Log::of(&mut writing, connect(path), PIECE).expect("it is looked after");
    for number in 0..count {
        let written = writing.execute("INSERT INTO things (text) VALUES (hex(zeroblob(2000)))", []);
        assert_eq!(written, Ok(1), "{number}");
        log.tend(&writing);
    }
    let found = writing.query_row("SELECT count(*) FROM things", [], |row| row.get(0));
    assert_eq!(found, Ok(count));
    // Its file is never made smaller while it is in use.
    let length = fs::metadata(path.with_extension("db-wal")).map(|metadata| metadata.len());
    length.expect("it is there") / PAGE_OCTETS
}

#[test]
fn the_log_stays_short_under_somebody_who_writes_without_a_pause() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    let pages = write(&path, 3_000);
    let most = u64::try_from(PIECE * PIECES_MAX).expect("it is positive");
    assert!(pages <= most + 10, "{pages} pages");
    assert!(
        !path.with_extension("db-wal").exists(),
        "it goes with the last connection"
    );
}

#[test]
fn a_short_log_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.db");
    let pages = write(&path, 10);
    assert!((10..50).contains(&pages), "{pages} pages");
}
