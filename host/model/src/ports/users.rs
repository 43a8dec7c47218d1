//! Persistence of people: who signed in, who was imported, and what the bridge itself holds.

use super::StoreError;
use crate::{
    names::{FederationId, RealmName},
    session::Session,
    synchronisation::{SyncRun, SyncState},
    time::Timestamp,
    user::{ImportCounts, ImportedUser, KnownUser, LocalProfile, Standing, StoredUser, UserQuery},
};
use async_trait::async_trait;
use std::collections::HashMap;

/// People who have signed in, and what the bridge itself holds against them.
#[async_trait]
pub trait Users: Send + Sync {
    /// Notes that somebody is there, and gives their standing. Written only where something is new.
    async fn note_user(&self, user: &KnownUser, now: Timestamp) -> Result<Standing, StoreError>;

    /// What holds for a person now; also for one who was never noted.
    async fn standing(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subject: &str,
    ) -> Result<Standing, StoreError>;

    /// The users of a realm by user name, from the one after the user with the subject `after` on, at
    /// most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if nobody has the subject `after` any more.
    async fn users(
        &self,
        realm: &RealmName,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownUser>, StoreError>;

    /// One user.
    async fn user(&self, realm: &RealmName, subject: &str)
    -> Result<Option<KnownUser>, StoreError>;

    /// How many users are known through a federation: whose subjects would change with its identity
    /// attribute.
    async fn count_users(&self, federation: FederationId) -> Result<u64, StoreError>;

    /// Blocks a person, whose sessions and grants end with it, or lets them in again. False: nobody of
    /// this subject is known.
    async fn set_blocked(
        &self,
        realm: &RealmName,
        subject: &str,
        blocked: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The sessions of a person that are not over, newest first.
    async fn sessions_of(
        &self,
        realm: &RealmName,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends all sessions of a person, and what was granted in them; gives how many sessions.
    async fn end_sessions_of(&self, realm: &RealmName, subject: &str) -> Result<u64, StoreError>;

    /// Keeps subjects that people had before they came here, by the octets that identify them
    /// ([`crate::plan::StableId`]) in a federation; one that is there already is replaced.
    async fn import_subjects(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subjects: &[(Vec<u8>, String)],
    ) -> Result<(), StoreError>;

    /// The subject that a person had before, if one was imported.
    async fn imported_subject(
        &self,
        realm: &RealmName,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<Option<String>, StoreError>;

    /// The subjects that people had before, of those of these identifiers for whom one was imported.
    async fn imported_subjects(
        &self,
        realm: &RealmName,
        federation: FederationId,
        identifiers: &[Vec<u8>],
    ) -> Result<HashMap<Vec<u8>, String>, StoreError> {
        let mut subjects = HashMap::new();
        for identifier in identifiers {
            let subject = self.imported_subject(realm, federation, identifier).await?;
            subjects.extend(subject.map(|subject| (identifier.clone(), subject)));
        }
        Ok(subjects)
    }
}

/// People whom federations with import have read, and what the bridge keeps over what a directory says
/// of them.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Keeps users of a federation, by their identifiers, and writes only those that are new or
    /// another than what is kept. All of them or none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is no such federation any more.
    async fn import_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        users: &[ImportedUser],
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError>;

    /// The identifiers of a federation's imported users, each with the subject, in the order of the
    /// identifiers from the one after `after` on, at most `limit`.
    async fn imported_identifiers(
        &self,
        federation: FederationId,
        after: Option<&[u8]>,
        limit: u32,
    ) -> Result<Vec<(Vec<u8>, String)>, StoreError>;

    /// The subject of an imported user, by DN, compared as [`crate::dn::Dn`] does.
    async fn imported_by_dn(
        &self,
        federation: FederationId,
        dn: &str,
    ) -> Result<Option<String>, StoreError>;

    /// The subject of an imported user, by what identifies them in their federation.
    async fn imported_by_identifier(
        &self,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<Option<String>, StoreError>;

    /// Forgets users of a federation who are gone from their directory, ends their sessions and
    /// withdraws what was granted in them. That an administrator keeps somebody out, by a block or by
    /// [`LocalProfile::disabled`], is not forgotten, and neither is a password that the bridge holds.
    /// Gives how many there were; subjects of other federations are left alone.
    async fn remove_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subjects: &[String],
    ) -> Result<u64, StoreError>;

    /// Everything that is kept of a person.
    async fn stored_user(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<Option<StoredUser>, StoreError>;

    /// The users of a realm that fit, by user name.
    async fn find_users(
        &self,
        realm: &RealmName,
        query: &UserQuery,
    ) -> Result<Vec<StoredUser>, StoreError>;

    /// How many users of a realm fit; [`UserQuery::first`] and [`UserQuery::limit`] say nothing.
    async fn count_found_users(
        &self,
        realm: &RealmName,
        query: &UserQuery,
    ) -> Result<u64, StoreError>;

    /// What lies over what the directory says of a person; blank where nothing does.
    async fn local_profile(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<LocalProfile, StoreError>;

    /// Replaces it. False: nobody of this subject is known.
    async fn save_local_profile(
        &self,
        realm: &RealmName,
        subject: &str,
        local: &LocalProfile,
    ) -> Result<bool, StoreError>;

    /// What is kept of a federation's synchronisation.
    async fn sync_state(&self, federation: FederationId) -> Result<SyncState, StoreError>;

    /// Begins a run, unless one goes on that was seen after `lost_before`: of several that begin at
    /// once, one wins. False: another goes on.
    async fn begin_sync(
        &self,
        federation: FederationId,
        run: &SyncRun,
        lost_before: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Replaces what is kept of a federation's synchronisation.
    async fn save_sync_state(
        &self,
        federation: FederationId,
        state: &SyncState,
    ) -> Result<(), StoreError>;
}
