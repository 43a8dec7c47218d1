//! What people type into forms.

use super::{failure::Failure, pages::PasswordNotes};
use bridge_model::{
    secret::{Password, PasswordError},
    write::Complaint,
};
use std::borrow::Cow;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// Longer user names belong to nobody.
const USERNAME_CHARS_MAX: usize = 256;

/// What the sign-in form sends.
pub(super) struct SignIn {
    /// The user name.
    pub username: Zeroizing<String>,
    /// The password.
    pub password: Zeroizing<String>,
    /// What proves that the form is ours.
    pub csrf: Zeroizing<String>,
}

/// What a form for a new password sends.
pub(super) struct NewPassword {
    /// The user name; the account page knows it and does not look at it.
    pub username: Zeroizing<String>,
    /// The password so far.
    pub current: Zeroizing<String>,
    /// The new one.
    pub new: Zeroizing<String>,
    /// The new one again.
    pub again: Zeroizing<String>,
    /// What proves that the form is ours.
    pub csrf: Zeroizing<String>,
}

impl SignIn {
    /// Takes the form apart.
    pub(super) fn parse(body: &str) -> Result<Self, Failure> {
        let [username, password, csrf] = fields(body, ["username", "password", "csrf"])?;
        check_lengths(&username, &password)?;
        Ok(Self {
            username,
            password,
            csrf,
        })
    }
}

impl NewPassword {
    /// Takes the form apart.
    pub(super) fn parse(body: &str) -> Result<Self, Failure> {
        let names = ["username", "current", "new", "again", "csrf"];
        let [username, current, new, again, csrf] = fields(body, names)?;
        check_lengths(&username, &current)?;
        Ok(Self {
            username,
            current,
            new,
            again,
            csrf,
        })
    }

    /// Looks for what has to be put right before any directory is asked.
    ///
    /// # Errors
    ///
    /// That.
    pub(super) fn check(&self) -> Result<(), PasswordNotes> {
        let mut notes = PasswordNotes::default();
        if Password::new(self.current.as_str()).is_err() {
            notes.current = Some("Enter your current password.".into());
        }
        match Password::new(self.new.as_str()) {
            Err(PasswordError::Empty) => notes.new = Some("Enter a new password.".into()),
            Err(PasswordError::TooLong) => {
                notes = notes.with(&Complaint::TooLong(None));
            }
            Ok(_) if self.new == self.current => {
                notes.new = Some("This is your current password. Choose another one.".into());
            }
            Ok(_) if self.new != self.again => {
                notes.again = Some("The two new passwords are not the same.".into());
            }
            Ok(_) => {}
        }
        if notes.is_any() { Err(notes) } else { Ok(()) }
    }
}

/// The values of these fields of a form. One that is missing is empty; what that means is decided
/// where it is looked at.
///
/// # Errors
///
/// [`Failure::Malformed`] for a field that stands there twice: which one counts could be read in two
/// ways.
pub(super) fn fields<const N: usize>(
    body: &str,
    names: [&str; N],
) -> Result<[Zeroizing<String>; N], Failure> {
    let mut found = [const { None }; N];
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        let Some(index) = names.iter().position(|field| *field == name) else {
            continue;
        };
        let field: &mut Option<Cow<'_, str>> = &mut found[index];
        if field.replace(value).is_some() {
            return Err(Failure::Malformed(
                "A field of the form stands there twice.",
            ));
        }
    }
    Ok(found.map(|value| Zeroizing::new(value.unwrap_or_default().into_owned())))
}

/// Counted before anything else is done, so that a flood of them costs nothing.
fn check_lengths(username: &str, password: &str) -> Result<(), Failure> {
    if username.chars().count() > USERNAME_CHARS_MAX {
        return Err(Failure::Malformed("The user name is too long."));
    }
    if password.len() > Password::OCTETS_MAX {
        return Err(Failure::Malformed("The password is too long."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(body: &str) -> Result<[String; 3], Failure> {
        let typed = SignIn::parse(body)?;
        Ok([typed.username, typed.password, typed.csrf].map(|field| field.to_string()))
    }

    #[test]
    fn a_form_is_taken_as_typed() {
        for (body, expected) in [
            ("", ["", "", ""]),
            ("username=ada&password=x&csrf=t", ["ada", "x", "t"]),
            (
                "csrf=t&extra=1&password=+a%26b+&username=%C3%A5da",
                ["åda", " a&b ", "t"],
            ),
        ] {
            assert_eq!(typed(body), Ok(expected.map(str::to_owned)), "{body}");
        }
    }

    #[test]
    fn a_form_that_nobody_fills_in_so_is_refused() {
        let long_name = format!("username={}", "é".repeat(257));
        let long_password = format!("password={}", "x".repeat(1025));
        for body in [
            "password=a&password=b",
            "csrf=&csrf=",
            &long_name,
            &long_password,
        ] {
            assert!(
                matches!(typed(body), Err(Failure::Malformed(_))),
                "{}",
                body.len()
            );
        }
        let longest = format!("username={}&password={}", "é".repeat(256), "x".repeat(1024));
        assert!(typed(&longest).is_ok());
    }

    fn notes(current: &str, new: &str, again: &str) -> Option<PasswordNotes> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("current", current), ("new", new), ("again", again)])
            .finish();
        let typed = NewPassword::parse(&body).expect("a form");
        typed.check().err()
    }

    #[test]
    fn a_new_password_is_given_twice_and_is_new() {
        assert_eq!(notes("old", "new", "new"), None);
        for (current, new, again, wrong) in [
            ("", "new", "new", [true, false, false]),
            ("old", "", "", [false, true, false]),
            ("old", "new", "neW", [false, false, true]),
            ("old", "new", "", [false, false, true]),
            ("old", "old", "old", [false, true, false]),
            ("", "", "", [true, true, false]),
            ("\0", "\0\0", "\0\0", [true, true, false]),
        ] {
            let notes = notes(current, new, again).expect("something to put right");
            let at = [&notes.current, &notes.new, &notes.again].map(Option::is_some);
            assert_eq!(at, wrong, "{current:?} {new:?} {again:?}");
        }
    }

    #[test]
    fn a_new_password_that_no_directory_takes_is_said_to_be_too_long() {
        let long = "x".repeat(1025);
        let notes = notes("old", &long, &long).expect("something to put right");
        assert!(notes.new.is_some_and(|note| note.contains("Too long")));
        let long_current = NewPassword::parse(&format!("current={long}"));
        assert!(matches!(long_current, Err(Failure::Malformed(_))));
    }
}
