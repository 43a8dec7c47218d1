//! `apply`: makes a bridge that runs agree with a file.

use super::{
    output::{in_one_line, printable},
    remote::{Place, Refusal, Remote, path, query},
};
use crate::{
    config::{Fault, Faults, tree},
    documents::{Advice, Difference, Node, ObjectChange, is_pem, resolve},
};
use anyhow::Context as _;
use clap::Args;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Something would change.
const WOULD_CHANGE: u8 = 2;

/// What is applied, and how.
#[derive(Clone, Debug, Args)]
pub(super) struct Apply {
    /// The file that declares a realm: .toml, .yaml or .json
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// The realm, to be sure of it: the file has to name the same
    #[arg(long)]
    realm: Option<String>,
    /// What the objects are marked as declared by; without it the file's name
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Remove what the same source declared before and the file no longer does
    #[arg(long)]
    prune: bool,
    /// Take over objects that are there and that nothing declares; without it they are in the way
    #[arg(long)]
    adopt: bool,
    /// Only say what would change: exit code 0 for nothing, 2 for something, 1 for a mistake
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

impl Apply {
    /// Says what changes, and changes it.
    pub(super) async fn run(&self) -> anyhow::Result<ExitCode> {
        let document = self.read()?;
        self.check_realm(&document)?;
        // The document names its realm, which need not be there yet.
        let remote = Remote::open(&self.place)?;
        let difference = self.send(&remote, &document, true).await?;
        let mut out = std::io::stdout().lock();
        out.write_all(told(&difference).as_bytes())?;
        warn(&self.file, &document, &difference.warnings);
        if difference.is_nothing() {
            writeln!(out, "nothing changes")?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.dry_run {
            return Ok(ExitCode::from(WOULD_CHANGE));
        }
        let done = self.send(&remote, &document, false).await?;
        writeln!(
            out,
            "applied: {} created, {} changed, {} removed",
            done.created.len(),
            done.changed.len(),
            done.removed.len()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// The file, with everything that it refers to on this machine written out.
    fn read(&self) -> anyhow::Result<Node> {
        let file = &self.file;
        let text = fs::read_to_string(file).map_err(|error| {
            Faults::of_file(file, format!("cannot be read: {error}; correct the path"))
        })?;
        let mut document = tree(file, &text)?;
        let mut faults = Vec::new();
        let folder = file.parent().unwrap_or(Path::new(""));
        write_out(&mut document, folder, &mut |member, message| {
            faults.push((member, message));
        });
        let faults: Vec<_> = faults
            .into_iter()
            .map(|(member, message)| fault(file, &document, member, message))
            .collect();
        if faults.is_empty() {
            Ok(document)
        } else {
            Err(Faults(faults).into())
        }
    }

    async fn send(
        &self,
        remote: &Remote,
        document: &Node,
        dry_run: bool,
    ) -> anyhow::Result<Difference> {
        let source = self.source.clone().unwrap_or_else(|| self.file_name());
        let flag = |on: bool| if on { "true" } else { "false" };
        let query = query(&[
            ("dry_run", flag(dry_run)),
            ("prune", flag(self.prune)),
            ("adopt", flag(self.adopt)),
            ("source", &source),
        ]);
        let resource = format!("{}{query}", path(&["declaration"]));
        match remote.post(&resource, &document.to_json()).await {
            Ok(answer) => serde_json::from_value(answer).context("the answer is no difference"),
            Err(error) => Err(self.placed(error, document)),
        }
    }

    /// A file declares one realm, and the one that was said.
    fn check_realm(&self, document: &Node) -> Result<(), Faults> {
        let named = document.get("realm").and_then(|realm| realm.get("name"));
        let message = match (named.and_then(Node::as_text), &self.realm) {
            (None, _) => "is missing; a file declares one realm: give it a name".to_owned(),
            (Some(named), Some(wanted)) if named != wanted => {
                format!("--realm is {wanted:?}; write the same, or leave --realm out")
            }
            _ => return Ok(()),
        };
        let wrong = fault(&self.file, document, "realm.name".to_owned(), message);
        Err(Faults(vec![wrong]))
    }

    fn file_name(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// A refusal with the lines of the members that it names.
    fn placed(&self, error: anyhow::Error, document: &Node) -> anyhow::Error {
        match error.downcast::<Refusal>() {
            Ok(refusal) if !refusal.errors.is_empty() => {
                warn(&self.file, document, &refusal.warnings);
                let faults = refusal.errors.into_iter().map(|advice| {
                    let message = format!("{}; {}", advice.message, advice.remedy);
                    fault(&self.file, document, advice.member, message)
                });
                let mut faults: Vec<_> = faults.collect();
                faults.sort_by_key(|fault| fault.line);
                Faults(faults).into()
            }
            Ok(refusal) => refusal.into(),
            Err(error) => error,
        }
    }
}

fn fault(file: &Path, document: &Node, member: String, message: String) -> Fault {
    Fault {
        file: file.to_owned(),
        line: document.line_at(&member),
        field: member,
        message,
    }
}

fn warn(file: &Path, document: &Node, warnings: &[Advice]) {
    let faults = warnings.iter().map(|advice| {
        let message = format!("{}; {}", advice.message, advice.remedy);
        fault(file, document, advice.member.clone(), message)
    });
    let mut faults: Vec<_> = faults.collect();
    faults.sort_by_key(|fault| fault.line);
    for fault in faults {
        eprintln!("warning: {}", printable(&fault.to_string()));
    }
}

/// Puts in place what a file only names: secrets, and the certificates of CA bundles.
fn write_out(document: &mut Node, folder: &Path, wrong: &mut impl FnMut(String, String)) {
    let secret = |node: &mut Node| {
        let Some(text) = node.as_text() else {
            return Ok(());
        };
        let secret = resolve(text, folder)?.secret;
        let text = String::from_utf8(secret.expose().to_vec())
            .map_err(|_| "is not UTF-8; give text".to_owned())?;
        node.set_text(text);
        Ok::<_, String>(())
    };
    for (i, federation) in items_mut(document, "federations").iter_mut().enumerate() {
        if let Some(node) = federation.get_mut("bind_credential")
            && let Err(message) = secret(node)
        {
            wrong(format!("federations[{i}].bind_credential"), message);
        }
        let bundle = federation.get_mut("advanced");
        if let Some(node) = bundle.and_then(|advanced| advanced.get_mut("ca_bundle"))
            && let Some(text) = node.as_text().filter(|text| !is_pem(text))
        {
            let path = folder.join(text);
            match fs::read_to_string(&path) {
                Ok(text) => node.set_text(text),
                Err(error) => wrong(
                    format!("federations[{i}].advanced.ca_bundle"),
                    format!("cannot read {}: {error}; correct the path", path.display()),
                ),
            }
        }
    }
    for (i, client) in items_mut(document, "clients").iter_mut().enumerate() {
        for (k, node) in items_mut(client, "secrets").iter_mut().enumerate() {
            if let Err(message) = secret(node) {
                wrong(format!("clients[{i}].secrets[{k}]"), message);
            }
        }
    }
}

fn items_mut<'a>(node: &'a mut Node, key: &str) -> &'a mut [Node] {
    node.get_mut(key).map_or(&mut [], Node::items_mut)
}

/// What changes, a line for each object and each member.
fn told(difference: &Difference) -> String {
    let mut lines = Vec::new();
    for (sign, objects) in [
        ("+", &difference.created),
        ("~", &difference.changed),
        ("-", &difference.removed),
    ] {
        for ObjectChange { object, members } in objects {
            lines.push(format!("{sign} {}\n", printable(object)));
            if sign == "~" && members.is_empty() {
                let secret = "    what is not shown: a secret, or who declares it\n";
                lines.push(secret.to_owned());
            }
            for change in members {
                let member = printable(&change.member);
                let (before, after) = (in_one_line(&change.before), in_one_line(&change.after));
                lines.push(match sign {
                    "+" => format!("    {member}: {after}\n"),
                    "-" => format!("    {member}: {before}\n"),
                    _ => format!("    {member}: {before} → {after}\n"),
                });
            }
        }
    }
    lines.concat()
}
