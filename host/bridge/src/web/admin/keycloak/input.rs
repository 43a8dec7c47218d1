//! A user as Keycloak's tools send one.

use crate::web::admin::problem::Problem;
use bridge_federation::claims::check_name;
use bridge_model::secret::{Password, PasswordError};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::representation::NO_ATTRIBUTES;

/// A user, or what changes of one: what is left out, or null, stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeycloakUserInput)]
pub(super) struct UserInput {
    /// The user name; a new user needs one.
    pub(super) username: Option<String>,
    /// The claim `given_name`; empty: nothing is said.
    pub(super) first_name: Option<String>,
    /// The claim `family_name`; empty: nothing is said.
    pub(super) last_name: Option<String>,
    /// The claim `email`; empty: nothing is said.
    pub(super) email: Option<String>,
    /// Only what it is already: it follows from the federation's `advanced.email_verified_domains`.
    pub(super) email_verified: Option<bool>,
    /// Whether the user may sign in; a new user may not, unless this says so.
    pub(super) enabled: Option<bool>,
    /// Other claims; where there are any, those that are not among them are taken away.
    pub(super) attributes: Option<BTreeMap<String, Texts>>,
    /// A password, at most one.
    pub(super) credentials: Option<Vec<Credential>>,
}

/// The values of an attribute.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = KeycloakValues)]
pub(super) enum Texts {
    /// One.
    One(String),
    /// Several, in order; none: the attribute is taken away.
    Several(Vec<String>),
    /// The attribute is taken away.
    Nothing,
}

/// A password.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeycloakCredential)]
pub(super) struct Credential {
    /// `password`, and nothing else.
    r#type: Option<String>,
    /// The password.
    value: Option<String>,
    /// Whether the user has to choose another at the next sign-in; a new user cannot be made so.
    temporary: Option<bool>,
}

impl Texts {
    /// The values that say something.
    pub(super) fn into_values(self) -> Vec<String> {
        let values = match self {
            Self::One(value) => vec![value],
            Self::Several(values) => values,
            Self::Nothing => Vec::new(),
        };
        values
            .into_iter()
            .filter(|value| !value.is_empty())
            .collect()
    }
}

impl Credential {
    /// The password, and whether another has to be chosen.
    pub(super) fn understood(self) -> Result<(Password, bool), Problem> {
        if self.r#type.is_some_and(|kind| kind != "password") {
            let message = "is no kind of credential that is known here; give password";
            return Err(Problem::of_member("type", message));
        }
        let password = Password::new(self.value.unwrap_or_default());
        let password = password.map_err(|error| {
            let message = match error {
                PasswordError::Empty => "is empty; give the new password",
                PasswordError::TooLong => "is longer than any password may be; give another",
            };
            Problem::of_member("value", message)
        })?;
        Ok((password, self.temporary.unwrap_or(false)))
    }
}

impl UserInput {
    /// The password that comes with a user, and whether another has to be chosen.
    pub(super) fn credential(&mut self) -> Result<Option<(Password, bool)>, Problem> {
        let mut credentials = self.credentials.take().unwrap_or_default();
        match credentials.len() {
            0 => Ok(None),
            1 => credentials.remove(0).understood().map(Some),
            _ => Err(Problem::of_member(
                "credentials",
                "has several; give one password",
            )),
        }
    }

    /// What is said of a new user, without the name.
    pub(super) fn profile(&self) -> Result<Map<String, Value>, Problem> {
        self.check_email_verified(false)?;
        let mut claims = self.members();
        for (name, values) in self.attributes()? {
            claims.insert(name, value(values));
        }
        claims.retain(|_, value| !value.is_null());
        Ok(claims)
    }

    /// The claims that have members of their own; null where nothing is to be said.
    pub(super) fn members(&self) -> Map<String, Value> {
        let members = [
            ("given_name", &self.first_name),
            ("family_name", &self.last_name),
            ("email", &self.email),
        ];
        let said = members.into_iter().filter_map(|(claim, text)| {
            let text = text.as_deref()?.trim();
            let value = if text.is_empty() {
                Value::Null
            } else {
                text.into()
            };
            Some((claim.to_owned(), value))
        });
        said.collect()
    }

    /// The other claims.
    pub(super) fn attributes(&self) -> Result<Vec<(String, Vec<String>)>, Problem> {
        let attributes = self.attributes.iter().flatten();
        let understood = attributes.map(|(name, values)| {
            let member = format!("attributes.{name}");
            if NO_ATTRIBUTES.contains(&name.as_str()) {
                let message = "has a member of its own, or is the bridge's own word; leave it out";
                return Err(Problem::of_member(&member, message));
            }
            check_name(name)
                .map_err(|error| Problem::of_member(&member, format!("{error}; leave it out")))?;
            Ok((name.clone(), values.clone().into_values()))
        });
        understood.collect()
    }

    /// Whether an address is verified follows from its domain.
    pub(super) fn check_email_verified(&self, current: bool) -> Result<(), Problem> {
        if self.email_verified.is_none_or(|wanted| wanted == current) {
            return Ok(());
        }
        let message = "follows from the address and the federation's advanced.email_verified_domains; leave it out";
        Err(Problem::of_member("emailVerified", message))
    }
}

/// The claim of these values: a text, a list, or null for none.
pub(super) fn value(mut values: Vec<String>) -> Value {
    match values.len() {
        0 => Value::Null,
        1 => values.remove(0).into(),
        _ => values.into(),
    }
}
