//! What a directory's refusal of a new password means.

use crate::{calls, decide::context, member::ActiveFederation};
use bridge_model::{entry::Entry, search::Reply, time::Timestamp, write::Complaint};

/// Result codes with which a directory says that it cannot do anything now (RFC 4511 appendix A.2):
/// `operationsError`, `timeLimitExceeded`, `adminLimitExceeded`, `busy`, `unavailable`.
const CANNOT_NOW: &[u32] = &[1, 3, 11, 51, 52];

/// Why a directory refused a new password, in the words of the policy; `entry` is as it was read
/// before.
///
/// # Errors
///
/// Why it cannot be told.
pub(crate) async fn complaints(
    federation: &ActiveFederation,
    entry: &Entry,
    reply: &Reply,
    now: Timestamp,
) -> Result<Vec<Complaint>, String> {
    let code = reply.result_code;
    if CANNOT_NOW.contains(&code) {
        return Err(format!(
            "the directory answered to the new password with result code {code}"
        ));
    }
    let mut complaints = Vec::new();
    if federation.policy.offers().passwords {
        let context = context(federation, now).await;
        let context = context.map_err(|error| error.to_string())?;
        let (entry, reply) = (entry.clone(), reply.clone());
        let asked = calls::ask_once(federation, move |policy| {
            policy.explain_password(&context, &entry, &reply)
        });
        complaints = asked.await.map_err(|error| error.to_string())?;
    }
    if complaints.is_empty() {
        complaints.push(Complaint::Other(format!("result code {code}")));
    }
    Ok(complaints)
}

/// The reason in the audit trail.
pub(crate) fn reason(complaints: &[Complaint]) -> String {
    let words = complaints.iter().map(|complaint| match complaint {
        Complaint::WrongOldPassword => "bad_credentials",
        Complaint::TooShort(_) => "password_too_short",
        Complaint::TooLong(_) => "password_too_long",
        Complaint::InHistory => "password_in_history",
        Complaint::TooYoung(_) => "password_too_young",
        Complaint::TooWeak => "password_too_weak",
        Complaint::NotAllowed => "password_change_not_allowed",
        Complaint::Other(reason) => reason,
    });
    words.collect::<Vec<_>>().join(" ")
}
