//! The whole bridge, killed while administrators write. The store's own suite kills far more often.

use super::{BRIDGE, staff};
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};
use suites::admin::Admin;

const KILLS: u64 = 10;

/// Makes clients until it is told to stop, or nobody answers any more; those that were acknowledged.
fn write(operator: &Admin, round: u64, is_over: &AtomicBool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let id = format!("client-{round}-{}", acknowledged.len());
        let document = json!({
            "client_id": id, "public": true, "redirect_uris": ["http://127.0.0.1/callback"],
        });
        let request = operator.request("POST", "/clients");
        let request = request.header("content-type", "application/json");
        match request.body(document.to_string()).send() {
            Ok(answer) => {
                assert_eq!(answer.status(), 201);
                acknowledged.push(id);
            }
            Err(_) => break,
        }
    }
    acknowledged
}

#[test]
fn what_was_acknowledged_is_there_after_every_kill() {
    let (mut served, operator) = staff();
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let writer = scope.spawn(|| write(&operator, round, &is_over));
            thread::sleep(Duration::from_millis(60 + 23 * round));
            is_over.store(true, Ordering::Relaxed);
            served.bridge.kill();
            acknowledged.extend(writer.join().expect("what was acknowledged"));
        });
        served = served.killed(BRIDGE);
        let kept = operator.get("/clients").json();
        for id in &acknowledged {
            let mut kept = kept.as_array().expect("a list").iter();
            assert!(
                kept.any(|client| client["client_id"] == **id),
                "{id} is lost"
            );
        }
    }
    assert!(
        acknowledged.len() > 50,
        "hardly anything was written: {acknowledged:?}"
    );
}
