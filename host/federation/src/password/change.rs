//! From the one who is meant to a new password.

use super::replies;
use crate::{
    course::{Candidate, Course, End, is_written, refused},
    local::{self, is_of_password, lay_over},
    person::user_of,
    proof::Proof,
};
use bridge_model::{
    account::KeptOut,
    decision::{Identity, Refusal},
    dn::Dn,
    federation::EditMode,
    plan::PasswordWrite,
    ports::{DirectoryError, StoreError},
    search::Reply,
    secret::Password,
    user::{KnownUser, LocalProfile, Standing},
    write::{Complaint, PasswordAnswer, PasswordAuthor, PasswordChange},
};

/// The fewest characters of a password that is kept here (NIST SP 800-63B-4 section 3.1.1.2 asks for as
/// many where a second factor goes with it; a directory that is stricter is not asked).
const CHARS_MIN: u32 = 8;

/// What came of a change.
pub(super) enum Done {
    Changed,
    Complaints(Vec<Complaint>),
    /// The person is who they say, and why they cannot.
    NotSupported(&'static str),
    Ended(End),
}

impl<'a> Course<'a> {
    /// Gives who was found a new password, if they prove that it is they.
    pub(super) async fn change(
        &mut self,
        mut candidate: Candidate<'a>,
        new: &Password,
    ) -> Result<Done, StoreError> {
        let subject = self.subject(&candidate).await?;
        let id = candidate.planned().federation.id;
        let store = &self.parts.store;
        let standing = store.standing(&self.realm.name, id, &subject).await?;
        if let Some(why) = self.shut(standing) {
            self.pretend(candidate.federation).await;
            return Ok(Done::Ended(End::Refused(why.reason().to_owned())));
        }
        match candidate.edit_mode() {
            EditMode::Unsynced => self.change_here(&mut candidate, subject, new).await,
            EditMode::Writable if is_written(candidate.planned()) => {
                Ok(self.change_there(&mut candidate, new).await)
            }
            // That it is not supported is told to nobody else than the person.
            EditMode::Writable | EditMode::ReadOnly => {
                let proved = self.prove_open(&mut candidate).await;
                Ok(match proved {
                    Ok(()) => Done::NotSupported("password_change_not_supported"),
                    Err(end) => Done::Ended(end),
                })
            }
        }
    }

    /// What keeps a person out whatever the directory says.
    fn shut(&self, standing: Standing) -> Option<KeptOut> {
        let is_off = |client: &bridge_model::client::Client| {
            !client.enabled || client.realm != self.realm.name
        };
        if !self.realm.enabled {
            Some(KeptOut::RealmOff)
        } else if self.client.is_some_and(is_off) {
            Some(KeptOut::ClientOff)
        } else if !standing.is_federation_enabled {
            Some(KeptOut::FederationOff)
        } else if standing.is_blocked {
            Some(KeptOut::Blocked)
        } else {
            None
        }
    }

    /// Has the directory prove that it is they, and that nothing but the password's age keeps them out:
    /// as a sign-in would say it.
    async fn prove_open(&self, candidate: &mut Candidate<'_>) -> Result<(), End> {
        let identity = match self.prove(candidate).await? {
            Proof::Bound(identity) => identity,
            Proof::TooOld(_) => self.identify(candidate).await?,
        };
        match self.barred(&identity, is_of_password) {
            Some(reason) => Err(refused(reason)),
            None => Ok(()),
        }
    }

