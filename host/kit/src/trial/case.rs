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

use super::{
    directory::LdifDirectory,
    outcome::{canonical, outcome},
    stage::Stage,
    time::timestamp,
};
use crate::ldif::{self, LdifError, Record};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_federation::{Candidate, PreviewError, Trial};
use bridge_model::{
    dn::Dn,
    realm::PlannedFederation,
    search::{Control, Reply},
    time::Timestamp,
};
use serde_json::{Map, Value, json};
use similar::TextDiff;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The time of a case that says none: 2026-11-22T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_348_800);
/// What all cases of a folder have in common.
const DIRECTORY: &str = "directory.ldif";
/// The names of a folder's federation.
const FEDERATIONS: [&str; 4] = [
    "federation.toml",
    "federation.yaml",
    "federation.yml",
    "federation.json",
];
/// Folders in folders.
const DEPTH_MAX: usize = 8;

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

/// A folder of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What is there in every case.
    pub directory: Option<PathBuf>,
    /// The federation; none: a preset.
    pub federation: Option<PathBuf>,
    /// The cases, in the order of their names.
    pub cases: Vec<CaseFile>,
}

/// The files of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFile {
    /// Its name, with the folders that it is in.
    pub name: String,
    /// Who is in it.
    pub ldif: PathBuf,
    /// What should come of them; it may not be there yet.
    pub expected: PathBuf,
}

/// What is said of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directives {
    /// The time.
    pub now: Timestamp,
    /// What everybody's bind is answered with; none: nobody signs in.
    pub reply: Option<Reply>,
    /// How many values the directory gives at once; none: all.
    pub values_max: Option<usize>,
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

/// The folders of cases at and below a path that have any, in the order of their names.
///
/// # Errors
///
/// When one cannot be read, or none has a case.
pub fn folders(path: &Path) -> Result<Vec<Folder>, CaseError> {
    let mut found = Vec::new();
    gather(path, "", 0, &mut found)?;
    if found.is_empty() {
        return Err(CaseError::NoCases(path.to_owned()));
    }
    Ok(found)
}

fn gather(
    path: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Folder>,
) -> Result<(), CaseError> {
    let failed = |error| CaseError::File {
        path: path.to_owned(),
        error,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            names.push((name, entry.path().is_dir()));
        }
    }
    names.sort();
    let is_there = |wanted: &str| names.iter().any(|(name, is_dir)| name == wanted && !is_dir);
    let cases: Vec<_> = names
        .iter()
        .filter(|(name, is_dir)| !is_dir && name != DIRECTORY)
        .filter_map(|(name, _)| name.strip_suffix(".ldif"))
        .map(|name| CaseFile {
            name: format!("{prefix}{name}"),
            ldif: path.join(format!("{name}.ldif")),
            expected: path.join(format!("{name}.json")),
        })
        .collect();
    if !cases.is_empty() {
        found.push(Folder {
            path: path.to_owned(),
            directory: is_there(DIRECTORY).then(|| path.join(DIRECTORY)),
            federation: FEDERATIONS
                .into_iter()
                .find(|name| is_there(name))
                .map(|name| path.join(name)),
            cases,
        });
    }
    for (name, is_dir) in &names {
        if *is_dir && depth < DEPTH_MAX && !name.starts_with('.') {
            gather(
                &path.join(name),
                &format!("{prefix}{name}/"),
                depth + 1,
                found,
            )?;
        }
    }
    Ok(())
}

fn text_of(path: &Path) -> Result<String, CaseError> {
    fs::read_to_string(path).map_err(|error| CaseError::File {
        path: path.to_owned(),
        error,
    })
}

impl Folder {
    /// What is there in every case, and what is said there.
    ///
    /// # Errors
    ///
    /// When it is no LDIF.
    pub fn base(&self) -> Result<(Vec<Record>, Directives), CaseError> {
        match &self.directory {
            None => Ok((Vec::new(), Directives::default())),
            Some(path) => read(path, &Directives::default()),
        }
    }
}

/// The entries of a file, and what is said there.
pub(crate) fn read(
    path: &Path,
    preset: &Directives,
) -> Result<(Vec<Record>, Directives), CaseError> {
    let text = text_of(path)?;
    let wrong = |error| CaseError::Ldif {
        path: path.to_owned(),
        error,
    };
    let directives = Directives::read(&text, preset).map_err(wrong)?;
    Ok((ldif::read(&text).map_err(wrong)?, directives))
}

