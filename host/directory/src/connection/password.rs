//! New passwords.

use super::{Answered, Connection, Failure, Fault, guard, write::modify};
use crate::convert;
use bridge_model::{
    plan::{PasswordAttribute, PasswordEncoding, PasswordWrite},
    search::Reply,
    secret::Password,
    write::{PasswordAuthor, PasswordChange},
};
use ldap3::{Ldap, Mod, exop::PasswordModify};
use std::collections::HashSet;
use tokio::time::Instant;
use zeroize::Zeroizing;

impl Connection {
    /// Writes a new password as whoever the connection is bound as.
    pub(crate) async fn set_password(
        &mut self,
        change: &PasswordChange<'_>,
        deadline: Instant,
    ) -> Result<Answered<Reply>, Failure> {
        self.wire.begin();
        let outcome = guard(deadline, run(&mut self.ldap, change)).await;
        self.conclude_write(outcome)
    }
}

/// Why a change cannot be made at all; none if it can.
pub(crate) fn objection(change: &PasswordChange<'_>) -> Option<&'static str> {
    match (change.way, &change.author) {
        (PasswordWrite::Refused, _) => Some("this directory's passwords are not written"),
        (PasswordWrite::Replace(_), PasswordAuthor::ServiceForPerson { .. }) => {
            Some("nobody would check the password so far if the service replaced it for a person")
        }
        _ => None,
    }
}

async fn run(ldap: &mut Ldap, change: &PasswordChange<'_>) -> Result<Reply, Fault> {
    let old = match change.author {
        PasswordAuthor::Person { old, .. } | PasswordAuthor::ServiceForPerson { old } => Some(old),
        PasswordAuthor::Service => None,
    };
    if let Some(objection) = objection(change) {
        return Err(Fault::Unsendable(objection.to_owned()));
    }
    match (change.way, old) {
        (PasswordWrite::Exchange(attribute), Some(old)) => {
            exchange(ldap, change, attribute, old).await
        }
        (PasswordWrite::Exchange(attribute) | PasswordWrite::Replace(attribute), _) => {
            let new = encode(change.new, attribute.encoding);
            let changes = vec![Mod::Replace(attribute.name.as_bytes(), one(&new))];
            modify(ldap, change.dn, changes, change.controls).await
        }
        (PasswordWrite::ExtendedOperation | PasswordWrite::Refused, old) => {
            if !change.controls.is_empty() {
                ldap.with_controls(convert::request_controls(change.controls));
            }
            let request = PasswordModify {
                user_id: Some(change.dn.as_str()),
                old_pass: old.map(Password::expose),
                new_pass: Some(change.new.expose()),
            };
            Ok(convert::reply(ldap.extended(request).await?.1))
        }
    }
}

/// The directory takes the old value away only if it is the password so far.
async fn exchange(
    ldap: &mut Ldap,
    change: &PasswordChange<'_>,
    attribute: &PasswordAttribute,
    old: &Password,
) -> Result<Reply, Fault> {
    let name = attribute.name.as_bytes();
    let (old, new) = (
        encode(old, attribute.encoding),
        encode(change.new, attribute.encoding),
    );
    let changes = vec![Mod::Delete(name, one(&old)), Mod::Add(name, one(&new))];
    modify(ldap, change.dn, changes, change.controls).await
}

fn one(value: &[u8]) -> HashSet<&[u8]> {
    HashSet::from([value])
}

/// A password as it stands in an attribute. The room is measured first, so that no copy is left behind.
fn encode(password: &Password, encoding: PasswordEncoding) -> Zeroizing<Vec<u8>> {
    let text = password.expose();
    match encoding {
        PasswordEncoding::Utf8 => Zeroizing::new(text.as_bytes().to_vec()),
        PasswordEncoding::QuotedUtf16le => {
            let units = text.encode_utf16().count() + 2;
            let mut octets = Zeroizing::new(Vec::with_capacity(2 * units));
            let quote = || std::iter::once(u16::from(b'"'));
            for unit in quote().chain(text.encode_utf16()).chain(quote()) {
                octets.extend_from_slice(&unit.to_le_bytes());
            }
            octets
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_attribute_wants_it() {
        let password = Password::new("ä\u{1f600}").expect("a password");
        assert_eq!(
            *encode(&password, PasswordEncoding::Utf8),
            "ä\u{1f600}".as_bytes()
        );
        assert_eq!(
            *encode(&password, PasswordEncoding::QuotedUtf16le),
            b"\x22\0\xe4\0\x3d\xd8\x00\xde\x22\0"
        );
    }
}
