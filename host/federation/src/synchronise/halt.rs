//! Why a run does not go on, in words for the operator.

use crate::{member::SharedError, reads::ReadError, remedy::unanswered};
use bridge_model::{
    plan::Problem,
    ports::{DirectoryError, PolicyError, StoreError},
};

/// Why a run does not go on. What it did until then stays.
#[derive(Debug)]
pub(super) enum Halt {
    /// It cannot.
    Failed(String),
    /// It would remove more users than it may.
    Stopped(String),
}

impl Halt {
    /// A read ended with another result code than success (RFC 4511 appendix A): not everybody was
    /// seen, so nothing may be said of those who were not.
    pub(super) fn of_code(base: &str, code: u32) -> Self {
        Self::Failed(format!(
            "the read of the users below {base} ended with result code {code}, so that nobody was removed; {}",
            about_code(code)
        ))
    }
}

fn about_code(code: u32) -> &'static str {
    match code {
        3 => {
            "the server's time limit is too short for this read: raise it for the service account, or make batch_size smaller"
        }
        4 | 11 => {
            "the server's limits for the service account are too small to read all users: raise them, and let pagination be on"
        }
        10 => {
            "the users live on another server: name that one in connection_url, or a base that this server holds"
        }
        12 => "the server does not page: switch pagination off",
        32 => "there is no such base, or the service account may not see it: correct users_dn",
        50 => "let the service account read the users",
        51 | 52 => "the server has too much to do: it is tried again with the next run",
        53 => "the server does not do such a read for the service account: look into its log",
        _ => "look into the server's log for this result code (RFC 4511 appendix A)",
    }
}

impl From<DirectoryError> for Halt {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(unanswered(&error).message)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<PolicyError> for Halt {
    fn from(error: PolicyError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<SharedError> for Halt {
    fn from(error: SharedError) -> Self {
        Self::Failed(format!("a read that is alike for everyone: {error}"))
    }
}

impl From<ReadError> for Halt {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Self::Failed(format!("{}: {}", problem.field, problem.message))
    }
}
