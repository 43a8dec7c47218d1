//! A mapper policy of the tests: its kind is its id, it reads what the setting `reads` names and sets what the
//! setting `claim` names.

use super::{PolicyError, PolicyFault};
use bridge_model::{
    decision::{Adjustment, Candidate},
    plan::{Description, Mapper, MapperPlan, Problem},
    ports::MapperPolicy,
    realm::PolicyRef,
    time::Timestamp,
};
use std::sync::{Arc, Mutex};

/// What it does with a person. A panic in here is a trap.
pub(crate) type Does = fn(&Candidate) -> Result<Vec<Adjustment>, Problem>;

#[derive(Clone)]
pub(crate) struct FakeMapper {
    reference: PolicyRef,
    description: Description,
    pub(crate) does: Does,
    /// Whoever has it in their user name makes a call trap.
    pub(crate) traps_at: Option<&'static str>,
    /// Fails at everything so.
    pub(crate) fault: Option<PolicyFault>,
    /// Everything that was handed over, call by call.
    pub(crate) calls: Arc<Mutex<Vec<Vec<Candidate>>>>,
}

impl FakeMapper {
    pub(crate) fn new(id: &str, digest: &str, does: Does) -> Self {
        Self {
            reference: PolicyRef {
                id: id.to_owned(),
                version: "1.0.0".to_owned(),
                digest: digest.to_owned(),
            },
            description: Description {
                id: id.to_owned(),
                aliases: vec![format!("{id}-alias")],
                title: String::new(),
                version: "1.0.0".to_owned(),
                settings: Vec::new(),
                kinds: Vec::new(),
            },
            does,
            traps_at: None,
            fault: None,
            calls: Arc::default(),
        }
    }

    fn failed(&self, fault: PolicyFault) -> PolicyError {
        PolicyError {
            policy: self.reference.id.clone(),
            fault,
            detail: "as the test wants it".to_owned(),
        }
    }
}

impl MapperPolicy for FakeMapper {
    fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn check(&self, mapper: &Mapper) -> Result<Result<MapperPlan, Vec<Problem>>, PolicyError> {
        if let Some(fault) = self.fault {
            return Err(self.failed(fault));
        }
        let words = |name: &str| -> Vec<String> {
            let mut settings = mapper.settings.iter();
            let setting = settings.find(|setting| setting.name == name);
            let words = setting.map_or("", |setting| setting.value.as_str());
            words.split_whitespace().map(str::to_owned).collect()
        };
        let problems = words("wrong").into_iter().map(|field| Problem {
            field,
            message: "is wrong; write another".to_owned(),
        });
        let problems: Vec<_> = problems.collect();
        if !problems.is_empty() {
            return Ok(Err(problems));
        }
        let notes = words("odd").into_iter().map(|field| Problem {
            field,
            message: "is odd; look again".to_owned(),
        });
        Ok(Ok(MapperPlan {
            attributes: words("reads"),
            claims: words("claim"),
            memo: mapper.name.clone().into_bytes(),
            notes: notes.collect(),
        }))
    }

    fn adjust(
        &self,
        _: &[u8],
        _: Timestamp,
        candidates: &[Candidate],
    ) -> Result<Vec<Result<Vec<Adjustment>, Problem>>, PolicyError> {
        let mut calls = self.calls.lock().expect("no test panicked in here");
        calls.push(candidates.to_vec());
        drop(calls);
        if let Some(fault) = self.fault {
            return Err(self.failed(fault));
        }
        let is_fatal = |candidate: &Candidate| {
            let username = &candidate.identity.username;
            self.traps_at.is_some_and(|name| username.contains(name))
        };
        if candidates.iter().any(is_fatal) {
            return Err(self.failed(PolicyFault::Trap));
        }
        Ok(candidates.iter().map(self.does).collect())
    }
}
