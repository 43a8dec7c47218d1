use super::*;
use bridge_model::decision::{Bar, Claim, ClaimValue, Refusal};

fn problem() -> Problem {
    Problem {
        field: "expression".into(),
        message: "no number; write one".into(),
    }
}

fn claim(name: &str, text: &str) -> Claim {
    Claim {
        name: name.into(),
        value: ClaimValue::Text(text.into()),
    }
}

fn bar(reason: Refusal) -> Adjustment {
    Adjustment::AddBar(Bar {
        reason,
        since: None,
        until: None,
    })
}

#[test]
fn a_plan_names_attributes_and_claims_and_has_a_small_memo() {
    let plan = MapperPlan {
        attributes: vec!["givenName".into(), "cn;lang-de".into()],
        claims: vec!["display_name".into()],
        memo: vec![0; 64 << 10],
        notes: vec![problem()],
    };
    assert_eq!(check_plan(&plan), Ok(()));
    let but = |change: fn(&mut MapperPlan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        check_plan(&plan).expect_err("it is none").to_string()
    };
    for (breach, part) in [
        (
            but(|plan| plan.memo.push(0)),
            "memo: must have at most 64 KiB",
        ),
        (
            but(|plan| plan.attributes.push("*".into())),
            "attributes: it must be an attribute's name",
        ),
        (
            but(|plan| plan.attributes.push(String::new())),
            "attributes: ",
        ),
        (
            but(|plan| plan.attributes = vec!["cn".into(); 1_001]),
            "attributes: there are too many",
        ),
        (
            but(|plan| plan.claims.push("a b".into())),
            "claim: its name must be",
        ),
        (
            but(|plan| plan.claims.push("name#de".into())),
            "without its language",
        ),
        (
            but(|plan| plan.claims = vec!["a".into(); 1_001]),
            "claims: there are too many",
        ),
        (
            but(|plan| plan.notes[0].message = "x".repeat(4_097)),
            "note: a text",
        ),
    ] {
        assert!(breach.contains(part), "{breach}");
    }
}

#[test]
fn there_is_one_result_for_each_candidate() {
    let results: Adjusted = vec![Ok(Vec::new()), Err(problem())];
    assert_eq!(check_results(&results, 2), Ok(()));
    for candidates in [0, 1, 3] {
        let breach = check_results(&results, candidates).expect_err("the number is wrong");
        let part = format!("2 results for {candidates} candidates: there must be one result");
        assert!(breach.to_string().contains(&part), "{breach}");
    }
}

#[test]
fn what_an_adjustment_names_follows_the_rules_of_names() {
    let sound = [
        Adjustment::SetClaim(claim("nickname#de", "Ada")),
        Adjustment::DropClaim("email".into()),
        Adjustment::DropGroup("cn=all,dc=example".into()),
        Adjustment::DropRole("reader".into()),
        bar(Refusal::NotPermittedHere),
    ];
    assert_eq!(check_results(&vec![Ok(sound.to_vec())], 1), Ok(()));
    for (adjustment, part) in [
        (Adjustment::SetClaim(claim("a b", "x")), "result 1: claim"),
        (
            Adjustment::SetClaim(claim("name", " ")),
            "must not be blank",
        ),
        (Adjustment::DropClaim("s\u{443}b".into()), "result 1: claim"),
        (Adjustment::DropGroup(String::new()), "drop-group"),
        (Adjustment::DropGroup("x".repeat(4_097)), "drop-group"),
        (Adjustment::DropRole(" ".into()), "drop-role"),
        (bar(Refusal::Other(String::new())), "add-bar"),
    ] {
        let breach = check_results(&vec![Ok(vec![adjustment])], 1).expect_err("it breaks a rule");
        assert!(breach.to_string().contains(part), "{breach}");
    }
    let many = vec![Adjustment::DropClaim("email".into()); 1_001];
    let breach = check_results(&vec![Ok(many)], 1).expect_err("there are too many");
    assert!(
        breach
            .to_string()
            .contains("adjustments: there are too many"),
        "{breach}"
    );
}

#[test]
fn a_problem_has_a_length_that_can_be_read() {
    let endless = Problem {
        message: "x".repeat(4_097),
        ..problem()
    };
    let breach = check_results(&vec![Err(endless)], 1).expect_err("it is too long");
    assert!(
        breach.to_string().contains("result 1: problem: a text"),
        "{breach}"
    );
}
