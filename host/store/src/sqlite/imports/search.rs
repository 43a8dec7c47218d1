//! Searches for people.

use super::stored::{COLUMNS, JOINS};
use crate::statement::{Statement, query as sql};
use bridge_model::{names::RealmName, user::UserQuery};

/// A search on its way to the database.
///
/// Shape: whole user names and mail addresses are looked up; else one index of the realm is read from
/// its beginning to its end, or until there are enough.
pub(super) struct Search(Statement);

impl Search {
    /// Gives rows that [`super::stored::stored_user`] reads.
    pub(super) fn for_users(realm: &RealmName, query: &UserQuery) -> Self {
        let mut search = Self(sql("SELECT "));
        search
            .0
            .push(COLUMNS)
            .push(" FROM (SELECT realm, subject, folded_username FROM users");
        if query.is_exact && query.email.is_some() {
            // Else SQLite takes the index that has the order, and reads all of it.
            search.0.push(" INDEXED BY users_by_email");
        }
        search.restrict(realm, query);
        search
            .0
            .push(" ORDER BY folded_username, subject LIMIT ")
            .push_bind(i64::from(query.limit))
            .push(" OFFSET ")
            .push_bind(i64::from(query.first))
            .push(") s JOIN users u ON u.realm = s.realm AND u.subject = s.subject ")
            .push(JOINS)
            .push(" ORDER BY s.folded_username, s.subject");
        search
    }

    /// Gives one row with the number as `users`.
    pub(super) fn for_their_number(realm: &RealmName, query: &UserQuery) -> Self {
        let mut search = Self(sql("SELECT count(*) AS users FROM users"));
        search.restrict(realm, query);
        search
    }

    pub(super) fn statement(self) -> Statement {
        self.0
    }

    fn restrict(&mut self, realm: &RealmName, query: &UserQuery) {
        let sql = &mut self.0;
        sql.push(" WHERE realm = ").push_bind(realm.to_string());
        let parts = [
            ("folded_username", &query.username),
            ("folded_email", &query.email),
            ("folded_given_name", &query.given_name),
            ("folded_family_name", &query.family_name),
        ];
        for (column, wanted) in parts {
            let Some(wanted) = wanted else { continue };
            let wanted = wanted.to_lowercase();
            if query.is_exact {
                sql.push(&format!(" AND {column} = ")).push_bind(wanted);
            } else {
                sql.push(&format!(" AND instr({column}, "))
                    .push_bind(wanted)
                    .push(")");
            }
        }
        if let Some(wanted) = &query.search {
            sql.push(ANYWHERE)
                .push_bind(wanted.to_lowercase())
                .push(")");
        }
    }
}

/// The names stand side by side, so that somebody is found by both of them. The line ends keep what
/// does not belong together apart.
const ANYWHERE: &str = " AND instr(folded_username || char(10) || ifnull(folded_email, '')
    || char(10) || ifnull(folded_given_name, '') || ' ' || ifnull(folded_family_name, ''), ";
