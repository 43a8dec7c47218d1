//! A sign-in step by step, in words.

use crate::{
    local::DISABLED_HERE,
    person::{Subjects, look},
    seek::{Sought, seek},
    shown::{PersonView, micros},
    sign_in::{SignIns, is_username},
    trace::{Asked, Outcome, Searched, Trace},
};
use bridge_model::{
    account::Gate,
    audit::AuditOutcome,
    client::{Client, ClientAuthentication},
    keys::SigningAlgorithm,
    names::{ClientId, FederationId, FederationName, RealmName},
    ports::StoreError,
    realm::{PolicyRef, Realm, Revision},
    search::SearchScope,
    time::Timestamp,
    user::Standing,
};
use serde::Serialize;
use std::time::Instant;

/// A sign-in step by step: what was asked, what was answered, and which rule kept the person out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The realm.
    pub realm: RealmName,
    /// The request of the sign-in; none where nobody signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The user name as typed. Of a sign-in it is here only if somebody has it: others may have typed a
    /// password there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// When, in seconds since 1970-01-01T00:00:00Z.
    pub at: Timestamp,
    /// The federations that were asked, in order.
    pub federations: Vec<FederationView>,
    /// Who was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonView>,
    /// What the bridge itself holds against the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingView>,
    /// The groups whose people may use the client; empty: everybody.
    pub allowed_groups: Vec<String>,
    /// What came of it: `success`, `refused`, `unavailable`.
    pub outcome: AuditOutcome,
    /// The rule that kept the person out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_out: Option<KeptOutView>,
    /// The time of all of it, in microseconds.
    pub time_us: u64,
}

/// A federation that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FederationView {
    /// Its name.
    pub name: FederationName,
    /// Its id.
    pub id: FederationId,
    /// The vendor as the operator wrote it.
    pub vendor: String,
    /// The policy of its plan; none where it could not be put in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// The searches for the person.
    pub searches: Vec<SearchView>,
    /// What it said: `found`, `nobody`, `several`, `passed_over`, `unavailable`.
    pub result: &'static str,
    /// Why it could not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A search for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchView {
    /// Where.
    pub base: String,
    /// How far below.
    pub scope: SearchScope,
    /// RFC 4515 text as it was sent. Where the person of a sign-in was not found, what was typed is
    /// not shown: it may be a password. Then this is the plan's own filter, with its slots.
    pub filter: String,
    /// LDAP's result code; none where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_code: Option<u32>,
    /// How many entries came; two at the most are asked for.
    pub entries: usize,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// In microseconds.
    pub time_us: u64,
}

/// What the bridge itself holds against a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StandingView {
    /// An administrator keeps the person out.
    pub blocked: bool,
    /// The federation is there and switched on.
    pub federation_enabled: bool,
}

/// The rule that kept somebody out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptOutView {
    /// As the audit trail has it.
    pub reason: String,
    /// What it means, and what would help.
    pub text: &'static str,
}

impl SignIns {
    /// What would come of a sign-in with the right password: the same path, but no bind. Nothing is
    /// counted and nothing is noted.
    ///
    /// Without a client no client's rule is applied.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn explain(
        &self,
        realm: &Realm,
        client: Option<&Client>,
        username: &str,
    ) -> Result<Explanation, StoreError> {
        let started = Instant::now();
        let mut trace = Trace::new(&realm.name, client, self.now());
        trace.username = Some(username.to_owned());
        trace.end = Some(if is_username(username) {
            self.through(realm, client, username, &mut trace).await?
        } else {
            (AuditOutcome::Refused, Some("not_a_user_name".to_owned()))
        });
        trace.time = started.elapsed();
        Ok(Explanation::of(&trace))
    }

    /// What came of a sign-in of a short while ago, by its request; none when it is forgotten, or was
    /// another realm's.
    pub fn explanation(&self, realm: &RealmName, request_id: &str) -> Option<Explanation> {
        self.recent()
            .find(realm, request_id)
            .map(|trace| Explanation::of(&trace))
    }

    async fn through(
        &self,
        realm: &Realm,
        client: Option<&Client>,
        username: &str,
        trace: &mut Trace,
    ) -> Result<(AuditOutcome, Option<String>), StoreError> {
        let refused = |reason: &str| (AuditOutcome::Refused, Some(reason.to_owned()));
        let active = self.federations().realm(&realm.name).await?;
        let (federation, entry) = match seek(&active, username, trace).await {
            Sought::Person(federation, entry) => (federation, *entry),
            Sought::Several(_) => return Ok(refused("ambiguous_user_name")),
            Sought::Nobody(_) => return Ok(refused("unknown_user")),
            Sought::Unavailable(_, reason) => {
                return Ok((AuditOutcome::Unavailable, Some(reason)));
            }
        };
        let store = self.federations().store();
        let subjects = Subjects::of_realm(store, &active.subject_key);
        let seen = look(federation, entry, subjects, self.now()).await?;
        let (user, reason) = (seen.user.clone(), seen.reason.clone());
        trace.seen = Some(Box::new(seen));
        let Some(user) = user else {
            return Ok((AuditOutcome::Unavailable, reason));
        };
        let standing = store
            .standing(&realm.name, user.federation_id, &user.subject)
            .await?;
        trace.standing = Some(standing);
        let anybody = anybodys(realm);
        let gate = Gate {
            realm,
            client: client.unwrap_or(&anybody),
            standing,
            now: self.now(),
        };
        Ok(match gate.readmit(user, gate.now) {
            Ok(_) => (AuditOutcome::Success, None),
            Err(why) => refused(why.reason()),
        })
    }
}

