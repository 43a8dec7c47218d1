//! People whom federations with import have read, and what lies over what a directory says of them.

mod batch;
mod forget;
mod search;
mod stored;
mod synchronisation;

use super::{
    SqliteStore,
    change::Change,
    database,
    fault::Fault,
    realms::NO_TIME,
    users::{END_SESSIONS, REVOKE_GRANTS},
};
use crate::{
    columns::{Columns, json},
    statement::query,
};
use async_trait::async_trait;
use batch::Candidates;
pub(super) use batch::hex;
use bridge_model::{
    dn::Dn,
    names::{FederationId, RealmName},
    ports::{Imports, StoreError},
    synchronisation::{SyncRun, SyncState},
    time::Timestamp,
    user::{ImportCounts, ImportedUser, LocalProfile, StoredUser, UserQuery},
};
use search::Search;
use stored::{Folded, STORED_USER, local_profile, stored_user};

#[async_trait]
impl Imports for SqliteStore {
    async fn import_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        users: &[ImportedUser],
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        let mut candidates = Candidates::of(realm, federation, users)?;
        let total = candidates.len();
        // Beside whoever writes: mostly there is nothing to write.
        let there = self.row(candidates.federation_is_there()).await?;
        there.ok_or_else(|| candidates.missing())?;
        let changed = self.walk(candidates.changed()?).await?;
        candidates.keep_changed(&changed)?;
        let mut counts = ImportCounts::default();
        if !candidates.is_empty() {
            let work = move |change: &Change<'_>| change.import(candidates);
            counts = self.change(now, work).await?;
        }
        counts.unchanged = total - counts.added - counts.updated;
        Ok(counts)
    }

    async fn imported_identifiers(
        &self,
        federation: FederationId,
        after: Option<&[u8]>,
        limit: u32,
    ) -> Result<Vec<(Vec<u8>, String)>, StoreError> {
        let statement = match after {
            None => query(FIRST_IDENTIFIERS).bind(federation.0.as_bytes().as_slice()),
            Some(after) => query(NEXT_IDENTIFIERS)
                .bind(federation.0.as_bytes().as_slice())
                .bind(after.to_vec()),
        };
        let rows = self.walk(statement.bind(i64::from(limit))).await?;
        let pairs = rows.iter().map(|row| {
            let columns = Columns::of("imported_users", row);
            Ok((columns.get("identifier")?, columns.get("subject")?))
        });
        pairs.collect()
    }

    async fn imported_by_dn(
        &self,
        federation: FederationId,
        dn: &str,
    ) -> Result<Option<String>, StoreError> {
        // What is no DN is nobody's.
        let Ok(dn) = Dn::parse(dn) else {
            return Ok(None);
        };
        let statement = query(BY_DN)
            .bind(federation.0.as_bytes().as_slice())
            .bind(dn.comparable());
        let row = self.row(statement).await?;
        row.map(|row| Columns::of("imported_users", &row).get("subject"))
            .transpose()
    }

    async fn imported_by_identifier(
        &self,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<Option<String>, StoreError> {
        let statement = query(BY_IDENTIFIER)
            .bind(federation.0.as_bytes().as_slice())
            .bind(identifier.to_vec());
        let row = self.row(statement).await?;
        row.map(|row| Columns::of("imported_users", &row).get("subject"))
            .transpose()
    }

    async fn remove_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subjects: &[String],
    ) -> Result<u64, StoreError> {
        let (realm, subjects) = (realm.clone(), subjects.to_vec());
        let work = move |change: &Change<'_>| change.forget_users(&realm, federation, &subjects);
        self.change(NO_TIME, work).await
    }

    async fn stored_user(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<Option<StoredUser>, StoreError> {
        let statement = query(STORED_USER).bind(realm.as_str()).bind(subject);
        let row = self.row(statement).await?;
        row.map(|row| stored_user(&self.tools.seal, &row))
            .transpose()
    }

    async fn find_users(
        &self,
        realm: &RealmName,
        query: &UserQuery,
    ) -> Result<Vec<StoredUser>, StoreError> {
        let search = Search::for_users(realm, query);
        let rows = self.walk(search.statement()).await?;
        rows.iter()
            .map(|row| stored_user(&self.tools.seal, row))
            .collect()
    }

    async fn count_found_users(
        &self,
        realm: &RealmName,
        query: &UserQuery,
    ) -> Result<u64, StoreError> {
        let search = Search::for_their_number(realm, query);
        let rows = self.walk(search.statement()).await?;
        let row = rows.first().ok_or_else(|| database(Fault::NoRow))?;
        Columns::of("users", row).parsed("users", |users: i64| u64::try_from(users))
    }

    async fn local_profile(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<LocalProfile, StoreError> {
        let statement = query(LOCAL_PROFILE).bind(realm.as_str()).bind(subject);
        let row = self.row(statement).await?;
        let profile = row
            .map(|row| local_profile(&self.tools.seal, &row))
            .transpose()?;
        Ok(profile.unwrap_or_default())
    }

    async fn save_local_profile(
        &self,
        realm: &RealmName,
        subject: &str,
        local: &LocalProfile,
    ) -> Result<bool, StoreError> {
        let (realm, subject, local) = (realm.clone(), subject.to_owned(), local.clone());
        let work = move |change: &Change<'_>| change.save_local(&realm, &subject, &local);
        self.change(NO_TIME, work).await
    }

    async fn sync_state(&self, federation: FederationId) -> Result<SyncState, StoreError> {
        self.read_sync_state(federation).await
    }

    async fn begin_sync(
        &self,
        federation: FederationId,
        run: &SyncRun,
        lost_before: Timestamp,
    ) -> Result<bool, StoreError> {
        self.begin_run(federation, run, lost_before).await
    }

    async fn save_sync_state(
        &self,
        federation: FederationId,
        state: &SyncState,
    ) -> Result<(), StoreError> {
        self.write_sync_state(federation, state).await
    }
}

impl Change<'_> {
    /// As [`Imports::save_local_profile`].
    fn save_local(
        &self,
        realm: &RealmName,
        subject: &str,
        local: &LocalProfile,
    ) -> Result<bool, StoreError> {
        let statement = query(STORED_USER).bind(realm.as_str()).bind(subject);
        let Some(row) = self.row(statement)? else {
            return Ok(false);
        };
        let kept = stored_user(self.seal, &row)?;
        let imported = kept.imported.map(|user| user.claims).unwrap_or_default();
        let folded = Folded::of(&kept.known.username, &imported).under(&local.claims);
        let statement = query(OVERLAY)
            .bind(realm.as_str())
            .bind(subject)
            .bind(local.disabled)
            .bind(folded.email)
            .bind(folded.given_name)
            .bind(folded.family_name);
        self.run(statement)?;
        if local.claims.is_empty() && local.password_hash.is_none() {
            let statement = query(DROP_LOCAL).bind(realm.as_str()).bind(subject);
            self.run(statement)?;
        } else {
            let password = local.password_hash.as_deref();
            let statement = query(SAVE_LOCAL)
                .bind(realm.as_str())
                .bind(subject)
                .bind(json(&local.claims)?)
                .bind(password.map(|hash| stored::seal_hash(self.seal, realm, subject, hash)));
            self.run(statement)?;
        }
        if local.disabled {
            for sql in [END_SESSIONS, REVOKE_GRANTS] {
                self.run(query(sql).bind(realm.as_str()).bind(subject))?;
            }
        }
        Ok(true)
    }
}

