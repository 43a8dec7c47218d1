//! How a file is connected to.

use rusqlite::{Connection, Error, OpenFlags};
use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
    time::Duration,
};

/// What a connection may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) enum Access {
    Read,
    /// In a file that nobody has open: not even the log is made.
    ReadUnchanging,
    Write,
}

/// Connects to a file that is there. Names in it are taken as they are.
pub(in crate::sqlite) fn connect(
    path: &Path,
    access: Access,
    busy_timeout: Duration,
) -> Result<Connection, Error> {
    // One thread at a time has it, which is seen to here and not in SQLite.
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match access {
        Access::Read => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?
        }
        Access::ReadUnchanging => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_READ_ONLY;
            Connection::open_with_flags(unchanging(path), flags)?
        }
        Access::Write => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?
        }
    };
    connection.busy_timeout(busy_timeout)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
    Ok(connection)
}

/// An absolute path as SQLite's address of a file that does not change.
fn unchanging(path: &Path) -> OsString {
    let mut address = b"file:".to_vec();
    for octet in path.as_os_str().as_bytes() {
        match octet {
            b'%' | b'?' | b'#' => address.extend(format!("%{octet:02X}").into_bytes()),
            octet => address.push(*octet),
        }
    }
    address.extend(b"?immutable=1");
    OsString::from_vec(address)
}

/// More than there are different statements, but for those that write a few imported people.
const PREPARED_MAX: usize = 256;
