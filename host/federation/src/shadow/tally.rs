//! Differences between two policies, counted over people.

use super::compare::{Answer, Difference, DifferenceKind, differences};
use bridge_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// So many people are named for each difference.
const EXAMPLES_MAX: usize = 20;
/// So many differences are counted apart; a directory may have more groups than that.
const DIFFERENCES_MAX: usize = 1_000;
/// Longer names and values are cut where they are shown.
const TEXT_CHARS_MAX: usize = 200;

/// Where a candidate and what is in force differ, in people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// How many people, or sign-ins, were looked at.
    pub people: u64,
    /// For how many of them anything differs.
    pub different: u64,
    /// Each difference, in the order of kinds, the most frequent first.
    pub differences: Vec<DifferenceCount>,
    /// How often something differs that is not counted apart, because there are too many.
    pub further: u64,
    /// About how many what is in force could not tell who they are.
    pub failed_before: u64,
    /// The same of the candidate.
    pub failed_after: u64,
    /// About how many one of the two had no time to tell: nothing is known of them.
    pub not_told: u64,
    /// The time that what is in force took in its policy's calls, in microseconds.
    pub time_before_us: u64,
    /// The same of the candidate.
    pub time_after_us: u64,
}

/// A difference and how many people it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DifferenceCount {
    /// What differs.
    pub kind: DifferenceKind,
    /// The group, the role, the claim or the bar; none where the kind says all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For how many people.
    pub people: u64,
    /// The last twenty of them.
    pub examples: Vec<DifferenceExample>,
}

/// Somebody for whom something differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DifferenceExample {
    /// The user name; where there is none the DN.
    pub who: String,
    /// What is said in force; only where values are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What the candidate says; only where values are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Counts differences. What it keeps is bounded, however many people there are.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Whether examples show values.
    values: bool,
    people: u64,
    different: u64,
    counts: BTreeMap<(DifferenceKind, String), Count>,
    further: u64,
    failed_before: u64,
    failed_after: u64,
    not_told: u64,
    pub(crate) time_before: Duration,
    pub(crate) time_after: Duration,
}

#[derive(Debug, Default)]
struct Count {
    people: u64,
    examples: VecDeque<DifferenceExample>,
}

/// Whether two answers about somebody agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    Same,
    Different,
    /// One of the two is not known.
    NotTold,
}

impl Tally {
    pub(crate) fn new(values: bool) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    /// Takes what the two made of one person.
    pub(crate) fn take(
        &mut self,
        dn: &str,
        before: &Answer,
        after: &Answer,
        now: Timestamp,
    ) -> Agreement {
        if matches!(before, Answer::Busy) || matches!(after, Answer::Busy) {
            self.not_told += 1;
            return Agreement::NotTold;
        }
        self.people += 1;
        self.failed_before += u64::from(before.is_failed());
        self.failed_after += u64::from(after.is_failed());
        let found = differences(before, after, now);
        if found.is_empty() {
            return Agreement::Same;
        }
        self.different += 1;
        let user = before.user().or(after.user());
        let who = cut(user.map_or(dn, |user| user.username.as_str()));
        for difference in found {
            self.count(&who, difference);
        }
        Agreement::Different
    }

    fn count(&mut self, who: &str, difference: Difference) {
        let is_full = self.counts.len() >= DIFFERENCES_MAX;
        let what = (difference.kind, cut(&difference.name));
        if is_full && !self.counts.contains_key(&what) {
            self.further += 1;
            return;
        }
        let count = self.counts.entry(what).or_default();
        count.people += 1;
        if count.examples.len() >= EXAMPLES_MAX {
            count.examples.pop_front();
        }
        let shown = |value: Value| match value {
            Value::Null => None,
            value if value.to_string().chars().count() > TEXT_CHARS_MAX => {
                Some(Value::from(cut(&value.to_string())))
            }
            value => Some(value),
        };
        // Why somebody fails or is kept out is no value of theirs.
        let is_reason = matches!(
            difference.kind,
            DifferenceKind::LosesAccess
                | DifferenceKind::GainsAccess
                | DifferenceKind::Fails
                | DifferenceKind::FailsNoMore
                | DifferenceKind::OtherReason
        );
        let is_shown = self.values || is_reason;
        count.examples.push_back(DifferenceExample {
            who: who.to_owned(),
            before: is_shown.then(|| shown(difference.before)).flatten(),
            after: is_shown.then(|| shown(difference.after)).flatten(),
        });
    }

