//! One federation in force: with its plan, its policy and its directory.

use crate::{
    chain::Link,
    reads,
    shadow::{Beside, set_aside},
};
use bridge_model::{
    entry::{Attribute, Entry},
    federation::{EditMode, Federation, OnError},
    filter::{Filter, Slot},
    names::{FederationId, FederationName},
    ports::{Directories, Directory, DirectoryError, PolicyError, VendorPolicy},
    realm::PlannedFederation,
    search::{Finding, Subtree},
    secret::Secret,
    time::Timestamp,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How long reads that are alike for everyone are kept: an operator who changes the directory's rules
/// sees it within a minute.
const SHARED_KEPT: Duration = Duration::from_mins(1);

/// A federation answers for itself: one that cannot be put in force keeps the reason.
pub(crate) enum Member {
    Active(Arc<ActiveFederation>),
    Broken(Broken),
}

/// A federation that cannot be asked.
pub(crate) struct Broken {
    pub(crate) name: FederationName,
    pub(crate) id: FederationId,
    pub(crate) vendor: String,
    pub(crate) on_error: OnError,
    pub(crate) takes_new_users: bool,
    pub(crate) reason: String,
}

/// A federation that can be asked.
pub(crate) struct ActiveFederation {
    pub(crate) planned: Arc<PlannedFederation>,
    pub(crate) policy: Arc<dyn VendorPolicy>,
    /// The mapper policies of the plan: as many as it has chained mappers, or nobody is let in.
    pub(crate) links: Vec<Link>,
    pub(crate) directory: Arc<dyn Directory>,
    /// What may be read beside users.
    pub(crate) readable: Vec<Subtree>,
    /// Who looks on.
    pub(crate) beside: Beside,
    /// Attributes of users that are read for whoever looks on alone.
    pub(crate) more: Vec<String>,
    shared: Mutex<Option<(Timestamp, Vec<Finding>)>>,
}

/// Whether new users are made in a federation's directory.
pub(crate) fn takes_new_users(federation: &Federation) -> bool {
    federation.edit_mode == EditMode::Writable && federation.sync_registration
}

impl ActiveFederation {
    /// A federation whose plan is of this very policy.
    pub(crate) fn open(
        planned: PlannedFederation,
        policy: Arc<dyn VendorPolicy>,
        directories: &dyn Directories,
        bind_credential: Option<Secret>,
    ) -> Result<Self, DirectoryError> {
        let directory = directories.open(&planned.federation, bind_credential)?;
        Ok(Self::over(Arc::new(planned), policy, directory))
    }

    /// A federation over a directory that is open.
    pub(crate) fn over(
        planned: Arc<PlannedFederation>,
        policy: Arc<dyn VendorPolicy>,
        directory: Arc<dyn Directory>,
    ) -> Self {
        Self {
            readable: planned.federation.readable(),
            planned,
            policy,
            links: Vec::new(),
            directory,
            beside: Beside::default(),
            more: Vec::new(),
            shared: Mutex::new(None),
        }
    }

    /// The same with the mapper policies of its plan.
    pub(crate) fn with_links(mut self, links: Vec<Link>) -> Self {
        self.links = links;
        self
    }

    /// The same with somebody who looks on.
    pub(crate) fn with_beside(mut self, beside: &Beside) -> Self {
        self.more = beside.more(&self.planned);
        self.beside = beside.clone();
        self
    }

    /// Whether its realm has processor time left to be asked about somebody, so that no directory is asked
    /// for nothing.
    pub(crate) fn ready(&self) -> Result<(), PolicyError> {
        self.policy.ready()
    }

    pub(crate) fn name(&self) -> &FederationName {
        &self.planned.federation.name
    }

    /// A filter for users: the plan's own, with the object classes and the operator's filter laid
    /// over it.
    pub(crate) fn user_filter(
        &self,
        text: &str,
        slots: &[Slot],
    ) -> Result<Filter, reads::ReadError> {
        let plan = &self.planned.plan;
        let mut parts: Vec<_> = plan
            .user_object_classes
            .iter()
            .map(|class| Filter::equal("objectClass", class.as_str()))
            .collect();
        parts.push(reads::check_filter(text, slots)?);
        if let Some(custom) = &self.planned.federation.custom_filter {
            parts.push(reads::check_filter(custom, &[])?);
        }
        Ok(Filter::And(parts))
    }

    /// What to read of a user: what this federation needs, and what is read for whoever looks on.
    pub(crate) fn user_attributes(&self) -> Vec<String> {
        let mut attributes = self.own_attributes();
        attributes.extend(self.more.iter().cloned());
        attributes
    }

    /// Takes out of an entry what was read for whoever looks on alone: no policy in force sees it.
    pub(crate) fn set_aside(&self, entry: &mut Entry) -> Vec<Attribute> {
        if self.more.is_empty() {
            return Vec::new();
        }
        set_aside(entry, &self.own_attributes(), &self.more)
    }

    /// What this federation needs of a user: the plan's attributes and the one that identifies.
    pub(crate) fn own_attributes(&self) -> Vec<String> {
        let plan = &self.planned.plan;
        let mut attributes = plan.attributes.clone();
        let id = &plan.stable_id.attribute;
        if !attributes
            .iter()
            .any(|known| known.eq_ignore_ascii_case(id))
        {
            attributes.push(id.clone());
        }
        attributes
    }

    /// The reads that are alike for everyone, at most [`SHARED_KEPT`] old.
    pub(crate) async fn shared(&self, now: Timestamp) -> Result<Vec<Finding>, SharedError> {
        if self.planned.plan.shared.is_empty() {
            return Ok(Vec::new());
        }
        let mut shared = self.shared.lock().await;
        if let Some((read_at, findings)) = shared.as_ref()
            && now < read_at.plus(SHARED_KEPT)
        {
            return Ok(findings.clone());
        }
        let bounds = reads::Bounds {
            readable: &self.readable,
            own: None,
            after_failure: false,
        };
        let mut findings = Vec::new();
        for wish in &self.planned.plan.shared {
            let found = self.directory.search(&reads::admit(wish, &bounds)?).await?;
            if wish.required && found.result_code != 0 {
                return Err(SharedError::Required(wish.key.clone(), found.result_code));
            }
            findings.push(Finding {
                key: wish.key.clone(),
                result_code: found.result_code,
                entries: found.entries,
            });
        }
        *shared = Some((now, findings.clone()));
        Ok(findings)
    }
}

/// Why the reads that are alike for everyone are not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SharedError {
    #[error(transparent)]
    Read(#[from] reads::ReadError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("the read {0:?} ended with result code {1}")]
    Required(String, u32),
}
