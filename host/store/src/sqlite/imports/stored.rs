//! What is kept of a person, on its way into columns and back.

use crate::{
    columns::Columns,
    seal::{Place, Seal},
    sqlite::users::user,
    statement::Row,
};
use bridge_model::{
    account::User,
    decision::Bar,
    names::{FederationName, RealmName},
    ports::StoreError,
    secret::Secret,
    user::{KnownUser, LocalProfile, StoredUser},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What is kept of an imported user. The subject, the federation and its policy are not repeated in
/// it: who reads it has them from elsewhere.
#[derive(Serialize, Deserialize)]
pub(super) struct Profile<'a> {
    username: Cow<'a, str>,
    claims: Cow<'a, Map<String, Value>>,
    bars: Cow<'a, [Bar]>,
    group_dns: Cow<'a, [String]>,
    entry_dn: Cow<'a, str>,
}

impl<'a> Profile<'a> {
    pub(super) fn of(user: &'a User) -> Self {
        Self {
            username: Cow::Borrowed(&user.username),
            claims: Cow::Borrowed(&user.claims),
            bars: Cow::Borrowed(&user.bars),
            group_dns: Cow::Borrowed(&user.group_dns),
            entry_dn: Cow::Borrowed(&user.entry_dn),
        }
    }
}

/// What a person is searched by, in lower case.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) username: String,
    pub(super) email: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
}

impl Folded {
    /// Of claims.
    pub(super) fn of(username: &str, claims: &Map<String, Value>) -> Self {
        let fold = |name| claims.get(name).and_then(fold);
        Self {
            username: username.to_lowercase(),
            email: fold("email"),
            given_name: fold("given_name"),
            family_name: fold("family_name"),
        }
    }

    /// With what lies over them.
    pub(super) fn under(mut self, local: &Map<String, Value>) -> Self {
        for (name, folded) in [
            ("email", &mut self.email),
            ("given_name", &mut self.given_name),
            ("family_name", &mut self.family_name),
        ] {
            if let Some(value) = local.get(name) {
                *folded = fold(value);
            }
        }
        self
    }
}

fn fold(value: &Value) -> Option<String> {
    value.as_str().map(str::to_lowercase)
}

/// A row of [`STORED_USER`].
pub(super) fn stored_user(seal: &Seal, row: &Row) -> Result<StoredUser, StoreError> {
    let columns = Columns::of("users", row);
    let known = user(row)?;
    let imported = columns.get::<Option<&str>>("profile")?.is_some();
    let imported = imported.then(|| imported_user(&columns, &known));
    let imported_at: Option<i64> = columns.get("imported_at")?;
    let imported_at = imported_at.map(|_| columns.time("imported_at"));
    Ok(StoredUser {
        imported: imported.transpose()?.map(Box::new),
        imported_at: imported_at.transpose()?,
        local: local_profile(seal, row)?,
        known,
    })
}

/// With the federation's policy of now: what it makes of the person is what is kept, or it is written
/// anew.
fn imported_user(columns: &Columns<'_>, known: &KnownUser) -> Result<User, StoreError> {
    let profile: Profile<'_> = columns.json("profile")?;
    Ok(User {
        subject: known.subject.clone(),
        username: profile.username.into_owned(),
        claims: profile.claims.into_owned(),
        bars: profile.bars.into_owned(),
        group_dns: profile.group_dns.into_owned(),
        federation: columns.name::<FederationName>("federation_name")?,
        federation_id: known.federation,
        entry_dn: profile.entry_dn.into_owned(),
        policy: columns.json("policy")?,
    })
}

/// What lies over what the directory says; a row with the columns of one and the person's.
pub(super) fn local_profile(seal: &Seal, row: &Row) -> Result<LocalProfile, StoreError> {
    let columns = Columns::of("local_profiles", row);
    let has_claims = columns.get::<Option<&str>>("claims")?.is_some();
    let sealed: Option<&[u8]> = columns.get("password")?;
    let hash = sealed.map(|sealed| {
        let realm = columns.name::<RealmName>("realm")?;
        let place = Place::local_password(&realm, columns.get("subject")?);
        let opened = seal.open(&place, sealed)?;
        String::from_utf8(opened.expose().to_vec())
            .map_err(|error| columns.error("password", error))
    });
    Ok(LocalProfile {
        claims: if has_claims {
            columns.json("claims")?
        } else {
            Map::new()
        },
        password_hash: hash.transpose()?,
        disabled: columns.get("disabled")?,
    })
}

/// The hash of a local password, sealed: who copies the database has nothing to guess at.
pub(super) fn seal_hash(seal: &Seal, realm: &RealmName, subject: &str, hash: &str) -> Vec<u8> {
    seal.seal(&Place::local_password(realm, subject), &Secret::new(hash))
}

/// What [`stored_user`] reads: of users `u`, with [`JOINS`].
pub(super) const COLUMNS: &str = "u.realm, u.subject, u.federation, u.username, u.entry_dn, u.blocked,
    u.created_at, u.disabled, i.profile, i.imported_at, f.name AS federation_name, f.policy, l.claims,
    l.password";

/// As in [`STORED_USER`].
pub(super) const JOINS: &str = "JOIN federations f ON f.id = u.federation
    LEFT JOIN imported_users i ON i.number = u.imported AND i.subject = u.subject
        AND i.federation = u.federation
    LEFT JOIN local_profiles l ON l.realm = u.realm AND l.subject = u.subject";

/// ?1 realm, ?2 subject.
pub(super) const STORED_USER: &str = "
    SELECT u.realm, u.subject, u.federation, u.username, u.entry_dn, u.blocked,
        u.created_at, u.disabled, i.profile, i.imported_at, f.name AS federation_name, f.policy,
        l.claims, l.password
    FROM users u
    JOIN federations f ON f.id = u.federation
    LEFT JOIN imported_users i ON i.number = u.imported AND i.subject = u.subject
        AND i.federation = u.federation
    LEFT JOIN local_profiles l ON l.realm = u.realm AND l.subject = u.subject
    WHERE u.realm = ?1 AND u.subject = ?2";
