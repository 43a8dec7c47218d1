//! Policies as they are shown.

use crate::{
    documents::Advice,
    policies::{ListedPolicy, PolicyUser, Refusal},
};
use bridge_federation::{FederationSwap, SwapReport};
use bridge_model::{
    admin::Administrator,
    policy::{PolicyKey, PolicyOrigin, WasiGrant},
};
use bridge_policy::PolicyKind;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A policy that is loaded.
#[derive(Serialize, ToSchema)]
#[schema(as = LoadedPolicy)]
pub(super) struct PolicyView {
    /// What a federation names as its vendor, or a mapper as its kind.
    id: String,
    /// Other names of it.
    aliases: Vec<String>,
    /// The name for people.
    title: String,
    /// The policy's own version.
    version: String,
    /// `sha256:` and the hexadecimal digest of the component.
    digest: String,
    /// The world of the contract that it is of: `vendor-policy` or `mapper-policy`.
    world: &'static str,
    /// Whether it answers to its id, or only to its digest.
    state: StateWord,
    /// What a roll back would put in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// Where it came from.
    origin: OriginView,
    /// The keys whose signatures fit.
    signers: Vec<String>,
    /// What it may reach beside the log: `none` or `minimal`.
    wasi: &'static str,
    /// Its size.
    octets: u64,
    /// The federations that use it, as `staff/headquarters`.
    users: Vec<String>,
    /// Why its file is not taken as it is now: then this is the last good one.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    /// Whether it is switched off: then its federations let nobody in.
    off: bool,
    /// The settings that it reads from a federation, or from a mapper.
    #[schema(value_type = Vec<Object>)]
    settings: Value,
    /// The kinds of mappers that it knows.
    #[schema(value_type = Vec<Object>)]
    kinds: Value,
}

/// Whether a policy answers to its id.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PolicyState)]
enum StateWord {
    /// It does.
    InForce,
    /// It can be had by its digest.
    Loaded,
}

/// Where a policy came from.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = PolicyOrigin)]
struct OriginView {
    /// `built_in`, `file`, `registry` or `upload`.
    kind: &'static str,
    /// The file's name, or the reference of the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// Something that is not taken.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RefusedPolicy)]
pub(super) struct RefusalView {
    /// What it is: `file a.wasm`, `folder PATH`, or the digest of a policy that was kept.
    source: String,
    /// Why, and what to do.
    reason: String,
    /// Since when: seconds since 1970.
    since: u64,
}

impl PolicyView {
    pub(super) fn of(policy: ListedPolicy, off: bool) -> Self {
        let ListedPolicy {
            reference,
            description,
            provenance,
            ..
        } = policy;
        let user = |user: &PolicyUser| format!("{}/{}", user.realm, user.federation);
        Self {
            id: reference.id,
            aliases: description.aliases,
            title: description.title,
            version: reference.version,
            digest: reference.digest,
            world: match policy.kind {
                PolicyKind::Vendor => "vendor-policy",
                PolicyKind::Mapper => "mapper-policy",
            },
            state: if policy.is_in_force {
                StateWord::InForce
            } else {
                StateWord::Loaded
            },
            before: policy.before,
            origin: OriginView::from(&provenance.origin),
            signers: provenance
                .signers
                .iter()
                .map(PolicyKey::to_string)
                .collect(),
            wasi: match provenance.wasi {
                WasiGrant::None => "none",
                WasiGrant::Minimal => "minimal",
            },
            octets: provenance.octets,
            users: policy.users.iter().map(user).collect(),
            refusal: policy.refusal.map(RefusalView::from),
            off,
            settings: serde_json::to_value(&description.settings).unwrap_or_default(),
            kinds: serde_json::to_value(&description.kinds).unwrap_or_default(),
        }
    }

    /// Without what is the platform's alone: which files it has, and from where.
    pub(super) fn told_to(mut self, administrator: &Administrator) -> Self {
        if !administrator.is_of_platform() {
            self.origin.from = None;
            self.refusal = None;
        }
        self
    }
}

impl From<&PolicyOrigin> for OriginView {
    fn from(origin: &PolicyOrigin) -> Self {
        let (kind, from) = match origin {
            PolicyOrigin::BuiltIn => ("built_in", None),
            PolicyOrigin::File(name) => ("file", Some(name.clone())),
            PolicyOrigin::Registry(reference) => ("registry", Some(reference.clone())),
            PolicyOrigin::Upload => ("upload", None),
        };
        Self { kind, from }
    }
}

impl From<Refusal> for RefusalView {
    fn from(refusal: Refusal) -> Self {
        Self {
            source: refusal.source,
            reason: refusal.reason,
            since: refusal.at.0,
        }
    }
}

/// What a swap changes, or changed.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicySwapReport)]
pub(super) struct SwapView {
    /// The policy.
    id: String,
    /// Its version from then on.
    version: String,
    /// Its digest from then on.
    digest: String,
    /// The digest that was in force; nothing: none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The federations that use it.
    federations: Vec<FederationSwapView>,
}

/// What a swap means to a federation.
#[derive(Serialize, ToSchema)]
#[schema(as = FederationSwap)]
struct FederationSwapView {
    /// The federation, as `staff/headquarters`.
    federation: String,
    /// Whether it is switched on.
    enabled: bool,
    /// What is wrong with it then.
    problems: Vec<Advice>,
    /// Whether that refuses the swap: not where it could not be used before either.
    refuses: bool,
    /// What of its plan changes.
    differences: Vec<String>,
}

impl From<SwapReport> for SwapView {
    fn from(report: SwapReport) -> Self {
        Self {
            id: report.policy.id,
            version: report.policy.version,
            digest: report.policy.digest,
            before: report.before.map(|before| before.digest),
            federations: report
                .federations
                .into_iter()
                .map(FederationSwapView::from)
                .collect(),
        }
    }
}

impl From<FederationSwap> for FederationSwapView {
    fn from(swap: FederationSwap) -> Self {
        Self {
            federation: format!("{}/{}", swap.realm, swap.name),
            enabled: swap.enabled,
            refuses: swap.refuses,
            problems: swap.problems.iter().map(Advice::from).collect(),
            differences: swap.differences,
        }
    }
}
