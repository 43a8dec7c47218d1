pub(crate) mod ends;

use super::{CROWD, all_at_once, conflict};
use crate::sample::{
    LATER, NOW, declare, empty_realm, grant, hash, id, interaction, realm_name, session, staff,
};
use bridge_model::{
    ports::Store,
    session::{Grant, GrantStage, Interaction, Redemption, TokenHash},
    time::Timestamp,
};
use std::{sync::Arc, time::Duration};

type Subject = Arc<dyn Store>;

/// The last second before [`LATER`].
const LAST: Timestamp = Timestamp(LATER.0 - 1);

async fn realms(store: &Subject) {
    declare(&**store, vec![empty_realm("staff"), empty_realm("other")]).await;
}

async fn redeem(store: &Subject, code: TokenHash, now: Timestamp) -> Redemption {
    let redeemed = store.redeem(&staff(), code, now).await;
    redeemed.expect("it is answered")
}

async fn stage(store: &Subject, number: u8) -> GrantStage {
    let grant = store.grant(&staff(), id(number.into()), NOW).await;
    grant.expect("it reads").expect("there is one").stage
}

pub(crate) async fn an_interaction_is_found_by_its_realm_and_id(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        let added = store.add_interaction(&interaction(number)).await;
        added.expect("it is kept");
    }
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), Some(interaction(1)));
    for (realm, id) in [("staff", 3), ("other", 1)] {
        let found = store.interaction(&realm_name(realm), hash(id), NOW).await;
        assert_eq!(found.expect("it reads"), None);
    }
    // Nobody ends the interaction of another realm.
    let ended = store.end_interaction(&realm_name("other"), hash(1)).await;
    assert!(!ended.expect("it is answered"));
    let ended = store.end_interaction(&staff(), hash(1)).await;
    assert!(ended.expect("it is answered"));
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), None);
    let found = store.interaction(&staff(), hash(2), NOW).await;
    assert_eq!(found.expect("it reads"), Some(interaction(2)));
}

pub(crate) async fn an_interaction_ends_with_its_last_second(store: &Subject) {
    realms(store).await;
    let added = store.add_interaction(&interaction(1)).await;
    added.expect("it is kept");
    for (now, expected) in [(LAST, true), (LATER, false)] {
        let found = store.interaction(&staff(), hash(1), now).await;
        assert_eq!(found.expect("it reads").is_some(), expected, "{now:?}");
    }
}

pub(crate) async fn of_many_that_end_an_interaction_one_wins(store: &Subject) {
    realms(store).await;
    let added = store.add_interaction(&interaction(1)).await;
    added.expect("it is kept");
    let ended = all_at_once(store, |store, _| async move {
        let ended = store.end_interaction(&staff(), hash(1)).await;
        ended.expect("it is answered")
    });
    let winners = ended.await.into_iter().filter(|won| *won).count();
    assert_eq!(winners, 1);
}

pub(crate) async fn a_session_is_found_by_its_realm_and_secret(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        let added = store.add_session(&session(number)).await;
        added.expect("it is kept");
    }
    let found = store.session(&staff(), hash(2), NOW).await;
    assert_eq!(found.expect("it reads"), Some(session(2)));
    for (realm, secret) in [("staff", 3), ("other", 1)] {
        let found = store.session(&realm_name(realm), hash(secret), NOW).await;
        assert_eq!(found.expect("it reads"), None);
    }
}

pub(crate) async fn a_session_ends_with_its_last_second(store: &Subject) {
    realms(store).await;
    let added = store.add_session(&session(1)).await;
    added.expect("it is kept");
    for (now, expected) in [(LAST, true), (LATER, false)] {
        let found = store.session(&staff(), hash(1), now).await;
        assert_eq!(found.expect("it reads").is_some(), expected, "{now:?}");
    }
}

pub(crate) async fn a_session_ends_when_it_is_ended(store: &Subject) {
    realms(store).await;
    let added = store.add_session(&session(1)).await;
    added.expect("it is kept");
    for (realm, was_there, is_there) in [
        ("other", false, true),
        ("staff", true, false),
        ("staff", false, false),
    ] {
        let ended = store.end_session(&realm_name(realm), id(1)).await;
        assert_eq!(ended.expect("it is answered"), was_there);
        let found = store.session(&staff(), hash(1), NOW).await;
        assert_eq!(found.expect("it reads").is_some(), is_there);
    }
}

