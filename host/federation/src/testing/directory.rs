//! A directory that evaluates filters.

use super::{BASE, PASSWORD};
use async_trait::async_trait;
use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    federation::{BindName, Federation},
    filter::{Comparison, Filter},
    ports::{Directories, Directory, DirectoryError, DirectoryFault},
    search::{Control, Found, Reply, Search, SearchScope},
    secret::{Password, Secret},
};
use std::sync::{Arc, Mutex, MutexGuard};

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
            return Ok(Found {
                result_code: 32,
                entries: Vec::new(),
            });
        }
        entries.retain(|entry| in_scope(entry, search));
        entries.retain(|entry| search.base.is_root() || fits(&search.filter, entry));
        let most = usize::try_from(search.size_limit).expect("a small number");
        let result_code = if entries.len() > most { 4 } else { 0 };
        entries.truncate(most);
        for entry in &mut entries {
            let wanted = |attribute: &Attribute| {
                let wanted =
                    |name: &String| name == "*" || attribute.name.eq_ignore_ascii_case(name);
                search.attributes.iter().any(wanted)
            };
            entry.attributes.retain(wanted);
        }
        Ok(Found {
            result_code,
            entries,
        })
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        _: &[Control],
    ) -> Result<Reply, DirectoryError> {
        let mut state = self.up()?;
        state.binds.push(name.as_str().to_owned());
        let known = state.entries.iter().any(|entry| entry.dn == name.as_str());
        let fits = known && password.expose() == PASSWORD;
        Ok(Reply {
            // RFC 4511 section 4.1.9: invalidCredentials.
            result_code: if fits { 0 } else { 49 },
            ..Reply::default()
        })
    }
}

fn dn(entry: &Entry) -> Dn {
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
