//! What a sign-in and a password change have in common: finding the one who is meant, and proving
//! that it is they.

use crate::{
    active::ActiveRealm,
    chain::MapperFailure,
    member::ActiveFederation,
    parts::Parts,
    person::Subjects,
    seek::{Sought, seek},
    subject,
    throttle::Counted,
    trace::Trace,
};
use bridge_model::{
    account::AuthenticatedUser,
    audit::AuditEvent,
    client::Client,
    decision::{Person, Refusal},
    dn::Dn,
    entry::{Attribute, Entry},
    federation::{BindName, EditMode},
    plan::PasswordWrite,
    ports::{Random, StoreError},
    realm::{PlannedFederation, Realm},
    secret::Password,
    write::{PasswordAuthor, PasswordChange},
};
use std::time::Duration;

/// The reason in the audit trail where the policies of the realm have used up their processor time.
pub(crate) const POLICY_BUSY: &str = "policy_busy";

/// What is carried through one attempt.
pub(crate) struct Course<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) realm: &'a Realm,
    /// None: of no client's, such as on the account page.
    pub(crate) client: Option<&'a Client>,
    pub(crate) active: &'a ActiveRealm,
    /// What the person proves with that it is they.
    pub(crate) password: &'a Password,
    /// What takes its place, where it is to be changed.
    pub(crate) new: Option<&'a Password>,
    pub(crate) counted: Counted<'a>,
    pub(crate) audit: &'a mut AuditEvent,
    pub(crate) trace: &'a mut Trace,
}

/// The true end of an attempt.
pub(crate) enum End {
    SignedIn(Box<AuthenticatedUser>),
    Refused(String),
    /// The person proved who they are: nothing failed.
    NotAllowed(String),
    /// The person proved who they are, and first needs another password.
    ChangeRequired {
        reason: String,
        may_change: bool,
        /// Whether the directory let them in.
        is_bound: bool,
    },
    Throttled,
    /// The directory did not say; the attempt does not count.
    Unavailable(String),
    /// The directory let nobody in, and why could not be made sense of; the attempt counts, as the
    /// directory may have counted it too.
    Undecided(String),
}

/// The one who is meant, before anything is proved.
pub(crate) struct Candidate<'a> {
    pub(crate) federation: &'a ActiveFederation,
    pub(crate) person: Person,
    /// What was read for whoever looks on alone.
    pub(crate) aside: Vec<Attribute>,
    pub(crate) identifier: Vec<u8>,
    /// What is bound with.
    pub(crate) name: BindName,
    pub(crate) policy_time: Duration,
    /// Mappers that a mapper policy does and that failed.
    pub(crate) failures: Vec<MapperFailure>,
}

impl Candidate<'_> {
    pub(crate) fn planned(&self) -> &PlannedFederation {
        &self.federation.planned
    }

    pub(crate) fn edit_mode(&self) -> EditMode {
        self.planned().federation.edit_mode
    }
}

