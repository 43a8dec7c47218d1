//! The last step: a code, a sign-in, or neither.

use super::{Asked, Authorized, Context, Met, Present, Prompt, Stop, refuse};
use crate::{return_address::AnswerError, sign_in};

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

async fn begin_interaction(context: &Context<'_>, asked: Asked) -> Result<Authorized, Stop> {
    let Context {
        parts,
        realm,
        browser,
        ..
    } = context;
    let (interaction, new_binding) =
        sign_in::begin_interaction(parts, realm, browser, asked.request).await?;
    Ok(Authorized::SignIn {
        interaction,
        new_binding,
    })
}
