//! Policies that are loaded.

use crate::{
    call::Linked, changes::Asked, contract, fault::Fault, lend, mapper, proposal, realm::Lease,
    world::PolicyKind,
};
use bridge_model::{
    changes::Turn,
    decision::{Adjustment, Candidate, Claim, Context, Person, Step},
    entry::Entry,
    federation::Federation,
    plan::{Description, Mapper, MapperPlan, Plan, Problem, Proposal},
    ports::{MapperPolicy, Offers, PolicyError, VendorPolicy},
    realm::PolicyRef,
    search::{Page, Reply},
    time::Timestamp,
    write::{Complaint, EntryChange, NewEntry, ProfileChange},
};
use bumpalo::Bump;
use std::sync::Arc;

/// A policy of either world. Copies are cheap.
#[derive(Clone)]
pub(crate) enum Loaded {
    /// It exports `vendor`.
    Vendor(Vendor),
    /// It exports `claim-mapper`.
    Mapper(ClaimMapper),
}

/// A vendor policy: admitted, compiled, linked, and named.
#[derive(Clone)]
pub(crate) struct Vendor {
    about: Arc<About>,
    offers: Arc<Offers>,
    linked: Linked,
}

/// A mapper policy: the same.
#[derive(Clone)]
pub(crate) struct ClaimMapper {
    about: Arc<About>,
    linked: Linked<mapper::Exports>,
}

struct About {
    reference: PolicyRef,
    description: Description,
    /// The most persons of one call.
    persons_max: usize,
}

impl Loaded {
    /// Which world it is of.
    pub(crate) fn kind(&self) -> PolicyKind {
        match self {
            Self::Vendor(_) => PolicyKind::Vendor,
            Self::Mapper(_) => PolicyKind::Mapper,
        }
    }

    /// Which policy this is.
    pub(crate) fn reference(&self) -> &PolicyRef {
        &self.about().reference
    }

    /// What it says of itself.
    pub(crate) fn description(&self) -> &Description {
        &self.about().description
    }

    fn about(&self) -> &About {
        match self {
            Self::Vendor(policy) => &policy.about,
            Self::Mapper(policy) => &policy.about,
        }
    }
}

impl About {
    fn new(digest: String, description: Description, persons_max: usize) -> Arc<Self> {
        Arc::new(Self {
            reference: PolicyRef {
                id: description.id.clone(),
                version: description.version.clone(),
                digest,
            },
            description,
            persons_max,
        })
    }

    fn error(&self, fault: Fault) -> PolicyError {
        PolicyError {
            policy: self.reference.id.clone(),
            fault: fault.kind,
            detail: fault.detail,
        }
    }
}

impl ClaimMapper {
    /// Asks a component what it is.
    pub(crate) fn new(
        digest: String,
        linked: Linked<mapper::Exports>,
        persons_max: usize,
    ) -> Result<Self, Fault> {
        let description = linked.describe()?;
        contract::check_mapper_description(&description)
            .map_err(|breach| Fault::of_breach(&breach, "describe"))?;
        Ok(Self {
            about: About::new(digest, description, persons_max),
            linked,
        })
    }

    /// The same for a realm.
    pub(crate) fn lent(&self, lease: Lease) -> Self {
        Self {
            about: Arc::clone(&self.about),
            linked: self.linked.lent(lease),
        }
    }

    fn error(&self, fault: Fault) -> PolicyError {
        self.about.error(fault)
    }
}

impl MapperPolicy for ClaimMapper {
    fn reference(&self) -> &PolicyRef {
        &self.about.reference
    }

    fn description(&self) -> &Description {
        &self.about.description
    }

    fn ready(&self) -> Result<(), PolicyError> {
        self.linked.ready().map_err(|fault| self.error(fault))
    }

    fn is_slow(&self) -> bool {
        self.linked.is_slow()
    }

    fn check(&self, mapper: &Mapper) -> Result<Result<MapperPlan, Vec<Problem>>, PolicyError> {
        let arena = Bump::new();
        let answer = self.linked.check(lend::mapper(&arena, mapper));
        answer.map_err(|fault| self.error(fault))
    }

    /// What is made of a candidate depends on that candidate alone, so a long list may be cut.
    fn adjust(
        &self,
        memo: &[u8],
        now: Timestamp,
        candidates: &[Candidate],
    ) -> Result<Vec<Result<Vec<Adjustment>, Problem>>, PolicyError> {
        let mut results = Vec::with_capacity(candidates.len());
        for part in candidates.chunks(self.about.persons_max) {
            let arena = Bump::new();
            let part = lend::candidates(&arena, part);
            let answer = self.linked.adjust(memo, now.0, part);
            results.append(&mut answer.map_err(|fault| self.error(fault))?);
        }
        Ok(results)
    }
}

impl Vendor {
    /// Asks a component what it is.
    pub(crate) fn new(digest: String, linked: Linked, persons_max: usize) -> Result<Self, Fault> {
        let description = linked.describe()?;
        let offers = linked.offers()?;
        Ok(Self {
            about: About::new(digest, description, persons_max),
            offers: Arc::new(offers),
            linked,
        })
    }

    /// The same for a realm.
    pub(crate) fn lent(&self, lease: Lease) -> Self {
        Self {
            about: Arc::clone(&self.about),
            offers: Arc::clone(&self.offers),
            linked: self.linked.lent(lease),
        }
    }

    fn error(&self, fault: Fault) -> PolicyError {
        self.about.error(fault)
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

impl VendorPolicy for Vendor {
    fn reference(&self) -> &PolicyRef {
        &self.about.reference
    }

    fn description(&self) -> &Description {
        &self.about.description
    }

    fn ready(&self) -> Result<(), PolicyError> {
        self.linked.ready().map_err(|fault| self.error(fault))
    }

    fn is_slow(&self) -> bool {
        self.linked.is_slow()
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
        if persons.len() <= self.about.persons_max {
            return self.decide_within_limit(context, persons);
        }
        let mut steps = Vec::with_capacity(persons.len());
        for part in persons.chunks(self.about.persons_max) {
            steps.append(&mut self.decide_within_limit(context, part)?);
        }
        Ok(steps)
    }

    fn offers(&self) -> Offers {
        Offers::clone(&self.offers)
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
