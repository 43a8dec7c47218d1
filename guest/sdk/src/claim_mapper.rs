//! Mapper policies: one kind of mapper, which any federation can name, whatever its vendor.
//!
//! A policy is a type with [`ClaimMapper`], turned into a component by
//! [`export_mapper!`](crate::export_mapper).
//!
//! ```
//! use policy_sdk::{
//!     Attributes, ClaimMapper, Known,
//!     claim_mapper::{self, Form, MapperRule},
//!     types::{Adjustment, Candidate, ClaimValue, Description, Mapper, MapperPlan, Problem},
//! };
//!
//! /// `{"name": "initial", "kind": "initial", "ldap_attribute": "sn"}`: a claim with one letter.
//! pub struct Initial;
//!
//! impl ClaimMapper for Initial {
//!     type Rule = MapperRule;
//!
//!     fn describe() -> Description {
//!         let settings = &[claim_mapper::CLAIM];
//!         claim_mapper::description("initial", "Initial", env!("CARGO_PKG_VERSION"), settings)
//!     }
//!
//!     fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
//!         let mut form = Form::of(mapper, &[claim_mapper::CLAIM]);
//!         let (attribute, claim) = (form.attribute(), form.claim());
//!         let rule = MapperRule::new(attribute, claim);
//!         form.finish(rule.plan())
//!     }
//!
//!     fn rule(memo: &[u8]) -> Result<Self::Rule, Problem> {
//!         MapperRule::decode(memo)
//!     }
//!
//!     fn adjust(
//!         rule: &Self::Rule,
//!         _now: u64,
//!         candidate: &Candidate,
//!     ) -> Result<Vec<Adjustment>, Problem> {
//!         let text = Attributes::of(&candidate.entry).text(&rule.attribute);
//!         let first = text.and_then(|text| text.chars().next());
//!         let value = first.map(|letter| ClaimValue::Text(letter.to_string()));
//!         Ok(claim_mapper::claim(&rule.claim, value))
//!     }
//! }
//!
//! policy_sdk::export_mapper!(Initial);
//! # fn main() {}
//! ```
//!
//! Module `testing` has what its tests need: `testing::mapper`, `testing::candidate` and
//! `testing::adjust`.

mod form;
mod rule;

pub use form::Form;
pub use rule::MapperRule;

use crate::{
    Known,
    bindings::mapper::exports::ldap_oidc::policy::claim_mapper,
    export::{Exported, begin},
    mapper::settings,
    types::{Adjustment, Candidate, Claim, ClaimValue, Description, Mapper, MapperPlan, Problem},
};

/// The setting `claim`: the claim's name, where it is not the mapper's.
pub const CLAIM: Known = settings::CLAIM;

/// A mapper policy: pure functions, as `claim-mapper` in `wit/policy.wit` documents them.
///
/// Any call may meet a fresh instance, nothing is kept between calls, and the same arguments always
/// give the same answer.
pub trait ClaimMapper {
    /// A mapper, as its memo says it: read once for a whole batch.
    type Rule;

    /// Says what this policy is: its id and its aliases are the kinds that it answers to;
    /// see [`description`].
    fn describe() -> Description;

    /// Checks a mapper as the operator wrote it; see [`Form`].
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>>;

    /// Reads the memo of a plan that [`Self::check`] made.
    ///
    /// # Errors
    ///
    /// It is not such a memo: every candidate fails with this.
    fn rule(memo: &[u8]) -> Result<Self::Rule, Problem>;

    /// What becomes of one person, at this time in seconds since 1970-01-01T00:00:00Z. Nothing to say is
    /// no adjustment.
    ///
    /// # Errors
    ///
    /// The mapper cannot say what it should; the field is an attribute. The other candidates are not
    /// touched.
    fn adjust(
        rule: &Self::Rule,
        now: u64,
        candidate: &Candidate,
    ) -> Result<Vec<Adjustment>, Problem>;

    /// One result for each candidate, in order: for a policy that does them together.
    fn adjust_all(
        memo: &[u8],
        now: u64,
        candidates: &[Candidate],
    ) -> Vec<Result<Vec<Adjustment>, Problem>> {
        let rule = Self::rule(memo);
        let adjust = |candidate| match &rule {
            Ok(rule) => Self::adjust(rule, now, candidate),
            Err(problem) => Err(problem.clone()),
        };
        candidates.iter().map(adjust).collect()
    }
}

/// What a mapper policy says of itself.
pub fn description(id: &str, title: &str, version: &str, settings: &[Known]) -> Description {
    Description {
        id: id.to_owned(),
        aliases: Vec::new(),
        title: title.to_owned(),
        version: version.to_owned(),
        settings: settings.iter().map(Known::help).collect(),
        kinds: Vec::new(),
    }
}

/// The adjustment that sets a claim, or none where there is nothing to say.
pub fn claim(name: &str, value: Option<ClaimValue>) -> Vec<Adjustment> {
    let set = |value| {
        let name = name.to_owned();
        Adjustment::SetClaim(Claim { name, value })
    };
    value.map(set).into_iter().collect()
}

impl<T: ClaimMapper> claim_mapper::Guest for Exported<T> {
    fn describe() -> Description {
        begin();
        T::describe()
    }

    fn check(mapper: Mapper) -> Result<MapperPlan, Vec<Problem>> {
        begin();
        T::check(&mapper)
    }

    fn adjust(
        memo: Vec<u8>,
        now: u64,
        candidates: Vec<Candidate>,
    ) -> Vec<Result<Vec<Adjustment>, Problem>> {
        begin();
        T::adjust_all(&memo, now, &candidates)
    }
}

/// Makes a component of a mapper policy: `export_mapper!(MyMapper);` once in the crate, whose type is
/// `cdylib`. Natively it only checks that the type is a [`ClaimMapper`].
#[macro_export]
macro_rules! export_mapper {
    ($mapper:ty) => {
        const _: () = {
            const fn is_a_mapper<T: $crate::ClaimMapper>() {}
            is_a_mapper::<$mapper>();
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            type ExportedPolicy = $crate::Exported<$mapper>;
    $crate::__export_claim_mapper!(ExportedPolicy with_types_in $crate::bindings::mapper);
        };
    };
}

#[cfg(test)]
mod tests;
