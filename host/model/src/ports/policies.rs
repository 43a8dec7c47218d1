//! Policies: the component host as the other rooms see it.

use crate::{
    changes::Turn,
    decision::{Adjustment, Candidate, Claim, Context, Person, Step},
    entry::Entry,
    federation::Federation,
    names::RealmName,
    plan::{Description, Mapper, MapperPlan, Plan, Problem, Proposal},
    policy::{PolicyChoice, Provenance},
    realm::PolicyRef,
    search::{Page, Reply},
    time::Timestamp,
    write::{Complaint, EntryChange, NewEntry, ProfileChange},
};
use std::{fmt, sync::Arc, time::Duration};

/// The policies that are loaded.
pub trait Policies: Send + Sync {
    /// A vendor policy for a realm: its calls count against the realm's processor time, and what it logs
    /// goes to the realm's log.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::Unknown`], also for a mapper policy.
    fn vendor(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError>;

    /// A mapper policy for a realm, by the kind of mapper that it does or by digest.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::Unknown`], also for a vendor policy.
    fn mapper(
        &self,
        realm: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError>;

    /// The vendor policies in force, in the order of ids.
    fn vendors(&self) -> Vec<(PolicyRef, Description)>;

    /// The mapper policies in force, in the order of ids.
    fn mappers(&self) -> Vec<(PolicyRef, Description)>;

    /// What is known of a policy that is loaded, in force or not.
    fn provenance(&self, digest: &str) -> Option<Provenance>;

    /// Puts a policy that is loaded in force under its id and its aliases, in the place of the one that is
    /// there. Calls and sign-ins that have begun end with the one that they began with.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::Unknown`] for a digest that is not loaded; [`PolicyFault::NotAdmitted`] where a
    /// policy of another id has one of its names.
    fn put_in_force(&self, digest: &str) -> Result<PolicyRef, PolicyError>;

    /// How much processor time a realm's policies may use in a second from now on. What was not used is
    /// saved up for a second. A call about several persons is refused while less than half of that is
    /// left, so that a synchronisation keeps nobody from signing in: it waits and asks again.
    fn limit_realm(&self, realm: &RealmName, time_per_second: Duration);
}

/// A mapper policy; see `claim-mapper` in `wit/policy.wit`. What is said of [`VendorPolicy`] holds.
pub trait MapperPolicy: Send + Sync {
    /// Which policy this is.
    fn reference(&self) -> &PolicyRef;

    /// What it says of itself: its id and its aliases are the kinds of mapper that it does.
    fn description(&self) -> &Description;

    /// See [`VendorPolicy::ready`].
    ///
    /// # Errors
    ///
    /// [`PolicyFault::Busy`].
    fn ready(&self) -> Result<(), PolicyError> {
        Ok(())
    }

    /// See [`VendorPolicy::is_slow`].
    fn is_slow(&self) -> bool {
        false
    }

    /// Checks a mapper, or says everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn check(&self, mapper: &Mapper) -> Result<Result<MapperPlan, Vec<Problem>>, PolicyError>;

    /// One result for each candidate, in order.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn adjust(
        &self,
        memo: &[u8],
        now: Timestamp,
        candidates: &[Candidate],
    ) -> Result<Vec<Result<Vec<Adjustment>, Problem>>, PolicyError>;
}

/// A vendor policy; see `vendor` in `wit/policy.wit`. Every call runs in a fresh instance, on the
/// calling thread, within the host's limits: some ten microseconds, a few milliseconds at the most.
pub trait VendorPolicy: Send + Sync {
    /// Which policy this is.
    fn reference(&self) -> &PolicyRef;

    /// What it says of itself.
    fn description(&self) -> &Description;

    /// Whether the realm has processor time left for a call, so that nothing needs to be begun that would
    /// be refused.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::Busy`].
    fn ready(&self) -> Result<(), PolicyError> {
        Ok(())
    }

    /// Whether calls have lately taken so long that they do not belong on a thread that others wait for.
    ///
    /// A call runs on the thread that makes it, whether it is slow or not: it borrows its arguments, and
    /// its processor time is that thread's. Where a slow one runs is for the caller to say, who knows what
    /// else is waited for.
    fn is_slow(&self) -> bool {
        false
    }

    /// Translates a federation into a plan, or says everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn translate(&self, federation: &Federation)
    -> Result<Result<Plan, Vec<Problem>>, PolicyError>;

