//! Cases: people in LDIF, and what should come of them.
//!
//! A folder of cases has, in any number, `NAME.ldif` (one or several people, and whatever else the case
//! needs) with `NAME.json` beside it (what should come of them); `directory.ldif` with what is there in
//! every case, where an entry of a case takes the place of one of the same name; and `federation.toml`,
//! `.yaml` or `.json`. A folder in it is a folder of cases of its own.
//!
//! A line that begins with `#:` says something of the case, not of the directory:
//!
//! ```text
//! #: now 2026-11-22T12:00:00Z        the time of the case; preset: this one
//! #: bind 49 Invalid credentials     what the directory answers to the bind of everybody in the case:
//!                                    the result code, and the diagnostic message; preset: 0
//! #: control 1.3.6.1.4.1.42.2.27.8.5.1 MAOBAQA=    a control with that answer: OID and base64
//! #: bind none                       nobody signs in, as in a synchronisation
//! #: values_max 1500                 how many values of an attribute the directory gives at once
//! ```

mod directives;
mod folder;

pub use directives::Directives;
pub use folder::{CaseFile, Folder, folders};

use super::{
    directory::LdifDirectory,
    outcome::{canonical, mapper_failures, outcome},
    stage::Stage,
};
use crate::ldif::{LdifError, Record};
use bridge_federation::{Candidate, PreviewError, Trial};
use bridge_model::{dn::Dn, realm::PlannedFederation};
use serde_json::{Map, Value, json};
use similar::TextDiff;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a case cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A file or a folder cannot be read, or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file is not LDIF, or says something of the case that cannot be.
    #[error("{}: {error}", .path.display())]
    Ldif {
        /// Which.
        path: PathBuf,
        /// Where and why not.
        error: LdifError,
    },
    /// What is expected is not JSON.
    #[error("{}: {error}; write JSON, or have it written with --bless", .path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// Where and why not.
        error: serde_json::Error,
    },
    /// There is nothing to try.
    #[error("there is no case in {}: write NAME.ldif with somebody in it", .0.display())]
    NoCases(PathBuf),
    /// The federation cannot be tried.
    #[error(transparent)]
    Trial(#[from] PreviewError),
}

/// A case that was read.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is said of it.
    pub directives: Directives,
    /// What is there: entries of the case and those of the folder.
    pub records: Vec<Record>,
    /// The entries of the case itself.
    pub own: Vec<Dn>,
    /// What should come of it; none: nobody has said it yet.
    pub expected: Option<Value>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// `people`, by DN, each as [`outcome`] says; and `not_users`, the DNs of entries of the case that are
    /// none. A user name by which the login filter does not find its own person stands in `login`.
    pub value: Value,
    /// Why mappers were left out: each with the person's DN, the mapper's name and the policy.
    pub failures: Vec<String>,
}

/// What came of it, beside what should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The same.
    Same,
    /// Something else: the lines in which the two differ, as `diff -u` shows them.
    Differs(String),
    /// Nobody has said what should.
    Unsaid,
}

impl Case {
    /// Reads a file of entries, with what is there anyway.
    ///
    /// # Errors
    ///
    /// When it is no LDIF.
    pub fn of(path: &Path, base: &(Vec<Record>, Directives)) -> Result<Self, CaseError> {
        let (own, directives) = folder::read(path, &base.1)?;
        let dns: Vec<Dn> = own.iter().filter_map(|it| Dn::parse(&it.dn).ok()).collect();
        let is_replaced =
            |record: &&Record| Dn::parse(&record.dn).is_ok_and(|dn| dns.contains(&dn));
        let others = base.0.iter().filter(|record| !is_replaced(record));
        Ok(Self {
            directives,
            records: others.cloned().chain(own.iter().cloned()).collect(),
            own: dns.into_iter().filter(|dn| !dn.is_root()).collect(),
            expected: None,
        })
    }

    /// A trial of a federation on what is there, and who is tried: the entries of the case that are
    /// users, and the names of those that are not.
    ///
    /// # Errors
    ///
    /// When it cannot be tried.
    pub async fn stage(
        &self,
        stage: &Stage,
        planned: PlannedFederation,
    ) -> Result<(Trial, Vec<Candidate>, Vec<String>), CaseError> {
        let directory = LdifDirectory::new(self.records.clone(), self.directives.values_max);
        let directory = directory.map_err(|error| CaseError::Ldif {
            path: PathBuf::from("the entries together"),
            error,
        })?;
        let trial = Trial::open(planned, stage.host(), &directory)?;
        let (mut candidates, mut others) = (Vec::new(), Vec::new());
        for dn in &self.own {
            match trial.user(dn).await? {
                Some(entry) => candidates.push(Candidate {
                    entry,
                    reply: self.directives.reply.clone(),
                }),
                None => others.push(dn.to_string()),
            }
        }
        Ok((trial, candidates, others))
    }

    /// What comes of it.
    ///
    /// # Errors
    ///
    /// When it cannot be tried.
    pub async fn run(
        &self,
        stage: &Stage,
        planned: PlannedFederation,
    ) -> Result<Answered, CaseError> {
        let (trial, candidates, others) = self.stage(stage, planned).await?;
        let reply = self.directives.reply.as_ref();
        let dns: Vec<_> = candidates.iter().map(|it| it.entry.dn.clone()).collect();
        let tried = trial.judge(candidates, self.directives.now).await;
        let (mut people, mut failures) = (Map::new(), Vec::new());
        for (dn, tried) in dns.into_iter().zip(&tried) {
            let mut value = outcome(tried, trial.planned(), reply);
            if let Some(identity) = &tried.view.identity
                && let Err(other) = trial.means(&identity.username, &dn).await
                && let Some(members) = value.as_object_mut()
            {
                members.insert("login".to_owned(), json!(other));
            }
            failures.extend(mapper_failures(tried).map(|it| format!("{dn}: {it}")));
            people.insert(dn, value);
        }
        let mut answered = Map::new();
        answered.insert("people".to_owned(), Value::Object(people));
        if !others.is_empty() {
            answered.insert("not_users".to_owned(), json!(others));
        }
        Ok(Answered {
            value: Value::Object(answered),
            failures,
        })
    }

    /// Compares what came of it with what should.
    pub fn compare(&self, answered: &Value) -> Compared {
        let Some(expected) = &self.expected else {
            return Compared::Unsaid;
        };
        let (expected, answered) = (canonical(expected), canonical(answered));
        if expected == answered {
            return Compared::Same;
        }
        let diff = TextDiff::from_lines(&expected, &answered);
        let mut unified = diff.unified_diff();
        let unified = unified.context_radius(3).header("expected", "answered");
        Compared::Differs(unified.to_string())
    }
}

#[cfg(test)]
mod tests;
