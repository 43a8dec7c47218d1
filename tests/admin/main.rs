//! The admin API of a running bridge.

mod documented;
mod fuzz;
mod isolation;
mod outbound;

use suites::{admin::Admin, served::Served};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");

/// A bridge with the realm `staff`, and whoever runs it, who acts on that realm.
fn staff() -> (Served, Admin) {
    let served = Served::bare(BRIDGE);
    let operator = served.operator();
    operator.create_realm("staff");
    let operator = operator.of("staff");
    (served, operator)
}
