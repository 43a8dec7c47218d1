//! Looking for somebody, one federation after the other.

use crate::{
    active::ActiveRealm,
    locate::{Located, locate},
    member::{ActiveFederation, Member},
    trace::{Asked, Outcome, Trace},
};
use bridge_model::{entry::Entry, federation::OnError, names::FederationName};
use std::sync::Arc;
use tracing::error;

/// Where somebody was found, or not.
pub(crate) enum Sought<'a> {
    /// Here.
    Person(&'a ActiveFederation, Box<Entry>),
    /// More than one has the name here: none of them is meant.
    Several(&'a ActiveFederation),
    /// Nowhere. The first federation that answered, if one did.
    Nobody(Option<&'a ActiveFederation>),
    /// It cannot be told, and why.
    Unavailable(&'a FederationName, String),
}

/// Asks one federation after the other. Only "nobody of this name" goes on to the next: a person
/// might live in one that cannot answer, unless the operator says to pass over it. Then, if nobody is
/// found elsewhere, it still cannot be told.
pub(crate) async fn seek<'a>(
    realm: &'a ActiveRealm,
    username: &str,
    trace: &mut Trace,
) -> Sought<'a> {
    let mut first = None;
    let mut passed_over = None;
    for member in &realm.members {
        let mut asked = Asked::of(member);
        let (name, on_error, reason) = match member {
            Member::Broken(broken) => (&broken.name, broken.on_error, broken.reason.clone()),
            Member::Active(active) => {
                let located = match active.ready() {
                    Ok(()) => locate(active, username, &mut asked.searches).await,
                    Err(error) => Err(error.into()),
                };
                match located {
                    Ok(Located::Nobody) => {
                        trace.asked.push(asked);
                        first.get_or_insert(&**active);
                        continue;
                    }
                    Ok(Located::Several) => {
                        trace.asked.push(asked.ended(Outcome::Several));
                        return Sought::Several(active);
                    }
                    Ok(Located::One(entry)) => {
                        trace.asked.push(asked.ended(Outcome::Found));
                        return Sought::Person(active, entry);
                    }
                    Err(error) => {
                        if error.is_misconfigured() {
                            error!(%error, federation = %active.name(), "a federation is misconfigured");
                        }
                        let federation = &active.planned.federation;
                        (active.name(), federation.on_error, error.reason())
                    }
                }
            }
        };
        match on_error {
            OnError::PassOver => {
                trace
                    .asked
                    .push(asked.ended(Outcome::PassedOver(reason.clone())));
                passed_over.get_or_insert((name, reason));
            }
            OnError::Deny => {
                trace
                    .asked
                    .push(asked.ended(Outcome::Unavailable(reason.clone())));
                return Sought::Unavailable(name, reason);
            }
        }
    }
    match passed_over {
        Some((name, reason)) => Sought::Unavailable(name, reason),
        None => Sought::Nobody(first),
    }
}

impl Asked {
    fn of(member: &Member) -> Self {
        match member {
            Member::Active(active) => Self::active(Arc::clone(&active.planned)),
            Member::Broken(broken) => Self::broken(broken),
        }
    }
}
