//! People who are gone from their directory.

use crate::{
    columns::{Columns, json},
    sqlite::change::Change,
    statement::query,
};
use bridge_model::{
    names::{FederationId, RealmName},
    ports::StoreError,
};

impl Change<'_> {
    /// As [`bridge_model::ports::Imports::remove_users`].
    pub(in crate::sqlite) fn forget_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subjects: &[String],
    ) -> Result<u64, StoreError> {
        let statement = query(OWN)
            .bind(realm.as_str())
            .bind(json(&subjects)?)
            .bind(federation.0.as_bytes().as_slice());
        let own = self.one(statement)?;
        let own: String = Columns::of("users", &own).get("subjects")?;
        for sql in DROP {
            let statement = query(sql).bind(realm.as_str()).bind(own.as_str());
            self.run(statement)?;
        }
        let mut forgotten = 0;
        for sql in [FORGET, FORGET_BUT_KEEP] {
            let statement = query(sql).bind(realm.as_str()).bind(own.as_str());
            forgotten += self.run(statement)?;
        }
        Ok(forgotten)
    }
}

/// Those of some users who are of a federation, as JSON. ?1 realm, ?2 subjects, as JSON; ?3 federation.
const OWN: &str = "
    SELECT json_group_array(u.subject) AS subjects FROM json_each(?2) j CROSS JOIN users u
    ON u.realm = ?1 AND u.subject = j.value AND u.federation = ?3";

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
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2)) AND password IS NULL",
];

/// Values as in [`DROP`], after which only profiles with a password are left.
const FORGET: &str = "
    DELETE FROM users
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2)) AND NOT blocked AND NOT disabled
    AND NOT EXISTS (
        SELECT 1 FROM local_profiles l WHERE l.realm = users.realm AND l.subject = users.subject
    )";

/// Values as in [`DROP`]. Whoever comes back is kept out as before, and has the password of before.
const FORGET_BUT_KEEP: &str = "
    UPDATE users SET imported = NULL, folded_email = NULL, folded_given_name = NULL,
        folded_family_name = NULL
    WHERE realm = ?1 AND subject IN (SELECT value FROM json_each(?2))";
