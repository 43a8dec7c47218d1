//! The entries of people, found again and written.

use super::{AccountError, permit};
use crate::{
    calls,
    decide::{Verdict, context, decide},
    locate::{Located, locate},
    member::ActiveFederation,
    parts::Parts,
    person::{Subjects, user_of},
    reads::ReadError,
    subject,
};
use bridge_model::{
    account::User,
    decision::{Person, Refusal},
    dn::Dn,
    entry::Entry,
    filter::{Filter, Slot},
    ports::{DirectoryError, PolicyError, VendorPolicy},
    search::{Found, Reply, Search, SearchScope},
    secret::Secret,
    user::{ImportedUser, KnownUser, StoredUser},
    write::Write,
};
use tracing::error;

/// LDAP's result code for an entry that is not there (RFC 4511 appendix A.1).
pub(super) const NO_SUCH_OBJECT: u32 = 32;
/// LDAP's result codes with which a directory says that it cannot do anything now (RFC 4511 appendix
/// A.2).
const CANNOT_NOW: &[u32] = &[1, 3, 11, 51, 52];

/// People of one federation.
pub(super) struct Entries<'a> {
    pub(super) parts: &'a Parts,
    pub(super) federation: &'a ActiveFederation,
    pub(super) subject_key: &'a Secret,
}

/// Somebody's entry, as it is now.
pub(super) struct Own {
    pub(super) entry: Entry,
    pub(super) dn: Dn,
    pub(super) identifier: Vec<u8>,
    /// Who tokens would be made for, without anything of the bridge's own.
    pub(super) user: User,
}

impl Own {
    pub(super) fn is_enabled(&self) -> bool {
        is_enabled(&self.user)
    }
}

/// Whether the directory has an account switched on.
pub(super) fn is_enabled(user: &User) -> bool {
    let mut bars = user.bars.iter();
    !bars.any(|bar| bar.reason == Refusal::Disabled)
}

