//! The steps that find out who asks, and where the answer may go.

use super::{Addressed, Context, Known, PageError, Raw, Stop, refuse};
use crate::return_address::{AnswerError, ReturnAddress};
use bridge_model::names::ClientId;

/// Longer states are refused: the answer's address has to fit into what browsers and servers take.
const STATE_OCTETS_MAX: usize = 4096;

pub(super) async fn load_client(context: &Context<'_>, _: Raw) -> Result<Known, Stop> {
    if !context.realm.enabled {
        return Err(PageError::RealmDisabled.into());
    }
    let id = context
        .parameters
        .get("client_id")
        .map_err(|_| PageError::ClientIdRepeated)?;
    let id = ClientId::new(id.ok_or(PageError::ClientIdMissing)?);
    let id = id.map_err(|_| PageError::ClientUnknown)?;
    let client = context.parts.store.client(&context.realm.name, &id).await?;
    let client = client.ok_or(PageError::ClientUnknown)?;
    if !client.enabled {
        return Err(PageError::ClientDisabled.into());
    }
    Ok(Known { client })
}

/// Always wanted, also of a client with one registered address (OpenID Connect Core section 3.1.2.1).
pub(super) fn check_redirect_uri(
    context: &Context<'_>,
    Known { client }: Known,
) -> Result<Addressed, Stop> {
    let uri = context
        .parameters
        .get("redirect_uri")
        .map_err(|_| PageError::RedirectUriRepeated)?;
    let uri = uri.ok_or(PageError::RedirectUriMissing)?;
    if !client
        .redirect_uris
        .iter()
        .any(|registered| registered.fits(uri))
    {
        return Err(PageError::RedirectUriUnregistered.into());
    }
    let to = ReturnAddress::new(uri, context.parts.issuer(&context.realm.name))
        .ok_or(PageError::RedirectUriUnregistered)?;
    Ok(Addressed {
        client,
        to,
        redirect_uri: uri.to_owned(),
        state: None,
    })
}

/// A state that is refused does not go back either.
pub(super) fn assign_state(context: &Context<'_>, known: Addressed) -> Result<Addressed, Stop> {
    let state = context.parameter("state", &known.to)?.map(str::to_owned);
    if state
        .as_ref()
        .is_some_and(|state| state.len() > STATE_OCTETS_MAX)
    {
        return Err(refuse(
            &known.to,
            AnswerError::InvalidRequest,
            "state is longer than 4096 octets",
        ));
    }
    Ok(Addressed {
        to: known.to.with_state(state.clone()),
        state,
        ..known
    })
}
