//! People who have signed in, and what holds against them.

use super::{
    SqliteStore,
    change::Change,
    database,
    fault::{Constraint, Fault},
    imports::hex,
    realms::NO_TIME,
    sessions::session,
};
use crate::{
    columns::{Columns, json, seconds},
    statement::{Row, query},
};
use async_trait::async_trait;
use bridge_model::{
    names::{FederationId, RealmName},
    ports::{StoreError, Users},
    session::Session,
    time::Timestamp,
    user::{KnownUser, Standing},
};
use std::collections::HashMap;

#[async_trait]
impl Users for SqliteStore {
    async fn note_user(&self, user: &KnownUser, now: Timestamp) -> Result<Standing, StoreError> {
        if let Some(standing) = self.kept.standing_as_noted(user) {
            return Ok(standing);
        }
        let period = self.kept.period();
        let folded = user.username.to_lowercase();
        let statement = query(NOTED)
            .bind(user.realm.as_str())
            .bind(user.federation.0.as_bytes().as_slice())
            .bind(user.subject.as_str())
            .bind(user.username.as_str())
            .bind(user.entry_dn.as_str())
            .bind(folded.as_str());
        let row = self.one(statement).await?;
        let found = standing(&row)?;
        if Columns::of("users", &row).get("is_as_noted")? {
            self.kept.keep_person(user, found, period);
            return Ok(found);
        }
        let statement = query(NOTE)
            .bind(user.realm.as_str())
            .bind(user.federation.0.as_bytes().as_slice())
            .bind(user.subject.as_str())
            .bind(user.username.as_str())
            .bind(user.entry_dn.as_str())
            .bind(folded)
            .bind(seconds(now));
        let written = self.write(statement).await?;
        // There is no such federation any more.
        let Some(row) = written.rows.first() else {
            return Ok(found);
        };
        // A block may have come in between.
        let standing = Standing {
            is_blocked: Columns::of("users", row).get("is_blocked")?,
            ..found
        };
        self.kept.keep_person(user, standing, period);
        Ok(standing)
    }

    async fn standing(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subject: &str,
    ) -> Result<Standing, StoreError> {
        if let Some(standing) = self.kept.standing(realm, federation, subject) {
            return Ok(standing);
        }
        let statement = query(STANDING)
            .bind(realm.as_str())
            .bind(federation.0.as_bytes().as_slice())
            .bind(subject);
        standing(&self.one(statement).await?)
    }

    async fn users(
        &self,
        realm: &RealmName,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownUser>, StoreError> {
        // The empty name and the empty subject come before all others.
        let (username, subject) = match after {
            None => (String::new(), ""),
            Some(subject) => match self.folded_username(realm, subject).await? {
                Some(last) => (last, subject),
                None => {
                    return Err(StoreError::Missing(format!(
                        "user {subject} in the realm {realm}"
                    )));
                }
            },
        };
        let statement = query(USERS)
            .bind(realm.as_str())
            .bind(username)
            .bind(subject)
            .bind(i64::from(limit));
        let rows = self.walk(statement).await?;
        rows.iter().map(user).collect()
    }

    async fn user(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<Option<KnownUser>, StoreError> {
        let row = self.row(query(USER).bind(realm.as_str()).bind(subject));
        row.await?.as_ref().map(user).transpose()
    }

    async fn count_users(&self, federation: FederationId) -> Result<u64, StoreError> {
        let statement = query(COUNT).bind(federation.0.as_bytes().as_slice());
        // Counted elsewhere: they may be many.
        let rows = self.walk(statement).await?;
        let row = rows.first().ok_or_else(|| database(Fault::NoRow))?;
        Columns::of("users", row).parsed("users", |users: i64| u64::try_from(users))
    }

    async fn set_blocked(
        &self,
        realm: &RealmName,
        subject: &str,
        blocked: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let set = query(SET_BLOCKED)
            .bind(realm.as_str())
            .bind(subject)
            .bind(blocked)
            .bind(seconds(now));
        let end =
            [END_SESSIONS, REVOKE_GRANTS].map(|sql| query(sql).bind(realm.as_str()).bind(subject));
        let work = move |change: &Change<'_>| {
            if change.run(set)? == 0 {
                return Ok(false);
            }
            if blocked {
                for statement in end {
                    change.run(statement)?;
                }
            }
            Ok(true)
        };
        self.change(now, work).await
    }

    async fn sessions_of(
        &self,
        realm: &RealmName,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let statement = query(SESSIONS)
            .bind(realm.as_str())
            .bind(subject)
            .bind(seconds(now));
        let rows = self.walk(statement).await?;
        rows.iter().map(session).collect()
    }

    async fn end_sessions_of(&self, realm: &RealmName, subject: &str) -> Result<u64, StoreError> {
        // Also what was granted in sessions that are over by themselves.
        let [end, revoke] =
            [END_SESSIONS, REVOKE_GRANTS].map(|sql| query(sql).bind(realm.as_str()).bind(subject));
        let work = move |change: &Change<'_>| {
            let ended = change.run(end)?;
            change.run(revoke)?;
            Ok(ended)
        };
        self.change(NO_TIME, work).await
    }