/// A client that everybody may use.
fn anybodys(realm: &Realm) -> Client {
    Client {
        realm: realm.name.clone(),
        id: ClientId::new("anybody").expect("a client's id of printable characters"),
        name: None,
        enabled: true,
        authentication: ClientAuthentication::Public,
        grant_types: Vec::new(),
        redirect_uris: Vec::new(),
        signing_algorithm: SigningAlgorithm::default(),
        token_lifetime: None,
        allowed_groups: Vec::new(),
        admin_scopes: Vec::new(),
        managed_by: None,
        revision: Revision::default(),
    }
}

impl Explanation {
    pub(crate) fn of(trace: &Trace) -> Self {
        let (outcome, reason) = trace
            .end
            .clone()
            .unwrap_or((AuditOutcome::Unavailable, None));
        let is_told = trace.username.is_some();
        let federation = |asked: &Asked| FederationView::of(asked, is_told);
        let request_id = &trace.request_id;
        Self {
            realm: trace.realm.clone(),
            request_id: (!request_id.is_empty()).then(|| request_id.clone()),
            client_id: trace.client_id.clone(),
            username: trace.username.clone(),
            at: trace.now,
            federations: trace.asked.iter().map(federation).collect(),
            person: trace
                .seen
                .as_deref()
                .map(|seen| PersonView::of(seen, trace.now)),
            standing: trace.standing.map(StandingView::of),
            allowed_groups: trace.allowed_groups.clone(),
            outcome,
            kept_out: reason.map(|reason| KeptOutView {
                text: in_words(&reason, outcome),
                reason,
            }),
            time_us: micros(trace.time),
        }
    }
}

impl FederationView {
    fn of(asked: &Asked, is_told: bool) -> Self {
        let (result, reason) = match &asked.outcome {
            Outcome::Nobody => ("nobody", None),
            Outcome::Found => ("found", None),
            Outcome::Several => ("several", None),
            Outcome::PassedOver(reason) => ("passed_over", Some(reason.clone())),
            Outcome::Unavailable(reason) => ("unavailable", Some(reason.clone())),
        };
        let planned = asked.planned.as_deref();
        let template = planned.map_or("", |planned| planned.plan.login_filter.as_str());
        let search = |searched: &Searched| SearchView {
            base: searched.base.to_string(),
            scope: searched.scope,
            filter: if is_told {
                searched.filter.to_string()
            } else {
                template.to_owned()
            },
            result_code: searched.result.as_ref().ok().map(|(code, _)| *code),
            entries: searched.result.as_ref().map_or(0, |(_, entries)| *entries),
            error: searched.result.as_ref().err().cloned(),
            time_us: micros(searched.time),
        };
        Self {
            name: asked.name.clone(),
            id: asked.id,
            vendor: asked.vendor.clone(),
            policy: planned.map(|planned| planned.policy.clone()),
            searches: asked.searches.iter().map(search).collect(),
            result,
            reason,
        }
    }
}

impl StandingView {
    fn of(standing: Standing) -> Self {
        Self {
            blocked: standing.is_blocked,
            federation_enabled: standing.is_federation_enabled,
        }
    }
}

/// What a reason means, and what would help.
fn in_words(reason: &str, outcome: AuditOutcome) -> &'static str {
    match reason {
        "not_a_user_name" => {
            "the text cannot be a user name: blank, too long, or with control characters"
        }
        "empty_password" => "no password was given",
        "password_too_long" => "the password is longer than any directory takes",
        "throttled" => {
            "too many attempts with this name or from this address; wait, or look for who tries"
        }
        "throttled_entry" => {
            "too many attempts on this entry, under whatever name; wait, or look for who tries"
        }
        "unknown_user" => {
            "no federation has the name; look at the filters and bases below federations, and whether the right federation is enabled"
        }
        "ambiguous_user_name" => "more than one entry has the name; narrow users_dn or the filter",
        "bad_credentials" => "the directory did not take the password",
        "realm_off" => "the realm is switched off",
        "client_off" => "the client is switched off",
        "federation_off" => "the federation is switched off",
        "blocked" => "an administrator of the bridge keeps the person out; unblock the user",
        "not_in_allowed_groups" => {
            "the person is in none of the groups that may use this client; compare allowed_groups with the person's groups"
        }
        "disabled" => "the directory says that the account is switched off",
        "locked" => "the directory says that the account is locked",
        "account_expired" => "the directory says that the account has ended",
        "password_expired" => "the directory says that the password is too old",
        "must_change_password" => "the directory says that the password has to be changed first",
        DISABLED_HERE => "an administrator switched the account off in the bridge; enable the user",
        "outside_permitted_hours" => "the directory does not let the person in at this hour",
        "not_permitted_here" => "the directory does not let this account in from here",
        "policy_busy" => {
            "the policies of the realm have used up their processor time, so nobody was asked about; try it again, look for what calls them so often, or set policies.cpu_ms_per_second of the realm higher"
        }
        "directory_unavailable" => "the directory said that it cannot answer now",
        "store" => "the bridge's own database failed",
        _ if outcome == AuditOutcome::Refused => {
            "a reason of this directory's own, or of its entry"
        }
        _ => {
            "it could not be told whether the person may come in: a federation, its directory or its policy failed"
        }
    }
}

#[cfg(test)]
mod tests;
