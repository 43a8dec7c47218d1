//! What is in force and a candidate, side by side.

use super::{
    candidate::{Candidate, CandidateError, beyond, draft, plan_changes, set_aside},
    compare::Answer,
};
use crate::{
    chain::{Fitted, Link, fit},
    decide::{self, Judged, decide_all},
    member::ActiveFederation,
    subject,
};
use bridge_model::{
    decision::Person,
    entry::Entry,
    ports::{Directory, Policies, Store, StoreError, VendorPolicy},
    realm::{PlannedFederation, Realm},
    secret::Secret,
    time::Timestamp,
};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// What is in force and a candidate, over the same directory.
pub(crate) struct Pair {
    pub(crate) before: ActiveFederation,
    pub(crate) after: ActiveFederation,
    /// Attributes that only what is in force reads.
    only_before: Vec<String>,
    /// Attributes that only the candidate reads.
    only_after: Vec<String>,
    subject_key: Secret,
    store: Arc<dyn Store>,
}

/// What the two made of persons, in their order.
pub(crate) struct Answers {
    /// The DN, and what each of them says.
    pub(crate) people: Vec<(String, Answer, Answer)>,
    pub(crate) time_before: Duration,
    pub(crate) time_after: Duration,
}

/// What a pair is made of.
pub(crate) struct Sides {
    pub(crate) before: Side,
    pub(crate) after: Side,
    pub(crate) subject_key: Secret,
}

/// A federation with its policies.
pub(crate) struct Side {
    pub(crate) planned: Arc<PlannedFederation>,
    policy: Arc<dyn VendorPolicy>,
    links: Vec<Link>,
}

impl From<Fitted> for Side {
    fn from(fitted: Fitted) -> Self {
        Self {
            planned: Arc::new(fitted.planned),
            policy: fitted.policy,
            links: fitted.links,
        }
    }
}

impl Side {
    fn over(&self, directory: &Arc<dyn Directory>) -> ActiveFederation {
        let (planned, policy) = (Arc::clone(&self.planned), Arc::clone(&self.policy));
        ActiveFederation::over(planned, policy, Arc::clone(directory))
            .with_links(self.links.clone())
    }
}

impl Sides {
    /// A federation of the store, as it is and as it would be.
    pub(crate) async fn of_store(
        policies: &dyn Policies,
        store: &dyn Store,
        realm: &Realm,
        planned: PlannedFederation,
        candidate: &Candidate,
    ) -> Result<Self, CandidateError> {
        let before = fit(policies, &realm.policies, planned);
        let before = before.map_err(|misfit| CandidateError::NotInForce(misfit.to_string()))?;
        let after = draft(policies, realm, &before.planned, candidate)?;
        let key = store.subject_key(&realm.name).await?;
        let subject_key =
            key.ok_or_else(|| StoreError::Missing(format!("realm {}", realm.name)))?;
        Ok(Self {
            before: before.into(),
            after: after.into(),
            subject_key,
        })
    }

    /// What differs between the plans.
    pub(crate) fn plan_changes(&self) -> Vec<String> {
        plan_changes(&self.before.planned.plan, &self.after.planned.plan)
    }

    /// The two over a directory.
    pub(crate) fn open(&self, directory: &Arc<dyn Directory>, store: &Arc<dyn Store>) -> Pair {
        let (before, after) = (self.before.over(directory), self.after.over(directory));
        Pair {
            only_before: beyond(&after, &before),
            only_after: beyond(&before, &after),
            before,
            after,
            subject_key: self.subject_key.clone(),
            store: Arc::clone(store),
        }
    }
}

impl Pair {
    /// The attributes that both read together.
    pub(crate) fn attributes(&self) -> Vec<String> {
        let mut attributes = self.before.own_attributes();
        attributes.extend(self.only_after.iter().cloned());
        attributes
    }

    /// Attributes that only the candidate reads.
    pub(crate) fn more(&self) -> &[String] {
        &self.only_after
    }

