//! `policy new`: a folder that builds.

use super::terminal::shown;
use anyhow::bail;
use bridge_kit::{
    Language,
    project::{NewProject, create, starting_points},
};
use clap::{Args, ValueEnum};
use std::{io::Write as _, path::PathBuf};

/// What is to be made.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct New {
    /// The new folder; its name is the policy's
    name: PathBuf,
    /// What it begins from: the source of a policy that is built in, or `mapper`, one kind of mapper
    #[arg(long, value_name = "POLICY")]
    from: Option<String>,
    /// What it is written in
    #[arg(long, default_value = "rust")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    Rust,
    Js,
    Python,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::Js => Self::JavaScript,
            Lang::Python => Self::Python,
        }
    }
}

impl New {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let language = Language::from(self.lang);
        let choices = starting_points(language);
        let from = match (&self.from, choices.as_slice()) {
            (Some(from), _) => from.clone(),
            (None, [only]) => (*only).to_owned(),
            (None, _) => bail!(
                "say what it begins from, with --from and one of: {}",
                choices.join(", ")
            ),
        };
        let project = NewProject {
            folder: self.name.clone(),
            from,
            language,
        };
        create(&project)?;
        let folder = shown(&project.folder);
        let mut out = std::io::stdout();
        writeln!(
            out,
            "made {folder}: a policy that begins as `{}`",
            project.from
        )?;
        let (source, first) = match language {
            Language::Rust => ("src/", None),
            Language::JavaScript => ("policy.js", Some("npm install")),
            Language::Python => (
                "policy.py",
                Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
            ),
        };
        for (part, what) in [
            (source, "the policy"),
            ("tests/", "people to try it with"),
            ("wit/", "the contract, with its documents"),
            ("README.md", "how to go on"),
        ] {
            writeln!(out, "  {part:<10} {what}")?;
        }
        writeln!(out, "next:\n  cd {folder}")?;
        if let Some(first) = first {
            writeln!(out, "  {first}")?;
        }
        writeln!(out, "  ldap-oidc-bridge policy build")?;
        Ok(())
    }
}
