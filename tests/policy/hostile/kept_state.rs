use crate::stage::{self, Stage, usernames};
use suites::policy::{context, person};

#[test]
fn nothing_that_a_call_kept_is_seen_by_the_next() {
    let stage = Stage::new(stage::limits(), "kept-state");
    for name in ["uid=ada", "uid=alan", "uid=grace"] {
        let steps = stage
            .policy()
            .decide(&context(b"tell"), &[person(name)])
            .expect("an answer");
        assert_eq!(usernames(&steps), [name]);
    }
    stage.expect_good_call();
}
