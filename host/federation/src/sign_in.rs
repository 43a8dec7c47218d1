//! The sign-in.

use crate::{
    active::{ActiveFederation, ActiveRealm, Federations, Member},
    decide::{Decided, Verdict, decide, user_of},
    locate::{Located, locate},
    subject,
    throttle::{Counted, ThrottleLimits},
};
use bridge_model::{
    account::{AuthenticatedUser, Gate, KeptOut},
    audit::{AuditEvent, AuditKind, AuditOutcome},
    client::Client,
    decision::{Person, Refusal},
    dn::Dn,
    entry::Entry,
    federation::BindName,
    ports::{AuditLog, Clock, Random, Store, StoreError},
    realm::Realm,
    secret::{Password, PasswordError},
    time::Timestamp,
    user::KnownUser,
};
use std::{net::IpAddr, sync::Arc};
use tracing::{error, warn};

/// Longer user names belong to nobody.
const USERNAME_CHARS_MAX: usize = 256;

/// Signs people in. Cheap to clone.
#[derive(Clone)]
pub struct SignIns {
    parts: Arc<Parts>,
}

struct Parts {
    federations: Arc<Federations>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    audit: Arc<dyn AuditLog>,
    limits: ThrottleLimits,
}

/// A name and a password that somebody typed.
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed; may be empty here, which is refused before anything else happens.
    pub password: &'a str,
    /// The client that the person wants to use.
    pub client: &'a Client,
    /// Where the attempt comes from, as far as it can be trusted.
    pub address: Option<IpAddr>,
    /// The request it came in.
    pub request_id: &'a str,
}

/// What came of an attempt: as much as the person may know. The audit trail has the rest.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The person is in.
    SignedIn(Box<AuthenticatedUser>),
    /// The person is not, for whatever reason: name, password, or the state of the account.
    Refused,
    /// The person is who they say, and may not use this client.
    NotAllowed,
    /// Too many attempts with this name or from this address.
    Throttled {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// It could not be told: a directory, a policy or the store failed.
    Unavailable,
}

/// The true end of an attempt.
enum End {
    SignedIn(Box<AuthenticatedUser>),
    Refused(String),
    /// The person proved who they are: nothing failed.
    NotAllowed(String),
    Throttled,
    /// The directory did not say; the attempt does not count.
    Unavailable(String),
    /// The directory said something that the policy could not make sense of; the attempt counts, as
    /// the directory may have counted it too.
    Undecided(String),
}

/// What is carried through one attempt.
struct Course<'a> {
    realm: &'a Realm,
    client: &'a Client,
    active: &'a ActiveRealm,
    password: &'a Password,
    counted: Counted<'a>,
    audit: &'a mut AuditEvent,
}

impl SignIns {
    /// Sign-ins to these federations.
    pub fn new(
        federations: Arc<Federations>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        audit: Arc<dyn AuditLog>,
        limits: ThrottleLimits,
    ) -> Self {
        Self {
            parts: Arc::new(Parts {
                federations,
                store,
                clock,
                random,
                audit,
                limits,
            }),
        }
    }

    /// Signs somebody in: finds the one entry of the name in the first federation that has it, binds
    /// as it, lets the policy say what the answer means, and asks the account gate.
    ///
    /// Every attempt leaves one line in the audit trail, with the true reason.
    pub async fn sign_in(&self, realm: &Realm, attempt: &Attempt<'_>) -> SignInOutcome {
        let now = self.now();
        let mut audit = AuditEvent::new(now, AuditKind::SignIn, AuditOutcome::Refused);
        audit.request_id = Some(attempt.request_id.to_owned());
        audit.address = attempt.address.map(|address| address.to_string());
        audit.realm = Some(realm.name.to_string());
        audit.client_id = Some(attempt.client.id.to_string());
        let end = match self.attempt(realm, attempt, now, &mut audit).await {
            Ok(end) => end,
            Err(error) => {
                error!(%error, "the store failed during a sign-in");
                End::Unavailable("store".to_owned())
            }
        };
        let (outcome, reason, answer) = self.answer(end);
        audit.outcome = outcome;
        audit.reason = reason;
        self.parts.audit.record(&audit);
        answer
    }

