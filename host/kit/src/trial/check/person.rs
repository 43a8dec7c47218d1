//! One person: what has to hold of the answers, whatever stands in the entry.

use super::{
    Broken, CheckError, Invariant,
    draw::Draw,
    hostile,
    shapes::{Shape, identifier, is_identifier, redrawn},
};
use crate::{
    ldif::Record,
    matching,
    trial::{LdifDirectory, name, stage::Stage},
};
use bridge_federation::{
    Candidate, Trial, TrialFault, Tried, TriedVerdict, claims::ClaimError, reads::ReadError,
};
use bridge_model::{
    entry::{Attribute, Entry},
    plan::IdForm,
    realm::PlannedFederation,
    search::{Control, Reply},
    time::Timestamp,
};
use std::time::Duration;

/// Around when the samples were made: 2026-11-22.
const NOW: Timestamp = Timestamp(1_795_348_800);
/// How far from that a case may be.
const YEARS: Duration = Duration::from_hours(20 * 365 * 24);
/// The most people of one batch.
const BATCH: usize = 5;

/// A person, and what the directory answered to their bind.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) record: Record,
    pub(crate) reply: Option<Reply>,
    pub(crate) now: Timestamp,
    /// What those are drawn by who stand beside the person.
    beside: Draw,
}

impl Case {
    /// Draws a person of a shape.
    pub(crate) fn draw(shape: &Shape, draw: &mut Draw) -> Self {
        let blank = || Record {
            line: 0,
            dn: String::new(),
            values: Vec::new(),
        };
        let mut record = draw.pick(&shape.people).cloned().unwrap_or_else(blank);
        hostile::spoil(&mut record, &shape.planned.plan.attributes, draw);
        let reply = reply(shape, draw);
        let now = if draw.happens(70) {
            NOW
        } else {
            let back = NOW.minus(YEARS).0;
            let span = usize::try_from(2 * YEARS.as_secs()).unwrap_or(usize::MAX);
            Timestamp(back + u64::try_from(draw.below(span)).unwrap_or(0))
        };
        Self {
            record,
            reply,
            now,
            beside: draw.clone(),
        }
    }

    /// What does not hold; nothing: all does.
    pub(crate) async fn evaluate(
        &self,
        stage: &Stage,
        shape: &Shape,
    ) -> Result<Option<Broken>, CheckError> {
        let mut draw = self.beside.clone();
        let planned = &shape.planned;
        let twin = twin(&self.record, shape, &mut draw);
        let renamed = renamed(&self.record, planned);
        let moved = moved(&self.record);
        let mut records = shape.records.clone();
        records.retain(|record| record.dn != self.record.dn);
        records.extend([&self.record, &twin, &renamed, &moved].map(Clone::clone));
        // Two of the same name cannot stand in one directory; what is drawn so is no case.
        let Ok(directory) = LdifDirectory::new(records, None) else {
            return Ok(None);
        };
        let trial = Trial::open(planned.clone(), stage.host(), &directory)?;
        let alone = self.judge(&trial, &[&self.record]).await;
        let Some(first) = alone.first() else {
            return Ok(None);
        };
        if let Some(broken) = self.rules(first) {
            return Ok(Some(broken));
        }
        let again = self.judge(&trial, &[&self.record]).await;
        if told(&alone) != told(&again) {
            let detail = "asked again about the same person it answered something else";
            return Ok(Some(Broken::new(Invariant::SameInputSameOutput, detail)));
        }
        let mut others = Vec::new();
        for record in [&renamed, &moved, &twin] {
            others.extend(self.judge(&trial, &[record]).await);
        }
        if let Some(broken) = of_subjects(first, &others) {
            return Ok(Some(broken));
        }
        let mut batch = vec![&self.record, &renamed, &moved, &twin];
        batch.extend(shape.people.iter().take(BATCH.saturating_sub(batch.len())));
        let mut singly = alone;
        singly.extend(others);
        for record in batch.iter().skip(singly.len()) {
            singly.extend(self.judge(&trial, &[record]).await);
        }
        let together = self.judge(&trial, &batch).await;
        if told(&together) != told(&singly) {
            let detail = format!(
                "of {} people in one call it says something else than of each alone",
                batch.len()
            );
            return Ok(Some(Broken::new(Invariant::BatchIsSingleCalls, detail)));
        }
        Ok(None)
    }

