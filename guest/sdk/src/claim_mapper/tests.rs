use super::*;
use crate::{
    Attributes,
    testing::{adjust, candidate, mapper},
    types::problem,
};

const GREETING: Known = Known {
    name: "greeting",
    about: "What stands before the name.",
    preset: Some("Hello"),
    choices: &["Hello", "Good day"],
};

const SETTINGS: &[Known] = &[CLAIM, GREETING];

/// Greets people by an attribute.
struct Greeter;

impl ClaimMapper for Greeter {
    type Rule = MapperRule;

    fn describe() -> Description {
        description("greeter", "Greeter", "1.0.0", SETTINGS)
    }

    fn check(mapper: &Mapper) -> Result<MapperPlan, Vec<Problem>> {
        let mut form = Form::of(mapper, SETTINGS);
        let rule = MapperRule::new(form.attribute(), form.claim());
        let rule = rule.with(form.required("greeting"));
        form.finish(rule.plan())
    }

    fn rule(memo: &[u8]) -> Result<MapperRule, Problem> {
        MapperRule::decode(memo)
    }

    fn adjust(
        rule: &MapperRule,
        now: u64,
        candidate: &Candidate,
    ) -> Result<Vec<Adjustment>, Problem> {
        let greeting = rule.more.first().map_or("", String::as_str);
        match Attributes::of(&candidate.entry).text(&rule.attribute) {
            Some("nobody") => Err(problem(&rule.attribute, "it is nobody; name somebody")),
            text => {
                let value =
                    text.map(|text| ClaimValue::Text(format!("{greeting} {text} at {now}")));
                Ok(claim(&rule.claim, value))
            }
        }
    }
}

crate::export_mapper!(Greeter);

fn fields(problems: &[Problem]) -> Vec<(&str, &str)> {
    problems
        .iter()
        .map(|problem| (problem.field.as_str(), problem.message.as_str()))
        .collect()
}

#[test]
fn each_candidate_has_its_own_result() {
    let mapper = mapper("greeting", "greeter", Some("cn"), &[("claim", "hello")]);
    let plan = Greeter::check(&mapper).expect("it is sound");
    assert_eq!(
        (plan.attributes, plan.claims),
        (vec!["cn".into()], vec!["hello".into()])
    );
    let candidates = ["cn: Ada", "cn: nobody", "sn: x"]
        .map(|line| candidate(&format!("dn: uid=a\n{line}\n")).expect("LDIF"));
    let results = Greeter::adjust_all(&plan.memo, 7, &candidates);
    let expected = claim("hello", Some(ClaimValue::Text("Hello Ada at 7".into())));
    assert_eq!(results[0], Ok(expected.clone()));
    assert!(
        results[1]
            .as_ref()
            .is_err_and(|problem| problem.field == "cn")
    );
    assert_eq!(results[2], Ok(Vec::new()));
    assert_eq!(adjust::<Greeter>(&mapper, &candidates[0], 7), Ok(expected));
}

#[test]
fn everything_wrong_with_a_mapper_is_said_at_once() {
    let twice = [
        ("greeting", "Hi"),
        ("greeting", "Hello"),
        ("on_error", "deny"),
    ];
    let problems = Greeter::check(&mapper("sub", "greeter", None, &twice)).expect_err("problems");
    let messages = fields(&problems);
    assert!(
        messages.iter().all(|(field, _)| *field == "mapper.sub"),
        "{messages:?}"
    );
    for part in [
        "twice",
        "ldap_attribute is missing",
        "is the bridge's own",
        "is no value of",
    ] {
        assert!(
            messages.iter().any(|(_, message)| message.contains(part)),
            "{part}: {messages:?}"
        );
    }
}

#[test]
fn settings_without_effect_are_noted() {
    let colour = mapper(
        "hello",
        "greeter",
        Some("cn"),
        &[("colour", "red"), ("on_error", "deny")],
    );
    let plan = Greeter::check(&colour).expect("it is sound");
    assert_eq!(plan.notes.len(), 1);
    assert!(plan.notes[0].message.contains("colour"), "{:?}", plan.notes);
}

#[test]
fn a_memo_of_somebody_else_serves_nobody() {
    let candidates = [candidate("dn: uid=a\n").expect("LDIF")];
    for memo in [&[][..], &[9, 1], &[0, 0, 0, 0]] {
        let results = Greeter::adjust_all(memo, 0, &candidates);
        assert!(
            matches!(&results[..], [Err(problem)] if problem.field == "memo"),
            "{results:?}"
        );
    }
}

#[test]
fn says_what_it_is() {
    let description = Greeter::describe();
    assert_eq!(description.id, "greeter");
    let names: Vec<_> = description
        .settings
        .iter()
        .map(|known| known.name.as_str())
        .collect();
    assert_eq!(names, ["claim", "greeting"]);
}
