//! `get` and `export`: what a bridge that runs has.

use super::{
    output::{printable, table},
    remote::{Place, Remote, path, query},
};
use crate::documents::{Format, Node, tree::Value};
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use std::io::Write as _;

/// How many users are asked for at once.
const PAGE: &str = "500";

/// What is wanted.
#[derive(Clone, Debug, Args)]
pub(super) struct Get {
    /// Of what kind
    kind: Kind,
    /// Only this one: by its name, a client or a user also by its id
    name: Option<String>,
    /// Of this realm
    #[arg(long, required_if_eq_any = [("kind", "federations"), ("kind", "clients"), ("kind", "users")])]
    realm: Option<String>,
    /// How it is written
    #[arg(short, long, default_value = "table")]
    output: Output,
    #[command(flatten)]
    place: Place,
}

/// What is exported.
#[derive(Clone, Debug, Args)]
pub(super) struct Export {
    /// The realm
    #[arg(long)]
    realm: String,
    /// How it is written
    #[arg(short, long, default_value = "toml")]
    output: Format,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Realms,
    Federations,
    Clients,
    Users,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Toml,
    Yaml,
    Json,
}

impl Kind {
    /// Its name in documents.
    fn word(self) -> &'static str {
        match self {
            Self::Realms => "realms",
            Self::Federations => "federations",
            Self::Clients => "clients",
            Self::Users => "users",
        }
    }

    /// Its name on the API.
    fn resource(self) -> &'static str {
        match self {
            Self::Federations => "user-federations",
            other => other.word(),
        }
    }

    /// The members that a table has.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Realms => &["name", "enabled", "display_name", "managed_by"],
            Self::Federations => &[
                "name",
                "vendor",
                "enabled",
                "priority",
                "connection_url",
                "managed_by",
                "id",
            ],
            Self::Clients => &["client_id", "name", "enabled", "public", "managed_by"],
            Self::Users => &["username", "blocked", "subject", "entry_dn"],
        }
    }

    /// The members that one is found by.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Realms => &["name"],
            Self::Federations => &["name", "id"],
            Self::Clients => &["client_id"],
            Self::Users => &["username", "subject"],
        }
    }
}

impl Get {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let kind = self.kind;
        let mut remote = Remote::open(&self.place)?;
        if let Some(realm) = self.realm.as_ref().filter(|_| kind != Kind::Realms) {
            remote = remote.of(realm);
        }
        let all = list(&remote, kind).await?;
        let Some(name) = &self.name else {
            return print(&self.written(&all));
        };
        let is_wanted = |node: &&Node| {
            let mut names = kind.names().iter();
            names.any(|member| node.get(member).and_then(Node::as_text) == Some(name))
        };
        let found: Vec<_> = all.iter().filter(is_wanted).cloned().collect();
        match found.as_slice() {
            [] => bail!("there is no {name:?} among the {}", kind.word()),
            [one] if self.output != Output::Table => print(&self.format().write(one)),
            found => print(&self.written(found)),
        }
    }

    fn format(&self) -> Format {
        match self.output {
            Output::Toml => Format::Toml,
            Output::Yaml => Format::Yaml,
            Output::Json | Output::Table => Format::Json,
        }
    }

    fn written(&self, nodes: &[Node]) -> String {
        let list = || Node::new(Value::List(nodes.to_vec()));
        match self.output {
            Output::Table => rows(self.kind, nodes),
            // A document of TOML is a table.
            Output::Toml => {
                let members = vec![(self.kind.word().to_owned(), list())];
                Format::Toml.write(&Node::new(Value::Table(members)))
            }
            Output::Yaml | Output::Json => self.format().write(&list()),
        }
    }
}

impl Export {
    /// Prints a document that can be applied again: what is shown, without what cannot be declared.
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?.of(&self.realm);
        let about = remote.get_text(&path(&["realms", &self.realm])).await?;
        let mut members = vec![("realm".to_owned(), declared(json(&about)?))];
        for kind in [Kind::Federations, Kind::Clients] {
            let all = list(&remote, kind).await?;
            if !all.is_empty() {
                let all = all.into_iter().map(declared).collect();
                members.push((kind.word().to_owned(), Node::new(Value::List(all))));
            }
        }
        print(&self.output.write(&Node::new(Value::Table(members))))
    }
}

async fn list(remote: &Remote, kind: Kind) -> anyhow::Result<Vec<Node>> {
    let resource = path(&[kind.resource()]);
    if kind != Kind::Users {
        let all = json(&remote.get_text(&resource).await?)?;
        return Ok(all.items().to_vec());
    }
    let mut all: Vec<Node> = Vec::new();
    loop {
        let last = all.last().and_then(|user| user.get("subject"));
        let mut pairs = vec![("limit", PAGE)];
        pairs.extend(last.and_then(Node::as_text).map(|after| ("after", after)));
        let page = format!("{resource}{}", query(&pairs));
        let page = json(&remote.get_text(&page).await?)?;
        if page.items().is_empty() {
            return Ok(all);
        }
        all.extend(page.items().to_vec());
    }
}

fn json(text: &str) -> anyhow::Result<Node> {
    let read = Format::Json.read(text);
    read.map_err(|malformed| anyhow::anyhow!(malformed.message))
        .context("the bridge's answer cannot be read")
}

/// Without what is shown and cannot be declared.
fn declared(mut node: Node) -> Node {
    if let Value::Table(members) = &mut node.value {
        members.retain(|(name, _)| {
            !["id", "managed_by", "policy", "revision", "warnings"].contains(&name.as_str())
        });
        for (_, node) in members {
            for item in node.items_mut() {
                *item = declared(item.clone());
            }
        }
    }
    node
}

fn rows(kind: Kind, nodes: &[Node]) -> String {
    let heads: Vec<_> = kind
        .columns()
        .iter()
        .map(|name| name.to_uppercase())
        .collect();
    let heads: Vec<_> = heads.iter().map(String::as_str).collect();
    let cell = |node: &Node, column: &str| match node.get(column).map(|node| &node.value) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::Text(text)) => printable(text),
        Some(value) => printable(&Node::new(value.clone()).to_json().to_string()),
    };
    let rows: Vec<Vec<_>> = nodes
        .iter()
        .map(|node| {
            kind.columns()
                .iter()
                .map(|column| cell(node, column))
                .collect()
        })
        .collect();
    table(&heads, &rows)
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
