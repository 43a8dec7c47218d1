//! A federation tried on entries that are at hand: the way of a sign-in from the entry to the claims,
//! without a store and without a realm.

use crate::{
    chain::links,
    claims::{self, ClaimError},
    decide::{DecideError, Judged, Verdict, context, decide_all},
    locate::{Located, locate},
    member::{ActiveFederation, SharedError},
    person::{Seen, user_of},
    preview::PreviewError,
    reads::ReadError,
    shown::PersonView,
    subject::{self, SubjectError},
};
use bridge_model::{
    account::User,
    decision::{Identity, Person, Rejection},
    dn::Dn,
    entry::Entry,
    plan::Problem,
    ports::{Directories, DirectoryError, Policies, PolicyError},
    realm::PlannedFederation,
    search::{Reply, Search, SearchScope, Subtree},
    time::Timestamp,
};
use std::time::{Duration, Instant};

/// A federation that is tried: with its plan, its policy, and a directory that need not be one.
pub struct Trial {
    active: ActiveFederation,
}

/// Somebody who is tried.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The entry as it was read.
    pub entry: Entry,
    /// What the directory answered to the bind; none: nobody signs in.
    pub reply: Option<Reply>,
}

/// What came of somebody.
#[derive(Debug)]
pub struct Tried {
    /// As an administrator sees it. Without a realm there is no subject.
    pub view: PersonView,
    /// What the policy made of the person, and the host of that.
    pub outcome: Result<TriedVerdict, TrialFault>,
}

/// What a policy made of somebody.
#[derive(Debug)]
pub enum TriedVerdict {
    /// This is the person.
    Identified(Box<TriedIdentity>),
    /// The bind failed, and this is why.
    Rejected(Rejection),
}

/// An identity, and what the host makes of it.
#[derive(Debug)]
pub struct TriedIdentity {
    /// As the policies gave it.
    pub identity: Identity,
    /// The octets that the claim `sub` is derived from, or why there are none.
    pub identifier: Result<Vec<u8>, SubjectError>,
    /// The person, or why nothing may be said of them. The subject is blank.
    pub user: Result<User, ClaimError>,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum TrialFault {
    /// The policy itself failed.
    #[error(transparent)]
    Policy(PolicyError),
    /// The policy asked for a read that it may not have.
    #[error("the read {key:?}: {error}")]
    Read {
        /// The policy's name for it.
        key: String,
        /// Why not.
        error: ReadError,
    },
    /// The policy asked for more than there is.
    #[error("the policy asked for too much: {0}")]
    TooMuch(&'static str),
    /// The policy says that it cannot serve the person.
    #[error("{}: {}", .0.field, .0.message)]
    Failed(Problem),
    /// A read that has to succeed did not.
    #[error("the read {key:?} ended with result code {code}")]
    Required {
        /// The policy's name for it.
        key: String,
        /// LDAP's result code.
        code: u32,
    },
    /// The directory did not answer.
    #[error(transparent)]
    Directory(DirectoryError),
}

impl From<DecideError> for TrialFault {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Policy(error) => Self::Policy(error),
            DecideError::Read { key, error } => Self::Read { key, error },
            DecideError::TooMuch(what) => Self::TooMuch(what),
            DecideError::Failed(problem) => Self::Failed(problem),
            DecideError::Required { key, code } => Self::Required { key, code },
            DecideError::Directory(error) => Self::Directory(error),
            DecideError::Shared(error) => error.into(),
        }
    }
}

impl From<SharedError> for TrialFault {
    fn from(error: SharedError) -> Self {
        match error {
            SharedError::Read(error) => Self::Read {
                key: "shared".to_owned(),
                error,
            },
            SharedError::Directory(error) => Self::Directory(error),
            SharedError::Required(key, code) => Self::Required { key, code },
        }
    }
}

impl Trial {
    /// A federation whose plan is of the policy that it names.
    ///
    /// # Errors
    ///
    /// When there is no such policy, or no such directory.
    pub fn open(
        planned: PlannedFederation,
        policies: &dyn Policies,
        directories: &dyn Directories,
    ) -> Result<Self, PreviewError> {
        let federation = &planned.federation;
        let policy = policies.vendor(&federation.realm, federation.policy())?;
        let links = links(policies, &planned)?.ok_or_else(|| PreviewError::Federation {
            federation: planned.federation.name.clone(),
            reason: "the plan is of other mapper policies; translate it anew".to_owned(),
        })?;
        let active = ActiveFederation::open(planned, policy, directories, None)?;
        Ok(Self {
            active: active.with_links(links),
        })
    }

    /// What is tried.
    pub fn planned(&self) -> &PlannedFederation {
        &self.active.planned
    }

