//! The last step: a code, a sign-in, or neither.

use super::{Asked, Authorized, Context, Met, Present, Prompt, Stop, refuse};
use crate::{opaque, return_address::AnswerError, sign_in};
use bridge_model::session::Interaction;

pub(super) async fn respond(
    context: &Context<'_>,
    Met { asked, who }: Met,
) -> Result<Authorized, Stop> {
    match (who, asked.prompt) {
        (Some(Present { session, user }), _) => {
            let (parts, realm, client) = (context.parts, context.realm, &asked.client);
            let code = sign_in::issue_code(parts, realm, client, asked.request, &user, session);
            let code = code.await?;
            Ok(Authorized::Redirect {
                to: asked.to.with_code(&code),
            })
        }
        (None, Prompt::Forbidden) => {
            let text = "the person has to sign in, and prompt=none forbids to ask";
            Err(refuse(&asked.to, AnswerError::LoginRequired, text))
        }
        (None, Prompt::Usual | Prompt::Required) => begin_interaction(context, asked).await,
    }
}

/// A browser has one binding for all its interactions, so that two tabs do not end each other's.
async fn begin_interaction(context: &Context<'_>, asked: Asked) -> Result<Authorized, Stop> {
    let random = &*context.parts.random;
    let kept = context.browser.binding.clone().filter(opaque::is_whole);
    let (binding, is_new) = match kept {
        Some(binding) => (binding, false),
        None => (opaque::draw(random), true),
    };
    let id = opaque::draw(random);
    let interaction = Interaction {
        id: opaque::digest(&id),
        realm: context.realm.name.clone(),
        browser: opaque::digest(&binding),
        request: asked.request,
        expires_at: context.now.plus(context.realm.lifetimes.interaction),
    };
    context.parts.store.add_interaction(&interaction).await?;
    let new_binding = is_new.then_some(binding);
    Ok(Authorized::SignIn {
        interaction: opaque::encode(id.expose()),
        new_binding,
    })
}
