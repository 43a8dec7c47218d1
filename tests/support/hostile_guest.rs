//! What a hostile guest does while it is not told to misbehave: it names every person by their DN.
//! Shared by path between the crates in `tests/guests`.

use policy_sdk::{
    VendorPolicy,
    types::{
        Context, Description, Entry, Federation, GroupForm, IdForm, Identity, PasswordWrite,
        Person, Plan, Problem, Proposal, StableId, Step,
    },
};
use std::marker::PhantomData;

/// How a guest misbehaves when the memo tells it to.
pub(crate) trait Hostile {
    /// The id of the policy.
    const ID: &'static str;

    /// Does it. `how` is the memo, which is not empty.
    fn misbehave(how: &str, persons: Vec<Person>) -> Vec<Step>;

    /// Says whose a directory is. A guest that has nothing to hide there recognises nothing.
    fn recognise(_root: &Entry, _samples: &[Entry]) -> Option<Proposal> {
        None
    }
}

/// The policy that a [`Hostile`] guest makes.
pub(crate) struct Guest<H>(PhantomData<H>);

impl<H: Hostile> VendorPolicy for Guest<H> {
    fn describe() -> Description {
        Description {
            id: H::ID.into(),
            aliases: Vec::new(),
            title: H::ID.into(),
            version: "1.0.0".into(),
            settings: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn translate(_: Federation) -> Result<Plan, Vec<Problem>> {
        Ok(Plan {
            username_attribute: "uid".into(),
            rdn_attribute: "uid".into(),
            stable_id: StableId {
                attribute: "entryUUID".into(),
                form: IdForm::Uuid,
            },
            user_object_classes: Vec::new(),
            login_filter: "(uid={username})".into(),
            users_filter: "(objectClass=person)".into(),
            attributes: Vec::new(),
            shared: Vec::new(),
            bind_controls: Vec::new(),
            password_controls: Vec::new(),
            password_write: PasswordWrite::Refused,
            writes: Vec::new(),
            group_form: GroupForm::Name,
            claims: Vec::new(),
            mappers: Vec::new(),
            memo: Vec::new(),
            notes: Vec::new(),
            more: Vec::new(),
        })
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        match String::from_utf8(context.memo) {
            Ok(how) if !how.is_empty() => H::misbehave(&how, persons),
            _ => persons
                .into_iter()
                .map(|person| identified(person.entry.dn))
                .collect(),
        }
    }

    fn recognise(root: Entry, samples: Vec<Entry>) -> Option<Proposal> {
        H::recognise(&root, &samples)
    }
}

/// A step that says no more than who it is.
pub(crate) fn identified(username: String) -> Step {
    Step::Identified(Identity {
        username,
        claims: Vec::new(),
        groups: Vec::new(),
        roles: Vec::new(),
        bars: Vec::new(),
        notices: Vec::new(),
        changed_at: None,
        more: Vec::new(),
    })
}
