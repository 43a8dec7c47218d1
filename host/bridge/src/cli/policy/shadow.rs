//! `policy shadow`, `policy promote` and `policy discard`: a candidate beside what is in force, on live
//! sign-ins.

use super::{
    candidate::{CandidateArguments, FederationArguments, Found},
    differences::{policy, told},
    rehearse::{UNREADABLE, heading},
    swap::{self, Swapped},
};
use crate::cli::output::printable;
use anyhow::{Context as _, bail};
use bridge_federation::{ShadowStage, ShadowState};
use bridge_model::realm::PolicyRef;
use clap::Args;
use serde_json::{Value, json};
use std::{fmt::Write as _, io::Write as _};

/// Which federation, and what is to run beside it; without a candidate, what was found so far.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Shadow {
    #[command(flatten)]
    federation: FederationArguments,
    #[command(flatten)]
    candidate: CandidateArguments,
    /// Put the candidate in force by itself after so many sign-ins without one difference
    #[arg(long, value_name = "SIGN_INS")]
    promote_after: Option<u64>,
}

/// Of which federation the candidate is put in force.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Promote {
    #[command(flatten)]
    federation: FederationArguments,
    /// Of all federations that use the policy, of all realms: a swap, which takes an administrator of the
    /// platform; without it of this one alone, whose policy is pinned by its digest
    #[arg(long)]
    all: bool,
}

/// Of which federation the candidate is taken away.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Discard {
    #[command(flatten)]
    federation: FederationArguments,
}

impl Shadow {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let is_new = self.candidate.is_named() || self.promote_after.is_some();
        let request = if is_new {
            let mut request = self.candidate.request()?;
            if let Some(sign_ins) = self.promote_after {
                request["promote_after"] = json!(sign_ins);
            }
            Some(request)
        } else {
            None
        };
        let found = self.federation.find().await?;
        let resource = found.resource(&["shadow"]);
        let value = match request {
            Some(request) => found.remote.post(&resource, &request).await?,
            None => found.remote.get(&resource).await?,
        };
        let text = if self.federation.json {
            format!("{value:#}\n")
        } else {
            let state = serde_json::from_value(value).context(UNREADABLE)?;
            in_words(&found.name, &state)
        };
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}

impl Promote {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let found = self.federation.find().await?;
        if self.all {
            return self.swap(&found).await;
        }
        let resource = found.resource(&["shadow", "promote"]);
        let value = found.remote.post(&resource, &json!({})).await?;
        let text = if self.federation.json {
            format!("{value:#}\n")
        } else {
            promoted(&found.name, &value)
        };
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}

impl Promote {
    /// Swaps the policy for everybody, and takes the candidate away.
    async fn swap(&self, found: &Found) -> anyhow::Result<()> {
        let resource = found.resource(&["shadow"]);
        let state = found.remote.get(&resource).await?;
        let state: ShadowState = serde_json::from_value(state).context(UNREADABLE)?;
        if state.stage != ShadowStage::Running {
            let reason = printable(state.reason.as_deref().unwrap_or_default());
            bail!("the shadow has ended, since {reason}; begin anew");
        }
        if state.mappers_change {
            bail!("the mappers are of this federation alone; promote without --all");
        }
        let PolicyRef { id, digest, .. } = &state.candidate;
        let platform = self.federation.platform()?;
        let swapped = swap::ask(&platform, id, digest, false).await?;
        found.remote.delete(&resource).await?;
        let text = swapped.told(Swapped::DONE);
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}

impl Discard {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let found = self.federation.find().await?;
        found.remote.delete(&found.resource(&["shadow"])).await?;
        let text = format!(
            "nothing runs beside {} any more; what is in force stays\n",
            printable(&found.name)
        );
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}

fn promoted(name: &str, federation: &Value) -> String {
    let now = serde_json::from_value::<PolicyRef>(federation["policy"].clone());
    let now = now.map_or_else(|_| "the candidate".to_owned(), |it| policy(&it));
    format!(
        "{}: {now} is in force from the next sign-in on\n",
        printable(name)
    )
}

fn in_words(name: &str, state: &ShadowState) -> String {
    let mut text = heading(
        name,
        (&policy(&state.policy), &policy(&state.candidate)),
        state.mappers_change,
        &state.plan_changes,
    );
    write_state(&mut text, state).expect("a string takes what is written");
    text.push_str(&told(&state.comparison, "sign-ins and users"));
    text
}

fn write_state(out: &mut String, state: &ShadowState) -> std::fmt::Result {
    let reason = printable(state.reason.as_deref().unwrap_or_default());
    match state.stage {
        ShadowStage::Running => {}
        ShadowStage::Ended => writeln!(out, "ended: {reason}")?,
        ShadowStage::Promoted => writeln!(out, "promoted: {reason}")?,
    }
    write!(
        out,
        "{} sign-ins, {} of known people without a difference",
        state.sign_ins, state.without_difference
    )?;
    if state.synchronised > 0 {
        write!(out, "; {} users of synchronisations", state.synchronised)?;
    }
    if state.left_out > 0 {
        write!(
            out,
            "; {} left out, because there was too much at once",
            state.left_out
        )?;
    }
    writeln!(out)?;
    match state.promote_after {
        Some(enough) if state.stage == ShadowStage::Running => {
            if state.comparison.different > 0 {
                writeln!(out, "it is not promoted by itself, since something differs")
            } else {
                writeln!(out, "it is promoted by itself after {enough}")
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_says_how_far_it_is_and_whether_it_will_be_promoted() {
        let policy = |digest: &str| {
            let digest = format!("sha256:{}", digest.repeat(64));
            json!({ "id": "sample", "version": "1", "digest": digest })
        };
        let mut value = json!({
            "stage": "running", "started_at": 1, "policy": policy("a"), "candidate": policy("b"),
            "mappers_change": false, "plan_changes": ["attributes: now also title"],
            "promote_after": 100, "sign_ins": 12, "without_difference": 9, "synchronised": 0,
            "left_out": 1,
            "comparison": {
                "people": 12, "different": 0, "differences": [], "further": 0,
                "failed_before": 0, "failed_after": 0, "not_told": 0,
                "time_before_us": 120, "time_after_us": 240,
            },
        });
        let state: ShadowState = serde_json::from_value(value.clone()).expect("a state");
        assert_eq!(
            in_words("staff/people", &state),
            "staff/people: sample 1 (sha256:bbbbbbbbbbbb…) beside sample 1 (sha256:aaaaaaaaaaaa…)\n\
             plan: attributes: now also title\n\
             12 sign-ins, 9 of known people without a difference; 1 left out, because there was too much at once\n\
             it is promoted by itself after 100\n\
             12 sign-ins and users looked at: no difference\n\
             in the policy: 10 µs a person in force, 20 µs with the candidate\n"
        );
        value["stage"] = json!("ended");
        value["reason"] = json!("the federation was changed");
        let state: ShadowState = serde_json::from_value(value).expect("a state");
        let text = in_words("staff/people", &state);
        assert!(
            text.contains("ended: the federation was changed\n"),
            "{text}"
        );
    }
}
