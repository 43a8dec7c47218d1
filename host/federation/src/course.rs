//! The course of one attempt, from the typed name to the account gate.

use crate::{
    active::ActiveRealm,
    decide::{Verdict, decide},
    member::ActiveFederation,
    parts::Parts,
    person::{Seen, Subjects, user_of},
    seek::{Sought, seek},
    subject,
    throttle::Counted,
    trace::Trace,
};
use bridge_model::{
    account::{AuthenticatedUser, Gate, KeptOut, User},
    audit::AuditEvent,
    client::Client,
    decision::{Person, Refusal},
    dn::Dn,
    entry::Entry,
    federation::BindName,
    ports::StoreError,
    realm::Realm,
    search::Reply,
    secret::Password,
    user::KnownUser,
};
use std::time::Instant;

/// What is carried through one attempt.
pub(crate) struct Course<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) realm: &'a Realm,
    pub(crate) client: &'a Client,
    pub(crate) active: &'a ActiveRealm,
    pub(crate) password: &'a Password,
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
    Throttled,
    /// The directory did not say; the attempt does not count.
    Unavailable(String),
    /// The directory said something that the policy could not make sense of; the attempt counts, as
    /// the directory may have counted it too.
    Undecided(String),
}

impl<'a> Course<'a> {
    pub(crate) async fn run(&mut self, username: &str) -> Result<End, StoreError> {
        let active = self.active;
        match seek(active, username, self.trace).await {
            Sought::Person(federation, entry) => {
                self.audit.federation = Some(federation.name().to_string());
                self.trace.username = Some(username.to_owned());
                self.as_entry(federation, *entry).await
            }
            Sought::Several(federation) => {
                self.audit.federation = Some(federation.name().to_string());
                self.trace.username = Some(username.to_owned());
                self.bind_nobody(federation).await;
                Ok(End::Refused("ambiguous_user_name".to_owned()))
            }
            Sought::Nobody(first) => {
                if let Some(federation) = first {
                    self.bind_nobody(federation).await;
                }
                Ok(End::Refused("unknown_user".to_owned()))
            }
            Sought::Unavailable(name, reason) => {
                self.audit.federation = Some(name.to_string());
                Ok(End::Unavailable(reason))
            }
        }
    }

    async fn as_entry(
        &mut self,
        federation: &'a ActiveFederation,
        entry: Entry,
    ) -> Result<End, StoreError> {
        let started = Instant::now();
        self.audit.policy = Some(federation.policy.reference().clone());
        self.audit.entry_dn = Some(entry.dn.clone());
        let mut seen = Seen::entry(federation.planned.clone(), Entry::default());
        let mut person = Person {
            entry,
            reply: None,
            findings: Vec::new(),
        };
        let end = self.as_person(federation, &mut person, &mut seen).await;
        seen.keep(person);
        seen.time = started.elapsed();
        self.trace.seen = Some(Box::new(seen));
        end
    }

    async fn as_person(
        &mut self,
        federation: &'a ActiveFederation,
        person: &mut Person,
        seen: &mut Seen,
    ) -> Result<End, StoreError> {
        let planned = &federation.planned;
        let identifier = match subject::identifier(&planned.plan.stable_id, &person.entry) {
            Ok(identifier) => identifier,
            Err(error) => return Ok(End::Refused(error.to_string())),
        };
        let id = planned.federation.id;
        if !self.counted.admits_entry(id, &identifier).await? {
            // Told as a refusal: that two names are one person is nobody's business.
            return Ok(End::Refused("throttled_entry".to_owned()));
        }
        let Ok(name) = BindName::new(person.entry.dn.clone()) else {
            return Ok(End::Unavailable("the entry has no name".to_owned()));
        };
        let controls = &planned.plan.bind_controls;
        match federation
            .directory
            .bind(&name, self.password, controls)
            .await
        {
            Ok(reply) => person.reply = Some(reply),
            Err(error) => return Ok(End::Unavailable(error.to_string())),
        }
        let decided = match decide(federation, person, self.parts.clock.now()).await {
            Ok(decided) => decided,
            Err(error) => return Ok(End::Undecided(error.to_string())),
        };
        seen.policy_time = decided.policy_time;
        let identity = match &decided.verdict {
            Verdict::Identified(identity) => identity,
            Verdict::Rejected(rejection) => return Ok(refused(&rejection.reason)),
        };
        if !person.reply.as_ref().is_some_and(Reply::is_success) {
            return Ok(refused(&Refusal::BadCredentials));
        }
        let subjects = Subjects::of_realm(&*self.parts.store, &self.active.subject_key);
        let subject = subjects.of_identifier(federation, &identifier).await?;
        match user_of(subject, federation, identity, person) {
            Ok(user) => self.admit(user, person, seen).await,
            Err(reason) => Ok(End::Undecided(reason)),
        }
    }

    async fn admit(
        &mut self,
        user: User,
        person: &Person,
        seen: &mut Seen,
    ) -> Result<End, StoreError> {
        self.audit.subject = Some(user.subject.clone());
        let now = self.parts.clock.now();
        let known = KnownUser {
            realm: self.realm.name.clone(),
            subject: user.subject.clone(),
            federation: user.federation_id,
            username: user.username.clone(),
            entry_dn: user.entry_dn.clone(),
            blocked: false,
            created_at: now,
        };
        let standing = self.parts.store.note_user(&known, now).await?;
        self.trace.standing = Some(standing);
        seen.user = Some(user.clone());
        let gate = Gate {
            realm: self.realm,
            client: self.client,
            standing,
            now,
        };
        let Some(reply) = &person.reply else {
            return Ok(refused(&Refusal::BadCredentials));
        };
        Ok(match gate.admit(user, reply) {
            Ok(user) => End::SignedIn(Box::new(user)),
            Err(KeptOut::Barred(refusal)) => refused(&refusal),
            Err(why @ KeptOut::NotInAllowedGroups) => End::NotAllowed(why.reason().to_owned()),
            Err(why) => End::Refused(why.reason().to_owned()),
        })
    }

    /// Costs what a bind costs, so that the time of an answer does not tell who exists: a bind as a
    /// name that nobody has.
    async fn bind_nobody(&self, federation: &ActiveFederation) {
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
            let _ = federation
                .directory
                .bind(&name, self.password, controls)
                .await;
        }
    }
}

/// A directory that cannot tell is nobody's fault; everything else is a refusal, whose name goes into
/// the audit trail.
fn refused(refusal: &Refusal) -> End {
    let reason = refusal.reason().to_owned();
    match refusal {
        Refusal::DirectoryUnavailable => End::Unavailable(reason),
        _ => End::Refused(reason),
    }
}
