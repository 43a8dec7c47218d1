//! Why something was not done to somebody, as administrators hear it.

use crate::{
    documents::Advice,
    web::admin::problem::{Kind, Problem},
};
use bridge_federation::AccountError;
use bridge_model::{ports::StoreError, write::Complaint};

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Missing => Self::missing("user"),
            AccountError::Store(StoreError::Duplicate(_)) => taken(),
            AccountError::Store(error) => error.into(),
            AccountError::Problems(problems) => Self::of_members(
                problems
                    .iter()
                    .map(Advice::from)
                    .map(|advice| Advice {
                        member: member(&advice.member).to_owned(),
                        ..advice
                    })
                    .collect(),
            ),
            AccountError::Complaints(complaints) => {
                let words: Vec<_> = complaints.iter().map(in_words).collect();
                Self::of_member(
                    "password",
                    format!("{}; give another", words.join(", and ")),
                )
            }
            AccountError::ReadOnly(_)
            | AccountError::NoRegistration
            | AccountError::Unsupported(_) => Self::new(Kind::Invalid, error.to_string()),
            AccountError::Unavailable(_) | AccountError::Unfinished { .. } => {
                tracing::warn!(%error, "an account was not changed as it should have been");
                Self::new(Kind::Unavailable, error.to_string())
            }
        }
    }
}

/// The name is somebody's already.
pub(super) fn taken() -> Problem {
    Problem::new(Kind::Duplicate, "User exists with same username")
}

/// Keycloak's name for a field of the profile.
fn member(claim: &str) -> &str {
    match claim {
        "given_name" => "firstName",
        "family_name" => "lastName",
        other => other,
    }
}

/// What a directory has against a password.
fn in_words(complaint: &Complaint) -> String {
    match complaint {
        Complaint::WrongOldPassword => "does not fit the one so far".to_owned(),
        Complaint::TooShort(None) => "is too short".to_owned(),
        Complaint::TooShort(Some(characters)) => {
            format!("is too short: {characters} characters are needed")
        }
        Complaint::TooLong(None) => "is too long".to_owned(),
        Complaint::TooLong(Some(characters)) => {
            format!("is too long: {characters} characters are the most")
        }
        Complaint::InHistory => "was used before".to_owned(),
        Complaint::TooYoung(None) => "comes too soon after the last change".to_owned(),
        Complaint::TooYoung(Some(seconds)) => {
            format!("comes too soon: {seconds} seconds have to pass between changes")
        }
        Complaint::TooWeak => "is too simple for the directory".to_owned(),
        Complaint::NotAllowed => "may not be changed for this user".to_owned(),
        Complaint::Other(reason) => format!("is refused by the directory ({reason})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::plan;

    #[test]
    fn every_reason_is_told_with_what_to_do() {
        let complaints = vec![Complaint::TooShort(Some(8)), Complaint::InHistory];
        let problem = Problem::from(AccountError::Complaints(complaints));
        assert_eq!(problem.kind, Kind::Invalid);
        assert_eq!(
            problem.errors[0].message,
            "is too short: 8 characters are needed, and was used before"
        );
        assert_eq!(problem.errors[0].remedy, "give another");
        let wrong = plan::Problem {
            field: "family_name".to_owned(),
            message: "is missing; give one".to_owned(),
        };
        let problem = Problem::from(AccountError::Problems(vec![wrong]));
        assert_eq!(problem.errors[0].member, "lastName");
        let taken = AccountError::Store(StoreError::Duplicate("user".to_owned()));
        assert_eq!(Problem::from(taken).kind, Kind::Duplicate);
        let read_only = Problem::from(AccountError::ReadOnly("people".to_owned()));
        assert_eq!(read_only.kind, Kind::Invalid);
        assert!(read_only.detail.contains("people"), "{}", read_only.detail);
    }
}
