//! The form for the profile: what people may say of themselves.

use super::{
    place::{Done, Place, Said, claim, failure_of, path},
    take_form,
};
use crate::web::{
    attempt::in_own_task,
    browser::{add_cookie, cookies, see_other},
    cookies::CookieKind,
    failure::Failure,
    forms::fields,
    pages::{ProfileField, ProfileSection, Shown},
    realm::CurrentRealm,
    request::{FormBody, RequestContext},
    state::WebState,
};
use axum::{Extension, extract::State, response::Response};
use bridge_federation::{AccountError, ProfileUpdate, with_local};
use bridge_model::{
    account::User,
    audit::{AuditKind, AuditOutcome},
    federation::EditMode,
    plan::Problem,
    realm::{PlannedFederation, Realm},
    user::StoredUser,
};
use bridge_oidc::{Account, AccountForm, paths};
use http::HeaderMap;
use serde_json::{Map, Value};

/// A claim that people may give themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The claim, which is the field's name too.
    pub(super) claim: &'static str,
    label: &'static str,
    autocomplete: &'static str,
}

/// What was typed, and what has to be put right.
#[derive(Debug, Default)]
pub(super) struct ProfileTyped {
    /// By claim; empty: nothing was typed.
    values: Vec<(&'static str, String)>,
    notes: Vec<(&'static str, &'static str)>,
    form: Option<&'static str>,
}

/// All of them. Not the mail address: applications take it for who somebody is, and nobody has asked
/// whoever reads the mail that is sent there.
const FIELDS: [Field; 2] = [
    Field {
        claim: "given_name",
        label: "Given name",
        autocomplete: "given-name",
    },
    Field {
        claim: "family_name",
        label: "Family name",
        autocomplete: "family-name",
    },
];

/// Longer names are not anybody's.
const CHARS_MAX: usize = 200;

/// Those that a federation takes: what its plan makes of entries, where changes are written or kept.
pub(super) fn offered(planned: &PlannedFederation) -> Vec<Field> {
    let is_taken = match planned.federation.edit_mode {
        EditMode::ReadOnly => false,
        EditMode::Writable => !planned.plan.writes.is_empty(),
        EditMode::Unsynced => true,
    };
    let is_known = |field: &Field| planned.plan.claims.iter().any(|name| name == field.claim);
    let known = FIELDS
        .into_iter()
        .filter(|field| is_taken && is_known(field));
    known.collect()
}

/// The part of the page with the form; none: there is nothing to fill in.
pub(super) fn section(
    account: &Account,
    realm: &Realm,
    offered: &[Field],
    typed: &ProfileTyped,
) -> Option<ProfileSection> {
    let fields = offered.iter().map(|field| {
        let known = claim(&account.user, field.claim).unwrap_or_default();
        let value = typed.value(field.claim).unwrap_or(known);
        ProfileField {
            name: field.claim,
            label: field.label,
            autocomplete: field.autocomplete,
            value: value.to_owned(),
            note: typed.note(field.claim),
        }
    });
    (!offered.is_empty()).then(|| ProfileSection {
        action: paths::of_realm(paths::ACCOUNT_PROFILE, &realm.name),
        csrf: account.csrf(AccountForm::Profile),
        note: typed.form,
        fields: fields.collect(),
    })
}

/// A changed profile: written to the directory, or kept over it.
pub(super) async fn change(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    let [given, family, csrf] = fields(&body, [FIELDS[0].claim, FIELDS[1].claim, "csrf"])?;
    let browser = cookies(&state, &realm).read(&headers);
    let taken = take_form(&state, &realm, &browser, AccountForm::Profile, &csrf).await?;
    let Some(account) = taken else {
        return see_other(&path(&realm));
    };
    let place = Place {
        state: &state,
        realm: &realm,
        account: &account,
    };
    let planned = place.federation().await?;
    let offered = planned.as_ref().map(offered).unwrap_or_default();
    let mut typed = ProfileTyped::new(&offered, &[&given, &family]);
    let claims = typed.changes(&account.user);
    if typed.is_refused() {
        return place.page(&Said::of_profile(typed), Shown::Again).await;
    }
    if claims.is_empty() {
        return place.done(Done::Profile);
    }
    match place.update(claims, context).await? {
        Ok(stored) => {
            // Without its federation nothing counts that was kept over its word.
            let mode = planned.map_or(EditMode::ReadOnly, |it| it.federation.edit_mode);
            let user = known_now(account.user.clone(), *stored, mode, &typed);
            let renewed = state.provider.refresh_session(&realm, &browser, user).await;
            let renewed = renewed.map_err(|error| failure_of(&error))?;
            let mut response = place.done(Done::Profile)?;
            let seconds = Some(renewed.session_seconds);
            let cookies = cookies(&state, &realm);
            let cookie = cookies.set(CookieKind::Session, &renewed.session, seconds);
            add_cookie(&mut response, cookie)?;
            Ok(response)
        }
        Err(error) => {
            typed.put_right(&error, &realm)?;
            place.page(&Said::of_profile(typed), Shown::Again).await
        }
    }
}

impl Place<'_> {
    /// Writes a change, and its line in the audit trail.
    async fn update(
        &self,
        claims: Map<String, Value>,
        context: RequestContext,
    ) -> Result<Result<Box<StoredUser>, AccountError>, Failure> {
        let accounts = self.state.accounts.clone();
        let audit = self.state.audit.clone();
        let realm = self.realm.clone();
        let subject = self.account.user.subject.clone();
        let mut event = self.event(AuditKind::Changed, &context);
        let before = claims.keys().map(|name| {
            let known = self.account.user.claims.get(name);
            (name.clone(), known.cloned().unwrap_or_default())
        });
        event.before = Some(Value::Object(before.collect()));
        event.after = Some(Value::Object(claims.clone()));
        in_own_task(async move {
            let update = ProfileUpdate {
                claims,
                ..ProfileUpdate::default()
            };
            let done = accounts.update(&realm, &subject, update).await;
            if let Err(error) = &done {
                event.outcome = match error {
                    AccountError::Unavailable(_)
                    | AccountError::Unfinished { .. }
                    | AccountError::Store(_) => AuditOutcome::Unavailable,
                    _ => AuditOutcome::Refused,
                };
                event.reason = Some(error.to_string());
            }
            audit.record(&event);
            done.map(Box::new)
        })
        .await
    }
}

