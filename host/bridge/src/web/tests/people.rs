//! A directory of a few people, whose passwords can be changed.

use async_trait::async_trait;
use bridge_model::{
    entry::{Attribute, Entry},
    federation::{BindName, Federation},
    ports::{Directories, Directory, DirectoryError, DirectoryFault, Pages},
    search::{Control, Found, PagedSearch, Reply, Search},
    secret::{Password, Secret},
    write::{PasswordAnswer, PasswordAuthor, PasswordChange, Write},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Everybody's password at first.
pub(super) const PASSWORD: &str = "correct horse";
/// Everybody's password before that.
pub(super) const FORMER_PASSWORD: &str = "battery staple";
/// A name that makes the directory silent.
pub(super) const SILENCE: &str = "silence";
/// Where people live.
pub(super) const PEOPLE: &str = "ou=people,dc=example,dc=test";
/// What a bind says whose password is right and too old.
pub(super) const EXPIRED: &str = "the password has expired";

/// Everybody, with what holds of their account.
const EVERYBODY: [(&str, State); 6] = [
    ("ada", State::Good),
    ("grace", State::Disabled),
    ("alan", State::Locked),
    ("edsger", State::MustChange),
    ("barbara", State::Expired),
    ("donald", State::DisabledAndExpired),
];

/// What holds of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Disabled,
    Locked,
    /// A bind succeeds, and the password has to be changed.
    MustChange,
    /// A bind fails, although the password is right.
    Expired,
    /// Good for a new password, and for nothing after it.
    DisabledAndExpired,
}

struct Account {
    password: String,
    state: State,
    /// What was written into the entry.
    written: BTreeMap<String, Vec<Vec<u8>>>,
}

