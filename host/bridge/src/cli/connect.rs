//! `connect`: from a directory's address to a federation, with one question.

use super::{
    explain::{items, policy_in_words, word},
    remote::{Place, Remote},
};
use crate::documents::resolve;
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Which directory, and as whom.
#[derive(Debug, Args)]
pub(super) struct Connect {
    /// The directory, as ldaps://HOST or ldap://HOST
    url: String,
    /// The realm that its people sign in to
    #[arg(long)]
    realm: String,
    /// Who the bridge binds as: a DN, a user principal name, or DOMAIN\user; without it, nobody
    #[arg(long, value_name = "NAME")]
    bind_dn: Option<String>,
    /// The bind name's password, as env:NAME or file:PATH; without it, it is asked for
    #[arg(long, value_name = "SECRET", requires = "bind_dn")]
    bind_credential: Option<String>,
    /// Certificates (PEM) that vouch for the directory
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,
    /// The federation's name; without it, the host's
    #[arg(long)]
    name: Option<String>,
    /// Save it without a question
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    place: Place,
}

impl Connect {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?.of(&self.realm);
        let credential = self.credential()?;
        let address = self.address(credential.as_deref())?;
        let connected = remote.post("/user-federations/connect", &address).await?;
        let Some(proposal) = items(&connected["proposals"]).next() else {
            bail!(
                "no policy knows the directory at {}; write the federation with vendor = \"generic\"",
                self.url
            );
        };
        let mut federation = proposal["federation"].clone();
        if let Some(name) = &self.name {
            federation["name"] = json!(name);
            federation["advanced"]["subject_namespace"] = json!(name);
        }
        if let Some(credential) = &credential {
            federation["bind_credential"] = json!(credential.as_str());
        }
        let mut out = io::stdout();
        out.write_all(in_words(&self.url, proposal, &connected).as_bytes())?;
        if items(&proposal["problems"]).next().is_some() {
            bail!("the proposal cannot be saved as it is; what stands in the way is said above");
        }
        if !self.yes && !is_wanted(&federation["name"], &self.realm)? {
            writeln!(out, "nothing is saved")?;
            return Ok(());
        }
        let made = remote.post("/user-federations", &federation).await?;
        writeln!(
            out,
            "saved as the federation {} ({}); its people can sign in",
            word(&federation["name"]),
            word(&made["id"])
        )?;
        Ok(())
    }

    fn credential(&self) -> anyhow::Result<Option<Zeroizing<String>>> {
        let Some(name) = &self.bind_dn else {
            return Ok(None);
        };
        let text = match &self.bind_credential {
            Some(text) => {
                let resolved = resolve(text, Path::new("")).map_err(anyhow::Error::msg)?;
                let octets = resolved.secret.expose().to_vec();
                String::from_utf8(octets).context("the bind credential is not UTF-8")?
            }
            None if io::stdin().is_terminal() => {
                rpassword::prompt_password(format!("password of {name}: "))?
            }
            None => bail!("--bind-credential is missing; give it as env:NAME or file:PATH"),
        };
        Ok(Some(Zeroizing::new(text)))
    }

    fn address(&self, credential: Option<&String>) -> anyhow::Result<Value> {
        let mut advanced = Map::new();
        if let Some(path) = &self.ca_bundle {
            let pem = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            advanced.insert("ca_bundle".to_owned(), json!(pem));
        }
        let mut address = json!({ "connection_url": self.url, "advanced": advanced });
        if let (Some(name), Some(credential)) = (&self.bind_dn, credential) {
            address["bind_dn"] = json!(name);
            address["bind_credential"] = json!(credential);
        } else {
            address["bind_type"] = json!("none");
        }
        Ok(address)
    }
}

/// What is proposed, and the first people as applications would see them.
fn in_words(url: &str, proposal: &Value, connected: &Value) -> String {
    let mut text = String::new();
    write_words(&mut text, url, proposal, connected).expect("a string takes what is written");
    text
}

fn write_words(
    out: &mut String,
    url: &str,
    proposal: &Value,
    connected: &Value,
) -> std::fmt::Result {
    let (policy, certainty) = (policy_in_words(&proposal["policy"]), &proposal["certainty"]);
    writeln!(
        out,
        "{url} is known to the policy {policy}, {certainty} % sure"
    )?;
    let federation = proposal["federation"].as_object();
    for (member, value) in federation.into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::Object(members) => {
                for (inner, value) in members {
                    // Certificates are long, and were given a moment ago.
                    if inner != "ca_bundle" && !value.is_null() {
                        writeln!(out, "  {member}.{inner} = {}", word(value))?;
                    }
                }
            }
            value => writeln!(out, "  {member} = {}", word(value))?,
        }
    }
    for (kind, list) in [
        ("note", &proposal["notes"]),
        ("warning", &connected["warnings"]),
        ("error", &proposal["problems"]),
    ] {
        for item in items(list) {
            writeln!(out, "{kind}: {}", advice(item))?;
        }
    }
    let people: Vec<_> = items(&connected["people"]).collect();
    if !people.is_empty() {
        writeln!(out, "its first people, as an application would see them:")?;
    }
    for person in people {
        writeln!(out, "  {}", word(&person["entry"]["dn"]))?;
        let claims = person["identity"]["claims"].as_object();
        for (name, value) in claims.into_iter().flatten() {
            writeln!(out, "    {name}: {}", word(value))?;
        }
        if let Some(problem) = person["problem"].as_str() {
            writeln!(out, "    no identity: {problem}")?;
        }
    }
    Ok(())
}

/// Advice as on the API, or a problem as a policy words it.
fn advice(item: &Value) -> String {
    let member = item.get("member").or_else(|| item.get("field"));
    let parts = [member, item.get("message"), item.get("remedy")];
    let parts = parts.into_iter().flatten().map(word);
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

fn is_wanted(name: &Value, realm: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("nobody is there to confirm; look at the proposal, then run it again with --yes");
    }
    let mut out = io::stdout();
    write!(
        out,
        "save it as the federation {} of the realm {realm}? [y/N] ",
        word(name)
    )?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
