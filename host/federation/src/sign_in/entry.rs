//! From the one who is meant to the account gate.

use crate::{
    course::{Candidate, Course, End, is_written, refused},
    local::{self, is_of_password, lay_over},
    person::{Seen, user_of},
    proof::Proof,
    shadow::beside,
};
use bridge_model::{
    account::{Gate, KeptOut, User},
    client::Client,
    decision::{Bar, Identity, Rejection},
    entry::Entry,
    federation::EditMode,
    plan::PasswordWrite,
    ports::StoreError,
    realm::PlannedFederation,
    user::{ImportedUser, KnownUser, LocalProfile},
};
use std::{sync::Arc, time::Instant};

/// A sign-in: an attempt of a client's.
pub(super) struct Entering<'c, 'a> {
    pub(super) course: &'c mut Course<'a>,
    pub(super) client: &'a Client,
}

impl<'a> Entering<'_, 'a> {
    /// From the typed name to the end.
    pub(super) async fn enter(&mut self, username: &str) -> Result<End, StoreError> {
        let mut candidate = match self.course.find(username).await? {
            Ok(candidate) => candidate,
            Err(end) => return Ok(end),
        };
        let started = Instant::now();
        let planned = Arc::clone(&candidate.federation.planned);
        let mut seen = Seen::entry(planned, Entry::default());
        let end = self.as_candidate(&mut candidate, &mut seen).await;
        if !matches!(end, Err(_) | Ok(End::Unavailable(_))) {
            let now = self.course.parts.clock.now();
            let (person, aside) = (&candidate.person, &candidate.aside);
            beside::sign_in(candidate.federation, person, aside, now).await;
        }
        seen.policy_time = candidate.policy_time;
        seen.failures = candidate.failures;
        seen.keep(candidate.person);
        seen.time = started.elapsed();
        self.course.trace.seen = Some(Box::new(seen));
        end
    }

    async fn as_candidate(
        &mut self,
        candidate: &mut Candidate<'a>,
        seen: &mut Seen,
    ) -> Result<End, StoreError> {
        // Nobody else pays for what only this mode keeps.
        let local = if candidate.edit_mode() == EditMode::Unsynced {
            let subject = self.course.subject(candidate).await?;
            let store = &*self.course.parts.store;
            local::kept(store, &candidate.planned().federation, &subject).await?
        } else {
            None
        };
        if let Some(local) = &local
            && let Some(hash) = &local.password_hash
        {
            return match self.course.prove_here(candidate, hash).await {
                Ok(identity) => self.admit(candidate, &identity, Some(local), seen).await,
                Err(end) => Ok(end),
            };
        }
        match self.course.prove(candidate).await {
            Ok(Proof::Bound(identity)) => {
                self.admit(candidate, &identity, local.as_ref(), seen).await
            }
            Ok(Proof::TooOld(rejection)) => {
                self.require_change(candidate, rejection, local.as_ref(), seen)
                    .await
            }
            Err(end) => Ok(end),
        }
    }

    /// Takes who proved that it is they to the gate.
    async fn admit(
        &mut self,
        candidate: &Candidate<'_>,
        identity: &Identity,
        local: Option<&LocalProfile>,
        seen: &mut Seen,
    ) -> Result<End, StoreError> {
        let mut user = match self.user(candidate, identity, seen).await? {
            Ok(user) => user,
            Err(end) => return Ok(end),
        };
        let (parts, realm) = (self.course.parts, self.course.realm);
        let now = parts.clock.now();
        let federation = &candidate.planned().federation;
        if federation.import_enabled {
            self.import(candidate, &user).await?;
        }
        if let Some(local) = local {
            lay_over(&mut user, local);
        }
        let known = KnownUser {
            realm: realm.name.clone(),
            subject: user.subject.clone(),
            federation: user.federation_id,
            username: user.username.clone(),
            entry_dn: user.entry_dn.clone(),
            blocked: false,
            created_at: now,
        };
        let standing = parts.store.note_user(&known, now).await?;
        self.course.trace.standing = Some(standing);
        seen.user = Some(user.clone());
        let bars = user.bars.clone();
        let gate = Gate {
            realm,
            client: self.client,
            standing,
            now,
        };
        // Without a reply the password was proved here.
        let admitted = match &candidate.person.reply {
            Some(reply) => gate.admit(user, reply),
            None => gate.readmit(user, now),
        };
        Ok(match admitted {
            Ok(user) => End::SignedIn(Box::new(user)),
            Err(KeptOut::Barred(refusal)) => {
                let is_holding = |bar: &&Bar| bar.holds_at(now);
                let other = bars.iter().filter(is_holding);
                let mut other = other.filter(|bar| !is_of_password(&bar.reason));
                match other.next() {
                    Some(bar) => refused(&bar.reason),
                    None => End::ChangeRequired {
                        reason: refusal.reason().to_owned(),
                        may_change: may_change(candidate.planned(), true),
                        is_bound: true,
                    },
                }
            }
            Err(why @ KeptOut::NotInAllowedGroups) => End::NotAllowed(why.reason().to_owned()),
            Err(why) => End::Refused(why.reason().to_owned()),
        })
    }

    /// The directory let nobody in because of the password's age. What else keeps the person out comes
    /// first, as it does where the directory lets them in.
    async fn require_change(
        &mut self,
        candidate: &mut Candidate<'_>,
        rejection: Rejection,
        local: Option<&LocalProfile>,
        seen: &mut Seen,
    ) -> Result<End, StoreError> {
        let identity = match self.course.identify(candidate).await {
            Ok(identity) => identity,
            Err(end) => return Ok(end),
        };
        let mut user = match self.user(candidate, &identity, seen).await? {
            Ok(user) => user,
            Err(end) => return Ok(end),
        };
        if let Some(local) = local {
            lay_over(&mut user, local);
        }
        let (parts, realm) = (self.course.parts, self.course.realm);
        let store = &parts.store;
        let standing = store
            .standing(&realm.name, user.federation_id, &user.subject)
            .await?;
        self.course.trace.standing = Some(standing);
        user.bars.retain(|bar| !is_of_password(&bar.reason));
        user.bars.push(Bar {
            reason: rejection.reason.clone(),
            since: None,
            until: None,
        });
        seen.user = Some(user.clone());
        let gate = Gate {
            realm,
            client: self.client,
            standing,
            now: parts.clock.now(),
        };
        Ok(match gate.readmit(user, gate.now) {
            Err(KeptOut::Barred(refusal)) if refusal == rejection.reason => End::ChangeRequired {
                reason: refusal.reason().to_owned(),
                may_change: may_change(candidate.planned(), false),
                is_bound: false,
            },
            Err(KeptOut::Barred(refusal)) => refused(&refusal),
            Err(why) => End::Refused(why.reason().to_owned()),
            // The bar holds, so this is not reached; nobody comes in without a bind.
            Ok(_) => refused(&rejection.reason),
        })
    }

    async fn user(
        &mut self,
        candidate: &Candidate<'_>,
        identity: &Identity,
        seen: &mut Seen,
    ) -> Result<Result<User, End>, StoreError> {
        seen.leave_out(identity);
        let subject = match &self.course.audit.subject {
            Some(subject) => subject.clone(),
            None => self.course.subject(candidate).await?,
        };
        let user = user_of(subject, candidate.federation, identity, &candidate.person);
        Ok(user.map_err(|error| End::Unavailable(error.to_string())))
    }

    /// Keeps what tokens are made from, unless it is kept already. When a password ends is left out of
    /// the comparison: it differs with what a bind tells beside the entry.
    async fn import(&self, candidate: &Candidate<'_>, user: &User) -> Result<(), StoreError> {
        let store = &self.course.parts.store;
        let realm = &self.course.realm.name;
        let kept = store.stored_user(realm, &user.subject).await?;
        let is_kept = kept.and_then(|kept| kept.imported).is_some_and(|kept| {
            let bars = user.bars.clone();
            User { bars, ..*kept } == *user
        });
        if !is_kept {
            let imported = ImportedUser {
                identifier: candidate.identifier.clone(),
                user: user.clone(),
            };
            let now = self.course.parts.clock.now();
            store
                .import_users(realm, user.federation_id, &[imported], now)
                .await?;
        }
        Ok(())
    }
}

/// Whether a person whose password is too old can change it here.
fn may_change(planned: &PlannedFederation, is_bound: bool) -> bool {
    match planned.federation.edit_mode {
        EditMode::ReadOnly => false,
        EditMode::Unsynced => true,
        // Who cannot bind any more needs a write of which the directory itself checks the old password.
        EditMode::Writable => {
            is_written(planned)
                && (is_bound || matches!(planned.plan.password_write, PasswordWrite::Exchange(_)))
        }
    }
}
