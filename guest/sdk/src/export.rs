//! From a plain trait to a component.

use crate::bindings::exports::ldap_oidc::policy::{recognition, vendor};
use crate::types::{
    Context, Description, Entry, Federation, Person, Plan, Problem, Proposal, Step,
};
use std::marker::PhantomData;

/// A vendor policy: three pure functions, as `wit/policy.wit` documents them.
///
/// Any call may meet a fresh instance, nothing is kept between calls, and the same arguments always
/// give the same answer.
pub trait VendorPolicy {
    /// Says what this policy is.
    fn describe() -> Description;

    /// Translates a federation: checks it, fills in the vendor's defaults, lays the operator's
    /// mappers over the vendor's.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>>;

    /// Judges what the directory answered: one step for each person, in order.
    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step>;

    /// Whether this directory is one of the vendor's, and how a federation with it would look.
    fn recognise(root: Entry, samples: Vec<Entry>) -> Option<Proposal> {
        let _ = (root, samples);
        None
    }
}

/// The component's face of a policy; [`export_policy!`](crate::export_policy) makes use of it.
pub struct Exported<T>(PhantomData<T>);

impl<T: VendorPolicy> vendor::Guest for Exported<T> {
    fn describe() -> Description {
        begin();
        T::describe()
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        begin();
        T::translate(federation)
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        begin();
        T::decide(context, persons)
    }
}

impl<T: VendorPolicy> recognition::Guest for Exported<T> {
    fn recognise(root: Entry, samples: Vec<Entry>) -> Option<Proposal> {
        begin();
        T::recognise(root, samples)
    }
}

/// What each call of a component begins with. Natively there is a caller who sees panics.
fn begin() {
    #[cfg(target_family = "wasm")]
    crate::panic::report();
}

/// Makes a component of a policy: `export_policy!(MyPolicy);` once in the crate, whose type is
/// `cdylib`. Natively it only checks that the type is a [`VendorPolicy`].
#[macro_export]
macro_rules! export_policy {
    ($policy:ty) => {
        const _: () = {
            const fn is_a_policy<T: $crate::VendorPolicy>() {}
            is_a_policy::<$policy>();
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            type Policy = $crate::Exported<$policy>;
    $crate::__export!(Policy with_types_in $crate::bindings);
        };
    };
}
