//! A guest that reaches beyond what the contract gives it: in its plan, in what it wants to be read,
//! and in what it says of somebody. The federation's setting `how` says how.

use std::hint;

use policy_sdk::{
    VendorPolicy,
    types::{
        Claim, ClaimValue, Context, Description, Federation, Group, GroupForm, IdForm, Identity,
        PasswordAttribute, PasswordEncoding, PasswordWrite, Person, Plan, Problem, Role, Search,
        SearchScope, StableId, Step,
    },
};

struct Overreach;

impl VendorPolicy for Overreach {
    fn describe() -> Description {
        Description {
            id: "overreach".into(),
            aliases: Vec::new(),
            title: "overreach".into(),
            version: "1.0.0".into(),
            settings: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        let mut settings = federation.settings.into_iter();
        let how = settings.find(|setting| setting.name == "how");
        let how = how.map(|setting| setting.value).unwrap_or_default();
        let mut plan = plan();
        plan.memo = how.clone().into_bytes();
        overreach_in_plan(&how, &mut plan);
        Ok(plan)
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        let how = String::from_utf8(context.memo).unwrap_or_default();
        let steps = persons.into_iter();
        steps.map(|person| step(&how, &person)).collect()
    }
}

fn plan() -> Plan {
    Plan {
        username_attribute: "uid".into(),
        rdn_attribute: "uid".into(),
        stable_id: StableId {
            attribute: "entryUUID".into(),
            form: IdForm::Uuid,
        },
        user_object_classes: Vec::new(),
        login_filter: "(uid={username})".into(),
        users_filter: "(uid=*)".into(),
        attributes: vec!["uid".into(), "cn".into()],
        shared: Vec::new(),
        bind_controls: Vec::new(),
        password_controls: Vec::new(),
        password_write: PasswordWrite::Refused,
        writes: Vec::new(),
        group_form: GroupForm::Name,
        claims: vec!["name".into()],
        mappers: Vec::new(),
        memo: Vec::new(),
        notes: Vec::new(),
        more: Vec::new(),
    }
}

fn overreach_in_plan(how: &str, plan: &mut Plan) {
    let Some(how) = how.strip_prefix("plan: ") else {
        return;
    };
    match how {
        "a claim of the protocol" => plan.claims.push("SUB".into()),
        "a claim of the host's" => plan.claims.push("email_verified".into()),
        "a claim of another alphabet" => plan.claims.push("\u{455}ub".into()),
        "an attribute with secrets" => plan.attributes.push("userPassword;x".into()),
        "all attributes" => plan.attributes.push("*".into()),
        "a base elsewhere" => plan.shared.push(search("ou=people,dc=other,dc=example")),
        "two filters" => plan.login_filter = "(uid={username})(objectClass=*)".into(),
        "an oracle" => plan.login_filter = "(&(uid={username})(userPassword=a*))".into(),
        "a long filter" => plan.users_filter = long_filter(),
        "a deep filter" => plan.users_filter = deep_filter(),
        "a password where it is read" => {
            plan.password_write = PasswordWrite::Replace(PasswordAttribute {
                name: "description".into(),
                encoding: PasswordEncoding::Utf8,
            });
        }
        "writes of secrets" => plan.writes.push("userPassword".into()),
        _ => {}
    }
}

fn step(how: &str, person: &Person) -> Step {
    if let Some(how) = how.strip_prefix("read: ") {
        return if person.findings.is_empty() || how == "without end" {
            Step::Read(reads(how, person.findings.len()))
        } else {
            identified(how)
        };
    }
    assert!(how != "trap", "nobody is let in by this");
    if how == "loop" {
        loop {
            hint::spin_loop();
        }
    }
    identified(how)
}

fn reads(how: &str, round: usize) -> Vec<Search> {
    let mut wish = search("ou=groups,dc=staff,dc=example");
    match how {
        "a base elsewhere" => wish.base = "ou=people,dc=other,dc=example".into(),
        "a base above" => wish.base = "dc=example".into(),
        "all below the root" => {
            wish.base = String::new();
            wish.scope = SearchScope::Subtree;
        }
        "an attribute with secrets" => wish.attributes = vec!["UnicodePwd".into()],
        "an oracle" => wish.filter = "(userPassword=a*)".into(),
        "a text in the filter" => wish.filter = format!("(member=uid={})", "*)(objectClass=*"),
        "a long filter" => wish.filter = long_filter(),
        "a deep filter" => wish.filter = deep_filter(),
        "a thousand" => return vec![wish; 1_000],
        "without end" => wish.key = format!("round {round}"),
        _ => {}
    }
    vec![wish]
}

fn identified(how: &str) -> Step {
    let text = |text: &str| ClaimValue::Text(text.into());
    let (name, value) = match how {
        "a claim of the protocol" => ("iss", text("https://evil.example")),
        "a claim of the protocol in another language" => ("sub#en", text("somebody")),
        "a claim of another alphabet" => ("\u{455}ub", text("somebody")),
        "a claim that nobody announced" => ("department", text("all")),
        "a claim as deep as a well" => {
            let json = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
            ("name", ClaimValue::Json(json))
        }
        "a claim of 100 KB" => ("name", text(&"x".repeat(100_000))),
        "a claim that is no JSON" => ("name", ClaimValue::Json("{\"a\":".into())),
        _ => ("name", text("Ada Lovelace")),
    };
    let mut identity = Identity {
        username: "ada".into(),
        claims: vec![Claim {
            name: name.into(),
            value,
        }],
        groups: Vec::new(),
        roles: Vec::new(),
        bars: Vec::new(),
        notices: Vec::new(),
        changed_at: None,
        more: Vec::new(),
    };
    match how {
        "a claim twice" => identity.claims.push(identity.claims[0].clone()),
        "a blank name" => identity.username = " ".into(),
        "groups that nobody read" => {
            identity.groups.push(Group {
                dn: "cn=admins,ou=groups,dc=staff,dc=example".into(),
                name: "admins".into(),
                id: None,
                parents: Vec::new(),
            });
            identity.roles.push(Role {
                name: "admin".into(),
                client: None,
                source: Some("cn=admins,ou=groups,dc=staff,dc=example".into()),
            });
        }
        _ => {}
    }
    Step::Identified(identity)
}

fn search(base: &str) -> Search {
    Search {
        key: "wish".into(),
        base: base.into(),
        scope: SearchScope::Subtree,
        filter: "(cn=*)".into(),
        slots: Vec::new(),
        attributes: vec!["cn".into()],
        size_limit: 100,
        required: false,
        more: Vec::new(),
    }
}

fn long_filter() -> String {
    format!("(|{})", "(cn=x)".repeat(10_000))
}

fn deep_filter() -> String {
    format!("{}(cn=x){}", "(!".repeat(1_500), ")".repeat(1_500))
}

policy_sdk::export_policy!(Overreach);
