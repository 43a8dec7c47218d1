use crate::stage;
use bridge_model::ports::{Policies, PolicyFault};
use suites::policy::{guest, take};

#[test]
fn a_policy_that_announces_what_is_no_control_is_not_loaded() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let error = take(&host, guest("bad-controls")).expect_err("it is refused");
    assert_eq!(error.fault, PolicyFault::Contract, "{error}");
    assert!(
        error
            .detail
            .contains("in controls: control: its oid must be dotted decimal"),
        "{error}"
    );
    assert!(host.vendors().is_empty());
}
