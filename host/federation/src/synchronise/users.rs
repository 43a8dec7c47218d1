//! Reading users, page by page.

use super::halt::Halt;
use crate::{member::ActiveFederation, reads};
use bridge_model::{
    filter::{Filter, Slot},
    ports::Pages,
    search::{Control, Page, PagedSearch, Search, Subtree},
};
use std::sync::Arc;

/// A read of all places where users live, one after the other.
pub(super) struct UserPages {
    federation: Arc<ActiveFederation>,
    filter: Filter,
    attributes: Vec<String>,
    paged: bool,
    controls: Vec<Control>,
    /// The place that is read.
    place: usize,
    pages: Option<Box<dyn Pages>>,
}

/// A page of one place.
pub(super) struct UserPage {
    /// Which of [`bridge_model::federation::Federation::users`].
    pub(super) place: usize,
    /// Nothing follows only after the last page of the last place.
    pub(super) page: Page,
}

/// What fits a user: the plan's filter with the object classes and the operator's filter laid over it.
pub(super) fn filter(federation: &ActiveFederation) -> Result<Filter, reads::ReadError> {
    federation.user_filter(&federation.planned.plan.users_filter, &[])
}

impl UserPages {
    /// A read of all users.
    pub(super) fn all(federation: Arc<ActiveFederation>) -> Result<Self, Halt> {
        let filter = filter(&federation)?;
        Ok(Self::of(federation, filter))
    }

    /// A read of the users that fit another filter too.
    pub(super) fn that_fit(
        federation: Arc<ActiveFederation>,
        text: &str,
        slots: &[Slot],
    ) -> Result<Self, Halt> {
        let all = filter(&federation)?;
        let filter = Filter::And(vec![all, reads::check_filter(text, slots)?]);
        Ok(Self::of(federation, filter))
    }

    fn of(federation: Arc<ActiveFederation>, filter: Filter) -> Self {
        Self {
            filter,
            attributes: federation.user_attributes(),
            paged: federation.planned.federation.synchronisation.pagination,
            controls: Vec::new(),
            place: 0,
            pages: None,
            federation,
        }
    }

    /// The same read with these controls, and without pages where `paged` says so.
    pub(super) fn with(mut self, controls: Vec<Control>, paged: bool) -> Self {
        self.paged &= paged;
        self.controls = controls;
        self
    }

    /// The next page; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<UserPage>, Halt> {
        let federation = Arc::clone(&self.federation);
        let places = &federation.planned.federation.users;
        while let Some(users) = places.get(self.place) {
            let mut pages = match self.pages.take() {
                Some(pages) => pages,
                None => federation.directory.pages(&self.search(users)).await?,
            };
            let place = self.place;
            let page = pages.next().await?;
            match &page {
                Some(page) if !page.is_last => self.pages = Some(pages),
                _ => self.place += 1,
            }
            if let Some(mut page) = page {
                page.is_last &= self.place == places.len();
                return Ok(Some(UserPage { place, page }));
            }
        }
        Ok(None)
    }

    fn search(&self, users: &Subtree) -> PagedSearch {
        let synchronisation = &self.federation.planned.federation.synchronisation;
        PagedSearch {
            search: Search {
                base: users.base.clone(),
                scope: users.scope,
                filter: self.filter.clone(),
                attributes: self.attributes.clone(),
                size_limit: synchronisation.batch_size.max(1),
            },
            paged: self.paged,
            controls: self.controls.clone(),
        }
    }
}
