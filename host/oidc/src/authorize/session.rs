//! The steps that find out who is signed in, and whether that will do.

use super::{Asked, Context, Placed, Present, Prompt, Stop, refuse};
use crate::{
    gate,
    jws::{self, TokenKind},
    opaque,
    return_address::AnswerError,
    sign_in::NOT_FOR_THEM,
};
use bridge_model::{account::KeptOut, time::Timestamp};
use serde::Deserialize;

/// Takes up the browser's session if it is fresh enough and its person still passes the account gate;
/// else the person signs in, and hears there what is the matter.
pub(super) async fn load_session(context: &Context<'_>, asked: Asked) -> Result<Placed, Stop> {
    let nobody = |asked| {
        Ok(Placed {
            asked,
            session: None,
        })
    };
    let Some(secret) = &context.browser.session else {
        return nobody(asked);
    };
    if asked.prompt == Prompt::Required {
        return nobody(asked);
    }
    let (realm, hash) = (&context.realm.name, opaque::digest(secret));
    let session = context
        .parts
        .store
        .session(realm, hash, context.now)
        .await?;
    let Some(session) = session else {
        return nobody(asked);
    };
    if !is_fresh(session.auth_time, asked.request.max_age, context.now) {
        return nobody(asked);
    }
    let (parts, realm, client) = (context.parts, context.realm, &asked.client);
    match gate::readmit(parts, realm, client, session.user, session.auth_time).await? {
        Ok(user) => Ok(Placed {
            asked,
            session: Some(Present {
                session: session.id,
                user,
            }),
        }),
        // Another sign-in would end the same, and the session is good elsewhere.
        Err(KeptOut::NotInAllowedGroups) => {
            Err(refuse(&asked.to, AnswerError::AccessDenied, NOT_FOR_THEM))
        }
        Err(_) => nobody(asked),
    }
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
    if let (Some(hint), Some(present)) = (hint, &placed.session) {
        let (keys, realm) = (&context.parts.keys, &context.realm.name);
        let hinted: Option<Hinted> = jws::verified(keys, realm, TokenKind::Id, hint).await?;
        let issuer = context.parts.issuer(realm);
        let is_same = hinted.is_some_and(|hinted| {
            hinted.iss == issuer && hinted.sub == present.user.user().subject
        });
        if !is_same {
            placed.session = None;
        }
    }
    Ok(placed)
}

/// What is read of an ID token.
#[derive(Deserialize)]
struct Hinted {
    iss: String,
    sub: String,
}
