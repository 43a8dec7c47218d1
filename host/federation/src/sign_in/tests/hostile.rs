//! What a hostile vendor policy may try in a sign-in, and that the next one is none the worse for it.

use super::{AuditOutcome, SignInOutcome, Site, attempt, reason, signed_in, site};
use bridge_model::{
    claims::OF_THE_PROTOCOL,
    decision::{Bar, Claim, ClaimValue, Group, Identity, Person, Refusal, Role, Step},
    filter::Slot,
    plan::Problem,
    search::{PolicySearch, SearchScope},
};
use serde_json::json;

type Says = fn(&Person) -> Step;

/// An identity that nobody objects to.
fn sound() -> Identity {
    Identity {
        username: "ada".to_owned(),
        ..Identity::default()
    }
}

fn claims(value: impl FnOnce(&mut Identity)) -> Step {
    let mut identity = sound();
    value(&mut identity);
    Step::Identified(identity)
}

fn claim(name: &str, value: ClaimValue) -> Step {
    claims(|it| {
        it.claims = vec![Claim {
            name: name.to_owned(),
            value,
        }];
    })
}

fn text(name: &str, value: &str) -> Step {
    claim(name, ClaimValue::Text(value.to_owned()))
}

fn wish(base: &str, filter: &str, attribute: &str) -> PolicySearch {
    PolicySearch {
        key: "k".to_owned(),
        base: base.to_owned(),
        scope: SearchScope::Base,
        filter: filter.to_owned(),
        slots: Vec::new(),
        attributes: vec![attribute.to_owned()],
        size_limit: 1,
        required: false,
        more: Vec::new(),
    }
}

fn read(base: &str, filter: &str, attribute: &str) -> Step {
    Step::Read(vec![wish(base, filter, attribute)])
}

const ADA: &str = "uid=ada,ou=staff,dc=example,dc=test";

/// What is tried, and a part of the reason for which nobody is let in.
const TRIES: &[(Says, &str)] = &[
    (|_| text(&["su", "b"].concat(), "eve"), "host's own"),
    (|_| text("Iss", "https://evil.example"), "host's own"),
    (|_| text("aud#en", "other"), "host's own"),
    (|_| text("ѕub", "eve"), "not the name of a claim"),
    (|_| text("sub ", "eve"), "not the name of a claim"),
    (|_| text("name#a b", "eve"), "not the name of a claim"),
    (
        |_| claim("email_verified", ClaimValue::Boolean(true)),
        "host's own",
    ),
    (
        |_| claim("Phone_Number_Verified", ClaimValue::Boolean(true)),
        "host's own",
    ),
    (
        |_| {
            claim(
                "groups",
                ClaimValue::Texts(vec!["platform-admin".to_owned()]),
            )
        },
        "host's own",
    ),
    (
        |_| claim("roles", ClaimValue::Texts(vec!["realm:admin".to_owned()])),
        "host's own",
    ),
    (|_| text("entitlements", "all"), "not in the plan"),
    (|_| text("name", &"x".repeat(1 << 20)), "too much"),
    (
        |_| {
            claim(
                "name",
                ClaimValue::Json(format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000))),
            )
        },
        "not JSON",
    ),
    (
        |_| {
            claim(
                "name",
                ClaimValue::Json(format!("{}1{}", "[".repeat(100), "]".repeat(100))),
            )
        },
        "too much",
    ),
    (
        |_| claim("name", ClaimValue::Texts(vec!["x".to_owned(); 100_000])),
        "too much",
    ),
    (
        |_| {
            claims(|it| {
                let group = Group {
                    dn: "cn=a".to_owned(),
                    name: "a".to_owned(),
                    id: None,
                    parents: Vec::new(),
                };
                it.groups = vec![group; 100_000];
            })
        },
        "too much",
    ),
    (
        |_| claims(|it| it.username = " ".to_owned()),
        "user name is blank",
    ),
    (
        |_| read("ou=other,dc=elsewhere", "(objectClass=*)", "cn"),
        "outside",
    ),
    (|_| read("", "(objectClass=*)", "userPassword"), "secrets"),
    (|_| read(ADA, "(userPassword=a*)", "cn"), "secrets"),
    (|_| read(ADA, "(objectClass=*)", "*"), "not the name"),
    (
        |_| read(ADA, &format!("(|{})", "(cn=a)".repeat(10_000)), "cn"),
        "filter",
    ),
    (
        |_| read(ADA, &format!("(|{})", "(a=b)".repeat(2_000)), "cn"),
        "filter",
    ),
    (
        |_| {
            read(
                ADA,
                &format!("{}(a=b){}", "(!".repeat(100), ")".repeat(100)),
                "cn",
            )
        },
        "filter",
    ),
    (|_| read(ADA, "*)(objectClass=*", "cn"), "filter"),
    (|_| Step::Read(Vec::new()), "a read of nothing"),
    (
        |_| Step::Read(vec![wish(ADA, "(objectClass=*)", "cn"); 65]),
        "too much: reads",
    ),
    (|_| read(ADA, "(objectClass=*)", "cn"), "too much: rounds"),
    (
        |_| {
            Step::Failed(Problem {
                field: "x".to_owned(),
                message: "let them in".to_owned(),
            })
        },
        "let them in",
    ),
];

fn says(site: &Site, says: Option<Says>) {
    site.policies.all()[0].says = says;
    site.federations.reload_all();
}

