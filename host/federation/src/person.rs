//! From an entry to a person that tokens are made from, under the host's authority.

use crate::{
    chain::MapperFailure,
    claims::{self, ClaimError},
    decide::{Verdict, decide},
    local,
    member::ActiveFederation,
    subject::{self, SubjectError},
};
use bridge_model::{
    account::User,
    decision::{Identity, Person},
    entry::Entry,
    ports::{Store, StoreError},
    realm::PlannedFederation,
    search::Reply,
    secret::Secret,
    time::Timestamp,
};
use serde_json::{Map, Value};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::warn;

/// Everything that was seen of one person between the entry and the claims.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) planned: Arc<PlannedFederation>,
    pub(crate) entry: Entry,
    /// What the directory answered to the bind, where one was made.
    pub(crate) reply: Option<Reply>,
    /// What the policy asked for.
    pub(crate) reads: Vec<PolicyRead>,
    pub(crate) user: Option<User>,
    /// Mappers that failed and were left out, by name.
    pub(crate) left_out: Vec<String>,
    /// Why those failed that a mapper policy does.
    pub(crate) failures: Vec<MapperFailure>,
    /// Why there is no user, or why the bind does not count.
    pub(crate) reason: Option<String>,
    pub(crate) policy_time: Duration,
    /// From the entry to the claims, a bind included.
    pub(crate) time: Duration,
}

/// One read that a policy asked for.
#[derive(Clone, Debug)]
pub(crate) struct PolicyRead {
    pub(crate) key: String,
    pub(crate) result_code: u32,
    pub(crate) entries: usize,
}

impl Seen {
    /// An entry of which nothing more is known yet.
    pub(crate) fn entry(planned: Arc<PlannedFederation>, entry: Entry) -> Self {
        Self {
            planned,
            entry,
            reply: None,
            reads: Vec::new(),
            user: None,
            left_out: Vec::new(),
            failures: Vec::new(),
            reason: None,
            policy_time: Duration::ZERO,
            time: Duration::ZERO,
        }
    }

    /// Notes which mappers the policy left out, and counts them.
    pub(crate) fn leave_out(&mut self, identity: &Identity) {
        self.left_out = claims::left_out(identity);
        if !self.left_out.is_empty() {
            let federation = &self.planned.federation;
            warn!(
                counter.mappers_left_out = self.left_out.len(),
                realm = %federation.realm,
                federation = %federation.name,
                mappers = self.left_out.join(" "),
                "mappers failed and were left out"
            );
        }
    }

    /// Takes what is left of a person after the policy was asked.
    pub(crate) fn keep(&mut self, person: Person) {
        self.entry = person.entry;
        self.reply = person.reply;
        let reads = person.findings.into_iter().map(|finding| PolicyRead {
            key: finding.key,
            result_code: finding.result_code,
            entries: finding.entries.len(),
        });
        self.reads = reads.collect();
    }
}

/// Shows what a sign-in would make of an entry, without a bind.
pub(crate) async fn look(
    federation: &ActiveFederation,
    mut entry: Entry,
    subjects: Subjects<'_>,
    now: Timestamp,
) -> Result<Seen, StoreError> {
    let started = Instant::now();
    federation.set_aside(&mut entry);
    let mut seen = Seen::entry(federation.planned.clone(), Entry::default());
    let mut person = Person {
        entry,
        reply: None,
        findings: Vec::new(),
    };
    match decide(federation, &mut person, now).await {
        Err(error) => seen.reason = Some(error.to_string()),
        Ok(decided) => {
            seen.policy_time = decided.policy_time;
            seen.failures = decided.failures;
            match &decided.verdict {
                Verdict::Rejected(_) => {
                    seen.reason = Some("the policy rejected a bind that nobody made".to_owned());
                }
                Verdict::Identified(identity) => {
                    seen.leave_out(identity);
                    let subject = subjects.of(federation, &person.entry).await?;
                    let user = subject.map_err(|error| error.to_string());
                    let user = user.and_then(|subject| {
                        let user = user_of(subject, federation, identity, &person);
                        user.map_err(|error| error.to_string())
                    });
                    match user {
                        Ok(mut user) => {
                            subjects.lay_over(federation, &mut user).await?;
                            seen.user = Some(user);
                        }
                        Err(reason) => seen.reason = Some(reason),
                    }
                }
            }
        }
    }
    seen.keep(person);
    seen.time = started.elapsed();
    Ok(seen)
}

/// What subjects come from. Without a realm there are none: the claim is blank then.
#[derive(Clone, Copy)]
pub(crate) struct Subjects<'a> {
    realm: Option<(&'a dyn Store, &'a Secret)>,
}

