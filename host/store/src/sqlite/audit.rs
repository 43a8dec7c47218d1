//! The audit trail.

use super::{PIECE, SqliteStore};
use crate::{
    columns::{Columns, json, seconds},
    statement::{Row, query},
};
use async_trait::async_trait;
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditQuery, KeptEvent},
    names::RealmName,
    ports::{AuditTrail, StoreError},
    time::Timestamp,
};

#[async_trait]
impl AuditTrail for SqliteStore {
    async fn add_events(&self, events: &[AuditEvent]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        // One statement whatever their number, so that it is written together with others'.
        let written = self.write(query(ADD).bind(json(&events)?)).await;
        written.map(|_| ())
    }

    async fn events(&self, wanted: &AuditQuery) -> Result<Vec<KeptEvent>, StoreError> {
        // One statement for each index: an optional condition would keep SQLite from all of them.
        let sql = match wanted {
            AuditQuery {
                request_id: Some(_),
                ..
            } => OF_REQUEST,
            AuditQuery {
                realm: Some(_),
                kind: Some(_),
                ..
            } => OF_REALM_AND_KIND,
            AuditQuery { realm: Some(_), .. } => OF_REALM,
            AuditQuery { kind: Some(_), .. } => OF_KIND,
            _ => ALL,
        };
        let kind = wanted.kind.map(kind_name).transpose()?;
        let before = wanted
            .before
            .map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let statement = query(sql)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(wanted.limit))
            .bind(wanted.realm.as_ref().map(RealmName::as_str))
            .bind(kind)
            .bind(wanted.request_id.as_deref());
        let rows = self.walk(statement).await?;
        rows.iter().map(kept_event).collect()
    }

    async fn remove_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let written = self.write(query(REMOVE).bind(seconds(before))).await?;
            removed += written.changed;
            if written.changed < PIECE {
                return Ok(removed);
            }
        }
    }
}

fn kept_event(row: &Row) -> Result<KeptEvent, StoreError> {
    let columns = Columns::of("audit_events", row);
    Ok(KeptEvent {
        number: columns.parsed("number", |number: i64| u64::try_from(number))?,
        event: columns.json("event")?,
    })
}

/// The name of a kind as it stands in an event.
fn kind_name(kind: AuditKind) -> Result<String, StoreError> {
    Ok(json(&kind)?.trim_matches('"').to_owned())
}

/// ?1 the events, a JSON array.
const ADD: &str = "
    INSERT INTO audit_events (time, realm, request_id, kind, event)
    SELECT value ->> '$.time', value ->> '$.realm', value ->> '$.request_id', value ->> '$.event',
        value
    FROM json_each(?1) ORDER BY key";

/// ?1 the number to come before, ?2 limit, ?3 realm, ?4 kind, ?5 request; unused ones are NULL.
const ALL: &str = "
    SELECT number, event FROM audit_events WHERE number < ?1 ORDER BY number DESC LIMIT ?2";

const OF_REALM: &str = "
    SELECT number, event FROM audit_events INDEXED BY audit_events_by_realm
    WHERE realm = ?3 AND number < ?1 ORDER BY number DESC LIMIT ?2";

const OF_KIND: &str = "
    SELECT number, event FROM audit_events INDEXED BY audit_events_by_kind
    WHERE kind = ?4 AND number < ?1 ORDER BY number DESC LIMIT ?2";

const OF_REALM_AND_KIND: &str = "
    SELECT number, event FROM audit_events INDEXED BY audit_events_by_realm_and_kind
    WHERE realm = ?3 AND kind = ?4 AND number < ?1 ORDER BY number DESC LIMIT ?2";

/// A request has few events.
const OF_REQUEST: &str = "
    SELECT number, event FROM audit_events INDEXED BY audit_events_by_request
    WHERE request_id = ?5 AND number < ?1 AND (?3 IS NULL OR realm = ?3)
        AND (?4 IS NULL OR kind = ?4)
    ORDER BY number DESC LIMIT ?2";

/// The limit is [`PIECE`].
const REMOVE: &str = "
    DELETE FROM audit_events WHERE number IN
        (SELECT number FROM audit_events WHERE time < ?1 LIMIT 500)";
