//! What a policy proposes for a directory that it recognised: checked, and without what is the
//! operator's.

use crate::{
    bindings::{exports::ldap_oidc::policy::recognition, ldap_oidc::policy::types as wit},
    contract::{self, Breach, Checked},
};
use bridge_model::{
    dn::Dn,
    plan::{Mapper, Problem, Proposal},
    search::{Setting, Subtree},
};

/// Takes a proposal. The federation's name, its vendor and what may be done with it are not looked at:
/// they are the operator's.
pub(crate) fn take(proposal: recognition::Proposal) -> Result<Proposal, Breach> {
    let federation = proposal.federation;
    let proposal = Proposal {
        certainty: proposal.certainty,
        users: subtrees("users", federation.users)?,
        readable: subtrees("readable", federation.readable)?,
        username_attribute: federation.username_attribute,
        rdn_attribute: federation.rdn_attribute,
        uuid_attribute: federation.uuid_attribute,
        user_object_classes: federation.user_object_classes,
        custom_filter: federation.custom_filter,
        mappers: federation.mappers.into_iter().map(Mapper::from).collect(),
        settings: federation.settings.into_iter().map(Setting::from).collect(),
        notes: proposal.notes.into_iter().map(Problem::from).collect(),
    };
    check(&proposal)?;
    Ok(proposal)
}

fn subtrees(place: &str, parts: Vec<wit::SubtreeResult>) -> Result<Vec<Subtree>, Breach> {
    contract::count(place, parts.len(), contract::NAMES_MAX)?;
    let parts = parts.into_iter().map(|part| {
        Ok(Subtree {
            base: Dn::parse(&part.base).map_err(|_| Breach::new(place, "a base must be a DN"))?,
            scope: part.scope.into(),
        })
    });
    parts.collect()
}

fn check(proposal: &Proposal) -> Checked {
    let certainty = proposal.certainty <= CERTAINTY_MAX;
    contract::holds(certainty, "certainty", "must be from 0 to 100")?;
    let somewhere = !proposal.users.is_empty();
    contract::holds(somewhere, "users", "must name at least one subtree")?;
    for (place, attribute) in [
        ("username-attribute", &proposal.username_attribute),
        ("rdn-attribute", &proposal.rdn_attribute),
        ("uuid-attribute", &proposal.uuid_attribute),
    ] {
        if let Some(attribute) = attribute {
            contract::name(place, attribute)?;
        }
    }
    contract::names("user-object-classes", &proposal.user_object_classes)?;
    if let Some(filter) = &proposal.custom_filter {
        contract::filter("custom-filter", filter)?;
    }
    contract::count("mappers", proposal.mappers.len(), contract::ITEMS_MAX)?;
    proposal
        .mappers
        .iter()
        .try_for_each(contract::check_mapper)?;
    contract::settings("setting", &proposal.settings)?;
    contract::check_problems("note", &proposal.notes)
}

/// `wit/policy.wit`, `proposal.certainty`.
const CERTAINTY_MAX: u8 = 100;
