//! A policy for people with `uid`, `cn`, `mail`, `seeAlso` (their groups) and `description` (which, if
//! it is `off`, bars them).

use bridge_model::{
    decision::{Bar, Claim, ClaimValue, Context, Group, Identity, Person, Refusal, Step},
    entry::Entry,
    federation::Federation,
    plan::{Description, IdForm, Plan, Problem, Proposal, StableId},
    ports::{Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Clone)]
pub(crate) struct FakePolicy {
    pub(crate) reference: PolicyRef,
    pub(crate) problems: Vec<Problem>,
    pub(crate) notes: Vec<Problem>,
    pub(crate) proposal: Option<Proposal>,
    /// Fails at everything.
    pub(crate) is_broken: bool,
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
        }
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
        claims: vec!["name".to_owned(), "email".to_owned()],
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
    }
}

impl Policies for FakePolicies {
    fn vendor(&self, vendor: &str) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
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
}

impl VendorPolicy for FakePolicy {
    fn reference(&self) -> &PolicyRef {
        &self.reference
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
        Ok(persons.iter().map(step).collect())
    }
}

fn step(person: &Person) -> Step {
    let texts = |name: &str| -> Vec<String> {
        let values = person.entry.values(name).iter();
        values
            .map(|value| String::from_utf8(value.clone()).expect("text"))
            .collect()
    };
    let claim = |name: &str, attribute: &str| {
        let value = ClaimValue::Text(texts(attribute).first()?.clone());
        let name = name.to_owned();
        Some(Claim { name, value })
    };
    let bar = Bar {
        reason: Refusal::Disabled,
        since: None,
        until: None,
    };
    let is_off = texts("description").iter().any(|text| text == "off");
    Step::Identified(Identity {
        username: texts("uid").remove(0),
        claims: [claim("name", "cn"), claim("email", "mail")]
            .into_iter()
            .flatten()
            .collect(),
        groups: texts("seeAlso")
            .into_iter()
            .map(|dn| Group {
                name: dn.split(['=', ',']).nth(1).expect("a name").to_owned(),
                dn,
                id: None,
                parents: Vec::new(),
            })
            .collect(),
        bars: is_off.then_some(bar).into_iter().collect(),
        ..Identity::default()
    })
}
