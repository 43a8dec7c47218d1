//! A batch of imported users on its way into the database.

use super::stored::{Folded, Profile};
use crate::{
    columns::{Columns, json, seconds},
    sqlite::{change::Change, database},
};
use aws_lc_rs::digest::{self, SHA256};
use bridge_model::{
    account::User,
    dn::Dn,
    names::{FederationId, RealmName},
    ports::StoreError,
    user::{ImportCounts, ImportedUser},
};
use serde_json::{Map, Value};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query, query_scalar};
use std::collections::{HashMap, HashSet};

/// A user who may have to be written.
struct Candidate<'a> {
    identifier: &'a [u8],
    user: &'a User,
    profile: String,
    digest: Vec<u8>,
    /// The row that is there, and whose it is.
    kept: Option<(i64, String)>,
    /// The row that it will be in.
    number: i64,
    /// Kept out under the subject of before.
    was_kept_out: bool,
}

/// Users of one federation who may have to be written.
pub(super) struct Candidates<'a> {
    realm: &'a RealmName,
    federation: FederationId,
    users: Vec<Candidate<'a>>,
}

impl<'a> Candidates<'a> {
    /// Of several with one identifier, or one subject, the last counts.
    pub(super) fn of(
        realm: &'a RealmName,
        federation: FederationId,
        users: &'a [ImportedUser],
    ) -> Result<Self, StoreError> {
        let (mut identifiers, mut subjects) = (HashSet::new(), HashSet::new());
        let mut candidates = Vec::with_capacity(users.len());
        for ImportedUser { identifier, user } in users.iter().rev() {
            if !identifiers.insert(identifier) || !subjects.insert(&user.subject) {
                continue;
            }
            let profile = json(&Profile::of(user))?;
            let mut digest = digest::Context::new(&SHA256);
            digest.update(&(user.subject.len() as u64).to_be_bytes());
            digest.update(user.subject.as_bytes());
            digest.update(profile.as_bytes());
            candidates.push(Candidate {
                identifier,
                user,
                profile,
                digest: digest.finish().as_ref().to_vec(),
                kept: None,
                number: 0,
                was_kept_out: false,
            });
        }
        candidates.reverse();
        Ok(Self {
            realm,
            federation,
            users: candidates,
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.users.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Leaves those who are not kept as they are.
    pub(super) async fn keep_changed(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        let identifiers: Vec<_> = self.users.iter().map(|it| hex(it.identifier)).collect();
        let digests: Vec<_> = self.users.iter().map(|it| &*it.digest).collect();
        // In one row, since every row costs a way between threads.
        let changed: String = query_scalar(CHANGED)
            .bind(json(&identifiers)?)
            .bind(self.federation.0.as_bytes().as_slice())
            .bind(digests.concat())
            .fetch_one(connection)
            .await
            .map_err(database)?;
        let changed: Vec<(usize, Option<i64>, Option<String>)> =
            serde_json::from_str(&changed).map_err(database)?;
        let mut changed: HashMap<_, _> = changed
            .into_iter()
            .map(|(place, number, subject)| (place, number.zip(subject)))
            .collect();
        let mut place = 0;
        self.users.retain_mut(|candidate| {
            let found = changed.remove(&place);
            place += 1;
            let is_changed = found.is_some();
            candidate.kept = found.flatten();
            is_changed
        });
        Ok(())
    }
}

/// Whether a realm has a federation.
///
/// # Errors
///
/// [`StoreError::Missing`] if not.
pub(super) async fn is_there(
    connection: &mut SqliteConnection,
    realm: &RealmName,
    federation: FederationId,
) -> Result<(), StoreError> {
    let row = query(IS_THERE)
        .bind(federation.0.as_bytes().as_slice())
        .bind(realm.as_str())
        .fetch_optional(connection)
        .await
        .map_err(database)?;
    row.map(|_| ()).ok_or_else(|| {
        StoreError::Missing(format!(
            "federation with the id {federation} in the realm {realm}"
        ))
    })
}

impl Change<'_> {
    /// Writes those who are not kept as they are; says nothing of the others.
    pub(super) async fn import(
        &mut self,
        mut candidates: Candidates<'_>,
    ) -> Result<ImportCounts, StoreError> {
        let Candidates {
            realm, federation, ..
        } = candidates;
        is_there(self.connection, realm, federation).await?;
        // Somebody else may have written them since.
        candidates.keep_changed(self.connection).await?;
        let mut users = candidates.users;
        let renamed = users
            .iter()
            .filter_map(|it| it.kept.as_ref().map(|kept| (it, &kept.1)));
        let renamed: Vec<_> = renamed
            .filter(|(it, subject)| it.user.subject != **subject)
            .map(|(_, subject)| subject.clone())
            .collect();
        if !renamed.is_empty() {
            self.carry_blocks(realm, federation, &renamed, &mut users)
                .await?;
            self.forget_users(realm, federation, &renamed).await?;
        }
        let updated = self.number(&mut users).await?;
        let local = self.make_room(realm, &users).await?;
        for rows in users.chunks(ROWS) {
            self.put_imported(federation, rows).await?;
            self.put_users(realm, federation, rows, &local).await?;
        }
        Ok(ImportCounts {
            added: users.len() as u64 - updated,
            updated,
            unchanged: 0,
        })
    }

    /// Notes who is kept out under the subject that they had until now: another subject lets nobody in.
    async fn carry_blocks(
        &mut self,
        realm: &RealmName,
        federation: FederationId,
        renamed: &[String],
        users: &mut [Candidate<'_>],
    ) -> Result<(), StoreError> {
        let kept_out: Vec<String> = query_scalar(KEPT_OUT)
            .bind(realm.as_str())
            .bind(json(&renamed)?)
            .bind(federation.0.as_bytes().as_slice())
            .fetch_all(&mut *self.connection)
            .await
            .map_err(database)?;
        let kept_out: HashSet<_> = kept_out.into_iter().collect();
        for candidate in users {
            let before = candidate.kept.as_ref();
            candidate.was_kept_out = before.is_some_and(|(_, subject)| {
                candidate.user.subject != *subject && kept_out.contains(subject)
            });
        }
        Ok(())
    }

    /// Gives each a row, and says how many have one already.
    async fn number(&mut self, users: &mut [Candidate<'_>]) -> Result<u64, StoreError> {
        let last: Option<i64> = query_scalar("SELECT max(number) FROM imported_users")
            .fetch_one(&mut *self.connection)
            .await
            .map_err(database)?;
        let (mut last, mut updated) = (last.unwrap_or(0), 0);
        // One that was dropped a moment ago has the row that it had.
        let kept = users.iter().filter_map(|it| it.kept.as_ref());
        last = kept.map(|(number, _)| *number).fold(last, i64::max);
        for candidate in users {
            if let Some((number, _)) = &candidate.kept {
                candidate.number = *number;
                updated += 1;
            } else {
                last += 1;
                candidate.number = last;
            }
        }
        Ok(updated)
    }

    /// Lets go of what people were imported as under another identifier, and gives what lies over what
    /// the directory says, by subject, of those of whom something does.
    async fn make_room(
        &mut self,
        realm: &RealmName,
        users: &[Candidate<'_>],
    ) -> Result<HashMap<String, Map<String, Value>>, StoreError> {
        let numbers: HashMap<_, _> = users
            .iter()
            .map(|it| (it.user.subject.as_str(), it.number))
            .collect();
        let subjects: Vec<_> = users.iter().map(|it| it.user.subject.as_str()).collect();
        let rows = self
            .rows(query(KNOWN).bind(realm.as_str()).bind(json(&subjects)?))
            .await?;
        let mut local = HashMap::new();
        for row in &rows {
            let columns = Columns::of("users", row);
            let subject: String = columns.get("subject")?;
            let imported: Option<i64> = columns.get("imported")?;
            if imported.is_some() && imported != numbers.get(subject.as_str()).copied() {
                let statement = query(DROP_OTHER).bind(imported).bind(subject.as_str());
                self.run(statement).await?;
            }
            if columns.get::<Option<&str>>("claims")?.is_some() {
                local.insert(subject, columns.json("claims")?);
            }
        }
        Ok(local)
    }

    async fn put_imported(
        &mut self,
        federation: FederationId,
        users: &[Candidate<'_>],
    ) -> Result<(), StoreError> {
        let mut statement = QueryBuilder::<Sqlite>::new(PUT_IMPORTED);
        statement.push_values(users, |mut row, it| {
            // What is no DN is found by none.
            let dn = Dn::parse(&it.user.entry_dn).map(|dn| dn.comparable());
            row.push_bind(it.number)
                .push_bind(federation.0.as_bytes().to_vec())
                .push_bind(it.identifier.to_vec())
                .push_bind(it.user.subject.clone())
                .push_bind(it.digest.clone())
                .push_bind(dn.unwrap_or_default())
                .push_bind(it.profile.clone())
                .push_bind(seconds(self.now));
        });
        statement.push(OR_UPDATE_IMPORTED);
        self.put(statement, users.len()).await
    }

    async fn put_users(
        &mut self,
        realm: &RealmName,
        federation: FederationId,
        users: &[Candidate<'_>],
        local: &HashMap<String, Map<String, Value>>,
    ) -> Result<(), StoreError> {
        let nothing = Map::new();
        let mut statement = QueryBuilder::<Sqlite>::new(PUT_USERS);
        statement.push_values(users, |mut row, it| {
            let User {
                subject,
                username,
                claims,
                entry_dn,
                ..
            } = it.user;
            let folded = Folded::of(username, claims, local.get(subject).unwrap_or(&nothing));
            row.push_bind(realm.to_string())
                .push_bind(subject.clone())
                .push_bind(federation.0.as_bytes().to_vec())
                .push_bind(username.clone())
                .push_bind(entry_dn.clone())
                .push_bind(folded.username)
                .push_bind(folded.email)
                .push_bind(folded.given_name)
                .push_bind(folded.family_name)
                .push_bind(it.number)
                .push_bind(it.was_kept_out)
                .push_bind(seconds(self.now))
                .push_bind(seconds(self.now));
        });
        statement.push(OR_UPDATE_USERS);
        self.put(statement, users.len()).await
    }

    /// Runs a statement for so many rows. Only that for a full number of them is worth being kept
    /// prepared.
    async fn put(
        &mut self,
        mut statement: QueryBuilder<Sqlite>,
        rows: usize,
    ) -> Result<(), StoreError> {
        let statement = statement.build().persistent(rows == ROWS);
        self.run(statement).await.map(|_| ())
    }
}

pub(in crate::sqlite) fn hex(octets: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let mut text = String::with_capacity(2 * octets.len());
    for octet in octets {
        text.push(DIGITS[usize::from(octet >> 4)]);
        text.push(DIGITS[usize::from(octet & 15)]);
    }
    text
}

/// So many rows are written by one statement.
const ROWS: usize = 50;

const IS_THERE: &str = "
    SELECT 1 FROM federations INDEXED BY federations_by_state WHERE id = ?1 AND realm = ?2";

/// Which of some users are not kept as they are: their places, and the rows that they have. ?1 their
/// identifiers in hexadecimal, as JSON; ?2 federation; ?3 their digests, one behind the other.
const CHANGED: &str = "
    SELECT json_group_array(json_array(j.key, i.number, i.subject))
    FROM json_each(?1) j LEFT JOIN imported_users i
        ON i.federation = ?2 AND i.identifier = unhex(j.value)
    WHERE i.digest IS NOT substr(?3, j.key * 32 + 1, 32)";

/// ?1 realm, ?2 subjects, as JSON, ?3 federation.
const KEPT_OUT: &str = "
    SELECT u.subject FROM json_each(?2) j
    CROSS JOIN users u ON u.realm = ?1 AND u.subject = j.value AND u.federation = ?3
    WHERE u.blocked OR u.disabled";

/// ?1 realm, ?2 subjects, as JSON.
const KNOWN: &str = "
    SELECT u.subject, u.imported, l.claims FROM json_each(?2) j
    CROSS JOIN users u ON u.realm = ?1 AND u.subject = j.value
    LEFT JOIN local_profiles l ON l.realm = u.realm AND l.subject = u.subject";

const DROP_OTHER: &str = "DELETE FROM imported_users WHERE number = ?1 AND subject = ?2";

const PUT_IMPORTED: &str = "
    INSERT INTO imported_users (number, federation, identifier, subject, digest, dn, profile,
        imported_at) ";

const OR_UPDATE_IMPORTED: &str = "
    ON CONFLICT (number) DO UPDATE SET subject = excluded.subject, digest = excluded.digest,
        dn = excluded.dn, profile = excluded.profile, imported_at = excluded.imported_at";

const PUT_USERS: &str = "
    INSERT INTO users (realm, subject, federation, username, entry_dn, folded_username, folded_email,
        folded_given_name, folded_family_name, imported, blocked, created_at, changed_at) ";

const OR_UPDATE_USERS: &str = "
    ON CONFLICT (realm, subject) DO UPDATE SET federation = excluded.federation,
        username = excluded.username, entry_dn = excluded.entry_dn,
        folded_username = excluded.folded_username, folded_email = excluded.folded_email,
        folded_given_name = excluded.folded_given_name,
        folded_family_name = excluded.folded_family_name, imported = excluded.imported,
        blocked = max(users.blocked, excluded.blocked), changed_at = excluded.changed_at";
