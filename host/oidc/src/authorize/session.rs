//! The steps that find out who is signed in, and whether that will do.

use super::{Asked, Context, Met, Placed, Present, Prompt, Stop, refuse};
use crate::{
    gate,
    jws::{self, TokenKind},
    opaque,
    return_address::AnswerError,
    sign_in::NOT_FOR_THEM,
};
use bridge_model::{account::KeptOut, session::Session, time::Timestamp};
use serde::Deserialize;

/// Takes up the browser's session if it is fresh enough.
pub(super) async fn load_session(context: &Context<'_>, asked: Asked) -> Result<Placed, Stop> {
    let session = match &context.browser.session {
        Some(secret) if asked.prompt != Prompt::Required => {
            let (store, realm) = (&context.parts.store, &context.realm.name);
            store
                .session(realm, opaque::digest(secret), context.now)
                .await?
        }
        Some(_) | None => None,
    };
    let max_age = asked.request.max_age;
    let session = session.filter(|session| is_fresh(session.auth_time, max_age, context.now));
    Ok(Placed { asked, session })
}

/// `max_age=0` asks for a sign-in as `prompt=login` does, also within the same second.
fn is_fresh(auth_time: Timestamp, max_age: Option<u64>, now: Timestamp) -> bool {
    max_age.is_none_or(|seconds| seconds > 0 && now.0.saturating_sub(auth_time.0) <= seconds)
}

/// Takes nobody for somebody else: a session does if its person is the one whom the client's ID token
/// names. Which client the token was made for does not matter, nor whether its time is over; a token
/// that is not ours names nobody.
pub(super) async fn check_id_token_hint(
    context: &Context<'_>,
    mut placed: Placed,
) -> Result<Placed, Stop> {
    let hint = context.parameter("id_token_hint", &placed.asked.to)?;
    if let (Some(hint), Some(session)) = (hint, &placed.session) {
        let (keys, realm) = (&context.parts.keys, &context.realm.name);
        let hinted: Option<Hinted> = jws::verified(keys, realm, TokenKind::Id, hint).await?;
        let issuer = context.parts.issuer(realm);
        let is_same =
            hinted.is_some_and(|hinted| hinted.iss == issuer && hinted.sub == session.user.subject);
        if !is_same {
            placed.session = None;
        }
    }
    Ok(placed)
}

/// Asks the account gate about whoever is signed in. Who does not pass signs in, and hears there what is
/// the matter; but who only may not use this client would not get further with another sign-in, and the
/// session is good elsewhere.
pub(super) async fn check_person(
    context: &Context<'_>,
    Placed { asked, session }: Placed,
) -> Result<Met, Stop> {
    let Some(Session {
        id,
        user,
        auth_time,
        ..
    }) = session
    else {
        return Ok(Met { asked, who: None });
    };
    let (parts, realm, client) = (context.parts, context.realm, &asked.client);
    let who = match gate::readmit(parts, realm, client, user, auth_time).await? {
        Ok(user) => Some(Present { session: id, user }),
        Err(KeptOut::NotInAllowedGroups) => {
            return Err(refuse(&asked.to, AnswerError::AccessDenied, NOT_FOR_THEM));
        }
        Err(_) => None,
    };
    Ok(Met { asked, who })
}

/// What is read of an ID token.
#[derive(Deserialize)]
struct Hinted {
    iss: String,
    sub: String,
}
