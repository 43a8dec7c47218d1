//! Sign-ins under way while their policy is swapped and rolled back over and over.

use crate::{
    admin::{Admin, send},
    load::Caller,
    served::Served,
    versions::marked,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// As many as the throttle lets be under way for one account.
const CALLERS: usize = 4;

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Sign-ins, each of which has to end with tokens.
    pub sign_ins: usize,
    /// Swaps and roll backs, spread over them: at least so many.
    pub swaps: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Tally {
    /// How many sign-ins each version answered, by its digest in the audit trail.
    pub by_digest: BTreeMap<String, usize>,
    /// Swaps and roll backs that were done.
    pub swaps: usize,
}

/// Signs ada in to the realm `staff` over and over, and swaps the policy of this component meanwhile
/// with another version of it. Fails where a sign-in or a swap does, and where the audit trail does not
/// have one line for each sign-in, with the digest of a version that was in force.
pub fn sign_in_while_swapping(served: &Served, component: &[u8], plan: Plan) -> Tally {
    let operator = served.operator();
    let request = operator.request("POST", "/policies");
    let request = request.header("content-type", "application/wasm");
    let loaded = send(request.body(marked(component, "another")));
    assert_eq!(loaded.status, 201, "{}", loaded.body);
    let loaded = loaded.json();
    let (id, other) = (text(&loaded, "id"), text(&loaded, "digest"));
    let first = in_force(&operator, &id);
    let begun = served.audited_sign_ins().len();
    let done = AtomicUsize::new(0);
    let host = served.bridge.url("").replace("http://", "");
    let swaps = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut caller =
                        Caller::connect(&host, "staff", "chat", "http://127.0.0.1:49152/callback");
                    while done.fetch_add(1, Ordering::Relaxed) < plan.sign_ins {
                        caller.sign_in("ada", "Pw-ada");
                    }
                })
            })
            .collect();
        let mut swaps = 0;
        while callers.iter().any(|caller| !caller.is_finished()) {
            let due = plan.sign_ins * (swaps + 1) / (plan.swaps + 1);
            if done.load(Ordering::Relaxed) < due {
                thread::yield_now();
                continue;
            }
            swap(&operator, &id, &other, swaps);
            swaps += 1;
        }
        for caller in callers {
            caller.join().expect("every sign-in ends with tokens");
        }
        swaps
    });
    let mut by_digest = BTreeMap::new();
    for event in served.audited_sign_ins().into_iter().skip(begun) {
        assert_eq!(event["outcome"], "success", "{event}");
        let digest = text(&event["policy"], "digest");
        assert!(digest == first || digest == other, "{event}");
        *by_digest.entry(digest).or_insert(0) += 1;
    }
    Tally { by_digest, swaps }
}

/// Every other time a roll back, to what was before.
fn swap(operator: &Admin, id: &str, other: &str, swaps: usize) {
    let page = if swaps.is_multiple_of(2) {
        operator.post(&format!("/policies/{id}/swap"), &json!({ "digest": other }))
    } else {
        operator.post(&format!("/policies/{id}/roll-back"), &json!({}))
    };
    assert_eq!(page.status, 200, "{}", page.body);
}

fn in_force(operator: &Admin, id: &str) -> String {
    let list = operator.get("/policies").json();
    let mut list = list.as_array().expect("a list").iter();
    let found = list.find(|policy| policy["id"] == id && policy["state"] == "in_force");
    text(found.expect("one is in force"), "digest")
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().expect("a text").to_owned()
}