const FIRST_IDENTIFIERS: &str = "
    SELECT identifier, subject FROM imported_users
    WHERE federation = ?1 ORDER BY identifier LIMIT ?2";

const NEXT_IDENTIFIERS: &str = "
    SELECT identifier, subject FROM imported_users
    WHERE federation = ?1 AND identifier > ?2 ORDER BY identifier LIMIT ?3";

/// A name that went from one entry to another is still the first one's until that is read again.
const BY_DN: &str = "
    SELECT subject FROM imported_users WHERE federation = ?1 AND dn = ?2
    ORDER BY imported_at DESC, number DESC LIMIT 1";

const BY_IDENTIFIER: &str = "
    SELECT subject FROM imported_users WHERE federation = ?1 AND identifier = ?2";

const LOCAL_PROFILE: &str = "
    SELECT u.realm, u.subject, u.disabled, l.claims, l.password FROM users u
    LEFT JOIN local_profiles l ON l.realm = u.realm AND l.subject = u.subject
    WHERE u.realm = ?1 AND u.subject = ?2";

const OVERLAY: &str = "
    UPDATE users SET disabled = ?3, folded_email = ?4, folded_given_name = ?5,
        folded_family_name = ?6
    WHERE realm = ?1 AND subject = ?2";

const SAVE_LOCAL: &str = "
    INSERT INTO local_profiles (realm, subject, claims, password) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (realm, subject) DO UPDATE SET claims = ?3, password = ?4";

const DROP_LOCAL: &str = "DELETE FROM local_profiles WHERE realm = ?1 AND subject = ?2";
