//! A directory of a few people, a policy that reads it, and a realm that uses both.

use async_trait::async_trait;
use bridge_model::{
    audit::AuditEvent,
    client::{Client, ClientAuthentication, GrantType, RedirectUri},
    decision::{Claim, ClaimValue, Context, Identity, Person, Refusal, Rejection, Step},
    dn::Dn,
    entry::{Attribute, Entry},
    federation::{BindName, Connection, Federation},
    keys::SigningAlgorithm,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::{Description, IdForm, Plan, Problem, Proposal, StableId},
    ports::{
        AuditLog, Directories, Directory, DirectoryError, DirectoryFault, Policies, PolicyError,
        VendorPolicy,
    },
    realm::{
        ClientDeclaration, Declaration, FederationDeclaration, PlannedFederation, PolicyRef, Prune,
        Realm, RealmDeclaration, Revision,
    },
    search::{Control, Found, Reply, Search, SearchScope, Subtree},
    secret::{Password, Secret},
};
use std::sync::{Arc, LazyLock, Mutex};
use uuid::Uuid;

/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse";
/// A name that makes the directory silent.
pub(super) const SILENCE: &str = "silence";
/// Where people live.
const PEOPLE: &str = "ou=people,dc=example,dc=test";

/// People by user name, with what the policy says of them once the password was right.
const EVERYBODY: [(&str, Option<Refusal>); 3] = [
    ("ada", None),
    ("grace", Some(Refusal::Disabled)),
    ("alan", Some(Refusal::Locked)),
];

/// Keeps what is recorded.
#[derive(Default)]
pub(super) struct FakeAudit(Mutex<Vec<AuditEvent>>);

impl FakeAudit {
    /// All lines so far, each as `outcome reason`.
    pub(super) fn lines(&self) -> Vec<String> {
        let events = self.0.lock().expect("not poisoned");
        let line = |event: &AuditEvent| {
            let reason = event.reason.as_deref().unwrap_or("-");
            format!("{:?} {:?} {reason}", event.event, event.outcome)
        };
        events.iter().map(line).collect()
    }

    pub(super) fn last(&self) -> AuditEvent {
        let events = self.0.lock().expect("not poisoned");
        events.last().expect("a line").clone()
    }
}

impl AuditLog for FakeAudit {
    fn record(&self, event: &AuditEvent) {
        self.0.lock().expect("not poisoned").push(event.clone());
    }
}

pub(super) struct FakeDirectories;
struct FakeDirectory;

impl Directories for FakeDirectories {
    fn open(
        &self,
        _: &Federation,
        _: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError> {
        Ok(Arc::new(FakeDirectory))
    }
}

#[async_trait]
impl Directory for FakeDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        let filter = search.filter.to_string();
        if filter.contains(SILENCE) {
            return Err(DirectoryError::new(
                DirectoryFault::Timeout,
                "directory.example:636",
                "silent",
            ));
        }
        let wanted = |name: &str| filter.contains(&format!("(uid={name})"));
        let twins = filter.contains("(uid=twin)");
        let entries = EVERYBODY
            .iter()
            .filter(|(name, _)| wanted(name) || (twins && *name != "alan"))
            .map(|(name, _)| entry(name))
            .collect();
        Ok(Found {
            result_code: 0,
            entries,
        })
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        _: &[Control],
    ) -> Result<Reply, DirectoryError> {
        let known = EVERYBODY
            .iter()
            .any(|(user, _)| entry(user).dn == name.as_str());
        let fits = known && password.expose() == PASSWORD;
        Ok(Reply {
            // RFC 4511 section 4.1.9: invalidCredentials.
            result_code: if fits { 0 } else { 49 },
            ..Reply::default()
        })
    }
}

fn entry(name: &str) -> Entry {
    let attribute = |description: &str, value: &str| Attribute {
        name: description.to_owned(),
        values: vec![value.as_bytes().to_vec()],
    };
    Entry {
        dn: format!("uid={name},{PEOPLE}"),
        attributes: vec![
            attribute("uid", name),
            attribute("objectClass", "person"),
            attribute(
                "entryUUID",
                &format!("00000000-0000-4000-8000-{:0>12}", name.len()),
            ),
        ],
    }
}

pub(super) struct FakePolicies;
struct FakePolicy;

static POLICY: LazyLock<PolicyRef> = LazyLock::new(|| PolicyRef {
    id: "sample".to_owned(),
    version: "1.0.0".to_owned(),
    digest: format!("sha256:{}", "0".repeat(64)),
});

