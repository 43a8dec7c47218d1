use crate::stage;
use bridge_model::ports::{Policies, PolicyFault};
use bridge_policy::Limits;
use suites::policy::{guest, take};

#[test]
fn is_not_loaded() {
    let _turn = stage::turn();
    let host = stage::host(Limits {
        call_ms_max: 20,
        ..stage::limits()
    });
    let error = take(&host, guest("endless-describe"))
        .expect_err("it never ends");
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
    assert!(
        error
            .detail
            .contains("in describe: it used more than 20 ms of processor time"),
        "{error}"
    );
    assert!(host.vendors().is_empty());
}
