//! What the tests of this suite stand on.

use crate::memory;
use bridge_model::{
    decision::{Context, Person, Step},
    names::RealmName,
    policy::PolicyChoice,
    ports::{Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use bridge_policy::{HostSettings, Limits, PolicyHost};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError, RwLockReadGuard, RwLockWriteGuard},
};
use suites::policy::{MEASURED_ALONE, context, guest, in_force, lift_limit, person, take};
use tracing_subscriber::fmt::MakeWriter;

/// Limits under which a test does not wait long, on a machine that has other things to do.
pub(crate) fn limits() -> Limits {
    Limits {
        instances_max: 8,
        memory_octets_max: 16 << 20,
        call_ms_max: 2_000,
        tick_ms: 1,
        ..Limits::default()
    }
}

/// A host with one policy in it.
pub(crate) struct Stage {
    host: PolicyHost,
    reference: PolicyRef,
    _turn: Turn,
}

/// What a test holds while it calls policies.
#[expect(dead_code, reason = "it is held for others to wait for")]
enum Turn {
    WithOthers(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Stage {
    /// A host with these limits and this guest.
    pub(crate) fn new(limits: Limits, folder: &str) -> Self {
        Self::in_turn(limits, folder, Turn::WithOthers(turn()))
    }

    /// The same while no other test calls policies: for one that measures memory.
    pub(crate) fn alone(limits: Limits, folder: &str) -> Self {
        Self::in_turn(limits, folder, Turn::Alone(memory::alone()))
    }

    fn in_turn(limits: Limits, folder: &str, turn: Turn) -> Self {
        let host = host(limits);
        let reference = take(&host, guest(folder)).expect("the guest is admitted");
        Self {
            host,
            reference,
            _turn: turn,
        }
    }

    pub(crate) fn host(&self) -> &PolicyHost {
        &self.host
    }

    pub(crate) fn policy(&self) -> Arc<dyn VendorPolicy> {
        in_force(&self.host, &self.reference.id).expect("it is loaded")
    }

    /// The same for another realm.
    pub(crate) fn policy_for(&self, realm: &str) -> Arc<dyn VendorPolicy> {
        let realm = RealmName::new(realm).expect("a name");
        let id = PolicyChoice::InForce(&self.reference.id);
        self.host.vendor(&realm, id).expect("it is loaded")
    }

    /// Has the guest misbehave in this way.
    pub(crate) fn misbehave(&self, how: &str) -> Result<Vec<Step>, PolicyError> {
        self.policy()
            .decide(&context(how.as_bytes()), &[person("uid=ada")])
    }

    /// Has the guest misbehave, and checks what became of it: the fault, a part of the text, and that
    /// the next call is answered.
    pub(crate) fn expect(&self, how: &str, fault: PolicyFault, part: &str) {
        let error = self.misbehave(how).expect_err("it misbehaved");
        assert_eq!(error.fault, fault, "{error}");
        assert_eq!(error.policy, self.reference.id);
        assert!(error.detail.contains(part), "{error}");
        self.expect_good_call();
    }

    /// Checks that a call is answered in which nobody misbehaves.
    pub(crate) fn expect_good_call(&self) {
        expect_good_call(&*self.policy());
    }
}

/// Taken by every test that calls policies: no two hold it while memory is measured.
pub(crate) fn turn() -> RwLockReadGuard<'static, ()> {
    // A test that failed while it measured has left nothing half-done.
    MEASURED_ALONE
        .read()
        .unwrap_or_else(PoisonError::into_inner)
}

/// A host without policies. Only `realm` may use as much processor time as it likes.
pub(crate) fn host(limits: Limits) -> PolicyHost {
    let settings = HostSettings {
        limits,
        ..HostSettings::default()
    };
    let host = PolicyHost::new(settings).expect("a host");
    lift_limit(&host);
    host
}

/// A component in which one name stands in another's place. Both have the same length, so nothing else
/// in it changes.
pub(crate) fn renamed(component: &[u8], name: &str, other: &str) -> Vec<u8> {
    assert_eq!(name.len(), other.len());
    let mut octets = component.to_vec();
    let mut found = 0;
    for at in 0..octets.len() {
        if octets[at..].starts_with(name.as_bytes()) {
            octets[at..at + name.len()].copy_from_slice(other.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{name} is nowhere in it");
    octets
}

/// Checks that a hostile guest answers while it is not told to misbehave.
pub(crate) fn expect_good_call(policy: &dyn VendorPolicy) {
    let steps = policy.decide(&context(b""), &[person("uid=ada"), person("uid=alan")]);
    assert_eq!(
        usernames(&steps.expect("a good call")),
        ["uid=ada", "uid=alan"]
    );
}

/// The user names of those who were identified.
pub(crate) fn usernames(steps: &[Step]) -> Vec<&str> {
    steps
        .iter()
        .filter_map(|step| match step {
            Step::Identified(identity) => Some(identity.username.as_str()),
            _ => None,
        })
        .collect()
}

/// One person after the other.
pub(crate) fn singly(
    policy: &dyn VendorPolicy,
    context: &Context,
    persons: &[Person],
) -> Result<Vec<Step>, PolicyError> {
    let mut steps = Vec::new();
    for person in persons {
        steps.extend(policy.decide(context, std::slice::from_ref(person))?);
    }
    Ok(steps)
}

/// What `work` logs, as text.
pub(crate) fn logged<T>(work: impl FnOnce() -> T) -> (T, String) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(lines.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let result = tracing::subscriber::with_default(subscriber, work);
    let octets = lines.0.lock().expect("no writer panicked").clone();
    (result, String::from_utf8(octets).expect("text"))
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panicked")
            .extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
