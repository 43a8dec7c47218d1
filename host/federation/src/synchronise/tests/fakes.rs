//! A directory and a policy that do what a test wants.

use crate::testing::{FakeDirectories, FakePolicies};
use async_trait::async_trait;
use bridge_model::{
    changes::Turn,
    decision::{Context, Person, Step},
    entry::Entry,
    federation::{BindName, Federation},
    names::RealmName,
    plan::{Description, Plan, Problem, Proposal},
    policy::{PolicyChoice, Provenance},
    ports::{
        Directories, Directory, DirectoryError, DirectoryFault, MapperPolicy, Offers, Pages,
        Policies, PolicyError, PolicyFault, VendorPolicy,
    },
    realm::PolicyRef,
    search::{Control, Found, Page, PageEntry, PagedSearch, PolicySearch, Reply, Search},
    secret::{Password, Secret},
    write::{PasswordAnswer, PasswordChange, Write},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// What a test wants, and what it sees.
pub(super) struct Script {
    pub(super) wants: Mutex<Wants>,
    /// Pages that may be given; closed by nobody.
    pub(super) gate: Semaphore,
    entries_given: AtomicUsize,
    entries_decided: AtomicUsize,
    /// The most entries that were given and not decided when the next page was asked for.
    pub(super) entries_waiting_max: AtomicUsize,
    searching: AtomicUsize,
    /// The most reads at the same time.
    pub(super) searching_max: AtomicUsize,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            wants: Mutex::default(),
            gate: Semaphore::new(1_000),
            entries_given: AtomicUsize::new(0),
            entries_decided: AtomicUsize::new(0),
            entries_waiting_max: AtomicUsize::new(0),
            searching: AtomicUsize::new(0),
            searching_max: AtomicUsize::new(0),
        }
    }
}

#[derive(Default)]
pub(super) struct Wants {
    /// The page with this number ends with this result code, and is the last.
    pub(super) code: Option<(usize, u32)>,
    /// Entries that stand at the end of every first page, wherever they lie.
    pub(super) strays: Vec<Entry>,
    /// Continuation references on every first page.
    pub(super) references: u64,
    /// User names of people at whom the policy traps.
    pub(super) traps: Vec<String>,
    /// What the policy reads for everyone.
    pub(super) wish: Option<PolicySearch>,
    /// Faults of the reads to come.
    pub(super) search_fault: Option<DirectoryFault>,
    pub(super) digest: Option<String>,
    /// Controls of the interface `changes`; none: it is not exported.
    pub(super) changes: Option<Vec<String>>,
    pub(super) turns: VecDeque<Turn>,
    /// What was asked about changes.
    pub(super) asked: Vec<Asked>,
}

/// A question about changes; without a key and a page the first of a run.
pub(super) struct Asked {
    pub(super) cursor: Option<Vec<u8>>,
    pub(super) key: Option<String>,
    pub(super) page: Option<Page>,
}

impl Script {
    pub(super) fn wants(&self) -> MutexGuard<'_, Wants> {
        self.wants.lock().expect("no test panicked in here")
    }

    pub(super) fn turns(&self, turns: impl IntoIterator<Item = Turn>) {
        self.wants().turns.extend(turns);
    }
}

pub(super) struct ScriptedDirectories {
    inner: Arc<FakeDirectories>,
    script: Arc<Script>,
}

impl ScriptedDirectories {
    pub(super) fn new(inner: Arc<FakeDirectories>, script: Arc<Script>) -> Self {
        Self { inner, script }
    }
}

impl Directories for ScriptedDirectories {
    fn open(
        &self,
        federation: &Federation,
        credential: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError> {
        Ok(Arc::new(ScriptedDirectory {
            inner: self.inner.open(federation, credential)?,
            script: self.script.clone(),
        }))
    }
}

struct ScriptedDirectory {
    inner: Arc<dyn Directory>,
    script: Arc<Script>,
}

#[async_trait]
impl Directory for ScriptedDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        let searching = self.script.searching.fetch_add(1, Ordering::SeqCst) + 1;
        let max = &self.script.searching_max;
        max.fetch_max(searching, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.script.searching.fetch_sub(1, Ordering::SeqCst);
        if let Some(fault) = self.script.wants().search_fault {
            let detail = "as the test wants it";
            return Err(DirectoryError::new(fault, "directory.example:636", detail));
        }
        self.inner.search(search).await
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        controls: &[Control],
    ) -> Result<Reply, DirectoryError> {
        self.inner.bind(name, password, controls).await
    }

