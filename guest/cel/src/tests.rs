//! What expressions say of a person, and what is said of expressions.

mod refused;

use super::*;
use policy_sdk::{
    testing::{adjust, candidate, mapper},
    types::{Claim, ClaimValue, Group, Role},
};

const NOW: u64 = 1_795_392_000;

fn cel(expression: &str) -> Mapper {
    mapper(
        "display",
        "cel",
        None,
        &[("expression", expression), ("claim", "name")],
    )
}

fn ada() -> Candidate {
    let mut ada = candidate(
        "dn: uid=ada\ngivenName: Ada\nSN: Lovelace\nmail: z@example.test\nmail: a@example.test\n\
         employeeNumber: 7\ncn;lang-de: Ada L\nphoto:: /w==\ntitle: \n",
    )
    .expect("LDIF");
    let claim = |name: &str, value| Claim {
        name: name.to_owned(),
        value,
    };
    ada.identity.username = "ada".to_owned();
    ada.identity.claims = vec![
        claim("email", ClaimValue::Text("ada@example.test".into())),
        claim("level", ClaimValue::Integer(3)),
        claim("tags", ClaimValue::Texts(vec!["a".into(), "b".into()])),
    ];
    ada.identity.groups = vec![Group {
        dn: "cn=staff,o=x".into(),
        name: "staff".into(),
        id: None,
        parents: vec![],
    }];
    let role = |name: &str, client: Option<&str>| Role {
        name: name.to_owned(),
        client: client.map(str::to_owned),
        source: None,
    };
    ada.identity.roles = vec![role("admin", None), role("read", Some("shop"))];
    ada
}

/// The claim's value, or the problem's message.
fn outcome(expression: &str) -> Result<Option<ClaimValue>, String> {
    let adjustments = adjust::<Cel>(&cel(expression), &ada(), NOW).map_err(|problem| {
        assert_eq!(problem.field, "mapper.display", "{problem:?}");
        problem.message
    })?;
    match adjustments.as_slice() {
        [] => Ok(None),
        [Adjustment::SetClaim(Claim { name, value })] if name == "name" => Ok(Some(value.clone())),
        other => unreachable!("{other:?}"),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may fail, or be missing"
)]
fn text(text: &str) -> Result<Option<ClaimValue>, String> {
    Ok(Some(ClaimValue::Text(text.to_owned())))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may fail, or be missing"
)]
fn texts(texts: &[&str]) -> Result<Option<ClaimValue>, String> {
    let texts = texts.iter().map(|text| (*text).to_owned());
    Ok(Some(ClaimValue::Texts(texts.collect())))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may fail, or be missing"
)]
fn json(text: &str) -> Result<Option<ClaimValue>, String> {
    Ok(Some(ClaimValue::Json(text.to_owned())))
}

fn plan(expression: &str) -> MapperPlan {
    Cel::check(&cel(expression)).expect(expression)
}

fn faults(expression: &str) -> String {
    let problems = Cel::check(&cel(expression)).expect_err(expression);
    let messages = problems.into_iter().map(|problem| {
        assert_eq!(problem.field, "mapper.display");
        problem.message
    });
    messages.collect::<Vec<_>>().join("\n")
}

#[test]
fn two_attributes_make_a_name() {
    let expression = "entry.givenName[0] + ' ' + entry.sn[0]";
    assert_eq!(outcome(expression), text("Ada Lovelace"));
    let plan = plan(expression);
    assert_eq!(plan.attributes, ["givenName", "sn"]);
    assert_eq!(plan.claims, ["name"]);
    assert!(plan.notes.is_empty(), "{:?}", plan.notes);
}

#[test]
fn attributes_are_found_wherever_they_stand() {
    let expression = "has(entry.a) ? entry[\"b;lang-de\"] : 'c' in entry && entry.?d[0].hasValue() ? entry.A : \
                      entry[?'e'].orValue([]).map(x, x + entry.f[0]).filter(y, y in entry.g) + [string(now)]";
    assert_eq!(
        plan(expression).attributes,
        ["a", "b;lang-de", "c", "d", "e", "f", "g"]
    );
}

#[test]
fn values_are_sorted_texts_and_names_have_no_case() {
    assert_eq!(
        outcome("entry.MAIL"),
        texts(&["a@example.test", "z@example.test"])
    );
    assert_eq!(outcome("entry.cn[0]"), text("Ada L"));
    assert_eq!(outcome("entry['CN;lang-DE'][0]"), text("Ada L"));
    assert_eq!(
        outcome("'sN' in entry"),
        Ok(Some(ClaimValue::Boolean(true)))
    );
}

#[test]
fn each_type_has_its_claim() {
    assert_eq!(
        outcome("size(entry.mail)"),
        Ok(Some(ClaimValue::Integer(2)))
    );
    assert_eq!(outcome("7u"), Ok(Some(ClaimValue::Integer(7))));
    assert_eq!(
        outcome("18446744073709551615u"),
        json("18446744073709551615")
    );
    assert_eq!(outcome("1.5"), json("1.5"));
    assert_eq!(
        outcome("entry.sn[0].startsWith('L')"),
        Ok(Some(ClaimValue::Boolean(true)))
    );
    assert_eq!(outcome("['b', 'a', ' ']"), texts(&["b", "a"]));
    assert_eq!(outcome("[1, 'a', null, true]"), json("[1,\"a\",null,true]"));
    assert_eq!(
        outcome("{'b': entry.mail, 'a': {'n': int(entry.employeeNumber[0])}, 'c\"': 'x\\n'}"),
        json("{\"a\":{\"n\":7},\"b\":[\"a@example.test\",\"z@example.test\"],\"c\\\"\":\"x\\n\"}")
    );
    assert_eq!(
        outcome("entry.mail.map(m, {'value': m})"),
        json("[{\"value\":\"a@example.test\"},{\"value\":\"z@example.test\"}]")
    );
}

