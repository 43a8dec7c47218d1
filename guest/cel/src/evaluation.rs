//! An expression and a person: what comes out.

use crate::{
    claim, fault, functions, review,
    values::{EntryValue, IdentityValue},
};
use cel::{Context, Env, Value, common::types::CelInt, parser::Expression};
use policy_sdk::{
    claim_mapper::{self, MapperRule},
    types::{Adjustment, Candidate, Problem, problem},
};
use std::sync::Arc;

/// A mapper of this kind, parsed.
pub struct Rule {
    expression: Expression,
    environment: Arc<Env>,
    claim: String,
    /// How the mapper is called in problems.
    field: String,
}

impl Rule {
    /// Reads a memo and parses its expression.
    pub(crate) fn decode(memo: &[u8]) -> Result<Self, Problem> {
        let rule = MapperRule::decode(memo)?;
        let [source, name] = rule.more.as_slice() else {
            return Err(not_ours());
        };
        Ok(Self {
            expression: review::parse(source).map_err(|_| not_ours())?,
            environment: functions::environment().map_err(|error| problem("memo", error))?,
            claim: rule.claim,
            field: format!("mapper.{name}"),
        })
    }

    /// Evaluates the expression for one person.
    pub(crate) fn adjust(
        &self,
        now: u64,
        candidate: &Candidate,
    ) -> Result<Vec<Adjustment>, Problem> {
        let mut context = Context::with_env(Arc::clone(&self.environment));
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        context.add_variable_as_val("now", Box::new(CelInt::from(now)));
        context.add_variable_as_val("entry", Box::new(EntryValue::of(&candidate.entry)));
        context.add_variable_as_val("identity", Box::new(IdentityValue::of(&candidate.identity)));
        let value = match Value::resolve(&self.expression, &context) {
            Ok(value) => claim::value(&value),
            Err(error) if fault::is_of_something_missing(&error) => Ok(None),
            Err(error) => Err(fault::message(&error)),
        };
        let value = value.map_err(|message| problem(self.field.as_str(), message))?;
        Ok(claim_mapper::claim(&self.claim, value))
    }
}

fn not_ours() -> Problem {
    let message = "the memo is not one that this policy wrote; save the federation anew";
    problem("memo", message)
}
