//! A mapper policy that answers against the contract, or not at all. How is said by the setting `how` of
//! a mapper, and by the memo; where nothing is said, it tells what it was shown.

use policy_sdk::{
    ClaimMapper, log,
    types::{
        Adjustment, Bar, Candidate, Claim, ClaimValue, Description, Mapper, MapperPlan, Problem,
        Refusal, problem,
    },
};
use std::{hint::black_box, sync::Mutex};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

type Outcome = Result<Vec<Adjustment>, Problem>;

struct FalseMapper;

impl ClaimMapper for FalseMapper {
    type Rule = String;

    fn describe() -> Description {
        Description {
            id: "false-mapper".into(),
            // The second is the id of a vendor policy: they have nothing to do with each other.
            aliases: vec!["lie".into(), "kept-state".into()],
            title: "False mapper".into(),
            version: "1.0.0".into(),
            settings: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
        let how = mapper.settings.iter().find(|it| it.name == "how");
        let how = how.map_or("", |setting| setting.value.as_str());
        let plan = MapperPlan {
            attributes: mapper.ldap_attribute.iter().cloned().collect(),
            claims: vec![mapper.name.clone()],
            memo: how.as_bytes().to_vec(),
            notes: Vec::new(),
        };
        match how {
            "all attributes" => Ok(MapperPlan {
                attributes: vec!["*".into()],
                ..plan
            }),
            "claim" => Ok(MapperPlan {
                claims: vec!["two words".into()],
                ..plan
            }),
            "large memo" => Ok(MapperPlan {
                memo: vec![0; (64 << 10) + 1],
                ..plan
            }),
            "no problem" => Err(Vec::new()),
            "problem" => Err(vec![problem("how", "it is a lie; say something true")]),
            "loop" => endless(),
            _ => Ok(plan),
        }
    }

    fn rule(memo: &[u8]) -> Result<String, Problem> {
        String::from_utf8(memo.to_vec()).map_err(|_| problem("memo", "it is no text; check again"))
    }

    fn adjust(how: &String, now: u64, candidate: &Candidate) -> Outcome {
        log::info(&format!("{how}: {}", candidate.entry.dn));
        match how.as_str() {
            "blank claim" => Ok(vec![set("name", " ".into())]),
            "claim name" => Ok(vec![set("two words", "x".into())]),
            "many" => Ok(vec![Adjustment::DropClaim("name".into()); 1_001]),
            "large" => Ok(vec![set("name", "x".repeat(8 << 20))]),
            "bar" => Ok(vec![bar(Refusal::Other(" ".into()))]),
            "loop" => endless(),
            "memory" => hoard(),
            "kept" => Ok(vec![set("seen", seen(&candidate.entry.dn))]),
            "fails for ada" if candidate.identity.username == "ada" => {
                Err(problem("name", "ada has none; leave her out"))
            }
            "panic" => fail(how),
            _ => Ok(vec![
                set("shown", shown(now, candidate)),
                Adjustment::DropClaim("nickname".into()),
                Adjustment::DropGroup("cn=all,dc=example".into()),
                Adjustment::DropRole("reader".into()),
                bar(Refusal::NotPermittedHere),
            ]),
        }
    }

    fn adjust_all(memo: &[u8], now: u64, candidates: &[Candidate]) -> Vec<Outcome> {
        let rule = Self::rule(memo);
        let mut outcomes: Vec<_> = candidates
            .iter()
            .map(|candidate| Self::adjust(rule.as_ref().map_err(Clone::clone)?, now, candidate))
            .collect();
        match rule.as_deref() {
            Ok("one less") => drop(outcomes.pop()),
            Ok("one more") => outcomes.push(Ok(Vec::new())),
            _ => {}
        }
        outcomes
    }
}

fn set(name: &str, text: String) -> Adjustment {
    Adjustment::SetClaim(Claim {
        name: name.into(),
        value: ClaimValue::Text(text),
    })
}

fn bar(reason: Refusal) -> Adjustment {
    Adjustment::AddBar(Bar {
        reason,
        since: Some(1),
        until: None,
    })
}

/// Everything that a candidate has, as text.
fn shown(now: u64, candidate: &Candidate) -> String {
    let Candidate { entry, identity } = candidate;
    format!("{now} {entry:?} {identity:?}")
}

fn seen(dn: &str) -> String {
    let mut seen = SEEN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    seen.push(dn.to_owned());
    seen.join(" and ")
}

fn endless() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn hoard() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 12]));
    }
}

#[expect(clippy::panic, reason = "this is what it is for")]
fn fail(how: &str) -> ! {
    panic!("no {how}\nhere");
}

policy_sdk::export_mapper!(FalseMapper);
