//! Searches for people.

use super::{Subject, import, imported};
use crate::{
    conformance::users::person,
    sample::{NOW, declare, empty_realm, full_realm, realm_name, staff},
};
use bridge_model::user::UserQuery;
use serde_json::json;

type Change = fn(&mut UserQuery, String);

async fn people(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    let named = |given: &str, family: &str, email: &str| json!({"given_name": given, "family_name": family, "email": email, "name": 7});
    import(
        store,
        &[
            imported("s1", "ada", named("Ada", "Lovelace", "Ada@Staff.example")),
            imported("s2", "Bob", named("Bob", "Ada", "bob@staff.example")),
            imported(
                "s3",
                "\u{c9}mile",
                named("\u{c9}mile", "100%_a", "e@x.example"),
            ),
            imported("s4", "carl", json!({"email": ["no text"]})),
        ],
    )
    .await;
    // Somebody who is not imported has a user name only.
    let noted = store.note_user(&person("s5", "Adam"), NOW).await;
    noted.expect("it is noted");
}

fn all() -> UserQuery {
    UserQuery {
        limit: 100,
        ..UserQuery::default()
    }
}

/// The subjects that a query finds; their number is the same.
async fn found(store: &Subject, query: &UserQuery) -> Vec<String> {
    let users = store.find_users(&staff(), query).await.expect("they read");
    let count = store.count_found_users(&staff(), query).await;
    assert_eq!(count.expect("they are counted"), users.len() as u64);
    users.into_iter().map(|user| user.known.subject).collect()
}

pub(crate) async fn users_are_found_by_all_that_is_said(store: &Subject) {
    people(store).await;
    let search: Change = |query, text| query.search = Some(text);
    let username: Change = |query, text| query.username = Some(text);
    let email: Change = |query, text| query.email = Some(text);
    let given: Change = |query, text| query.given_name = Some(text);
    let family: Change = |query, text| query.family_name = Some(text);
    let cases: [(Change, &str, bool, &[&str]); 22] = [
        (search, "", false, &["s1", "s5", "s2", "s4", "s3"]),
        (search, "ADA", false, &["s1", "s5", "s2"]),
        (search, "ada", true, &["s1", "s5", "s2"]),
        (search, "ada lovelace", false, &["s1"]),
        (search, "staff.EXAMPLE", false, &["s1", "s2"]),
        (search, "\u{e9}MILE", false, &["s3"]),
        (search, "%", false, &["s3"]),
        (search, "0%_A", false, &["s3"]),
        (search, "lovelace bob", false, &[]),
        (username, "ada", false, &["s1", "s5"]),
        (username, "ADA", true, &["s1"]),
        (username, "\u{e9}mile", true, &["s3"]),
        (username, "_", false, &[]),
        (email, "ada@staff.example", true, &["s1"]),
        (email, "ada", true, &[]),
        (email, "@STAFF", false, &["s1", "s2"]),
        (email, "no text", false, &[]),
        (given, "ad", false, &["s1"]),
        (given, "ada", true, &["s1"]),
        (family, "ada", true, &["s2"]),
        (family, "", false, &["s1", "s2", "s3"]),
        (username, "x' OR 1 --", false, &[]),
    ];
    for (change, text, is_exact, expected) in cases {
        let mut query = UserQuery { is_exact, ..all() };
        change(&mut query, text.to_owned());
        assert_eq!(found(store, &query).await, expected, "{query:?}");
    }
    let both = UserQuery {
        search: Some("ada".into()),
        email: Some("bob@staff.example".into()),
        is_exact: true,
        ..all()
    };
    assert_eq!(found(store, &both).await, ["s2"]);
    let other = store.find_users(&realm_name("other"), &all()).await;
    assert_eq!(other.expect("they read"), []);
}

pub(crate) async fn found_users_come_in_pages(store: &Subject) {
    people(store).await;
    let expected = found(store, &all()).await;
    assert_eq!(expected, ["s1", "s5", "s2", "s4", "s3"]);
    for limit in 1..7 {
        let mut seen = Vec::new();
        for first in (0..7).step_by(limit as usize) {
            let query = UserQuery {
                first,
                limit,
                ..all()
            };
            let page = store.find_users(&staff(), &query).await;
            seen.extend(
                page.expect("they read")
                    .into_iter()
                    .map(|it| it.known.subject),
            );
            let count = store.count_found_users(&staff(), &query).await;
            assert_eq!(count.expect("they are counted"), 5);
        }
        assert_eq!(seen, expected);
    }
}
