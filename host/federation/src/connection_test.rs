//! Whether a federation's directory is there, and what it was described as.

use crate::{
    remedy::{CertificateView, unanswered},
    root_dse::read_root,
};
use bridge_model::{
    federation::{Federation, ServiceBind},
    filter::Filter,
    plan::Problem,
    ports::{Directories, Directory, DirectoryError, DirectoryFault, DirectoryStep},
    search::{Search, SearchScope, Subtree},
    secret::Secret,
};
use serde::Serialize;
use std::{sync::Arc, time::Instant};
use url::Url;

/// What came of asking a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// Whether everything that was tried went well.
    pub passed: bool,
    /// What was tried, in order; server by server where each was asked.
    pub stages: Vec<StageReport>,
    /// What is wrong, in the operator's own member names, each with what to do.
    pub problems: Vec<Problem>,
    /// How long it took, in milliseconds.
    pub time_ms: u64,
}

/// What came of one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// Who was asked, as `host:port`; several where any of them might have been.
    pub server: String,
    /// What was tried.
    pub stage: Stage,
    /// How it went.
    pub result: StageResult,
    /// In words; without secrets.
    pub text: String,
    /// The server's certificate, where it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateView>,
}

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The host's name has an address.
    NameResolution,
    /// Somebody listens there.
    Tcp,
    /// A certificate vouches for the host.
    Tls,
    /// It is an LDAP server.
    Ldap,
    /// The service account may come in.
    Bind,
    /// The entries that the federation names are there.
    Base,
}

/// How a stage went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageResult {
    /// Well.
    Passed,
    /// Not well.
    Failed,
    /// What stands before it failed.
    NotReached,
    /// There is no such stage here.
    NotNeeded,
}

const STAGES: [Stage; 6] = [
    Stage::NameResolution,
    Stage::Tcp,
    Stage::Tls,
    Stage::Ldap,
    Stage::Bind,
    Stage::Base,
];

/// Asks each server of a federation whether it is an LDAP server: dials, sets TLS up, and reads the
/// root DSE without a bind. No credential is sent anywhere, and any answer of LDAP is a good one.
///
/// One attempt at each server, within the federation's connect and operation timeouts.
pub async fn test_connection(directories: &dyn Directories, federation: &Federation) -> TestReport {
    let started = Instant::now();
    let mut report = TestReport::new();
    for url in &federation.connection.urls {
        let mut one = unbound(federation);
        one.connection.urls = vec![url.clone()];
        let error = match directories.open(&one, None) {
            Ok(directory) => read_root(directory.as_ref()).await.err(),
            Err(error) => Some(error),
        };
        report.add_server(&one, error.as_ref(), Stage::Ldap);
    }
    report.finish(started)
}

/// Asks a directory as the service would: dials, binds once, and reads the entries that were named
/// as places where users and groups live and as readable.
///
/// One attempt, within the federation's connect and operation timeouts, and one bind, so that testing
/// does not lock the account.
pub async fn test_authentication(
    directories: &dyn Directories,
    federation: &Federation,
    bind_credential: Option<Secret>,
) -> TestReport {
    let started = Instant::now();
    let directory = match opened(directories, federation, bind_credential) {
        Ok(directory) => directory,
        Err(report) => return report.finish(started),
    };
    let mut report = TestReport::new();
    let mut missing = Vec::new();
    for (field, place) in places(federation) {
        match read_place(directory.as_ref(), &place).await {
            Ok(None) => {}
            Ok(Some(message)) => missing.push(Problem {
                field: field.to_owned(),
                message,
            }),
            // What does not answer once need not be asked again.
            Err(error) => {
                report.add_server(federation, Some(&error), Stage::Base);
                report.problems.extend(missing);
                return report.finish(started);
            }
        }
    }
    report.add_server(federation, None, Stage::Base);
    if !missing.is_empty()
        && let Some(base) = report.stages.last_mut()
    {
        base.result = StageResult::Failed;
        let messages: Vec<_> = missing.iter().map(|p| p.message.as_str()).collect();
        base.text = messages.join("; ");
    }
    report.problems.extend(missing);
    report.finish(started)
}

/// [`test_authentication`] where only what is wrong matters.
pub async fn probe(
    directories: &dyn Directories,
    federation: &Federation,
    bind_credential: Option<Secret>,
) -> Vec<Problem> {
    test_authentication(directories, federation, bind_credential)
        .await
        .problems
}

/// A federation whose service connections bind as nobody.
pub(crate) fn unbound(federation: &Federation) -> Federation {
    let mut unbound = federation.clone();
    unbound.connection.bind = ServiceBind::None;
    unbound
}

/// The directory of a federation for one test: with one connection.
pub(crate) fn opened(
    directories: &dyn Directories,
    federation: &Federation,
    bind_credential: Option<Secret>,
) -> Result<Arc<dyn Directory>, TestReport> {
    let mut one = federation.clone();
    one.connection.pool_connections_max = 1;
    directories
        .open(&one, bind_credential)
        .map_err(|error| TestReport::unanswered(federation, &error))
}

