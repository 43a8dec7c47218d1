//! A guest that writes and finds what cannot be, or says faithfully what it was asked. The memo tells it
//! what to do.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::{
    changes::{self, nothing},
    types::{
        Advance, Attribute, ChangeRead, Claim, ClaimValue, Complaint, Control, Entry, EntryChange,
        Modification, ModifyWay, NamePart, NewEntry, Page, Person, Problem, ProfileChange, Reply,
        Step, Turn, Whom, problem,
    },
};
use std::hint::black_box;

/// The one control that it announces.
const CONTROL: &str = "1.3.6.1.4.1.4203.1.9.1.1";

struct FalseWrites;

impl Hostile for FalseWrites {
    const ID: &'static str = "false-writes";

    fn misbehave(_: &str, _: Vec<Person>) -> Vec<Step> {
        Vec::new()
    }

    fn complaints(how: &str, user: &Entry, reply: &Reply) -> Vec<Complaint> {
        match how {
            "none" => Vec::new(),
            "blank" => vec![Complaint::Other(" ".to_owned())],
            "loop" => loop {
                black_box(how);
            },
            _ => vec![
                Complaint::WrongOldPassword,
                Complaint::TooShort(Some(reply.result_code)),
                Complaint::TooLong(None),
                Complaint::InHistory,
                Complaint::TooYoung(Some(u64::MAX)),
                Complaint::TooWeak,
                Complaint::NotAllowed,
                Complaint::Other(format!("{} {}", user.dn, reply.diagnostic)),
            ],
        }
    }

    fn modify(
        how: &str,
        user: &Entry,
        changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        let change = |modifications| EntryChange {
            rename: None,
            modifications,
        };
        match how {
            "nothing added" => Ok(change(vec![modification(ModifyWay::Add, "mail", &[])])),
            "no attribute" => Ok(change(vec![modification(ModifyWay::Remove, "a b", &[])])),
            "twice" => Ok(change(vec![modification(
                ModifyWay::Add,
                "mail",
                &["a", "a"],
            )])),
            "no name" => Ok(EntryChange {
                rename: Some(Vec::new()),
                ..change(Vec::new())
            }),
            "no problem" => Err(Vec::new()),
            "problem" => Err(vec![problem("name", "it is wrong; correct it")]),
            _ => Ok(EntryChange {
                rename: Some(vec![part("uid", &user.dn)]),
                ..change(changes.iter().map(echo).collect())
            }),
        }
    }

    fn register(how: &str, profile: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        let names = profile.iter().map(|claim| claim.name.as_str());
        let names: Vec<&str> = names.collect();
        let sound = NewEntry {
            parent: "ou=people,o=x".to_owned(),
            name: vec![part("uid", "ada")],
            attributes: vec![
                attribute("objectClass", &["person"]),
                attribute("description", &names),
            ],
        };
        match how {
            "no parent" => Ok(NewEntry {
                parent: "nowhere".to_owned(),
                ..sound
            }),
            "root" => Ok(NewEntry {
                parent: String::new(),
                ..sound
            }),
            "no name" => Ok(NewEntry {
                name: Vec::new(),
                ..sound
            }),
            "no class" => Ok(NewEntry {
                attributes: Vec::new(),
                ..sound
            }),
            "no value" => Ok(NewEntry {
                attributes: vec![attribute("objectClass", &["person"]), attribute("sn", &[])],
                ..sound
            }),
            "no problem" => Err(Vec::new()),
            _ => Ok(sound),
        }
    }

    fn meaning(how: &str, reply: &Reply) -> Vec<Problem> {
        match how {
            "none" => Vec::new(),
            _ => vec![problem(
                "mail",
                format!("{}; write another", reply.diagnostic),
            )],
        }
    }

    fn controls() -> Vec<String> {
        vec![CONTROL.to_owned()]
    }

    fn start(how: &str, cursor: Option<Vec<u8>>) -> Turn {
        let users = || changes::of_users("users".to_owned(), "(uid=*)".to_owned(), None);
        let control = |oid: &str| Control {
            oid: oid.to_owned(),
            critical: true,
            value: None,
        };
        match how {
            "large cursor" => changes::done(vec![0; 65_537]),
            "here" => advance(vec![Whom::Here(0)]),
            "start over" => Turn::StartOver,
            "failed" => Turn::Failed(problem("changes", "it is broken; read all")),
            "another control" => changes::read(ChangeRead {
                controls: vec![control("1.2.3.4")],
                ..users()
            }),
            "based users" => {
                let mut read = users();
                "o=x".clone_into(&mut read.search.base);
                changes::read(read)
            }
            "nowhere" => changes::read(changes::of_entry("x", "nowhere", &["cn"], None)),
            _ => Turn::Advance(Advance {
                cursor,
                next: Some(ChangeRead {
                    controls: vec![control(CONTROL)],
                    ..users()
                }),
                ..nothing()
            }),
        }
    }

    fn follow(how: &str, cursor: Option<Vec<u8>>, asked: &str, page: Page) -> Turn {
        let entries = u32::try_from(page.entries.len()).unwrap_or(u32::MAX);
        match how {
            "beyond" => advance(vec![Whom::Here(entries)]),
            "no id" => advance(vec![Whom::Id(Vec::new())]),
            "no dn" => advance(vec![Whom::Dn("nobody".to_owned())]),
            _ => {
                let said: Vec<String> = page
                    .entries
                    .iter()
                    .flat_map(|entry| entry.controls.iter().map(|control| control.oid.clone()))
                    .chain(page.messages.iter().map(|message| message.oid.clone()))
                    .chain([
                        asked.to_owned(),
                        page.reply.diagnostic,
                        page.last.to_string(),
                    ])
                    .collect();
                Turn::Advance(Advance {
                    changed: (0..entries).map(Whom::Here).collect(),
                    gone: vec![
                        Whom::Id(cursor.unwrap_or_default()),
                        Whom::Dn("uid=gone,o=x".to_owned()),
                    ],
                    cursor: Some(said.join(" ").into_bytes()),
                    next: None,
                })
            }
        }
    }
}

fn advance(changed: Vec<Whom>) -> Turn {
    Turn::Advance(Advance {
        changed,
        ..nothing()
    })
}

/// A modification that shows a change as it came.
fn echo(change: &ProfileChange) -> Modification {
    let shown = match &change.value {
        None => return modification(ModifyWay::Remove, &change.name, &[]),
        Some(ClaimValue::Text(text)) => text.clone(),
        Some(ClaimValue::Texts(texts)) => texts.join("+"),
        Some(ClaimValue::Integer(number)) => number.to_string(),
        Some(ClaimValue::Boolean(truth)) => truth.to_string(),
        Some(ClaimValue::Json(json)) => format!("json {json}"),
    };
    modification(ModifyWay::Replace, &change.name, &[&shown])
}

fn modification(way: ModifyWay, name: &str, values: &[&str]) -> Modification {
    Modification {
        way,
        attribute: attribute(name, values),
    }
}

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        values: values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect(),
    }
}

fn part(attribute: &str, value: &str) -> NamePart {
    NamePart {
        attribute: attribute.to_owned(),
        value: value.as_bytes().to_vec(),
    }
}

policy_sdk::export_policy!(Guest<FalseWrites>);