    /// The first bar that holds now, beside those that are let pass.
    fn barred<'i>(
        &self,
        identity: &'i Identity,
        passes: impl Fn(&Refusal) -> bool,
    ) -> Option<&'i Refusal> {
        let now = self.parts.clock.now();
        let mut bars = identity.bars.iter().filter(|bar| bar.holds_at(now));
        let bar = bars.find(|bar| !passes(&bar.reason))?;
        Some(&bar.reason)
    }

    /// Says by the entry alone who is kept out whatever their password: for them the directory is asked
    /// nothing that would tell whether it is right. Of locks the directory itself says what they forbid.
    async fn check_open(&self, candidate: &mut Candidate<'_>) -> Result<(), End> {
        let identity = self.identify(candidate).await?;
        // After a bind that failed the policy may read less: it asks anew.
        candidate.person.findings.clear();
        let passes = |reason: &Refusal| is_of_password(reason) || *reason == Refusal::Locked;
        match self.barred(&identity, passes) {
            Some(reason) => {
                self.pretend(candidate.federation).await;
                Err(refused(reason))
            }
            None => Ok(()),
        }
    }

    /// Writes it to the directory, as the person where they can bind.
    async fn change_there(&self, candidate: &mut Candidate<'_>, new: &Password) -> Done {
        if let Err(end) = self.check_open(candidate).await {
            return Done::Ended(end);
        }
        let Ok(dn) = Dn::parse(&candidate.person.entry.dn) else {
            let reason = "the entry's name is no DN".to_owned();
            return Done::Ended(End::Unavailable(reason));
        };
        let name = candidate.name.clone();
        let planned = &candidate.federation.planned;
        let author = PasswordAuthor::Person {
            name: &name,
            old: self.password,
            bind_controls: &planned.plan.bind_controls,
        };
        let reply = match self.write(candidate, &dn, author, new).await {
            Ok(PasswordAnswer::Written(reply)) => return self.written(candidate, &reply).await,
            Ok(PasswordAnswer::NotBound(reply)) => reply,
            Err(error) => return Done::Ended(End::Unavailable(error.to_string())),
        };
        match self.weigh(candidate, reply).await {
            Err(end) => return Done::Ended(end),
            // It was not bound: no answer of a policy changes that.
            Ok(Proof::Bound(_)) => {
                return Done::Ended(End::Refused("bad_credentials".to_owned()));
            }
            Ok(Proof::TooOld(_)) => {}
        }
        // Of the other ways the directory does not check the old password on the service's connection.
        if !matches!(planned.plan.password_write, PasswordWrite::Exchange(_)) {
            return Done::NotSupported("password_reset_needed");
        }
        let author = PasswordAuthor::ServiceForPerson { old: self.password };
        match self.write(candidate, &dn, author, new).await {
            Ok(PasswordAnswer::Written(reply)) => self.written(candidate, &reply).await,
            Ok(PasswordAnswer::NotBound(_)) => {
                Done::Ended(End::Unavailable("the service was not bound".to_owned()))
            }
            Err(error) => Done::Ended(End::Unavailable(error.to_string())),
        }
    }

    async fn write(
        &self,
        candidate: &Candidate<'_>,
        dn: &Dn,
        author: PasswordAuthor<'_>,
        new: &Password,
    ) -> Result<PasswordAnswer, DirectoryError> {
        let plan = &candidate.federation.planned.plan;
        let change = PasswordChange {
            dn,
            way: &plan.password_write,
            author,
            new,
            controls: &plan.password_controls,
        };
        candidate.federation.directory.set_password(&change).await
    }

    async fn written(&self, candidate: &Candidate<'_>, reply: &Reply) -> Done {
        if reply.is_success() {
            return Done::Changed;
        }
        let now = self.parts.clock.now();
        let entry = &candidate.person.entry;
        match replies::complaints(candidate.federation, entry, reply, now).await {
            Ok(complaints) if complaints.contains(&Complaint::WrongOldPassword) => {
                Done::Ended(End::Refused("bad_credentials".to_owned()))
            }
            Ok(complaints) => Done::Complaints(complaints),
            Err(reason) => Done::Ended(End::Unavailable(reason)),
        }
    }

    /// Keeps it here, over the directory's.
    async fn change_here(
        &mut self,
        candidate: &mut Candidate<'_>,
        subject: String,
        new: &Password,
    ) -> Result<Done, StoreError> {
        let (parts, realm) = (self.parts, &self.realm.name);
        let store = &*parts.store;
        let federation = &candidate.federation.planned.federation;
        let local = local::kept(store, federation, &subject).await?;
        let local = local.unwrap_or_default();
        let identity = match self.identity_of(candidate, &local).await {
            Ok(identity) => identity,
            Err(end) => return Ok(Done::Ended(end)),
        };
        let user = user_of(subject, candidate.federation, &identity, &candidate.person);
        let mut user = match user {
            Ok(user) => user,
            Err(error) => return Ok(Done::Ended(End::Unavailable(error.to_string()))),
        };
        lay_over(&mut user, &local);
        let now = parts.clock.now();
        let mut bars = user.bars.iter().filter(|bar| bar.holds_at(now));
        if let Some(bar) = bars.find(|bar| !is_of_password(&bar.reason)) {
            let reason = bar.reason.reason().to_owned();
            return Ok(Done::Ended(End::Refused(reason)));
        }
        if let Some(complaint) = complaint_here(new, &user.username) {
            return Ok(Done::Complaints(vec![complaint]));
        }
        let hash = match parts.hashing.hash(new, &*parts.random).await {
            Ok(hash) => hash,
            Err(error) => return Ok(Done::Ended(End::Unavailable(error.to_string()))),
        };
        let known = KnownUser {
            realm: realm.clone(),
            subject: user.subject.clone(),
            federation: user.federation_id,
            username: user.username,
            entry_dn: user.entry_dn,
            blocked: false,
            created_at: now,
        };
        store.note_user(&known, now).await?;
        // Read anew: hashing takes its time, and an administrator may have changed the rest meanwhile.
        let local = LocalProfile {
            password_hash: Some(hash),
            ..store.local_profile(realm, &known.subject).await?
        };
        if store
            .save_local_profile(realm, &known.subject, &local)
            .await?
        {
            return Ok(Done::Changed);
        }
        let reason = "the user was removed meanwhile".to_owned();
        Ok(Done::Ended(End::Unavailable(reason)))
    }

    /// Proves with the password that counts, here or there, that it is they.
    async fn identity_of(
        &self,
        candidate: &mut Candidate<'_>,
        local: &LocalProfile,
    ) -> Result<Box<Identity>, End> {
        if let Some(hash) = &local.password_hash {
            return self.prove_here(candidate, hash).await;
        }
        match self.prove(candidate).await? {
            Proof::Bound(identity) => Ok(identity),
            Proof::TooOld(_) => self.identify(candidate).await,
        }
    }
}

/// What is wrong with a password that would be kept here.
pub(crate) fn complaint_here(new: &Password, username: &str) -> Option<Complaint> {
    let text = new.expose();
    if text.chars().take(CHARS_MIN as usize).count() < CHARS_MIN as usize {
        return Some(Complaint::TooShort(Some(CHARS_MIN)));
    }
    let (text, username) = (text.to_lowercase(), username.to_lowercase());
    (username.chars().count() > 2 && text.contains(&username)).then_some(Complaint::TooWeak)
}