    async fn import_subjects(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subjects: &[(Vec<u8>, String)],
    ) -> Result<(), StoreError> {
        let missing = StoreError::Missing(format!(
            "federation with the id {federation} in the realm {realm}"
        ));
        let rows = subjects.iter().map(|(identifier, subject)| {
            query(IMPORT)
                .bind(realm.as_str())
                .bind(federation.0.as_bytes().as_slice())
                .bind(self.tools.digests.of_identifier(federation, identifier))
                .bind(subject)
        });
        let rows: Vec<_> = rows.collect();
        let work = move |change: Change<'_>| {
            for statement in rows {
                let done = statement.run(change.connection).map_err(Fault::from);
                match done {
                    Err(fault) if fault.constraint() != Some(Constraint::ForeignKey) => {
                        return Err(database(fault));
                    }
                    Ok(done) if done.changed > 0 => {}
                    _ => return Err(missing),
                }
            }
            Ok(())
        };
        self.change_objects(NO_TIME, work).await
    }

    async fn imported_subject(
        &self,
        realm: &RealmName,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<Option<String>, StoreError> {
        if !self.has_brought(federation).await? {
            return Ok(None);
        }
        let statement = query(IMPORTED)
            .bind(realm.as_str())
            .bind(federation.0.as_bytes().as_slice())
            .bind(self.tools.digests.of_identifier(federation, identifier));
        let row = self.row(statement).await?;
        row.map(|row| Columns::of("imported_subjects", &row).get("subject"))
            .transpose()
    }

    async fn imported_subjects(
        &self,
        realm: &RealmName,
        federation: FederationId,
        identifiers: &[Vec<u8>],
    ) -> Result<HashMap<Vec<u8>, String>, StoreError> {
        if !self.has_brought(federation).await? {
            return Ok(HashMap::new());
        }
        let digests = identifiers.iter().map(|identifier| {
            let digest = self.tools.digests.of_identifier(federation, identifier);
            hex(&digest)
        });
        let statement = query(IMPORTED_OF)
            .bind(realm.as_str())
            .bind(federation.0.as_bytes().as_slice())
            .bind(json(&digests.collect::<Vec<_>>())?);
        let rows = self.walk(statement).await?;
        let mut subjects = HashMap::with_capacity(rows.len());
        for row in &rows {
            let columns = Columns::of("imported_subjects", row);
            let place = columns.parsed("place", |place: i64| usize::try_from(place))?;
            if let Some(identifier) = identifiers.get(place) {
                subjects.insert(identifier.clone(), columns.get("subject")?);
            }
        }
        Ok(subjects)
    }
}

impl SqliteStore {
    /// In most federations nobody brought a subject along.
    async fn has_brought(&self, federation: FederationId) -> Result<bool, StoreError> {
        if let Some(is_any) = self.kept.has_brought(federation) {
            return Ok(is_any);
        }
        let period = self.kept.period();
        let statement = query(HAS_IMPORTED).bind(federation.0.as_bytes().as_slice());
        let row = self.one(statement).await?;
        let is_any = Columns::of("imported_subjects", &row).get("is_any")?;
        self.kept.keep_brought(federation, is_any, period);
        Ok(is_any)
    }

