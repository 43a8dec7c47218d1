-- Makes a database of the third schema one of the second, as bridges from before wrote it.

DELETE FROM _sqlx_migrations WHERE version > 2;

DROP TABLE synchronisations;
DROP TABLE local_profiles;
DROP TABLE imported_users;

DROP INDEX users_by_username;
DROP INDEX users_by_email;
ALTER TABLE users DROP COLUMN folded_username;
ALTER TABLE users DROP COLUMN folded_email;
ALTER TABLE users DROP COLUMN folded_given_name;
ALTER TABLE users DROP COLUMN folded_family_name;
ALTER TABLE users DROP COLUMN imported;
ALTER TABLE users DROP COLUMN disabled;
CREATE INDEX users_by_username ON users (realm, username, subject);
CREATE INDEX users_by_federation ON users (federation);

UPDATE federations SET
    definition = json_remove(definition,
        '$.synchronisation.vanished_max_percent', '$.connection.pool_connections_min',
        '$.connection.tls_min', '$.connection.referral_hosts', '$.connection.follow_aliases'),
    plan = json_remove(plan,
        '$.password_controls', '$.password_write', '$.writes', '$.group_form');
