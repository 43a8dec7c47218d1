//! The kinds of mappers that come with the bridge, as components under the limits that a bridge has.

use crate::{mapper::mapper_in_force, stage};
use bridge_components::mappers;
use bridge_model::{
    decision::{Adjustment, Candidate, Claim, ClaimValue, Identity},
    entry::{Attribute, Entry},
    plan::{Mapper, MapperPlan, Problem},
    ports::MapperPolicy,
    search::Setting,
    time::Timestamp,
};
use bridge_policy::{Limits, PolicyHost};
use std::sync::Arc;
use suites::policy::{lift_limit, take};

const NOW: Timestamp = Timestamp(1_795_392_000);

/// A host with all of them.
fn host() -> PolicyHost {
    let limits = Limits {
        instances_max: 8,
        ..Limits::default()
    };
    let host = stage::host(limits);
    for component in mappers() {
        let reference = take(&host, component.bytes).expect("it is admitted");
        assert_eq!(reference.id, component.name);
    }
    lift_limit(&host);
    host
}

fn mapper(kind: &str, ldap_attribute: Option<&str>, settings: &[(&str, &str)]) -> Mapper {
    let setting = |(name, value): &(&str, &str)| Setting {
        name: (*name).into(),
        value: (*value).into(),
    };
    Mapper {
        name: "display".into(),
        kind: kind.into(),
        ldap_attribute: ldap_attribute.map(str::to_owned),
        settings: settings.iter().map(setting).collect(),
    }
}

fn cel(expression: &str) -> Mapper {
    mapper(
        "cel",
        None,
        &[("claim", "name"), ("expression", expression)],
    )
}

fn person(number: usize) -> Candidate {
    let attribute = |name: &str, value: &str| Attribute {
        name: name.into(),
        values: vec![value.as_bytes().to_vec()],
    };
    Candidate {
        entry: Entry {
            dn: format!("uid=employee{number}"),
            attributes: vec![
                attribute("givenName", "Ada"),
                attribute("sn", &format!("Lovelace {number}")),
                attribute("ou", "dept-Engines"),
            ],
        },
        identity: Identity::default(),
    }
}

fn plan(policy: &dyn MapperPolicy, mapper: &Mapper) -> MapperPlan {
    policy.check(mapper).expect("an answer").expect("a plan")
}

fn problems(policy: &dyn MapperPolicy, mapper: &Mapper) -> Vec<Problem> {
    let outcome = policy.check(mapper).expect("an answer");
    outcome.expect_err("it is wrong")
}

fn named(text: &str) -> Vec<Adjustment> {
    vec![Adjustment::SetClaim(Claim {
        name: "name".into(),
        value: ClaimValue::Text(text.into()),
    })]
}

/// What becomes of these people, once in a batch and once one by one.
fn adjust(
    policy: &Arc<dyn MapperPolicy>,
    plan: &MapperPlan,
    people: &[Candidate],
) -> Vec<Result<Vec<Adjustment>, Problem>> {
    let together = policy.adjust(&plan.memo, NOW, people).expect("an answer");
    let mut apart = Vec::new();
    for person in people {
        let one = policy.adjust(&plan.memo, NOW, std::slice::from_ref(person));
        apart.extend(one.expect("an answer"));
    }
    assert_eq!(together, apart, "a batch is the same as single calls");
    together
}

#[test]
fn expressions_of_cel_make_claims() {
    let _turn = stage::turn();
    let host = host();
    let policy = mapper_in_force(&host, "cel").expect("it is in force");
    let plan = plan(&*policy, &cel("entry.givenName[0] + ' ' + entry.sn[0]"));
    assert_eq!(plan.attributes, ["givenName", "sn"]);
    assert_eq!(plan.claims, ["name"]);
    let mut people = [person(1), person(2), person(3)];
    people[1].entry.attributes.clear();
    assert_eq!(
        adjust(&policy, &plan, &people),
        [
            Ok(named("Ada Lovelace 1")),
            Ok(vec![]),
            Ok(named("Ada Lovelace 3"))
        ]
    );
    let wrong = problems(&*policy, &cel("entry.sn[0] + user.mail +"));
    assert_eq!(wrong[0].field, "mapper.display");
    assert!(wrong[0].message.contains("line 1, column"), "{wrong:?}");
    let unknown = problems(&*policy, &cel("user.mail[0]"));
    assert!(
        unknown[0].message.contains("no variable \"user\""),
        "{unknown:?}"
    );
}

