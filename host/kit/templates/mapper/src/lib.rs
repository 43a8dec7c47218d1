//! A mapper policy: any federation can name the kind `{name}` in its list of mappers, whatever its
//! vendor:
//!
//! ```toml
//! [[federations.mapper]]
//! name = "initial"
//! kind = "{name}"
//! ldap_attribute = "sn"
//! claim = "initial"
//! ```
//!
//! This one gives the first letter of an attribute. Change [`initial`], and what [`Initial`] says of itself.

use policy_sdk::{
    Attributes, ClaimMapper,
    claim_mapper::{self, Form, MapperRule},
    types::{Adjustment, Candidate, ClaimValue, Description, Mapper, MapperPlan, Problem},
};

/// The policy.
pub struct Initial;

impl ClaimMapper for Initial {
    type Rule = MapperRule;

    fn describe() -> Description {
        let settings = &[claim_mapper::CLAIM];
        claim_mapper::description("{name}", "{name}", env!("CARGO_PKG_VERSION"), settings)
    }

    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
        let mut form = Form::of(mapper, &[claim_mapper::CLAIM]);
        let (attribute, claim) = (form.attribute(), form.claim());
        let rule = MapperRule::new(attribute, claim);
        form.finish(rule.plan())
    }

    fn rule(memo: &[u8]) -> Result<Self::Rule, Problem> {
        MapperRule::decode(memo)
    }

    fn adjust(
        rule: &Self::Rule,
        _now: u64,
        candidate: &Candidate,
    ) -> Result<Vec<Adjustment>, Problem> {
        let text = Attributes::of(&candidate.entry).text(&rule.attribute);
        Ok(claim_mapper::claim(&rule.claim, text.and_then(initial)))
    }
}

/// The first letter of a text.
fn initial(text: &str) -> Option<ClaimValue> {
    let letter = text.chars().next()?;
    Some(ClaimValue::Text(letter.to_uppercase().to_string()))
}

policy_sdk::export_mapper!(Initial);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_is_a_capital() {
        assert_eq!(initial("lovelace"), Some(ClaimValue::Text("L".to_owned())));
        assert_eq!(initial(""), None);
    }
}
