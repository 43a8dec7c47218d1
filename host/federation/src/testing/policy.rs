//! A policy for people with `uid`, `cn`, `mail`, `seeAlso` (their groups) and `description` (which, if
//! it is `off`, `expired` or `must`, bars them). A refused bind means what its diagnostic says.

mod step;

use bridge_model::{
    changes::Turn,
    decision::{Bar, Claim, Context, Notice, Person, Refusal, Step},
    entry::Entry,
    federation::Federation,
    names::RealmName,
    plan::{
        Description, GroupForm, IdForm, PasswordAttribute, PasswordEncoding, PasswordWrite, Plan,
        Problem, Proposal, StableId,
    },
    policy::{PolicyChoice, Provenance},
    ports::{MapperPolicy, Offers, Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
    search::{Page, Reply},
    time::Timestamp,
    write::{Complaint, EntryChange, NewEntry, ProfileChange},
};
use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    time::Duration,
};
use step::{left_out, step};

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
}

pub(crate) struct FakePolicies(Mutex<Vec<FakePolicy>>);

impl Default for FakePolicies {
    fn default() -> Self {
        Self(Mutex::new(vec![FakePolicy::new("sample")]))
    }
}

impl FakePolicies {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<FakePolicy>> {
        self.0.lock().expect("no test panicked in here")
    }
}

impl FakePolicy {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            reference: PolicyRef {
                id: id.to_owned(),
                version: "1.0.0".to_owned(),
                digest: "sha256:1".to_owned(),
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
        }
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

impl Policies for FakePolicies {
    fn vendor(
        &self,
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        let (PolicyChoice::InForce(vendor) | PolicyChoice::Digest(vendor)) = choice;
        let all = self.all();
        let found = all.iter().find(|policy| policy.reference.id == vendor);
        match found {
            Some(policy) => Ok(Arc::new(policy.clone())),
            None => Err(PolicyError {
                policy: vendor.to_owned(),
                fault: PolicyFault::Unknown,
                detail: String::new(),
            }),
        }
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        let all = self.all();
        let described = all.iter().map(|policy| {
            let description = Description {
                id: policy.reference.id.clone(),
                aliases: Vec::new(),
                title: String::new(),
                version: policy.reference.version.clone(),
                settings: Vec::new(),
                kinds: Vec::new(),
            };
            (policy.reference.clone(), description)
        });
        described.collect()
    }

    fn mapper(
        &self,
        _: &RealmName,
        choice: PolicyChoice<'_>,
    ) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
        Err(PolicyError {
            policy: format!("{choice:?}"),
            fault: PolicyFault::Unknown,
            detail: String::new(),
        })
    }

    fn mappers(&self) -> Vec<(PolicyRef, Description)> {
        Vec::new()
    }

    fn provenance(&self, _: &str) -> Option<Provenance> {
        None
    }

    fn put_in_force(&self, digest: &str) -> Result<PolicyRef, PolicyError> {
        Err(PolicyError {
            policy: digest.to_owned(),
            fault: PolicyFault::Unknown,
            detail: String::new(),
        })
    }

    fn limit_realm(&self, _: &RealmName, _: Duration) {}
}

static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| Description {
    id: "fake".to_owned(),
    aliases: Vec::new(),
    title: String::new(),
    version: "1.0.0".to_owned(),
    settings: Vec::new(),
    kinds: Vec::new(),
});

impl VendorPolicy for FakePolicy {
    fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn translate(
        &self,
        federation: &Federation,
    ) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
        self.works()?;
        if !self.problems.is_empty() {
            return Ok(Err(self.problems.clone()));
        }
        let mut plan = plan();
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
        let steps = persons.iter().map(|person| match step(person) {
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
