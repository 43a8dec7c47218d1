//! `/admin/realms/{realm}/users`: users as Keycloak's admin API has them, so that its tools can be
//! pointed at the bridge.
//!
//! Tokens, realms, scopes and limits are those of the rest of the admin API. Members of bodies that
//! nothing is known of are passed over, as Keycloak's newer tools need it; filters are not, since
//! then a list would be longer than it was asked for.

mod changes;
mod error;
mod input;
mod refusal;
mod representation;
mod users;
mod writes;

pub(super) use error::ErrorRepresentation;

use super::{
    KEYCLOAK,
    access::{Access, Ground},
    api::Endpoint,
};
use bridge_model::admin::AdminScope;

const TAG: &str = "Keycloak users";
const READ: Access = Access::realm(AdminScope::UserRead).on(Ground::NamedRealm);
const WRITE: Access = Access::realm(AdminScope::UserWrite)
    .on(Ground::NamedRealm)
    .asking();
const ALL: &str = "/{realm}/users";
const ONE: &str = "/{realm}/users/{subject}";

pub(super) fn endpoints() -> impl Iterator<Item = Endpoint> {
    let all = users::endpoints().into_iter().chain(writes::endpoints());
    all.map(Endpoint::in_keycloaks_shape)
}

/// Whether a path is one of Keycloak's, as the router knows it.
pub(super) fn is_path(path: &str) -> bool {
    path.strip_prefix(KEYCLOAK)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
