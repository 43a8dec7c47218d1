//! The realm of a request: from its path, and from nothing else.

use super::{failure::Failure, state::WebState};
use axum::extract::{FromRequestParts, RawPathParams};
use bridge_model::{names::RealmName, realm::Realm};
use http::request::Parts;

/// The realm that the path names. Unknown, unnameable and switched-off realms are all
/// [`Failure::NotFound`].
pub(super) struct CurrentRealm(pub Realm);

impl FromRequestParts<WebState> for CurrentRealm {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Failure> {
        let name = path_parameter(parts, "realm").await?;
        let name = RealmName::new(name).map_err(|_| Failure::NotFound)?;
        let realm = state
            .store
            .realm(&name)
            .await
            .map_err(|error| Failure::of_store(&error))?
            .filter(|realm| realm.enabled)
            .ok_or(Failure::NotFound)?;
        tracing::Span::current().record("realm", name.as_str());
        Ok(Self(realm))
    }
}

/// The id of a sign-in on its way, from the path.
pub(super) struct InteractionId(pub String);

impl FromRequestParts<WebState> for InteractionId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Failure> {
        path_parameter(parts, "interaction").await.map(Self)
    }
}

/// A parameter of the route's pattern, percent-decoded.
async fn path_parameter(parts: &mut Parts, name: &str) -> Result<String, Failure> {
    let parameters = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Failure::NotFound)?;
    parameters
        .iter()
        .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        .ok_or(Failure::NotFound)
}
