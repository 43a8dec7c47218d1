//! Reads of a directory and what they give.

use crate::{
    dn::Dn,
    entry::Entry,
    filter::{Filter, Slot},
};
use serde::{Deserialize, Serialize};

/// How far below its base a search looks (RFC 4511 section 4.5.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SearchScope {
    /// The base entry alone.
    Base,
    /// The entries right below the base.
    OneLevel,
    /// The base and all entries below it.
    #[default]
    Subtree,
}

/// A part of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subtree {
    /// A DN; empty names the root DSE.
    pub base: Dn,
    /// How far below it.
    pub scope: SearchScope,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Setting {
    /// Lower-case words joined by `_` or `.`.
    pub name: String,
    /// Text.
    pub value: String,
}

/// A read that a policy wants done, as it wrote it; see `search` in `wit/types.wit`. It becomes a
/// [`Search`] only after the federation has checked it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PolicySearch {
    /// The policy's own name for this read.
    pub key: String,
    /// A DN.
    pub base: String,
    /// How far below the base.
    pub scope: SearchScope,
    /// RFC 4515 text with slots.
    pub filter: String,
    /// One for each name in the filter.
    pub slots: Vec<Slot>,
    /// By name.
    pub attributes: Vec<String>,
    /// The most entries wanted.
    pub size_limit: u32,
    /// Whether the sign-in is refused unless the read ends in success.
    pub required: bool,
    /// What later hosts know.
    pub more: Vec<Setting>,
}

/// A read that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Where.
    pub base: Dn,
    /// How far below.
    pub scope: SearchScope,
    /// What fits.
    pub filter: Filter,
    /// What to read of each entry, by name.
    pub attributes: Vec<String>,
    /// The most entries wanted, at least 1.
    pub size_limit: u32,
}

/// What a [`Search`] gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// LDAP's result code; 0 is success.
    pub result_code: u32,
    /// The entries, at most the size limit; some may be here beside a code that is not 0.
    pub entries: Vec<Entry>,
}

/// A read of any length that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagedSearch {
    /// What is read. Its size limit is that of a page where there are pages, and is not sent.
    pub search: Search,
    /// Whether it is read in pages (RFC 2696); else what comes is cut into pages here.
    pub paged: bool,
    /// Controls beside the one that pages.
    pub controls: Vec<Control>,
}

/// One page of a read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the order in which they came.
    pub entries: Vec<PageEntry>,
    /// Intermediate responses (RFC 4511 section 4.13), in the order in which they came.
    pub messages: Vec<Message>,
    /// How many continuation references stood among the entries (RFC 4511 section 4.5.3): so many parts
    /// of the directory were not read.
    pub references: u64,
    /// How the directory ended the page; success, without controls, where it is not the directory that
    /// cut it.
    pub reply: Reply,
    /// Whether nothing follows.
    pub is_last: bool,
}

/// An entry of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageEntry {
    /// The entry.
    pub entry: Entry,
    /// The controls that came with it.
    pub controls: Vec<Control>,
}

/// An intermediate response (RFC 4511 section 4.13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its name; empty where there is none.
    pub oid: String,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

/// What a policy's read gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The key of the [`PolicySearch`].
    pub key: String,
    /// LDAP's result code; 0 is success.
    pub result_code: u32,
    /// The entries found.
    pub entries: Vec<Entry>,
}

/// An LDAP control (RFC 4511 section 4.1.11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Dotted decimal.
    pub oid: String,
    /// Whether the directory has to refuse the operation if it does not know the control.
    pub critical: bool,
    /// The value.
    pub value: Option<Vec<u8>>,
}

/// What the directory answered to a bind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// LDAP's result code; 0 is success.
    pub result_code: u32,
    /// A stranger's text, never shown to a person who signs in.
    pub diagnostic: String,
    /// The response controls.
    pub controls: Vec<Control>,
}

impl Reply {
    /// Whether the directory answered success, which only code 0 says (RFC 4511 appendix A.1).
    pub fn is_success(&self) -> bool {
        self.result_code == 0
    }
}
