//! What lies over what a directory says of somebody.

use super::{Subject, import, imported, stored};
use crate::{
    conformance::users::{is_in, person, sign_in},
    sample::{NOW, declare, empty_realm, full_realm, realm_name, staff},
};
use bridge_model::user::{LocalProfile, UserQuery};
use serde_json::{Value, json};

fn profile(claims: &Value) -> LocalProfile {
    LocalProfile {
        claims: claims.as_object().expect("an object").clone(),
        password_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA".into()),
        disabled: false,
    }
}

async fn save(store: &Subject, subject: &str, local: &LocalProfile) -> bool {
    let saved = store.save_local_profile(&staff(), subject, local).await;
    saved.expect("it is answered")
}

async fn read(store: &Subject, subject: &str) -> LocalProfile {
    let local = store.local_profile(&staff(), subject).await;
    local.expect("it reads")
}

async fn with_email(store: &Subject, email: &str) -> u64 {
    let query = UserQuery {
        email: Some(email.into()),
        is_exact: true,
        limit: 9,
        ..UserQuery::default()
    };
    let count = store.count_found_users(&staff(), &query).await;
    count.expect("they are counted")
}

pub(crate) async fn a_local_profile_lies_over_what_is_imported(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    let mut ada = imported(
        "s1",
        "ada",
        json!({"email": "ada@x.example", "given_name": "Ada"}),
    );
    import(store, std::slice::from_ref(&ada)).await;
    assert_eq!(read(store, "s1").await, LocalProfile::default());
    let mut local = profile(&json!({"email": "Lovelace@y.example", "given_name": null, "a": [1]}));
    assert!(save(store, "s1", &local).await);
    assert_eq!(read(store, "s1").await, local);
    let kept = stored(store, "s1").await.expect("there is one");
    assert_eq!(kept.local, local);
    // What was imported is as it was, and the person is found by what shows.
    assert_eq!(kept.imported.as_deref(), Some(&ada.user));
    assert_eq!(with_email(store, "ada@x.example").await, 0);
    assert_eq!(with_email(store, "lovelace@Y.example").await, 1);
    ada.user.claims.insert("email".into(), json!("a@z.example"));
    assert_eq!(import(store, &[ada]).await.updated, 1);
    assert_eq!(read(store, "s1").await, local);
    assert_eq!(with_email(store, "a@z.example").await, 0);
    assert_eq!(with_email(store, "lovelace@y.example").await, 1);
    local.claims.clear();
    assert!(save(store, "s1", &local).await);
    assert_eq!(with_email(store, "a@z.example").await, 1);
    assert_eq!(read(store, "s1").await, local);
    assert!(save(store, "s1", &LocalProfile::default()).await);
    assert_eq!(read(store, "s1").await, LocalProfile::default());
    let other = store.local_profile(&realm_name("other"), "s1").await;
    assert_eq!(other.expect("it reads"), LocalProfile::default());
}

pub(crate) async fn a_local_profile_needs_its_person(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    assert!(!save(store, "s1", &profile(&json!({}))).await);
    assert_eq!(read(store, "s1").await, LocalProfile::default());
    // Who is not imported may have one too.
    let noted = store.note_user(&person("s1", "ada"), NOW).await;
    noted.expect("it is noted");
    let local = profile(&json!({"email": "ada@x.example"}));
    assert!(save(store, "s1", &local).await);
    assert_eq!(with_email(store, "ada@x.example").await, 1);
    let kept = stored(store, "s1").await.expect("there is one");
    assert_eq!((kept.imported, kept.local), (None, local));
}

pub(crate) async fn who_is_switched_off_is_out_at_once(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = ["s1", "s2"].map(|subject| imported(subject, subject, json!({})));
    import(store, &people).await;
    for (number, subject) in [(1, "s1"), (2, "s2")] {
        sign_in(store, number, subject).await;
    }
    let off = LocalProfile {
        disabled: true,
        ..LocalProfile::default()
    };
    assert!(save(store, "s1", &off).await);
    assert_eq!(read(store, "s1").await, off);
    assert_eq!(is_in(store, 1).await, (false, false));
    assert_eq!(is_in(store, 2).await, (true, true));
    let is_out = async |subject| {
        let federation = super::PEOPLE;
        let standing = store.standing(&staff(), federation, subject).await;
        let noted = store.note_user(&person(subject, "renamed"), NOW).await;
        let noted_again = store.note_user(&person(subject, "renamed"), NOW).await;
        [standing, noted, noted_again].map(|it| it.expect("it reads").is_blocked)
    };
    assert_eq!(is_out("s1").await, [true; 3]);
    assert_eq!(is_out("s2").await, [false; 3]);
    // No administrator blocked them, and a new import does not switch them on.
    assert!(
        !stored(store, "s1")
            .await
            .expect("there is one")
            .known
            .blocked
    );
    import(store, &[imported("s1", "other", json!({}))]).await;
    assert_eq!(read(store, "s1").await, off);
    assert!(save(store, "s1", &LocalProfile::default()).await);
    assert_eq!(is_out("s1").await, [false; 3]);
}
