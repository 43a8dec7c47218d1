//! How far the synchronisation of a federation came.

use super::{PEOPLE, Subject};
use crate::{
    conformance::all_at_once,
    sample::{LATER, NOW, declare, federation, full_realm, id},
};
use bridge_model::{
    names::FederationId,
    ports::StoreError,
    synchronisation::{SyncFailure, SyncKind, SyncRun, SyncStage, SyncState},
    time::Timestamp,
};

fn run(kind: SyncKind, seen_at: Timestamp) -> SyncRun {
    SyncRun {
        seen_at,
        ..SyncRun::begin(kind, NOW)
    }
}

async fn state(store: &Subject, federation: u128) -> SyncState {
    let state = store.sync_state(FederationId(id(federation))).await;
    state.expect("it reads")
}

async fn save(store: &Subject, state: &SyncState) {
    let saved = store.save_sync_state(PEOPLE, state).await;
    saved.expect("it is kept");
}

pub(crate) async fn a_synchronisation_is_read_as_it_was_saved(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&**store, vec![realm.clone()]).await;
    assert_eq!(state(store, 1).await, SyncState::default());
    let failure = SyncFailure {
        dn: "uid=\u{fc},dc=example".into(),
        reason: "has two \"names\"".into(),
    };
    let whole = SyncState {
        cursor: Some((format!("sha256:{}", "cd".repeat(32)), vec![0, 255, 7])),
        last: Some(SyncRun {
            stage: SyncStage::Failed,
            read: u64::from(u32::MAX) + 1,
            failed: 1,
            failures: vec![failure],
            reason: Some("the directory is gone".into()),
            ..run(SyncKind::Changed, LATER)
        }),
        full_at: Some(NOW),
        changed_at: Some(LATER),
    };
    for kept in [&whole, &SyncState::default(), &whole] {
        save(store, kept).await;
        assert_eq!(state(store, 1).await, *kept);
    }
    assert_eq!(state(store, 2).await, SyncState::default());
    // It goes with the federation.
    realm.federations.remove(0);
    declare(&**store, vec![realm]).await;
    assert_eq!(state(store, 1).await, SyncState::default());
}

pub(crate) async fn one_run_goes_on_at_a_time(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let begin = async |run: &SyncRun, lost_before| {
        let begun = store.begin_sync(PEOPLE, run, lost_before).await;
        begun.expect("it is answered")
    };
    let before = SyncState {
        cursor: Some(("sha256:ab".into(), vec![1])),
        full_at: Some(NOW),
        ..SyncState::default()
    };
    save(store, &before).await;
    let first = run(SyncKind::Full, NOW);
    assert!(begin(&first, Timestamp(NOW.0 - 9)).await);
    // A run that begins leaves the rest alone.
    let expected = SyncState {
        last: Some(first.clone()),
        ..before
    };
    assert_eq!(state(store, 1).await, expected);
    let second = run(SyncKind::Changed, LATER);
    assert!(!begin(&second, Timestamp(NOW.0 - 1)).await);
    assert_eq!(state(store, 1).await.last, Some(first.clone()));
    // It was seen again meanwhile.
    let seen = SyncRun {
        seen_at: LATER,
        ..first
    };
    let going_on = SyncState {
        last: Some(seen),
        ..expected
    };
    save(store, &going_on).await;
    assert!(!begin(&second, NOW).await);
    // It has lost its process.
    assert!(begin(&second, LATER).await);
    assert_eq!(state(store, 1).await.last, Some(second.clone()));
    for stage in [
        SyncStage::Done,
        SyncStage::Failed,
        SyncStage::Stopped,
        SyncStage::Interrupted,
    ] {
        let last = Some(SyncRun {
            stage,
            ..second.clone()
        });
        let ended = SyncState {
            last,
            ..SyncState::default()
        };
        save(store, &ended).await;
        assert!(begin(&second, NOW).await, "{stage:?}");
        assert!(!begin(&second, NOW).await, "{stage:?}");
    }
}

pub(crate) async fn of_many_runs_that_begin_at_once_one_does(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let begun = all_at_once(store, async |store, _| {
        let run = run(SyncKind::Full, NOW);
        store.begin_sync(PEOPLE, &run, Timestamp(NOW.0 - 1)).await
    });
    let begun = begun.await.into_iter();
    let begun: Vec<_> = begun.map(|it| it.expect("it is answered")).collect();
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);
}

pub(crate) async fn a_synchronisation_needs_its_federation(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let gone = FederationId(id(9));
    let begun = store.begin_sync(gone, &run(SyncKind::Full, NOW), NOW).await;
    assert!(matches!(begun, Err(StoreError::Missing(_))), "{begun:?}");
    let saved = store.save_sync_state(gone, &SyncState::default()).await;
    assert!(matches!(saved, Err(StoreError::Missing(_))), "{saved:?}");
    assert_eq!(state(store, 9).await, SyncState::default());
}
