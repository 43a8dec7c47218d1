//! Another version of a policy takes the place of the one in force: after everybody who uses it was looked at,
//! and without a sign-in that notices.

mod look;
mod overlay;

use crate::{active::Federations, aside::aside};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    names::{FederationId, FederationName, RealmName},
    plan::Problem,
    policy::{PolicyChoice, PolicyInForce},
    ports::{AuditLog, Clock, Policies, PolicyError, PolicyFault, Store, StoreError},
    realm::{PLATFORM, PlannedFederation, PolicyRef},
};
use look::{Looked, look};
use overlay::Overlay;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Mutex;
use tracing::{info, warn};

/// Puts versions of policies in force in the place of others, one at a time.
pub struct Swaps {
    federations: Arc<Federations>,
    store: Arc<dyn Store>,
    policies: Arc<dyn Policies>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditLog>,
    swapping: Mutex<()>,
}

/// What a swap would do, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwapReport {
    /// The policy that would be in force.
    pub policy: PolicyRef,
    /// The one that is; none: the id is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<PolicyRef>,
    /// Every federation of every realm that uses it, whether it is switched on or not, by realm and in the
    /// order in which they are asked. Those that pin a version use that.
    pub federations: Vec<FederationSwap>,
}

/// What a swap means to a federation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FederationSwap {
    /// Whose it is.
    pub realm: RealmName,
    /// Its id.
    pub id: FederationId,
    /// Its name.
    pub name: FederationName,
    /// Whether it is switched on.
    pub enabled: bool,
    /// What would be wrong with it, in the members of its document.
    pub problems: Vec<Problem>,
    /// Whether the problems refuse the swap: not those of a federation that could not be used before either.
    pub refuses: bool,
    /// What would be otherwise, a line for each: attributes, claims, filters, mappers. Empty: nothing that
    /// people would notice.
    pub differences: Vec<String>,
}

/// Why a policy was not put in force. Everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// Federations that can be used now could not be used then.
    #[error("{}", refusal(.0))]
    Refused(Box<SwapReport>),
    /// There is nothing to go back to.
    #[error("policy {0} was not swapped, so there is no version to go back to")]
    NothingBefore(String),
    /// The policy is not loaded, or one of its names is another policy's.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SwapReport {
    /// Whether the swap is refused.
    pub fn is_refused(&self) -> bool {
        self.federations.iter().any(|it| it.refuses)
    }
}

/// The federations that refuse a swap, each with its first problem.
fn refusal(report: &SwapReport) -> String {
    let refusing = report.federations.iter().filter(|it| it.refuses);
    let texts = refusing.map(|it| {
        let problem = it.problems.first();
        let problem = problem.map_or_else(String::new, |problem| {
            format!("{}: {}", problem.field, problem.message)
        });
        format!("federation {}/{}: {problem}", it.realm, it.name)
    });
    let texts: Vec<_> = texts.collect();
    let PolicyRef { id, version, .. } = &report.policy;
    format!(
        "policy {id} {version} is not put in force: {}",
        texts.join("; ")
    )
}

/// A swap that was thought through.
struct Considered {
    report: SwapReport,
    /// The federations as they would be.
    planned: Vec<PlannedFederation>,
}

impl Swaps {
    /// Swaps of policies that these federations use.
    pub fn new(
        federations: Arc<Federations>,
        store: Arc<dyn Store>,
        policies: Arc<dyn Policies>,
        clock: Arc<dyn Clock>,
        audit: Arc<dyn AuditLog>,
    ) -> Self {
        Self {
            federations,
            store,
            policies,
            clock,
            audit,
            swapping: Mutex::new(()),
        }
    }

    /// What would come of putting a policy in force that is loaded. Nothing is changed.
    ///
    /// # Errors
    ///
    /// [`SwapError::Policy`], [`SwapError::Store`].
    pub async fn consider(&self, digest: &str) -> Result<SwapReport, SwapError> {
        Ok(self.think_through(digest).await?.report)
    }

    /// Puts a policy in force that is loaded, under its id. Every federation that uses it is translated anew
    /// first, and a problem that was not there before refuses the swap. Sign-ins that have begun end with the
    /// version that they began with.
    ///
    /// Every swap leaves a line in the audit trail, refused ones too. To put in force what is in force changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// See [`SwapError`].
    pub async fn swap(&self, digest: &str, actor: &str) -> Result<SwapReport, SwapError> {
        let _one_at_a_time = self.swapping.lock().await;
        let considered = self.think_through(digest).await?;
        let report = &considered.report;
        if report.before.as_ref() == Some(&report.policy) {
            return Ok(considered.report);
        }
        let done = self.put_in_force(&considered).await;
        self.record(report, actor, done.as_ref().err());
        done.map(|()| considered.report)
    }

