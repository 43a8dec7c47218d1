//! What a hostile guest does while it is not told to misbehave: it names every person by their DN.
//! Shared by path between the crates in `tests/guests`.

use policy_sdk::{
    VendorPolicy,
    types::{
        Claim, Complaint, Context, Description, Entry, EntryChange, Federation, GroupForm, IdForm,
        Identity, NewEntry, Page, PasswordWrite, Person, Plan, Problem, ProfileChange, Proposal,
        Reply, StableId, Step, Turn, problem,
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

    /// Says what a refused password change means. `how` is the memo, here and in what follows.
    fn complaints(_how: &str, _user: &Entry, _reply: &Reply) -> Vec<Complaint> {
        vec![Complaint::NotAllowed]
    }

    /// Translates a change of a profile.
    fn modify(
        _how: &str,
        _user: &Entry,
        _changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        Err(vec![problem("name", "nothing is written; leave it")])
    }

    /// Makes the entry of a new user.
    fn register(_how: &str, _profile: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        Err(vec![problem("name", "nobody is made; leave it")])
    }

    /// Says what a refused write means.
    fn meaning(_how: &str, _reply: &Reply) -> Vec<Problem> {
        vec![problem("name", "it was refused; leave it")]
    }

    /// The controls of the reads for changes.
    fn controls() -> Vec<String> {
        Vec::new()
    }

    /// Begins a run.
    fn start(_how: &str, _cursor: Option<Vec<u8>>) -> Turn {
        Turn::StartOver
    }

    /// Takes a page.
    fn follow(_how: &str, _cursor: Option<Vec<u8>>, _asked: &str, _page: Page) -> Turn {
        Turn::StartOver
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

    fn explain_password(context: Context, user: Entry, reply: Reply) -> Vec<Complaint> {
        H::complaints(&how(context), &user, &reply)
    }

    fn modify(
        context: Context,
        user: Entry,
        changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        H::modify(&how(context), &user, changes)
    }

    fn register(context: Context, profile: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        H::register(&how(context), profile)
    }

    fn explain_write(context: Context, reply: Reply) -> Vec<Problem> {
        H::meaning(&how(context), &reply)
    }

    fn change_controls() -> Vec<String> {
        H::controls()
    }

    fn start_changes(context: Context, cursor: Option<Vec<u8>>) -> Turn {
        H::start(&how(context), cursor)
    }

    fn follow_changes(
        context: Context,
        cursor: Option<Vec<u8>>,
        asked: String,
        page: Page,
    ) -> Turn {
        H::follow(&how(context), cursor, &asked, page)
    }
}

fn how(context: Context) -> String {
    String::from_utf8(context.memo).unwrap_or_default()
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
