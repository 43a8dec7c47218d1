//! The page for a new password, and what is said at its fields.

use super::{Failure, html, refused, with_policy};
use crate::web::failure::span;
use askama::Template;
use axum::response::Response;
use bridge_model::write::Complaint;
use http::StatusCode;
use std::borrow::Cow;

/// What is said after a new password was not taken; each is one or more whole sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct PasswordNotes {
    /// Above the form.
    pub form: Option<Cow<'static, str>>,
    /// At the password so far.
    pub current: Option<Cow<'static, str>>,
    /// At the new one.
    pub new: Option<Cow<'static, str>>,
    /// At its repetition.
    pub again: Option<Cow<'static, str>>,
}

/// The page for a new password within a sign-in.
#[derive(Template)]
#[template(path = "new-password.html")]
pub(in crate::web) struct PasswordForm<'a> {
    /// What people call the realm.
    pub realm: &'a str,
    /// What people call the application.
    pub client: &'a str,
    /// Where the form is sent.
    pub action: &'a str,
    /// What proves that the form is ours.
    pub csrf: &'a str,
    /// The user name as typed.
    pub username: &'a str,
    /// What has to be put right.
    pub notes: &'a PasswordNotes,
}

/// Why a form for a new password is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Shown {
    /// For the first time.
    First,
    /// The password so far was refused, or the account.
    Refused,
    /// Something has to be put right.
    Again,
}

impl PasswordForm<'_> {
    /// The page, for a form whose success ends in a redirect to `redirect_origin`.
    pub(in crate::web) fn respond(
        &self,
        redirect_origin: Option<&str>,
        shown: Shown,
    ) -> Result<Response, Failure> {
        let response = html(self).ok_or(Failure::Internal)?;
        with_policy(shown.mark(response), redirect_origin)
    }
}

impl Shown {
    /// Gives the page of a form its status.
    pub(super) fn mark(self, mut response: Response) -> Response {
        match self {
            Self::First => response,
            Self::Refused => refused(response),
            Self::Again => {
                *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                response
            }
        }
    }
}

impl PasswordNotes {
    /// What is said where the password so far was refused: no more than at the sign-in.
    pub(in crate::web) fn refusal() -> Self {
        Self {
            form: Some(
                "The current password is wrong, or the account cannot be used right now. Check the \
                 password and try again. If it keeps failing, ask your administrator."
                    .into(),
            ),
            ..Self::default()
        }
    }

    /// What a directory's complaints say.
    pub(in crate::web) fn of(complaints: &[Complaint]) -> Self {
        let notes = complaints.iter().fold(Self::default(), Self::with);
        if notes == Self::default() {
            notes.with(&Complaint::Other(String::new()))
        } else {
            notes
        }
    }

    /// With one more complaint.
    pub(in crate::web) fn with(mut self, complaint: &Complaint) -> Self {
        let place = match complaint {
            Complaint::WrongOldPassword => &mut self.current,
            Complaint::TooYoung(_) | Complaint::NotAllowed => &mut self.form,
            Complaint::TooShort(_)
            | Complaint::TooLong(_)
            | Complaint::InHistory
            | Complaint::TooWeak
            | Complaint::Other(_) => &mut self.new,
        };
        let more = sentence(complaint);
        *place = Some(match place.take() {
            Some(said) if !said.contains(&*more) => format!("{said} {more}").into(),
            Some(said) => said,
            None => more,
        });
        self
    }

    /// Whether anything is said.
    pub(in crate::web) fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

/// A complaint in words for the person.
fn sentence(complaint: &Complaint) -> Cow<'static, str> {
    match complaint {
        Complaint::WrongOldPassword => "This is not your current password.".into(),
        Complaint::TooShort(Some(1)) => "Too short: at least 1 character.".into(),
        Complaint::TooShort(Some(least)) => format!("Too short: at least {least} characters.").into(),
        Complaint::TooShort(None) => "Too short: choose a longer one.".into(),
        Complaint::TooLong(Some(1)) => "Too long: at most 1 character.".into(),
        Complaint::TooLong(Some(most)) => format!("Too long: at most {most} characters.").into(),
        Complaint::TooLong(None) => "Too long: choose a shorter one.".into(),
        Complaint::InHistory => "You have used this password before. Choose a new one.".into(),
        Complaint::TooYoung(Some(seconds)) => {
            let span = span(*seconds);
            format!("You changed your password too recently: try again in {span}.").into()
        }
        Complaint::TooYoung(None) => {
            "You changed your password too recently: try again later.".into()
        }
        Complaint::TooWeak => {
            "Too easy to guess: use different kinds of characters, and nothing that is known of you."
                .into()
        }
        Complaint::NotAllowed => {
            "You are not allowed to change this password. Ask your administrator.".into()
        }
        // What a directory said beyond that is for the audit trail.
        Complaint::Other(_) => "This password was not accepted. Choose another one.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_complaint_is_a_sentence_that_says_what_to_do() {
        for (complaint, said) in [
            (Complaint::TooShort(Some(8)), "at least 8 characters."),
            (Complaint::TooShort(Some(1)), "at least 1 character."),
            (Complaint::TooShort(None), "longer"),
            (Complaint::TooLong(Some(64)), "at most 64 characters."),
            (Complaint::TooLong(None), "shorter"),
            (Complaint::InHistory, "used this password before"),
            (Complaint::TooYoung(Some(10_000)), "try again in 3 hours."),
            (Complaint::TooYoung(None), "try again later."),
            (Complaint::TooWeak, "Too easy to guess"),
            (Complaint::NotAllowed, "Ask your administrator."),
            (Complaint::WrongOldPassword, "not your current password"),
        ] {
            let sentence = sentence(&complaint);
            assert!(sentence.contains(said), "{complaint:?}: {sentence}");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn what_a_directory_says_in_words_of_its_own_is_not_told() {
        let notes = PasswordNotes::of(&[Complaint::Other("cn=secret policy 7".to_owned())]);
        let said = notes.new.expect("something");
        assert!(!said.contains("secret") && !said.contains('7'), "{said}");
    }

    #[test]
    fn complaints_stand_where_they_are_put_right() {
        let notes = PasswordNotes::of(&[
            Complaint::TooShort(Some(8)),
            Complaint::TooWeak,
            Complaint::TooWeak,
            Complaint::TooYoung(None),
        ]);
        let new = notes.new.expect("two of them");
        assert!(new.starts_with("Too short: at least 8 characters. Too easy"));
        assert_eq!(new.matches("Too easy").count(), 1, "{new}");
        assert!(notes.form.is_some_and(|said| said.contains("too recently")));
        assert_eq!((notes.current, notes.again), (None, None));
        assert!(PasswordNotes::of(&[]).is_any(), "a refusal is never silent");
    }
}
