//! What a policy costs.

use super::{
    check::{CheckError, SampleDirectory, first_people},
    outcome::mapper_failures,
    stage::Stage,
};
use bridge_federation::{Candidate, TrialFault, Tried, TriedVerdict};
use bridge_model::{realm::PlannedFederation, search::Reply, time::Timestamp};
use bridge_policy::{CallUse, Limits, Meter};
use std::time::Duration;

/// Sign-ins before it is measured.
const WARM: usize = 50;
/// Sign-ins that are measured.
const SIGN_INS: usize = 500;
/// Batches that are measured.
const BATCHES: usize = 20;
/// Persons of each.
const BATCH: usize = 100;
const NOW: Timestamp = Timestamp(1_795_348_800);

/// What something costs: of half of the times no more than the first, of 99 in 100 no more than the
/// second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Half of the times no more than this.
    pub p50: Duration,
    /// 99 times of 100 no more than this.
    pub p99: Duration,
}

/// What a policy costs, and how many people it was measured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Benched {
    /// The samples' name.
    pub people: String,
    /// All calls of one sign-in: processor time.
    pub sign_in: Cost,
    /// The calls of a batch, for each of its persons: processor time.
    pub entry: Cost,
    /// The most processor time that one call of a sign-in took.
    pub call_max: Duration,
    /// The most processor time that one call of a batch took.
    pub batch_call_max: Duration,
    /// Calls of one sign-in.
    pub calls: usize,
    /// The most memory that an instance had.
    pub memory_octets: usize,
    /// The most octets of an answer about one person, as JSON: about what the host holds of it.
    pub answer_octets: usize,
    /// Why a mapper was left out, with the person's DN: of the first of whom it was.
    pub left_out: Option<String>,
}

/// How many persons a batch had.
pub const BATCH_PERSONS: usize = BATCH;

