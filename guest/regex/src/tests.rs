use super::*;
use policy_sdk::{
    testing::{adjust, candidate, mapper},
    types::Claim,
};

fn regex(settings: &[(&str, &str)]) -> Mapper {
    mapper("department", "regex", Some("ou"), settings)
}

fn outcome(settings: &[(&str, &str)], entry: &str) -> Option<ClaimValue> {
    let candidate = candidate(&format!("dn: uid=ada\n{entry}")).expect("LDIF");
    let adjustments = adjust::<RegularExpression>(&regex(settings), &candidate, 0);
    match adjustments.expect("no problem").as_slice() {
        [] => None,
        [Adjustment::SetClaim(Claim { name, value })] if name == "department" => {
            Some(value.clone())
        }
        other => unreachable!("{other:?}"),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be missing"
)]
fn text(text: &str) -> Option<ClaimValue> {
    Some(ClaimValue::Text(text.to_owned()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be missing"
)]
fn texts(texts: &[&str]) -> Option<ClaimValue> {
    let texts = texts.iter().map(|text| (*text).to_owned());
    Some(ClaimValue::Texts(texts.collect()))
}

fn problems(settings: &[(&str, &str)]) -> String {
    let problems = RegularExpression::check(&regex(settings)).expect_err("problems");
    let messages: Vec<_> = problems
        .into_iter()
        .map(|problem| problem.message)
        .collect();
    messages.join("\n")
}

const TWO: &str = "ou: dept-Sales\nou: dept-Engines\nou: floor 3\n";

#[test]
fn what_matches_is_replaced_and_the_rest_stays() {
    let dept = ("pattern", "^dept-(.+)$");
    assert_eq!(
        outcome(&[dept, ("replacement", "$1")], TWO),
        text("Engines")
    );
    assert_eq!(outcome(&[dept], TWO), text("dept-Engines"));
    assert_eq!(
        outcome(&[("pattern", "dept-"), ("replacement", "")], TWO),
        text("Engines")
    );
    assert_eq!(
        outcome(
            &[("pattern", "(?<what>[a-z])e"), ("replacement", "<${what}>")],
            TWO
        ),
        text("<d>pt-Engi<n>s")
    );
}

#[test]
fn one_value_or_all_and_with_or_without_those_that_do_not_match() {
    let settings = [
        ("pattern", "^dept-(.+)$"),
        ("replacement", "$1"),
        ("match", "all"),
    ];
    assert_eq!(outcome(&settings, TWO), texts(&["Engines", "Sales"]));
    let keep = [
        settings[0],
        settings[1],
        settings[2],
        ("on_no_match", "keep"),
    ];
    assert_eq!(outcome(&keep, TWO), texts(&["Engines", "Sales", "floor 3"]));
    assert_eq!(outcome(&settings, "ou: floor 3\n"), None);
    assert_eq!(
        outcome(&[settings[0], ("on_no_match", "keep")], "ou: floor 3\n"),
        text("floor 3")
    );
    assert_eq!(outcome(&keep, "cn: x\n"), None);
}

#[test]
fn what_becomes_blank_is_left_out() {
    let settings = [("pattern", ".*"), ("replacement", " ")];
    assert_eq!(outcome(&settings, TWO), None);
    let all = [settings[0], settings[1], ("match", "all")];
    assert_eq!(outcome(&all, TWO), None);
}

#[test]
fn everything_that_is_wrong_is_said_with_its_place() {
    let wrong = problems(&[("pattern", "a(b"), ("match", "some")]);
    assert!(
        wrong.contains("at character 2: unclosed group; correct it"),
        "{wrong}"
    );
    assert!(
        wrong.contains("\"some\" is no value of the setting match"),
        "{wrong}"
    );
    let missing = problems(&[]);
    assert!(
        missing.contains("the setting pattern is missing"),
        "{missing}"
    );
    let group = problems(&[("pattern", "(a)"), ("replacement", "$1b ${x} $2")]);
    assert!(group.contains("write ${1} where text follows"), "{group}");
    assert!(
        group.contains("no group \"x\"") && group.contains("no group \"2\""),
        "{group}"
    );
    let back = problems(&[("pattern", r"(a)\1")]);
    assert!(back.contains("backreferences are not supported"), "{back}");
}

#[test]
fn a_pattern_cannot_take_much_memory_or_depth() {
    let large = problems(&[("pattern", r"\w{500}{500}")]);
    assert!(large.contains("more than 256 KiB"), "{large}");
    let deep = format!("{}a{}", "(".repeat(40), ")".repeat(40));
    let deep = problems(&[("pattern", &deep)]);
    assert!(deep.contains("no regular expression"), "{deep}");
}

#[test]
fn time_is_linear_in_the_value_whatever_the_pattern_is() {
    // Exponential with backtracking.
    let value = format!("ou: {}!\n", "a".repeat(50_000));
    assert_eq!(outcome(&[("pattern", "^(a|aa|a*)*$")], &value), None);
}

#[test]
fn values_in_another_order_give_the_same() {
    let settings = [("pattern", "e"), ("match", "all")];
    let turned = "ou: floor 3\nou: dept-Engines\nou: dept-Sales\n";
    assert_eq!(outcome(&settings, TWO), outcome(&settings, turned));
}

#[test]
fn a_part_of_the_values_is_a_problem() {
    let candidate = candidate("dn: uid=ada\nou;range=0-1: dept-a\n").expect("LDIF");
    let mapper = regex(&[("pattern", "a")]);
    let problem = adjust::<RegularExpression>(&mapper, &candidate, 0).expect_err("a problem");
    assert_eq!(problem.field, "ou");
}

#[test]
fn says_what_it_is() {
    let description = RegularExpression::describe();
    assert_eq!(description.id, "regex");
    let names: Vec<_> = description
        .settings
        .iter()
        .map(|known| known.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["pattern", "replacement", "match", "on_no_match", "claim"]
    );
}
