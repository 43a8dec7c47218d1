//! `policy log`: what the policies of a realm write.

use crate::cli::{
    output::printable,
    remote::{Place, Remote, path},
};
use crate::web::for_logs;
use bridge_model::time::Timestamp;
use clap::Args;
use serde::Deserialize;
use std::{io::Write as _, time::Duration};
use tokio::time::sleep;

/// How often the bridge is asked while somebody watches.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Of which realm.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Log {
    /// The realm
    realm: String,
    /// Go on until Ctrl-C, with what is written from now on
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    place: Place,
}

/// A line, as the admin API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Line {
    at: u64,
    level: String,
    policy: String,
    digest: String,
    text: String,
}

impl Log {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?;
        let resource = path(&["realms", &self.realm, "policy-log"]);
        let mut known: Vec<Line> = Vec::new();
        loop {
            let lines = remote.get(&resource).await?;
            let lines: Vec<Line> = serde_json::from_value(lines)?;
            let mut out = std::io::stdout().lock();
            for line in &lines[overlap(&known, &lines)..] {
                writeln!(out, "{}", line.told())?;
            }
            out.flush()?;
            drop(out);
            if !self.follow {
                return Ok(());
            }
            known = lines;
            sleep(ASK_EVERY).await;
        }
    }
}

/// How many of these lines were known before: the bridge has the last ones, so the first of them are the
/// last of those before.
fn overlap(known: &[Line], lines: &[Line]) -> usize {
    let most = known.len().min(lines.len());
    let is_same = |count: &usize| known[known.len() - count..] == lines[..*count];
    (0..=most).rev().find(is_same).unwrap_or(0)
}

impl Line {
    fn told(&self) -> String {
        let Self {
            at,
            level,
            policy,
            digest,
            text,
        } = self;
        let digest: String = digest.chars().take(DIGEST_CHARACTERS).collect();
        printable(&format!(
            "{} {level:5} {policy} {digest} {text}",
            for_logs(Timestamp(*at))
        ))
    }
}

/// Enough to tell versions apart: `sha256:` and twelve digits.
const DIGEST_CHARACTERS: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |text: &&str| Line {
            at: 1,
            level: "info".to_owned(),
            policy: "example".to_owned(),
            digest: "sha256:0".to_owned(),
            text: (*text).to_owned(),
        };
        texts.iter().map(line).collect()
    }

    #[test]
    fn lines_are_told_once() {
        for (known, now, count) in [
            (&[][..], &["a", "b"][..], 0),
            (&["a", "b"], &["a", "b"], 2),
            (&["a", "b"], &["a", "b", "c"], 2),
            (&["a", "b", "c"], &["b", "c", "d"], 2),
            (&["a", "b"], &["c", "d"], 0),
            (&["a", "a"], &["a", "a", "a"], 2),
        ] {
            assert_eq!(
                overlap(&lines(known), &lines(now)),
                count,
                "{known:?} {now:?}"
            );
        }
    }
}
