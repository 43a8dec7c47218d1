use crate::stage;
use suites::policy::{context, guest, in_force, person, take};

#[test]
fn breaks_no_rule_while_it_is_told_none() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    take(&host, guest("breaks-rules")).expect("it is admitted");
    let policy = in_force(&host, "breaks-rules").expect("it is loaded");
    let steps = policy.decide(&context(b""), &[person("uid=ada"), person("uid=alan")]);
    assert_eq!(
        stage::usernames(&steps.expect("a good call")),
        ["somebody"; 2]
    );
}
