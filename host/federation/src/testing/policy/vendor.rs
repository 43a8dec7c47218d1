//! The vendor policy of the tests: what it says of itself, of plans, of people and of changes.

use super::{
    locked,
    step::{left_out, step},
};
use bridge_model::{
    changes::Turn,
    decision::{Bar, Claim, Context, Notice, Person, Refusal, Step},
    entry::Entry,
    federation::Federation,
    plan::{
        Description, GroupForm, IdForm, PasswordAttribute, PasswordEncoding, PasswordWrite, Plan,
        Problem, Proposal, StableId,
    },
    ports::{Offers, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
    search::{Page, Reply},
    time::Timestamp,
    write::{Complaint, EntryChange, NewEntry, ProfileChange},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    thread,
};

#[derive(Clone)]
pub(crate) struct FakePolicy {
    pub(crate) reference: PolicyRef,
    pub(crate) problems: Vec<Problem>,
    pub(crate) notes: Vec<Problem>,
    pub(crate) proposal: Option<Proposal>,
    /// Fails at everything.
    pub(crate) is_broken: bool,
    pub(crate) offers: Offers,
    /// What a refused password change means.
    pub(crate) complaints: Vec<Complaint>,
    /// What a profile change becomes, whatever is asked.
    pub(crate) change: Result<EntryChange, Vec<Problem>>,
    /// What a registration becomes, whatever is asked.
    pub(crate) new_entry: Option<NewEntry>,
    /// What was asked of `modify` and `register`.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// Answers to the calls about changes to come.
    pub(crate) turns: Arc<Mutex<VecDeque<Turn>>>,
    /// When everybody's password ends; who signs in hears of it.
    pub(crate) password_ends_at: Option<Timestamp>,
    /// What is said of mappers in every identity.
    pub(crate) left_out: Vec<String>,
    pub(crate) description: Description,
    /// Whether the realm's processor time is used up.
    pub(crate) is_busy: bool,
    /// Whether its calls take long.
    pub(crate) is_slow: bool,
    /// What it says of a person instead of what it would, if it does.
    pub(crate) says: Option<fn(&Person) -> Step>,
    /// What it makes of a plan.
    pub(crate) plans: fn(&mut Plan),
    /// The names of the mappers that it was told of.
    pub(crate) told: Arc<Mutex<Vec<String>>>,
    /// The names of the threads on which it was called.
    pub(crate) threads: Arc<Mutex<Vec<String>>>,
}

impl FakePolicy {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            reference: PolicyRef {
                id: id.to_owned(),
                version: "1.0.0".to_owned(),
                digest: match id {
                    "sample" => "sha256:1".to_owned(),
                    other => format!("sha256:{other}"),
                },
            },
            problems: Vec::new(),
            notes: Vec::new(),
            proposal: None,
            is_broken: false,
            offers: Offers {
                passwords: true,
                writing: true,
                changes: None,
            },
            complaints: Vec::new(),
            change: Ok(EntryChange::default()),
            new_entry: None,
            asked: Arc::default(),
            turns: Arc::default(),
            password_ends_at: None,
            left_out: Vec::new(),
            description: Description {
                id: id.to_owned(),
                aliases: vec![format!("{id}-alias")],
                title: String::new(),
                version: "1.0.0".to_owned(),
                settings: Vec::new(),
                kinds: Vec::new(),
            },
            is_busy: false,
            is_slow: false,
            says: None,
            plans: |_| {},
            told: Arc::default(),
            threads: Arc::default(),
        }
    }

    /// Another version of it.
    pub(crate) fn version(id: &str, version: &str, digest: &str) -> Self {
        let mut policy = Self::new(id);
        version.clone_into(&mut policy.reference.version);
        digest.clone_into(&mut policy.reference.digest);
        version.clone_into(&mut policy.description.version);
        policy
    }

    fn note(&self, asked: String) {
        self.asked
            .lock()
            .expect("no test panicked in here")
            .push(asked);
    }

    fn turn(&self) -> Result<Turn, PolicyError> {
        self.works()?;
        let mut turns = self.turns.lock().expect("no test panicked in here");
        Ok(turns.pop_front().expect("an answer for every call"))
    }

    fn works(&self) -> Result<(), PolicyError> {
        let thread = thread::current();
        locked(&self.threads).push(thread.name().unwrap_or_default().to_owned());
        if self.is_busy {
            return Err(PolicyError {
                policy: self.reference.id.clone(),
                fault: PolicyFault::Busy,
                detail: "as the test wants it".to_owned(),
            });
        }
        if !self.is_broken {
            return Ok(());
        }
        Err(PolicyError {
            policy: self.reference.id.clone(),
            fault: PolicyFault::Trap,
            detail: "as the test wants it".to_owned(),
        })
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        username_attribute: "uid".to_owned(),
        rdn_attribute: "uid".to_owned(),
        stable_id: StableId {
            attribute: "id".to_owned(),
            form: IdForm::Octets,
        },
        user_object_classes: vec!["person".to_owned()],
        login_filter: "(uid={username})".to_owned(),
        users_filter: "(uid=*)".to_owned(),
        attributes: ["uid", "cn", "mail", "seeAlso", "description"]
            .map(str::to_owned)
            .into(),
        shared: Vec::new(),
        bind_controls: Vec::new(),
        password_controls: Vec::new(),
        password_write: PasswordWrite::Exchange(PasswordAttribute {
            name: "userPassword".to_owned(),
            encoding: PasswordEncoding::Utf8,
        }),
        writes: ["cn", "mail", "uid", "description", "objectClass"]
            .map(str::to_owned)
            .into(),
        group_form: GroupForm::default(),
        claims: vec!["name".to_owned(), "email".to_owned()],
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
        chained: Vec::new(),
    }
}