    /// What was counted so far.
    pub(crate) fn comparison(&self) -> Comparison {
        let differences = self
            .counts
            .iter()
            .map(|((kind, name), count)| DifferenceCount {
                kind: *kind,
                name: (!name.is_empty()).then(|| name.clone()),
                people: count.people,
                examples: count.examples.iter().cloned().collect(),
            });
        let mut differences: Vec<_> = differences.collect();
        differences.sort_by(|one, other| {
            let order = |it: &DifferenceCount| (it.kind, u64::MAX - it.people);
            order(one).cmp(&order(other))
        });
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Comparison {
            people: self.people,
            different: self.different,
            differences,
            further: self.further,
            failed_before: self.failed_before,
            failed_after: self.failed_after,
            not_told: self.not_told,
            time_before_us: micros(self.time_before),
            time_after_us: micros(self.time_after),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{federation, planned};
    use bridge_model::{
        account::User,
        decision::{Bar, Refusal},
    };
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_000);

    fn user(name: &str, claims: Value, bars: Vec<Bar>) -> Answer {
        let planned = planned(federation("a", "staff"));
        let Value::Object(claims) = claims else {
            unreachable!("an object");
        };
        Answer::User(Box::new(User {
            subject: format!("sub-{name}"),
            username: name.to_owned(),
            claims,
            bars,
            group_dns: Vec::new(),
            federation: planned.federation.name.clone(),
            federation_id: planned.federation.id,
            entry_dn: String::new(),
            policy: planned.policy,
        }))
    }

    fn bar(since: Option<u64>) -> Bar {
        Bar {
            reason: Refusal::Locked,
            since: since.map(Timestamp),
            until: None,
        }
    }

    fn kinds(tally: &Tally) -> Vec<(DifferenceKind, Option<String>, u64)> {
        let differences = tally.comparison().differences.into_iter();
        differences
            .map(|it| (it.kind, it.name, it.people))
            .collect()
    }

    #[test]
    fn differences_are_told_in_people() {
        use DifferenceKind as Kind;
        let mut tally = Tally::new(false);
        let ada = || user("ada", json!({ "groups": ["x", "y"], "email": "a" }), vec![]);
        assert_eq!(tally.take("", &ada(), &ada(), NOW), Agreement::Same);
        let barred = user(
            "ada",
            json!({ "groups": ["y", "z"], "name": "A" }),
            vec![bar(None)],
        );
        assert_eq!(tally.take("", &ada(), &barred, NOW), Agreement::Different);
        let later = user("bob", json!({}), vec![bar(Some(2_000))]);
        tally.take("", &user("bob", json!({}), vec![]), &later, NOW);
        let failed = Answer::Failed("a trap".to_owned());
        tally.take("uid=c", &failed, &failed, NOW);
        assert_eq!(
            tally.take("", &ada(), &Answer::Busy, NOW),
            Agreement::NotTold
        );
        let told = tally.comparison();
        assert_eq!((told.people, told.different, told.not_told), (4, 2, 1));
        assert_eq!((told.failed_before, told.failed_after), (1, 1));
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            kinds(&tally),
            [
                (Kind::LosesAccess, None, 1),
                (Kind::BarAdded, named("locked"), 2),
                (Kind::LosesGroup, named("x"), 1),
                (Kind::GainsGroup, named("z"), 1),
                (Kind::ClaimAdded, named("name"), 1),
                (Kind::ClaimRemoved, named("email"), 1),
            ]
        );
        let mut tally = Tally::new(false);
        tally.take("", &ada(), &failed, NOW);
        tally.take("", &failed, &ada(), NOW);
        tally.take("", &ada(), &Answer::NotFound, NOW);
        let rejected = Answer::Rejected("locked".to_owned());
        tally.take("", &Answer::NotFound, &rejected, NOW);
        assert_eq!(
            kinds(&tally),
            [
                (Kind::LosesAccess, None, 2),
                (Kind::GainsAccess, None, 1),
                (Kind::Fails, None, 1),
                (Kind::FailsNoMore, None, 1),
                (Kind::OtherReason, named("locked"), 1),
            ]
        );
    }

    #[test]
    fn examples_are_bounded_and_have_values_only_by_choice() {
        let before = |i: u64| user(&format!("u{i}"), json!({ "email": "old" }), vec![]);
        let after = |i: u64| user(&format!("u{i}"), json!({ "email": i }), vec![]);
        for values in [false, true] {
            let mut tally = Tally::new(values);
            for i in 0..100 {
                tally.take("", &before(i), &after(i), NOW);
            }
            let told = tally.comparison();
            let [count] = &told.differences[..] else {
                unreachable!("{told:?}");
            };
            assert_eq!((count.people, count.examples.len()), (100, 20));
            let last = count.examples.last().expect("an example");
            assert_eq!(last.who, "u99");
            let shown = values.then(|| json!("old"));
            assert_eq!(last.before, shown);
        }
        let mut tally = Tally::new(false);
        for i in 0..1_500 {
            let groups = json!({ "groups": [format!("g{i}")] });
            tally.take(
                "",
                &user("a", json!({}), vec![]),
                &user("a", groups, vec![]),
                NOW,
            );
        }
        let told = tally.comparison();
        assert_eq!((told.differences.len(), told.further), (1_000, 500));
    }
}
