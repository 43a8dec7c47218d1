mod changed;
mod control;
mod fakes;
mod full;

use super::*;
use crate::{
    Federations,
    testing::{FakeAudit, FakeClock, MemoryStore, Site, entry},
};
use bridge_model::{
    entry::Entry,
    federation::Federation,
    user::{ImportedUser, StoredUser},
};
use fakes::{Script, ScriptedDirectories, ScriptedPolicies};
use tokio::time::sleep;

/// A site whose federation `staff` imports, and a synchroniser whose directory and policy do what a
/// test wants.
struct Bench {
    site: Site,
    script: Arc<Script>,
    federations: Arc<Federations>,
    synchroniser: Synchroniser,
}

impl Bench {
    /// So many people, `u00` and on, in pages of ten.
    fn new(people: usize) -> Self {
        let site = Site::new(&["staff"]);
        site.store.change("staff", |federation| {
            federation.import_enabled = true;
            federation.synchronisation.batch_size = 10;
        });
        site.directories.put((0..people).map(person));
        let script = Arc::new(Script::default());
        let federations = Arc::new(Federations::new(
            site.store.clone(),
            Arc::new(ScriptedPolicies::new(site.policies.clone(), script.clone())),
            Arc::new(ScriptedDirectories::new(
                site.directories.clone(),
                script.clone(),
            )),
        ));
        let synchroniser = Synchroniser::new(
            federations.clone(),
            site.store.clone(),
            site.clock.clone(),
            site.audit.clone(),
        );
        Self {
            site,
            script,
            federations,
            synchroniser,
        }
    }

    fn store(&self) -> &MemoryStore {
        &self.site.store
    }

    fn audit(&self) -> &FakeAudit {
        &self.site.audit
    }

    fn clock(&self) -> &FakeClock {
        &self.site.clock
    }

    /// Changes the federation.
    fn change(&self, change: impl Fn(&mut Federation)) {
        self.store().change("staff", change);
        self.federations.reload_all();
    }

    /// Changes the entry of somebody; none: it is gone.
    fn put(&self, name: &str, entry: Option<Entry>) {
        let mut state = self.site.directories.state();
        let dn = dn(name);
        let place = state.entries.iter().position(|entry| entry.dn == dn);
        match (place, entry) {
            (Some(place), Some(entry)) => state.entries[place] = entry,
            (Some(place), None) => drop(state.entries.remove(place)),
            (None, entry) => state.entries.extend(entry),
        }
    }

    async fn start(&self, kind: SyncKind) -> Result<SyncRun, SyncError> {
        self.synchroniser.start(&realm(), staff(), kind).await
    }

    /// A run, to its end.
    async fn run(&self, kind: SyncKind) -> SyncRun {
        self.start(kind).await.expect("a run");
        self.ended().await
    }

    async fn ended(&self) -> SyncRun {
        for _ in 0..5_000 {
            let run = self.state().await.last.expect("a run");
            if run.stage != SyncStage::Running {
                return run;
            }
            sleep(Duration::from_millis(1)).await;
        }
        panic!("the run does not end");
    }

    async fn state(&self) -> SyncState {
        let state = self.synchroniser.state(&realm(), staff()).await;
        state.expect("a state")
    }

    /// Who is kept, by user name.
    fn names(&self) -> Vec<String> {
        let tables = self.store().tables();
        let kept = tables.kept.values();
        let mut names: Vec<_> = kept
            .filter_map(|kept| Some(kept.imported.as_ref()?.username.clone()))
            .collect();
        names.sort();
        names
    }

    /// What is kept of somebody.
    fn kept(&self, name: &str) -> Option<StoredUser> {
        let tables = self.store().tables();
        let mut kept = tables.kept.values();
        let kept = kept.find(|kept| kept.known.username == name)?;
        Some(StoredUser {
            known: kept.known.clone(),
            imported: kept.imported.clone().map(Box::new),
            imported_at: kept.imported_at,
            local: kept.local.clone(),
        })
    }

    fn subject(&self, name: &str) -> String {
        self.kept(name).expect("somebody").known.subject
    }
}

fn realm() -> RealmName {
    RealmName::new("a").expect("a name")
}

fn staff() -> FederationId {
    crate::testing::federation("a", "staff").id
}

fn name(number: usize) -> String {
    format!("u{number:02}")
}

fn person(number: usize) -> Entry {
    named(&name(number), "Somebody")
}

/// Somebody with a name for people.
fn named(name: &str, cn: &str) -> Entry {
    entry("staff", name, &[("cn", cn)])
}

fn dn(name: &str) -> String {
    format!("uid={name},ou=staff,dc=example,dc=test")
}

/// The counts of a run: read, added, updated, unchanged, removed, failed.
fn counts(run: &SyncRun) -> [u64; 6] {
    [
        run.read,
        run.added,
        run.updated,
        run.unchanged,
        run.removed,
        run.failed,
    ]
}
