use crate::stage::{self, Stage, logged};
use bridge_model::ports::PolicyFault;
use bridge_policy::Limits;

fn limits() -> Limits {
    Limits {
        log_lines_max: 10,
        ..stage::limits()
    }
}

#[test]
fn lines_over_the_limit_are_dropped_and_counted() {
    let stage = Stage::new(limits(), "log-flood");
    let (steps, log) = logged(|| stage.misbehave("lines"));
    assert!(steps.is_ok(), "a flood is no fault: {steps:?}");
    assert_eq!(
        log.lines().filter(|line| line.contains(": line ")).count(),
        10,
        "{log}"
    );
    assert!(log.contains("lines_dropped=9990"), "{log}");
    stage.expect_good_call();
}

#[test]
fn octets_over_the_limit_are_dropped_and_counted() {
    let limits = Limits {
        log_octets_max: 30,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "log-flood");
    let (_, log) = logged(|| stage.misbehave("lines"));
    assert_eq!(
        log.lines().filter(|line| line.contains(": line ")).count(),
        2,
        "{log}"
    );
    assert!(log.contains("lines_dropped=9998"), "{log}");
}

#[test]
fn a_line_says_whose_it_is_and_moves_no_cursor() {
    let stage = Stage::new(limits(), "log-flood");
    let (_, log) = logged(|| stage.misbehave("lines"));
    let line = log
        .lines()
        .find(|line| line.contains("line 7"))
        .expect("the line");
    assert!(
        line.contains("INFO policy: line 7\\u{a}\\u{1b}[2J"),
        "{line}"
    );
    assert!(line.contains("policy=\"log-flood\""), "{line}");
    assert!(line.contains("digest=\"sha256:"), "{line}");
    assert!(!log.contains('\u{1b}'));
}

#[test]
fn a_line_longer_than_an_answer_may_be_ends_the_call() {
    let limits = Limits {
        memory_octets_max: 128 << 20,
        ..limits()
    };
    let stage = Stage::new(limits, "log-flood");
    stage.expect("one line", PolicyFault::Output, "one line for the log");
}