impl Policies for FakePolicies {
    fn vendor(&self, _: &str) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        Ok(Arc::new(FakePolicy))
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        Vec::new()
    }
}

impl VendorPolicy for FakePolicy {
    fn reference(&self) -> &PolicyRef {
        &POLICY
    }

    fn translate(&self, _: &Federation) -> Result<Result<Plan, Vec<Problem>>, PolicyError> {
        Ok(Ok(plan()))
    }

    fn recognise(&self, _: &Entry, _: &[Entry]) -> Result<Option<Proposal>, PolicyError> {
        Ok(None)
    }

    fn decide(&self, _: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError> {
        Ok(persons.iter().map(step).collect())
    }
}

fn step(person: &Person) -> Step {
    let name = person.entry.values("uid").first().cloned();
    let name = String::from_utf8(name.unwrap_or_default()).unwrap_or_default();
    let rejected = |reason| {
        Step::Rejected(Rejection {
            reason,
            until: None,
            password_was_right: false,
        })
    };
    if !person.reply.as_ref().is_some_and(Reply::is_success) {
        return rejected(Refusal::BadCredentials);
    }
    let known = EVERYBODY.iter().find(|(user, _)| *user == name);
    match known.and_then(|(_, refusal)| refusal.clone()) {
        Some(reason) => rejected(reason),
        None => Step::Identified(Identity {
            claims: vec![Claim {
                name: "name".to_owned(),
                value: ClaimValue::Text("Ada <Lovelace>".to_owned()),
            }],
            username: name,
            ..Identity::default()
        }),
    }
}

fn plan() -> Plan {
    Plan {
        username_attribute: "uid".to_owned(),
        rdn_attribute: "uid".to_owned(),
        stable_id: StableId {
            attribute: "entryUUID".to_owned(),
            form: IdForm::Uuid,
        },
        user_object_classes: vec!["person".to_owned()],
        login_filter: "(uid={username})".to_owned(),
        users_filter: "(objectClass=person)".to_owned(),
        attributes: vec!["uid".to_owned()],
        shared: Vec::new(),
        bind_controls: Vec::new(),
        claims: vec!["name".to_owned()],
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
    }
}

/// The realms `staff` and `former` (switched off).
pub(super) fn declaration() -> Declaration {
    Declaration {
        source: "test.toml".to_owned(),
        realms: [("staff", true), ("former", false)]
            .map(|(name, enabled)| {
                let name = RealmName::new(name).expect("a name");
                RealmDeclaration {
                    federations: vec![federation(&name)],
                    clients: vec![client(&name)],
                    realm: Realm {
                        display_name: Some("Example & Company".to_owned()),
                        enabled,
                        ..Realm::new(name)
                    },
                }
            })
            .into(),
        prune: Prune::AllRealms,
        adopt: false,
    }
}

fn client(realm: &RealmName) -> ClientDeclaration {
    ClientDeclaration {
        client: Client {
            realm: realm.clone(),
            id: ClientId::new("wiki").expect("an id"),
            name: Some("<b>Team Wiki</b>".to_owned()),
            enabled: true,
            authentication: ClientAuthentication::Public,
            grant_types: vec![GrantType::AuthorizationCode],
            redirect_uris: vec![RedirectUri::new(super::CALLBACK).expect("a redirect URI")],
            // Making an RSA key takes seconds in a debug build.
            signing_algorithm: SigningAlgorithm::ES256,
            token_lifetime: None,
            allowed_groups: Vec::new(),
            admin_scopes: Vec::new(),
            managed_by: None,
            revision: Revision::default(),
        },
        secrets: Vec::new(),
    }
}

fn federation(realm: &RealmName) -> FederationDeclaration {
    let people = Subtree {
        base: Dn::parse(PEOPLE).expect("a DN"),
        scope: SearchScope::Subtree,
    };
    let url = "ldaps://directory.example".parse().expect("a URL");
    let federation = Federation {
        id: FederationId(Uuid::from_u128(realm.as_str().len() as u128)),
        vendor: "sample".to_owned(),
        users: vec![people],
        ..Federation::new(
            realm.clone(),
            FederationName::new("people").expect("a name"),
            Connection::to(vec![url]),
        )
    };
    FederationDeclaration {
        planned: PlannedFederation {
            federation,
            plan: plan(),
            policy: POLICY.clone(),
            managed_by: None,
            revision: Revision::default(),
        },
        bind_credential: None,
    }
}
