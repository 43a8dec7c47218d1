//! People and entries in the form in which an administrator sees them.

use crate::{
    chain::MapperFailure,
    person::{PolicyRead, Seen},
    reads,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_model::{
    account::User,
    decision::Bar,
    entry::{Attribute, Entry},
    names::{FederationId, FederationName},
    plan::{ChainedMapper, MapperOnError, Plan, Problem, StableId},
    realm::{PlannedFederation, PolicyRef},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// How an administrator sees what a federation makes of somebody: entry, plan, identity, claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonView {
    /// Where the person was found.
    pub federation: FederationName,
    /// The same, over every change of the name.
    pub federation_id: FederationId,
    /// The policy that decided.
    pub policy: PolicyRef,
    /// What it made of the federation.
    pub plan: PlanView,
    /// The entry as it was read, without secrets.
    pub entry: EntryView,
    /// What the directory answered to the bind; none where nobody was bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<BindView>,
    /// What the policy asked for beside the entry.
    pub reads: Vec<ReadView>,
    /// Who it is; none where that could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityView>,
    /// Mappers that failed and were left out, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The mappers that mapper policies do, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mappers: Vec<MapperView>,
    /// Why there is no identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The time spent in the policy's calls, in microseconds.
    pub policy_time_us: u64,
    /// The time from the entry to the claims, a bind included, in microseconds.
    pub time_us: u64,
}

/// What matters of a plan for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanView {
    /// The attribute with the user name.
    pub username_attribute: String,
    /// The attribute that names an entry.
    pub rdn_attribute: String,
    /// Who a person is.
    pub stable_id: StableId,
    /// What subjects are derived under.
    pub subject_namespace: String,
    /// How a person is found by name, as the policy wrote it.
    pub login_filter: String,
    /// How all people are found, as the policy wrote it.
    pub users_filter: String,
    /// The object classes laid over both.
    pub user_object_classes: Vec<String>,
    /// The operator's filter laid over both.
    pub custom_filter: Option<String>,
    /// The mappers in force, by name.
    pub mappers: Vec<String>,
    /// The claims there can be.
    pub claims: Vec<String>,
}

/// A mapper that a mapper policy does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapperView {
    /// Its name.
    pub name: String,
    /// The policy.
    pub policy: PolicyRef,
    /// The attributes that the policy sees.
    pub attributes: Vec<String>,
    /// The claims that it may set or drop.
    pub claims: Vec<String>,
    /// What its failure does.
    pub on_error: MapperOnError,
    /// What the operator should know although nothing is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Problem>,
    /// Why it failed for this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryView {
    /// Its name as the directory wrote it.
    pub dn: String,
    /// Its attributes.
    pub attributes: Vec<AttributeView>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeView {
    /// Its description as the directory sent it.
    pub name: String,
    /// Text, or base64 where `encoding` says so.
    pub values: Vec<String>,
    /// `base64` where a value is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
}

/// An answer to a bind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BindView {
    /// LDAP's result code; 0 is success.
    pub result_code: u32,
    /// The directory's own words.
    pub diagnostic: String,
}

/// A read that a policy asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadView {
    /// The policy's name for it.
    pub key: String,
    /// LDAP's result code; 0 is success.
    pub result_code: u32,
    /// How many entries came.
    pub entries: usize,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdentityView {
    /// The claim `sub`; none where there is no realm yet to derive it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The user name.
    pub username: String,
    /// The claims, groups and roles among them.
    pub claims: Map<String, Value>,
    /// The DNs of the groups.
    pub group_dns: Vec<String>,
    /// What the attributes say against the person.
    pub bars: Vec<BarView>,
}

/// A reason not to let a person in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BarView {
    /// The reason, as the audit trail has it.
    pub reason: String,
    /// Its first second; none: already.
    pub since: Option<Timestamp>,
    /// The first second after it; none: until the directory says otherwise.
    pub until: Option<Timestamp>,
    /// Whether it holds now.
    pub holds: bool,
}

impl PersonView {
    pub(crate) fn of(seen: &Seen, now: Timestamp) -> Self {
        let PlannedFederation {
            federation, policy, ..
        } = &*seen.planned;
        let bind = seen.reply.as_ref().map(|reply| BindView {
            result_code: reply.result_code,
            diagnostic: excerpt(&reply.diagnostic),
        });
        let read = |read: &PolicyRead| ReadView {
            key: read.key.clone(),
            result_code: read.result_code,
            entries: read.entries,
        };
        Self {
            federation: federation.name.clone(),
            federation_id: federation.id,
            policy: policy.clone(),
            plan: PlanView::of(&seen.planned),
            entry: EntryView::of(&seen.entry),
            bind,
            reads: seen.reads.iter().map(read).collect(),
            identity: seen.user.as_ref().map(|user| IdentityView::of(user, now)),
            left_out: seen.left_out.clone(),
            mappers: mappers(&seen.planned.plan.chained, &seen.failures),
            problem: seen.reason.clone(),
            policy_time_us: micros(seen.policy_time),
            time_us: micros(seen.time),
        }
    }
}

