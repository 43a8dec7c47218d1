//! What a write does to the directory of the tests, and a read in pages.

use super::directory::{State, dn};
use async_trait::async_trait;
use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    ports::{DirectoryError, DirectoryFault, Pages},
    search::{Page, PageEntry, Reply},
    write::{Modification, ModifyWay, NamePart, Write},
};

/// Does a write and gives the result code (RFC 4511 section 4.1.9).
pub(super) fn apply(state: &mut State, write: &Write) -> u32 {
    const NO_SUCH_OBJECT: u32 = 32;
    const ALREADY_EXISTS: u32 = 68;
    let place = |state: &State, wanted: &Dn| {
        let mut entries = state.entries.iter();
        entries.position(|entry| dn(entry) == *wanted)
    };
    match write {
        Write::Add { dn, attributes } => {
            if place(state, dn).is_some() {
                return ALREADY_EXISTS;
            }
            let mut attributes = attributes.clone();
            // A directory gives its own identifier, if nobody brings one.
            if !attributes.iter().any(|attribute| attribute.name == "id") {
                attributes.push(Attribute {
                    name: "id".to_owned(),
                    values: vec![format!("id-of-{dn}").into_bytes()],
                });
            }
            state.entries.push(Entry {
                dn: dn.to_string(),
                attributes,
            });
        }
        Write::Modify { dn, modifications } => match place(state, dn) {
            None => return NO_SUCH_OBJECT,
            Some(i) => modifications
                .iter()
                .for_each(|modification| modify(&mut state.entries[i], modification)),
        },
        Write::Rename { dn, name } => match place(state, dn) {
            None => return NO_SUCH_OBJECT,
            Some(i) => rename(&mut state.entries[i], name),
        },
        Write::Delete { dn } => match place(state, dn) {
            None => return NO_SUCH_OBJECT,
            Some(i) => {
                state.entries.remove(i);
            }
        },
    }
    0
}

fn modify(entry: &mut Entry, modification: &Modification) {
    let Attribute { name, values } = &modification.attribute;
    let is_it = |attribute: &Attribute| attribute.name.eq_ignore_ascii_case(name);
    let mut own = entry.values(name).to_vec();
    match modification.way {
        ModifyWay::Add => own.extend(values.iter().cloned()),
        ModifyWay::Remove if values.is_empty() => own.clear(),
        ModifyWay::Remove => own.retain(|value| !values.contains(value)),
        ModifyWay::Replace => own.clone_from(values),
    }
    entry.attributes.retain(|attribute| !is_it(attribute));
    if !own.is_empty() {
        entry.attributes.push(Attribute {
            name: name.clone(),
            values: own,
        });
    }
}

fn rename(entry: &mut Entry, name: &[NamePart]) {
    let (_, parent) = entry.dn.split_once(',').expect("a parent");
    let parent = Dn::parse(parent).expect("a DN");
    let [part] = name else {
        panic!("the directory of the tests has names of one part");
    };
    let value = std::str::from_utf8(&part.value).expect("text");
    let dn = Dn::child(&part.attribute, value, &parent).expect("a name");
    entry.dn = dn.to_string();
    modify(
        entry,
        &Modification {
            way: ModifyWay::Replace,
            attribute: Attribute {
                name: part.attribute.clone(),
                values: vec![part.value.clone()],
            },
        },
    );
}

/// Pages that were cut ahead; breaks where the test says so.
pub(super) struct FakePages {
    pub(super) pages: Vec<Page>,
    /// After so many pages the connection breaks.
    pub(super) breaks_after: Option<usize>,
    pub(super) given: usize,
}

impl FakePages {
    /// Entries in pages of at most `size`; at least one page.
    pub(super) fn cut(entries: &[Entry], size: usize, breaks_after: Option<usize>) -> Self {
        let mut pages: Vec<_> = entries.chunks(size.max(1)).map(page).collect();
        if pages.is_empty() {
            pages.push(page(&[]));
        }
        if let Some(last) = pages.last_mut() {
            last.is_last = true;
        }
        Self {
            pages,
            breaks_after,
            given: 0,
        }
    }
}

fn page(entries: &[Entry]) -> Page {
    Page {
        entries: entries
            .iter()
            .map(|entry| PageEntry {
                entry: entry.clone(),
                controls: Vec::new(),
            })
            .collect(),
        references: 0,
        messages: Vec::new(),
        reply: Reply::default(),
        is_last: false,
    }
}

#[async_trait]
impl Pages for FakePages {
    async fn next(&mut self) -> Result<Option<Page>, DirectoryError> {
        if self.breaks_after == Some(self.given) {
            let fault = DirectoryFault::Protocol;
            let detail = "the connection broke in the middle";
            return Err(DirectoryError::new(fault, "directory.example:636", detail));
        }
        let page = self.pages.get(self.given).cloned();
        self.given += 1;
        Ok(page)
    }

    fn server(&self) -> &'static str {
        "directory.example:636"
    }
}
