//! What a federation makes of people, without a sign-in.

use crate::{
    chain::{Fitted, Misfit, fit},
    locate::{Located, locate},
    member::ActiveFederation,
    person::{Seen, Subjects, look},
    seek::{Sought, seek},
    shown::{PersonView, micros},
    sign_in::SignIns,
    trace::Trace,
};
use bridge_model::{
    account::User,
    dn::Dn,
    entry::Entry,
    names::{FederationId, FederationName, RealmName},
    ports::{DirectoryError, PolicyError, StoreError},
    realm::{PlannedFederation, PolicyRef, Realm},
    search::Search,
    secret::Secret,
    time::Timestamp,
};
use serde::{Serialize, Serializer};
use std::time::{Duration, Instant};

/// The most people of one preview: more take a directory longer than somebody waits.
const PEOPLE_MAX: u32 = 50;

/// What a federation makes of somebody. As JSON it is a [`PersonView`].
#[derive(Clone, Debug)]
pub struct Preview {
    /// Where the person was found.
    pub federation: FederationName,
    /// The entry as it was read.
    pub entry: Entry,
    /// The person, as a sign-in would have it; bars are shown, not enforced.
    pub user: User,
    /// The policy that made it.
    pub policy: PolicyRef,
    /// The time spent in the policy's calls.
    pub policy_time: Duration,
    view: PersonView,
}

/// What a federation makes of several people.
#[derive(Clone, Debug, Serialize)]
pub struct People {
    /// Each as far as it could be told: [`PersonView::problem`] says what is in the way.
    pub people: Vec<PersonView>,
    /// How long it took, in milliseconds.
    pub time_ms: u64,
}

/// Whom to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom<'a> {
    /// The person of this user name.
    Name(&'a str),
    /// The first so many of all users, at most 50.
    First(u32),
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Nobody has this user name.
    #[error(
        "nobody has this user name, or is below users_dn, in the object classes and the filter"
    )]
    Nobody,
    /// More than one entry has this user name.
    #[error("more than one entry of {0} has this user name")]
    Several(FederationName),
    /// There is no such federation.
    #[error("there is no such federation")]
    Unknown,
    /// A federation cannot answer.
    #[error("federation {federation}: {reason}")]
    Federation {
        /// Which.
        federation: FederationName,
        /// Why, in words for the operator.
        reason: String,
    },
    /// The directory did not answer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Preview {
    /// How an administrator sees it.
    pub fn view(&self) -> &PersonView {
        &self.view
    }

    fn of(seen: Seen, now: Timestamp) -> Result<Self, PreviewError> {
        let view = PersonView::of(&seen, now);
        let federation = seen.planned.federation.name.clone();
        let Some(user) = seen.user else {
            let reason = seen.reason.unwrap_or_default();
            return Err(PreviewError::Federation { federation, reason });
        };
        Ok(Self {
            federation,
            entry: seen.entry,
            policy: user.policy.clone(),
            user,
            policy_time: seen.policy_time,
            view,
        })
    }
}

impl Serialize for Preview {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.view.serialize(serializer)
    }
}

impl SignIns {
    /// Finds somebody in the federations of a realm and shows what a sign-in would make of them: the
    /// same path, but no bind.
    ///
    /// # Errors
    ///
    /// See [`PreviewError`].
    pub async fn preview(&self, realm: &Realm, username: &str) -> Result<Preview, PreviewError> {
        let active = self.federations().realm(&realm.name).await?;
        let now = self.now();
        let mut trace = Trace::new(&realm.name, None, now);
        let (federation, entry) = match seek(&active, username, &mut trace).await {
            Sought::Person(federation, entry) => (federation, *entry),
            Sought::Nobody(_) => return Err(PreviewError::Nobody),
            Sought::Several(federation) => {
                return Err(PreviewError::Several(federation.name().clone()));
            }
            Sought::Unavailable(name, reason) => {
                let federation = name.clone();
                return Err(PreviewError::Federation { federation, reason });
            }
        };
        let store = self.federations().store();
        let subjects = Subjects::of_realm(store, &active.subject_key);
        Preview::of(look(federation, entry, subjects, now).await?, now)
    }