#[test]
fn what_an_expression_may_be_at_most_fits_into_an_instance() {
    let _turn = stage::turn();
    let host = host();
    let policy = mapper_in_force(&host, "cel").expect("it is in force");
    let times = |text: &str, times| text.repeat(times);
    for (deepest, result) in [
        (format!("'a'{}", times(" + 'a'", 45)), times("a", 46)),
        (
            format!("{}'a'{}", times("[", 20), times("][0]", 20)),
            "a".into(),
        ),
        (
            format!("{}'a'{}", times("(", 47), times(")", 47)),
            "a".into(),
        ),
        (format!("{}'a'", times("false ? 'b' : ", 40)), "a".into()),
        (
            format!("{}'a'{}", times("[1].map(x, ", 5), times(")[0]", 5)),
            "a".into(),
        ),
        (
            format!("'{}'.matches('^[a-z]+$') ? 'a' : 'b'", times("a", 3000)),
            "a".into(),
        ),
    ] {
        let plan = plan(&*policy, &cel(&deepest));
        assert_eq!(
            adjust(&policy, &plan, &[person(1)]),
            [Ok(named(&result))],
            "{deepest}"
        );
    }
    for too_deep in [
        times("(", 4000),
        times("[", 4000),
        times("!", 4000),
        times("-", 4000),
    ] {
        let wrong = problems(&*policy, &cel(&too_deep));
        assert!(wrong[0].message.contains("deeper than"), "{wrong:?}");
    }
    let sum = problems(&*policy, &cel(&format!("1{}", times("+1", 2000))));
    assert!(sum[0].message.contains("deeper than"), "{sum:?}");
}

#[test]
fn regular_expressions_make_claims() {
    let _turn = stage::turn();
    let host = host();
    let policy = mapper_in_force(&host, "regex").expect("it is in force");
    let settings = [
        ("claim", "name"),
        ("pattern", "^dept-(?<what>\\w+)$"),
        ("replacement", "${what}"),
    ];
    let plan = plan(&*policy, &mapper("regex", Some("ou"), &settings));
    assert_eq!(plan.attributes, ["ou"]);
    let results = adjust(&policy, &plan, &[person(1), person(2)]);
    assert_eq!(results, [Ok(named("Engines")), Ok(named("Engines"))]);
    let wrong = problems(
        &*policy,
        &mapper("regex", Some("ou"), &[("pattern", "a(b")]),
    );
    assert!(
        wrong[0].message.contains("at character 2: unclosed group"),
        "{wrong:?}"
    );
}

#[test]
fn a_pattern_that_is_made_to_take_forever_takes_no_longer() {
    let _turn = stage::turn();
    let host = host();
    let policy = mapper_in_force(&host, "regex").expect("it is in force");
    let evil = mapper(
        "regex",
        Some("ou"),
        &[("claim", "name"), ("pattern", "^(a|aa|a*)*$")],
    );
    let plan = plan(&*policy, &evil);
    let mut victim = person(1);
    victim.entry.attributes[2].values = vec![[vec![b'a'; 4096], b"!".to_vec()].concat()];
    assert_eq!(adjust(&policy, &plan, &[victim]), [Ok(vec![])]);
    let large = mapper("regex", Some("ou"), &[("pattern", r"\w{500}{500}")]);
    let wrong = problems(&*policy, &large);
    assert!(wrong[0].message.contains("more than 256 KiB"), "{wrong:?}");
}
