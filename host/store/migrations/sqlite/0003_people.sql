-- People who are read from their directories as a whole, and what the bridge keeps over what a
-- directory says of somebody. In the words of the first migration; "folded" means in lower case.

ALTER TABLE users ADD COLUMN folded_username TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN folded_email TEXT; -- these three as the person shows, whatever they come from
ALTER TABLE users ADD COLUMN folded_given_name TEXT;
ALTER TABLE users ADD COLUMN folded_family_name TEXT;
ALTER TABLE users ADD COLUMN imported INTEGER; -- the number of the imported user who this is
ALTER TABLE users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0; -- as the local profile says

-- SQLite knows ASCII only; other letters follow when the person next signs in.
UPDATE users SET folded_username = lower(username);

-- Has everything that users are searched by, so that a search reads no more than this.
DROP INDEX users_by_username;
CREATE INDEX users_by_username
    ON users (realm, folded_username, subject, folded_email, folded_given_name, folded_family_name);
CREATE INDEX users_by_email ON users (realm, folded_email) WHERE folded_email IS NOT NULL;

-- In the order of subjects, which have none: dear to keep while many are imported, and asked rarely.
DROP INDEX users_by_federation;

-- What a user is imported as. Rows come one behind the other, so that reading many people in the
-- same order again finds them together.
CREATE TABLE imported_users (
    number INTEGER PRIMARY KEY,
    federation BLOB NOT NULL REFERENCES federations (id) ON DELETE CASCADE,
    identifier BLOB NOT NULL, -- as it is: it is listed in order
    subject TEXT NOT NULL, -- as in the user
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- of the subject and the profile
    dn BLOB NOT NULL, -- in a form that compares
    profile TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    UNIQUE (federation, identifier)
) STRICT;

CREATE INDEX imported_users_by_dn ON imported_users (federation, dn);

CREATE TABLE local_profiles (
    number INTEGER PRIMARY KEY,
    realm TEXT NOT NULL,
    subject TEXT NOT NULL,
    claims TEXT NOT NULL,
    password BLOB, -- sealed: the hash of one
    UNIQUE (realm, subject),
    FOREIGN KEY (realm, subject) REFERENCES users (realm, subject) ON DELETE CASCADE
) STRICT;

CREATE TABLE synchronisations (
    federation BLOB PRIMARY KEY REFERENCES federations (id) ON DELETE CASCADE,
    cursor_policy TEXT, -- whose cursor it is
    cursor BLOB,
    run TEXT,
    running INTEGER NOT NULL, -- these two as in the run
    seen_at INTEGER NOT NULL,
    full_at INTEGER,
    changed_at INTEGER
) STRICT, WITHOUT ROWID;
