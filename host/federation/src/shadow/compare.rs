//! What two policies make of the same person, and where they differ.

use crate::{
    decide::{DecideError, Verdict},
    member::ActiveFederation,
    person::user_of,
};
use bridge_model::{
    account::User,
    decision::{Person, Refusal},
    ports::PolicyFault,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What may differ, in the order in which people want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Was let in and is not any more.
    LosesAccess,
    /// Was not let in and is now.
    GainsAccess,
    /// Is somebody else to all applications.
    SubjectChanges,
    /// The candidate cannot tell who it is; the name says why.
    Fails,
    /// The candidate can tell who it is, and the one in force cannot.
    FailsNoMore,
    /// Is kept out, as before, but for another reason.
    OtherReason,
    /// Has this bar now, whether it holds or begins later.
    BarAdded,
    /// Does not have this bar any more.
    BarRemoved,
    /// Has another user name.
    UsernameChanges,
    /// Is in this group no more.
    LosesGroup,
    /// Is in this group now.
    GainsGroup,
    /// Has this role no more.
    LosesRole,
    /// Has this role now.
    GainsRole,
    /// Has this claim now.
    ClaimAdded,
    /// Has this claim no more.
    ClaimRemoved,
    /// This claim has another value.
    ClaimChanged,
}

/// One thing in which two answers differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) kind: DifferenceKind,
    /// The group, role, claim or reason; blank where there is only one of the kind.
    pub(crate) name: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// What a sign-in comes to, as far as a policy has a say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// A person, who may have bars.
    User(Box<User>),
    /// The bind failed.
    Rejected(String),
    /// Nobody was found with the plan's own filter.
    NotFound,
    /// It cannot be told.
    Failed(String),
    /// The policy had no time for it: nothing is known.
    Busy,
}

impl Answer {
    /// What came of asking a policy about a person.
    pub(crate) fn of(
        federation: &ActiveFederation,
        outcome: Result<Verdict, DecideError>,
        person: &Person,
        subject: Result<String, String>,
    ) -> Self {
        let identity = match outcome {
            Ok(Verdict::Identified(identity)) => identity,
            Ok(Verdict::Rejected(rejection)) => {
                return Self::Rejected(rejection.reason.reason().to_owned());
            }
            Err(DecideError::Policy(error)) if error.fault == PolicyFault::Busy => {
                return Self::Busy;
            }
            Err(error) => return Self::Failed(error.to_string()),
        };
        // No answer of a policy makes a bind succeed that did not.
        if person.reply.as_ref().is_some_and(|it| !it.is_success()) {
            return Self::Rejected(Refusal::BadCredentials.reason().to_owned());
        }
        let user = subject.and_then(|subject| {
            let user = user_of(subject, federation, &identity, person);
            user.map_err(|error| error.to_string())
        });
        match user {
            Ok(user) => Self::User(Box::new(user)),
            Err(reason) => Self::Failed(reason),
        }
    }

    pub(crate) fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }

    pub(crate) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Why the person is kept out at this time; none: they are not.
    fn kept_out(&self, now: Timestamp) -> Option<String> {
        match self {
            Self::User(user) => {
                let mut bars = user.bars.iter();
                let bar = bars.find(|bar| bar.holds_at(now));
                bar.map(|bar| bar.reason.reason().to_owned())
            }
            Self::Rejected(reason) => Some(reason.clone()),
            Self::NotFound => Some("not_found".to_owned()),
            Self::Failed(_) | Self::Busy => Some("failed".to_owned()),
        }
    }
}

/// Where two answers about the same person differ; nothing where one of them is not known.
pub(crate) fn differences(before: &Answer, after: &Answer, now: Timestamp) -> Vec<Difference> {
    let mut found = Vec::new();
    if matches!(before, Answer::Busy) || matches!(after, Answer::Busy) {
        return found;
    }
    let mut add = |kind, name: &str, before: Value, after: Value| {
        found.push(Difference {
            kind,
            name: name.to_owned(),
            before,
            after,
        });
    };
    match (before.kept_out(now), after.kept_out(now)) {
        (None, Some(reason)) => add(DifferenceKind::LosesAccess, "", Value::Null, json!(reason)),
        (Some(reason), None) => add(DifferenceKind::GainsAccess, "", json!(reason), Value::Null),
        (Some(was), Some(is)) if was != is && !before.is_failed() && !after.is_failed() => {
            add(DifferenceKind::OtherReason, &is, json!(was), json!(is));
        }
        _ => {}
    }
    match (before, after) {
        (Answer::Failed(_), Answer::Failed(_)) => {}
        (_, Answer::Failed(reason)) => {
            add(DifferenceKind::Fails, "", Value::Null, json!(reason));
        }
        (Answer::Failed(reason), _) => {
            add(DifferenceKind::FailsNoMore, "", json!(reason), Value::Null);
        }
        _ => {}
    }
    if let (Some(before), Some(after)) = (before.user(), after.user()) {
        of_users(before, after, &mut add);
    }
    found
}

fn of_users(before: &User, after: &User, add: &mut impl FnMut(DifferenceKind, &str, Value, Value)) {
    if before.subject != after.subject {
        let (was, is) = (json!(before.subject), json!(after.subject));
        add(DifferenceKind::SubjectChanges, "", was, is);
    }
    if before.username != after.username {
        let (was, is) = (json!(before.username), json!(after.username));
        add(DifferenceKind::UsernameChanges, "", was, is);
    }
    let bars = |user: &User| -> BTreeSet<String> {
        let bars = user.bars.iter();
        bars.map(|bar| bar.reason.reason().to_owned()).collect()
    };
    let lists = [
        (
            bars(before),
            bars(after),
            DifferenceKind::BarRemoved,
            DifferenceKind::BarAdded,
        ),
        (
            names(before, "groups"),
            names(after, "groups"),
            DifferenceKind::LosesGroup,
            DifferenceKind::GainsGroup,
        ),
        (
            names(before, "roles"),
            names(after, "roles"),
            DifferenceKind::LosesRole,
            DifferenceKind::GainsRole,
        ),
    ];
    for (was, is, lost, gained) in lists {
        for name in was.difference(&is) {
            add(lost, name, Value::Null, Value::Null);
        }
        for name in is.difference(&was) {
            add(gained, name, Value::Null, Value::Null);
        }
    }
    of_claims(&before.claims, &after.claims, add);
}

fn of_claims(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    add: &mut impl FnMut(DifferenceKind, &str, Value, Value),
) {
    let is_own = |name: &str| name != "groups" && name != "roles";
    for (name, was) in before.iter().filter(|(name, _)| is_own(name)) {
        match after.get(name) {
            None => add(DifferenceKind::ClaimRemoved, name, was.clone(), Value::Null),
            Some(is) if is != was => {
                add(DifferenceKind::ClaimChanged, name, was.clone(), is.clone());
            }
            Some(_) => {}
        }
    }
    for (name, is) in after.iter().filter(|(name, _)| is_own(name)) {
        if !before.contains_key(name) {
            add(DifferenceKind::ClaimAdded, name, Value::Null, is.clone());
        }
    }
}

/// What stands in a claim of names.
fn names(user: &User, claim: &str) -> BTreeSet<String> {
    let names = user.claims.get(claim).and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}
