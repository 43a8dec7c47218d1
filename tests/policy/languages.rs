//! Policies in other languages, under the limits that a bridge has.

use crate::stage::{self, singly};
use bridge_model::{
    decision::{Claim, ClaimValue, Person, Refusal, Step},
    entry::{Attribute, Entry},
    federation::Federation,
    policy::{PolicyOrigin, PolicyPackage, WasiGrant},
    ports::{Policies, PolicyFault, VendorPolicy},
    search::Reply,
};
use bridge_policy::Limits;
use suites::{
    languages::Language,
    policy::{WASI_GUEST, context, federation, in_force, lift_limit, person, take},
};
use wasmparser::{Parser, Payload};

/// Limits of a bridge, with room for fewer calls at once: every one reserves memory.
fn limits() -> Limits {
    Limits {
        instances_max: 4,
        ..Limits::default()
    }
}

/// What a component imports.
fn imports(component: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("a component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.push(import.expect("an import").name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    names.sort();
    names
}

fn entry(attributes: &[(&str, &[&str])]) -> Entry {
    let attribute = |(name, values): &(&str, &[&str])| Attribute {
        name: (*name).into(),
        values: values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect(),
    };
    Entry {
        dn: "uid=ada,ou=people,o=x".into(),
        attributes: attributes.iter().map(attribute).collect(),
    }
}

/// Ada with the right password, Ada with a wrong one, and an entry without a user name.
fn persons() -> Vec<Person> {
    let ada = entry(&[
        ("UID", &["ada"]),
        ("givenName", &["Ada"]),
        ("sn", &["Löwe"]),
        ("mail", &["z@x", " ", "a@x"]),
    ]);
    let with = |entry: &Entry, result_code| Person {
        entry: entry.clone(),
        reply: Some(Reply {
            result_code,
            ..Reply::default()
        }),
        findings: Vec::new(),
    };
    vec![
        with(&ada, 0),
        with(&ada, 49),
        with(&entry(&[("cn", &["x"])]), 0),
    ]
}

fn expect_plans(id: &str, policy: &dyn VendorPolicy) {
    let bare = Federation {
        mappers: Vec::new(),
        ..federation(id)
    };
    let plan = policy.translate(&bare).expect("an answer").expect("a plan");
    assert_eq!(plan.claims, ["given_name", "family_name", "email"]);
    assert_eq!(plan.login_filter, "(uid={username})");
    let problems = policy.translate(&federation(id)).expect("an answer");
    let problems = problems.expect_err("it knows no mappers");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].field, "mapper");
}

fn expect_steps(policy: &dyn VendorPolicy) {
    let persons = persons();
    let steps = policy.decide(&context(b""), &persons).expect("an answer");
    let [
        Step::Identified(ada),
        Step::Rejected(wrong),
        Step::Failed(nobody),
    ] = steps.as_slice()
    else {
        panic!("{steps:?}");
    };
    assert_eq!(ada.username, "ada");
    assert_eq!(ada.changed_at, Some(context(b"").now));
    let claim = |name: &str, text: &str| Claim {
        name: name.into(),
        value: ClaimValue::Text(text.into()),
    };
    assert_eq!(
        ada.claims,
        [
            claim("given_name", "Ada"),
            claim("family_name", "Löwe"),
            claim("email", "a@x")
        ]
    );
    assert_eq!(wrong.reason, Refusal::BadCredentials);
    assert_eq!(nobody.field, "uid");
    let apart = singly(policy, &context(b""), &persons).expect("an answer");
    assert_eq!(steps, apart, "a batch is the same as single calls");
}

fn expect_policy(language: Language) {
    let component = language.policy();
    assert_eq!(
        imports(&component),
        ["ldap-oidc:policy/log@0.1.0", "ldap-oidc:policy/types@0.1.0"]
    );
    let _turn = stage::turn();
    let host = stage::host(limits());
    lift_limit(&host);
    let reference = take(&host, &component).expect("it is admitted");
    assert_eq!(reference.id, language.id());
    let policy = in_force(&host, language.id()).expect("it is loaded");
    expect_plans(language.id(), &*policy);
    expect_steps(&*policy);
}

#[test]
fn a_policy_in_javascript_signs_people_in() {
    expect_policy(Language::JavaScript);
}

#[test]
fn a_policy_in_python_signs_people_in() {
    expect_policy(Language::Python);
}

#[test]
fn a_policy_for_wasi_is_refused_where_wasi_is_not_granted() {
    let _turn = stage::turn();
    let host = stage::host(limits());
    let error = take(&host, WASI_GUEST).expect_err("nothing is granted");
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    for part in [
        "wasi:",
        "not granted",
        "wasi = \"minimal\"",
        "wasm32-unknown-unknown",
    ] {
        assert!(error.detail.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_policy_for_wasi_works_where_it_is_granted_and_reaches_nothing() {
    let _turn = stage::turn();
    let host = stage::host(limits());
    let package = PolicyPackage {
        wasi: WasiGrant::Minimal,
        ..PolicyPackage::unsigned(WASI_GUEST, PolicyOrigin::Upload)
    };
    let loaded = host.load(&package).expect("it is admitted");
    host.put_in_force(&loaded.digest)
        .expect("nobody has its name");
    let policy = in_force(&host, "wasip2").expect("it is loaded");
    stage::expect_good_call(&*policy);
    let told = |how: &str| -> String {
        let steps = policy.decide(&context(how.as_bytes()), &[person("uid=ada")]);
        stage::usernames(&steps.expect("an answer"))[0].to_owned()
    };
    for (how, expected) in [
        ("environment", "0 and 0"),
        ("input", "0"),
        ("file", "nothing"),
        ("output", "true"),
    ] {
        assert_eq!(told(how), expected, "{how}");
    }
    for how in ["clock", "random"] {
        assert_eq!(
            told(how),
            told(how),
            "{how}: the same input gives the same output"
        );
    }
}
