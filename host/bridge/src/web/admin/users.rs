//! `/users` and `/sessions`: people who have signed in or were imported, what they hold, and whether
//! they may come again.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Parameters, Segments},
    change::{Done, Wanted, audited},
    problem::Problem,
    shape::Shape,
    user_profile::{ProfileView, UserDetail},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{
    admin::AdminScope, audit::AuditKind, ports::StoreError, realm::Realm, session::Session,
    user::KnownUser,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

const TAG: &str = "users";
const READ: Access = Access::realm(AdminScope::UserRead);
const WRITE: Access = Access::realm(AdminScope::UserWrite);
const SESSIONS: &str = "/users/{subject}/sessions";
const BLOCK: &str = "/users/{subject}/block";
/// The most users of one page.
const PAGE_MAX: u32 = 1_000;

/// Somebody who has signed in, or was imported.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    /// The claim `sub`.
    subject: String,
    /// The user name when they last signed in.
    username: String,
    /// The federation that they were found in.
    federation_id: Uuid,
    /// The entry's DN when they last signed in.
    entry_dn: String,
    /// Whether an administrator keeps them out.
    blocked: bool,
    /// When they were first known here, in seconds since 1970-01-01T00:00:00Z.
    created_at: u64,
}

/// A session of somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionView {
    /// Its name: the claim `sid`.
    id: Uuid,
    /// When the password was given, in seconds since 1970-01-01T00:00:00Z.
    auth_time: u64,
    /// When it is over.
    expires_at: u64,
    /// The name of the federation.
    federation: String,
    /// The entry that was bound.
    entry_dn: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    after: Option<String>,
    limit: Option<u32>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/users", READ, list)
            .about(
                TAG,
                "list_users",
                "People who have signed in or were imported, by user name",
            )
            .query(
                "after",
                "The subject of the last user of the page before",
                Shape::text(),
            )
            .query(
                "limit",
                "How many, at most 1000; 100 unless said otherwise",
                Shape::limit(PAGE_MAX),
            )
            .answers(200, "A page of users", Shape::list_of::<UserView>()),
        Endpoint::get("/users/{subject}", READ, get)
            .about(TAG, "get_user", "One user, with what was imported of them")
            .answers(200, "The user", Shape::of::<UserDetail>()),
        Endpoint::get(SESSIONS, READ, sessions)
            .about(TAG, "list_sessions", "The sessions of a user, newest first")
            .answers(200, "The sessions", Shape::list_of::<SessionView>()),
        Endpoint::delete(SESSIONS, WRITE, end_sessions)
            .about(
                TAG,
                "end_sessions",
                "Ends all sessions of a user, and what was granted in them",
            )
            .answers_empty(204, "They are over"),
        Endpoint::put(BLOCK, WRITE, block)
            .about(
                TAG,
                "block_user",
                "Keeps a user out at once, sessions and tokens included",
            )
            .answers_empty(204, "The user is kept out"),
        Endpoint::delete(BLOCK, WRITE, unblock)
            .about(TAG, "unblock_user", "Lets a user in again")
            .answers_empty(204, "The user may come in"),
        Endpoint::delete("/sessions/{id}", WRITE, end_session)
            .about(
                TAG,
                "end_session",
                "Ends a session, and what was granted in it",
            )
            .answers_empty(204, "It is over"),
    ]
}

async fn list(
    State(state): State<AdminState>,
    call: RealmCall,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(100);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::of_member(
            "limit",
            "is out of range; give 1 to 1000",
        ));
    }
    let after = query.after.as_deref();
    let store = &state.web.store;
    let users = store.users(&call.realm.name, after, limit).await;
    let users = users.map_err(|error| match error {
        StoreError::Missing(_) => Problem::of_member(
            "after",
            "is nobody's subject, or not any more; begin with the first page",
        ),
        other => other.into(),
    })?;
    let page: Vec<_> = users.into_iter().map(UserView::from).collect();
    Ok(Json(page).into_response())
}

async fn get(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let subject = segments.text("subject")?;
    let store = &state.web.store;
    let user = store.stored_user(&call.realm.name, subject).await?;
    let user = user.ok_or_else(|| Problem::missing("user"))?;
    Ok(Json(UserDetail {
        profile: ProfileView::of(&user),
        user: user.known.into(),
    })
    .into_response())
}

async fn sessions(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let user = find(&state, &call.realm, &segments).await?;
    let now = state.web.clock.now();
    let store = &state.web.store;
    let sessions = store.sessions_of(&user.realm, &user.subject, now).await?;
    let views: Vec<_> = sessions.iter().map(SessionView::from).collect();
    Ok(Json(views).into_response())
}

async fn end_sessions(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let user = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(
        AuditKind::Removed,
        &realm.name,
        format!("sessions of {}", name_of(&user)),
    );
    audited(&state, &caller, wanted, async {
        let store = &state.web.store;
        let ended = store.end_sessions_of(&user.realm, &user.subject).await?;
        Ok(Done {
            before: Some(json!({ "sessions": ended })),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn block(
    state: State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    set_blocked(&state, call, &segments, true).await
}

async fn unblock(
    state: State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    set_blocked(&state, call, &segments, false).await
}

async fn set_blocked(
    state: &AdminState,
    call: RealmCall,
    segments: &Segments,
    blocked: bool,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let user = find(state, &realm, segments).await?;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&user));
    audited(state, &caller, wanted, async {
        let now = state.web.clock.now();
        let store = &state.web.store;
        if !store
            .set_blocked(&user.realm, &user.subject, blocked, now)
            .await?
        {
            return Err(Problem::missing("user"));
        }
        Ok(Done {
            before: Some(json!({ "blocked": user.blocked })),
            after: Some(json!({ "blocked": blocked })),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn end_session(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let id: Uuid = segments.parsed("id", "session")?;
    let object = format!("session {}/{id}", realm.name);
    let wanted = Wanted::new(AuditKind::Removed, &realm.name, object);
    audited(&state, &caller, wanted, async {
        if !state.web.store.end_session(&realm.name, id).await? {
            return Err(Problem::missing("session"));
        }
        Ok(Done::new(()))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn find(
    state: &AdminState,
    realm: &Realm,
    segments: &Segments,
) -> Result<KnownUser, Problem> {
    let user = state
        .web
        .store
        .user(&realm.name, segments.text("subject")?)
        .await?;
    user.ok_or_else(|| Problem::missing("user"))
}

/// `user staff/…`, by subject: names change.
fn name_of(user: &KnownUser) -> String {
    format!("user {}/{}", user.realm, user.subject)
}

impl From<KnownUser> for UserView {
    fn from(user: KnownUser) -> Self {
        Self {
            subject: user.subject,
            username: user.username,
            federation_id: user.federation.0,
            entry_dn: user.entry_dn,
            blocked: user.blocked,
            created_at: user.created_at.0,
        }
    }
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id,
            auth_time: session.auth_time.0,
            expires_at: session.expires_at.0,
            federation: session.user.federation.to_string(),
            entry_dn: session.user.entry_dn.clone(),
        }
    }
}
