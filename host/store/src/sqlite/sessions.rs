//! Sign-ins on their way, sessions and grants.

use super::{
    PIECE, SqliteStore, begun::Added, database, fault::Fault, is_there, no_realm, not_added,
};
use crate::{
    columns::{Columns, json, seconds},
    statement::{Row, Statement, query},
};
use async_trait::async_trait;
use bridge_model::{
    names::RealmName,
    ports::{Realms, Sessions, StoreError},
    session::{Grant, GrantStage, Interaction, Redemption, Session, SignInEnd, TokenHash},
    time::Timestamp,
};
use rusqlite::Connection;
use uuid::Uuid;

#[async_trait]
impl Sessions for SqliteStore {
    async fn add_interaction(&self, interaction: &Interaction) -> Result<(), StoreError> {
        let realm = &interaction.realm;
        if self.realm(realm).await?.is_none() {
            return Err(no_realm(realm));
        }
        match self.begun.add(interaction).map_err(database)? {
            Added::Kept => return Ok(()),
            Added::IsThere => return Err(is_there(AN_INTERACTION, realm)),
            Added::NoRoom => {}
        }
        let statement = query(ADD_INTERACTION)
            .bind(interaction.id.0.as_slice())
            .bind(interaction.realm.as_str())
            .bind(interaction.browser.0.as_slice())
            .bind(json(&interaction.request)?)
            .bind(seconds(interaction.expires_at));
        let added = self.add(statement, AN_INTERACTION, realm);
        added.await.map(|_| ())
    }

    async fn interaction(
        &self,
        realm: &RealmName,
        id: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        if let Some(kept) = self.begun.find(realm, id, now) {
            return Ok(Some(kept));
        }
        let statement = query(INTERACTION)
            .bind(realm.as_str())
            .bind(id.0.as_slice())
            .bind(seconds(now));
        let row = self.row(statement).await?;
        row.as_ref().map(interaction).transpose()
    }

    async fn end_interaction(&self, realm: &RealmName, id: TokenHash) -> Result<bool, StoreError> {
        let ended = self.begun.end(&self.writer, realm, id, |_| Ok(()));
        ended.await
    }