pub(crate) async fn a_session_takes_its_grants_with_it(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        store.add_session(&session(number)).await.expect("kept");
        let mut grant = grant(number);
        grant.session = id(number.into());
        store.add_grant(&grant).await.expect("it is kept");
    }
    let redeemed = redeem(store, hash(1), NOW).await;
    assert!(matches!(redeemed, Redemption::First(_)));
    let ended = store.end_session(&realm_name("other"), id(1)).await;
    assert!(!ended.expect("it is answered"));
    assert_eq!(stage(store, 1).await, GrantStage::Redeemed);
    let ended = store.end_session(&staff(), id(1)).await;
    assert!(ended.expect("it is answered"));
    assert_eq!(stage(store, 1).await, GrantStage::Revoked);
    assert_eq!(stage(store, 2).await, GrantStage::Issued);
    // One that another takes the place of leaves what was granted in it alone.
    let retired = store.retire_session(&staff(), id(2)).await;
    retired.expect("it is done");
    let gone = store.session(&staff(), session(2).secret, NOW).await;
    assert!(gone.expect("it is answered").is_none());
    assert_eq!(stage(store, 2).await, GrantStage::Issued);
}

pub(crate) async fn a_grant_is_found_by_its_realm_and_id(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        let added = store.add_grant(&grant(number)).await;
        added.expect("it is kept");
    }
    let found = store.grant(&staff(), id(1), NOW).await;
    assert_eq!(found.expect("it reads"), Some(grant(1)));
    for (realm, number, now) in [("staff", 3, NOW), ("other", 1, NOW), ("staff", 1, LATER)] {
        let found = store.grant(&realm_name(realm), id(number), now).await;
        assert_eq!(found.expect("it reads"), None);
    }
    let found = store.grant(&staff(), id(1), LAST).await;
    assert_eq!(found.expect("it reads"), Some(grant(1)));
}

pub(crate) async fn a_code_is_redeemed_once(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        let added = store.add_grant(&grant(number)).await;
        added.expect("it is kept");
    }
    let first = redeem(store, hash(1), NOW).await;
    let expected = Grant {
        stage: GrantStage::Redeemed,
        ..grant(1)
    };
    assert!(
        matches!(&first, Redemption::First(grant) if *grant == expected),
        "{first:?}"
    );
    assert_eq!(stage(store, 1).await, GrantStage::Redeemed);
    for _ in 0..2 {
        let again = redeem(store, hash(1), NOW).await;
        let expected = Grant {
            stage: GrantStage::Revoked,
            ..grant(1)
        };
        assert!(
            matches!(&again, Redemption::Replayed(grant) if *grant == expected),
            "{again:?}"
        );
        assert_eq!(stage(store, 1).await, GrantStage::Revoked);
    }
    assert_eq!(stage(store, 2).await, GrantStage::Issued);
    assert!(matches!(
        redeem(store, hash(3), NOW).await,
        Redemption::Unknown
    ));
}

pub(crate) async fn a_code_of_another_realm_is_unknown(store: &Subject) {
    realms(store).await;
    store.add_grant(&grant(1)).await.expect("it is kept");
    let other = store.redeem(&realm_name("other"), hash(1), NOW).await;
    assert!(matches!(
        other.expect("it is answered"),
        Redemption::Unknown
    ));
    assert!(matches!(
        redeem(store, hash(1), NOW).await,
        Redemption::First(_)
    ));
}

pub(crate) async fn a_code_is_unknown_after_its_last_second(store: &Subject) {
    realms(store).await;
    store.add_grant(&grant(1)).await.expect("it is kept");
    let last = grant(1).code_expires_at;
    let over = last.plus(Duration::from_secs(1));
    assert!(matches!(
        redeem(store, hash(1), over).await,
        Redemption::Unknown
    ));
    // To be late is no replay: nothing came of the code.
    assert_eq!(stage(store, 1).await, GrantStage::Issued);
    assert!(matches!(
        redeem(store, hash(1), last).await,
        Redemption::First(_)
    ));
}

pub(crate) async fn a_replayed_code_is_recognised_until_the_grant_is_over(store: &Subject) {
    realms(store).await;
    for number in [1, 2] {
        let added = store.add_grant(&grant(number)).await;
        added.expect("it is kept");
        let first = redeem(store, hash(number), NOW).await;
        assert!(matches!(first, Redemption::First(_)));
    }
    assert!(matches!(
        redeem(store, hash(1), LAST).await,
        Redemption::Replayed(_)
    ));
    assert_eq!(stage(store, 1).await, GrantStage::Revoked);
    assert!(matches!(
        redeem(store, hash(2), LATER).await,
        Redemption::Unknown
    ));
    assert_eq!(stage(store, 2).await, GrantStage::Redeemed);
}

