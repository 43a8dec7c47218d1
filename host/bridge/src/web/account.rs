//! The account page: who one is, where one is signed in, and a new password.

mod place;
mod profile;

use super::{
    attempt,
    browser::{begin, cookies, see_other},
    failure::Failure,
    forms::{NewPassword, fields},
    pages::Shown,
    realm::CurrentRealm,
    request::{FormBody, RequestContext},
    state::WebState,
};
use axum::{
    Extension, Router,
    extract::{RawQuery, State},
    response::Response,
    routing::get,
};
use bridge_model::realm::Realm;
use bridge_oidc::{Account, AccountError, AccountForm, Browser, Visit, paths};
use http::HeaderMap;
use place::{Done, Place, Said, failure_of, path};
use uuid::Uuid;

/// The router of the account page and its forms.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(paths::ACCOUNT, get(show))
        .route(paths::ACCOUNT_PASSWORD, get(back).post(change_password))
        .route(paths::ACCOUNT_SESSIONS, get(back).post(end_sessions))
        .route(paths::ACCOUNT_PROFILE, get(back).post(profile::change))
}

/// The page, or the way to sign in to it.
async fn show(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let cookies = cookies(&state, &realm);
    let browser = cookies.read(&headers);
    let visit = state.provider.visit_account(&realm, &browser).await;
    match visit.map_err(|error| Failure::of_store(&error))? {
        Visit::Open(account) => {
            let notice = query.as_deref().and_then(Done::in_query).map(Done::notice);
            let place = Place {
                state: &state,
                realm: &realm,
                account: &account,
            };
            let said = Said {
                notice,
                ..Said::default()
            };
            place.page(&said, Shown::First).await
        }
        Visit::SignIn {
            interaction,
            new_binding,
        } => begin(&cookies, &interaction, new_binding.as_ref()),
    }
}

/// Whoever comes to a form's address by GET is shown the page.
async fn back(CurrentRealm(realm): CurrentRealm) -> Result<Response, Failure> {
    see_other(&path(&realm))
}

/// A new password. The session gets another name with it, and the person's other sessions end.
async fn change_password(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    let mut typed = NewPassword::parse(&body)?;
    let browser = cookies(&state, &realm).read(&headers);
    let form = AccountForm::Password;
    let taken = take_form(&state, &realm, &browser, form, &typed.csrf).await?;
    let Some(account) = taken else {
        return see_other(&path(&realm));
    };
    let place = Place {
        state: &state,
        realm: &realm,
        account: &account,
    };
    if !place.may_change_password().await? {
        return place.page(&Said::default(), Shown::Again).await;
    }
    if let Err(notes) = typed.check() {
        return place.page(&Said::of_password(notes), Shown::Again).await;
    }
    // Whatever stands in the form: it is the password of whoever is signed in.
    typed.username = account.user.username.clone().into();
    match attempt::change_password(&state, &realm, &account.client, typed, context).await? {
        Ok(outcome) => place.changed(&browser, outcome).await,
        Err(outcome) => place.not_changed(&outcome).await,
    }
}

/// The end of one session, or of all but this browser's.
async fn end_sessions(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    let [which, csrf] = fields(&body, ["session", "csrf"])?;
    let browser = cookies(&state, &realm).read(&headers);
    let taken = take_form(&state, &realm, &browser, AccountForm::Sessions, &csrf).await?;
    let Some(account) = taken else {
        return see_other(&path(&realm));
    };
    let place = Place {
        state: &state,
        realm: &realm,
        account: &account,
    };
    if *which == *"others" {
        place.end_others(&browser, &context).await?;
        return place.done(Done::OtherSessions);
    }
    let id = Uuid::try_parse(&which)
        .map_err(|_| Failure::Malformed("The form does not say which session is meant."))?;
    place.end(id, &context).await?;
    if id == account.session {
        place.signed_out()
    } else {
        place.done(Done::Session)
    }
}

/// None: nobody is signed in any more.
async fn take_form(
    state: &WebState,
    realm: &Realm,
    browser: &Browser,
    form: AccountForm,
    csrf: &str,
) -> Result<Option<Account>, Failure> {
    let provider = &state.provider;
    match provider.take_account_form(realm, browser, form, csrf).await {
        Ok(account) => Ok(Some(account)),
        Err(AccountError::SignedOut) => Ok(None),
        Err(error) => Err(failure_of(&error)),
    }
}
