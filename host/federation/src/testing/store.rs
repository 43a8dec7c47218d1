//! A store in memory. What a sign-in does not ask for is refused and not made up.

use super::{elsewhere::unused, imports::Kept};
use async_trait::async_trait;
use bridge_model::{
    federation::Federation,
    names::{FederationId, FederationName, RealmName},
    plan::Plan,
    policy::{PolicyInForce, PolicyRules},
    ports::{Precondition, Realms, StoreError, Users},
    realm::{Applied, Declaration, FederationKey, PlannedFederation, PolicyRef, Realm, Revision},
    secret::Secret,
    session::{Session, TokenHash},
    synchronisation::SyncState,
    time::Timestamp,
    user::{KnownUser, Standing},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard},
};

#[derive(Default)]
pub(crate) struct MemoryStore(Mutex<Tables>);

#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) federations: Vec<PlannedFederation>,
    pub(crate) policies_off: Vec<String>,
    /// Subjects of people whom an administrator keeps out.
    pub(crate) blocked: Vec<String>,
    /// Subjects that people brought along, by identifier.
    pub(crate) imported: HashMap<Vec<u8>, String>,
    /// Everybody who was noted, each time.
    pub(crate) known: Vec<KnownUser>,
    /// Attempts, and when they stop to count.
    pub(crate) attempts: HashMap<TokenHash, (u32, Timestamp)>,
    /// How often federations were read.
    pub(crate) loads: usize,
    pub(crate) is_down: bool,
    /// What imports and administrators keep, by realm and subject.
    pub(crate) kept: BTreeMap<(RealmName, String), Kept>,
    /// Users that an import wrote, each time.
    pub(crate) import_writes: usize,
    /// How often what lies over the directory was asked for.
    pub(crate) local_reads: usize,
    /// Subjects whose sessions were ended, each time.
    pub(crate) sessions_ended: Vec<String>,
    pub(crate) synchronisations: HashMap<FederationId, SyncState>,
    /// Which policies may serve a realm, where that is said.
    pub(crate) rules: HashMap<RealmName, PolicyRules>,
    pub(crate) policies_in_force: Vec<PolicyInForce>,
    /// Whether what is in force cannot be kept.
    pub(crate) keeps_no_policies: bool,
}

impl Tables {
    fn realm(&self, name: &RealmName) -> Realm {
        let policies = self.rules.get(name).cloned().unwrap_or_default();
        Realm {
            policies,
            ..Realm::new(name.clone())
        }
    }

    fn standing(&self, federation: FederationId, subject: &str) -> Standing {
        let mut federations = self.federations.iter().map(|it| &it.federation);
        Standing {
            is_blocked: self.blocked.iter().any(|blocked| blocked == subject),
            is_federation_enabled: federations.any(|it| it.id == federation && it.enabled),
        }
    }
}

impl MemoryStore {
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().expect("no test panicked in here")
    }

    pub(crate) fn put_federation(&self, planned: PlannedFederation) {
        self.tables().federations.push(planned);
    }

    /// Changes the federations of this name, in all realms.
    pub(crate) fn change(&self, name: &str, change: impl Fn(&mut Federation)) {
        let mut tables = self.tables();
        let federations = tables.federations.iter_mut().map(|it| &mut it.federation);
        federations
            .filter(|federation| federation.name.as_str() == name)
            .for_each(change);
    }

    pub(super) fn up(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.tables();
        if tables.is_down {
            return Err(StoreError::Database("the test took it down".into()));
        }
        Ok(tables)
    }
}