    /// What a user is sorted by.
    async fn folded_username(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<Option<String>, StoreError> {
        let statement =
            query("SELECT folded_username FROM users WHERE realm = ?1 AND subject = ?2");
        let row = self.row(statement.bind(realm.as_str()).bind(subject));
        row.await?
            .map(|row| Columns::of("users", &row).get("folded_username"))
            .transpose()
    }
}

fn standing(row: &Row) -> Result<Standing, StoreError> {
    let columns = Columns::of("users", row);
    Ok(Standing {
        is_blocked: columns.get("is_blocked")?,
        is_federation_enabled: columns.get("is_federation_enabled")?,
    })
}

pub(super) fn user(row: &Row) -> Result<KnownUser, StoreError> {
    let columns = Columns::of("users", row);
    Ok(KnownUser {
        realm: columns.name::<RealmName>("realm")?,
        subject: columns.get("subject")?,
        federation: FederationId(columns.uuid("federation")?),
        username: columns.get("username")?,
        entry_dn: columns.get("entry_dn")?,
        blocked: columns.get("blocked")?,
        created_at: columns.time("created_at")?,
    })
}

/// Gives one row whatever is there. Who is switched off in the local profile is kept out as one who is
/// blocked is. The index has all that is asked of a federation, whose row is
/// long. ?1 realm, ?2 federation, ?3 subject.
const STANDING: &str = "
    SELECT EXISTS (
            SELECT 1 FROM federations INDEXED BY federations_by_state
            WHERE id = ?2 AND realm = ?1 AND enabled
        ) AS is_federation_enabled,
        EXISTS (
            SELECT 1 FROM users WHERE realm = ?1 AND subject = ?3 AND (blocked OR disabled)
        ) AS is_blocked";

/// As [`STANDING`]; ?4 user name, ?5 DN, ?6 user name in lower case.
const NOTED: &str = "
    SELECT EXISTS (
            SELECT 1 FROM federations INDEXED BY federations_by_state
            WHERE id = ?2 AND realm = ?1 AND enabled
        ) AS is_federation_enabled,
        coalesce(blocked OR disabled, 0) AS is_blocked,
        coalesce(federation = ?2 AND username = ?4 AND entry_dn = ?5 AND folded_username = ?6, 0)
            AS is_as_noted
    FROM (SELECT 1) LEFT JOIN users ON realm = ?1 AND subject = ?3";

/// Values as in [`NOTED`], ?7 now. Of a federation that is gone nobody is noted.
const NOTE: &str = "
    INSERT INTO users (realm, subject, federation, username, entry_dn, folded_username, blocked,
        created_at, changed_at)
    SELECT ?1, ?3, ?2, ?4, ?5, ?6, 0, ?7, ?7 FROM federations WHERE id = ?2 AND realm = ?1
    ON CONFLICT (realm, subject) DO UPDATE SET federation = ?2, username = ?4, entry_dn = ?5,
        folded_username = ?6, changed_at = ?7
    RETURNING blocked OR disabled AS is_blocked";

const USERS: &str = "
    SELECT realm, subject, federation, username, entry_dn, blocked, created_at FROM users
    WHERE realm = ?1 AND (folded_username, subject) > (?2, ?3)
    ORDER BY folded_username, subject LIMIT ?4";

const USER: &str = "
    SELECT realm, subject, federation, username, entry_dn, blocked, created_at FROM users
    WHERE realm = ?1 AND subject = ?2";

/// Reads the users of the realm, so that an import of many need not keep an index for this.
const COUNT: &str = "
    SELECT count(*) AS users FROM users
    WHERE realm = (SELECT realm FROM federations WHERE id = ?1) AND federation = ?1";

const SET_BLOCKED: &str = "
    UPDATE users SET blocked = ?3, changed_at = ?4 WHERE realm = ?1 AND subject = ?2";

const SESSIONS: &str = r#"
    SELECT id, realm, secret, "user", auth_time, expires_at FROM sessions
    WHERE realm = ?1 AND subject = ?2 AND expires_at > ?3 ORDER BY auth_time DESC, number DESC"#;

pub(super) const END_SESSIONS: &str = "DELETE FROM sessions WHERE realm = ?1 AND subject = ?2";

pub(super) const REVOKE_GRANTS: &str =
    "UPDATE grants SET stage = 2 WHERE realm = ?1 AND subject = ?2";

const IMPORT: &str = "
    INSERT INTO imported_subjects (realm, federation, identifier, subject)
    SELECT ?1, ?2, ?3, ?4 FROM federations WHERE id = ?2 AND realm = ?1
    ON CONFLICT (federation, identifier) DO UPDATE SET subject = ?4";

const IMPORTED: &str = "
    SELECT subject FROM imported_subjects
    WHERE realm = ?1 AND federation = ?2 AND identifier = ?3";

/// ?1 federation.
const HAS_IMPORTED: &str =
    "SELECT EXISTS (SELECT 1 FROM imported_subjects WHERE federation = ?1) AS is_any";

/// ?3 is an array of digests in hexadecimal digits.
const IMPORTED_OF: &str = "
    SELECT wanted.key AS place, subject FROM json_each(?3) AS wanted
    JOIN imported_subjects ON federation = ?2 AND identifier = unhex(wanted.value)
    WHERE realm = ?1";
