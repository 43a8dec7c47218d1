//! Passwords on their way to whoever checks them. Each goes in a task of its own: an attempt that was
//! begun ends with its line in the audit trail, even if the browser hangs up.

use super::{
    failure::Failure,
    forms::{NewPassword, SignIn},
    request::RequestContext,
    state::WebState,
};
use bridge_federation::{Attempt, PasswordAttempt, PasswordOutcome, SignInOutcome};
use bridge_model::{client::Client, realm::Realm};
use std::future::Future;
use tracing::Instrument;

/// Checks a name and a password.
pub(super) async fn sign_in(
    state: &WebState,
    realm: &Realm,
    client: &Client,
    typed: SignIn,
    context: RequestContext,
) -> Result<SignInOutcome, Failure> {
    let sign_ins = state.sign_ins.clone();
    let (realm, client) = (realm.clone(), client.clone());
    in_own_task(async move {
        let attempt = Attempt {
            username: &typed.username,
            password: &typed.password,
            client: &client,
            address: context.address,
            request_id: &context.id,
        };
        sign_ins.sign_in(&realm, &attempt).await
    })
    .await
}

/// Changes a password, and then signs the person in with the new one, so that the account gate has the
/// last word: what came of that, or why the password was not changed.
pub(super) async fn change_password(
    state: &WebState,
    realm: &Realm,
    client: &Client,
    typed: NewPassword,
    context: RequestContext,
) -> Result<Result<SignInOutcome, PasswordOutcome>, Failure> {
    let sign_ins = state.sign_ins.clone();
    let (realm, client) = (realm.clone(), client.clone());
    in_own_task(async move {
        let change = PasswordAttempt {
            username: &typed.username,
            current: &typed.current,
            new: &typed.new,
            client: Some(&client),
            address: context.address,
            request_id: &context.id,
        };
        match sign_ins.change_password(&realm, &change).await {
            PasswordOutcome::Changed => {}
            not_changed => return Err(not_changed),
        }
        let attempt = Attempt {
            username: &typed.username,
            password: &typed.new,
            client: &client,
            address: context.address,
            request_id: &context.id,
        };
        Ok(sign_ins.sign_in(&realm, &attempt).await)
    })
    .await
}

/// Does work to its end, whatever becomes of the request.
pub(super) async fn in_own_task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Failure> {
    tokio::spawn(work.in_current_span()).await.map_err(|error| {
        tracing::error!(%error, "what a person asked for broke off");
        Failure::Internal
    })
}
