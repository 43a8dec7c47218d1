use super::*;
use bridge_model::{
    audit::{AuditKind, AuditOutcome},
    ports::Imports as _,
};
use serde_json::json;

use SyncKind::Full;
use SyncStage::{Done, Failed, Interrupted, Running};

#[tokio::test]
async fn of_many_that_begin_at_once_one_wins() {
    let bench = Bench::new(20);
    let gate = &bench.script.gate;
    gate.forget_permits(gate.available_permits());
    let starts = (0..8).map(|_| bench.start(Full));
    let started = futures_util::future::join_all(starts).await;
    let won = started.iter().filter(|start| start.is_ok());
    assert_eq!(won.count(), 1);
    for start in &started {
        if let Err(error) = start {
            assert!(matches!(error, SyncError::Running(run) if run.stage == Running));
        }
    }
    gate.add_permits(100);
    assert_eq!(bench.ended().await.stage, Done);
    assert_eq!(bench.run(Full).await.stage, Done);
}

#[tokio::test]
async fn a_run_can_be_watched_and_interrupted_and_begun_again() {
    let bench = Bench::new(40);
    bench.run(Full).await;
    bench.put("u00", None);
    let gate = &bench.script.gate;
    gate.forget_permits(gate.available_permits() - 2);
    bench.start(Full).await.expect("a run");
    let run = loop {
        let run = bench.state().await.last.expect("a run");
        if run.read >= 20 {
            break run;
        }
        sleep(Duration::from_millis(1)).await;
    };
    assert_eq!((run.stage, run.read), (Running, 20));
    let interrupted = bench.synchroniser.interrupt(&realm(), staff()).await;
    assert!(interrupted.expect("a store"));
    let run = bench.ended().await;
    assert_eq!((run.stage, run.removed), (Interrupted, 0));
    assert_eq!(bench.audit().last().outcome, AuditOutcome::Refused);
    let again = bench.synchroniser.interrupt(&realm(), staff()).await;
    assert!(!again.expect("a store"), "none goes on");
    assert_eq!(
        bench.synchroniser.start_due().await,
        0,
        "it was ended on purpose"
    );
    gate.add_permits(100);
    let run = bench.run(Full).await;
    assert_eq!((run.stage, counts(&run)), (Done, [39, 0, 0, 39, 1, 0]));
}

#[tokio::test]
async fn a_run_that_lost_its_process_goes_on() {
    let bench = Bench::new(5);
    let begun = SyncRun::begin(Full, bench.site.clock.now());
    let kept = bench.store().begin_sync(staff(), &begun, Timestamp(0));
    assert!(kept.await.expect("a store"));
    assert!(matches!(
        bench.start(Full).await,
        Err(SyncError::Running(_))
    ));
    assert_eq!(bench.synchroniser.start_due().await, 0);
    assert_eq!(bench.state().await.last.expect("a run").stage, Running);

    bench.clock().advance(Duration::from_secs(121));
    let lost = bench.state().await.last.expect("a run");
    assert_eq!(lost.stage, Interrupted);
    assert_eq!(bench.synchroniser.start_due().await, 1);
    let run = bench.ended().await;
    assert_eq!((run.stage, run.added), (Done, 5));
    assert!(run.started_at > begun.started_at);
}

#[tokio::test]
async fn what_is_due_begins_by_itself() {
    let bench = Bench::new(5);
    assert_eq!(bench.synchroniser.start_due().await, 0, "no period is set");
    bench.change(|federation| {
        federation.synchronisation.full_period = Some(Duration::from_hours(1));
    });
    assert_eq!(bench.synchroniser.start_due().await, 1);
    assert_eq!(bench.ended().await.stage, Done);
    assert_eq!(bench.synchroniser.start_due().await, 0);
    bench.clock().advance(Duration::from_mins(66));
    bench.change(|federation| federation.enabled = false);
    assert_eq!(bench.synchroniser.start_due().await, 0, "switched off");
    bench.change(|federation| federation.enabled = true);
    assert_eq!(bench.synchroniser.start_due().await, 1);
    assert_eq!(bench.ended().await.unchanged, 5);
}

#[tokio::test]
async fn a_run_needs_a_federation_that_imports() {
    let bench = Bench::new(1);
    let nobody = FederationId(uuid::Uuid::from_u128(77));
    let start = bench.synchroniser.start(&realm(), nobody, Full).await;
    assert!(matches!(start, Err(SyncError::Missing)));
    let state = bench.synchroniser.state(&realm(), nobody).await;
    assert!(matches!(state, Err(SyncError::Missing)));
    bench.change(|federation| federation.import_enabled = false);
    assert!(matches!(bench.start(Full).await, Err(SyncError::ImportOff)));
    bench.change(|federation| {
        federation.import_enabled = true;
        federation.enabled = false;
    });
    let run = bench.run(Full).await;
    assert_eq!(run.stage, Failed);
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("switched off"), "{reason}");
    bench.change(|federation| federation.enabled = true);
    bench.store().tables().policies_off = vec!["sample".to_owned()];
    bench.federations.reload_all();
    let run = bench.run(Full).await;
    assert_eq!(run.stage, Failed);
    let reason = run.reason.expect("a reason");
    assert!(reason.contains("policy sample"), "{reason}");
}

#[tokio::test]
async fn a_run_leaves_its_counts_in_the_audit_trail() {
    let bench = Bench::new(12);
    bench.script.wants().traps = vec!["u04".to_owned()];
    bench.run(Full).await;
    let event = bench.audit().last();
    assert_eq!(event.event, AuditKind::Synchronised);
    assert_eq!(event.outcome, AuditOutcome::Success);
    assert_eq!(event.object.as_deref(), Some("federation a/staff"));
    let counts = json!({
        "kind": "full", "stage": "done", "read": 12, "added": 11, "updated": 0,
        "unchanged": 0, "removed": 0, "failed": 1,
    });
    assert_eq!(event.after, Some(counts));
}

#[tokio::test]
async fn a_store_that_fails_ends_the_run() {
    let bench = Bench::new(30);
    let gate = &bench.script.gate;
    gate.forget_permits(gate.available_permits() - 1);
    bench.start(Full).await.expect("a run");
    sleep(Duration::from_millis(20)).await;
    bench.store().tables().is_down = true;
    gate.add_permits(100);
    for _ in 0..5_000 {
        if bench.synchroniser.running(staff()).is_none() {
            break;
        }
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(bench.audit().last().outcome, AuditOutcome::Unavailable);
    bench.store().tables().is_down = false;
    bench.clock().advance(Duration::from_mins(3));
    assert_eq!(bench.state().await.last.expect("a run").stage, Interrupted);
    assert_eq!(bench.run(Full).await.stage, Done);
}