impl<'a> Course<'a> {
    /// Finds the one who is meant, and counts the attempt on them.
    pub(crate) async fn find(
        &mut self,
        username: &str,
    ) -> Result<Result<Candidate<'a>, End>, StoreError> {
        let active = self.active;
        let (federation, entry) = match seek(active, username, self.trace).await {
            Sought::Person(federation, entry) => (federation, *entry),
            Sought::Several(federation) => {
                self.audit.federation = Some(federation.name().to_string());
                self.trace.username = Some(username.to_owned());
                self.pretend(federation).await;
                return Ok(Err(End::Refused("ambiguous_user_name".to_owned())));
            }
            Sought::Nobody(first) => {
                if let Some(federation) = first {
                    self.pretend(federation).await;
                }
                return Ok(Err(End::Refused("unknown_user".to_owned())));
            }
            Sought::Unavailable(name, reason) => {
                self.audit.federation = Some(name.to_string());
                return Ok(Err(End::Unavailable(reason)));
            }
        };
        self.audit.federation = Some(federation.name().to_string());
        self.audit.policy = Some(federation.policy.reference().clone());
        self.audit.entry_dn = Some(entry.dn.clone());
        self.trace.username = Some(username.to_owned());
        self.candidate(federation, entry).await
    }

    async fn candidate(
        &mut self,
        federation: &'a ActiveFederation,
        mut entry: Entry,
    ) -> Result<Result<Candidate<'a>, End>, StoreError> {
        let aside = federation.set_aside(&mut entry);
        let planned = &federation.planned;
        let identifier = match subject::identifier(&planned.plan.stable_id, &entry) {
            Ok(identifier) => identifier,
            Err(error) => return Ok(Err(End::Refused(error.to_string()))),
        };
        let id = planned.federation.id;
        if !self.counted.admits_entry(id, &identifier).await? {
            // Told as a refusal: that two names are one person is nobody's business.
            return Ok(Err(End::Refused("throttled_entry".to_owned())));
        }
        let Ok(name) = BindName::new(entry.dn.clone()) else {
            return Ok(Err(End::Unavailable("the entry has no name".to_owned())));
        };
        Ok(Ok(Candidate {
            federation,
            person: Person {
                entry,
                reply: None,
                findings: Vec::new(),
            },
            aside,
            identifier,
            name,
            policy_time: Duration::ZERO,
            failures: Vec::new(),
        }))
    }

    /// The claim `sub` of who was found.
    pub(crate) async fn subject(
        &mut self,
        candidate: &Candidate<'_>,
    ) -> Result<String, StoreError> {
        let subjects = Subjects::of_realm(&*self.parts.store, &self.active.subject_key);
        let subject = subjects.of_identifier(candidate.federation, &candidate.identifier);
        let subject = subject.await?;
        self.audit.subject = Some(subject.clone());
        Ok(subject)
    }

    /// Costs what an attempt on somebody costs, so that the time of an answer does not tell who exists:
    /// the same, as a name that nobody has.
    pub(crate) async fn pretend(&self, federation: &ActiveFederation) {
        let planned = &federation.planned;
        match (self.new, nobody(planned, &*self.parts.random)) {
            (Some(new), Some((dn, name))) if is_written(planned) => {
                let change = PasswordChange {
                    dn: &dn,
                    way: &planned.plan.password_write,
                    author: PasswordAuthor::Person {
                        name: &name,
                        old: self.password,
                        bind_controls: &planned.plan.bind_controls,
                    },
                    new,
                    controls: &planned.plan.password_controls,
                };
                // Whatever is answered, nobody gets anywhere by it.
                let _ = federation.directory.set_password(&change).await;
            }
            _ => self.pretend_to_bind(federation).await,
        }
        if planned.federation.edit_mode == EditMode::Unsynced {
            self.parts.hashing.waste(self.password).await;
        }
    }

    pub(crate) async fn pretend_to_bind(&self, federation: &ActiveFederation) {
        let planned = &federation.planned;
        if let Some((_, name)) = nobody(planned, &*self.parts.random) {
            let controls = &planned.plan.bind_controls;
            let bound = federation.directory.bind(&name, self.password, controls);
            let _ = bound.await;
        }
    }
}

/// A name that nobody has.
fn nobody(planned: &PlannedFederation, random: &dyn Random) -> Option<(Dn, BindName)> {
    let users = planned.federation.users.first()?;
    let mut octets = [0; 16];
    random.fill(&mut octets);
    let nobody = format!("nobody-{:032x}", u128::from_be_bytes(octets));
    let dn = Dn::child(&planned.plan.rdn_attribute, &nobody, &users.base).ok()?;
    let name = BindName::new(dn.as_str()).ok()?;
    Some((dn, name))
}

/// Whether new passwords are written to the directory.
pub(crate) fn is_written(planned: &PlannedFederation) -> bool {
    planned.federation.edit_mode == EditMode::Writable
        && planned.plan.password_write != PasswordWrite::Refused
}

/// A directory that cannot tell is nobody's fault; everything else is a refusal, whose name goes into
/// the audit trail.
pub(crate) fn refused(refusal: &Refusal) -> End {
    let reason = refusal.reason().to_owned();
    match refusal {
        Refusal::DirectoryUnavailable => End::Unavailable(reason),
        _ => End::Refused(reason),
    }
}
