//! The policies that a plan is of, as far as a realm's rules let them serve it.

use super::{Link, plan::in_force};
use crate::{
    review,
    translate::{TranslateError, check_pin},
};
use bridge_model::{
    plan::Plan,
    policy::PolicyRules,
    ports::{Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::{PlannedFederation, PolicyRef},
};
use std::sync::Arc;

/// A federation with the policies that its plan is of.
pub(crate) struct Fitted {
    pub(crate) planned: PlannedFederation,
    pub(crate) policy: Arc<dyn VendorPolicy>,
    pub(crate) links: Vec<Link>,
    /// Whether the plan was made anew.
    pub(crate) is_new: bool,
}

/// Why a federation cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misfit {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{0}")]
    Refused(String),
}

impl Misfit {
    /// Whether it will be otherwise in a moment.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Policy(error) if error.fault == PolicyFault::Busy)
    }
}

/// Finds the policies of a plan. A plan belongs to the digests that made it: where another one is in force,
/// the federation is translated anew. Whatever a realm's rules do not let in serves nobody: this is the one
/// gate to a federation in force, to a preview and to a test.
pub(crate) fn fit(
    policies: &dyn Policies,
    rules: &PolicyRules,
    planned: PlannedFederation,
) -> Result<Fitted, Misfit> {
    let federation = &planned.federation;
    let policy = policies.vendor(&federation.realm, federation.policy())?;
    let refused = |reason: String| Misfit::Refused(reason);
    check_pin(federation, policy.as_ref()).map_err(refused)?;
    admit(policies, rules, policy.reference()).map_err(refused)?;
    let is_own = planned.policy.digest == policy.reference().digest;
    let kept = if is_own {
        links(policies, &planned)?
    } else {
        None
    };
    let replaced = || refused("its policies are being replaced; try it again".to_owned());
    let (planned, links, is_new) = if let Some(links) = kept {
        (planned, links, false)
    } else {
        let planned = anew(policies, planned)?;
        let links = links(policies, &planned)?.ok_or_else(replaced)?;
        (planned, links, true)
    };
    for link in &links {
        let name = &link.mapper.name;
        admit(policies, rules, &link.mapper.policy)
            .map_err(|reason| refused(format!("mapper {name}: {reason}")))?;
    }
    // Another one may have been put in force meanwhile.
    if planned.policy.digest != policy.reference().digest {
        return Err(replaced());
    }
    Ok(Fitted {
        planned,
        policy,
        links,
        is_new,
    })
}

/// The same federation with the plan of the policies that are in force now.
fn anew(policies: &dyn Policies, planned: PlannedFederation) -> Result<PlannedFederation, Misfit> {
    let PlannedFederation {
        federation,
        managed_by,
        revision,
        ..
    } = planned;
    match review::translate(policies, &federation, managed_by) {
        Ok(translated) => Ok(PlannedFederation {
            revision,
            ..translated
        }),
        Err(TranslateError::Policy(error)) => Err(error.into()),
        Err(error) => Err(Misfit::Refused(error.to_string())),
    }
}

/// The mapper policies of a plan, in order; none: another one than the plan is of is in force, or none is.
pub(crate) fn links(
    policies: &dyn Policies,
    planned: &PlannedFederation,
) -> Result<Option<Vec<Link>>, PolicyError> {
    let federation = &planned.federation;
    let Plan { chained, .. } = &planned.plan;
    let mut links = Vec::with_capacity(chained.len());
    for mapper in chained {
        let mut written = federation.mappers.iter();
        let Some(written) = written.find(|it| it.name == mapper.name) else {
            return Ok(None);
        };
        let policy = in_force(policies, &federation.realm, &written.kind)?;
        match policy.filter(|policy| policy.reference().digest == mapper.policy.digest) {
            Some(policy) => links.push(Link {
                mapper: mapper.clone(),
                policy,
            }),
            None => return Ok(None),
        }
    }
    Ok(Some(links))
}

/// Whether a policy may serve a realm; else why not, in words for the operator.
pub(crate) fn admit(
    policies: &dyn Policies,
    rules: &PolicyRules,
    policy: &PolicyRef,
) -> Result<(), String> {
    match policies.provenance(&policy.digest) {
        Some(provenance) => rules.admit(policy, &provenance),
        None => Err(format!(
            "it is not known where policy {} {} came from, so it serves nobody; load {} again",
            policy.id, policy.version, policy.digest
        )),
    }
}