#[async_trait]
impl Realms for MemoryStore {
    async fn realms(&self) -> Result<Vec<Realm>, StoreError> {
        let tables = self.up()?;
        let names = tables.federations.iter().map(|it| &it.federation.realm);
        let names: BTreeSet<_> = names.collect();
        Ok(names.into_iter().map(|name| tables.realm(name)).collect())
    }
    async fn realm(&self, name: &RealmName) -> Result<Option<Realm>, StoreError> {
        let tables = self.up()?;
        let mut federations = tables.federations.iter();
        let is_known = federations.any(|it| it.federation.realm == *name);
        Ok(is_known.then(|| tables.realm(name)))
    }
    async fn subject_key(&self, realm: &RealmName) -> Result<Option<Secret>, StoreError> {
        let tables = self.up()?;
        let is_known = tables
            .federations
            .iter()
            .any(|it| it.federation.realm == *realm);
        Ok(is_known.then(|| Secret::new(realm.as_str())))
    }
    async fn federations(&self, realm: &RealmName) -> Result<Vec<PlannedFederation>, StoreError> {
        let mut tables = self.up()?;
        tables.loads += 1;
        let federations = tables.federations.iter();
        Ok(federations
            .filter(|it| it.federation.realm == *realm)
            .cloned()
            .collect())
    }
    async fn importing_federations(&self) -> Result<Vec<Federation>, StoreError> {
        let tables = self.up()?;
        let federations = tables.federations.iter().map(|it| &it.federation);
        // Both realms have the same ones.
        let first = federations.filter(|it| it.realm.as_str() == "a");
        let importing = first.filter(|it| it.enabled && it.import_enabled);
        Ok(importing.cloned().collect())
    }
    async fn federation(
        &self,
        realm: &RealmName,
        id: FederationId,
    ) -> Result<Option<PlannedFederation>, StoreError> {
        let tables = self.up()?;
        let mut federations = tables.federations.iter();
        let found = federations.find(|it| it.federation.realm == *realm && it.federation.id == id);
        Ok(found.cloned())
    }
    async fn federation_key(
        &self,
        _: &RealmName,
        _: &FederationName,
    ) -> Result<Option<FederationKey>, StoreError> {
        unused()
    }
    async fn save_plan(
        &self,
        id: FederationId,
        revision: Revision,
        plan: &Plan,
        policy: &PolicyRef,
    ) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        let mut federations = tables.federations.iter_mut();
        let kept = federations.find(|it| it.federation.id == id && it.revision == revision);
        let kept = kept.ok_or_else(|| StoreError::Stale("the federation".to_owned()))?;
        kept.plan.clone_from(plan);
        kept.policy.clone_from(policy);
        Ok(())
    }
    async fn bind_credential(&self, _: &Federation) -> Result<Option<Secret>, StoreError> {
        drop(self.up()?);
        Ok(Some(Secret::new("service")))
    }
    async fn save_realm(
        &self,
        _: &Realm,
        _: Precondition,
        _: Timestamp,
    ) -> Result<Realm, StoreError> {
        unused()
    }
    async fn remove_realm(&self, _: &RealmName, _: Precondition) -> Result<(), StoreError> {
        unused()
    }
    async fn save_federation(
        &self,
        planned: &PlannedFederation,
        _: Option<&Secret>,
        precondition: Precondition,
        _: Timestamp,
    ) -> Result<PlannedFederation, StoreError> {
        let mut tables = self.up()?;
        let (realm, id) = (&planned.federation.realm, planned.federation.id);
        let mut kept = tables.federations.iter_mut();
        let kept = kept.find(|it| it.federation.realm == *realm && it.federation.id == id);
        let kept = kept.ok_or_else(|| StoreError::Missing(format!("federation {id}")))?;
        if let Precondition::Revision(wanted) = precondition
            && wanted != kept.revision
        {
            return Err(StoreError::Stale(format!("federation {id}")));
        }
        *kept = PlannedFederation {
            revision: Revision(kept.revision.0 + 1),
            ..planned.clone()
        };
        Ok(kept.clone())
    }
    async fn remove_federation(
        &self,
        _: &RealmName,
        _: FederationId,
        _: Precondition,
    ) -> Result<(), StoreError> {
        unused()
    }
    async fn policies_off(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.up()?.policies_off.clone())
    }
    async fn switch_policy(&self, _: &str, _: bool) -> Result<(), StoreError> {
        unused()
    }
    async fn apply(&self, _: &Declaration, _: bool, _: Timestamp) -> Result<Applied, StoreError> {
        unused()
    }
    async fn sources(&self) -> Result<Vec<String>, StoreError> {
        unused()
    }
}

#[async_trait]
impl Users for MemoryStore {
    async fn note_user(&self, user: &KnownUser, _: Timestamp) -> Result<Standing, StoreError> {
        let mut tables = self.up()?;
        tables.known.push(user.clone());
        let key = (user.realm.clone(), user.subject.clone());
        let kept = tables.kept.entry(key).or_insert_with(|| Kept::known(user));
        kept.known.username.clone_from(&user.username);
        kept.known.entry_dn.clone_from(&user.entry_dn);
        Ok(tables.standing(user.federation, &user.subject))
    }
    async fn standing(
        &self,
        _: &RealmName,
        federation: FederationId,
        subject: &str,
    ) -> Result<Standing, StoreError> {
        Ok(self.up()?.standing(federation, subject))
    }
    async fn users(
        &self,
        _: &RealmName,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<KnownUser>, StoreError> {
        unused()
    }
    async fn user(
        &self,
        realm: &RealmName,
        subject: &str,
    ) -> Result<Option<KnownUser>, StoreError> {
        let tables = self.up()?;
        let kept = tables.kept.get(&(realm.clone(), subject.to_owned()));
        Ok(kept.map(|kept| kept.known.clone()))
    }
    async fn count_users(&self, _: FederationId) -> Result<u64, StoreError> {
        let known = self.up()?.known.len();
        Ok(u64::try_from(known).expect("few"))
    }
    async fn set_blocked(
        &self,
        _: &RealmName,
        _: &str,
        _: bool,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        unused()
    }
    async fn sessions_of(
        &self,
        _: &RealmName,
        _: &str,
        _: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        unused()
    }
    async fn end_sessions_of(&self, _: &RealmName, subject: &str) -> Result<u64, StoreError> {
        self.up()?.sessions_ended.push(subject.to_owned());
        Ok(1)
    }
    async fn import_subjects(
        &self,
        _: &RealmName,
        _: FederationId,
        _: &[(Vec<u8>, String)],
    ) -> Result<(), StoreError> {
        unused()
    }
    async fn imported_subject(
        &self,
        _: &RealmName,
        _: FederationId,
        identifier: &[u8],
    ) -> Result<Option<String>, StoreError> {
        Ok(self.up()?.imported.get(identifier).cloned())
    }
}
