//! A guest whose answer has no end: `text N` is one text of N octets, `groups N` are N small groups,
//! `notices N` are N things of four octets each.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile, identified};
use policy_sdk::types::{Group, Notice, Person, Step};

struct HugeAnswer;

impl Hostile for HugeAnswer {
    const ID: &'static str = "huge-answer";

    fn misbehave(how: &str, _: Vec<Person>) -> Vec<Step> {
        let (kind, size) = how.split_once(' ').unwrap_or((how, ""));
        let size = size.parse().unwrap_or(0);
        if kind == "text" {
            return vec![identified("x".repeat(size))];
        }
        let mut step = identified("x".into());
        if let Step::Identified(identity) = &mut step {
            if kind == "groups" {
                identity.groups = (0..size).map(|_| group()).collect();
            } else {
                identity.notices = vec![Notice::GraceSignIns(1); size];
            }
        }
        vec![step]
    }
}

fn group() -> Group {
    Group {
        dn: "x".into(),
        name: "x".into(),
        id: None,
        parents: Vec::new(),
    }
}

policy_sdk::export_policy!(Guest<HugeAnswer>);
