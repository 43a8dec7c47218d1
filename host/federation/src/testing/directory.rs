//! A directory that evaluates filters.

use super::{
    BASE, PASSWORD,
    writes::{FakePages, apply},
};
use async_trait::async_trait;
use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    federation::{BindName, Federation},
    filter::{Comparison, Filter},
    ports::{Directories, Directory, DirectoryError, DirectoryFault, Pages},
    search::{Control, Found, PagedSearch, Reply, Search, SearchScope},
    secret::{Password, Secret},
    write::{PasswordAnswer, PasswordAuthor, PasswordChange, Write},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

/// What all federations' directories have in common.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) entries: Vec<Entry>,
    pub(crate) root: Vec<Attribute>,
    /// Faults by the name of the federation; blank: of all.
    pub(crate) faults: Vec<(String, DirectoryFault)>,
    /// Federations as they were opened, and whether with a credential.
    pub(crate) opened: Vec<(Federation, bool)>,
    pub(crate) searches: Vec<Search>,
    pub(crate) binds: Vec<String>,
    /// Passwords other than everybody's, by DN.
    pub(crate) passwords: HashMap<String, String>,
    /// The answer to a bind with the right password that is none, by DN.
    pub(crate) bind_replies: HashMap<String, Reply>,
    /// What was written.
    pub(crate) writes: Vec<Write>,
    /// Answers to the writes to come, a password's among them; then nothing is done.
    pub(crate) write_replies: VecDeque<Reply>,
    /// Who wrote passwords, and whose: `person`, `service for person`, `service`.
    pub(crate) password_writes: Vec<(&'static str, String)>,
    /// The result code with which every new password is refused.
    pub(crate) password_refusal: Option<u32>,
    /// How often somebody tried a wrong password, by DN: what a lockout counts.
    pub(crate) failures: HashMap<String, u32>,
    /// Reads in pages.
    pub(crate) paged: Vec<PagedSearch>,
    /// After so many pages the connection breaks.
    pub(crate) pages_break_after: Option<usize>,
}

#[derive(Default)]
pub(crate) struct FakeDirectories(Arc<Mutex<State>>);

struct FakeDirectory {
    federation: Federation,
    state: Arc<Mutex<State>>,
}

pub(crate) fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        values: values.iter().map(|v| v.as_bytes().to_vec()).collect(),
    }
}

/// `uid={name}` in `ou={place}`.
pub(crate) fn entry(place: &str, name: &str, more: &[(&str, &str)]) -> Entry {
    let mut attributes = vec![
        attribute("uid", &[name]),
        attribute("objectClass", &["person"]),
        attribute("id", &[&format!("id-{name}")]),
        attribute("userPassword", &["secret"]),
    ];
    attributes.extend(more.iter().map(|(name, value)| attribute(name, &[value])));
    Entry {
        dn: format!("uid={name},ou={place},{BASE}"),
        attributes,
    }
}

impl FakeDirectories {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panicked in here")
    }

    pub(crate) fn put(&self, entries: impl IntoIterator<Item = Entry>) {
        self.state().entries.extend(entries);
    }

    pub(crate) fn break_down(&self, federation: &str, fault: DirectoryFault) {
        self.state().faults.push((federation.to_owned(), fault));
    }
}

impl Directories for FakeDirectories {
    fn open(
        &self,
        federation: &Federation,
        bind_credential: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError> {
        let opened = (federation.clone(), bind_credential.is_some());
        self.state().opened.push(opened);
        Ok(Arc::new(FakeDirectory {
            federation: federation.clone(),
            state: self.0.clone(),
        }))
    }
}

impl FakeDirectory {
    fn up(&self) -> Result<MutexGuard<'_, State>, DirectoryError> {
        let state = self.state.lock().expect("no test panicked in here");
        let name = self.federation.name.as_str();
        let mut faults = state.faults.iter();
        match faults.find(|(of, _)| of.is_empty() || of == name) {
            Some((_, fault)) => {
                let detail = "as the test wants it";
                Err(DirectoryError::new(*fault, "directory.example:636", detail))
            }
            None => Ok(state),
        }
    }
}

