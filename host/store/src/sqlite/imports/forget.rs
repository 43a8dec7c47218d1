//! People who are gone from their directory.

use crate::{columns::json, sqlite::change::Change};
use bridge_model::{names::RealmName, ports::StoreError};
use sqlx::query;

impl Change<'_> {
    /// As [`bridge_model::ports::Imports::remove_users`].
    pub(in crate::sqlite) async fn forget_users(
        &mut self,
        realm: &RealmName,
        subjects: &[String],
    ) -> Result<u64, StoreError> {
        let subjects = json(&subjects)?;
        for sql in DROP {
            let statement = query(sql).bind(realm.as_str()).bind(subjects.as_str());
            self.run(statement).await?;
        }
        let mut forgotten = 0;
        for sql in [FORGET, FORGET_BUT_BLOCK] {
            let statement = query(sql).bind(realm.as_str()).bind(subjects.as_str());
            forgotten += self.run(statement).await?;
        }
        Ok(forgotten)
    }
}

/// ?1 realm, ?2 subjects, as JSON.
const DROP: [&str; 4] = [
    "DELETE FROM imported_users WHERE number IN (
        SELECT u.imported FROM json_each(?2) j CROSS JOIN users u
        ON u.realm = ?1 AND u.subject = j.value AND u.imported IS NOT NULL
    ) AND subject IN (SELECT value FROM json_each(?2))",
    "DELETE FROM sessions WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2))",
    "UPDATE grants SET stage = 2
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2))",
    "DELETE FROM local_profiles
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2))",
];

/// Values as in [`DROP`].
const FORGET: &str = "
    DELETE FROM users
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2)) AND NOT blocked";

/// Values as in [`DROP`].
const FORGET_BUT_BLOCK: &str = "
    UPDATE users SET imported = NULL, disabled = 0, folded_email = NULL, folded_given_name = NULL,
        folded_family_name = NULL
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2))";