pub(crate) async fn of_many_that_redeem_a_code_one_is_first(store: &Subject) {
    realms(store).await;
    store.add_grant(&grant(1)).await.expect("it is kept");
    let redeemed = all_at_once(store, |store, _| async move {
        redeem(&store, hash(1), NOW).await
    });
    let redeemed = redeemed.await;
    let firsts = redeemed
        .iter()
        .filter(|r| matches!(r, Redemption::First(_)));
    assert_eq!(firsts.count(), 1);
    let replays = redeemed
        .iter()
        .filter(|r| matches!(r, Redemption::Replayed(_)));
    assert_eq!(replays.count(), CROWD - 1);
    assert_eq!(stage(store, 1).await, GrantStage::Revoked);
}

pub(crate) async fn a_withdrawn_grant_is_revoked(store: &Subject) {
    realms(store).await;
    store.add_grant(&grant(1)).await.expect("it is kept");
    let other = store.revoke_grant(&realm_name("other"), id(1)).await;
    other.expect("it is answered");
    assert_eq!(stage(store, 1).await, GrantStage::Issued);
    let revoked = store.revoke_grant(&staff(), id(1)).await;
    revoked.expect("it is answered");
    assert_eq!(stage(store, 1).await, GrantStage::Revoked);
    assert!(matches!(
        redeem(store, hash(1), NOW).await,
        Redemption::Replayed(_)
    ));
}

pub(crate) async fn nothing_is_kept_for_a_realm_that_is_not_there(store: &Subject) {
    for text in [
        conflict(store.add_interaction(&interaction(1)).await),
        conflict(store.add_session(&session(1)).await),
        conflict(store.add_grant(&grant(1)).await),
    ] {
        assert!(text.contains("no realm staff"), "{text}");
    }
}

pub(crate) async fn nothing_is_kept_twice(store: &Subject) {
    realms(store).await;
    store.add_interaction(&interaction(1)).await.expect("kept");
    conflict(store.add_interaction(&interaction(1)).await);
    store.add_session(&session(1)).await.expect("it is kept");
    let mut same_secret = session(2);
    same_secret.secret = hash(1);
    conflict(store.add_session(&same_secret).await);
    store.add_grant(&grant(1)).await.expect("it is kept");
    let mut same_code = grant(2);
    same_code.code = hash(1);
    same_code.stage = GrantStage::Redeemed;
    conflict(store.add_grant(&same_code).await);
    assert_eq!(stage(store, 1).await, GrantStage::Issued);
}

pub(crate) async fn what_is_in_the_way_fails_alone(store: &Subject) {
    realms(store).await;
    store.add_session(&session(0)).await.expect("it is kept");
    // Those that come at once are written together; every second one is there already.
    let added = all_at_once(store, |store, number| async move {
        let number = u8::try_from(number).expect("a small crowd");
        let session = session(if number.is_multiple_of(2) { 0 } else { number });
        (number, store.add_session(&session).await.is_ok())
    });
    for (number, is_kept) in added.await {
        assert_eq!(is_kept, !number.is_multiple_of(2), "{number}");
        let found = store.session(&staff(), hash(number), NOW).await;
        let expected = number == 0 || is_kept;
        assert_eq!(found.expect("it reads").is_some(), expected, "{number}");
    }
}

pub(crate) async fn what_is_over_is_removed_and_nothing_else(store: &Subject) {
    realms(store).await;
    let later = LATER.plus(Duration::from_mins(1));
    // More than one piece.
    for number in 0..1_100_u64 {
        let mut octets = [0; 32];
        octets[..8].copy_from_slice(&number.to_be_bytes());
        let interaction = Interaction {
            id: TokenHash(octets),
            ..interaction(0)
        };
        store.add_interaction(&interaction).await.expect("kept");
    }
    for (number, end) in [(1, LATER), (2, later)] {
        let mut session = session(number);
        session.expires_at = end;
        store.add_session(&session).await.expect("it is kept");
        let mut grant = grant(number);
        grant.expires_at = end;
        store.add_grant(&grant).await.expect("it is kept");
        let window = Duration::from_secs(end.0 - NOW.0);
        let counted = store.count_attempt(hash(number), window, NOW).await;
        assert_eq!(counted.expect("it counts"), 1);
    }
    for (now, expected) in [(LAST, 0), (LATER, 1_103), (LATER, 0)] {
        let removed = store.remove_expired(now).await.expect("it removes");
        assert_eq!(removed, expected, "{now:?}");
    }
    // Asked as of before, so that only what was removed is missing.
    for (number, expected) in [(1, false), (2, true)] {
        let session = store.session(&staff(), hash(number), NOW).await;
        assert_eq!(session.expect("it reads").is_some(), expected);
        let grant = store.grant(&staff(), id(number.into()), NOW).await;
        assert_eq!(grant.expect("it reads").is_some(), expected);
        let counted = store.count_attempt(hash(number), Duration::from_hours(1), NOW);
        let counted = counted.await.expect("it counts");
        assert_eq!(counted, if expected { 2 } else { 1 });
    }
}
