//! Where a candidate and what is in force differ, as people read it.

use crate::cli::output::{in_one_line, printable};
use bridge_federation::{Comparison, DifferenceCount, DifferenceExample, DifferenceKind};
use bridge_model::realm::PolicyRef;
use std::fmt::Write as _;

/// So many people are named behind a difference.
const NAMED: usize = 5;
/// So many differences stand in the first line beside access and subjects.
const HEADED: usize = 3;

/// All of it: one line that says it, then a line for each difference with some of the people.
pub(super) fn told(comparison: &Comparison, what: &str) -> String {
    let mut text = String::new();
    write_told(&mut text, comparison, what).expect("a string takes what is written");
    text
}

/// A policy in a few words.
pub(super) fn policy(policy: &PolicyRef) -> String {
    let digest: String = policy.digest.chars().take(19).collect();
    printable(&format!("{} {} ({digest}…)", policy.id, policy.version))
}

/// The one line: "37 lose access, 112 lose group wiki, no subject changes".
pub(super) fn headline(comparison: &Comparison) -> String {
    if comparison.differences.is_empty() && comparison.further == 0 {
        return "no difference".to_owned();
    }
    let all = &comparison.differences;
    let is_first = |it: &&DifferenceCount| {
        matches!(
            it.kind,
            DifferenceKind::LosesAccess | DifferenceKind::GainsAccess
        )
    };
    let is_subject = |it: &&DifferenceCount| it.kind == DifferenceKind::SubjectChanges;
    let mut parts: Vec<_> = all.iter().filter(is_first).map(phrase).collect();
    if parts.is_empty() {
        parts.push("nobody loses or gains access".to_owned());
    }
    let mut others: Vec<_> = all
        .iter()
        .filter(|it| !is_first(it) && !is_subject(it))
        .collect();
    let more = others.len().saturating_sub(HEADED);
    others.truncate(HEADED);
    parts.extend(others.into_iter().map(phrase));
    parts.push(match all.iter().find(is_subject) {
        Some(subjects) => phrase(subjects),
        None => "no subject changes".to_owned(),
    });
    match more {
        0 => {}
        1 => parts.push("and one thing more".to_owned()),
        more => parts.push(format!("and {more} things more")),
    }
    parts.join(", ")
}

fn write_told(out: &mut String, comparison: &Comparison, what: &str) -> std::fmt::Result {
    let people = comparison.people;
    writeln!(out, "{people} {what} looked at: {}", headline(comparison))?;
    let width = comparison.differences.iter().map(|it| it.people);
    let width = width.max().unwrap_or(0).to_string().len();
    if !comparison.differences.is_empty() {
        writeln!(out)?;
    }
    for difference in &comparison.differences {
        let count = difference.people;
        let (does, who) = (predicate(difference), who(difference));
        writeln!(out, "  {count:>width$}  {does}: {who}")?;
        for example in &difference.examples {
            if let Some(values) = values(example) {
                writeln!(out, "  {:width$}    {values}", "")?;
            }
        }
    }
    if comparison.further > 0 {
        let further = comparison.further;
        writeln!(out, "  {further} more that are not counted apart")?;
    }
    if !comparison.differences.is_empty() {
        writeln!(out)?;
    }
    for (count, whose) in [
        (comparison.failed_before, "what is in force"),
        (comparison.failed_after, "the candidate"),
    ] {
        if count > 0 {
            writeln!(
                out,
                "about {count} of them {whose} cannot tell who they are"
            )?;
        }
    }
    if comparison.not_told > 0 {
        let count = comparison.not_told;
        writeln!(
            out,
            "about {count} more nothing is known: the realm's policies had no processor time left"
        )?;
    }
    let each = |time: u64| time.checked_div(people).unwrap_or(0);
    let (before, after) = (
        each(comparison.time_before_us),
        each(comparison.time_after_us),
    );
    writeln!(
        out,
        "in the policy: {before} µs a person in force, {after} µs with the candidate"
    )
}

fn phrase(difference: &DifferenceCount) -> String {
    format!("{} {}", difference.people, predicate(difference))
}

