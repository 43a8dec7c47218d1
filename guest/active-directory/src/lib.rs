//! Policy for directories: active-directory.
use policy_sdk::VendorPolicy;
use policy_sdk::types::{
    Claim, ClaimValue, Context, Description, Federation, IdForm, Identity, Person, Plan, Problem,
    Refusal, Rejection, StableId, Step,
};

/// The policy.
pub struct ActiveDirectory;

impl VendorPolicy for ActiveDirectory {
    fn describe() -> Description {
        Description {
            id: "active-directory".into(),
            aliases: ["ad", "active_directory", "msad", "samba"]
                .map(String::from)
                .to_vec(),
            title: "Active Directory".into(),
            version: "0.1.0".into(),
            settings: vec![],
            kinds: vec![],
        }
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        let username = federation
            .username_attribute
            .unwrap_or_else(|| "sAMAccountName".into());
        Ok(Plan {
            login_filter: format!("({username}={{username}})"),
            users_filter: format!("({username}=*)"),
            attributes: vec![
                username.clone(),
                "objectGUID".into(),
                "mail".into(),
                "cn".into(),
            ],
            memo: username.clone().into_bytes(),
            username_attribute: username,
            rdn_attribute: "cn".into(),
            stable_id: StableId {
                attribute: "objectGUID".into(),
                form: IdForm::Guid,
            },
            user_object_classes: ["person", "organizationalPerson", "user"]
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

policy_sdk::export_policy!(ActiveDirectory);