/// The directory of one site.
#[derive(Clone)]
pub(super) struct FakeDirectories(Arc<Mutex<BTreeMap<&'static str, Account>>>);

impl Default for FakeDirectories {
    fn default() -> Self {
        let account = |state| Account {
            password: PASSWORD.to_owned(),
            state,
            written: BTreeMap::new(),
        };
        let everybody = EVERYBODY.map(|(name, state)| (name, account(state)));
        Self(Arc::new(Mutex::new(everybody.into())))
    }
}

impl FakeDirectories {
    /// The password that somebody has now.
    pub(super) fn password_of(&self, name: &str) -> String {
        let accounts = self.0.lock().expect("not poisoned");
        accounts[name].password.clone()
    }

    fn entry(&self, name: &str) -> Entry {
        let accounts = self.0.lock().expect("not poisoned");
        let attribute = |description: &str, value: &str| Attribute {
            name: description.to_owned(),
            values: vec![value.as_bytes().to_vec()],
        };
        let state = format!("{:?}", accounts[name].state);
        let mut entry = Entry {
            dn: dn_of(name),
            attributes: vec![
                attribute("uid", name),
                attribute("objectClass", "person"),
                attribute("entryUUID", &uuid_of(name)),
                attribute("description", &state),
            ],
        };
        let written = accounts[name].written.clone().into_iter();
        entry
            .attributes
            .extend(written.map(|(name, values)| Attribute { name, values }));
        entry
    }

    /// A value that was written into somebody's entry.
    pub(super) fn written(&self, name: &str, attribute: &str) -> Option<String> {
        let accounts = self.0.lock().expect("not poisoned");
        let value = accounts[name].written.get(attribute)?.first()?.clone();
        String::from_utf8(value).ok()
    }

    /// The answer to a bind.
    fn bind(&self, dn: &str, password: &Password) -> Reply {
        let accounts = self.0.lock().expect("not poisoned");
        let account = accounts.iter().find(|(name, _)| dn_of(name) == dn);
        match account {
            Some((_, account)) if account.password == password.expose() => match account.state {
                State::Expired | State::DisabledAndExpired => reply(49, EXPIRED),
                _ => reply(0, ""),
            },
            // RFC 4511 section 4.1.9: invalidCredentials.
            _ => reply(49, ""),
        }
    }

    /// Whether a password is somebody's.
    fn is_right(&self, dn: &str, password: &Password) -> bool {
        let answer = self.bind(dn, password);
        answer.is_success() || answer.diagnostic == EXPIRED
    }

    /// The answer to a new password.
    fn take(&self, dn: &str, new: &Password) -> Reply {
        // RFC 4511 section 4.1.9: constraintViolation.
        match new.expose() {
            FORMER_PASSWORD => return reply(19, "in history"),
            short if short.len() < 8 => return reply(19, "too short"),
            text if text.contains("young") => return reply(19, "too young"),
            _ => {}
        }
        let mut accounts = self.0.lock().expect("not poisoned");
        let mut all = accounts.iter_mut();
        let Some((_, account)) = all.find(|(name, _)| dn_of(name) == dn) else {
            return reply(32, "");
        };
        new.expose().clone_into(&mut account.password);
        account.state = match account.state {
            State::MustChange | State::Expired => State::Good,
            State::DisabledAndExpired => State::Disabled,
            state => state,
        };
        reply(0, "")
    }
}

impl Directories for FakeDirectories {
    fn open(
        &self,
        _: &Federation,
        _: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Directory for FakeDirectories {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        let filter = search.filter.to_string();
        if filter.contains(SILENCE) {
            return Err(silent());
        }
        let wanted = |name: &str| {
            filter.contains(&format!("(uid={name})"))
                || filter.contains(&uuid_of(name))
                || search.base.to_string() == dn_of(name)
        };
        let is_twin = filter.contains("(uid=twin)");
        let names = EVERYBODY.iter().map(|(name, _)| *name);
        let found =
            names.filter(|name| wanted(name) || (is_twin && ["ada", "grace"].contains(name)));
        let entries = found.map(|name| self.entry(name)).collect();
        Ok(Found {
            result_code: 0,
            entries,
        })
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        _: &[Control],
    ) -> Result<Reply, DirectoryError> {
        Ok(FakeDirectories::bind(self, name.as_str(), password))
    }

    async fn pages(&self, _: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError> {
        Err(silent())
    }

    /// Takes no numbers for names.
    async fn write(&self, write: &Write) -> Result<Reply, DirectoryError> {
        let Write::Modify { dn, modifications } = write else {
            return Err(silent());
        };
        let mut accounts = self.0.lock().expect("not poisoned");
        let mut all = accounts.iter_mut();
        let dn = dn.to_string();
        let Some((_, account)) = all.find(|(name, _)| dn_of(name) == dn) else {
            return Ok(reply(32, ""));
        };
        for modification in modifications {
            let Attribute { name, values } = modification.attribute.clone();
            if values.iter().flatten().any(u8::is_ascii_digit) {
                return Ok(reply(19, "a number"));
            }
            account.written.insert(name, values);
        }
        Ok(reply(0, ""))
    }

    async fn set_password(
        &self,
        change: &PasswordChange<'_>,
    ) -> Result<PasswordAnswer, DirectoryError> {
        let dn = change.dn.to_string();
        match &change.author {
            PasswordAuthor::Person { old, .. } => {
                let bound = FakeDirectories::bind(self, &dn, old);
                if !bound.is_success() {
                    return Ok(PasswordAnswer::NotBound(bound));
                }
            }
            PasswordAuthor::ServiceForPerson { old } if !self.is_right(&dn, old) => {
                return Ok(PasswordAnswer::Written(reply(49, "")));
            }
            PasswordAuthor::ServiceForPerson { .. } | PasswordAuthor::Service => {}
        }
        Ok(PasswordAnswer::Written(self.take(&dn, change.new)))
    }
}

fn dn_of(name: &str) -> String {
    format!("uid={name},{PEOPLE}")
}

fn uuid_of(name: &str) -> String {
    let number = EVERYBODY.iter().position(|(other, _)| *other == name);
    format!("00000000-0000-4000-8000-{:012}", number.unwrap_or_default())
}

fn reply(result_code: u32, diagnostic: &str) -> Reply {
    Reply {
        result_code,
        diagnostic: diagnostic.to_owned(),
        ..Reply::default()
    }
}

fn silent() -> DirectoryError {
    DirectoryError::new(
        DirectoryFault::Timeout,
        "directory.example:636",
        "it says nothing",
    )
}
