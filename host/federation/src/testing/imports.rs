//! What imports keep, in memory.

use super::MemoryStore;
use async_trait::async_trait;
use bridge_model::{
    account::User,
    dn::Dn,
    names::{FederationId, RealmName},
    ports::{Imports, StoreError},
    synchronisation::{SyncRun, SyncStage, SyncState},
    time::Timestamp,
    user::{ImportCounts, ImportedUser, KnownUser, LocalProfile, StoredUser, UserQuery},
};

/// What is kept of one person.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) known: KnownUser,
    pub(crate) identifier: Option<Vec<u8>>,
    pub(crate) imported: Option<User>,
    pub(crate) imported_at: Option<Timestamp>,
    pub(crate) local: LocalProfile,
}

impl Kept {
    pub(crate) fn known(known: &KnownUser) -> Self {
        Self {
            known: known.clone(),
            identifier: None,
            imported: None,
            imported_at: None,
            local: LocalProfile::default(),
        }
    }

    fn stored(&self) -> StoredUser {
        StoredUser {
            known: self.known.clone(),
            imported: self.imported.clone().map(Box::new),
            imported_at: self.imported_at,
            local: self.local.clone(),
        }
    }

    fn fits(&self, query: &UserQuery) -> bool {
        let claim = |name: &str| {
            let claims = self.imported.as_ref().map(|user| &user.claims);
            let value = claims.and_then(|claims| claims.get(name)?.as_str());
            value.unwrap_or_default().to_lowercase()
        };
        let is_like = |own: &str, wanted: &Option<String>| match wanted {
            None => true,
            Some(wanted) if query.is_exact => own.to_lowercase() == wanted.to_lowercase(),
            Some(wanted) => own.to_lowercase().contains(&wanted.to_lowercase()),
        };
        is_like(&self.known.username, &query.username)
            && is_like(&claim("email"), &query.email)
            && is_like(&claim("given_name"), &query.given_name)
            && is_like(&claim("family_name"), &query.family_name)
            && query.search.as_ref().is_none_or(|text| {
                let names = ["email", "given_name", "family_name"].map(claim).join("\n");
                let own = format!("{}\n{names}", self.known.username.to_lowercase());
                own.contains(&text.to_lowercase())
            })
    }
}

