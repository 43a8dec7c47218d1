//! Expressions that are refused before anybody is looked at.

use super::{faults, outcome};

#[test]
fn what_is_no_expression_is_refused_with_its_place() {
    let fault = faults("entry.sn[0] +\n  ) 1");
    assert!(fault.contains("not CEL at line 2, column 3"), "{fault}");
    assert!(faults("'open").contains("line 1"));
    assert!(faults("").contains("the setting expression is missing"));
}

#[test]
fn what_goes_too_deep_is_refused() {
    let times = |text: &str| text.repeat(1000);
    for expression in [
        format!("{}1{}", times("("), times(")")),
        format!("{}1{}", times("["), times("]")),
        format!("{}true", times("!")),
        format!("{}1", times("- ")),
        format!("1{}", times("+1")),
        format!("entry.a{}", times(".b")),
        format!("entry.a{}", times("[0]")),
        format!("{}1", times("true?1:")),
    ] {
        let fault = faults(&expression);
        assert!(
            fault.contains("deeper than 48 levels"),
            "{expression}: {fault}"
        );
    }
    let sum = format!("entry.sn[0]{}", " + 'a'".repeat(40));
    assert!(outcome(&sum).is_ok());
    let all = format!("true{}", "&&true".repeat(600));
    assert!(outcome(&all).is_ok(), "these are laid out side by side");
}

#[test]
fn names_that_nobody_knows_are_refused_with_those_that_are_known() {
    for (expression, part) in [
        (
            "user.mail",
            "no variable \"user\"; the variables are entry, identity and now",
        ),
        ("entry", "entry is used as a whole; name an attribute"),
        ("size(entry)", "entry is used as a whole"),
        ("identity", "identity is used as a whole"),
        (
            "identity.mail",
            "no identity.mail; the parts of identity are",
        ),
        ("entry[identity.username]", "has to be written out"),
        ("entry.map(a, a)", "entry is used as a whole"),
        ("entry.sn.map(entry, entry)", "take another in its place"),
        ("entry.sn.first()", "no function \"first\""),
        ("lower(entry.sn[0])", "no function \"lower\""),
        ("math.least(1, 2)", "no function math.least"),
        ("Person{name: 'a'}", "no message type"),
        ("x", "no variable \"x\""),
        ("[1].map(x, x)[0] + x", "no variable \"x\""),
        (
            "entry.sn[0].matches('(a')",
            "\"(a\" is no regular expression: unclosed group",
        ),
        ("entry['a b']", "is not the name of an attribute"),
    ] {
        let fault = faults(expression);
        assert!(fault.contains(part), "{expression}: {fault}");
    }
}

#[test]
fn a_map_stands_only_where_its_order_cannot_be_seen() {
    for expression in [
        "{'a': 1}.map(k, k)",
        "[{'a': 1}].map(m, m.map(k, k))",
        "{'a': {'b': 1}}['a'].map(k, k)",
        "(true ? {'a': 1} : {'b': 2}).exists(k, k == 'a')",
        "[{'a': 1}][0].map(k, k)",
    ] {
        assert!(faults(expression).contains("order"), "{expression}");
    }
    for expression in [
        "{'a': {'b': [1, {'c': 2}]}}",
        "{'a': {'b': 1}}['a']['b']",
        "true ? {'a': 1} : {'b': 2}",
        "'a' in {'a': 1}",
        "{'a': 1}.a",
    ] {
        assert!(
            outcome(expression).is_ok_and(|value| value.is_some()),
            "{expression}"
        );
    }
}