    /// Puts the version in force again that was before the present one, as [`Swaps::swap`] does. To do it
    /// twice comes back to where it began.
    ///
    /// # Errors
    ///
    /// See [`SwapError`].
    pub async fn roll_back(&self, id: &str, actor: &str) -> Result<SwapReport, SwapError> {
        let kept = self.store.policies_in_force().await?;
        let kept = kept.into_iter().find(|it| it.id.eq_ignore_ascii_case(id));
        let before = kept.and_then(|kept| kept.before);
        let before = before.ok_or_else(|| SwapError::NothingBefore(id.to_owned()))?;
        self.swap(&before, actor).await
    }

    async fn think_through(&self, digest: &str) -> Result<Considered, SwapError> {
        let overlay = Overlay::of(Arc::clone(&self.policies), digest, &any_realm())?;
        let overlay = Arc::new(overlay);
        let mut considered = Considered {
            report: SwapReport {
                policy: overlay.reference().clone(),
                before: overlay.before().cloned(),
                federations: Vec::new(),
            },
            planned: Vec::new(),
        };
        for realm in self.store.realms().await? {
            let federations = self.store.federations(&realm.name).await?;
            let overlay = Arc::clone(&overlay);
            let looked = aside(move || {
                let users = federations.iter().filter(|it| overlay.is_used_by(it));
                users
                    .map(|planned| look(&overlay, &realm.policies, planned))
                    .collect::<Vec<_>>()
            });
            for Looked { swap, planned } in looked.await {
                considered.report.federations.push(swap);
                considered.planned.extend(planned);
            }
        }
        Ok(considered)
    }

    async fn put_in_force(&self, considered: &Considered) -> Result<(), SwapError> {
        let Considered { report, planned } = considered;
        if report.is_refused() {
            return Err(SwapError::Refused(Box::new(report.clone())));
        }
        // A plan belongs to its digests: until the policy is in force, whoever reads it makes the other anew.
        for planned in planned {
            let (id, revision) = (planned.federation.id, planned.revision);
            let saved = self
                .store
                .save_plan(id, revision, &planned.plan, &planned.policy)
                .await;
            match saved {
                // Whoever changed the federation has it translated by what is in force then.
                Ok(()) | Err(StoreError::Stale(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let PolicyRef { id, digest, .. } = self.policies.put_in_force(&report.policy.digest)?;
        let before = report.before.as_ref().map(|before| before.digest.clone());
        let in_force = PolicyInForce {
            id: id.clone(),
            digest,
            before: before.clone(),
        };
        let kept = self
            .store
            .put_policy_in_force(&id, Some(&in_force), self.clock.now())
            .await;
        if let (Err(_), Some(before)) = (&kept, &before)
            && let Err(error) = self.policies.put_in_force(before)
        {
            warn!(%error, "the version before could not be put in force again");
        }
        // Also where it was not kept: somebody may have loaded a realm in between.
        self.federations.reload_all();
        Ok(kept?)
    }

    fn record(&self, report: &SwapReport, actor: &str, error: Option<&SwapError>) {
        let outcome = match error {
            None => AuditOutcome::Success,
            Some(SwapError::Store(_)) => AuditOutcome::Unavailable,
            Some(_) => AuditOutcome::Refused,
        };
        let shown =
            |policy: &PolicyRef| json!({ "digest": policy.digest, "version": policy.version });
        let mut event = AuditEvent::new(self.clock.now(), AuditKind::PolicySwapped, outcome);
        event.reason = error.map(ToString::to_string);
        event.policy = Some(report.policy.clone());
        event.object = Some(format!("policy {}", report.policy.id));
        event.actor = Some(actor.to_owned());
        event.before = report.before.as_ref().map(shown);
        event.after = Some(shown(&report.policy));
        self.audit.record(&event);
        info!(
            policy = report.policy.id,
            version = report.policy.version,
            digest = report.policy.digest,
            before = report.before.as_ref().map(|before| before.digest.as_str()),
            federations = report.federations.len(),
            reason = event.reason,
            "a policy was to be put in force in the place of another"
        );
    }
}

/// A policy says the same of itself in every realm.
fn any_realm() -> RealmName {
    RealmName::new(PLATFORM).expect("a word is a realm's name")
}

#[cfg(test)]
mod tests;
