//! The world `mapper-policy`: one kind of mapper, asked after the vendor policy.

use crate::{
    bindings::{
        exports::ldap_oidc::policy::claim_mapper as wit,
        ldap_oidc::policy::types::{MapperParam, Problem as WitProblem},
    },
    call::{Call, DescribeAnswer, DescribeArguments, Functions, Linked},
    contract::{self, Breach, Checked},
    fault::Fault,
    world::{CLAIM_MAPPER, Interface, NotInWorld},
    writing,
};
use bridge_model::{
    decision::Adjustment,
    plan::{MapperPlan, Problem},
};
use wasmtime::component::{Component, ComponentExportIndex};

type CheckArguments<'a> = (MapperParam<'a>,);
type CheckAnswer = (Result<wit::MapperPlan, Vec<WitProblem>>,);
type AdjustArguments<'a> = (&'a [u8], u64, &'a [wit::Candidate<'a>]);
type AdjustAnswer = (Vec<Result<Vec<wit::Adjustment>, WitProblem>>,);

/// What became of each candidate.
pub(crate) type Adjusted = Vec<Result<Vec<Adjustment>, Problem>>;

/// Where the functions of the interface are.
pub(crate) struct Exports {
    describe: ComponentExportIndex,
    check: ComponentExportIndex,
    adjust: ComponentExportIndex,
}

impl Functions for Exports {
    fn find(component: &Component) -> Result<Self, NotInWorld> {
        let interface = Interface::find(component, CLAIM_MAPPER)
            .ok_or_else(|| NotInWorld::Export(String::new()))?;
        Ok(Self {
            describe: interface.function::<DescribeArguments, DescribeAnswer>("describe")?,
            check: interface.function::<CheckArguments<'_>, CheckAnswer>("check")?,
            adjust: interface.function::<AdjustArguments<'_>, AdjustAnswer>("adjust")?,
        })
    }

    fn describe(&self) -> &ComponentExportIndex {
        &self.describe
    }
}

impl Linked<Exports> {
    /// Has a mapper checked.
    pub(crate) fn check(
        &self,
        mapper: MapperParam<'_>,
    ) -> Result<Result<MapperPlan, Vec<Problem>>, Fault> {
        let call: Call<'_, CheckArguments<'_>, CheckAnswer> =
            Call::new("check", &self.functions().check, 0, (mapper,));
        let (outcome,) = self.run(call)?;
        let outcome = outcome
            .map(MapperPlan::from)
            .map_err(|problems| problems.into_iter().map(Problem::from).collect::<Vec<_>>());
        match &outcome {
            Ok(plan) => check_plan(plan),
            Err(problems) => contract::check_refused(problems),
        }
        .map_err(|breach| Fault::of_breach(&breach, "check"))?;
        Ok(outcome)
    }

    /// Has candidates adjusted.
    pub(crate) fn adjust(
        &self,
        memo: &[u8],
        now: u64,
        candidates: &[wit::Candidate<'_>],
    ) -> Result<Adjusted, Fault> {
        let call: Call<'_, AdjustArguments<'_>, AdjustAnswer> = Call::new(
            "adjust",
            &self.functions().adjust,
            candidates.len(),
            (memo, now, candidates),
        );
        let (results,) = self.run(call)?;
        let take = |changes: Vec<wit::Adjustment>| changes.into_iter().map(Adjustment::from);
        let results: Adjusted = results
            .into_iter()
            .map(|it| {
                it.map(|changes| take(changes).collect())
                    .map_err(Problem::from)
            })
            .collect();
        check_results(&results, candidates.len())
            .map_err(|breach| Fault::of_breach(&breach, "adjust"))?;
        Ok(results)
    }
}

impl From<wit::MapperPlan> for MapperPlan {
    fn from(plan: wit::MapperPlan) -> Self {
        Self {
            attributes: plan.attributes,
            claims: plan.claims,
            memo: plan.memo,
            notes: plan.notes.into_iter().map(Problem::from).collect(),
        }
    }
}

impl From<wit::Adjustment> for Adjustment {
    fn from(adjustment: wit::Adjustment) -> Self {
        match adjustment {
            wit::Adjustment::SetClaim(claim) => Self::SetClaim(claim.into()),
            wit::Adjustment::DropClaim(name) => Self::DropClaim(name),
            wit::Adjustment::DropGroup(dn) => Self::DropGroup(dn),
            wit::Adjustment::DropRole(name) => Self::DropRole(name),
            wit::Adjustment::AddBar(bar) => Self::AddBar(bar.into()),
        }
    }
}

fn check_plan(plan: &MapperPlan) -> Checked {
    contract::count("attributes", plan.attributes.len(), contract::ITEMS_MAX)?;
    plan.attributes
        .iter()
        .try_for_each(|attribute| writing::check_description("attributes", attribute))?;
    contract::count("claims", plan.claims.len(), contract::ITEMS_MAX)?;
    plan.claims.iter().try_for_each(|claim| {
        contract::claim_name(claim)?;
        contract::holds(
            !claim.contains('#'),
            "claims",
            "a claim is named without its language",
        )
    })?;
    contract::memo(&plan.memo)?;
    contract::check_problems("note", &plan.notes)
}

fn check_results(results: &Adjusted, candidates: usize) -> Checked {
    if results.len() != candidates {
        return Err(Breach::new(
            &format!("{} results for {candidates} candidates", results.len()),
            "there must be one result for each candidate, in order",
        ));
    }
    results.iter().enumerate().try_for_each(|(at, result)| {
        check_result(result).map_err(|breach| breach.within(&format!("result {}", at + 1)))
    })
}

fn check_result(result: &Result<Vec<Adjustment>, Problem>) -> Checked {
    match result {
        Ok(adjustments) => {
            contract::count("adjustments", adjustments.len(), contract::ITEMS_MAX)?;
            adjustments.iter().try_for_each(check_adjustment)
        }
        Err(problem) => contract::check_problems("problem", std::slice::from_ref(problem)),
    }
}

fn check_adjustment(adjustment: &Adjustment) -> Checked {
    match adjustment {
        Adjustment::SetClaim(claim) => contract::check_claim(claim),
        Adjustment::DropClaim(name) => contract::claim_name(name),
        Adjustment::DropGroup(dn) => contract::dn("drop-group", dn),
        Adjustment::DropRole(name) => contract::name("drop-role", name),
        Adjustment::AddBar(bar) => contract::check_refusal("add-bar", &bar.reason),
    }
}

#[cfg(test)]
#[path = "mapper_tests.rs"]
mod tests;
