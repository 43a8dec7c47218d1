//! Finding users.

use super::{ALL, ONE, READ, TAG, representation::UserRepresentation};
use crate::web::admin::{
    AdminState,
    access::RealmCall,
    api::Endpoint,
    body::{Parameters, Segments},
    problem::Problem,
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{
    realm::Realm,
    user::{StoredUser, UserQuery},
};
use serde::Deserialize;

/// The most users of one answer.
const PAGE_MAX: u32 = 10_000;
/// How many are asked for where nobody says.
const PAGE: u32 = 100;
/// How many are read at once where each has to be looked at.
const LOOK: u32 = 1_000;

/// Which users are wanted, in the words of Keycloak.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Filter {
    search: Option<String>,
    username: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    exact: Option<bool>,
    enabled: Option<bool>,
    email_verified: Option<bool>,
    first: Option<u32>,
    max: Option<u32>,
    brief_representation: Option<bool>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let list = Endpoint::get(ALL, READ, list).about(
        TAG,
        "list_keycloak_users",
        "The users that fit, by user name",
    );
    let list = filtered(list)
        .query("first", "So many are passed over", Shape::number())
        .query(
            "max",
            "At most so many, up to 10000; 100 unless said otherwise",
            Shape::at_most(PAGE_MAX),
        )
        .query(
            "briefRepresentation",
            "Whether attributes are left out",
            Shape::flag(),
        );
    let count = Endpoint::get("/{realm}/users/count", READ, count).about(
        TAG,
        "count_keycloak_users",
        "How many users fit",
    );
    vec![
        list.answers(200, "The users", Shape::list_of::<UserRepresentation>()),
        filtered(count).answers(200, "So many", Shape::number()),
        Endpoint::get(ONE, READ, get)
            .about(TAG, "get_keycloak_user", "One user")
            .answers(200, "The user", Shape::of::<UserRepresentation>()),
    ]
}

fn filtered(mut endpoint: Endpoint) -> Endpoint {
    for (name, about) in [
        (
            "search",
            "Stands in the user name, the address or one of the names",
        ),
        ("username", "The user name, or a part of it"),
        ("email", "The address, or a part of it"),
        ("firstName", "The first name, or a part of it"),
        ("lastName", "The last name, or a part of it"),
    ] {
        endpoint = endpoint.query(name, about, Shape::text());
    }
    for (name, about) in [
        ("exact", "Whether the last four have to be the whole of it"),
        ("enabled", "Whether they may sign in"),
        ("emailVerified", "Whether their address is verified"),
    ] {
        endpoint = endpoint.query(name, about, Shape::flag());
    }
    endpoint
}

async fn list(
    State(state): State<AdminState>,
    call: RealmCall,
    Parameters(filter): Parameters<Filter>,
) -> Result<Response, Problem> {
    let mut users = Vec::new();
    let max = filter.page()?;
    let mut passed_over = 0;
    if filter.is_told_by_the_store() {
        let query = UserQuery {
            first: filter.first.unwrap_or(0),
            limit: max,
            ..filter.query()
        };
        let found = state.web.store.find_users(&call.realm.name, &query).await?;
        users = found
            .iter()
            .map(|user| filter.shown(&state, user))
            .collect();
    } else if max > 0 {
        look(&state, &call.realm, &filter, |user| {
            if passed_over < filter.first.unwrap_or(0) {
                passed_over += 1;
            } else {
                users.push(user);
            }
            users.len() < usize::try_from(max).unwrap_or(usize::MAX)
        })
        .await?;
    }
    Ok(Json(users).into_response())
}

async fn count(
    State(state): State<AdminState>,
    call: RealmCall,
    Parameters(filter): Parameters<Filter>,
) -> Result<Response, Problem> {
    if filter.is_told_by_the_store() {
        let store = &state.web.store;
        let count = store
            .count_found_users(&call.realm.name, &filter.query())
            .await?;
        return Ok(Json(count).into_response());
    }
    let mut count = 0_u64;
    look(&state, &call.realm, &filter, |_| {
        count += 1;
        true
    })
    .await?;
    Ok(Json(count).into_response())
}

async fn get(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let user = find(&state, &call.realm, &segments).await?;
    Ok(Json(shown(&state, &user)).into_response())
}

/// The user that the path names.
pub(super) async fn find(
    state: &AdminState,
    realm: &Realm,
    segments: &Segments,
) -> Result<StoredUser, Problem> {
    let subject = segments.text("subject")?;
    let user = state.web.store.stored_user(&realm.name, subject).await?;
    user.ok_or_else(|| Problem::missing("user"))
}

/// A user as they are now.
pub(super) fn shown(state: &AdminState, user: &StoredUser) -> UserRepresentation {
    UserRepresentation::of(user, state.web.clock.now())
}

/// Looks at all users that the store finds, until `take` has enough.
async fn look(
    state: &AdminState,
    realm: &Realm,
    filter: &Filter,
    mut take: impl FnMut(UserRepresentation) -> bool,
) -> Result<(), Problem> {
    let mut query = UserQuery {
        limit: LOOK,
        ..filter.query()
    };
    loop {
        let found = state.web.store.find_users(&realm.name, &query).await?;
        for user in &found {
            let shown = filter.shown(state, user);
            let fits = filter.enabled.is_none_or(|on| on == shown.enabled)
                && filter
                    .email_verified
                    .is_none_or(|verified| verified == shown.email_verified);
            if fits && !take(shown) {
                return Ok(());
            }
        }
        if found.len() < usize::try_from(LOOK).unwrap_or(usize::MAX) {
            return Ok(());
        }
        query.first += LOOK;
    }
}

impl Filter {
    /// What the store is asked for.
    fn query(&self) -> UserQuery {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        // Keycloak's stars say that something may stand there, which holds anyway.
        let search = said(&self.search).map(|text| text.trim_matches('*').to_owned());
        UserQuery {
            search: search.filter(|text| !text.is_empty()),
            username: said(&self.username),
            email: said(&self.email),
            given_name: said(&self.first_name),
            family_name: said(&self.last_name),
            is_exact: self.exact.unwrap_or(false),
            first: 0,
            limit: 0,
        }
    }

    /// Whether the store knows everything that is asked for; else each user has to be looked at.
    fn is_told_by_the_store(&self) -> bool {
        self.enabled.is_none() && self.email_verified.is_none()
    }

    fn page(&self) -> Result<u32, Problem> {
        let max = self.max.unwrap_or(PAGE);
        if max > PAGE_MAX {
            let message = "is more than one answer has; give at most 10000, and ask on with first";
            return Err(Problem::of_member("max", message));
        }
        Ok(max)
    }

    fn shown(&self, state: &AdminState, user: &StoredUser) -> UserRepresentation {
        let mut shown = shown(state, user);
        if self.brief_representation == Some(true) {
            shown.attributes.clear();
        }
        shown
    }
}
