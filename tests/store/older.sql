-- Makes a database of the second schema, as older.second.sql leaves it, one of the first, as bridges
-- from before wrote it.

DELETE FROM _sqlx_migrations WHERE version > 1;

ALTER TABLE application DROP COLUMN digest_key;

ALTER TABLE realms DROP COLUMN admin_groups;
ALTER TABLE realms DROP COLUMN revision;

DROP INDEX federations_by_state;
ALTER TABLE federations DROP COLUMN enabled;
ALTER TABLE federations DROP COLUMN revision;
UPDATE federations SET definition = json_remove(definition,
    '$.groups_base', '$.on_error', '$.synchronisation', '$.email_verified_domains');

DROP TABLE client_secrets;
ALTER TABLE clients DROP COLUMN revision;
ALTER TABLE clients DROP COLUMN changed_at;
ALTER TABLE clients ADD COLUMN first_secret_digest BLOB;
ALTER TABLE clients ADD COLUMN second_secret_digest BLOB;
ALTER TABLE clients ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 1800000000;
UPDATE clients SET definition = json_remove(definition,
    '$.grant_types', '$.token_lifetime', '$.allowed_groups', '$.admin_scopes');

DROP TABLE past_revisions;
DROP TABLE users;
DROP TABLE imported_subjects;
DROP TABLE policies_off;
DROP TABLE audit_events;
DROP TABLE sessions;
DROP TABLE grants;

CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    realm TEXT NOT NULL REFERENCES realms (name),
    secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
    "user" TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE grants (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    realm TEXT NOT NULL REFERENCES realms (name),
    session BLOB NOT NULL,
    request TEXT NOT NULL,
    "user" TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    code BLOB NOT NULL UNIQUE CHECK (length(code) = 32),
    code_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    stage INTEGER NOT NULL CHECK (stage IN (0, 1, 2))
) STRICT;

CREATE INDEX grants_by_end ON grants (expires_at);

INSERT INTO sessions (id, realm, secret, "user", auth_time, expires_at)
    VALUES (randomblob(16), 'staff', zeroblob(32), '{}', 1800000000, 1900000000);
INSERT INTO grants (id, realm, session, request, "user", auth_time, code, code_expires_at,
    expires_at, stage)
    VALUES (randomblob(16), 'staff', zeroblob(16), '{}', '{}', 1800000000, zeroblob(32), 1900000000,
    1900000000, 0);