fn mappers(chained: &[ChainedMapper], failures: &[MapperFailure]) -> Vec<MapperView> {
    let view = |mapper: &ChainedMapper| {
        let mut failures = failures.iter();
        let failure = failures.find(|failure| failure.mapper == mapper.name);
        MapperView {
            name: mapper.name.clone(),
            policy: mapper.policy.clone(),
            attributes: mapper.plan.attributes.clone(),
            claims: mapper.plan.claims.clone(),
            on_error: mapper.on_error,
            notes: mapper.plan.notes.clone(),
            failure: failure.map(|failure| excerpt(&failure.reason)),
        }
    };
    chained.iter().map(view).collect()
}

impl PlanView {
    fn of(planned: &PlannedFederation) -> Self {
        let Plan {
            username_attribute,
            rdn_attribute,
            stable_id,
            login_filter,
            users_filter,
            user_object_classes,
            mappers,
            claims,
            ..
        } = planned.plan.clone();
        Self {
            username_attribute,
            rdn_attribute,
            stable_id,
            subject_namespace: planned.federation.subject_namespace.clone(),
            login_filter,
            users_filter,
            user_object_classes,
            custom_filter: planned.federation.custom_filter.clone(),
            mappers: mappers.into_iter().map(|mapper| mapper.name).collect(),
            claims,
        }
    }
}

impl EntryView {
    /// An entry without its secrets.
    pub fn of(entry: &Entry) -> Self {
        let attributes = entry.attributes.iter();
        let attributes = attributes.filter(|attribute| !reads::is_secret(&attribute.name));
        Self {
            dn: entry.dn.clone(),
            attributes: attributes.map(AttributeView::of).collect(),
        }
    }
}

impl AttributeView {
    fn of(attribute: &Attribute) -> Self {
        let texts: Option<Vec<_>> = attribute.values.iter().map(|value| text(value)).collect();
        let encoding = texts.is_none().then_some("base64");
        let encode = || {
            let values = attribute.values.iter();
            values.map(|value| STANDARD.encode(value)).collect()
        };
        Self {
            name: attribute.name.clone(),
            values: texts.unwrap_or_else(encode),
            encoding,
        }
    }
}

impl IdentityView {
    fn of(user: &User, now: Timestamp) -> Self {
        let bar = |bar: &Bar| BarView {
            reason: bar.reason.reason().to_owned(),
            since: bar.since,
            until: bar.until,
            holds: bar.holds_at(now),
        };
        Self {
            subject: (!user.subject.is_empty()).then(|| user.subject.clone()),
            username: user.username.clone(),
            claims: user.claims.clone(),
            group_dns: user.group_dns.clone(),
            bars: user.bars.iter().map(bar).collect(),
        }
    }
}

/// Octets as text, if that is what they are.
fn text(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let is_text = !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    is_text.then(|| text.to_owned())
}

/// A stranger's words on one line, not long.
fn excerpt(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(200).map(plain).collect()
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_show_text_as_text_octets_as_base64_and_secrets_not_at_all() {
        let attribute = |name: &str, values: &[&[u8]]| Attribute {
            name: name.to_owned(),
            values: values.iter().map(|value| value.to_vec()).collect(),
        };
        let view = EntryView::of(&Entry {
            dn: "uid=ada,o=x".to_owned(),
            attributes: vec![
                attribute("cn", &[b"Ada", "Ad\u{e4}".as_bytes()]),
                attribute("id", &[b"text", b"\xff\x00"]),
                attribute("jpegPhoto", &[b"\x00"]),
                attribute("UserPassword;x-a", &[b"{SSHA}hash"]),
            ],
        });
        let shown = serde_json::to_value(&view).expect("JSON");
        assert_eq!(
            shown,
            serde_json::json!({"dn": "uid=ada,o=x", "attributes": [
                {"name": "cn", "values": ["Ada", "Adä"]},
                {"name": "id", "values": ["dGV4dA==", "/wA="], "encoding": "base64"},
                {"name": "jpegPhoto", "values": ["AA=="], "encoding": "base64"},
            ]})
        );
    }
}