    /// Whether both identify people alike.
    fn has_same_subjects(&self) -> bool {
        let id = |it: &ActiveFederation| {
            let id = &it.planned.plan.stable_id;
            let namespace = it.planned.federation.subject_namespace.clone();
            (id.attribute.to_ascii_lowercase(), id.form, namespace)
        };
        id(&self.before) == id(&self.after)
    }

    /// A person as what is in force sees them.
    pub(crate) fn seen_by_before(&self, person: &Person) -> Person {
        let mut person = person.clone();
        let asked = self.before.own_attributes();
        set_aside(&mut person.entry, &asked, &self.only_after);
        person
    }

    /// What each makes of persons whose entries were read for both. Each sees what it would see alone.
    pub(crate) async fn ask(
        &self,
        persons: Vec<Person>,
        now: Timestamp,
    ) -> Result<Answers, StoreError> {
        let dns: Vec<_> = persons.iter().map(|it| it.entry.dn.clone()).collect();
        let seen_by = |own: &ActiveFederation, others: &[String]| -> Vec<Person> {
            let asked = own.own_attributes();
            let persons = persons.iter().cloned().map(|mut person| {
                set_aside(&mut person.entry, &asked, others);
                person.findings.clear();
                person
            });
            persons.collect()
        };
        let (before, time_before) = self
            .side(&self.before, seen_by(&self.before, &self.only_after), now)
            .await?;
        let (after, time_after) = self
            .side(&self.after, seen_by(&self.after, &self.only_before), now)
            .await?;
        let answers = dns.into_iter().zip(before).zip(after);
        Ok(Answers {
            people: answers
                .map(|((dn, before), after)| (dn, before, after))
                .collect(),
            time_before,
            time_after,
        })
    }

    async fn side(
        &self,
        federation: &ActiveFederation,
        persons: Vec<Person>,
        now: Timestamp,
    ) -> Result<(Vec<Answer>, Duration), StoreError> {
        let context = match decide::context(federation, now).await {
            Ok(context) => context,
            Err(error) => {
                let failed = Answer::Failed(format!("a read that is alike for everyone: {error}"));
                return Ok((vec![failed; persons.len()], Duration::ZERO));
            }
        };
        let subjects = self.subjects(federation, &persons).await?;
        let (judged, time) = decide_all(federation, context, persons).await;
        let answers = judged.into_iter().zip(subjects);
        let answers = answers.map(|(judged, subject)| {
            let Judged {
                person, outcome, ..
            } = judged;
            Answer::of(federation, outcome, &person, subject)
        });
        Ok((answers.collect(), time))
    }

    /// The subjects of persons; blank where both sides have the same ones anyway.
    async fn subjects(
        &self,
        federation: &ActiveFederation,
        persons: &[Person],
    ) -> Result<Vec<Result<String, String>>, StoreError> {
        let PlannedFederation {
            federation, plan, ..
        } = &*federation.planned;
        let identifier = |entry: &Entry| {
            subject::identifier(&plan.stable_id, entry).map_err(|error| error.to_string())
        };
        let identifiers: Vec<_> = persons.iter().map(|it| identifier(&it.entry)).collect();
        if self.has_same_subjects() {
            let blank = identifiers.into_iter();
            return Ok(blank.map(|it| it.map(|_| String::new())).collect());
        }
        let known: Vec<_> = identifiers.iter().flatten().cloned().collect();
        let brought: HashMap<Vec<u8>, String> = self
            .store
            .imported_subjects(&federation.realm, federation.id, &known)
            .await?;
        let subject = |identifier: Vec<u8>| {
            brought.get(&identifier).cloned().unwrap_or_else(|| {
                let namespace = &federation.subject_namespace;
                subject::derive(&self.subject_key, namespace, &plan.stable_id, &identifier)
            })
        };
        Ok(identifiers.into_iter().map(|it| it.map(subject)).collect())
    }
}