    async fn complete_sign_in(&self, end: &SignInEnd) -> Result<bool, StoreError> {
        let realm = end.session.realm.clone();
        let retire = end.former.map(|former| {
            query("DELETE FROM sessions WHERE realm = ?1 AND secret = ?2")
                .bind(realm.as_str())
                .bind(former.0.as_slice())
        });
        let grant = end.grant.as_ref().map(add_grant).transpose()?;
        let add = [(add_session(&end.session)?, A_SESSION)]
            .into_iter()
            .chain(grant.map(|statement| (statement, A_GRANT)));
        let add: Vec<_> = add.collect();
        let work = move |connection: &Connection| {
            if let Some(retire) = retire {
                retire.run(connection).map_err(database)?;
            }
            for (statement, what) in add {
                let added = statement.run(connection).map_err(Fault::from);
                added.map_err(|fault| not_added(fault, what, &realm))?;
            }
            Ok(())
        };
        let realm = &end.session.realm;
        let ended = self.begun.end(&self.writer, realm, end.interaction, work);
        ended.await
    }

    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        let added = self.add(add_session(session)?, A_SESSION, &session.realm);
        added.await.map(|_| ())
    }

    async fn session(
        &self,
        realm: &RealmName,
        secret: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let statement = query(SESSION)
            .bind(realm.as_str())
            .bind(secret.0.as_slice())
            .bind(seconds(now));
        let row = self.row(statement).await?;
        row.as_ref().map(session).transpose()
    }

    async fn end_session(&self, realm: &RealmName, id: Uuid) -> Result<bool, StoreError> {
        // What was granted in it first: also of a session that is gone already.
        let [revoke, end] = [REVOKE_GRANTS_OF_SESSION, END_SESSION].map(|sql| {
            query(sql)
                .bind(realm.as_str())
                .bind(id.as_bytes().as_slice())
        });
        let work = move |connection: &Connection| {
            revoke.run(connection).map_err(database)?;
            let ended = end.run(connection).map_err(database)?;
            Ok(ended.changed == 1)
        };
        self.writer.together(work).await
    }

    async fn retire_session(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError> {
        let statement = query(END_SESSION)
            .bind(realm.as_str())
            .bind(id.as_bytes().as_slice());
        self.write(statement).await.map(|_| ())
    }

    async fn add_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        let added = self.add(add_grant(grant)?, A_GRANT, &grant.realm);
        added.await.map(|_| ())
    }

    async fn redeem(
        &self,
        realm: &RealmName,
        code: TokenHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError> {
        let statement = query(REDEEM)
            .bind(realm.as_str())
            .bind(code.0.as_slice())
            .bind(seconds(now));
        let written = self.write(statement).await?;
        let Some(row) = written.rows.first() else {
            return Ok(Redemption::Unknown);
        };
        let grant = grant(row)?;
        Ok(match grant.stage {
            GrantStage::Redeemed => Redemption::First(grant),
            GrantStage::Issued | GrantStage::Revoked => Redemption::Replayed(grant),
        })
    }

    async fn grant(
        &self,
        realm: &RealmName,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let statement = query(GRANT)
            .bind(realm.as_str())
            .bind(id.as_bytes().as_slice())
            .bind(seconds(now));
        let row = self.row(statement).await?;
        row.as_ref().map(grant).transpose()
    }

    async fn revoke_grant(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError> {
        let statement = query("UPDATE grants SET stage = 2 WHERE realm = ?1 AND id = ?2")
            .bind(realm.as_str())
            .bind(id.as_bytes().as_slice());
        self.write(statement).await.map(|_| ())
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.attempts.write(&self.writer).await?;
        self.begun.write(&self.writer).await?;
        let mut removed = 0;
        for sql in REMOVE_EXPIRED {
            // In pieces, so that sign-ins get their turn in between. Each piece makes the rest
            // smaller, so this ends.
            loop {
                let written = self.write(query(sql).bind(seconds(now))).await?;
                removed += written.changed;
                if written.changed < PIECE {
                    break;
                }
            }
        }
        self.attempts.forget_expired(now);
        self.begun.forget_expired(now);
        Ok(removed)
    }
}

fn add_session(session: &Session) -> Result<Statement, StoreError> {
    Ok(query(ADD_SESSION)
        .bind(session.id.as_bytes().as_slice())
        .bind(session.realm.as_str())
        .bind(session.secret.0.as_slice())
        .bind(session.user.subject.as_str())
        .bind(session.user.federation_id.0.as_bytes().as_slice())
        .bind(json(&session.user)?)
        .bind(seconds(session.auth_time))
        .bind(seconds(session.expires_at)))
}

fn add_grant(grant: &Grant) -> Result<Statement, StoreError> {
    Ok(query(ADD_GRANT)
        .bind(grant.id.as_bytes().as_slice())
        .bind(grant.realm.as_str())
        .bind(grant.session.as_bytes().as_slice())
        .bind(grant.user.subject.as_str())
        .bind(grant.user.federation_id.0.as_bytes().as_slice())
        .bind(grant.request.client_id.as_str())
        .bind(json(&grant.request)?)
        .bind(json(&grant.user)?)
        .bind(seconds(grant.auth_time))
        .bind(grant.code.0.as_slice())
        .bind(seconds(grant.code_expires_at))
        .bind(seconds(grant.expires_at))
        .bind(stage_number(grant.stage)))
}

fn interaction(row: &Row) -> Result<Interaction, StoreError> {
    let columns = Columns::of("interactions", row);
    Ok(Interaction {
        id: columns.hash("id")?,
        realm: columns.name::<RealmName>("realm")?,
        browser: columns.hash("browser")?,
        request: columns.json("request")?,
        expires_at: columns.time("expires_at")?,
    })
}

pub(super) fn session(row: &Row) -> Result<Session, StoreError> {
    let columns = Columns::of("sessions", row);
    Ok(Session {
        id: columns.uuid("id")?,
        realm: columns.name::<RealmName>("realm")?,
        secret: columns.hash("secret")?,
        user: columns.json("user")?,
        auth_time: columns.time("auth_time")?,
        expires_at: columns.time("expires_at")?,
    })
}

fn grant(row: &Row) -> Result<Grant, StoreError> {
    let columns = Columns::of("grants", row);
    Ok(Grant {
        id: columns.uuid("id")?,
        realm: columns.name::<RealmName>("realm")?,
        session: columns.uuid("session")?,
        request: columns.json("request")?,
        user: columns.json("user")?,
        auth_time: columns.time("auth_time")?,
        code: columns.hash("code")?,
        code_expires_at: columns.time("code_expires_at")?,
        expires_at: columns.time("expires_at")?,
        stage: columns.parsed("stage", |stage: i64| match stage {
            0 => Ok(GrantStage::Issued),
            1 => Ok(GrantStage::Redeemed),
            2 => Ok(GrantStage::Revoked),
            _ => Err("no stage has this number"),
        })?,
    })
}

fn stage_number(stage: GrantStage) -> i64 {
    match stage {
        GrantStage::Issued => 0,
        GrantStage::Redeemed => 1,
        GrantStage::Revoked => 2,
    }
}

const AN_INTERACTION: &str = "an interaction with this id";
const A_SESSION: &str = "a session with this id";
const A_GRANT: &str = "a grant with this id or code";

const ADD_INTERACTION: &str = "
    INSERT INTO interactions (id, realm, browser, request, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";

const INTERACTION: &str = "
    SELECT id, realm, browser, request, expires_at FROM interactions
    WHERE realm = ?1 AND id = ?2 AND expires_at > ?3";

const ADD_SESSION: &str = r#"
    INSERT INTO sessions (id, realm, secret, subject, federation, "user", auth_time, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"#;

const SESSION: &str = r#"
    SELECT id, realm, secret, "user", auth_time, expires_at FROM sessions
    WHERE realm = ?1 AND secret = ?2 AND expires_at > ?3"#;

const END_SESSION: &str = "DELETE FROM sessions WHERE realm = ?1 AND id = ?2";

const REVOKE_GRANTS_OF_SESSION: &str =
    "UPDATE grants SET stage = 2 WHERE realm = ?1 AND session = ?2";

const ADD_GRANT: &str = r#"
    INSERT INTO grants (id, realm, session, subject, federation, client, request, "user", auth_time,
        code, code_expires_at, expires_at, stage)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"#;

const GRANT: &str = r#"
    SELECT id, realm, session, request, "user", auth_time, code, code_expires_at, expires_at, stage
    FROM grants WHERE realm = ?1 AND id = ?2 AND expires_at > ?3"#;

/// RFC 6749 section 4.1.2: a code that comes again takes back what was given for it. One that was
/// not redeemed in time is as if it had never been; one that was is recognised as long as the grant
/// lives.
const REDEEM: &str = r#"
    UPDATE grants SET stage = CASE stage WHEN 0 THEN 1 ELSE 2 END
    WHERE realm = ?1 AND code = ?2 AND expires_at > ?3 AND (stage > 0 OR code_expires_at >= ?3)
    RETURNING id, realm, session, request, "user", auth_time, code, code_expires_at, expires_at,
        stage"#;

/// The limit is [`PIECE`].
const REMOVE_EXPIRED: [&str; 5] = [
    "DELETE FROM interactions WHERE number IN
        (SELECT number FROM interactions WHERE expires_at <= ?1 LIMIT 500)",
    "DELETE FROM sessions WHERE number IN
        (SELECT number FROM sessions WHERE expires_at <= ?1 LIMIT 500)",
    "DELETE FROM grants WHERE number IN
        (SELECT number FROM grants WHERE expires_at <= ?1 LIMIT 500)",
    "DELETE FROM client_secrets WHERE number IN
        (SELECT number FROM client_secrets WHERE expires_at <= ?1 LIMIT 500)",
    "DELETE FROM failures WHERE key IN
        (SELECT key FROM failures WHERE ends_at <= ?1 LIMIT 500)",
];
