-- Octets are BLOB, points in time are seconds since 1970, structured values are JSON text.
-- "sealed" means: opens only with the sealing key and only in its own column and row.
-- A column `number` gives the order of creation.

CREATE TABLE application (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    purpose TEXT NOT NULL CHECK (purpose IN ('production', 'demo')),
    sentinel BLOB NOT NULL -- sealed: tells whether the sealing key is the right one
) STRICT;

CREATE TABLE realms (
    name TEXT PRIMARY KEY,
    display_name TEXT,
    enabled INTEGER NOT NULL,
    lifetimes TEXT NOT NULL,
    managed_by TEXT,
    released INTEGER NOT NULL, -- 1: its file no longer declares it; any file may take it up again
    subject_key BLOB NOT NULL, -- sealed
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE federations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    realm TEXT NOT NULL REFERENCES realms (name),
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    plan TEXT NOT NULL,
    policy TEXT NOT NULL,
    managed_by TEXT,
    bind_credential BLOB, -- sealed, and tied to where it is sent and as whose
    changed_at INTEGER NOT NULL,
    UNIQUE (realm, name)
) STRICT;

CREATE TABLE clients (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    realm TEXT NOT NULL REFERENCES realms (name),
    id TEXT NOT NULL,
    definition TEXT NOT NULL,
    managed_by TEXT,
    first_secret_digest BLOB, -- keyed digests; two, so that a secret can be rotated
    second_secret_digest BLOB,
    changed_at INTEGER NOT NULL,
    UNIQUE (realm, id)
) STRICT;

CREATE TABLE signing_keys (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    realm TEXT NOT NULL REFERENCES realms (name),
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    private BLOB NOT NULL, -- sealed
    created_at INTEGER NOT NULL,
    UNIQUE (realm, kid)
) STRICT;

CREATE TABLE interactions (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    realm TEXT NOT NULL REFERENCES realms (name),
    browser BLOB NOT NULL,
    request TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX interactions_by_end ON interactions (expires_at);

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
    stage INTEGER NOT NULL CHECK (stage IN (0, 1, 2)) -- issued, redeemed, revoked
) STRICT;

CREATE INDEX grants_by_end ON grants (expires_at);

CREATE TABLE failures (
    "key" BLOB PRIMARY KEY CHECK (length("key") = 32),
    attempts INTEGER NOT NULL,
    ends_at INTEGER NOT NULL -- the first second after the window
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_by_end ON failures (ends_at);