    /// Shows what a saved federation makes of people, whether it is enabled or not.
    ///
    /// # Errors
    ///
    /// See [`PreviewError`].
    pub async fn preview_federation(
        &self,
        realm: &RealmName,
        id: FederationId,
        whom: Whom<'_>,
    ) -> Result<People, PreviewError> {
        let store = self.federations().store();
        let planned = store.federation(realm, id).await?;
        let planned = planned.ok_or(PreviewError::Unknown)?;
        let credential = store.bind_credential(&planned.federation).await?;
        self.preview_draft(planned, credential, whom).await
    }

    /// Shows what a federation would make of people that is not saved, or not as it is here.
    ///
    /// # Errors
    ///
    /// See [`PreviewError`].
    pub async fn preview_draft(
        &self,
        planned: PlannedFederation,
        bind_credential: Option<Secret>,
        whom: Whom<'_>,
    ) -> Result<People, PreviewError> {
        let federations = self.federations();
        let realm = planned.federation.realm.clone();
        let rules = federations.store().realm(&realm).await?;
        let rules = rules.map(|realm| realm.policies).unwrap_or_default();
        let federation = planned.federation.name.clone();
        let Fitted {
            planned,
            policy,
            links,
            ..
        } = fit(federations.policies(), &rules, planned).map_err(|misfit| match misfit {
            Misfit::Policy(error) => error.into(),
            Misfit::Refused(reason) => PreviewError::Federation { federation, reason },
        })?;
        let directories = federations.directories();
        let active = ActiveFederation::open(planned, policy, directories, bind_credential)?;
        let active = active.with_links(links);
        let key = federations.store().subject_key(&realm).await?;
        let subjects = match &key {
            Some(key) => Subjects::of_realm(federations.store(), key),
            None => Subjects::none(),
        };
        show(&active, subjects, whom, self.now()).await
    }
}

/// Shows people of one federation.
pub(crate) async fn show(
    federation: &ActiveFederation,
    subjects: Subjects<'_>,
    whom: Whom<'_>,
    now: Timestamp,
) -> Result<People, PreviewError> {
    let started = Instant::now();
    let entries = match whom {
        Whom::Name(username) => vec![named(federation, username).await?],
        Whom::First(count) => first(federation, count).await?,
    };
    let mut people = Vec::with_capacity(entries.len());
    for entry in entries {
        let seen = look(federation, entry, subjects, now).await?;
        people.push(PersonView::of(&seen, now));
    }
    Ok(People {
        people,
        time_ms: micros(started.elapsed()) / 1000,
    })
}

async fn named(federation: &ActiveFederation, username: &str) -> Result<Entry, PreviewError> {
    match locate(federation, username, &mut Vec::new()).await {
        Ok(Located::One(entry)) => Ok(*entry),
        Ok(Located::Nobody) => Err(PreviewError::Nobody),
        Ok(Located::Several) => Err(PreviewError::Several(federation.name().clone())),
        Err(error) => Err(failed(federation, error.to_string())),
    }
}

/// The first of all users, place by place.
async fn first(federation: &ActiveFederation, count: u32) -> Result<Vec<Entry>, PreviewError> {
    let planned = &federation.planned;
    let filter = federation
        .user_filter(&planned.plan.users_filter, &[])
        .map_err(|error| failed(federation, error.to_string()))?;
    let count = count.clamp(1, PEOPLE_MAX);
    let mut entries: Vec<Entry> = Vec::new();
    for users in &planned.federation.users {
        let left = count.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let search = Search {
            base: users.base.clone(),
            scope: users.scope,
            filter: filter.clone(),
            attributes: federation.user_attributes(),
            size_limit: left,
        };
        let found = federation.directory.search(&search).await?;
        // More than were asked for, or more than the directory gives at once: these will do.
        if !matches!(found.result_code, 0 | 4 | 11) && found.entries.is_empty() {
            let (base, code) = (&users.base, found.result_code);
            let reason = format!("the search below {base} ended with result code {code}");
            return Err(failed(federation, reason));
        }
        let is_below =
            |entry: &Entry| Dn::parse(&entry.dn).is_ok_and(|dn| dn.is_within(&users.base));
        entries.extend(found.entries.into_iter().filter(is_below));
    }
    Ok(entries)
}

fn failed(federation: &ActiveFederation, reason: String) -> PreviewError {
    PreviewError::Federation {
        federation: federation.name().clone(),
        reason,
    }
}

#[cfg(test)]
mod tests;
