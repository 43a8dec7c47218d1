use super::{
    super::{CROWD, all_at_once, conflict},
    Subject, realms, stage,
};
use crate::sample::{NOW, grant, hash, id, interaction, realm_name, session, staff};
use bridge_model::session::{Grant, GrantStage, Interaction, SignInEnd, TokenHash};
use std::time::Duration;

/// The end of the interaction 1, with what has the number.
fn end(number: u8, former: Option<TokenHash>) -> SignInEnd {
    SignInEnd {
        interaction: hash(1),
        former,
        session: session(number),
        grant: Some(Grant {
            session: id(number.into()),
            ..grant(number)
        }),
    }
}

pub(crate) async fn a_sign_in_leaves_its_session_and_its_grant(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        let added = store.add_interaction(&interaction(number)).await;
        added.expect("it is kept");
    }
    store.add_session(&session(7)).await.expect("it is kept");
    store.add_grant(&grant(7)).await.expect("it is kept");
    let whole = end(1, Some(session(7).secret));
    let ended = store.complete_sign_in(&whole).await;
    assert!(ended.expect("it is answered"));
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), None);
    let found = store.session(&staff(), session(1).secret, NOW).await;
    assert_eq!(found.expect("it reads"), Some(session(1)));
    assert_eq!(stage(store, 1).await, GrantStage::Issued);
    // What was granted in the session that it took the place of lives on.
    let found = store.session(&staff(), session(7).secret, NOW).await;
    assert_eq!(found.expect("it reads"), None);
    assert_eq!(stage(store, 7).await, GrantStage::Issued);
    // Without a grant, in a browser that had no session.
    let without = SignInEnd {
        interaction: hash(2),
        grant: None,
        ..end(2, None)
    };
    let ended = store.complete_sign_in(&without).await;
    assert!(ended.expect("it is answered"));
    let found = store.session(&staff(), session(1).secret, NOW).await;
    assert!(found.expect("it reads").is_some());
    let found = store.session(&staff(), session(2).secret, NOW).await;
    assert!(found.expect("it reads").is_some());
    let found = store.grant(&staff(), id(2), NOW).await;
    assert_eq!(found.expect("it reads"), None);
}

pub(crate) async fn a_sign_in_that_has_ended_leaves_nothing(store: &Subject) {
    realms(store).await;
    store.add_session(&session(7)).await.expect("it is kept");
    let whole = end(1, Some(session(7).secret));
    let ended = store.complete_sign_in(&whole).await;
    assert!(!ended.expect("it is answered"));
    let found = store.session(&staff(), session(7).secret, NOW).await;
    assert!(found.expect("it reads").is_some());
    let found = store.session(&staff(), session(1).secret, NOW).await;
    assert_eq!(found.expect("it reads"), None);
    let found = store.grant(&staff(), id(1), NOW).await;
    assert_eq!(found.expect("it reads"), None);
    // One of another realm is not ended here.
    let added = store.add_interaction(&interaction(1)).await;
    added.expect("it is kept");
    let mut elsewhere = end(1, None);
    elsewhere.session.realm = realm_name("other");
    elsewhere.grant = None;
    let ended = store.complete_sign_in(&elsewhere).await;
    assert!(!ended.expect("it is answered"));
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert!(found.expect("it reads").is_some());
}

pub(crate) async fn a_sign_in_whose_end_is_refused_goes_on(store: &Subject) {
    realms(store).await;
    let added = store.add_interaction(&interaction(1)).await;
    added.expect("it is kept");
    store.add_session(&session(7)).await.expect("it is kept");
    store.add_grant(&grant(1)).await.expect("it is kept");
    let whole = end(1, Some(session(7).secret));
    let refused = store.complete_sign_in(&whole).await;
    let text = conflict(refused);
    assert!(text.contains("a grant with this id or code"), "{text}");
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert!(found.expect("it reads").is_some());
    for (secret, is_there) in [(session(7).secret, true), (session(1).secret, false)] {
        let found = store.session(&staff(), secret, NOW).await;
        assert_eq!(found.expect("it reads").is_some(), is_there);
    }
}

pub(crate) async fn of_many_that_complete_a_sign_in_one_wins(store: &Subject) {
    realms(store).await;
    let added = store.add_interaction(&interaction(1)).await;
    added.expect("it is kept");
    let ended = all_at_once(store, |store, number| async move {
        let number = u8::try_from(number).expect("a small number");
        let ended = store.complete_sign_in(&end(number, None)).await;
        ended.expect("it is answered").then_some(number)
    });
    let winners: Vec<_> = ended.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    for number in 0..u8::try_from(CROWD).expect("a small number") {
        let found = store.grant(&staff(), id(number.into()), NOW).await;
        let is_there = found.expect("it reads").is_some();
        assert_eq!(is_there, winners.contains(&number), "{number}");
    }
}

pub(crate) async fn a_sign_in_that_takes_a_while_ends_once(store: &Subject) {
    realms(store).await;
    let added = store.add_interaction(&interaction(1)).await;
    added.expect("it is kept");
    store.add_grant(&grant(1)).await.expect("it is kept");
    for attempt in ["it is written meanwhile", "it goes on"] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let refused = store.complete_sign_in(&end(1, None)).await;
        let text = conflict(refused);
        assert!(
            text.contains("a grant with this id or code"),
            "{attempt}: {text}"
        );
        let found = store.interaction(&staff(), hash(1), NOW).await;
        assert!(found.expect("it reads").is_some(), "{attempt}");
    }
    for (number, is_first) in [(2, true), (3, false)] {
        let ended = store.complete_sign_in(&end(number, None)).await;
        assert_eq!(ended.expect("it is answered"), is_first);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let found = store.interaction(&staff(), hash(1), NOW).await;
        assert_eq!(found.expect("it reads"), None, "{number}");
    }
}

pub(crate) async fn of_very_many_sign_ins_each_ends_once(store: &Subject) {
    /// More than are worth their memory.
    const MANY: u32 = 10_050;
    realms(store).await;
    let id_of = |number: u32| {
        let mut id = [7; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        TokenHash(id)
    };
    for number in 0..MANY {
        let interaction = Interaction {
            id: id_of(number),
            ..interaction(1)
        };
        let added = store.add_interaction(&interaction).await;
        added.expect("it is kept");
    }
    for number in [0, MANY - 1] {
        let found = store.interaction(&staff(), id_of(number), NOW).await;
        assert!(found.expect("it reads").is_some(), "{number}");
        for is_first in [true, false] {
            let ended = store.end_interaction(&staff(), id_of(number)).await;
            assert_eq!(ended.expect("it is answered"), is_first, "{number}");
        }
        let found = store.interaction(&staff(), id_of(number), NOW).await;
        assert_eq!(found.expect("it reads"), None, "{number}");
    }
}