#[test]
fn what_says_nothing_is_left_out() {
    for expression in [
        "null",
        "''",
        "' '",
        "[]",
        "{}",
        "['', ' ']",
        "optional.none()",
        "entry.?nothing[0]",
        "false ? 'a' : null",
    ] {
        assert_eq!(outcome(expression), Ok(None), "{expression}");
    }
}

#[test]
fn what_is_missing_leaves_the_claim_out_and_is_no_problem() {
    for expression in [
        "entry.nothing",
        "entry.nothing[0]",
        "entry['nothing'][0] + 'x'",
        // No UTF-8, and blank.
        "entry.photo[0]",
        "entry.title[0]",
        "identity.claims.nothing",
        "entry.nothing[0] == 'a' || false",
    ] {
        assert_eq!(outcome(expression), Ok(None), "{expression}");
    }
    assert_eq!(outcome("has(entry.nothing) ? 'a' : 'b'"), text("b"));
    assert_eq!(
        outcome("entry.?nothing[0].orValue(entry.sn[0])"),
        text("Lovelace")
    );
}

#[test]
fn everything_else_that_goes_wrong_is_a_problem_without_a_word_of_the_person() {
    for (expression, part) in [
        ("entry.mail[5]", "ask size() first"),
        ("entry.sn + 1", "add does not go with list and int"),
        ("entry.sn[0] + 1", "add does not go with string and int"),
        ("1 / 0", "divides by zero"),
        ("int(entry.sn[0])", "function int fails"),
        ("{'a': 'b'}[entry.sn[0]]", "no such key"),
        ("9223372036854775807 + 1", "too large"),
        ("b'abc'", "type bytes"),
        ("{1: 'a'}", "keys"),
        ("entry.sn[0] && true", "found no matching overload"),
        ("{'a': 0.0 / 0.0}", "type float"),
        ("entry.sn[0].matches('(' + 'a')", "function matches fails"),
    ] {
        let message = outcome(expression).expect_err(expression);
        assert!(
            message.contains(part) && message.contains("; "),
            "{expression}: {message}"
        );
        assert!(!message.contains("Lovelace"), "{expression}: {message}");
    }
}

#[test]
fn the_identity_so_far_can_be_read() {
    assert_eq!(outcome("identity.username.upperAscii()"), text("ADA"));
    assert_eq!(outcome("identity.claims.email"), text("ada@example.test"));
    assert_eq!(
        outcome("identity['claims'].level + 1"),
        Ok(Some(ClaimValue::Integer(4)))
    );
    assert_eq!(outcome("identity.claims.tags.join('+')"), text("a+b"));
    assert_eq!(
        outcome("'staff' in identity.groups ? 'in' : 'out'"),
        text("in")
    );
    assert_eq!(outcome("identity.roles"), texts(&["admin", "shop/read"]));
    assert_eq!(
        outcome("has(identity.claims.phone)"),
        Ok(Some(ClaimValue::Boolean(false)))
    );
}

#[test]
fn the_time_is_the_hosts() {
    assert_eq!(
        outcome("now - 1"),
        Ok(Some(ClaimValue::Integer(1_795_391_999)))
    );
    assert!(faults("timestamp('2026-01-01T00:00:00Z')").contains("no function \"timestamp\""));
}

#[test]
fn functions_of_texts_lists_and_numbers_are_there() {
    assert_eq!(
        outcome("entry.mail.map(m, m.split('@')[0]).sort().join('/')"),
        text("a/z")
    );
    assert_eq!(
        outcome("entry.mail.filter(m, m.matches('^z.*[.]test$'))"),
        texts(&["z@example.test"])
    );
    assert_eq!(
        outcome("string(math.round(2.5)) + 'x'.replace('x', 'y')"),
        text("3y")
    );
    assert_eq!(
        outcome("{'7': 'seven'}[entry.employeeNumber[0]]"),
        text("seven")
    );
    assert_eq!(
        outcome("entry.mail.exists(m, m.endsWith('.test'))"),
        Ok(Some(ClaimValue::Boolean(true)))
    );
    assert_eq!(
        outcome("type(entry.sn) == list"),
        Ok(Some(ClaimValue::Boolean(true)))
    );
}

#[test]
fn a_batch_answers_as_the_single_calls_do() {
    let plan = plan("{'m': entry.mail, 'n': {'x': now, 'a': 1, 'b': 2, 'c': 3}}");
    let candidates = [ada(), candidate("dn: uid=b\n").expect("LDIF"), ada()];
    let together = Cel::adjust_all(&plan.memo, NOW, &candidates);
    let apart: Vec<_> = candidates
        .iter()
        .flat_map(|candidate| Cel::adjust_all(&plan.memo, NOW, std::slice::from_ref(candidate)))
        .collect();
    assert_eq!(together, apart);
    assert_eq!(together[0], together[2]);
    assert_eq!(together[1], Ok(vec![]));
}

#[test]
fn a_memo_of_somebody_else_serves_nobody() {
    for memo in [
        &[][..],
        b"x",
        &MapperRule::new("", "name").with("1 +").with("x").encode(),
    ] {
        let results = Cel::adjust_all(memo, 0, &[ada()]);
        assert!(
            matches!(&results[..], [Err(problem)] if problem.field == "memo"),
            "{results:?}"
        );
    }
}

#[test]
fn says_what_it_is() {
    let description = Cel::describe();
    assert_eq!(
        (description.id.as_str(), description.kinds.len()),
        ("cel", 0)
    );
    let names: Vec<_> = description
        .settings
        .iter()
        .map(|known| known.name.as_str())
        .collect();
    assert_eq!(names, ["expression", "claim"]);
}