impl Said {
    fn of_profile(profile: ProfileTyped) -> Self {
        Self {
            profile,
            ..Self::default()
        }
    }
}

impl ProfileTyped {
    /// What was typed into the offered ones of all fields.
    fn new(offered: &[Field], values: &[&str]) -> Self {
        let typed = FIELDS.iter().zip(values);
        let typed = typed.filter(|(field, _)| offered.contains(field));
        let values = typed.map(|(field, value)| (field.claim, value.trim().to_owned()));
        Self {
            values: values.collect(),
            ..Self::default()
        }
    }

    fn value(&self, claim: &str) -> Option<&str> {
        let mut values = self.values.iter();
        values.find_map(|(name, value)| (*name == claim).then_some(value.as_str()))
    }

    fn note(&self, claim: &str) -> Option<&'static str> {
        let mut notes = self.notes.iter();
        notes.find_map(|(name, note)| (*name == claim).then_some(*note))
    }

    fn is_refused(&self) -> bool {
        self.form.is_some() || !self.notes.is_empty()
    }

    /// What is not so already; a null clears. Notes down what cannot be.
    fn changes(&mut self, user: &User) -> Map<String, Value> {
        let mut changes = Map::new();
        for (name, value) in &self.values {
            if value == claim(user, name).unwrap_or_default() {
                continue;
            }
            if value.chars().count() > CHARS_MAX {
                self.notes.push((name, "This is too long."));
            } else if value.chars().any(char::is_control) {
                self.notes
                    .push((name, "There are characters in it that no name has."));
            } else if value.is_empty() {
                changes.insert((*name).to_owned(), Value::Null);
            } else {
                changes.insert((*name).to_owned(), Value::from(value.as_str()));
            }
        }
        changes
    }

    /// Notes down why a change was not taken, in words for the person.
    ///
    /// # Errors
    ///
    /// What is nothing that they could put right.
    fn put_right(&mut self, error: &AccountError, realm: &Realm) -> Result<(), Failure> {
        match error {
            AccountError::Problems(problems) => {
                for (name, _) in &self.values {
                    if problems
                        .iter()
                        .any(|problem: &Problem| problem.field == *name)
                    {
                        self.notes.push((name, "This is not accepted. Change it."));
                    }
                }
                if self.notes.is_empty() {
                    self.form = Some("The directory did not accept it.");
                }
                Ok(())
            }
            AccountError::Missing
            | AccountError::ReadOnly(_)
            | AccountError::Complaints(_)
            | AccountError::NoRegistration
            | AccountError::Unsupported(_) => {
                self.form = Some("It cannot be changed here. Ask your administrator.");
                Ok(())
            }
            AccountError::Unavailable(_) | AccountError::Unfinished { .. } => {
                Err(Failure::Unavailable {
                    back: Some(path(realm)),
                })
            }
            AccountError::Store(error) => Err(Failure::of_store(error)),
        }
    }
}

