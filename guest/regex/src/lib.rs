//! Mapper policy: a claim is what a regular expression makes of an attribute's values.
//!
//! `{"name": "department", "kind": "regex", "ldap_attribute": "ou", "settings": {"pattern": "^dept-(.+)$",
//! "replacement": "$1"}}`
//!
//! In each value, whatever matches the pattern is replaced and the rest stays, so a pattern that should
//! speak of the whole value says so with `^` and `$`. The syntax is that of the crate `regex`: no
//! look-around and no back-references, hence time linear in the value whatever the pattern is. Values are
//! taken in the order of their octets, since the directory's order means nothing.

mod replacement;

use policy_sdk::{
    Attributes, ClaimMapper, Known,
    claim_mapper::{self, CLAIM, Form, MapperRule},
    types::{Adjustment, Candidate, ClaimValue, Description, Mapper, MapperPlan, Problem, problem},
};
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;

/// The most octets that a compiled pattern may take.
const COMPILED_OCTETS_MAX: usize = 256 * 1024;
/// How deep groups may lie in each other.
const DEPTH_MAX: u32 = 32;

const PATTERN: Known = Known {
    name: "pattern",
    about: "A regular expression in the syntax of the crate regex: no look-around, no back-references.",
    preset: None,
    choices: &[],
};
const REPLACEMENT: Known = Known {
    name: "replacement",
    about: "What stands in the place of what matches; $1 and ${name} are groups, $0 is all of it, $$ a $.",
    preset: Some("$0"),
    choices: &[],
};
const MATCH: Known = Known {
    name: "match",
    about: "first: a string, of the first value that matches; all: an array, of all that match.",
    preset: Some("first"),
    choices: &["first", ALL],
};
const ON_NO_MATCH: Known = Known {
    name: "on_no_match",
    about: "A value that does not match: leave_out passes over it; keep takes it as it is.",
    preset: Some("leave_out"),
    choices: &["leave_out", KEEP],
};
const SETTINGS: &[Known] = &[PATTERN, REPLACEMENT, MATCH, ON_NO_MATCH, CLAIM];

const ALL: &str = "all";
const KEEP: &str = "keep";

/// The policy.
pub struct RegularExpression;

/// A mapper of this kind, compiled.
pub struct Rule {
    pattern: Regex,
    replacement: String,
    takes_all: bool,
    keeps: bool,
    attribute: String,
    claim: String,
}

impl ClaimMapper for RegularExpression {
    type Rule = Rule;

    fn describe() -> Description {
        let version = env!("CARGO_PKG_VERSION");
        claim_mapper::description("regex", "Regular expressions", version, SETTINGS)
    }

    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
        let mut form = Form::of(mapper, SETTINGS);
        let rule = MapperRule::new(form.attribute(), form.claim());
        // Space at the ends means something in both.
        let written = form.written(PATTERN.name).filter(|text| !text.is_empty());
        let pattern = written.unwrap_or_default();
        let replacement = form.written(REPLACEMENT.name).unwrap_or("$0");
        if written.is_none() {
            form.wrong("the setting pattern is missing; write it");
        } else {
            match compile(pattern) {
                Ok(pattern) => {
                    for fault in replacement::faults(replacement, &pattern) {
                        form.wrong(fault);
                    }
                }
                Err(error) => form.wrong(fault(&error)),
            }
        }
        let rule = rule
            .with(pattern)
            .with(replacement)
            .with(form.required(MATCH.name))
            .with(form.required(ON_NO_MATCH.name));
        form.finish(rule.plan())
    }

    fn rule(memo: &[u8]) -> Result<Rule, Problem> {
        let rule = MapperRule::decode(memo)?;
        let [pattern, replacement, which, on_no_match] = rule.more.as_slice() else {
            return Err(not_ours());
        };
        Ok(Rule {
            pattern: compile(pattern).map_err(|_| not_ours())?,
            replacement: replacement.clone(),
            takes_all: which == ALL,
            keeps: on_no_match == KEEP,
            attribute: rule.attribute,
            claim: rule.claim,
        })
    }

    fn adjust(rule: &Rule, _now: u64, candidate: &Candidate) -> Result<Vec<Adjustment>, Problem> {
        let values = Attributes::of(&candidate.entry).values(&rule.attribute);
        if !values.is_whole() {
            let message = "the directory gave a part of the values only; read another attribute";
            return Err(problem(&rule.attribute, message));
        }
        let mut values: Vec<&str> = values.texts().collect();
        values.sort_unstable();
        let mut made = values.into_iter().filter_map(|value| rule.make(value));
        let value = if rule.takes_all {
            let mut texts: Vec<String> = made.collect();
            texts.dedup();
            (!texts.is_empty()).then_some(ClaimValue::Texts(texts))
        } else {
            made.next().map(ClaimValue::Text)
        };
        Ok(claim_mapper::claim(&rule.claim, value))
    }
}

impl Rule {
    /// What becomes of one value, where it is not blank.
    fn make(&self, value: &str) -> Option<String> {
        // What is borrowed does not match.
        let made = match self.pattern.replace_all(value, self.replacement.as_str()) {
            Cow::Owned(made) => made,
            Cow::Borrowed(value) if self.keeps => value.to_owned(),
            Cow::Borrowed(_) => return None,
        };
        (!made.trim().is_empty()).then_some(made)
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(COMPILED_OCTETS_MAX)
        .nest_limit(DEPTH_MAX)
        .build()
}

fn fault(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            let most = COMPILED_OCTETS_MAX / 1024;
            format!("the pattern takes more than {most} KiB; repeat less, or write [0-9] for \\d")
        }
        // The crate shows the pattern with a mark below the place; the last line says what it is.
        regex::Error::Syntax(text) => {
            let lines: Vec<&str> = text.lines().collect();
            let what = lines.last().copied().unwrap_or_default();
            let what = what.trim_start_matches("error: ");
            let mark = lines.iter().find(|line| line.trim_start().starts_with('^'));
            // The pattern is indented by four.
            let column = mark.and_then(|line| line.find('^')?.checked_sub(3));
            match column {
                Some(column) => format!(
                    "the pattern is no regular expression at character {column}: {what}; correct it"
                ),
                None => format!("the pattern is no regular expression: {what}; correct it"),
            }
        }
        _ => "the pattern cannot be used; write another".to_owned(),
    }
}

fn not_ours() -> Problem {
    let message = "the memo is not one that this policy wrote; save the federation anew";
    problem("memo", message)
}

policy_sdk::export_mapper!(RegularExpression);

#[cfg(test)]
mod tests;
