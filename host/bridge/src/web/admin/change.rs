//! What is changed, and the line that it leaves in the audit trail, done or refused.

use super::{
    AdminState,
    caller::Caller,
    problem::{Kind, Problem},
};
use bridge_model::{
    admin::Administrator,
    audit::{AuditEvent, AuditKind, AuditOutcome},
    names::RealmName,
    realm::PolicyRef,
};
use serde_json::Value;

/// A change that somebody wants.
pub(super) struct Wanted {
    /// What is tried.
    pub(super) kind: AuditKind,
    /// Of what, as `federation staff/ldap`.
    pub(super) object: String,
    /// In which realm; none: in none.
    pub(super) realm: Option<RealmName>,
}

/// What became of it.
pub(super) struct Done<T> {
    /// What the answer is made of.
    pub(super) value: T,
    /// What it is of now, where that was not known before.
    pub(super) object: Option<String>,
    /// The object as it was, without secrets.
    pub(super) before: Option<Value>,
    /// The object as it is, without secrets.
    pub(super) after: Option<Value>,
    /// The policy that had a say.
    pub(super) policy: Option<PolicyRef>,
    /// Why it was of no use, where a directory was asked and did not say what was hoped for.
    pub(super) failed: Option<String>,
}

impl Wanted {
    pub(super) fn new(kind: AuditKind, realm: &RealmName, object: impl Into<String>) -> Self {
        Self {
            kind,
            object: object.into(),
            realm: Some(realm.clone()),
        }
    }
}

impl<T> Done<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            value,
            object: None,
            before: None,
            after: None,
            policy: None,
            failed: None,
        }
    }
}

/// Does a change, and writes down what became of it before anybody is told.
pub(super) async fn audited<T>(
    state: &AdminState,
    caller: &Caller,
    wanted: Wanted,
    work: impl Future<Output = Result<Done<T>, Problem>>,
) -> Result<T, Problem> {
    match work.await {
        Ok(done) => {
            let mut event = event(state, caller, wanted);
            event.object = done.object.or(event.object);
            event.before = done.before;
            event.after = done.after;
            event.policy = done.policy;
            if done.failed.is_some() {
                event.outcome = AuditOutcome::Unavailable;
                event.reason = done.failed;
            }
            state.web.audit.record(&event);
            Ok(done.value)
        }
        Err(problem) => {
            note_refused(state, caller, wanted, &problem);
            Err(problem)
        }
    }
}

/// Writes down that a change was not done.
pub(super) fn note_refused(state: &AdminState, caller: &Caller, wanted: Wanted, problem: &Problem) {
    let mut event = event(state, caller, wanted);
    event.outcome = match problem.kind {
        Kind::Internal | Kind::Unavailable => AuditOutcome::Unavailable,
        _ => AuditOutcome::Refused,
    };
    event.reason = Some(problem.reason());
    state.web.audit.record(&event);
}

/// Who, told apart from a namesake of the realm in question: names of clients have no spaces.
pub(super) fn actor(administrator: &Administrator, realm: Option<&RealmName>) -> String {
    let name = &administrator.name;
    match &administrator.realm {
        Some(own) if Some(own) != realm => format!("{name} of realm {own}"),
        _ => name.clone(),
    }
}

/// A line of the audit trail about somebody's change that went well, as far as it is known.
pub(super) fn event(state: &AdminState, caller: &Caller, wanted: Wanted) -> AuditEvent {
    let Caller {
        administrator,
        context,
        ..
    } = caller;
    let now = state.web.clock.now();
    let mut event = AuditEvent::new(now, wanted.kind, AuditOutcome::Success);
    event.request_id = Some(context.id.clone());
    event.address = context.address.map(|address| address.to_string());
    event.realm = wanted.realm.as_ref().map(ToString::to_string);
    event.client_id = administrator.client_id.as_ref().map(ToString::to_string);
    event.actor = Some(actor(administrator, wanted.realm.as_ref()));
    event.object = Some(wanted.object);
    event
}
