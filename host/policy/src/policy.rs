//! A policy that is loaded.

use crate::{call::Linked, changes::Asked, contract, fault::Fault, lend, proposal};
use bridge_model::{
    changes::Turn,
    decision::{Claim, Context, Person, Step},
    entry::Entry,
    federation::Federation,
    plan::{Description, Plan, Problem, Proposal},
    ports::{Offers, PolicyError, VendorPolicy},
    realm::PolicyRef,
    search::{Page, Reply},
    write::{Complaint, EntryChange, NewEntry, ProfileChange},
};
use bumpalo::Bump;

/// A policy: admitted, compiled, linked, and named.
pub(crate) struct LoadedPolicy {
    reference: PolicyRef,
    description: Description,
    offers: Offers,
    linked: Linked,
    /// The most persons of one call.
    persons_max: usize,
}

impl LoadedPolicy {
    pub(crate) fn new(
        digest: String,
        description: Description,
        offers: Offers,
        linked: Linked,
        persons_max: usize,
    ) -> Self {
        Self {
            reference: PolicyRef {
                id: description.id.clone(),
                version: description.version.clone(),
                digest,
            },
            linked: linked.named(&description.id),
            description,
            offers,
            persons_max,
        }
    }

    fn error(&self, fault: Fault) -> PolicyError {
        PolicyError {
            policy: self.reference.id.clone(),
            fault: fault.kind,
            detail: fault.detail,
        }
    }

    /// What an answer to a page of so many entries has to fit.
    fn asked(&self, entries: usize) -> Asked<'_> {
        Asked {
            controls: self.offers.changes.as_deref().unwrap_or_default(),
            entries,
        }
    }

    fn decide_within_limit(
        &self,
        context: &Context,
        persons: &[Person],
    ) -> Result<Vec<Step>, PolicyError> {
        let arena = Bump::new();
        let steps = self
            .linked
            .decide(
                lend::context(&arena, context),
                lend::persons(&arena, persons),
            )
            .map_err(|fault| self.error(fault))?;
        let steps: Vec<Step> = steps.into_iter().map(Into::into).collect();
        contract::check_steps(&steps, persons.len())
            .map_err(|breach| self.error(Fault::of_breach(&breach, "decide")))?;
        Ok(steps)
    }
}

impl VendorPolicy for LoadedPolicy {
    fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn translate(
        &self,
        federation: &Federation,
    ) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
        let arena = Bump::new();
        let outcome = self
            .linked
            .translate(lend::federation(&arena, federation))
            .map_err(|fault| self.error(fault))?
            .map(Plan::from)
            .map_err(|problems| problems.into_iter().map(Problem::from).collect::<Vec<_>>());
        contract::check_translation(&outcome)
            .map_err(|breach| self.error(Fault::of_breach(&breach, "translate")))?;
        Ok(outcome)
    }

    fn recognise(&self, root: &Entry, samples: &[Entry]) -> Result<Option<Proposal>, PolicyError> {
        let arena = Bump::new();
        self.linked
            .recognise(lend::entry(&arena, root), lend::entries(&arena, samples))
            .map_err(|fault| self.error(fault))?
            .map(proposal::take)
            .transpose()
            .map_err(|breach| self.error(Fault::of_breach(&breach, "recognise")))
    }

    /// A person's step depends on that person and the context alone, so a long list may be cut.
    fn decide(&self, context: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
        if persons.len() <= self.persons_max {
            return self.decide_within_limit(context, persons);
        }
        let mut steps = Vec::with_capacity(persons.len());
        for part in persons.chunks(self.persons_max) {
            steps.append(&mut self.decide_within_limit(context, part)?);
        }
        Ok(steps)
    }

    fn offers(&self) -> Offers {
        self.offers.clone()
    }

    fn explain_password(
        &self,
        context: &Context,
        user: &Entry,
        reply: &Reply,
    ) -> Result<Vec<Complaint>, PolicyError> {
        let arena = Bump::new();
        let arguments = (
            lend::context(&arena, context),
            lend::entry(&arena, user),
            lend::reply(&arena, reply),
        );
        let answer = self.linked.explain_password(arguments);
        answer.map_err(|fault| self.error(fault))
    }

    fn modify(
        &self,
        context: &Context,
        user: &Entry,
        changes: &[ProfileChange],
    ) -> Result<Result<EntryChange, Vec<Problem>>, PolicyError> {
        let arena = Bump::new();
        let arguments = (
            lend::context(&arena, context),
            lend::entry(&arena, user),
            lend::profile_changes(&arena, changes),
        );
        let answer = self.linked.modify(arguments);
        answer.map_err(|fault| self.error(fault))
    }

    fn register(
        &self,
        context: &Context,
        profile: &[Claim],
    ) -> Result<Result<NewEntry, Vec<Problem>>, PolicyError> {
        let arena = Bump::new();
        let arguments = (
            lend::context(&arena, context),
            lend::claims(&arena, profile),
        );
        let answer = self.linked.register(arguments);
        answer.map_err(|fault| self.error(fault))
    }

    fn explain_write(&self, context: &Context, reply: &Reply) -> Result<Vec<Problem>, PolicyError> {
        let arena = Bump::new();
        let arguments = (lend::context(&arena, context), lend::reply(&arena, reply));
        let answer = self.linked.explain_write(arguments);
        answer.map_err(|fault| self.error(fault))
    }

    fn start_changes(&self, context: &Context, cursor: Option<&[u8]>) -> Result<Turn, PolicyError> {
        let arena = Bump::new();
        let arguments = (lend::context(&arena, context), cursor);
        let answer = self.linked.start_changes(arguments, self.asked(0));
        answer.map_err(|fault| self.error(fault))
    }

    fn follow_changes(
        &self,
        context: &Context,
        cursor: Option<&[u8]>,
        asked: &str,
        page: &Page,
    ) -> Result<Turn, PolicyError> {
        let arena = Bump::new();
        let arguments = (
            lend::context(&arena, context),
            cursor,
            asked,
            lend::page(&arena, page),
        );
        let asked = self.asked(page.entries.len());
        let answer = self.linked.follow_changes(arguments, asked);
        answer.map_err(|fault| self.error(fault))
    }
}
