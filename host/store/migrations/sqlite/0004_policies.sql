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