    fn answer(&self, end: End) -> (AuditOutcome, Option<String>, SignInOutcome) {
        match end {
            End::SignedIn(user) => (AuditOutcome::Success, None, SignInOutcome::SignedIn(user)),
            End::Refused(reason) => (AuditOutcome::Refused, Some(reason), SignInOutcome::Refused),
            End::NotAllowed(reason) => (
                AuditOutcome::Refused,
                Some(reason),
                SignInOutcome::NotAllowed,
            ),
            End::Throttled => (
                AuditOutcome::Refused,
                Some("throttled".to_owned()),
                SignInOutcome::Throttled {
                    retry_after_seconds: self.parts.limits.window.as_secs(),
                },
            ),
            End::Unavailable(reason) | End::Undecided(reason) => {
                warn!(reason, "a sign-in could not be decided");
                (
                    AuditOutcome::Unavailable,
                    Some(reason),
                    SignInOutcome::Unavailable,
                )
            }
        }
    }

    async fn attempt(
        &self,
        realm: &Realm,
        attempt: &Attempt<'_>,
        now: Timestamp,
        audit: &mut AuditEvent,
    ) -> Result<End, StoreError> {
        let username = attempt.username;
        let is_name = !username.trim().is_empty()
            && username.chars().count() <= USERNAME_CHARS_MAX
            && !username.chars().any(char::is_control);
        if !is_name {
            return Ok(End::Refused("not_a_user_name".to_owned()));
        }
        let password = match Password::new(attempt.password) {
            Ok(password) => password,
            Err(PasswordError::Empty) => return Ok(End::Refused("empty_password".to_owned())),
            Err(PasswordError::TooLong) => {
                return Ok(End::Refused("password_too_long".to_owned()));
            }
        };
        let mut counted = Counted::new(&*self.parts.store, self.parts.limits, now);
        let name = &realm.name;
        if !counted.admits_name(name, username, attempt.address).await? {
            return Ok(End::Throttled);
        }
        let mut course = Course {
            realm,
            client: attempt.client,
            active: &*self.parts.federations.realm(name).await?,
            password: &password,
            counted,
            audit,
        };
        let end = self.through(&mut course, username).await?;
        match &end {
            End::SignedIn(_) | End::NotAllowed(_) => {
                course.counted.succeeded(attempt.address).await?
            }
            End::Unavailable(_) => course.counted.take_back().await?,
            End::Refused(_) | End::Throttled | End::Undecided(_) => {}
        }
        Ok(end)
    }

    /// Asks one federation after the other. Only "nobody of this name" goes on to the next: a person
    /// might live in one that cannot answer.
    async fn through(&self, course: &mut Course<'_>, username: &str) -> Result<End, StoreError> {
        let mut first = None;
        for member in &course.active.federations {
            let federation = match member {
                Member::Active(federation) => federation.as_ref(),
                Member::Broken { name, reason } => {
                    course.audit.federation = Some(name.to_string());
                    return Ok(End::Unavailable(reason.clone()));
                }
            };
            first.get_or_insert(federation);
            let located = locate(federation, username).await;
            if !matches!(located, Ok(Located::Nobody)) {
                course.audit.federation = Some(federation.planned.federation.name.to_string());
            }
            match located {
                Ok(Located::Nobody) => {}
                Ok(Located::Several) => {
                    self.bind_nobody(federation, course.password).await;
                    return Ok(End::Refused("ambiguous_user_name".to_owned()));
                }
                Ok(Located::One(entry)) => return self.as_entry(course, federation, *entry).await,
                Err(error) => {
                    if error.is_misconfigured() {
                        error!(%error, "a federation is misconfigured");
                    }
                    return Ok(End::Unavailable(error.to_string()));
                }
            }
        }
        if let Some(federation) = first {
            self.bind_nobody(federation, course.password).await;
        }
        Ok(End::Refused("unknown_user".to_owned()))
    }

