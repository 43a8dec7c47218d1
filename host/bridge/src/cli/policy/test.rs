//! `policy test`: people in LDIF, and what should come of them.

use super::{
    staging::Staging,
    terminal::shown,
    trial::{component_of, planned},
};
use crate::cli::{output::printable, report};
use bridge_kit::ldif::Record;
use bridge_kit::trial::{
    Answered, CaseError, CaseFile, Compared, Directives, Folder, Stage, folders,
};
use bridge_model::realm::PlannedFederation;
use clap::Args;
use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

/// What is tried.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Test {
    /// The policy's folder: its component is target/NAME.wasm, its cases are in tests/
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Another component
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Another folder of cases: NAME.ldif with NAME.json beside it; directory.ldif; federation.toml
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Write what comes of the cases as what should come of them
    #[arg(long)]
    bless: bool,
    #[command(flatten)]
    staging: Staging,
}

/// How cases ended.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    same: usize,
    blessed: usize,
    different: usize,
    broken: usize,
}

/// One case's end.
enum End {
    Same,
    Blessed,
    Differs(String),
}

impl Test {
    /// Ends in 1 where something else comes of a case than should, and in 2 where a case could not be
    /// tried.
    pub(super) async fn run(self) -> ExitCode {
        match self.count().await {
            Ok(Count { broken: 1.., .. }) => ExitCode::from(2),
            Ok(Count { different: 1.., .. }) => ExitCode::from(1),
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                report(&error);
                // Where nothing can be printed there is nobody to tell.
                let _ = self.staging.show();
                ExitCode::from(2)
            }
        }
    }

    async fn count(&self) -> anyhow::Result<Count> {
        let file = match &self.policy {
            Some(file) => file.clone(),
            None => component_of(&self.folder)?,
        };
        let cases = self
            .cases
            .clone()
            .unwrap_or_else(|| self.folder.join("tests"));
        let folders = folders(&cases)?;
        let stage = self.staging.load(&file)?;
        let mut count = Count::default();
        for folder in &folders {
            self.of_folder(&stage, folder, &mut count).await?;
        }
        let mut words = vec![format!("{} as expected", count.same)];
        for (number, word) in [
            (count.blessed, "written"),
            (count.different, "different"),
            (count.broken, "broken"),
        ] {
            if number > 0 {
                words.push(format!("{number} {word}"));
            }
        }
        writeln!(io::stdout(), "{}: {}", shown(&file), words.join(", "))?;
        Ok(count)
    }

    async fn of_folder(
        &self,
        stage: &Stage,
        folder: &Folder,
        count: &mut Count,
    ) -> anyhow::Result<()> {
        let base = folder.base()?;
        let mut records = base.0.clone();
        for case in &folder.cases {
            // What is wrong with a case is said when it is its turn.
            if let Ok(case) = case.read(&base) {
                records.extend(case.records);
            }
        }
        let planned = planned(stage, folder.federation.as_deref(), &records)?;
        for case in &folder.cases {
            let started = Instant::now();
            let end = self.of_case(stage, case, &base, planned.clone()).await;
            let name = printable(&case.name);
            let ms = started.elapsed().as_millis();
            let mut out = io::stdout();
            match end {
                Ok(End::Same) => {
                    count.same += 1;
                    self.staging.forget();
                    writeln!(out, "ok       {name} ({ms} ms)")?;
                }
                Ok(End::Blessed) => {
                    count.blessed += 1;
                    writeln!(out, "written  {name}: {}", shown(&case.expected))?;
                    self.staging.show()?;
                }
                Ok(End::Differs(difference)) => {
                    count.different += 1;
                    write!(out, "FAILED   {name}\n{}", in_lines(&difference))?;
                    self.staging.show()?;
                }
                Err(error) => {
                    count.broken += 1;
                    writeln!(out, "BROKEN   {name}: {}", printable(&error.to_string()))?;
                    self.staging.show()?;
                }
            }
        }
        Ok(())
    }

    async fn of_case(
        &self,
        stage: &Stage,
        file: &CaseFile,
        base: &(Vec<Record>, Directives),
        planned: PlannedFederation,
    ) -> Result<End, CaseError> {
        let case = file.read(base)?;
        let Answered { value, failures } = case.run(stage, planned).await?;
        let difference = match case.compare(&value) {
            Compared::Same => return Ok(End::Same),
            Compared::Differs(_) | Compared::Unsaid if self.bless => {
                file.bless(&value)?;
                return Ok(End::Blessed);
            }
            Compared::Differs(difference) => difference,
            Compared::Unsaid => format!(
                "nobody has said what should come of it: write {}, or have it written with --bless\n{}",
                file.expected.display(),
                bridge_kit::trial::canonical(&value)
            ),
        };
        let lines = difference.lines().map(str::to_owned).chain(failures);
        Ok(End::Differs(lines.collect::<Vec<_>>().join("\n")))
    }
}

/// Lines of strangers' texts, each harmless to a terminal.
fn in_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable).collect();
    lines.join("\n") + "\n"
}