    /// Whether this directory is one of the vendor's, and how a federation with it would look; none:
    /// not one of the vendor's, or a policy that recognises nothing. `root` is the root DSE, `samples`
    /// are a few entries found below its naming contexts.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn recognise(&self, root: &Entry, samples: &[Entry]) -> Result<Option<Proposal>, PolicyError>;

    /// One step for each person, in order.
    ///
    /// # Errors
    ///
    /// When the policy itself failed; then nobody of the call is let in.
    fn decide(&self, context: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError>;

    /// Which of the optional interfaces of `wit/policy.wit` the policy exports. A call to one that it
    /// does not export is a [`PolicyFault::NotOffered`].
    fn offers(&self) -> Offers {
        Offers::default()
    }

    /// What a refused password change means; `user` is the entry.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn explain_password(
        &self,
        context: &Context,
        user: &Entry,
        reply: &Reply,
    ) -> Result<Vec<Complaint>, PolicyError> {
        let _ = (context, user, reply);
        Err(not_offered(self.reference(), "passwords"))
    }

    /// Translates a change of a person's profile, or says everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn modify(
        &self,
        context: &Context,
        user: &Entry,
        changes: &[ProfileChange],
    ) -> Result<Result<EntryChange, Vec<Problem>>, PolicyError> {
        let _ = (context, user, changes);
        Err(not_offered(self.reference(), "writing"))
    }

    /// Makes the entry of a new user of a profile, or says everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn register(
        &self,
        context: &Context,
        profile: &[Claim],
    ) -> Result<Result<NewEntry, Vec<Problem>>, PolicyError> {
        let _ = (context, profile);
        Err(not_offered(self.reference(), "writing"))
    }

    /// What the directory's refusal of a write means, in the fields of the profile.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn explain_write(&self, context: &Context, reply: &Reply) -> Result<Vec<Problem>, PolicyError> {
        let _ = (context, reply);
        Err(not_offered(self.reference(), "writing"))
    }

    /// Begins to look for what changed since `cursor`; none: sets the mark before all users are read.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn start_changes(&self, context: &Context, cursor: Option<&[u8]>) -> Result<Turn, PolicyError> {
        let _ = (context, cursor);
        Err(not_offered(self.reference(), "changes"))
    }

    /// Takes one page of the read with the key `asked`.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn follow_changes(
        &self,
        context: &Context,
        cursor: Option<&[u8]>,
        asked: &str,
        page: &Page,
    ) -> Result<Turn, PolicyError> {
        let _ = (context, cursor, asked, page);
        Err(not_offered(self.reference(), "changes"))
    }
}

fn not_offered(policy: &PolicyRef, interface: &str) -> PolicyError {
    PolicyError {
        policy: policy.id.clone(),
        fault: PolicyFault::NotOffered,
        detail: format!("it does not export `{interface}`"),
    }
}

/// Which of the optional interfaces a policy exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// It says what a refused password change means.
    pub passwords: bool,
    /// It translates profile changes and makes entries of new users.
    pub writing: bool,
    /// It knows how to find what changed, with these controls (OIDs); none: all users are read and
    /// compared.
    pub changes: Option<Vec<String>>,
}

/// Why a policy gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("policy {policy}: {fault}: {detail}")]
pub struct PolicyError {
    /// The policy's id, or the vendor that was asked for.
    pub policy: String,
    /// What kind of fault.
    pub fault: PolicyFault,
    /// What happened, for the log.
    pub detail: String,
}

/// What kind of fault kept a policy from answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// There is no policy for this vendor.
    Unknown,
    /// It is no component, or a component of another world.
    NotAdmitted,
    /// It trapped.
    Trap,
    /// It outlived its deadline.
    Deadline,
    /// It wanted more memory, table, stack or handles than it may have.
    Memory,
    /// Its answer is over the limits.
    Output,
    /// It answered against the contract.
    Contract,
    /// All instances are in use, or the realm's policies have used up their processor time.
    Busy,
    /// It does not export the interface.
    NotOffered,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown vendor",
            Self::NotAdmitted => "not admitted",
            Self::Trap => "trapped",
            Self::Deadline => "outlived its deadline",
            Self::Memory => "wanted more memory than it may have",
            Self::Output => "answered more than it may",
            Self::Contract => "answered against the contract",
            Self::Busy => "has no time for this now",
            Self::NotOffered => "does not offer this",
        })
    }
}