impl<'a> Subjects<'a> {
    pub(crate) fn of_realm(store: &'a dyn Store, key: &'a Secret) -> Self {
        Self {
            realm: Some((store, key)),
        }
    }

    pub(crate) fn none() -> Self {
        Self { realm: None }
    }

    /// The subject of an entry.
    pub(crate) async fn of(
        self,
        federation: &ActiveFederation,
        entry: &Entry,
    ) -> Result<Result<String, SubjectError>, StoreError> {
        match subject::identifier(&federation.planned.plan.stable_id, entry) {
            Ok(identifier) => self.of_identifier(federation, &identifier).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Lays what the bridge keeps of a person over what the directory says.
    async fn lay_over(
        self,
        federation: &ActiveFederation,
        user: &mut User,
    ) -> Result<(), StoreError> {
        if let Some((store, _)) = self.realm
            && let Some(local) =
                local::kept(store, &federation.planned.federation, &user.subject).await?
        {
            local::lay_over(user, &local);
        }
        Ok(())
    }

    /// The subject that somebody brought along, or else the derived one.
    pub(crate) async fn of_identifier(
        self,
        federation: &ActiveFederation,
        identifier: &[u8],
    ) -> Result<String, StoreError> {
        let Some((store, key)) = self.realm else {
            return Ok(String::new());
        };
        let PlannedFederation {
            federation, plan, ..
        } = &*federation.planned;
        let brought = store
            .imported_subject(&federation.realm, federation.id, identifier)
            .await?;
        Ok(brought.unwrap_or_else(|| {
            let namespace = &federation.subject_namespace;
            subject::derive(key, namespace, &plan.stable_id, identifier)
        }))
    }
}

/// A person as tokens are made from.
pub(crate) fn user_of(
    subject: String,
    federation: &ActiveFederation,
    identity: &Identity,
    person: &Person,
) -> Result<User, ClaimError> {
    let planned = &federation.planned;
    let said = claims::assemble(identity, &planned.plan, &planned.federation.mappers, person);
    let mut said = said?;
    vouch(&mut said.claims, &planned.federation.email_verified_domains);
    Ok(User {
        subject,
        username: identity.username.clone(),
        claims: said.claims,
        bars: identity.bars.clone(),
        group_dns: said.group_dns,
        federation: planned.federation.name.clone(),
        federation_id: planned.federation.id,
        entry_dn: person.entry.dn.clone(),
        policy: federation.policy.reference().clone(),
    })
}

/// Says that a mail address is verified where the operator vouches for its domain (OpenID Connect Core
/// section 5.1); else nothing is said.
fn vouch(claims: &mut Map<String, Value>, domains: &[String]) {
    let address = claims.get("email").and_then(Value::as_str).unwrap_or("");
    // Only what is one address in every reading: no list, no comment, no quoted local part.
    let is_plain = |text: &str| {
        !text
            .chars()
            .any(|c| c.is_whitespace() || ",;<>()\"\\".contains(c))
    };
    let domain = match address.split_once('@') {
        Some((local, domain)) if !local.is_empty() && is_plain(address) => domain,
        _ => return,
    };
    if domains.contains(&domain.to_lowercase()) {
        claims.insert("email_verified".to_owned(), Value::Bool(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_addresses_in_a_listed_domain_are_vouched_for() {
        let domains = ["corp.example".to_owned()];
        for (email, vouched) in [
            (json!("ada@corp.example"), true),
            (json!("ada@CORP.Example"), true),
            (json!("ada@sub.corp.example"), false),
            (json!("ada@evilcorp.example"), false),
            (json!("ada@corp.example.evil.example"), false),
            (json!("ada@evil.example@corp.example"), false),
            (json!("eve@evil.example,ada@corp.example"), false),
            (json!("\"eve@evil.example\"@corp.example"), false),
            (json!("<x>@corp.example"), false),
            (json!("ada @corp.example"), false),
            (json!("@corp.example"), false),
            (json!("corp.example"), false),
            (json!(["ada@corp.example"]), false),
            (json!(true), false),
        ] {
            let mut claims = Map::from_iter([("email".to_owned(), email.clone())]);
            vouch(&mut claims, &domains);
            let verified = claims.get("email_verified");
            assert_eq!(verified, vouched.then_some(&json!(true)), "{email}");
        }
        let mut nothing = Map::new();
        vouch(&mut nothing, &domains);
        vouch(&mut nothing, &[String::new()]);
        assert!(nothing.is_empty());
    }
}
