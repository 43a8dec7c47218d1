//! Looks into a database without changing it.

use super::{Options, SqliteStore, open, packages};
use crate::{key::SealingKey, seal::Seal, sqlite::open::OpenError};
use bridge_model::{
    policy::{KeptPolicy, PolicyInForce},
    ports::Random,
};
use sqlx::{Connection as _, Error, SqliteConnection, query, query_scalar};
use std::{path::Path, sync::Arc};

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
    pub async fn peek(
        path: &Path,
        key: &SealingKey,
        random: Arc<dyn Random>,
        options: &Options,
    ) -> Result<KeptPolicies, OpenError> {
        if !path.exists() {
            return Ok(KeptPolicies::default());
        }
        let seal = Seal::new(key, Arc::clone(&random));
        let opening = open::Opening {
            path,
            key,
            seal: &seal,
            random: &*random,
            purpose: options.purpose,
        };
        let connect = open::unchanged(path, options.busy_timeout);
        let mut connection = connect.await.map_err(opening.failed())?;
        let found = if opening.is_known(&mut connection).await? {
            read(&mut connection).await.map_err(opening.failed())?
        } else {
            KeptPolicies::default()
        };
        connection.close().await.map_err(opening.failed())?;
        Ok(found)
    }
}

async fn read(connection: &mut SqliteConnection) -> Result<KeptPolicies, Error> {
    let mut transaction = connection.begin().await?;
    let tables: i64 = query_scalar(TABLES).fetch_one(&mut *transaction).await?;
    if tables < 2 {
        return Ok(KeptPolicies::default());
    }
    let kept = query(packages::KEPT).fetch_all(&mut *transaction).await?;
    let in_force = query(packages::IN_FORCE)
        .fetch_all(&mut *transaction)
        .await?;
    let unreadable = |error| Error::Decode(Box::new(error));
    let kept = kept.iter().map(packages::kept);
    let in_force = in_force.iter().map(packages::in_force);
    Ok(KeptPolicies {
        kept: kept.collect::<Result<_, _>>().map_err(unreadable)?,
        in_force: in_force.collect::<Result<_, _>>().map_err(unreadable)?,
    })
}

const TABLES: &str =
    "SELECT count(*) FROM sqlite_schema WHERE name IN ('policies', 'policies_in_force')";