#[async_trait]
impl Imports for MemoryStore {
    async fn import_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        users: &[ImportedUser],
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        let mut tables = self.up()?;
        let mut federations = tables.federations.iter();
        if !federations.any(|it| it.federation.id == federation) {
            return Err(StoreError::Missing("federation".to_owned()));
        }
        let mut counts = ImportCounts::default();
        let tables = &mut *tables;
        for ImportedUser { identifier, user } in users {
            let known = KnownUser {
                realm: realm.clone(),
                subject: user.subject.clone(),
                federation,
                username: user.username.clone(),
                entry_dn: user.entry_dn.clone(),
                blocked: false,
                created_at: now,
            };
            let key = (realm.clone(), user.subject.clone());
            let kept = tables
                .kept
                .entry(key)
                .or_insert_with(|| Kept::known(&known));
            match &kept.imported {
                None => counts.added += 1,
                Some(before) if before == user => {
                    counts.unchanged += 1;
                    continue;
                }
                Some(_) => counts.updated += 1,
            }
            kept.identifier = Some(identifier.clone());
            kept.imported = Some(user.clone());
            kept.imported_at = Some(now);
            kept.known.username.clone_from(&user.username);
            kept.known.entry_dn.clone_from(&user.entry_dn);
            tables.import_writes += 1;
        }
        Ok(counts)
    }

    async fn imported_identifiers(
        &self,
        federation: FederationId,
        after: Option<&[u8]>,
        limit: u32,
    ) -> Result<Vec<(Vec<u8>, String)>, StoreError> {
        let tables = self.up()?;
        let kept = tables.kept.values();
        let mut identifiers: Vec<_> = kept
            .filter(|kept| kept.known.federation == federation && kept.imported.is_some())
            .filter_map(|kept| Some((kept.identifier.clone()?, kept.known.subject.clone())))
            .filter(|(identifier, _)| after.is_none_or(|after| identifier.as_slice() > after))
            .collect();
        identifiers.sort();
        identifiers.truncate(usize::try_from(limit).expect("a small number"));
        Ok(identifiers)
    }

    async fn imported_by_dn(
        &self,
        federation: FederationId,
        dn: &str,
    ) -> Result<Option<String>, StoreError> {
        let tables = self.up()?;
        let wanted = Dn::parse(dn).ok();
        let mut kept = tables.kept.values();
        let found = kept.find(|kept| {
            kept.known.federation == federation
                && kept.imported.is_some()
                && Dn::parse(&kept.known.entry_dn).ok() == wanted
        });
        Ok(found.map(|kept| kept.known.subject.clone()))
    }

    async fn imported_by_identifier(
        &self,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<Option<String>, StoreError> {
        let tables = self.up()?;
        let mut kept = tables.kept.values();
        let found = kept.find(|kept| {
            kept.known.federation == federation
                && kept.imported.is_some()
                && kept.identifier.as_deref() == Some(identifier)
        });
        Ok(found.map(|kept| kept.known.subject.clone()))
    }

    async fn remove_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subjects: &[String],
    ) -> Result<u64, StoreError> {
        let mut tables = self.up()?;
        let mut removed = 0;
        for subject in subjects {
            let key = (realm.clone(), subject.clone());
            let Some(kept) = tables.kept.get_mut(&key) else {
                continue;
            };
            if kept.known.federation != federation {
                continue;
            }
            let has_password = kept.local.password_hash.is_some();
            if !has_password {
                kept.local.claims.clear();
            }
            kept.identifier = None;
            kept.imported = None;
            kept.imported_at = None;
            if !(has_password || kept.known.blocked || kept.local.disabled) {
                tables.kept.remove(&key);
            }
            tables.sessions_ended.push(subject.clone());
            removed += 1;
        }
        Ok(removed)
    }

    async fn stored_user(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<Option<StoredUser>, StoreError> {
        let tables = self.up()?;
        let kept = tables.kept.get(&(realm.clone(), subject.to_owned()));
        Ok(kept.map(Kept::stored))
    }

    async fn find_users(
        &self,
        realm: &RealmName,
        query: &UserQuery,
    ) -> Result<Vec<StoredUser>, StoreError> {
        let tables = self.up()?;
        let kept = tables.kept.values();
        let mut found: Vec<_> = kept
            .filter(|kept| kept.known.realm == *realm && kept.fits(query))
            .map(Kept::stored)
            .collect();
        found.sort_by(|a, b| a.known.username.cmp(&b.known.username));
        let first = usize::try_from(query.first).expect("a small number");
        let limit = usize::try_from(query.limit).expect("a small number");
        Ok(found.into_iter().skip(first).take(limit).collect())
    }

    async fn count_found_users(
        &self,
        realm: &RealmName,
        query: &UserQuery,
    ) -> Result<u64, StoreError> {
        let all = UserQuery {
            first: 0,
            limit: u32::MAX,
            ..query.clone()
        };
        let found = self.find_users(realm, &all).await?;
        Ok(u64::try_from(found.len()).expect("few"))
    }

    async fn local_profile(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<LocalProfile, StoreError> {
        let mut tables = self.up()?;
        tables.local_reads += 1;
        let kept = tables.kept.get(&(realm.clone(), subject.to_owned()));
        Ok(kept.map_or_else(LocalProfile::default, |kept| kept.local.clone()))
    }

    async fn save_local_profile(
        &self,
        realm: &RealmName,
        subject: &str,
        local: &LocalProfile,
    ) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        let kept = tables.kept.get_mut(&(realm.clone(), subject.to_owned()));
        Ok(kept.is_some_and(|kept| {
            kept.local = local.clone();
            true
        }))
    }

    async fn sync_state(&self, federation: FederationId) -> Result<SyncState, StoreError> {
        let tables = self.up()?;
        let state = tables.synchronisations.get(&federation);
        Ok(state.cloned().unwrap_or_default())
    }

    async fn begin_sync(
        &self,
        federation: FederationId,
        run: &SyncRun,
        lost_before: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        let state = tables.synchronisations.entry(federation).or_default();
        let goes_on = state
            .last
            .as_ref()
            .is_some_and(|last| last.stage == SyncStage::Running && last.seen_at >= lost_before);
        if !goes_on {
            state.last = Some(run.clone());
        }
        Ok(!goes_on)
    }

    async fn save_sync_state(
        &self,
        federation: FederationId,
        state: &SyncState,
    ) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        tables.synchronisations.insert(federation, state.clone());
        Ok(())
    }
}
