use crate::stage;
use bridge_model::ports::{Policies, PolicyFault};
use suites::policy::{guest, take};

#[test]
fn is_not_loaded_under_a_name_that_is_no_id() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let error = take(&host, guest("bad-description"))
        .expect_err("its id is none");
    assert_eq!(error.fault, PolicyFault::Contract, "{error}");
    assert!(error.policy.starts_with("sha256:"), "{error}");
    assert!(
        error
            .detail
            .contains("in describe: id: must be lower-case words"),
        "{error}"
    );
    assert!(host.vendors().is_empty());
}
