//! `sync`: has the users of a directory read, and shows how far that is.

use super::{
    output::printable,
    remote::{Place, Remote, path},
};
use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::{signal, time::sleep};

/// How often the bridge is asked while somebody watches.
const ASK_EVERY: Duration = Duration::from_millis(400);
/// The same at first: a small directory is read in no time.
const ASK_FIRST: Duration = Duration::from_millis(50);
/// How often a line is printed where it does not take the place of the one before.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// What shells say of a command that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Which federation is read, and how.
#[derive(Debug, Args)]
pub(super) struct Synchronise {
    /// The realm
    realm: String,
    /// The federation, by its name or its id; its import_enabled has to be true
    federation: String,
    /// Read only those users that changed since the last run; without it all are read, and those who
    /// are not there any more are removed
    #[arg(long)]
    changed: bool,
    /// Begin, and do not wait for the end
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    place: Place,
}

/// A run, as the admin API shows it.
#[derive(Debug, Deserialize)]
struct Run {
    stage: Stage,
    started_at: u64,
    read: u64,
    added: u64,
    updated: u64,
    unchanged: u64,
    removed: u64,
    failed: u64,
    failures: Vec<Failure>,
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct State {
    last: Option<Run>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    dn: String,
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Running,
    Done,
    Failed,
    Stopped,
    Interrupted,
}

/// What is said while a run goes on, and where.
struct Progress {
    since: Instant,
    is_terminal: bool,
    told: Option<Instant>,
}

impl Synchronise {
    /// Begins a run, and watches it to its end or until Ctrl-C.
    pub(super) async fn run(&self) -> anyhow::Result<ExitCode> {
        let remote = Remote::open(&self.place)?.of(&self.realm);
        let id = find(&remote, &self.realm, &self.federation).await?;
        let resource = path(&["user-federations", &id, "sync"]);
        let kind = if self.changed { "changed" } else { "full" };
        let start = format!("{resource}?kind={kind}");
        let begun = remote.post(&start, &json!({})).await?;
        let begun: Run = serde_json::from_value(begun).context(UNREADABLE)?;
        if self.no_wait {
            let mut out = std::io::stdout().lock();
            out.write_all(b"begun; the run goes on in the bridge\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut progress = Progress::begin();
        let watched = watch(&remote, &resource, &begun, &mut progress);
        let ended = tokio::select! {
            ended = watched => ended?,
            pressed = signal::ctrl_c() => {
                pressed?;
                progress.leave();
                eprintln!("nobody watches any more; the run goes on in the bridge");
                return Ok(ExitCode::from(INTERRUPTED));
            }
        };
        progress.leave();
        let mut out = std::io::stdout().lock();
        out.write_all(told(&ended, progress.since.elapsed()).as_bytes())?;
        let reason = ended
            .reason
            .as_deref()
            .map_or_else(String::new, |reason| format!(": {}", printable(reason)));
        match ended.stage {
            Stage::Running | Stage::Done => Ok(ExitCode::SUCCESS),
            Stage::Failed => bail!("the run could not go on{reason}"),
            Stage::Stopped => bail!("the run was stopped, and removed nobody{reason}"),
            Stage::Interrupted => bail!("the run was interrupted{reason}; begin it again"),
        }
    }
}

/// The id of a federation, by its name or its id.
pub(super) async fn find(remote: &Remote, realm: &str, wanted: &str) -> anyhow::Result<String> {
    let all = remote.get("/user-federations").await?;
    let all = all.as_array().context(UNREADABLE)?;
    let is_wanted = |federation: &&Value| {
        let is = |member: &str| federation[member].as_str() == Some(wanted);
        is("name") || is("id")
    };
    if let Some(id) = all
        .iter()
        .find(is_wanted)
        .and_then(|one| one["id"].as_str())
    {
        return Ok(id.to_owned());
    }
    let names: Vec<_> = all.iter().filter_map(|one| one["name"].as_str()).collect();
    let known = if names.is_empty() {
        "it has none; make one with connect".to_owned()
    } else {
        format!("name one of {}", printable(&names.join(", ")))
    };
    bail!("the realm {realm} has no federation {wanted:?}; {known}")
}

const UNREADABLE: &str = "the bridge's answer cannot be read";

/// Asks until the run is over.
async fn watch(
    remote: &Remote,
    resource: &str,
    begun: &Run,
    progress: &mut Progress,
) -> anyhow::Result<Run> {
    let mut pause = ASK_FIRST;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(ASK_EVERY);
        let state: State =
            serde_json::from_value(remote.get(resource).await?).context(UNREADABLE)?;
        let run = state.last.context(UNREADABLE)?;
        if run.started_at != begun.started_at {
            bail!(
                "the run is over, and another has begun since; its outcome stands in the audit trail"
            );
        }
        if run.stage != Stage::Running {
            return Ok(run);
        }
        progress.tell(&run);
    }
}

impl Progress {
    fn begin() -> Self {
        Self {
            since: Instant::now(),
            is_terminal: std::io::stderr().is_terminal(),
            told: None,
        }
    }

    fn tell(&mut self, run: &Run) {
        let line = counts(run, self.since.elapsed());
        if self.is_terminal {
            // Over the line before, and nothing of it stays.
            eprint!("\r{line}\u{1b}[K");
            self.told = Some(Instant::now());
        } else if self.told.unwrap_or(self.since).elapsed() >= TELL_EVERY {
            eprintln!("{line}");
            self.told = Some(Instant::now());
        }
    }

    /// Leaves the line that others would take the place of.
    fn leave(&self) {
        if self.is_terminal && self.told.is_some() {
            eprintln!();
        }
    }
}

/// What a run came to: the counts, and a line for each entry that could not be imported.
fn told(run: &Run, time: Duration) -> String {
    let mut lines = vec![counts(run, time)];
    lines.extend(
        run.failures.iter().map(|Failure { dn, reason }| {
            format!("failed: {}: {}", printable(dn), printable(reason))
        }),
    );
    let told = u64::try_from(run.failures.len()).unwrap_or(u64::MAX);
    let more = run.failed.saturating_sub(told);
    if more > 0 {
        lines.push(format!(
            "failed: {more} more; the bridge's log has them all"
        ));
    }
    lines.join("\n") + "\n"
}

fn counts(run: &Run, time: Duration) -> String {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    format!(
        "{} read: {} added, {} updated, {} unchanged, {} removed, {} failed; {} entries/s",
        run.read,
        run.added,
        run.updated,
        run.unchanged,
        run.removed,
        run.failed,
        run.read.saturating_mul(1_000) / milliseconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failed_entry_has_a_line_and_those_without_are_counted() {
        let run: Run = serde_json::from_value(json!({
            "kind": "full", "stage": "done", "started_at": 1, "seen_at": 2, "read": 2_000,
            "added": 3, "updated": 4, "unchanged": 1_990, "removed": 5, "failed": 3,
            "failures": [{ "dn": "uid=a\u{1b}[2J", "reason": "no mail" }],
        }))
        .expect("a run");
        assert_eq!(
            told(&run, Duration::from_secs(4)),
            "2000 read: 3 added, 4 updated, 1990 unchanged, 5 removed, 3 failed; 500 entries/s\n\
             failed: uid=a\\u{1b}[2J: no mail\n\
             failed: 2 more; the bridge's log has them all\n"
        );
    }
}
