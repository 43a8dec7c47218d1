-- Policies that an operator brought. In the words of the first migration.

ALTER TABLE realms ADD COLUMN policies TEXT NOT NULL DEFAULT '{}'; -- which ones may serve it

CREATE TABLE policies (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    policy TEXT NOT NULL, -- what it says of itself
    octets BLOB NOT NULL, -- the component
    signatures TEXT NOT NULL,
    wasi TEXT NOT NULL,
    origin TEXT NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;

-- Only where an operator chose; the digests may be of what is built in.
CREATE TABLE policies_in_force (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    before TEXT, -- the digest of the one before
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows of users come one behind the other now, and only a narrow index is in the order of subjects,
-- which have none: a directory that is read as a whole touches a tenth of the pages. What refers to
-- users goes first, or it would be emptied with them.
CREATE TABLE local_profiles_before AS SELECT number, realm, subject, claims, password FROM local_profiles;
DROP TABLE local_profiles;
ALTER TABLE users RENAME TO users_before;
DROP INDEX users_by_username;
DROP INDEX users_by_email;

CREATE TABLE users (
    number INTEGER PRIMARY KEY,
    realm TEXT NOT NULL REFERENCES realms (name),
    subject TEXT NOT NULL,
    federation BLOB NOT NULL REFERENCES federations (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    entry_dn TEXT NOT NULL,
    folded_username TEXT NOT NULL,
    folded_email TEXT,
    folded_given_name TEXT,
    folded_family_name TEXT,
    imported INTEGER,
    blocked INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (realm, subject)
) STRICT;

INSERT INTO users (realm, subject, federation, username, entry_dn, folded_username, folded_email,
    folded_given_name, folded_family_name, imported, blocked, disabled, created_at, changed_at)
SELECT realm, subject, federation, username, entry_dn, folded_username, folded_email,
    folded_given_name, folded_family_name, imported, blocked, disabled, created_at, changed_at
FROM users_before ORDER BY imported;
DROP TABLE users_before;

CREATE INDEX users_by_username
    ON users (realm, folded_username, subject, folded_email, folded_given_name, folded_family_name);
CREATE INDEX users_by_email ON users (realm, folded_email) WHERE folded_email IS NOT NULL;

CREATE TABLE local_profiles (
    number INTEGER PRIMARY KEY,
    realm TEXT NOT NULL,
    subject TEXT NOT NULL,
    claims TEXT NOT NULL,
    password BLOB,
    UNIQUE (realm, subject),
    FOREIGN KEY (realm, subject) REFERENCES users (realm, subject) ON DELETE CASCADE
) STRICT;

INSERT INTO local_profiles (number, realm, subject, claims, password)
SELECT number, realm, subject, claims, password FROM local_profiles_before;
DROP TABLE local_profiles_before;
