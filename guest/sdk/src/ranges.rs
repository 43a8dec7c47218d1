//! Long attributes that a directory gives in parts, under the option `range`: the rest is read until
//! there is no more.

use crate::{
    attributes::Range,
    reads,
    types::{Attribute, Entry, Finding, Person, Search},
};
use std::borrow::Cow;

/// What is known of a person's entry.
pub(crate) enum Completion<'a> {
    /// All that can be known.
    Done(Cow<'a, Entry>),
    /// First these reads.
    Read(Vec<Search>),
}

/// The person's entry with all values of its attributes. One whose parts do not fit together stays a
/// part, which whoever needs it in full refuses.
pub(crate) fn complete(person: &Person) -> Completion<'_> {
    let entry = &person.entry;
    let is_part = |attribute: &Attribute| Range::of(&attribute.name).is_some();
    if !entry.attributes.iter().any(is_part) {
        return Completion::Done(Cow::Borrowed(entry));
    }
    let mut wishes = Vec::new();
    let mut whole = Entry {
        dn: entry.dn.clone(),
        attributes: Vec::with_capacity(entry.attributes.len()),
    };
    for attribute in &entry.attributes {
        let joined = match Range::of(&attribute.name) {
            Some(range) => join(attribute, &range, person),
            None => Joined::Stays,
        };
        match joined {
            Joined::Stays => whole.attributes.push(attribute.clone()),
            Joined::Whole(attribute) => whole.attributes.push(attribute),
            Joined::Lacks(wish) => wishes.push(wish),
        }
    }
    if wishes.is_empty() {
        Completion::Done(Cow::Owned(whole))
    } else {
        Completion::Read(wishes)
    }
}

enum Joined {
    Stays,
    Whole(Attribute),
    Lacks(Search),
}

fn join(first: &Attribute, range: &Range<'_>, person: &Person) -> Joined {
    if range.start != 0 {
        return Joined::Stays;
    }
    let mut values = first.values.clone();
    let mut end = range.end;
    // No more turns than there are findings.
    while let Some(last) = end {
        let start = last.saturating_add(1);
        let wanted = format!("{};range={start}-*", range.description);
        let key = format!("range.{wanted}");
        let Some(finding) = reads::finding(&person.findings, &key) else {
            return Joined::Lacks(reads::of_entry(key, person.entry.dn.as_str(), &[&wanted]));
        };
        let Some((part, next)) = part(finding, range.description, start) else {
            return Joined::Stays;
        };
        values.extend(part.values.iter().cloned());
        end = next;
    }
    Joined::Whole(Attribute {
        name: range.description.to_owned(),
        values,
    })
}

/// The part that begins at `start`, and the number of its last value; none: it is the last part.
fn part<'f>(
    finding: &'f Finding,
    description: &str,
    start: u32,
) -> Option<(&'f Attribute, Option<u32>)> {
    let entry = finding
        .entries
        .first()
        .filter(|_| finding.result_code == 0)?;
    entry.attributes.iter().find_map(|attribute| {
        let range = Range::of(&attribute.name)?;
        let goes_on = range.end.is_none_or(|end| end >= start);
        let is_it = range.description.eq_ignore_ascii_case(description)
            && range.start == start
            && goes_on
            && !attribute.values.is_empty();
        is_it.then_some((attribute, range.end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SearchScope;

    fn attribute(name: &str, values: &[&str]) -> Attribute {
        Attribute {
            name: name.to_owned(),
            values: values
                .iter()
                .map(|value| value.as_bytes().to_vec())
                .collect(),
        }
    }

    fn person(attributes: &[Attribute], parts: &[(&str, Attribute)]) -> Person {
        let entry = |attributes: &[Attribute]| Entry {
            dn: "CN=x".to_owned(),
            attributes: attributes.to_vec(),
        };
        Person {
            entry: entry(attributes),
            reply: None,
            findings: parts
                .iter()
                .map(|(key, part)| Finding {
                    key: format!("range.{key}"),
                    result_code: 0,
                    entries: vec![entry(std::slice::from_ref(part))],
                })
                .collect(),
        }
    }

    fn names(person: &Person) -> Vec<(String, usize)> {
        match complete(person) {
            Completion::Done(entry) => entry
                .attributes
                .iter()
                .map(|attribute| (attribute.name.clone(), attribute.values.len()))
                .collect(),
            Completion::Read(wishes) => unreachable!("{wishes:?}"),
        }
    }

    #[test]
    fn an_entry_without_parts_is_taken_as_it_is() {
        let person = person(&[attribute("cn;lang-de", &["a"])], &[]);
        assert!(matches!(
            complete(&person),
            Completion::Done(Cow::Borrowed(_))
        ));
    }

    #[test]
    fn the_rest_is_read_until_there_is_no_more() {
        let first = [
            attribute("cn", &["x"]),
            attribute("memberOf;range=0-1", &["a", "b"]),
        ];
        let wanted = |person: &Person| match complete(person) {
            Completion::Read(wishes) => {
                assert_eq!(wishes.len(), 1);
                assert_eq!(
                    (wishes[0].base.as_str(), wishes[0].scope),
                    ("CN=x", SearchScope::Base)
                );
                wishes[0].attributes.clone()
            }
            Completion::Done(entry) => unreachable!("{entry:?}"),
        };
        assert_eq!(wanted(&person(&first, &[])), ["memberOf;range=2-*"]);
        let second = (
            "memberOf;range=2-*",
            attribute("MemberOf;Range=2-3", &["c", "d"]),
        );
        assert_eq!(
            wanted(&person(&first, std::slice::from_ref(&second))),
            ["memberOf;range=4-*"]
        );
        let last = (
            "memberOf;range=4-*",
            attribute("memberOf;range=4-*", &["e"]),
        );
        let found = names(&person(&first, &[second, last]));
        assert_eq!(found, [("cn".to_owned(), 1), ("memberOf".to_owned(), 5)]);
        let all = person(&[attribute("member;range=0-*", &["a"])], &[]);
        assert_eq!(names(&all), [("member".to_owned(), 1)]);
    }

    #[test]
    fn parts_that_do_not_fit_together_stay_a_part() {
        let first = [attribute("member;range=0-1", &["a", "b"])];
        let stays = [("member;range=0-1".to_owned(), 2)];
        for bad in [
            "member;range=3-*",
            "member;range=2-1",
            "member",
            "other;range=2-*",
        ] {
            let part = ("member;range=2-*", attribute(bad, &["c"]));
            assert_eq!(names(&person(&first, &[part])), stays, "{bad}");
        }
        let mut failed = person(
            &first,
            &[("member;range=2-*", attribute("member;range=2-*", &["c"]))],
        );
        failed.findings[0].result_code = 80;
        assert_eq!(names(&failed), stays);
        let middle = person(&[attribute("member;range=5-9", &["a"])], &[]);
        assert_eq!(names(&middle), [("member;range=5-9".to_owned(), 1)]);
    }
}
