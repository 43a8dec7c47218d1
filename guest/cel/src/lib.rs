//! Mapper policy: a claim is what an expression of CEL says, the Common Expression Language.
//!
//! `{"name": "display", "kind": "cel", "claim": "name", "settings": {"expression":
//! "entry.givenName[0] + ' ' + entry.sn[0]"}}`
//!
//! - `entry` has the attributes that the expression names, each a list of texts without order in the
//!   directory, hence sorted here: `entry.mail`, `entry["cn;lang-de"]`. Names compare without regard to
//!   case. Values that are blank or no UTF-8 are passed over, and an attribute without others is not there.
//! - `identity` has what was made of the person so far: `username`, `claims` (by name), `groups` and `roles`
//!   (names; a client's role is `client/role`).
//! - `now` is the time in seconds since 1970-01-01T00:00:00Z.
//!
//! Text becomes a string, a list of texts an array of strings, a whole number, a boolean and another number
//! what they are in JSON; maps and other lists become JSON too. `null`, blank text, an empty list or map, and
//! an optional without value leave the claim out. So does a name of `entry` or `identity.claims` that is not
//! there; whatever else goes wrong is a problem, and the mapper's `on_error` says what follows.
//!
//! A map has no order, so it stands where none is needed: as a result, or where something is looked up in
//! it. Everything the language has beside times is there, with its extensions for strings, lists and numbers;
//! there is no clock but `now`.

mod claim;
mod evaluation;
mod fault;
mod functions;
mod review;
mod values;

use evaluation::Rule;
use policy_sdk::{
    ClaimMapper, Known,
    claim_mapper::{self, CLAIM, Form, MapperRule},
    types::{Adjustment, Candidate, Description, Mapper, MapperPlan, Problem},
};

const EXPRESSION: Known = Known {
    name: "expression",
    about: "An expression of CEL over entry (attributes, each a list of texts), identity (username, claims, \
            groups, roles) and now (seconds since 1970).",
    preset: None,
    choices: &[],
};

const SETTINGS: &[Known] = &[EXPRESSION, CLAIM];

/// The policy.
pub struct Cel;

impl ClaimMapper for Cel {
    type Rule = Rule;

    fn describe() -> Description {
        let version = env!("CARGO_PKG_VERSION");
        claim_mapper::description("cel", "Expressions of CEL", version, SETTINGS)
    }

    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
        let mut form = Form::of(mapper, SETTINGS);
        form.no_attribute();
        let claim = form.claim();
        let source = form.required(EXPRESSION.name);
        let mut attributes = Vec::new();
        if !source.is_empty() {
            match review::parse(source) {
                Ok(expression) => {
                    let review = review::of(&expression);
                    for fault in review.faults {
                        form.wrong(fault);
                    }
                    for attribute in &review.attributes {
                        form.check_attribute(attribute);
                    }
                    attributes = review.attributes;
                }
                Err(faults) => {
                    for fault in faults {
                        form.wrong(fault);
                    }
                }
            }
        }
        let rule = MapperRule::new("", claim).with(source).with(&mapper.name);
        form.finish(MapperPlan {
            attributes,
            ..rule.plan()
        })
    }

    fn rule(memo: &[u8]) -> Result<Rule, Problem> {
        Rule::decode(memo)
    }

    fn adjust(rule: &Rule, now: u64, candidate: &Candidate) -> Result<Vec<Adjustment>, Problem> {
        rule.adjust(now, candidate)
    }
}

policy_sdk::export_mapper!(Cel);

#[cfg(test)]
mod tests;
