//! A guest that breaks one rule of the contract: which, stands in its data, where a test puts another
//! word in the place of `nothing`. So one crate makes many components.

use policy_sdk::{
    VendorPolicy,
    types::{
        Claim, ClaimValue, Context, Description, Federation, GroupForm, IdForm, Identity,
        PasswordWrite, Person, Plan, Problem, Search, SearchScope, StableId, Step,
    },
};
use std::hint::black_box;

/// `breaks:` and the rule, filled up with points to 24 octets.
static RULE: [u8; 24] = *b"breaks:nothing..........";

struct BreaksRules;

fn breaks(rule: &str) -> bool {
    let told = black_box(&RULE);
    let told = told.get(7..).unwrap_or_default();
    told.starts_with(rule.as_bytes()) && told.get(rule.len()) == Some(&b'.')
}

fn claim(name: &str, value: &str) -> Claim {
    Claim {
        name: name.into(),
        value: ClaimValue::Text(value.into()),
    }
}

fn outside(base: &str, attribute: &str) -> Step {
    Step::Read(vec![Search {
        key: "more".into(),
        base: base.into(),
        scope: SearchScope::Base,
        filter: "(objectClass=*)".into(),
        slots: Vec::new(),
        attributes: vec![attribute.into()],
        size_limit: 1,
        required: false,
        more: Vec::new(),
    }])
}

fn first(person: &Person, name: &str) -> Option<Vec<u8>> {
    let mut attributes = person.entry.attributes.iter();
    let found = attributes.find(|attribute| attribute.name.eq_ignore_ascii_case(name))?;
    found.values.first().cloned()
}

fn decide_one(person: &Person, persons: usize) -> Step {
    let mail = first(person, "mail").unwrap_or_default();
    assert!(
        !breaks("never-traps") || std::str::from_utf8(&mail).is_ok(),
        "a mail address that is no text"
    );
    while breaks("limits") && mail.len() > 1_000 {
        black_box(&mail);
    }
    let has_failed = person
        .reply
        .as_ref()
        .is_some_and(|reply| reply.result_code != 0);
    if has_failed && !breaks("failed-binds") || breaks("rejections") && person.reply.is_none() {
        return Step::Rejected(policy_sdk::types::Rejection {
            reason: policy_sdk::types::Refusal::BadCredentials,
            until: None,
            password_was_right: false,
        });
    }
    if person.findings.is_empty() {
        if breaks("bases") {
            return outside("cn=config", "cn");
        }
        if breaks("secret-reads") {
            return outside(&person.entry.dn, "userPassword");
        }
    }
    let mut claims = Vec::new();
    if breaks("reserved-claims") {
        claims.push(claim("iss", "https://issuer.example"));
    }
    if breaks("plans-of-claims") {
        claims.push(claim("not_announced", "x"));
    }
    let name = first(person, "uid").and_then(|name| String::from_utf8(name).ok());
    let name = name.filter(|name| !name.trim().is_empty() && name.len() <= 1_000);
    let name = name.unwrap_or_else(|| "somebody".to_owned());
    Step::Identified(Identity {
        username: if breaks("batches") {
            format!("{name}{persons}")
        } else {
            name
        },
        claims,
        groups: Vec::new(),
        roles: Vec::new(),
        bars: Vec::new(),
        notices: Vec::new(),
        changed_at: None,
        more: Vec::new(),
    })
}

impl VendorPolicy for BreaksRules {
    fn describe() -> Description {
        Description {
            id: "breaks-rules".into(),
            aliases: Vec::new(),
            title: "Breaks rules".into(),
            version: "1.0.0".into(),
            settings: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        assert!(
            !breaks("translation") || federation.custom_filter.is_none(),
            "a filter that nobody thought of"
        );
        let (attribute, form) = match () {
            () if breaks("renames") => ("uid", IdForm::Text),
            () if breaks("twins") => ("mail", IdForm::Text),
            () => ("entryUUID", IdForm::Uuid),
        };
        let mut attributes = vec!["uid".into(), "mail".into()];
        if breaks("secrets") {
            attributes.push("userPassword".into());
        }
        Ok(Plan {
            username_attribute: "uid".into(),
            rdn_attribute: "uid".into(),
            stable_id: StableId {
                attribute: attribute.into(),
                form,
            },
            user_object_classes: Vec::new(),
            login_filter: "(uid={username})".into(),
            users_filter: "(objectClass=person)".into(),
            attributes,
            shared: Vec::new(),
            bind_controls: Vec::new(),
            password_controls: Vec::new(),
            password_write: PasswordWrite::Refused,
            writes: Vec::new(),
            group_form: GroupForm::Name,
            claims: Vec::new(),
            mappers: Vec::new(),
            memo: Vec::new(),
            notes: Vec::new(),
            more: Vec::new(),
        })
    }

    fn decide(_: Context, persons: Vec<Person>) -> Vec<Step> {
        let count = persons.len();
        persons
            .iter()
            .map(|person| decide_one(person, count))
            .collect()
    }
}

policy_sdk::export_policy!(BreaksRules);
