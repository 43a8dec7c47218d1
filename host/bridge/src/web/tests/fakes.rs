//! A policy that reads the directory of [`super::people`], and realms that use both.

use super::people::{EXPIRED, PEOPLE};
use bridge_model::{
    audit::AuditEvent,
    client::{Client, ClientAuthentication, GrantType, RedirectUri},
    decision::{Bar, Claim, ClaimValue, Context, Identity, Person, Refusal, Rejection, Step},
    dn::Dn,
    entry::{Attribute, Entry},
    federation::{Connection, EditMode, Federation},
    keys::SigningAlgorithm,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::{
        Description, GroupForm, IdForm, PasswordAttribute, PasswordEncoding, PasswordWrite, Plan,
        Problem, Proposal, StableId,
    },
    policy::{PolicyChoice, PolicyOrigin, Provenance, WasiGrant},
    ports::{AuditLog, MapperPolicy, Offers, Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::{
        ClientDeclaration, Declaration, FederationDeclaration, PlannedFederation, PolicyRef, Prune,
        Realm, RealmDeclaration, Revision,
    },
    search::{Reply, SearchScope, Subtree},
    write::{Complaint, EntryChange, Modification, ModifyWay, ProfileChange},
};
use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};
use uuid::Uuid;

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

pub(super) struct FakePolicies;
struct FakePolicy;

static POLICY: LazyLock<PolicyRef> = LazyLock::new(|| PolicyRef {
    id: "sample".to_owned(),
    version: "1.0.0".to_owned(),
    digest: format!("sha256:{}", "0".repeat(64)),
});

impl Policies for FakePolicies {
    fn vendor(
        &self,
        _: &RealmName,
        _: PolicyChoice<'_>,
    ) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
        Ok(Arc::new(FakePolicy))
    }

    fn vendors(&self) -> Vec<(PolicyRef, Description)> {
        Vec::new()
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
        Some(Provenance {
            origin: PolicyOrigin::BuiltIn,
            signers: Vec::new(),
            wasi: WasiGrant::None,
            octets: 0,
        })
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
    id: "sample".to_owned(),
    aliases: Vec::new(),
    title: String::new(),
    version: "1.0.0".to_owned(),
    settings: Vec::new(),
    kinds: Vec::new(),
});

impl VendorPolicy for FakePolicy {
    fn reference(&self) -> &PolicyRef {
        &POLICY
    }

    fn description(&self) -> &Description {
        &DESCRIPTION
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

    fn offers(&self) -> Offers {
        Offers {
            passwords: true,
            writing: true,
            changes: None,
        }
    }

    fn modify(
        &self,
        _: &Context,
        _: &Entry,
        changes: &[ProfileChange],
    ) -> Result<Result<EntryChange, Vec<Problem>>, PolicyError> {
        Ok(Ok(EntryChange {
            rename: None,
            modifications: changes.iter().map(modification).collect(),
        }))
    }

    fn explain_write(&self, _: &Context, _: &Reply) -> Result<Vec<Problem>, PolicyError> {
        Ok(vec![Problem {
            field: "family_name".to_owned(),
            message: "has a number in it, says cn=config".to_owned(),
        }])
    }

    fn explain_password(
        &self,
        _: &Context,
        _: &Entry,
        reply: &Reply,
    ) -> Result<Vec<Complaint>, PolicyError> {
        Ok(vec![match reply.diagnostic.as_str() {
            "too short" => Complaint::TooShort(Some(8)),
            "too young" => Complaint::TooYoung(Some(10_000)),
            "in history" => Complaint::InHistory,
            other => Complaint::Other(other.to_owned()),
        }])
    }
}

/// The attributes of the profile, each with its claim.
const PROFILE: [(&str, &str); 2] = [("givenName", "given_name"), ("sn", "family_name")];

fn modification(change: &ProfileChange) -> Modification {
    let attribute = PROFILE.iter().find(|(_, claim)| *claim == change.name);
    let value = match &change.value {
        Some(ClaimValue::Text(text)) => vec![text.as_bytes().to_vec()],
        _ => Vec::new(),
    };
    Modification {
        way: ModifyWay::Replace,
        attribute: Attribute {
            name: attribute.map_or("", |(name, _)| *name).to_owned(),
            values: value,
        },
    }
}

fn step(person: &Person) -> Step {
    let rejected = |reason, password_was_right| {
        Step::Rejected(Rejection {
            reason,
            until: None,
            password_was_right,
        })
    };
    let is_expired = |reply: &&Reply| reply.diagnostic == EXPIRED;
    if person
        .reply
        .as_ref()
        .is_some_and(|reply| is_expired(&reply))
    {
        return rejected(Refusal::PasswordExpired, true);
    }
    if !person.reply.as_ref().is_none_or(Reply::is_success) {
        return rejected(Refusal::BadCredentials, false);
    }
    let bar = |reason| Bar {
        reason,
        since: None,
        until: None,
    };
    let bars = match text(person, "description").as_str() {
        "Disabled" => vec![bar(Refusal::Disabled)],
        "Locked" => vec![bar(Refusal::Locked)],
        "MustChange" => vec![bar(Refusal::MustChangePassword)],
        _ => Vec::new(),
    };
    let claim = |name: &str, value: String| Claim {
        name: name.to_owned(),
        value: ClaimValue::Text(value),
    };
    let mut claims = vec![claim("name", "Ada <Lovelace>".to_owned())];
    for (attribute, name) in PROFILE {
        let value = text(person, attribute);
        if !value.is_empty() {
            claims.push(claim(name, value));
        }
    }
    Step::Identified(Identity {
        claims,
        username: text(person, "uid"),
        bars,
        ..Identity::default()
    })
}

fn text(person: &Person, attribute: &str) -> String {
    let value = person.entry.values(attribute).first().cloned();
    String::from_utf8(value.unwrap_or_default()).unwrap_or_default()
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
        attributes: ["uid", "description", "givenName", "sn"]
            .map(str::to_owned)
            .into(),
        shared: Vec::new(),
        bind_controls: Vec::new(),
        password_controls: Vec::new(),
        // The one way in which a directory checks the password so far of who cannot bind any more.
        password_write: PasswordWrite::Exchange(PasswordAttribute {
            name: "userPassword".to_owned(),
            encoding: PasswordEncoding::Utf8,
        }),
        writes: ["givenName", "sn"].map(str::to_owned).into(),
        group_form: GroupForm::default(),
        claims: ["name", "given_name", "family_name", "email"]
            .map(str::to_owned)
            .into(),
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
        chained: Vec::new(),
    }
}

/// The realms `staff`, `former` (switched off), `readers`, whose directory is only read, and `at-keepers`,
/// over whose directory the bridge lays what people say of themselves.
pub(super) fn declaration() -> Declaration {
    Declaration {
        source: "test.toml".to_owned(),
        realms: [
            ("staff", true),
            ("former", false),
            ("readers", true),
            ("at-keepers", true),
        ]
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
        edit_mode: match realm.as_str() {
            "readers" => EditMode::ReadOnly,
            "at-keepers" => EditMode::Unsynced,
            _ => EditMode::Writable,
        },
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
