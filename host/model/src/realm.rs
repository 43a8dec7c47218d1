//! Realms, and what files declare of them.

use crate::{
    client::Client,
    federation::Federation,
    names::{FederationId, RealmName},
    plan::Plan,
    policy::PolicyRules,
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A tenant: one issuer, with its own federations, clients and keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realm {
    /// A segment of the issuer's path.
    pub name: RealmName,
    /// What people read on the sign-in page; none: the name.
    pub display_name: Option<String>,
    /// Whether anybody can sign in.
    pub enabled: bool,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Groups, by DN or by name, whose people may be administrators of the realm. A name is meant in
    /// every federation of the realm, a DN in one.
    pub admin_groups: Vec<String>,
    /// Which policies may serve the realm, and how much of the processor they may have.
    pub policies: PolicyRules,
    /// The file that declares the realm; then it is read-only elsewhere.
    pub managed_by: Option<String>,
    /// Set by the store.
    pub revision: Revision,
}

impl Realm {
    /// A realm of which nothing but the name is said: switched on, with the presets.
    pub fn new(name: RealmName) -> Self {
        Self {
            name,
            display_name: None,
            enabled: true,
            lifetimes: Lifetimes::default(),
            admin_groups: Vec::new(),
            policies: PolicyRules::default(),
            managed_by: None,
            revision: Revision::default(),
        }
    }
}

/// How often an object was written: it grows with every change, and no two states of an object have
/// the same.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// The realm whose administrators administer all realms.
pub const PLATFORM: &str = "platform";

/// How long things of a realm live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetimes {
    /// A person's session, from the sign-in on.
    pub session: Duration,
    /// A sign-in that was begun.
    pub interaction: Duration,
    /// An authorization code; at most ten minutes (RFC 6749 section 4.1.2).
    pub code: Duration,
    /// Access and ID tokens.
    pub token: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            session: Duration::from_hours(10),
            interaction: Duration::from_mins(30),
            code: Duration::from_mins(1),
            token: Duration::from_mins(5),
        }
    }
}

/// Which policy, to the octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PolicyRef {
    /// The id from its description.
    pub id: String,
    /// The version from its description.
    pub version: String,
    /// `sha256:` and the hexadecimal digest of the component.
    pub digest: String,
}

/// A federation with the plan it was translated into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFederation {
    /// As the operator wrote it.
    pub federation: Federation,
    /// What the policy made of it.
    pub plan: Plan,
    /// The policy that made the plan: only the same digest reads it.
    pub policy: PolicyRef,
    /// The file that declares the federation; then it is read-only elsewhere.
    pub managed_by: Option<String>,
    /// Set by the store; a new plan does not change it.
    pub revision: Revision,
}

/// Everything one file declares. Applied whole or not at all.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The file's name: what the objects are marked as managed by.
    pub source: String,
    /// The realms.
    pub realms: Vec<RealmDeclaration>,
    /// Whether what the same source declared before and no longer does is removed.
    pub prune: Prune,
    /// Whether objects that are there and that nothing declares are taken over; otherwise they are in
    /// the way.
    pub adopt: bool,
}

/// Where what a source declared before and no longer does is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// Nowhere.
    Nothing,
    /// In the realms that are declared. Sources of the admin API have names that anybody may give, so
    /// one realm's source of a name is another than another realm's.
    DeclaredRealms,
    /// In all realms, which are switched off where they are not declared any more: for the files that
    /// the bridge itself reads.
    AllRealms,
}

/// A realm that a file declares.
#[derive(Clone, Debug)]
pub struct RealmDeclaration {
    /// The realm; `managed_by` is set by the store.
    pub realm: Realm,
    /// Its federations. The ids of those that exist already are kept, see
    /// [`crate::ports::Realms::federation_key`].
    pub federations: Vec<FederationDeclaration>,
    /// Its clients.
    pub clients: Vec<ClientDeclaration>,
}

/// A federation that a file declares.
#[derive(Clone, Debug)]
pub struct FederationDeclaration {
    /// The federation with its plan.
    pub planned: PlannedFederation,
    /// What the service connections are bound with.
    pub bind_credential: Option<Secret>,
}

/// A client that a file declares.
#[derive(Clone, Debug)]
pub struct ClientDeclaration {
    /// The client.
    pub client: Client,
    /// Its secrets: at most two valid at once, for rotation. None: it is public, or it keeps those that
    /// it has.
    pub secrets: Vec<Secret>,
}

/// What applying a declaration did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Objects made, as `realm staff`, `federation staff/ldap`, `client staff/wiki`.
    pub created: Vec<String>,
    /// Objects changed.
    pub changed: Vec<String>,
    /// Objects deleted because the file no longer declares them. A realm is never deleted so: it is
    /// switched off, and comes back with its keys and its people when it is declared again.
    pub removed: Vec<String>,
}

/// Where a federation stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederationKey {
    /// Its id.
    pub id: FederationId,
    /// What its subjects are derived under.
    pub subject_namespace: String,
}
