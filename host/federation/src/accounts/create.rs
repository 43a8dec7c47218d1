//! Somebody new.

use super::{
    AccountError, Accounts, NewUser,
    entries::{Entries, Own},
    permit,
    profile::{check, claims_of},
};
use crate::{
    active::ActiveRealm,
    calls,
    decide::context,
    member::{ActiveFederation, Member, takes_new_users},
    password::replies,
    seek::{Sought, seek},
    trace::Trace,
};
use bridge_model::{
    audit::AuditKind,
    dn::Dn,
    plan::PasswordWrite,
    ports::StoreError,
    realm::Realm,
    secret::Password,
    user::StoredUser,
    write::{NewEntry, PasswordAnswer, PasswordAuthor, PasswordChange, Write},
};

/// LDAP's result code for a name that is taken (RFC 4511 appendix A.1).
const ENTRY_ALREADY_EXISTS: u32 = 68;

impl Accounts {
    pub(super) async fn make(
        &self,
        realm: &Realm,
        new: NewUser,
    ) -> Result<StoredUser, AccountError> {
        let active = self.parts.federations.realm(&realm.name).await?;
        let federation = registration(&active)?;
        let problems = check(Some(&new.username), &new.claims);
        if !problems.is_empty() {
            return Err(AccountError::Problems(problems));
        }
        if new.password.is_some()
            && federation.planned.plan.password_write == PasswordWrite::Refused
        {
            return Err(AccountError::Unsupported(format!(
                "federation {} writes no passwords; leave the password out, and set it in the directory",
                federation.name()
            )));
        }
        self.check_free(realm, &active, &new.username).await?;
        let entries = Entries {
            parts: &self.parts,
            federation,
            subject_key: &active.subject_key,
        };
        let (dn, write) = registered(&entries, &new).await?;
        match entries.send(&write).await? {
            Ok(()) => {}
            Err(reply) if reply.result_code == ENTRY_ALREADY_EXISTS => {
                return Err(taken(&new.username));
            }
            Err(reply) => return Err(entries.refused(&reply).await),
        }
        // From here on there is an entry, whatever happens.
        match finish(&entries, &dn, &new).await {
            Ok(own) => entries.keep(own).await,
            Err((subject, why)) => {
                let detail = format!("{dn} was created, {why}");
                Err(self.unfinished(realm, AuditKind::Created, subject, detail))
            }
        }
    }

    /// A name means one person in a realm: nobody else has it, in whichever federation.
    pub(super) async fn check_free(
        &self,
        realm: &Realm,
        active: &ActiveRealm,
        username: &str,
    ) -> Result<(), AccountError> {
        let mut trace = Trace::new(&realm.name, None, self.parts.clock.now());
        match seek(active, username, &mut trace).await {
            Sought::Nobody(_) => Ok(()),
            Sought::Person(..) | Sought::Several(_) => Err(taken(username)),
            Sought::Unavailable(federation, reason) => Err(AccountError::Unavailable(format!(
                "federation {federation}: {reason}"
            ))),
        }
    }
}

fn taken(username: &str) -> AccountError {
    AccountError::Store(StoreError::Duplicate(format!("user {username:?}")))
}

/// The federation that takes new users: of those that do, the one that is asked first.
fn registration(active: &ActiveRealm) -> Result<&ActiveFederation, AccountError> {
    for member in &active.members {
        match member {
            Member::Active(federation) if takes_new_users(&federation.planned.federation) => {
                return Ok(federation);
            }
            Member::Broken(broken) if broken.takes_new_users => {
                return Err(AccountError::Unavailable(format!(
                    "federation {}: {}",
                    broken.name, broken.reason
                )));
            }
            Member::Active(_) | Member::Broken(_) => {}
        }
    }
    Err(AccountError::NoRegistration)
}

/// What the policy makes of a profile, checked.
async fn registered(entries: &Entries<'_>, new: &NewUser) -> Result<(Dn, Write), AccountError> {
    let policy = &entries.federation.policy;
    if !policy.offers().writing {
        return Err(AccountError::Unsupported(format!(
            "the policy of federation {} makes no entries; create the person in the directory",
            entries.federation.name()
        )));
    }
    let now = entries.parts.clock.now();
    let context = context(entries.federation, now).await;
    let context = context.map_err(|error| entries.unavailable(&error))?;
    let profile = claims_of(&new.username, &new.claims);
    let asked = calls::ask_once(entries.federation, move |policy| {
        policy.register(&context, &profile)
    });
    let made: Result<NewEntry, _> = asked.await.map_err(|error| entries.policy_failed(&error))?;
    let made = made.map_err(AccountError::Problems)?;
    permit::addition(&entries.federation.planned, made)
        .map_err(|forbidden| entries.forbidden(&forbidden))
}

/// Why a new account is not finished: whose it is, as far as that is known, and what is missing.
type Missing = (Option<String>, String);

/// Gives a new entry its password, and switches it on or off.
async fn finish(entries: &Entries<'_>, dn: &Dn, new: &NewUser) -> Result<Own, Missing> {
    let own = match entries.at(dn).await {
        Ok(Some(own)) => own,
        Ok(None) => {
            let why = "but it is not among the users of the federation, so nobody can sign in with it; look at the object classes and the filter";
            return Err((None, why.to_owned()));
        }
        Err(error) => return Err((None, format!("but it could not be read back: {error}"))),
    };
    let subject = own.user.subject.clone();
    let missing = |why: String| (Some(subject.clone()), why);
    if let Some(password) = &new.password {
        let given = entries.give_password(&own, password).await;
        given.map_err(|error| {
            missing(format!(
                "and has no password, since {error}; give it another one, and enable it where it is not"
            ))
        })?;
    } else if new.enabled {
        // Directories that switch an account on have it have a password first.
        return Ok(own);
    }
    let before = again(entries, &own).await.map_err(missing)?;
    if before.is_enabled() == new.enabled {
        return Ok(before);
    }
    let word = if new.enabled { "enabled" } else { "disabled" };
    let switched = entries.switch(&before, new.enabled).await;
    switched.map_err(|error| missing(format!("but could not be {word}, since {error}")))?;
    again(entries, &before).await.map_err(missing)
}

async fn again(entries: &Entries<'_>, own: &Own) -> Result<Own, String> {
    match entries.again(own).await {
        Ok(Some(own)) => Ok(own),
        Ok(None) => Err("but it is not among the users of the federation any more".to_owned()),
        Err(error) => Err(format!("but it could not be read back: {error}")),
    }
}

impl Entries<'_> {
    /// An administrator's new password.
    pub(super) async fn give_password(
        &self,
        own: &Own,
        password: &Password,
    ) -> Result<(), AccountError> {
        let plan = &self.federation.planned.plan;
        let change = PasswordChange {
            dn: &own.dn,
            way: &plan.password_write,
            author: PasswordAuthor::Service,
            new: password,
            controls: &plan.password_controls,
        };
        let answer = self.federation.directory.set_password(&change).await;
        let reply = match answer.map_err(|error| self.lost(&error))? {
            PasswordAnswer::Written(reply) if reply.is_success() => return Ok(()),
            PasswordAnswer::Written(reply) => reply,
            PasswordAnswer::NotBound(_) => return Err(self.unavailable(&"nobody was bound")),
        };
        let now = self.parts.clock.now();
        match replies::complaints(self.federation, &own.entry, &reply, now).await {
            Ok(complaints) => Err(AccountError::Complaints(complaints)),
            Err(reason) => Err(self.unavailable(&reason)),
        }
    }
}