    /// The entry of this name as it is read of a user; none: there is none, or it is no user's.
    ///
    /// # Errors
    ///
    /// When the plan's filter may not be sent.
    pub async fn user(&self, dn: &Dn) -> Result<Option<Entry>, PreviewError> {
        let planned = &self.active.planned;
        if !planned
            .federation
            .users
            .iter()
            .any(|place| is_in(dn, place))
        {
            return Ok(None);
        }
        let filter = self
            .active
            .user_filter(&planned.plan.users_filter, &[])
            .map_err(|error| PreviewError::Federation {
                federation: self.active.name().clone(),
                reason: error.to_string(),
            })?;
        let search = Search {
            base: dn.clone(),
            scope: SearchScope::Base,
            filter,
            attributes: self.active.user_attributes(),
            size_limit: 1,
        };
        let found = self.active.directory.search(&search).await?;
        Ok(found.entries.into_iter().next())
    }

    /// Whether a typed name means this entry and no other: what the login filter finds.
    ///
    /// # Errors
    ///
    /// Whom the name means instead.
    pub async fn means(&self, username: &str, dn: &str) -> Result<(), String> {
        match locate(&self.active, username, &mut Vec::new()).await {
            Ok(Located::One(entry)) if entry.dn == dn => Ok(()),
            Ok(Located::One(entry)) => Err(format!("the login filter finds {}", entry.dn)),
            Ok(Located::Nobody) => Err("the login filter finds nobody".to_owned()),
            Ok(Located::Several) => Err("the login filter finds several".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Has the policies say who these are, as a sign-in or a page of a synchronisation has them: all
    /// together, each as far as it could be told.
    pub async fn judge(&self, candidates: Vec<Candidate>, now: Timestamp) -> Vec<Tried> {
        let started = Instant::now();
        let context = match context(&self.active, now).await {
            Ok(context) => context,
            Err(error) => {
                let reason = error.to_string();
                let mut first = Some(TrialFault::from(error));
                let tried = candidates.into_iter().map(|candidate| {
                    let seen = Seen::entry(self.active.planned.clone(), candidate.entry);
                    let again = TrialFault::TooMuch("a read that is alike for everyone failed");
                    let fault = first.take().unwrap_or(again);
                    refused(seen, reason.clone(), fault, now)
                });
                return tried.collect();
            }
        };
        let persons = candidates.into_iter().map(|candidate| Person {
            entry: candidate.entry,
            reply: candidate.reply,
            findings: Vec::new(),
        });
        let (judged, policy_time) = decide_all(&self.active, context, persons.collect()).await;
        let time = started.elapsed();
        let tried = judged
            .into_iter()
            .map(|judged| self.tried(judged, (policy_time, time), now));
        tried.collect()
    }

    fn tried(&self, judged: Judged, times: (Duration, Duration), now: Timestamp) -> Tried {
        let Judged {
            person,
            outcome,
            failures,
        } = judged;
        let mut seen = Seen::entry(self.active.planned.clone(), Entry::default());
        (seen.policy_time, seen.time) = times;
        seen.failures = failures;
        let outcome = match outcome {
            Err(error) => {
                seen.keep(person);
                let reason = error.to_string();
                return refused(seen, reason, error.into(), now);
            }
            Ok(Verdict::Rejected(rejection)) => {
                seen.keep(person);
                TriedVerdict::Rejected(rejection)
            }
            Ok(Verdict::Identified(identity)) => {
                let tried = self.identified(*identity, &person, &mut seen);
                seen.keep(person);
                TriedVerdict::Identified(Box::new(tried))
            }
        };
        Tried {
            view: PersonView::of(&seen, now),
            outcome: Ok(outcome),
        }
    }

    fn identified(&self, identity: Identity, person: &Person, seen: &mut Seen) -> TriedIdentity {
        let planned = &self.active.planned;
        let identifier = subject::identifier(&planned.plan.stable_id, &person.entry);
        seen.left_out = claims::left_out(&identity);
        let user = user_of(String::new(), &self.active, &identity, person);
        match (&identifier, &user) {
            (Err(error), _) => seen.reason = Some(error.to_string()),
            (_, Err(error)) => seen.reason = Some(error.to_string()),
            (Ok(_), Ok(user)) => seen.user = Some(user.clone()),
        }
        TriedIdentity {
            identity,
            identifier,
            user,
        }
    }
}

fn refused(mut seen: Seen, reason: String, fault: TrialFault, now: Timestamp) -> Tried {
    seen.reason = Some(reason);
    Tried {
        view: PersonView::of(&seen, now),
        outcome: Err(fault),
    }
}

fn is_in(dn: &Dn, place: &Subtree) -> bool {
    let below = dn.depth().saturating_sub(place.base.depth());
    dn.is_within(&place.base)
        && match place.scope {
            SearchScope::Base => below == 0,
            SearchScope::OneLevel => below == 1,
            SearchScope::Subtree => true,
        }
}
