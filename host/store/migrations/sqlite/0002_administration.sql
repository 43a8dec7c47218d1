-- What administration needs: revisions, the people who signed in, secrets of clients one by one, and
-- the audit trail. In the words of the first migration.

ALTER TABLE application ADD COLUMN digest_key BLOB; -- sealed: what keyed digests are made with

ALTER TABLE realms ADD COLUMN admin_groups TEXT NOT NULL DEFAULT '[]';
ALTER TABLE realms ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

ALTER TABLE federations ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1; -- as in the definition
ALTER TABLE federations ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

UPDATE federations SET
    enabled = json_extract(definition, '$.enabled'),
    definition = json_set(definition,
        '$.groups_base', NULL,
        '$.on_error', 'deny',
        '$.synchronisation', json('{"full_period":null,"changed_period":null,"pagination":true,"batch_size":1000}'),
        '$.email_verified_domains', json('[]'));

-- All that a returning person's federation is asked for, without the definition.
CREATE INDEX federations_by_state ON federations (id, realm, enabled);

ALTER TABLE clients ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

UPDATE clients SET definition = json_set(definition,
    '$.grant_types', json('["authorization_code"]'),
    '$.token_lifetime', NULL,
    '$.allowed_groups', json('[]'),
    '$.admin_scopes', json('[]'));

CREATE TABLE client_secrets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL CHECK (length(id) = 16),
    realm TEXT NOT NULL,
    client TEXT NOT NULL,
    digest BLOB NOT NULL, -- keyed
    created_at INTEGER NOT NULL,
    expires_at INTEGER, -- none: it holds until it is removed
    single_use INTEGER NOT NULL,
    UNIQUE (realm, client, id),
    FOREIGN KEY (realm, client) REFERENCES clients (realm, id) ON DELETE CASCADE
) STRICT;

INSERT INTO client_secrets (id, realm, client, digest, created_at, single_use)
    SELECT randomblob(16), realm, id, digest, changed_at, 0 FROM (
        SELECT number, 1 AS place, realm, id, first_secret_digest AS digest, changed_at FROM clients
        UNION ALL
        SELECT number, 2, realm, id, second_secret_digest, changed_at FROM clients
    ) WHERE digest IS NOT NULL ORDER BY number, place DESC;

ALTER TABLE clients DROP COLUMN first_secret_digest;
ALTER TABLE clients DROP COLUMN second_secret_digest;

-- The revisions of what was removed: made anew, it goes on from there.
CREATE TABLE past_revisions (
    object TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    realm TEXT NOT NULL REFERENCES realms (name),
    subject TEXT NOT NULL,
    federation BLOB NOT NULL REFERENCES federations (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    entry_dn TEXT NOT NULL,
    blocked INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (realm, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX users_by_username ON users (realm, username, subject);
CREATE INDEX users_by_federation ON users (federation);

CREATE TABLE imported_subjects (
    realm TEXT NOT NULL REFERENCES realms (name),
    federation BLOB NOT NULL REFERENCES federations (id) ON DELETE CASCADE,
    identifier BLOB NOT NULL, -- keyed digest
    subject TEXT NOT NULL,
    PRIMARY KEY (federation, identifier)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies_off (
    id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    realm TEXT, -- also one that is gone, so it refers to nothing
    request_id TEXT,
    kind TEXT NOT NULL,
    event TEXT NOT NULL
) STRICT;

-- An index of SQLite's ends with the number, which is what events are sorted by.
CREATE INDEX audit_events_by_time ON audit_events (time);
CREATE INDEX audit_events_by_realm ON audit_events (realm);
CREATE INDEX audit_events_by_realm_and_kind ON audit_events (realm, kind);
CREATE INDEX audit_events_by_kind ON audit_events (kind);
CREATE INDEX audit_events_by_request ON audit_events (request_id) WHERE request_id IS NOT NULL;

-- What older bridges knew of people does not say all that is asked now: everybody signs in anew.
DROP TABLE sessions;
DROP TABLE grants;

CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    realm TEXT NOT NULL REFERENCES realms (name),
    secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
    subject TEXT NOT NULL, -- these two as in the user
    federation BLOB NOT NULL,
    "user" TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_subject ON sessions (realm, subject);

CREATE TABLE grants (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    realm TEXT NOT NULL REFERENCES realms (name),
    session BLOB NOT NULL,
    subject TEXT NOT NULL, -- these two as in the user
    federation BLOB NOT NULL,
    client TEXT NOT NULL, -- as in the request
    request TEXT NOT NULL,
    "user" TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    code BLOB NOT NULL UNIQUE CHECK (length(code) = 32),
    code_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    stage INTEGER NOT NULL CHECK (stage IN (0, 1, 2)) -- issued, redeemed, revoked
) STRICT;

CREATE INDEX grants_by_end ON grants (expires_at);
CREATE INDEX grants_by_session ON grants (session);
CREATE INDEX grants_by_subject ON grants (realm, subject);
