//! From a plain trait to a component.
use crate::bindings::exports::ldap_oidc::policy::vendor::Guest;
use crate::types::{Context, Description, Federation, Person, Plan, Problem, Step};
use std::marker::PhantomData;

/// A vendor policy.
pub trait VendorPolicy {
    /// Says what this policy is.
    fn describe() -> Description;
    /// Translates.
    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>>;
    /// Decides.
    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step>;
}

/// The component's face of a policy.
pub struct Exported<T>(PhantomData<T>);

impl<T: VendorPolicy> Guest for Exported<T> {
    fn describe() -> Description {
        T::describe()
    }
    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        T::translate(federation)
    }
    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        T::decide(context, persons)
    }
}

/// Makes a component of a policy.
#[macro_export]
macro_rules! export_policy {
    ($policy:ty) => {
        #[cfg(target_family = "wasm")]
        type ExportedPolicy = $crate::Exported<$policy>;
        #[cfg(target_family = "wasm")]
        $crate::__export!(ExportedPolicy with_types_in $crate::bindings);
    };
}