/// What is known of the person now: what was read of them anew where they are imported, with what is
/// kept here over it, and what they said of themselves.
fn known_now(
    mut user: User,
    stored: StoredUser,
    edit_mode: EditMode,
    typed: &ProfileTyped,
) -> User {
    if let Some(imported) = stored.imported {
        user = with_local(*imported, &stored.local, edit_mode);
    }
    for (name, value) in &typed.values {
        if value.is_empty() {
            user.claims.remove(*name);
        } else {
            user.claims
                .insert((*name).to_owned(), Value::from(value.as_str()));
        }
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::{
        decision::{Bar, Refusal},
        names::{FederationId, FederationName, RealmName},
        realm::PolicyRef,
        time::Timestamp,
        user::{KnownUser, LocalProfile},
    };
    use serde_json::json;

    fn ada() -> User {
        let claims = json!({ "given_name": "Ada", "family_name": "Lovelace" });
        User {
            subject: "subject".to_owned(),
            username: "ada".to_owned(),
            claims: serde_json::from_value(claims).expect("an object"),
            bars: Vec::new(),
            group_dns: Vec::new(),
            federation: FederationName::new("people").expect("a name"),
            federation_id: FederationId(uuid::Uuid::nil()),
            entry_dn: "uid=ada".to_owned(),
            policy: PolicyRef {
                id: "sample".to_owned(),
                version: "1.0.0".to_owned(),
                digest: "sha256:00".to_owned(),
            },
        }
    }

    #[test]
    fn only_what_differs_is_changed() {
        for (values, expected) in [
            (["Ada", "Lovelace"], json!({})),
            ([" Ada ", "Lovelace"], json!({})),
            (["Augusta", "Lovelace"], json!({ "given_name": "Augusta" })),
            (["Ada", " "], json!({ "family_name": null })),
        ] {
            let mut typed = ProfileTyped::new(&FIELDS, &values);
            assert_eq!(Value::Object(typed.changes(&ada())), expected);
            assert!(!typed.is_refused(), "{values:?}");
        }
    }

    #[test]
    fn what_no_name_is_stands_at_its_field() {
        let long = "x".repeat(201);
        for value in [long.as_str(), "a\u{7}b", "a\nb"] {
            let mut typed = ProfileTyped::new(&FIELDS, &["Ada", value]);
            assert!(typed.changes(&ada()).is_empty());
            assert!(typed.note("family_name").is_some(), "{value:?}");
            assert!(typed.note("given_name").is_none());
        }
    }

    #[test]
    fn what_is_not_offered_is_not_looked_at() {
        let mut typed = ProfileTyped::new(&FIELDS[..1], &["Augusta", "Byron"]);
        let changes = Value::Object(typed.changes(&ada()));
        assert_eq!(changes, json!({ "given_name": "Augusta" }));
    }

    #[test]
    fn what_is_kept_over_the_directorys_word_counts_as_it_does_at_a_sign_in() {
        let mut imported = ada();
        let address = json!({ "email": "ada@x.example", "email_verified": true });
        let address: Map<_, _> = serde_json::from_value(address).expect("an object");
        imported.claims.extend(address);
        imported.bars.push(Bar {
            reason: Refusal::PasswordExpired,
            since: None,
            until: None,
        });
        let claims = json!({ "email": "ada@y.example", "groups": ["admins"] });
        let stored = StoredUser {
            known: KnownUser {
                realm: RealmName::new("staff").expect("a name"),
                subject: "subject".to_owned(),
                federation: FederationId(uuid::Uuid::nil()),
                username: "ada".to_owned(),
                entry_dn: "uid=ada".to_owned(),
                blocked: false,
                created_at: Timestamp(7),
            },
            imported: Some(Box::new(imported)),
            imported_at: Some(Timestamp(8)),
            local: LocalProfile {
                claims: serde_json::from_value(claims).expect("an object"),
                password_hash: Some("hash".to_owned()),
                disabled: false,
            },
        };
        let typed = ProfileTyped::new(&FIELDS, &["Augusta", ""]);
        let known = |mode| known_now(ada(), stored.clone(), mode, &typed);
        let kept = known(EditMode::Unsynced);
        let expected = json!({ "given_name": "Augusta", "email": "ada@y.example" });
        assert_eq!(Value::Object(kept.claims), expected);
        assert!(kept.bars.is_empty());
        // What was kept once counts in no other mode.
        let written = known(EditMode::Writable);
        assert_eq!(written.claims["email"], "ada@x.example");
        assert_eq!(written.claims["email_verified"], true);
        assert_eq!(written.bars.len(), 1);
    }
}