#[async_trait]
impl Directory for FakeDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        let mut state = self.up()?;
        state.searches.push(search.clone());
        Ok(find(&state, search))
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        _: &[Control],
    ) -> Result<Reply, DirectoryError> {
        let mut state = self.up()?;
        state.binds.push(name.as_str().to_owned());
        Ok(bind(&mut state, name.as_str(), password))
    }

    async fn pages(&self, search: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError> {
        let mut state = self.up()?;
        state.paged.push(search.clone());
        let all = Search {
            size_limit: u32::MAX,
            ..search.search.clone()
        };
        let entries = find(&state, &all).entries;
        let size = usize::try_from(search.search.size_limit).expect("a small number");
        let breaks_after = state.pages_break_after;
        Ok(Box::new(FakePages::cut(&entries, size, breaks_after)))
    }

    async fn write(&self, write: &Write) -> Result<Reply, DirectoryError> {
        let mut state = self.up()?;
        state.writes.push(write.clone());
        if let Some(reply) = state.write_replies.pop_front() {
            return Ok(reply);
        }
        Ok(code(apply(&mut state, write)))
    }

    async fn set_password(
        &self,
        change: &PasswordChange<'_>,
    ) -> Result<PasswordAnswer, DirectoryError> {
        let mut state = self.up()?;
        let dn = change.dn.to_string();
        let author = match &change.author {
            PasswordAuthor::Person { name, old, .. } => {
                state.binds.push(name.as_str().to_owned());
                let reply = bind(&mut state, &dn, old);
                if !reply.is_success() {
                    return Ok(PasswordAnswer::NotBound(reply));
                }
                "person"
            }
            PasswordAuthor::ServiceForPerson { old } => {
                if state.password(&dn) != old.expose() {
                    *state.failures.entry(dn).or_default() += 1;
                    // RFC 4511 section 4.1.9: constraintViolation.
                    return Ok(PasswordAnswer::Written(code(19)));
                }
                "service for person"
            }
            PasswordAuthor::Service => "service",
        };
        state.password_writes.push((author, dn.clone()));
        if let Some(refusal) = state.password_refusal {
            return Ok(PasswordAnswer::Written(code(refusal)));
        }
        if let Some(reply) = state.write_replies.pop_front() {
            return Ok(PasswordAnswer::Written(reply));
        }
        state.bind_replies.remove(&dn);
        let new = change.new.expose().to_owned();
        state.passwords.insert(dn, new);
        Ok(PasswordAnswer::Written(code(0)))
    }
}

impl State {
    /// The password of an entry.
    pub(crate) fn password(&self, dn: &str) -> &str {
        self.passwords.get(dn).map_or(PASSWORD, String::as_str)
    }
}

fn code(result_code: u32) -> Reply {
    Reply {
        result_code,
        ..Reply::default()
    }
}

fn bind(state: &mut State, dn: &str, password: &Password) -> Reply {
    let is_known = state.entries.iter().any(|entry| entry.dn == dn);
    if is_known && password.expose() == state.password(dn) {
        return state.bind_replies.get(dn).cloned().unwrap_or_default();
    }
    *state.failures.entry(dn.to_owned()).or_default() += 1;
    // RFC 4511 section 4.1.9: invalidCredentials.
    code(49)
}

fn find(state: &State, search: &Search) -> Found {
    let mut entries = state.entries.clone();
    if search.base.is_root() {
        entries = vec![Entry {
            dn: String::new(),
            attributes: state.root.clone(),
        }];
    }
    let is_there = |entry: &Entry| dn(entry) == search.base;
    if !entries.iter().any(is_there) && search.scope == SearchScope::Base {
        // RFC 4511 section 4.1.9: noSuchObject.
        return Found {
            result_code: 32,
            entries: Vec::new(),
        };
    }
    entries.retain(|entry| in_scope(entry, search));
    entries.retain(|entry| search.base.is_root() || fits(&search.filter, entry));
    let most = usize::try_from(search.size_limit).expect("a small number");
    let result_code = if entries.len() > most { 4 } else { 0 };
    entries.truncate(most);
    for entry in &mut entries {
        let wanted = |attribute: &Attribute| {
            let wanted = |name: &String| name == "*" || attribute.name.eq_ignore_ascii_case(name);
            search.attributes.iter().any(wanted)
        };
        entry.attributes.retain(wanted);
    }
    Found {
        result_code,
        entries,
    }
}

pub(super) fn dn(entry: &Entry) -> Dn {
    Dn::parse(&entry.dn).expect("a DN")
}

fn in_scope(entry: &Entry, search: &Search) -> bool {
    let below = dn(entry);
    let depth = below.depth().checked_sub(search.base.depth());
    below.is_within(&search.base)
        && match search.scope {
            SearchScope::Base => depth == Some(0),
            SearchScope::OneLevel => depth == Some(1),
            SearchScope::Subtree => true,
        }
}

fn fits(filter: &Filter, entry: &Entry) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| fits(part, entry)),
        Filter::Or(parts) => parts.iter().any(|part| fits(part, entry)),
        Filter::Not(part) => !fits(part, entry),
        Filter::Present(attribute) => !entry.values(attribute).is_empty(),
        Filter::Compare {
            attribute,
            with: Comparison::Equal,
            value,
        } => {
            let own = entry.values(attribute).iter();
            own.map(|own| own.to_ascii_lowercase())
                .any(|own| own == value.to_ascii_lowercase())
        }
        _ => false,
    }
}
