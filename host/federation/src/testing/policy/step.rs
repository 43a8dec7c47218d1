//! What the policy of the tests makes of a person.

use bridge_model::{
    decision::{Bar, Claim, ClaimValue, Group, Identity, Person, Refusal, Rejection, Step},
    search::{Reply, Setting},
};

pub(super) fn left_out(mapper: &str) -> Setting {
    Setting {
        name: "left_out".to_owned(),
        value: mapper.to_owned(),
    }
}

/// What a refused bind means, where its diagnostic says so.
fn rejection(reply: &Reply) -> Option<Rejection> {
    let (reason, password_was_right) = match reply.diagnostic.as_str() {
        "must change" => (Refusal::MustChangePassword, true),
        "expired" => (Refusal::PasswordExpired, true),
        "expired, perhaps" => (Refusal::PasswordExpired, false),
        "locked" => (Refusal::Locked, true),
        _ => return None,
    };
    Some(Rejection {
        reason,
        until: None,
        password_was_right,
    })
}

pub(super) fn step(person: &Person) -> Step {
    if let Some(rejection) = person.reply.as_ref().and_then(rejection) {
        return Step::Rejected(rejection);
    }
    let texts = |name: &str| -> Vec<String> {
        let values = person.entry.values(name).iter();
        values
            .map(|value| String::from_utf8(value.clone()).expect("text"))
            .collect()
    };
    let claim = |name: &str, attribute: &str| {
        let value = ClaimValue::Text(texts(attribute).first()?.clone());
        let name = name.to_owned();
        Some(Claim { name, value })
    };
    let bars = texts("description").into_iter().filter_map(|text| {
        let reason = match text.as_str() {
            "off" => Refusal::Disabled,
            "expired" => Refusal::PasswordExpired,
            "must" => Refusal::MustChangePassword,
            _ => return None,
        };
        Some(Bar {
            reason,
            since: None,
            until: None,
        })
    });
    Step::Identified(Identity {
        username: texts("uid").remove(0),
        claims: [claim("name", "cn"), claim("email", "mail")]
            .into_iter()
            .flatten()
            .collect(),
        groups: texts("seeAlso")
            .into_iter()
            .map(|dn| Group {
                name: dn.split(['=', ',']).nth(1).expect("a name").to_owned(),
                dn,
                id: None,
                parents: Vec::new(),
            })
            .collect(),
        bars: bars.collect(),
        ..Identity::default()
    })
}
