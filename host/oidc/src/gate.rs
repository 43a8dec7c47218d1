//! The account gate, for whoever comes again.

use crate::provider::Parts;
use bridge_model::{
    account::{AuthenticatedUser, Gate, KeptOut, User},
    client::Client,
    ports::StoreError,
    realm::Realm,
    time::Timestamp,
};

/// Asks the gate with what the bridge holds against the person at this moment: a person who was
/// blocked a second ago does not come in.
///
/// # Errors
///
/// When the store failed. That the person is kept out is no error here.
pub(crate) async fn readmit(
    parts: &Parts,
    realm: &Realm,
    client: &Client,
    user: User,
    auth_time: Timestamp,
) -> Result<Result<AuthenticatedUser, KeptOut>, StoreError> {
    let standing = parts
        .store
        .standing(&realm.name, user.federation_id, &user.subject)
        .await?;
    let gate = Gate {
        realm,
        client,
        standing,
        now: parts.now(),
    };
    Ok(gate.readmit(user, auth_time))
}
