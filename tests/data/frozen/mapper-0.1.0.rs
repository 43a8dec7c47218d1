//! A mapper policy of the contract 0.1.0 that makes every adjustment.

use policy_sdk::{
    ClaimMapper,
    claim_mapper::{self, CLAIM, Form, MapperRule},
    types::{
        Adjustment, Bar, Candidate, Claim, ClaimValue, Description, Mapper, MapperPlan, Problem,
        Refusal, problem,
    },
};

struct Frozen;

impl ClaimMapper for Frozen {
    type Rule = MapperRule;

    fn describe() -> Description {
        claim_mapper::description("frozen-mapper", "Frozen", "1.0.0", &[CLAIM])
    }

    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
        let mut form = Form::of(mapper, &[CLAIM]);
        let rule = MapperRule::new(form.attribute(), form.claim());
        form.finish(rule.plan())
    }

    fn rule(memo: &[u8]) -> Result<MapperRule, Problem> {
        MapperRule::decode(memo)
    }

    fn adjust(
        rule: &MapperRule,
        now: u64,
        candidate: &Candidate,
    ) -> Result<Vec<Adjustment>, Problem> {
        if candidate.entry.attributes.is_empty() {
            return Err(problem(&rule.attribute, "it is not there; add it"));
        }
        Ok(vec![
            Adjustment::SetClaim(Claim {
                name: rule.claim.clone(),
                value: ClaimValue::Text(candidate.identity.username.clone()),
            }),
            Adjustment::DropClaim("other".into()),
            Adjustment::DropGroup("cn=staff,o=x".into()),
            Adjustment::DropRole("reader".into()),
            Adjustment::AddBar(Bar {
                reason: Refusal::NotPermittedHere,
                since: None,
                until: Some(now),
            }),
        ])
    }
}

policy_sdk::export_mapper!(Frozen);
