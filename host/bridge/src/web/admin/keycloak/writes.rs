//! Making, changing and removing users, in the directory or here, as their federation says.

use super::{
    ALL, ONE, TAG, WRITE,
    changes::changes,
    input::{Credential, UserInput},
    refusal::taken,
    users::{find, shown},
};
use crate::web::admin::{
    AdminState, KEYCLOAK,
    access::RealmCall,
    api::Endpoint,
    body::{Body, Segments},
    caller::Caller,
    change::{Done, Wanted, audited},
    problem::Problem,
    shape::Shape,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::NewUser;
use bridge_model::{
    audit::AuditKind,
    realm::Realm,
    secret::Password,
    user::{StoredUser, UserQuery},
};
use http::{StatusCode, header};
use serde_json::Value;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let body = Shape::of::<UserInput>;
    vec![
        Endpoint::post(ALL, WRITE, create)
            .about(
                TAG,
                "create_keycloak_user",
                "Makes a user in the federation that registers users",
            )
            .takes(body())
            .answers_empty(201, "The user is made; Location ends in its id"),
        Endpoint::put(ONE, WRITE, update)
            .about(
                TAG,
                "update_keycloak_user",
                "Changes a user, in the directory or over what it says",
            )
            .takes(body())
            .answers_empty(204, "The user is changed"),
        Endpoint::delete(ONE, WRITE, remove)
            .about(TAG, "delete_keycloak_user", "Removes a user")
            .answers_empty(204, "The user is gone"),
        Endpoint::put("/{realm}/users/{subject}/reset-password", WRITE, reset)
            .about(
                TAG,
                "reset_keycloak_password",
                "Gives a user a new password",
            )
            .takes(Shape::of::<Credential>())
            .answers_empty(204, "The password is in force"),
    ]
}

async fn create(
    State(state): State<AdminState>,
    call: RealmCall,
    Body(mut input): Body<UserInput>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let object = format!("user {}", realm.name);
    let wanted = Wanted::new(AuditKind::Created, &realm.name, object);
    let made = audited(&state, &caller, wanted, async {
        let username = input.username.as_deref().unwrap_or_default().trim();
        if username.is_empty() {
            let message = "is missing; give the name that people type";
            return Err(Problem::of_member("username", message));
        }
        let username = username.to_owned();
        let claims = input.profile()?;
        let password = match input.credential()? {
            Some((_, true)) => {
                let message =
                    "holds a temporary password, which is not offered; give a lasting one";
                return Err(Problem::of_member("credentials", message));
            }
            given => given.map(|(password, _)| password),
        };
        refuse_taken(&state, &realm, &username).await?;
        let new = NewUser {
            username,
            claims,
            enabled: input.enabled.unwrap_or(false),
            password,
        };
        let made = state.accounts.create(&realm, new).await?;
        Ok(Done {
            object: Some(name_of(&made)),
            after: audited_form(&state, &made),
            ..Done::new(made)
        })
    });
    let made = Box::pin(made).await?;
    let at = format!("{KEYCLOAK}/{}/users/{}", realm.name, made.known.subject);
    Ok((StatusCode::CREATED, [(header::LOCATION, at)]).into_response())
}

async fn update(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Body(mut input): Body<UserInput>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let user = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&user));
    let mut credential = None;
    let work = audited(&state, &caller, wanted, async {
        credential = input.credential()?;
        let subject = &user.known.subject;
        // Who is let in need not be switched on: they may only have been kept out here.
        let is_let_in = user.known.blocked && input.enabled == Some(true);
        let mut kept = user.clone();
        kept.known.blocked &= !is_let_in;
        if let Some(update) = changes(&input, &shown(&state, &kept))? {
            kept = state.accounts.update(&realm, subject, update).await?;
        }
        if is_let_in {
            let now = state.web.clock.now();
            let store = &state.web.store;
            store.set_blocked(&realm.name, subject, false, now).await?;
            kept.known.blocked = false;
        }
        Ok(Done {
            before: audited_form(&state, &user),
            after: audited_form(&state, &kept),
            ..Done::new(())
        })
    });
    Box::pin(work).await?;
    if let Some(password) = credential {
        give_password(&state, &realm, &caller, &user, password).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn remove(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let user = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Removed, &realm.name, name_of(&user));
    let work = audited(&state, &caller, wanted, async {
        state.accounts.remove(&realm, &user.known.subject).await?;
        Ok(Done {
            before: audited_form(&state, &user),
            ..Done::new(())
        })
    });
    Box::pin(work).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn reset(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Body(credential): Body<Credential>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let user = find(&state, &realm, &segments).await?;
    let password = credential.understood()?;
    give_password(&state, &realm, &caller, &user, password).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn give_password(
    state: &AdminState,
    realm: &Realm,
    caller: &Caller,
    user: &StoredUser,
    (password, is_temporary): (Password, bool),
) -> Result<(), Problem> {
    let wanted = Wanted::new(AuditKind::PasswordChanged, &realm.name, name_of(user));
    let subject = &user.known.subject;
    let work = audited(state, caller, wanted, async {
        let accounts = &state.accounts;
        accounts
            .reset_password(realm, subject, password, is_temporary)
            .await?;
        Ok(Done::new(()))
    });
    Box::pin(work).await
}

/// A name is somebody's already, whichever federation they live in.
async fn refuse_taken(state: &AdminState, realm: &Realm, username: &str) -> Result<(), Problem> {
    let query = UserQuery {
        username: Some(username.to_owned()),
        is_exact: true,
        limit: 1,
        ..UserQuery::default()
    };
    let found = state.web.store.find_users(&realm.name, &query).await?;
    if found.is_empty() {
        Ok(())
    } else {
        Err(taken())
    }
}

/// `user staff/…`, by subject: names change.
fn name_of(user: &StoredUser) -> String {
    format!("user {}/{}", user.known.realm, user.known.subject)
}

fn audited_form(state: &AdminState, user: &StoredUser) -> Option<Value> {
    serde_json::to_value(shown(state, user)).ok()
}
