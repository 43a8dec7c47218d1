//! Looks into a database without changing it.

use super::{
    Options, SqliteStore,
    open::{self, Access, OpenError, Opening},
    packages,
};
use crate::{key::SealingKey, seal::Seal, statement::query};
use bridge_model::{
    policy::{KeptPolicy, PolicyInForce},
    ports::Random,
};
use rusqlite::{Connection, Error};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The policies that a database has.
#[derive(Clone, Debug, Default)]
pub struct KeptPolicies {
    /// Those that were kept, the oldest first.
    pub kept: Vec<KeptPolicy>,
    /// What was chosen under each id.
    pub in_force: Vec<PolicyInForce>,
}

impl SqliteStore {
    /// The policies of a database that is not opened yet: it is judged as [`SqliteStore::open`] does, and
    /// neither brought up to date nor written to, so that whatever else is in the way of a start finds it as
    /// it was. A file that is not there, or empty, or of a schema without policies has none.
    ///
    /// # Errors
    ///
    /// [`OpenError`], each with its remedy.
    pub fn peek(
        path: &Path,
        key: &SealingKey,
        random: &Arc<dyn Random>,
        options: &Options,
    ) -> Result<KeptPolicies, OpenError> {
        if !path.exists() {
            return Ok(KeptPolicies::default());
        }
        let seal = Seal::new(key, Arc::clone(random));
        let opening = Opening {
            path,
            key,
            seal: &seal,
            random: &**random,
            purpose: options.purpose,
        };
        let connection = unchanging(path, options.busy_timeout).map_err(opening.failed())?;
        if opening.is_known(&connection)? {
            read(&opening, &connection)
        } else {
            Ok(KeptPolicies::default())
        }
    }
}

/// Connects to a file that is there so that nothing of it changes, nor of what lies beside it.
fn unchanging(path: &Path, busy_timeout: Duration) -> Result<Connection, Error> {
    // A path that leads nowhere is said by SQLite.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = |ending: &str| {
        let mut name = path.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name).exists()
    };
    let access = if beside("-wal") {
        // Whoever was killed has left it. One that only reads leaves it too.
        Access::Read
    } else if beside("-journal") {
        // Somebody was killed who had just begun. What they began is taken back before anything can be read.
        Access::Write
    } else {
        Access::ReadUnchanging
    };
    open::connect(&path, access, busy_timeout)
}

fn read(opening: &Opening<'_>, connection: &Connection) -> Result<KeptPolicies, OpenError> {
    let transaction = connection.unchecked_transaction();
    let transaction = transaction.map_err(opening.failed())?;
    let rows = |sql| query(sql).rows(&transaction).map_err(opening.failed());
    if rows(TABLES)?.len() < 2 {
        return Ok(KeptPolicies::default());
    }
    let (kept, in_force) = (rows(packages::KEPT)?, rows(packages::IN_FORCE)?);
    let kept = kept.iter().map(packages::kept);
    let in_force = in_force.iter().map(packages::in_force);
    Ok(KeptPolicies {
        kept: kept.collect::<Result<_, _>>().map_err(opening.unread())?,
        in_force: in_force
            .collect::<Result<_, _>>()
            .map_err(opening.unread())?,
    })
}

const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE name IN ('policies', 'policies_in_force')";