/// Measures a policy on a stage with this meter, which does not count units of work.
///
/// # Errors
///
/// When it cannot be tried.
pub async fn bench(
    stage: &Stage,
    meter: &Meter,
    samples: &[SampleDirectory<'_>],
    planned: Option<&PlannedFederation>,
) -> Result<Benched, CheckError> {
    let (name, trial, people) = first_people(stage, samples, planned).await?;
    let candidate = |at: usize| {
        people.get(at % people.len().max(1)).map(|entry| Candidate {
            entry: entry.clone(),
            reply: Some(Reply::default()),
        })
    };
    for at in 0..WARM {
        trial.judge(candidate(at).into_iter().collect(), NOW).await;
    }
    meter.take();
    let mut times = Vec::new();
    let mut benched = Benched {
        people: name,
        sign_in: Cost::default(),
        entry: Cost::default(),
        call_max: Duration::ZERO,
        batch_call_max: Duration::ZERO,
        calls: 0,
        memory_octets: 0,
        answer_octets: 0,
        left_out: None,
    };
    for at in 0..SIGN_INS {
        let tried = trial.judge(candidate(at).into_iter().collect(), NOW).await;
        benched.look_at(&tried)?;
        let uses = meter.take();
        benched.calls = benched.calls.max(uses.len());
        benched.note(&uses);
        benched.call_max = longest(&uses).max(benched.call_max);
        times.push(total(&uses));
    }
    benched.sign_in = cost(&mut times);
    let batch: Vec<_> = (0..BATCH).filter_map(candidate).collect();
    let mut times = Vec::new();
    for _ in 0..BATCHES {
        let tried = trial.judge(batch.clone(), NOW).await;
        benched.look_at(&tried)?;
        let uses = meter.take();
        benched.note(&uses);
        benched.batch_call_max = longest(&uses).max(benched.batch_call_max);
        times.push(total(&uses) / u32::try_from(BATCH).unwrap_or(1));
    }
    benched.entry = cost(&mut times);
    Ok(benched)
}

/// Units of work of one sign-in, on a stage whose meter counts them.
///
/// # Errors
///
/// When it cannot be tried.
pub async fn fuel(
    stage: &Stage,
    meter: &Meter,
    samples: &[SampleDirectory<'_>],
    planned: Option<&PlannedFederation>,
) -> Result<u64, CheckError> {
    let (_, trial, people) = first_people(stage, samples, planned).await?;
    meter.take();
    let candidates = people.into_iter().take(1).map(|entry| Candidate {
        entry,
        reply: Some(Reply::default()),
    });
    trial.judge(candidates.collect(), NOW).await;
    Ok(meter.take().iter().filter_map(|used| used.fuel).sum())
}

impl Benched {
    /// A call that has no answer costs something else than one that has.
    fn look_at(&mut self, tried: &[Tried]) -> Result<(), CheckError> {
        for tried in tried {
            let dn = &tried.view.entry.dn;
            if let Err(TrialFault::Policy(error)) = &tried.outcome {
                return Err(CheckError::NoAnswer {
                    dn: dn.clone(),
                    reason: error.to_string(),
                });
            }
            self.answer_octets = self.answer_octets.max(answer_octets(tried));
            if self.left_out.is_none() {
                let failure = mapper_failures(tried).next();
                self.left_out = failure.map(|it| format!("{dn}: {it}"));
            }
        }
        Ok(())
    }

    fn note(&mut self, uses: &[CallUse]) {
        let memory = uses.iter().map(|used| used.memory_octets).max();
        self.memory_octets = self.memory_octets.max(memory.unwrap_or(0));
    }

    /// What was left out, and what is at half of a limit or over it, in words.
    pub fn warnings(&self, limits: &Limits) -> Vec<String> {
        let mut warnings: Vec<_> = self.left_out.iter().cloned().collect();
        let mut warn = |what: &str, used: u128, limit: u128| {
            if used.saturating_mul(2) >= limit {
                let percent = used.saturating_mul(100) / limit.max(1);
                warnings.push(format!(
                    "{what} is at {percent} % of its limit; beyond it a call ends and denies"
                ));
            }
        };
        for (what, time, persons) in [
            ("the time of a call of a sign-in", self.call_max, 1),
            ("the time of a call of a batch", self.batch_call_max, BATCH),
        ] {
            warn(what, time.as_micros(), limits.deadline(persons).as_micros());
        }
        warn(
            "memory",
            self.memory_octets as u128,
            limits.memory_octets_max as u128,
        );
        let output = limits.output_octets(1);
        warn("the answer", self.answer_octets as u128, output as u128);
        warnings
    }
}

fn total(uses: &[CallUse]) -> Duration {
    uses.iter().map(|used| used.time).sum()
}

fn longest(uses: &[CallUse]) -> Duration {
    uses.iter().map(|used| used.time).max().unwrap_or_default()
}

fn cost(times: &mut [Duration]) -> Cost {
    times.sort_unstable();
    let at = |hundredth: usize| {
        let last = times.len().saturating_sub(1);
        times
            .get(last * hundredth / 100)
            .copied()
            .unwrap_or_default()
    };
    Cost {
        p50: at(50),
        p99: at(99),
    }
}

fn answer_octets(tried: &Tried) -> usize {
    match &tried.outcome {
        Ok(TriedVerdict::Identified(person)) => {
            serde_json::to_vec(&person.identity).map_or(0, |json| json.len())
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_limit_is_a_warning() {
        let limits = Limits::default();
        let mut benched = Benched {
            people: "x".to_owned(),
            sign_in: Cost::default(),
            entry: Cost::default(),
            call_max: Duration::from_micros(30),
            batch_call_max: Duration::from_millis(2),
            calls: 1,
            memory_octets: limits.memory_octets_max / 2 - 1,
            answer_octets: 1_000,
            left_out: None,
        };
        assert_eq!(benched.warnings(&limits), Vec::<String>::new());
        benched.memory_octets += 1;
        benched.call_max = limits.deadline(1);
        let warnings = benched.warnings(&limits);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[0].contains("100 %") && warnings[1].contains("50 %"),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_cost_is_told_by_its_middle_and_its_end() {
        let mut times: Vec<_> = (1..=101).rev().map(Duration::from_micros).collect();
        let cost = cost(&mut times);
        assert_eq!((cost.p50.as_micros(), cost.p99.as_micros()), (51, 100));
    }
}