/// Everything that a federation names, with the member that names it.
fn places(federation: &Federation) -> Vec<(&'static str, Subtree)> {
    let users = federation.users.iter().map(|place| ("users_dn", place));
    let bases = federation.read_bases.iter();
    let bases = bases.map(|place| ("advanced.read_bases", place));
    let named = users
        .chain(bases)
        .map(|(field, place)| (field, place.clone()));
    let groups = federation.groups_base.iter().map(|base| {
        let place = Subtree {
            base: base.clone(),
            scope: SearchScope::Base,
        };
        ("advanced.groups", place)
    });
    named.chain(groups).collect()
}

/// Reads one entry; gives what is wrong with it.
async fn read_place(
    directory: &dyn Directory,
    place: &Subtree,
) -> Result<Option<String>, DirectoryError> {
    let search = Search {
        base: place.base.clone(),
        scope: SearchScope::Base,
        filter: Filter::Present("objectClass".to_owned()),
        attributes: vec!["objectClass".to_owned()],
        size_limit: 1,
    };
    let found = directory.search(&search).await?;
    let is_there = found.result_code == 0 && !found.entries.is_empty();
    Ok((!is_there).then(|| {
        format!(
            "there is no entry {} that the service account may read (result code {}); correct the name, or let the account read it",
            place.base, found.result_code
        )
    }))
}

impl TestReport {
    fn new() -> Self {
        Self {
            passed: true,
            stages: Vec::new(),
            problems: Vec::new(),
            time_ms: 0,
        }
    }

    /// What is to be said where a directory did not answer.
    pub(crate) fn unanswered(federation: &Federation, error: &DirectoryError) -> Self {
        let mut report = Self::new();
        report.add_server(federation, Some(error), Stage::Base);
        report.passed = false;
        report
    }

    /// Adds the stages up to `last`, of which the first that the error is about failed.
    fn add_server(&mut self, federation: &Federation, error: Option<&DirectoryError>, last: Stage) {
        let servers = federation.connection.urls.iter().map(address);
        let servers = servers.collect::<Vec<_>>().join(" ");
        let server = error.map_or(servers, |error| error.server.clone());
        let failed = error.map(|error| failed_stage(error, last));
        for stage in STAGES.into_iter().filter(|stage| *stage <= last) {
            let (result, text) = match (failed, error) {
                (Some(Some(failed)), Some(error)) if stage == failed => {
                    (StageResult::Failed, error.detail.clone())
                }
                (Some(None), _) => (StageResult::NotReached, String::new()),
                (Some(Some(failed)), _) if stage > failed => {
                    (StageResult::NotReached, String::new())
                }
                // The refusal comes before anything is dialled.
                (Some(Some(_)), Some(error)) if error.fault == DirectoryFault::PlaintextRefused => {
                    (StageResult::NotReached, String::new())
                }
                _ => passed(stage, federation),
            };
            self.stages.push(StageReport {
                server: server.clone(),
                stage,
                certificate: error
                    .filter(|_| result == StageResult::Failed)
                    .and_then(CertificateView::of),
                result,
                text,
            });
        }
        self.problems.extend(error.map(unanswered));
    }

    fn finish(mut self, started: Instant) -> Self {
        self.passed = self.problems.is_empty();
        self.time_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self
    }
}

/// `host:port` of a URL.
fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let preset = if url.scheme() == "ldaps" { 636 } else { 389 };
    format!("{host}:{}", url.port().unwrap_or(preset))
}

/// Where a fault belongs, of the stages up to `last`; none: nothing was tried.
fn failed_stage(error: &DirectoryError, last: Stage) -> Option<Stage> {
    match (error.fault, error.step) {
        (DirectoryFault::PlaintextRefused, _) => Some(Stage::Tls),
        // What a name resolves to is not told to whoever may not go there.
        (DirectoryFault::OutboundRefused, _) | (_, DirectoryStep::NameResolution) => {
            Some(Stage::NameResolution)
        }
        (_, DirectoryStep::Opening) => None,
        (_, DirectoryStep::Tcp) => Some(Stage::Tcp),
        (_, DirectoryStep::Tls) => Some(Stage::Tls),
        (_, DirectoryStep::ServiceBind) => Some(Stage::Bind),
        (_, DirectoryStep::Operation) => Some(last),
    }
}

fn passed(stage: Stage, federation: &Federation) -> (StageResult, String) {
    let connection = &federation.connection;
    let is_tls = connection.urls.iter().all(|url| url.scheme() == "ldaps");
    let text = match stage {
        Stage::NameResolution => "the name has an address",
        Stage::Tcp => "connected",
        Stage::Tls if is_tls => "a certificate vouches for the host",
        Stage::Tls if connection.start_tls => {
            "turned to TLS by StartTLS; a certificate vouches for the host"
        }
        Stage::Tls => return (StageResult::NotNeeded, "no TLS was asked for".to_owned()),
        Stage::Ldap => "an LDAP server answered",
        Stage::Bind => match &connection.bind {
            ServiceBind::None => {
                return (StageResult::NotNeeded, "no bind was asked for".to_owned());
            }
            ServiceBind::Simple(_) | ServiceBind::External(_) => "the bind was accepted",
        },
        Stage::Base => "all entries are there",
    };
    (StageResult::Passed, text.to_owned())
}

#[cfg(test)]
mod tests;