impl VendorPolicy for FakePolicy {
    fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn ready(&self) -> Result<(), PolicyError> {
        if self.is_busy { self.works() } else { Ok(()) }
    }

    fn is_slow(&self) -> bool {
        self.is_slow
    }

    fn translate(
        &self,
        federation: &Federation,
    ) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
        self.works()?;
        if !self.problems.is_empty() {
            return Ok(Err(self.problems.clone()));
        }
        let mappers = federation.mappers.iter();
        *locked(&self.told) = mappers.map(|mapper| mapper.name.clone()).collect();
        let mut plan = plan();
        (self.plans)(&mut plan);
        plan.notes.clone_from(&self.notes);
        if let Some(attribute) = &federation.uuid_attribute {
            plan.stable_id.attribute.clone_from(attribute);
        }
        Ok(Ok(plan))
    }

    fn recognise(&self, _: &Entry, _: &[Entry]) -> Result<Option<Proposal>, PolicyError> {
        self.works()?;
        Ok(self.proposal.clone())
    }

    fn decide(&self, _: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
        self.works()?;
        let steps = persons.iter().map(|person| {
            match self.says.map_or_else(|| step(person), |says| says(person)) {
                Step::Identified(mut identity) => {
                    identity.bars.extend(self.password_ends_at.map(|since| Bar {
                        reason: Refusal::PasswordExpired,
                        since: Some(since),
                        until: None,
                    }));
                    identity.notices.push(Notice::GraceSignIns(2));
                    identity.more = self.left_out.iter().map(|name| left_out(name)).collect();
                    Step::Identified(identity)
                }
                step => step,
            }
        });
        Ok(steps.collect())
    }

    fn offers(&self) -> Offers {
        self.offers.clone()
    }

    fn explain_password(
        &self,
        _: &Context,
        _: &Entry,
        _: &Reply,
    ) -> Result<Vec<Complaint>, PolicyError> {
        self.works()?;
        Ok(self.complaints.clone())
    }

    fn modify(
        &self,
        _: &Context,
        user: &Entry,
        changes: &[ProfileChange],
    ) -> Result<Result<EntryChange, Vec<Problem>>, PolicyError> {
        self.works()?;
        for change in changes {
            self.note(format!("{}: {} = {:?}", user.dn, change.name, change.value));
        }
        Ok(self.change.clone())
    }

    fn register(
        &self,
        _: &Context,
        profile: &[Claim],
    ) -> Result<Result<NewEntry, Vec<Problem>>, PolicyError> {
        self.works()?;
        for claim in profile {
            self.note(format!("new: {} = {:?}", claim.name, claim.value));
        }
        let problem = Problem {
            field: "username".to_owned(),
            message: "nobody may come; ask elsewhere".to_owned(),
        };
        Ok(self.new_entry.clone().ok_or_else(|| vec![problem]))
    }

    fn explain_write(&self, _: &Context, reply: &Reply) -> Result<Vec<Problem>, PolicyError> {
        self.works()?;
        Ok(vec![Problem {
            field: "email".to_owned(),
            message: format!("refused with {}; take another", reply.result_code),
        }])
    }

    fn start_changes(&self, _: &Context, _: Option<&[u8]>) -> Result<Turn, PolicyError> {
        self.turn()
    }

    fn follow_changes(
        &self,
        _: &Context,
        _: Option<&[u8]>,
        _: &str,
        _: &Page,
    ) -> Result<Turn, PolicyError> {
        self.turn()
    }
}