impl Entries<'_> {
    /// The entry of somebody who is known: where it was last, else by their name. None: it is not
    /// among the users any more. An entry of another subject is not theirs, whatever its name.
    pub(super) async fn of(&self, stored: &StoredUser) -> Result<Option<Own>, AccountError> {
        let known = &stored.known;
        if let Ok(dn) = Dn::parse(&known.entry_dn)
            && let Some(own) = self.at(&dn).await?
            && own.user.subject == known.subject
        {
            return Ok(Some(own));
        }
        let located = locate(self.federation, &known.username, &mut Vec::new()).await;
        match located.map_err(|error| self.unavailable(&error))? {
            Located::One(entry) => {
                let own = self.own(*entry).await?;
                Ok((own.user.subject == known.subject).then_some(own))
            }
            Located::Nobody => Ok(None),
            Located::Several => Err(self.unavailable(&"several entries have the user name")),
        }
    }

    /// The user of this DN.
    pub(super) async fn at(&self, dn: &Dn) -> Result<Option<Own>, AccountError> {
        let users = &self.federation.planned.federation.users;
        if !users.iter().any(|place| permit::covers(place, dn)) {
            return Ok(None);
        }
        let plan = &self.federation.planned.plan;
        let filter = self.federation.user_filter(&plan.users_filter, &[]);
        let found = self.search(dn.clone(), SearchScope::Base, filter).await?;
        match found.result_code {
            0 => {}
            NO_SUCH_OBJECT => return Ok(None),
            code => return Err(self.unavailable(&format!("it answered with result code {code}"))),
        }
        let mut entries = found.entries.into_iter();
        match entries.find(|entry| Dn::parse(&entry.dn).is_ok_and(|found| found == *dn)) {
            Some(entry) => self.own(entry).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same person's entry, wherever it is now.
    pub(super) async fn again(&self, before: &Own) -> Result<Option<Own>, AccountError> {
        let planned = &self.federation.planned;
        let attribute = &planned.plan.stable_id.attribute;
        let values = before.entry.values(attribute).to_vec();
        let slot = Slot {
            name: "id".to_owned(),
            values,
        };
        let text = format!("({attribute}={{id}})");
        for users in &planned.federation.users {
            let filter = self
                .federation
                .user_filter(&text, std::slice::from_ref(&slot));
            let found = self.search(users.base.clone(), users.scope, filter).await?;
            if found.result_code != 0 {
                let code = found.result_code;
                return Err(self.unavailable(&format!("it answered with result code {code}")));
            }
            let mut entries = found.entries.into_iter();
            let is_same = |entry: &Entry| {
                let identifier = subject::identifier(&planned.plan.stable_id, entry);
                identifier.is_ok_and(|identifier| identifier == before.identifier)
                    && Dn::parse(&entry.dn).is_ok_and(|dn| permit::covers(users, &dn))
            };
            if let Some(entry) = entries.find(is_same) {
                return self.own(entry).await.map(Some);
            }
        }
        Ok(None)
    }

    async fn search(
        &self,
        base: Dn,
        scope: SearchScope,
        filter: Result<Filter, ReadError>,
    ) -> Result<Found, AccountError> {
        let search = Search {
            base,
            scope,
            filter: filter.map_err(|error| self.unavailable(&error))?,
            attributes: self.federation.user_attributes(),
            size_limit: 2,
        };
        let found = self.federation.directory.search(&search).await;
        found.map_err(|error| self.unavailable(&error))
    }

    async fn own(&self, mut entry: Entry) -> Result<Own, AccountError> {
        self.federation.set_aside(&mut entry);
        let unavailable = |error: &dyn std::fmt::Display| self.unavailable(error);
        let dn = Dn::parse(&entry.dn).map_err(|error| unavailable(&error))?;
        let id = &self.federation.planned.plan.stable_id;
        let identifier = subject::identifier(id, &entry).map_err(|error| unavailable(&error))?;
        let subjects = Subjects::of_realm(&*self.parts.store, self.subject_key);
        let subject = subjects.of_identifier(self.federation, &identifier).await?;
        let mut person = Person {
            entry,
            reply: None,
            findings: Vec::new(),
        };
        let now = self.parts.clock.now();
        let decided = decide(self.federation, &mut person, now).await;
        let identity = match decided.map_err(|error| unavailable(&error))?.verdict {
            Verdict::Identified(identity) => identity,
            Verdict::Rejected(_) => {
                return Err(unavailable(&"the policy rejected a bind that nobody made"));
            }
        };
        let user = user_of(subject, self.federation, &identity, &person);
        Ok(Own {
            user: user.map_err(|reason| unavailable(&reason))?,
            entry: person.entry,
            dn,
            identifier,
        })
    }

    /// Sends a write; `Err` inside: the directory refused it, and how.
    pub(super) async fn send(&self, write: &Write) -> Result<Result<(), Reply>, AccountError> {
        let reply = self.federation.directory.write(write).await;
        let reply = reply.map_err(|error| self.unavailable(&error))?;
        let code = reply.result_code;
        if CANNOT_NOW.contains(&code) {
            return Err(self.unavailable(&format!("it answered with result code {code}")));
        }
        Ok(if reply.is_success() {
            Ok(())
        } else {
            Err(reply)
        })
    }

    /// What a refusal means.
    pub(super) async fn refused(&self, reply: &Reply) -> AccountError {
        let now = self.parts.clock.now();
        let explained = match context(self.federation, now).await {
            Ok(context) => {
                let reply = reply.clone();
                let question =
                    move |policy: &dyn VendorPolicy| policy.explain_write(&context, &reply);
                calls::ask_once(self.federation, question).await
            }
            Err(error) => return self.unavailable(&error),
        };
        match explained {
            Ok(problems) if !problems.is_empty() => AccountError::Problems(problems),
            Ok(_) => self.unavailable(&format!(
                "it refused the write with result code {}",
                reply.result_code
            )),
            Err(error) => self.policy_failed(&error),
        }
    }

    /// Keeps what is known of somebody now, and gives all of it.
    pub(super) async fn keep(&self, own: Own) -> Result<StoredUser, AccountError> {
        let federation = &self.federation.planned.federation;
        let (store, now) = (&self.parts.store, self.parts.clock.now());
        let Own {
            user, identifier, ..
        } = own;
        let known = KnownUser {
            realm: federation.realm.clone(),
            subject: user.subject.clone(),
            federation: federation.id,
            username: user.username.clone(),
            entry_dn: user.entry_dn.clone(),
            blocked: false,
            created_at: now,
        };
        if federation.import_enabled {
            let imported = ImportedUser { identifier, user };
            store
                .import_users(&federation.realm, federation.id, &[imported], now)
                .await?;
        }
        store.note_user(&known, now).await?;
        let stored = store.stored_user(&federation.realm, &known.subject).await?;
        stored.ok_or(AccountError::Missing)
    }

    pub(super) fn policy_failed(&self, error: &PolicyError) -> AccountError {
        self.unavailable(error)
    }

    pub(super) fn forbidden(&self, forbidden: &permit::Forbidden) -> AccountError {
        let federation = self.federation.name();
        error!(%federation, %forbidden, "a policy asked for a write that it may not have");
        self.unavailable(forbidden)
    }

    pub(super) fn lost(&self, error: &DirectoryError) -> AccountError {
        self.unavailable(error)
    }

    pub(super) fn unavailable(&self, reason: &dyn std::fmt::Display) -> AccountError {
        AccountError::Unavailable(format!("federation {}: {reason}", self.federation.name()))
    }
}