impl CaseFile {
    /// Reads the case, with what is there in every case of its folder.
    ///
    /// # Errors
    ///
    /// When one of its files is not what it should be.
    pub fn read(&self, base: &(Vec<Record>, Directives)) -> Result<Case, CaseError> {
        let mut case = Case::of(&self.ldif, base)?;
        if self.expected.exists() {
            let expected = serde_json::from_str(&text_of(&self.expected)?);
            case.expected = Some(expected.map_err(|error| CaseError::Json {
                path: self.expected.clone(),
                error,
            })?);
        }
        Ok(case)
    }

    /// Writes what came of the case as what should come of it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn bless(&self, answered: &Value) -> Result<(), CaseError> {
        fs::write(&self.expected, canonical(answered)).map_err(|error| CaseError::File {
            path: self.expected.clone(),
            error,
        })
    }
}

impl Default for Directives {
    fn default() -> Self {
        Self {
            now: NOW,
            reply: Some(Reply::default()),
            values_max: None,
        }
    }
}

impl Directives {
    /// What the lines of a file that begin with `#:` say.
    fn read(text: &str, preset: &Self) -> Result<Self, LdifError> {
        let mut said = preset.clone();
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(directive) = text.strip_prefix("#:") {
                let directive = directive.trim();
                let (name, value) = directive.split_once(' ').unwrap_or((directive, ""));
                said.take(name, value.trim())
                    .map_err(|problem| LdifError::new(line, problem))?;
            }
        }
        Ok(said)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "now" => {
                self.now = timestamp(value)
                    .ok_or("a time is expected after now, such as 2026-11-22T12:00:00Z")?;
            }
            "bind" if value == "none" => self.reply = None,
            "bind" => {
                let (code, diagnostic) = value.split_once(' ').unwrap_or((value, ""));
                let reply = self.reply.get_or_insert_default();
                reply.result_code = code
                    .parse()
                    .map_err(|_| "a result code of LDAP is expected after bind, or none")?;
                diagnostic.trim().clone_into(&mut reply.diagnostic);
            }
            "control" => {
                let (oid, encoded) = value.split_once(' ').unwrap_or((value, ""));
                let octets = STANDARD.decode(encoded.trim());
                let is_oid =
                    !oid.is_empty() && oid.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                let (true, Ok(octets)) = (is_oid, octets) else {
                    return Err("an OID, a space and base64 are expected after control");
                };
                self.reply.get_or_insert_default().controls.push(Control {
                    oid: oid.to_owned(),
                    critical: false,
                    value: (!octets.is_empty()).then_some(octets),
                });
            }
            "values_max" => {
                let number = value.parse().ok().filter(|number| *number > 0);
                self.values_max = Some(number.ok_or("a number is expected after values_max")?);
            }
            _ => {
                return Err(
                    "a line that begins with #: says now, bind, control or values_max; without the colon it is a comment",
                );
            }
        }
        Ok(())
    }

    /// Puts another answer to the bind in the place of the one that is said.
    ///
    /// # Errors
    ///
    /// What is expected instead.
    pub fn answer(&mut self, text: &str) -> Result<(), &'static str> {
        let (code, diagnostic) = text.split_once(':').unwrap_or((text, ""));
        self.take("bind", format!("{} {diagnostic}", code.trim()).trim())
    }
}

impl Case {
    /// Reads a file of entries, with what is there anyway.
    ///
    /// # Errors
    ///
    /// When it is no LDIF.
    pub fn of(path: &Path, base: &(Vec<Record>, Directives)) -> Result<Self, CaseError> {
        let (own, directives) = read(path, &base.1)?;
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

    /// What comes of it: `people`, by DN, each as [`outcome`] says; and `not_users`, the DNs of entries
    /// of the case that are none. A user name by which the login filter does not find its own person
    /// stands in `login`.
    ///
    /// # Errors
    ///
    /// When it cannot be tried.
    pub async fn run(&self, stage: &Stage, planned: PlannedFederation) -> Result<Value, CaseError> {
        let (trial, candidates, others) = self.stage(stage, planned).await?;
        let reply = self.directives.reply.as_ref();
        let dns: Vec<_> = candidates.iter().map(|it| it.entry.dn.clone()).collect();
        let tried = trial.judge(candidates, self.directives.now).await;
        let mut people = Map::new();
        for (dn, tried) in dns.into_iter().zip(&tried) {
            let mut value = outcome(tried, trial.planned(), reply);
            if let Some(identity) = &tried.view.identity
                && let Err(other) = trial.means(&identity.username, &dn).await
                && let Some(members) = value.as_object_mut()
            {
                members.insert("login".to_owned(), json!(other));
            }
            people.insert(dn, value);
        }
        let mut answered = Map::new();
        answered.insert("people".to_owned(), Value::Object(people));
        if !others.is_empty() {
            answered.insert("not_users".to_owned(), json!(others));
        }
        Ok(Value::Object(answered))
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