    async fn judge(&self, trial: &Trial, records: &[&Record]) -> Vec<Tried> {
        let candidates = records.iter().map(|record| Candidate {
            entry: entry(record, trial.planned()),
            reply: self.reply.clone(),
        });
        trial.judge(candidates.collect(), self.now).await
    }

    fn rules(&self, tried: &Tried) -> Option<Broken> {
        let has_failed = self.reply.as_ref().is_some_and(|reply| !reply.is_success());
        match &tried.outcome {
            Err(fault) => of_fault(fault),
            Ok(TriedVerdict::Rejected(_)) if self.reply.is_none() => Some(Broken::new(
                Invariant::OnlyBindsAreRejected,
                "it rejected a bind that nobody made",
            )),
            Ok(TriedVerdict::Rejected(_)) => None,
            Ok(TriedVerdict::Identified(person)) => {
                let is_barred = person
                    .identity
                    .bars
                    .iter()
                    .any(|bar| bar.holds_at(self.now));
                if has_failed && !is_barred {
                    let code = self.reply.as_ref().map_or(0, |reply| reply.result_code);
                    return Some(Broken::new(
                        Invariant::FailedBindLetsNobodyIn,
                        format!(
                            "it identified, without a bar, somebody whose bind ended in {code}"
                        ),
                    ));
                }
                of_claims(person.user.as_ref().err()?)
            }
        }
    }
}

fn of_fault(fault: &TrialFault) -> Option<Broken> {
    match fault {
        TrialFault::Policy(error) => Some(Broken::of(error)),
        TrialFault::Read { error, .. } => {
            let invariant = match error {
                ReadError::SecretAttribute(_) => Invariant::NoSecretAttribute,
                ReadError::TooLarge(_) => Invariant::WithinLimits,
                _ => Invariant::NoBaseOutside,
            };
            Some(Broken::new(invariant, fault.to_string()))
        }
        TrialFault::TooMuch(_) => Some(Broken::new(Invariant::WithinLimits, fault.to_string())),
        TrialFault::Failed(_) | TrialFault::Required { .. } | TrialFault::Directory(_) => None,
    }
}

/// Too much is the host's to refuse: what a directory says may be too much.
fn of_claims(error: &ClaimError) -> Option<Broken> {
    let invariant = match error {
        ClaimError::TooLarge(_) => return None,
        ClaimError::Reserved(_) => Invariant::NoReservedClaim,
        _ => Invariant::SoundClaims,
    };
    Some(Broken::new(invariant, error.to_string()))
}

/// Who the others are: renamed, moved, and another person.
fn of_subjects(first: &Tried, others: &[Tried]) -> Option<Broken> {
    let own = identifier_of(first)?;
    let [renamed, moved, twin] = others else {
        return None;
    };
    for (other, what) in [(renamed, "renamed"), (moved, "moved")] {
        if identifier_of(other).is_some_and(|other| other != own) {
            return Some(Broken::new(
                Invariant::RenameKeepsTheSubject,
                format!(
                    "{what}, the person is somebody else: the plan's stable id changes with the name"
                ),
            ));
        }
    }
    (identifier_of(twin) == Some(own)).then(|| {
        Broken::new(
            Invariant::TwoPersonsTwoSubjects,
            "another entry, with identifiers of its own, is the same person",
        )
    })
}

fn identifier_of(tried: &Tried) -> Option<&[u8]> {
    match &tried.outcome {
        Ok(TriedVerdict::Identified(person)) => person.identifier.as_deref().ok(),
        _ => None,
    }
}

