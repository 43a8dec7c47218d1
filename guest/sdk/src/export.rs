//! From a plain trait to a component.

use crate::bindings::exports::ldap_oidc::policy::{
    changes, passwords, recognition, vendor, writing,
};
use crate::types::{
    Claim, Complaint, Context, Description, Entry, EntryChange, Federation, NewEntry, Page, Person,
    Plan, Problem, ProfileChange, Proposal, Reply, Step, Turn, problem,
};
use std::marker::PhantomData;

/// A vendor policy: three pure functions, as `wit/policy.wit` documents them, and those of its optional
/// interfaces, which say nothing and write nothing by themselves.
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

    /// What a refused password change means; `user` is the entry as it was before.
    fn explain_password(context: Context, user: Entry, reply: Reply) -> Vec<Complaint> {
        let _ = (context, user);
        let code = reply.result_code;
        vec![Complaint::Other(format!(
            "the directory answered the change of password with result {code}"
        ))]
    }

    /// Translates a change of a profile.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, with the names of the changes as fields.
    fn modify(
        context: Context,
        user: Entry,
        changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        let _ = (context, user, changes);
        Err(vec![writes_nothing()])
    }

    /// Makes the entry of a new user.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, with the names of the claims as fields.
    fn register(context: Context, profile: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        let _ = (context, profile);
        Err(vec![writes_nothing()])
    }

    /// What the directory's refusal of a write means, in the fields of the profile.
    fn explain_write(context: Context, reply: Reply) -> Vec<Problem> {
        let _ = context;
        let code = reply.result_code;
        vec![problem(
            "edit_mode",
            format!("the directory answered the write with result {code}; look that up in its log"),
        )]
    }

    /// OIDs of the controls that the reads for changes use.
    fn change_controls() -> Vec<String> {
        Vec::new()
    }

    /// Begins to look for changes; without a cursor it sets the mark before all users are read.
    fn start_changes(context: Context, cursor: Option<Vec<u8>>) -> Turn {
        let _ = (context, cursor);
        Turn::StartOver
    }

    /// Takes one page of the read with the key `asked`.
    fn follow_changes(
        context: Context,
        cursor: Option<Vec<u8>>,
        asked: String,
        page: Page,
    ) -> Turn {
        let _ = (context, cursor, asked, page);
        Turn::StartOver
    }
}

fn writes_nothing() -> Problem {
    let message =
        "this policy does not write; set READ_ONLY, or UNSYNCED for changes of the bridge's own";
    problem("edit_mode", message)
}

/// The component's face of a policy; [`export_policy!`](crate::export_policy) and
/// [`export_mapper!`](crate::export_mapper) make use of it.
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

impl<T: VendorPolicy> passwords::Guest for Exported<T> {
    fn explain(context: Context, user: Entry, reply: Reply) -> Vec<Complaint> {
        begin();
        T::explain_password(context, user, reply)
    }
}

impl<T: VendorPolicy> writing::Guest for Exported<T> {
    fn modify(
        context: Context,
        user: Entry,
        changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        begin();
        T::modify(context, user, changes)
    }

    fn register(context: Context, profile: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        begin();
        T::register(context, profile)
    }

    fn explain(context: Context, reply: Reply) -> Vec<Problem> {
        begin();
        T::explain_write(context, reply)
    }
}

impl<T: VendorPolicy> changes::Guest for Exported<T> {
    fn controls() -> Vec<String> {
        begin();
        T::change_controls()
    }

    fn start(context: Context, cursor: Option<Vec<u8>>) -> Turn {
        begin();
        T::start_changes(context, cursor)
    }

    fn follow(context: Context, cursor: Option<Vec<u8>>, asked: String, page: Page) -> Turn {
        begin();
        T::follow_changes(context, cursor, asked, page)
    }
}

/// What each call of a component begins with. Natively there is a caller who sees panics.
pub(crate) fn begin() {
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
            type ExportedPolicy = $crate::Exported<$policy>;
    $crate::__export!(ExportedPolicy with_types_in $crate::bindings);
        };
    };
}
