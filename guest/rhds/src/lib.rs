//! Policy for directories: rhds.
use policy_sdk::VendorPolicy;
use policy_sdk::types::{
    Claim, ClaimValue, Context, Description, Federation, IdForm, Identity, Person, Plan, Problem,
    Refusal, Rejection, StableId, Step,
};

/// The policy.
pub struct Rhds;

impl VendorPolicy for Rhds {
    fn describe() -> Description {
        Description {
            id: "rhds".into(),
            aliases: ["389ds", "389", "redhat"].map(String::from).to_vec(),
            title: "389 Directory Server".into(),
            version: "0.1.0".into(),
            settings: vec![],
            kinds: vec![],
        }
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        let username = federation
            .username_attribute
            .unwrap_or_else(|| "uid".into());
        Ok(Plan {
            login_filter: format!("({username}={{username}})"),
            users_filter: format!("({username}=*)"),
            attributes: vec![
                username.clone(),
                "nsUniqueId".into(),
                "mail".into(),
                "cn".into(),
            ],
            memo: username.clone().into_bytes(),
            username_attribute: username,
            rdn_attribute: "uid".into(),
            stable_id: StableId {
                attribute: "nsUniqueId".into(),
                form: IdForm::Text,
            },
            user_object_classes: ["inetOrgPerson", "organizationalPerson"]
                .map(String::from)
                .to_vec(),
            shared: vec![],
            bind_controls: vec![],
            claims: vec!["email".into(), "name".into()],
            mappers: vec![],
            notes: vec![],
            more: vec![],
        })
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        let username = String::from_utf8_lossy(&context.memo).into_owned();
        persons
            .iter()
            .map(|person| step(person, &username))
            .collect()
    }
}

fn step(person: &Person, username: &str) -> Step {
    if person
        .reply
        .as_ref()
        .is_some_and(|reply| reply.result_code != 0)
    {
        return Step::Rejected(Rejection {
            reason: Refusal::BadCredentials,
            until: None,
            password_was_right: false,
        });
    }
    let text = |name: &str| {
        let attribute = person
            .entry
            .attributes
            .iter()
            .find(|a| a.name.eq_ignore_ascii_case(name))?;
        String::from_utf8(attribute.values.first()?.clone()).ok()
    };
    let claim = |name: &str, attribute: &str| {
        Some(Claim {
            name: name.into(),
            value: ClaimValue::Text(text(attribute)?),
        })
    };
    let Some(username) = text(username) else {
        return Step::Failed(Problem {
            field: username.into(),
            message: "the entry has no user name".into(),
        });
    };
    Step::Identified(Identity {
        username,
        claims: [claim("email", "mail"), claim("name", "cn")]
            .into_iter()
            .flatten()
            .collect(),
        groups: vec![],
        roles: vec![],
        bars: vec![],
        notices: vec![],
        changed_at: None,
        more: vec![],
    })
}

policy_sdk::export_policy!(Rhds);
