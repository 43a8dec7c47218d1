//! `demo`: the whole bridge in one process, with directories of its own and an application that
//! signs people in.

mod directory;
mod run;
mod sample;

pub(crate) use run::run;
