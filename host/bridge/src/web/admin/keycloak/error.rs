//! Errors in Keycloak's shape: `error` for what is wrong with the call, `errorMessage` for what is
//! wrong with what it says.

use crate::{
    documents::Advice,
    web::admin::problem::{Kind, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What is wrong: either `error`, or `errorMessage`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeycloakError)]
pub(in crate::web::admin) struct ErrorRepresentation {
    /// What is wrong with the call as such.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The same in more words.
    #[serde(rename = "error_description", skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    /// What is wrong with what it says, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    /// The member that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// One for each member, where several are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<MemberError>,
}

/// What is wrong with one member.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeycloakMemberError)]
struct MemberError {
    /// Which.
    field: String,
    /// What is wrong with it, and what to do.
    error_message: String,
}

impl ErrorRepresentation {
    fn of_call(error: impl Into<String>, description: String) -> Self {
        Self {
            error: Some(error.into()),
            error_description: Some(description).filter(|text| !text.is_empty()),
            ..Self::default()
        }
    }
}

impl From<Problem> for ErrorRepresentation {
    fn from(problem: Problem) -> Self {
        match problem.kind {
            Kind::NotFound if problem == Problem::unknown_realm() => {
                Self::of_call("Realm not found.", String::new())
            }
            Kind::NotFound if problem == Problem::missing("user") => {
                Self::of_call("User not found", String::new())
            }
            Kind::Internal | Kind::Unavailable => Self::of_call("unknown_error", problem.detail),
            Kind::Invalid | Kind::Duplicate | Kind::Conflict | Kind::Managed | Kind::Stale => {
                Self::of_document(problem)
            }
            kind => Self::of_call(format!("HTTP {}", kind.status()), problem.detail),
        }
    }
}

impl ErrorRepresentation {
    fn of_document(problem: Problem) -> Self {
        match problem.errors.as_slice() {
            [] => Self {
                error_message: Some(problem.detail),
                ..Self::default()
            },
            [only] => Self {
                error_message: Some(sentence(only)),
                field: Some(only.member.clone()).filter(|member| !member.is_empty()),
                ..Self::default()
            },
            all => {
                let errors = all.iter().map(|advice| MemberError {
                    field: advice.member.clone(),
                    error_message: sentence(advice),
                });
                let all: Vec<_> = all.iter().map(sentence).collect();
                Self {
                    error_message: Some(all.join(". ")),
                    errors: errors.collect(),
                    ..Self::default()
                }
            }
        }
    }
}

/// One member with what is wrong with it and what to do.
fn sentence(advice: &Advice) -> String {
    let Advice {
        member,
        message,
        remedy,
    } = advice;
    let separator = if member.is_empty() { "" } else { " " };
    format!("{member}{separator}{message}; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shown(problem: Problem) -> Value {
        serde_json::to_value(ErrorRepresentation::from(problem)).expect("JSON")
    }

    #[test]
    fn what_keycloaks_tools_look_for_is_there() {
        let missing = |what: &str| shown(Problem::missing(what));
        assert_eq!(missing("realm"), json!({ "error": "Realm not found." }));
        assert_eq!(missing("user"), json!({ "error": "User not found" }));
        assert_eq!(missing("address")["error"], "HTTP 404 Not Found");
        let forbidden = Problem::new(Kind::Forbidden, "the scope is missing");
        assert_eq!(
            shown(forbidden),
            json!({ "error": "HTTP 403 Forbidden", "error_description": "the scope is missing" })
        );
        let duplicate = Problem::new(Kind::Duplicate, "User exists with same username");
        assert_eq!(
            shown(duplicate),
            json!({ "errorMessage": "User exists with same username" })
        );
    }

    #[test]
    fn a_wrong_member_is_named() {
        let one = Problem::of_member("email", "is no address; correct it");
        assert_eq!(
            shown(one),
            json!({ "errorMessage": "email is no address; correct it", "field": "email" })
        );
        let more = |field: &str| Advice {
            member: field.to_owned(),
            message: "is wrong".to_owned(),
            remedy: "correct it".to_owned(),
        };
        let several = shown(Problem::of_members(vec![more("email"), more("username")]));
        assert_eq!(several["errors"][1]["field"], "username");
        assert_eq!(
            several["errorMessage"],
            "email is wrong; correct it. username is wrong; correct it"
        );
    }
}