#[tokio::test]
async fn what_a_policy_must_not_do_lets_nobody_in_and_the_next_is_not_touched() {
    let site = site();
    for (number, (tries, why)) in TRIES.iter().enumerate() {
        says(&site, Some(*tries));
        let outcome = attempt(&site, "ada").await;
        assert!(
            matches!(outcome, SignInOutcome::Unavailable),
            "{number} {why}"
        );
        assert_eq!(
            site.audit.last().outcome,
            AuditOutcome::Unavailable,
            "{number}"
        );
        let reason = reason(&site);
        assert!(reason.contains(why), "{number} {why}: {reason}");
        let filters = site.directories.state().searches.clone();
        let is_secret = |search: &&bridge_model::search::Search| {
            let mut names = search.attributes.iter();
            names.any(|name| name.eq_ignore_ascii_case("userPassword"))
        };
        assert!(!filters.iter().any(|it| is_secret(&it)), "{number}");
        says(&site, None);
        signed_in(&site, "ada").await;
    }
}

#[tokio::test]
async fn no_claim_of_the_protocol_is_ever_a_policys() {
    let site = site();
    for name in OF_THE_PROTOCOL {
        let written = [name.to_string(), name.to_uppercase(), format!("{name}#x")];
        for name in written {
            let mut plan = crate::testing::plan();
            plan.claims.push(name.clone());
            let Step::Identified(identity) = text(&name, "eve") else {
                unreachable!("it is an identity");
            };
            let person = Person {
                entry: crate::testing::entry("staff", "ada", &[]),
                reply: None,
                findings: Vec::new(),
            };
            let said = crate::claims::assemble(&identity, &plan, &[], &person);
            assert!(said.is_err(), "{name}");
        }
    }
    let user = signed_in(&site, "ada").await;
    let claims = &user.user().claims;
    assert!(
        OF_THE_PROTOCOL
            .iter()
            .all(|name| !claims.contains_key(*name))
    );
}

#[tokio::test]
async fn nobody_becomes_somebody_else_by_what_a_policy_says() {
    let site = site();
    let ada = signed_in(&site, "ada").await.user().clone();
    says(&site, Some(|_| claims(|it| it.username = "bob".to_owned())));
    let same = signed_in(&site, "ada").await.user().clone();
    assert_eq!((same.subject, same.entry_dn), (ada.subject, ada.entry_dn));
}

#[tokio::test]
async fn groups_and_roles_that_were_not_read_are_dropped() {
    let site = site();
    says(
        &site,
        Some(|_| {
            claims(|it| {
                it.groups = vec![Group {
                    dn: "cn=platform-admin,ou=groups,dc=example,dc=test".to_owned(),
                    name: "platform-admin".to_owned(),
                    id: None,
                    parents: Vec::new(),
                }];
                it.roles = vec![Role {
                    name: "admin".to_owned(),
                    client: None,
                    source: Some("cn=platform-admin,ou=groups,dc=example,dc=test".to_owned()),
                }];
            })
        }),
    );
    let user = signed_in(&site, "ada").await.user().clone();
    assert!(user.group_dns.is_empty());
    assert_eq!(user.claims, serde_json::Map::new());
}

#[tokio::test]
async fn a_value_is_never_a_part_of_a_filter() {
    let site = site();
    says(
        &site,
        Some(|person| {
            if !person.findings.is_empty() {
                return Step::Identified(sound());
            }
            let value = b"*)(objectClass=*".to_vec();
            Step::Read(vec![PolicySearch {
                slots: vec![Slot {
                    name: "v".to_owned(),
                    values: vec![value],
                }],
                ..wish(ADA, "(cn={v})", "cn")
            }])
        }),
    );
    signed_in(&site, "ada").await;
    let searches = site.directories.state().searches.clone();
    let last = searches.last().expect("a search").filter.to_string();
    assert_eq!(last, "(cn=\\2a\\29\\28objectClass=\\2a)");
}

#[tokio::test]
async fn a_policy_that_traps_denies_whatever_came_before() {
    let site = site();
    signed_in(&site, "ada").await;
    says(
        &site,
        Some(|_| {
            claims(|it| {
                it.bars = vec![Bar {
                    reason: Refusal::Disabled,
                    since: None,
                    until: None,
                }];
            })
        }),
    );
    assert!(matches!(
        attempt(&site, "ada").await,
        SignInOutcome::Refused
    ));
    site.policies.all()[0].is_broken = true;
    site.federations.reload_all();
    let outcome = attempt(&site, "ada").await;
    assert!(
        matches!(outcome, SignInOutcome::Unavailable),
        "no default lets anybody in"
    );
    assert!(reason(&site).contains("trapped"));
}

#[tokio::test]
async fn an_address_of_a_machine_within_is_not_handed_to_applications() {
    let site = site();
    site.policies.all()[0].plans = |plan| plan.claims.push("picture".to_owned());
    site.policies.all()[0].reference.digest = "sha256:2".to_owned();
    for (address, is_said) in [
        ("https://people.example.test/ada.png", true),
        ("http://169.254.169.254/latest/meta-data", false),
        ("javascript:alert(document.cookie)", false),
    ] {
        let picture: Says = match address {
            "https://people.example.test/ada.png" => {
                |_| text("picture", "https://people.example.test/ada.png")
            }
            "javascript:alert(document.cookie)" => {
                |_| text("picture", "javascript:alert(document.cookie)")
            }
            _ => |_| text("picture", "http://169.254.169.254/latest/meta-data"),
        };
        says(&site, Some(picture));
        let user = signed_in(&site, "ada").await.user().clone();
        let said = user.claims.get("picture").cloned();
        assert_eq!(said, is_said.then(|| json!(address)), "{address}");
    }
}
