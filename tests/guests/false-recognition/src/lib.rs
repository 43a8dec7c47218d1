//! A guest that lies about a directory, or never says whose it is. The root DSE's `how` tells it what to
//! do.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::{
    Attributes,
    types::{EditMode, Entry, Federation, Person, Proposal, SearchScope, Step, Subtree, problem},
};
use std::hint::black_box;

struct FalseRecognition;

impl Hostile for FalseRecognition {
    const ID: &'static str = "false-recognition";

    fn misbehave(_: &str, _: Vec<Person>) -> Vec<Step> {
        Vec::new()
    }

    fn recognise(root: &Entry, samples: &[Entry]) -> Option<Proposal> {
        let how = Attributes::of(root).text("how")?;
        let sound = Proposal {
            certainty: 100,
            federation: federation("o=x"),
            notes: vec![problem("samples", samples.len().to_string())],
        };
        Some(match how {
            "certain" => sound,
            "too certain" => Proposal {
                certainty: 255,
                ..sound
            },
            "no name" => Proposal {
                federation: federation("nowhere"),
                ..sound
            },
            "nowhere" => Proposal {
                federation: Federation {
                    users: Vec::new(),
                    ..federation("o=x")
                },
                ..sound
            },
            "blank" => Proposal {
                federation: Federation {
                    username_attribute: Some(" ".to_owned()),
                    ..federation("o=x")
                },
                ..sound
            },
            "long" => Proposal {
                notes: vec![problem("samples", "x".repeat(5000))],
                ..sound
            },
            "loop" => loop {
                black_box(how);
            },
            _ => None?,
        })
    }
}

fn federation(base: &str) -> Federation {
    Federation {
        name: "mine".to_owned(),
        vendor: "another".to_owned(),
        edit_mode: EditMode::Writable,
        import_enabled: true,
        sync_registration: true,
        users: vec![Subtree {
            base: base.to_owned(),
            scope: SearchScope::Subtree,
        }],
        readable: Vec::new(),
        username_attribute: None,
        rdn_attribute: None,
        uuid_attribute: None,
        user_object_classes: Vec::new(),
        custom_filter: None,
        mappers: Vec::new(),
        settings: Vec::new(),
    }
}

policy_sdk::export_policy!(Guest<FalseRecognition>);