/// All that was answered, for comparison.
fn told(tried: &[Tried]) -> Vec<String> {
    let outcomes = tried.iter().map(|tried| format!("{:?}", tried.outcome));
    outcomes.collect()
}

/// An entry as it is read of a user.
pub(crate) fn entry(record: &Record, planned: &PlannedFederation) -> Entry {
    let plan = &planned.plan;
    let mut entry = Entry {
        dn: record.dn.clone(),
        attributes: Vec::new(),
    };
    for value in &record.values {
        let name = &value.description;
        let mut wishes = plan.attributes.iter().chain([&plan.stable_id.attribute]);
        if !wishes.any(|wish| matching::is_described(name, wish)) {
            continue;
        }
        let known = entry.attributes.iter_mut();
        match known
            .into_iter()
            .find(|it| it.name.eq_ignore_ascii_case(name))
        {
            Some(attribute) => attribute.values.push(value.value.clone()),
            None => entry.attributes.push(Attribute {
                name: name.clone(),
                values: vec![value.value.clone()],
            }),
        }
    }
    entry
}

/// The same entry under another name: every value that was the old name, or the value in it, is the
/// new one, and so is the user name.
fn under(record: &Record, rdn_value: &str, parent: &str, planned: &PlannedFederation) -> Record {
    let (rdn, _) = name::cut(&record.dn);
    let (kind, old) = rdn.split_once('=').unwrap_or(("cn", rdn));
    let dn = format!("{kind}={rdn_value},{parent}");
    let username = &planned.plan.username_attribute;
    let mut other = record.clone();
    for value in &mut other.values {
        let is_name = value.value.eq_ignore_ascii_case(old.as_bytes())
            || value.description.eq_ignore_ascii_case(username);
        if value.value.eq_ignore_ascii_case(record.dn.as_bytes()) {
            value.value = dn.clone().into_bytes();
        } else if is_name && !is_identifier(&value.value) {
            value.value = rdn_value.as_bytes().to_vec();
        }
    }
    other.dn = dn;
    other
}

fn renamed(record: &Record, planned: &PlannedFederation) -> Record {
    under(record, "renamed", name::parent(&record.dn), planned)
}

fn moved(record: &Record) -> Record {
    let (rdn, parent) = name::cut(&record.dn);
    let dn = format!("{rdn},ou=Moved,{parent}");
    let mut other = record.clone();
    for value in &mut other.values {
        if value.value.eq_ignore_ascii_case(record.dn.as_bytes()) {
            value.value = dn.clone().into_bytes();
        }
    }
    other.dn = dn;
    other
}

/// Another person who is alike in everything but the name and what a directory draws for each entry.
fn twin(record: &Record, shape: &Shape, draw: &mut Draw) -> Record {
    let parent = name::parent(&record.dn);
    let mut twin = under(record, "twin", parent, &shape.planned);
    for value in &mut twin.values {
        if is_identifier(&value.value) {
            value.value = redrawn(&value.value, draw);
        } else if shape.is_identifying(&value.description) {
            // Spoiled: then it is spoiled in another way here.
            value.value = identifier(IdForm::Text, draw);
        }
    }
    twin
}

/// What a directory may answer to a bind.
fn reply(shape: &Shape, draw: &mut Draw) -> Option<Reply> {
    const CODES: [u32; 10] = [49, 53, 19, 50, 32, 1, 51, 52, 80, 4_096];
    let mut reply = match draw.below(10) {
        0..=4 => Reply::default(),
        5 => return None,
        6 | 7 => draw.pick(&shape.replies).cloned().unwrap_or_default(),
        _ => Reply {
            result_code: draw.pick(&CODES).copied().unwrap_or(49),
            diagnostic: String::from_utf8_lossy(&hostile::value(draw)).into_owned(),
            controls: Vec::new(),
        },
    };
    if draw.happens(10) {
        reply.controls.push(Control {
            oid: "1.3.6.1.4.1.42.2.27.8.5.1".to_owned(),
            critical: false,
            value: Some(hostile::value(draw)),
        });
    }
    Some(reply)
}