/// What so many people do.
fn predicate(difference: &DifferenceCount) -> String {
    let is_one = difference.people == 1;
    let name = printable(difference.name.as_deref().unwrap_or_default());
    let verb = |one: &str, many: &str| if is_one { one } else { many }.to_owned();
    let lose = || verb("loses", "lose");
    let gain = || verb("gains", "gain");
    let have = || verb("has", "have");
    match difference.kind {
        DifferenceKind::LosesAccess => format!("{} access", lose()),
        DifferenceKind::GainsAccess => format!("{} access", gain()),
        DifferenceKind::SubjectChanges => verb(
            "becomes somebody else to all applications",
            "become others to all applications",
        ),
        DifferenceKind::Fails => verb("fails", "fail") + " with the candidate",
        DifferenceKind::FailsNoMore => verb("fails", "fail") + " in force alone",
        DifferenceKind::OtherReason => format!("{} kept out as {name} now", verb("is", "are")),
        DifferenceKind::BarAdded => format!("{} the bar {name} now", have()),
        DifferenceKind::BarRemoved => format!("{} the bar {name} no more", have()),
        DifferenceKind::UsernameChanges => format!("{} another user name", have()),
        DifferenceKind::LosesGroup => format!("{} group {name}", lose()),
        DifferenceKind::GainsGroup => format!("{} group {name}", gain()),
        DifferenceKind::LosesRole => format!("{} role {name}", lose()),
        DifferenceKind::GainsRole => format!("{} role {name}", gain()),
        DifferenceKind::ClaimAdded => format!("{} claim {name}", gain()),
        DifferenceKind::ClaimRemoved => format!("{} claim {name}", lose()),
        DifferenceKind::ClaimChanged => format!("{} another value of claim {name}", have()),
    }
}

/// Some of the people.
fn who(difference: &DifferenceCount) -> String {
    let names = difference.examples.iter().take(NAMED);
    let names: Vec<_> = names.map(|it| printable(&it.who)).collect();
    let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
    match difference.people.saturating_sub(count) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn values(example: &DifferenceExample) -> Option<String> {
    let shown = |value: &Option<serde_json::Value>| match value {
        Some(value) => in_one_line(value),
        None => "nothing".to_owned(),
    };
    if example.before.is_none() && example.after.is_none() {
        return None;
    }
    let who = printable(&example.who);
    let (before, after) = (shown(&example.before), shown(&example.after));
    Some(format!("{who}: {before} → {after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(kind: DifferenceKind, name: &str, people: u64, who: &[&str]) -> DifferenceCount {
        DifferenceCount {
            kind,
            name: (!name.is_empty()).then(|| name.to_owned()),
            people,
            examples: who
                .iter()
                .map(|who| DifferenceExample {
                    who: (*who).to_owned(),
                    before: None,
                    after: None,
                })
                .collect(),
        }
    }

    #[test]
    fn the_first_line_says_what_people_lose_and_whether_they_stay_who_they_are() {
        let mut comparison = Comparison {
            people: 2_310,
            different: 140,
            differences: vec![
                count(DifferenceKind::LosesAccess, "", 37, &["ada", "bob"]),
                count(DifferenceKind::LosesGroup, "wiki", 112, &["ada"]),
                count(DifferenceKind::ClaimAdded, "name\u{7}", 1, &["cyd"]),
            ],
            time_before_us: 23_100,
            time_after_us: 46_200,
            ..Comparison::default()
        };
        assert_eq!(
            told(&comparison, "people"),
            "2310 people looked at: 37 lose access, 112 lose group wiki, 1 gains claim name\\u{7}, no subject changes\n\
             \n\
             \x20  37  lose access: ada, bob and 35 more\n\
             \x20 112  lose group wiki: ada and 111 more\n\
             \x20   1  gains claim name\\u{7}: cyd\n\
             \n\
             in the policy: 10 µs a person in force, 20 µs with the candidate\n"
        );
        let subjects = count(DifferenceKind::SubjectChanges, "", 5, &["ada"]);
        comparison.differences = vec![subjects];
        assert_eq!(
            headline(&comparison),
            "nobody loses or gains access, 5 become others to all applications"
        );
        comparison.differences.clear();
        assert_eq!(headline(&comparison), "no difference");
    }

    #[test]
    fn values_stand_below_where_they_are_there() {
        let mut difference = count(DifferenceKind::ClaimChanged, "name", 1, &["ada"]);
        difference.examples[0].before = Some(json!("Ada"));
        difference.examples[0].after = Some(json!("Ada\u{1b}"));
        let comparison = Comparison {
            people: 1,
            differences: vec![difference],
            failed_after: 2,
            not_told: 3,
            ..Comparison::default()
        };
        let text = told(&comparison, "people");
        assert!(
            text.contains("    ada: \"Ada\" → \"Ada\\u001b\"\n"),
            "{text}"
        );
        assert!(
            text.contains("about 2 of them the candidate cannot tell"),
            "{text}"
        );
        assert!(text.contains("about 3 more nothing is known"), "{text}");
    }
}
