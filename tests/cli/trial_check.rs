//! `policy check`: what breaks a rule is found, and what comes with the bridge breaks none.

use crate::trial::Author;
use bridge_components::{components, mappers};
use suites::policy::guest;

/// The guest that breaks rules, told to break this one.
fn breaking(rule: &str) -> Vec<u8> {
    let mut octets = guest("breaks-rules").to_vec();
    let place = b"breaks:nothing..........";
    let at = octets.windows(place.len()).position(|it| it == place);
    let at = at.expect("the guest has a place for the rule");
    let told = format!("{:.<24}", format!("breaks:{rule}"));
    octets[at..at + place.len()].copy_from_slice(told.as_bytes());
    octets
}

#[test]
fn every_rule_that_is_broken_is_found_and_named() {
    for (rule, invariant) in [
        ("renames", "rename-keeps-the-subject"),
        ("twins", "two-persons-two-subjects"),
        ("batches", "batch-is-single-calls"),
        ("failed-binds", "failed-bind-lets-nobody-in"),
        ("rejections", "only-binds-are-rejected"),
        ("reserved-claims", "no-reserved-claim"),
        ("plans-of-claims", "sound-claims"),
        ("bases", "no-base-outside"),
        ("secrets", "no-secret-attribute"),
        ("secret-reads", "no-secret-attribute"),
        ("never-traps", "never-a-trap"),
        ("limits", "within-limits"),
        ("translation", "translate-is-total"),
    ] {
        let author = Author::of(&breaking(rule));
        let (code, text) = author.policy(&["check", "target/policy.wasm", "--seed", "7"]);
        assert_eq!(code, 1, "{rule}: {text}");
        let says = format!("{invariant} does not hold (seed 7, case ");
        assert!(text.contains(&says), "{rule}: {text}");
        assert!(text.contains("the smallest case:"), "{rule}: {text}");
    }
}

#[test]
fn where_a_policy_without_names_ended_is_shown_with_what_would_name_it() {
    let author = Author::of(&breaking("never-traps"));
    let check = ["check", "target/policy.wasm", "--seed", "7"];
    let (_, text) = author.policy(&check);
    assert!(!text.contains("innermost"), "{text}");
    let (code, text) = author.policy(&[&check[..], &["--verbose"]].concat());
    assert_eq!(code, 1, "{text}");
    for part in [
        "where decide ended, the innermost first:",
        "wasm function",
        "strip = \"debuginfo\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn who_breaks_no_rule_passes() {
    let author = Author::of(guest("breaks-rules"));
    let (code, text) = author.policy(&["check", "target/policy.wasm", "--cases", "300"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("nothing found"), "{text}");
}

#[test]
fn what_comes_with_the_bridge_breaks_no_rule() {
    for component in components() {
        let author = Author::of(component.bytes);
        let (code, text) = author.policy(&["check", "target/policy.wasm", "--cases", "400"]);
        assert_eq!(code, 0, "{}: {text}", component.name);
    }
}

#[test]
fn mappers_that_come_with_the_bridge_break_no_rule() {
    let settings = |name: &str| match name {
        "cel" => "expression = \"entry.sn.join(' ') + ' ' + identity.username\"",
        "regex" => "pattern = \"(.)(.*)\", replacement = \"$2$1\", match = \"all\"",
        other => unreachable!("a mapper policy that nobody checks: {other}"),
    };
    for component in mappers() {
        let name = component.name;
        let author = Author::of(component.bytes);
        let attribute = if name == "cel" {
            ""
        } else {
            "ldap_attribute = \"sn\"\n"
        };
        author.write(
            "federation.toml",
            &format!(
                "vendor = \"generic\"\n\n[[mapper]]\nname = \"tried\"\nkind = \"{name}\"\n\
                 {attribute}claim = \"tried\"\nsettings = {{ {} }}\n",
                settings(name)
            ),
        );
        let check = ["check", "target/policy.wasm", "--cases", "300"];
        for more in [&[][..], &["--federation", "federation.toml"]] {
            let (code, text) = author.policy(&[&check[..], more].concat());
            assert_eq!(code, 0, "{name} {more:?}: {text}");
        }
    }
}