    async fn pages(&self, search: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError> {
        Ok(Box::new(ScriptedPages {
            inner: self.inner.pages(search).await?,
            script: self.script.clone(),
            given: 0,
        }))
    }

    async fn write(&self, write: &Write) -> Result<Reply, DirectoryError> {
        self.inner.write(write).await
    }

    async fn set_password(
        &self,
        change: &PasswordChange<'_>,
    ) -> Result<PasswordAnswer, DirectoryError> {
        self.inner.set_password(change).await
    }
}

struct ScriptedPages {
    inner: Box<dyn Pages>,
    script: Arc<Script>,
    given: usize,
}

#[async_trait]
impl Pages for ScriptedPages {
    async fn next(&mut self) -> Result<Option<Page>, DirectoryError> {
        let script = &self.script;
        let given = script.entries_given.load(Ordering::SeqCst);
        let decided = script.entries_decided.load(Ordering::SeqCst);
        let waiting = given.saturating_sub(decided);
        script
            .entries_waiting_max
            .fetch_max(waiting, Ordering::SeqCst);
        script.gate.acquire().await.expect("open").forget();
        let Some(mut page) = self.inner.next().await? else {
            return Ok(None);
        };
        let wants = self.script.wants();
        if self.given == 0 {
            page.references = wants.references;
            let strays = wants.strays.iter().cloned();
            page.entries.extend(strays.map(|entry| PageEntry {
                entry,
                controls: Vec::new(),
            }));
        }
        if let Some((at, code)) = wants.code
            && at == self.given
        {
            page.reply.result_code = code;
            page.is_last = true;
        }
        self.given += 1;
        let entries = page.entries.len();
        self.script
            .entries_given
            .fetch_add(entries, Ordering::SeqCst);
        Ok(Some(page))
    }

    fn server(&self) -> &'static str {
        "directory.example:636"
    }
}

pub(super) struct ScriptedPolicies {
    inner: Arc<FakePolicies>,
    script: Arc<Script>,
}

impl ScriptedPolicies {
    pub(super) fn new(inner: Arc<FakePolicies>, script: Arc<Script>) -> Self {
        Self { inner, script }
    }
}

impl Policies for ScriptedPolicies {
    fn vendor(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        let inner = self.inner.vendor(realm, choice)?;
        let mut reference = inner.reference().clone();
        if let Some(digest) = &self.script.wants().digest {
            reference.digest.clone_from(digest);
        }
        Ok(Arc::new(ScriptedPolicy {
            inner,
            reference,
            script: self.script.clone(),
        }))
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        self.inner.vendors()
    }

    fn mapper(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
        self.inner.mapper(realm, choice)
    }

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        self.inner.mappers()
    }

    fn provenance(&self, _: &str) -> Option<Provenance> {
        self.inner.provenance("sha256:1")
    }

    fn put_in_force(&self, digest: &str) -> Result<PolicyRef, PolicyError> {
        self.inner.put_in_force(digest)
    }

    fn limit_realm(&self, realm: &RealmName, time_per_second: Duration) {
        self.inner.limit_realm(realm, time_per_second);
    }
}

struct ScriptedPolicy {
    inner: Arc<dyn VendorPolicy>,
    reference: PolicyRef,
    script: Arc<Script>,
}

impl ScriptedPolicy {
    fn turn(&self, asked: Asked) -> Turn {
        let mut wants = self.script.wants();
        wants.asked.push(asked);
        wants.turns.pop_front().expect("an answer for every call")
    }
}

impl VendorPolicy for ScriptedPolicy {
    fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    fn description(&self) -> &Description {
        self.inner.description()
    }

    fn translate(
        &self,
        federation: &Federation,
    ) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
        self.inner.translate(federation)
    }

    fn recognise(&self, root: &Entry, samples: &[Entry]) -> Result<Option<Proposal>, PolicyError> {
        self.inner.recognise(root, samples)
    }

    fn decide(&self, context: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
        let wants = self.script.wants();
        let is_trap = |person: &Person| {
            let own = person.entry.values("uid");
            let mut traps = wants.traps.iter();
            traps.any(|trap| own.iter().any(|own| own == trap.as_bytes()))
        };
        if persons.iter().any(is_trap) {
            return Err(PolicyError {
                policy: self.reference.id.clone(),
                fault: PolicyFault::Trap,
                detail: "as the test wants it".to_owned(),
            });
        }
        let mut steps = self.inner.decide(context, persons)?;
        let mut decided = persons.len();
        if let Some(wish) = &wants.wish {
            for (step, person) in steps.iter_mut().zip(persons) {
                if person.findings.is_empty() {
                    *step = Step::Read(vec![wish.clone()]);
                    decided -= 1;
                }
            }
        }
        self.script
            .entries_decided
            .fetch_add(decided, Ordering::SeqCst);
        Ok(steps)
    }

    fn offers(&self) -> Offers {
        Offers {
            changes: self.script.wants().changes.clone(),
            ..Offers::default()
        }
    }

    fn start_changes(&self, _: &Context, cursor: Option<&[u8]>) -> Result<Turn, PolicyError> {
        Ok(self.turn(Asked {
            cursor: cursor.map(<[u8]>::to_vec),
            key: None,
            page: None,
        }))
    }

    fn follow_changes(
        &self,
        _: &Context,
        cursor: Option<&[u8]>,
        asked: &str,
        page: &Page,
    ) -> Result<Turn, PolicyError> {
        Ok(self.turn(Asked {
            cursor: cursor.map(<[u8]>::to_vec),
            key: Some(asked.to_owned()),
            page: Some(page.clone()),
        }))
    }
}