    async fn as_entry(
        &self,
        course: &mut Course<'_>,
        federation: &ActiveFederation,
        entry: Entry,
    ) -> Result<End, StoreError> {
        let planned = &federation.planned;
        course.audit.policy = Some(federation.policy.reference().clone());
        course.audit.entry_dn = Some(entry.dn.clone());
        let identifier = match subject::identifier(&planned.plan.stable_id, &entry) {
            Ok(identifier) => identifier,
            Err(error) => return Ok(End::Refused(error.to_string())),
        };
        let id = planned.federation.id;
        if !course.counted.admits_entry(id, &identifier).await? {
            // Told as a refusal: that two names are one person is nobody's business.
            return Ok(End::Refused("throttled_entry".to_owned()));
        }
        let Ok(name) = BindName::new(entry.dn.clone()) else {
            return Ok(End::Unavailable("the entry has no name".to_owned()));
        };
        let controls = &planned.plan.bind_controls;
        let bound = federation
            .directory
            .bind(&name, course.password, controls)
            .await;
        let reply = match bound {
            Ok(reply) => reply,
            Err(error) => return Ok(End::Unavailable(error.to_string())),
        };
        let person = Person {
            entry,
            reply: Some(reply),
            findings: Vec::new(),
        };
        Ok(match decide(federation, person, self.now()).await {
            Ok(decided) => self.admit(course, federation, &decided).await?,
            Err(error) => End::Undecided(error.to_string()),
        })
    }

    async fn admit(
        &self,
        course: &mut Course<'_>,
        federation: &ActiveFederation,
        decided: &Decided,
    ) -> Result<End, StoreError> {
        let identity = match &decided.verdict {
            Verdict::Identified(identity) => identity,
            Verdict::Rejected(rejection) => return Ok(refused(&rejection.reason)),
        };
        let user = match user_of(course.active, federation, identity, decided) {
            Ok(user) => user,
            Err(reason) => return Ok(End::Undecided(reason)),
        };
        course.audit.subject = Some(user.subject.clone());
        let Some(reply) = &decided.person.reply else {
            return Ok(refused(&Refusal::BadCredentials));
        };
        if !reply.is_success() {
            return Ok(refused(&Refusal::BadCredentials));
        }
        let now = self.now();
        let known = KnownUser {
            realm: course.realm.name.clone(),
            subject: user.subject.clone(),
            federation: user.federation_id,
            username: user.username.clone(),
            entry_dn: user.entry_dn.clone(),
            blocked: false,
            created_at: now,
        };
        let gate = Gate {
            realm: course.realm,
            client: course.client,
            standing: self.parts.store.note_user(&known, now).await?,
            now,
        };
        Ok(match gate.admit(user, reply) {
            Ok(user) => End::SignedIn(Box::new(user)),
            Err(KeptOut::Barred(refusal)) => refused(&refusal),
            Err(kept @ KeptOut::NotInAllowedGroups) => End::NotAllowed(kept.reason().to_owned()),
            Err(kept) => End::Refused(kept.reason().to_owned()),
        })
    }

    /// Costs what a bind costs, so that the time of an answer does not tell who exists: a bind as a
    /// name that nobody has.
    async fn bind_nobody(&self, federation: &ActiveFederation, password: &Password) {
        let planned = &federation.planned;
        let Some(users) = planned.federation.users.first() else {
            return;
        };
        let mut octets = [0; 16];
        self.parts.random.fill(&mut octets);
        let nobody = format!("nobody-{:032x}", u128::from_be_bytes(octets));
        let name = Dn::child(&planned.plan.rdn_attribute, &nobody, &users.base)
            .ok()
            .and_then(|dn| BindName::new(dn.as_str()).ok());
        if let Some(name) = name {
            let controls = &planned.plan.bind_controls;
            // Whatever is answered, nobody gets in by it.
            let _ = federation.directory.bind(&name, password, controls).await;
        }
    }

    pub(crate) fn federations(&self) -> &Federations {
        &self.parts.federations
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}

/// A directory that cannot tell is nobody's fault; everything else is a refusal, whose name goes into
/// the audit trail.
fn refused(refusal: &Refusal) -> End {
    match refusal {
        Refusal::DirectoryUnavailable => End::Unavailable(refusal.reason().to_owned()),
        _ => End::Refused(refusal.reason().to_owned()),
    }
}
