//! `policy run`: what a policy makes of one entry, or of a sign-in that was recorded.

use super::{
    staging::{Staging, add_built_in, mappers},
    terminal::shown,
    trial::planned,
};
use crate::cli::{
    explain::{word, write_person},
    output::printable,
};
use anyhow::Context as _;
use bridge_federation::Recording;
use bridge_kit::trial::{Case, Directives, Stage, canonical, outcome};
use bridge_model::{plan::Plan, policy::PolicyChoice, ports::Policies as _, realm::PolicyRef};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is tried, and on whom.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Run {
    /// The component
    policy: PathBuf,
    /// A sign-in that was recorded, to be answered again
    #[arg(required_unless_present = "entry", conflicts_with = "entry")]
    recording: Option<PathBuf>,
    /// LDIF with somebody in it
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// LDIF with what else is in the directory
    #[arg(long, value_name = "FILE", requires = "entry")]
    directory: Option<PathBuf>,
    /// The federation; preset: one that says nothing but where people live
    #[arg(long, value_name = "FILE", requires = "entry")]
    federation: Option<PathBuf>,
    /// What the directory answers to the bind: a result code and its text, or none
    #[arg(long, value_name = "CODE[:TEXT]", requires = "entry")]
    reply: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    staging: Staging,
}

impl Run {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let outcome = self.ran().await;
        self.staging.end(outcome)
    }

    async fn ran(&self) -> anyhow::Result<ExitCode> {
        let stage = self.staging.load(&self.policy)?;
        match (&self.entry, &self.recording) {
            (Some(entry), _) => self.entries(&stage, entry).await,
            (None, Some(recording)) => self.replay(&stage, recording),
            (None, None) => anyhow::bail!("name an entry with --entry, or a recording"),
        }
    }

    async fn entries(&self, stage: &Stage, entry: &Path) -> anyhow::Result<ExitCode> {
        let none = (Vec::new(), Directives::default());
        let base = match &self.directory {
            Some(directory) => {
                let base = Case::of(directory, &none)?;
                (base.records, base.directives)
            }
            None => none,
        };
        let mut case = Case::of(entry, &base)?;
        if let Some(reply) = &self.reply {
            case.directives
                .answer(reply)
                .map_err(|expected| anyhow::anyhow!("--reply {reply}: {expected}"))?;
        }
        let planned = planned(stage, self.federation.as_deref(), &case.records)?;
        let plan = planned.plan.clone();
        let (trial, candidates, others) = case.stage(stage, planned).await?;
        if candidates.is_empty() {
            anyhow::bail!(
                "no entry of {} is a user: {} must lie below where users live, and fit {} with the object classes {}",
                shown(entry),
                others.join(", "),
                plan.users_filter,
                plan.user_object_classes.join(", ")
            );
        }
        let mut people = Vec::new();
        for candidate in candidates {
            let reply = candidate.reply.clone();
            for tried in trial.judge(vec![candidate], case.directives.now).await {
                let outcome = outcome(&tried, trial.planned(), reply.as_ref());
                people.push((serde_json::to_value(&tried.view)?, outcome));
            }
        }
        let text = if self.json {
            let people = people.into_iter();
            let people: Vec<_> = people
                .map(|(view, outcome)| json!({ "person": view, "outcome": outcome }))
                .collect();
            format!("{:#}\n", json!({ "plan": plan, "people": people }))
        } else {
            let mut text = in_words(stage.policy(), &plan)?;
            for (view, outcome) in &people {
                write_person(&mut text, view)?;
                write_outcome(&mut text, outcome)?;
            }
            text
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    fn replay(&self, stage: &Stage, file: &Path) -> anyhow::Result<ExitCode> {
        let text = fs::read_to_string(file).with_context(|| shown(file))?;
        let recording = Recording::read(&text).with_context(|| shown(file))?;
        let chained = recording.plan.chained.iter();
        let mut named: Vec<_> = chained.map(|it| it.policy.id.as_str()).collect();
        if stage.is_mapper() {
            named.push(&recording.policy.id);
        }
        add_built_in(stage, &named)?;
        let mappers = mappers(stage)?;
        let policy = if stage.is_mapper() {
            // A recording of a mapper policy's is answered by the vendor policy that stands beside it.
            let vendor = PolicyChoice::InForce(&recording.policy.id);
            stage.host().vendor(stage.realm(), vendor)?
        } else {
            stage.host().vendor(stage.realm(), stage.choice())?
        };
        let replayed = recording.replay(&*policy, &mappers);
        let mut out = io::stdout();
        if self.json {
            let value = json!({
                "same": replayed.same,
                "first_difference": replayed.first_difference,
                "missing_attributes": replayed.missing_attributes,
                "recorded": recording.verdict,
                "verdict": replayed.verdict,
                "policy_time_us": replayed.policy_time.as_micros(),
            });
            out.write_all(canonical(&value).as_bytes())?;
        } else {
            let (was, is) = (in_short(&recording.policy), in_short(stage.policy()));
            writeln!(out, "recorded with  {was}\nanswered by    {is}")?;
            writeln!(
                out,
                "in the policy  {} µs",
                replayed.policy_time.as_micros()
            )?;
            for name in &replayed.missing_attributes {
                let name = printable(name);
                writeln!(out, "not recorded   {name}: the policy asks for it now")?;
            }
            match &replayed.first_difference {
                None => writeln!(out, "the same, to the octet")?,
                Some(difference) => {
                    writeln!(out, "the first difference is in {}", printable(difference))?;
                    let verdict = json!({ "recorded": recording.verdict, "now": replayed.verdict });
                    for line in canonical(&verdict).lines() {
                        writeln!(out, "{}", printable(line))?;
                    }
                }
            }
        }
        Ok(if replayed.same {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn in_short(policy: &PolicyRef) -> String {
    printable(&format!(
        "{} {} {}",
        policy.id, policy.version, policy.digest
    ))
}

/// A plan as people read it.
fn in_words(policy: &PolicyRef, plan: &Plan) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        if value.is_empty() {
            Ok(())
        } else {
            writeln!(out, "  {name:<14} {}", printable(value))
        }
    };
    line("policy", &in_short(policy))?;
    line("login filter", &plan.login_filter)?;
    line("users filter", &plan.users_filter)?;
    line("classes", &plan.user_object_classes.join(", "))?;
    line("user name", &plan.username_attribute)?;
    let id = &plan.stable_id;
    line(
        "identified by",
        &format!("{} ({:?})", id.attribute, id.form).to_lowercase(),
    )?;
    line("reads", &plan.attributes.join(", "))?;
    for search in &plan.shared {
        line("shared read", &format!("{} {}", search.key, search.base))?;
    }
    line("claims", &plan.claims.join(", "))?;
    for mapper in &plan.chained {
        line(
            "then asks",
            &format!("{} ({})", mapper.name, in_short(&mapper.policy)),
        )?;
    }
    line("memo", &format!("{} octets", plan.memo.len()))?;
    for note in &plan.notes {
        line("note", &format!("{}: {}", note.field, note.message))?;
    }
    Ok(format!("plan\n{out}"))
}

fn write_outcome(out: &mut String, outcome: &Value) -> std::fmt::Result {
    for name in ["rejected", "problem"] {
        if let Some(value) = outcome.get(name) {
            writeln!(out, "  {name}: {}", word(value))?;
        }
    }
    let verdict = if outcome["comes_in"] == true {
        "may come in"
    } else {
        "is kept out"
    };
    writeln!(out, "{verdict}")
}
