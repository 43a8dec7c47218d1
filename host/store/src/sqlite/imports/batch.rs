//! A batch of imported users on its way into the database.

use super::stored::{Folded, Profile};
use crate::{
    columns::{Columns, json, seconds},
    sqlite::change::Change,
    statement::{Bind, Row, Statement, query},
};
use aws_lc_rs::digest::{self, SHA256};
use bridge_model::{
    dn::Dn,
    names::{FederationId, RealmName},
    ports::StoreError,
    user::{ImportCounts, ImportedUser},
};
use serde_json::{Map, Value};
use std::{
    collections::{HashMap, HashSet},
    mem,
};

/// A user who may have to be written.
struct Candidate {
    identifier: Vec<u8>,
    subject: String,
    username: String,
    entry_dn: String,
    /// What they are searched by; until there is room for them, by what the directory says alone.
    folded: Folded,
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
pub(super) struct Candidates {
    realm: RealmName,
    federation: FederationId,
    users: Vec<Candidate>,
}

impl Candidates {
    /// Of several with one identifier, or one subject, the last counts.
    pub(super) fn of(
        realm: &RealmName,
        federation: FederationId,
        users: &[ImportedUser],
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
                identifier: identifier.clone(),
                subject: user.subject.clone(),
                username: user.username.clone(),
                entry_dn: user.entry_dn.clone(),
                folded: Folded::of(&user.username, &user.claims),
                profile,
                digest: digest.finish().as_ref().to_vec(),
                kept: None,
                number: 0,
                was_kept_out: false,
            });
        }
        candidates.reverse();
        Ok(Self {
            realm: realm.clone(),
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

    /// Gives a row if the realm has the federation.
    pub(super) fn federation_is_there(&self) -> Statement {
        query(IS_THERE)
            .bind(self.federation.0.as_bytes().as_slice())
            .bind(self.realm.as_str())
    }

    /// The error if it has not.
    pub(super) fn missing(&self) -> StoreError {
        StoreError::Missing(format!(
            "federation with the id {} in the realm {}",
            self.federation, self.realm
        ))
    }

    /// Gives a row for each who is not kept as they are.
    pub(super) fn changed(&self) -> Result<Statement, StoreError> {
        let identifiers: Vec<_> = self.users.iter().map(|it| hex(&it.identifier)).collect();
        let digests: Vec<_> = self.users.iter().map(|it| &*it.digest).collect();
        Ok(query(CHANGED)
            .bind(json(&identifiers)?)
            .bind(self.federation.0.as_bytes().as_slice())
            .bind(digests.concat()))
    }

    /// Leaves those who are in the rows of [`Candidates::changed`].
    pub(super) fn keep_changed(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let mut changed = HashMap::with_capacity(rows.len());
        for row in rows {
            let columns = Columns::of("imported_users", row);
            let place = columns.parsed("place", |place: i64| usize::try_from(place))?;
            let (number, subject) = (columns.get("number")?, columns.get("subject")?);
            changed.insert(place, Option::zip(number, subject));
        }
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

impl Change<'_> {
    /// Writes those who are not kept as they are; says nothing of the others.
    pub(super) fn import(&self, mut candidates: Candidates) -> Result<ImportCounts, StoreError> {
        let there = self.row(candidates.federation_is_there())?;
        there.ok_or_else(|| candidates.missing())?;
        // Somebody else may have written them since.
        candidates.keep_changed(&self.rows(candidates.changed()?)?)?;
        let Candidates {
            realm,
            federation,
            mut users,
        } = candidates;
        let renamed = users
            .iter()
            .filter_map(|it| it.kept.as_ref().map(|kept| (it, &kept.1)));
        let renamed: Vec<_> = renamed
            .filter(|(it, subject)| it.subject != **subject)
            .map(|(_, subject)| subject.clone())
            .collect();
        if !renamed.is_empty() {
            self.carry_blocks(&realm, federation, &renamed, &mut users)?;
            self.forget_users(&realm, federation, &renamed)?;
        }
        let updated = self.number(&mut users)?;
        self.make_room(&realm, &mut users)?;
        for rows in users.chunks_mut(ROWS) {
            self.put_imported(federation, rows)?;
            self.put_users(&realm, federation, rows)?;
        }
        Ok(ImportCounts {
            added: users.len() as u64 - updated,
            updated,
            unchanged: 0,
        })
    }

    /// Notes who is kept out under the subject that they had until now: another subject lets nobody in.
    fn carry_blocks(
        &self,
        realm: &RealmName,
        federation: FederationId,
        renamed: &[String],
        users: &mut [Candidate],
    ) -> Result<(), StoreError> {
        let statement = query(KEPT_OUT)
            .bind(realm.as_str())
            .bind(json(&renamed)?)
            .bind(federation.0.as_bytes().as_slice());
        let rows = self.rows(statement)?;
        let subject = |row| Columns::of("users", row).get("subject");
        let kept_out: HashSet<String> = rows.iter().map(subject).collect::<Result<_, _>>()?;
        for candidate in users {
            let before = candidate.kept.as_ref();
            candidate.was_kept_out = before.is_some_and(|(_, subject)| {
                candidate.subject != *subject && kept_out.contains(subject)
            });
        }
        Ok(())
    }

    /// Gives each a row, and says how many have one already.
    fn number(&self, users: &mut [Candidate]) -> Result<u64, StoreError> {
        let last = self.one(query("SELECT max(number) AS last FROM imported_users"))?;
        let last: Option<i64> = Columns::of("imported_users", &last).get("last")?;
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

    /// Lets go of what people were imported as under another identifier, and lays over what the directory
    /// says of them what does.
    fn make_room(&self, realm: &RealmName, users: &mut [Candidate]) -> Result<(), StoreError> {
        let subjects: Vec<_> = users.iter().map(|it| it.subject.as_str()).collect();
        let statement = query(KNOWN).bind(realm.as_str()).bind(json(&subjects)?);
        let places = users.iter().enumerate();
        let places: HashMap<_, _> = places
            .map(|(place, it)| (it.subject.clone(), place))
            .collect();
        for row in &self.rows(statement)? {
            let columns = Columns::of("users", row);
            let subject: &str = columns.get("subject")?;
            let imported: Option<i64> = columns.get("imported")?;
            let candidate = places.get(subject).and_then(|place| users.get_mut(*place));
            let Some(candidate) = candidate else { continue };
            if imported.is_some() && imported != Some(candidate.number) {
                let statement = query(DROP_OTHER).bind(imported).bind(subject);
                self.run(statement)?;
            }
            if columns.get::<Option<&str>>("claims")?.is_some() {
                let local: Map<String, Value> = columns.json("claims")?;
                candidate.folded = mem::take(&mut candidate.folded).under(&local);
            }
        }
        Ok(())
    }

    fn put_imported(
        &self,
        federation: FederationId,
        users: &mut [Candidate],
    ) -> Result<(), StoreError> {
        let count = users.len();
        let rows = users.iter_mut().map(|it| {
            // What is no DN is found by none.
            let dn = Dn::parse(&it.entry_dn).map(|dn| dn.comparable());
            vec![
                it.number.into_value(),
                federation.0.as_bytes().as_slice().into_value(),
                mem::take(&mut it.identifier).into_value(),
                it.subject.as_str().into_value(),
                mem::take(&mut it.digest).into_value(),
                dn.unwrap_or_default().into_value(),
                mem::take(&mut it.profile).into_value(),
                seconds(self.now).into_value(),
            ]
        });
        let mut statement = query(PUT_IMPORTED);
        statement.push_rows(rows).push(OR_UPDATE_IMPORTED);
        self.put(statement, count)
    }

    fn put_users(
        &self,
        realm: &RealmName,
        federation: FederationId,
        users: &mut [Candidate],
    ) -> Result<(), StoreError> {
        let count = users.len();
        let rows = users.iter_mut().map(|it| {
            let folded = mem::take(&mut it.folded);
            vec![
                realm.as_str().into_value(),
                mem::take(&mut it.subject).into_value(),
                federation.0.as_bytes().as_slice().into_value(),
                mem::take(&mut it.username).into_value(),
                mem::take(&mut it.entry_dn).into_value(),
                folded.username.into_value(),
                folded.email.into_value(),
                folded.given_name.into_value(),
                folded.family_name.into_value(),
                it.number.into_value(),
                it.was_kept_out.into_value(),
                seconds(self.now).into_value(),
                seconds(self.now).into_value(),
            ]
        });
        let mut statement = query(PUT_USERS);
        statement.push_rows(rows).push(OR_UPDATE_USERS);
        self.put(statement, count)
    }

    /// Runs a statement for so many rows. Only that for a full number of them is worth being kept
    /// prepared.
    fn put(&self, statement: Statement, rows: usize) -> Result<(), StoreError> {
        self.run(statement.kept(rows == ROWS)).map(|_| ())
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
    SELECT j.key AS place, i.number, i.subject
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
