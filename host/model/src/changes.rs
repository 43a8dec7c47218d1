//! What changed in a directory since it was last read; see `changes` in `wit/policy.wit`.

use crate::{
    plan::Problem,
    search::{Control, PolicySearch},
};

/// A read that a policy wants done to find what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRead {
    /// The read. Where it is of users, its base, scope and attributes say nothing.
    pub search: PolicySearch,
    /// Whether it is of users: done in each place where they live, with the object classes and the
    /// operator's filter laid over it, for the plan's attributes.
    pub of_users: bool,
    /// Controls that the policy announced.
    pub controls: Vec<Control>,
    /// Whether it is read in pages.
    pub paged: bool,
}

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The entry of the page at this place.
    Here(u32),
    /// Whoever has this value of the stable attribute.
    Id(Vec<u8>),
    /// The entry of this DN.
    Dn(String),
}

/// How a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It goes on, or is done.
    Advance(Box<Advance>),
    /// The cursor is of no use: all users have to be read.
    StartOver,
    /// It cannot go on.
    Failed(Problem),
}

/// What is known now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advance {
    /// These changed, or are new.
    pub changed: Vec<Whom>,
    /// These are gone.
    pub gone: Vec<Whom>,
    /// Where the run stands from now on; none: where it stood.
    pub cursor: Option<Vec<u8>>,
    /// Read this, then ask again; none: the run is done.
    pub next: Option<ChangeRead>,
}
