//! A vendor policy with every interface of the contract 0.1.0, whose answers show what it was asked.

use policy_sdk::{
    VendorPolicy,
    types::{
        Advance, Attribute, Bar, ChangeRead, Claim, ClaimValue, Complaint, Context, Control,
        Description, Entry, EntryChange, Federation, Finding, Group, GroupForm, IdForm, Identity,
        Modification, ModifyWay, NamePart, NewEntry, Notice, Page, PasswordWrite, Person, Plan,
        Problem, ProfileChange, Proposal, Refusal, Rejection, Reply, Role, Search, SearchScope,
        Setting, Slot, StableId, Step, Turn, Whom, problem,
    },
};

struct Frozen;

fn claim(name: &str, value: ClaimValue) -> Claim {
    Claim {
        name: name.into(),
        value,
    }
}

fn search(base: &str) -> Search {
    Search {
        key: "more".into(),
        base: base.into(),
        scope: SearchScope::Base,
        filter: "(cn={name})".into(),
        slots: vec![Slot {
            name: "name".into(),
            values: vec![vec![0xff, 0]],
        }],
        attributes: vec!["cn".into()],
        size_limit: 1,
        required: true,
        more: vec![],
    }
}

/// A person of whom everything is said that can be.
fn identity(person: &Person, context: &Context, found: &[Finding]) -> Identity {
    Identity {
        username: person.entry.dn.clone(),
        claims: vec![
            claim("text", ClaimValue::Text("Ada".into())),
            claim("texts", ClaimValue::Texts(vec!["a".into(), "b".into()])),
            claim("integer", ClaimValue::Integer(-7)),
            claim("boolean", ClaimValue::Boolean(true)),
            claim("json", ClaimValue::Json("{\"a\":1}".into())),
        ],
        groups: vec![Group {
            dn: "cn=staff,o=x".into(),
            name: "staff".into(),
            id: Some(vec![1, 2]),
            parents: vec!["cn=all,o=x".into()],
        }],
        roles: vec![Role {
            name: "reader".into(),
            client: Some("shop".into()),
            source: Some("cn=staff,o=x".into()),
        }],
        bars: vec![Bar {
            reason: Refusal::AccountExpired,
            since: Some(context.now + 1),
            until: None,
        }],
        notices: vec![Notice::GraceSignIns(2)],
        changed_at: Some(context.now),
        more: vec![Setting {
            name: "findings".into(),
            value: found.len().to_string(),
        }],
    }
}

impl VendorPolicy for Frozen {
    fn describe() -> Description {
        Description {
            id: "frozen".into(),
            aliases: vec!["ice".into()],
            title: "Frozen".into(),
            version: "1.0.0".into(),
            settings: vec![],
            kinds: vec![],
        }
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        if federation.users.is_empty() {
            return Err(vec![problem("users_dn", "there is none; name one")]);
        }
        Ok(Plan {
            username_attribute: "uid".into(),
            rdn_attribute: federation.rdn_attribute.unwrap_or_else(|| "uid".into()),
            stable_id: StableId {
                attribute: "entryUUID".into(),
                form: IdForm::Uuid,
            },
            user_object_classes: vec!["person".into()],
            login_filter: "(uid={username})".into(),
            users_filter: "(uid=*)".into(),
            attributes: vec!["uid".into(), "entryUUID".into()],
            shared: vec![],
            bind_controls: vec![],
            password_controls: vec![],
            password_write: PasswordWrite::ExtendedOperation,
            writes: vec!["givenName".into()],
            group_form: GroupForm::Path,
            claims: ["text", "texts", "integer", "boolean", "json"]
                .map(String::from)
                .to_vec(),
            mappers: federation.mappers,
            memo: b"memo".to_vec(),
            notes: vec![problem("mapper", "this is a note; read it")],
            more: vec![],
        })
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        let step = |person: &Person| match (&person.reply, person.findings.as_slice()) {
            (Some(reply), _) if reply.result_code != 0 => Step::Rejected(Rejection {
                reason: Refusal::Other(reply.diagnostic.clone()),
                until: Some(context.now),
                password_was_right: true,
            }),
            (Some(_), []) => Step::Read(vec![search(&person.entry.dn)]),
            (_, found) => Step::Identified(identity(person, &context, found)),
        };
        persons.iter().map(step).collect()
    }

    fn recognise(root: Entry, samples: Vec<Entry>) -> Option<Proposal> {
        let _ = (root, samples);
        None
    }

    fn explain_password(_: Context, _: Entry, _: Reply) -> Vec<Complaint> {
        vec![Complaint::TooShort(Some(12)), Complaint::InHistory]
    }

    fn modify(
        _: Context,
        _: Entry,
        changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        let modification = |change: &ProfileChange| Modification {
            way: ModifyWay::Replace,
            attribute: Attribute {
                name: "givenName".into(),
                values: vec![change.name.clone().into_bytes()],
            },
        };
        Ok(EntryChange {
            rename: None,
            modifications: changes.iter().map(modification).collect(),
        })
    }

    fn register(_: Context, _: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        Ok(NewEntry {
            parent: "o=x".into(),
            name: vec![NamePart {
                attribute: "uid".into(),
                value: b"new".to_vec(),
            }],
            attributes: vec![Attribute {
                name: "objectClass".into(),
                values: vec![b"person".to_vec()],
            }],
        })
    }

    fn explain_write(_: Context, reply: Reply) -> Vec<Problem> {
        vec![problem("email", format!("code {}; change it", reply.result_code))]
    }

    fn change_controls() -> Vec<String> {
        vec!["1.2.3".into()]
    }

    fn start_changes(_: Context, cursor: Option<Vec<u8>>) -> Turn {
        Turn::Advance(Advance {
            changed: vec![],
            gone: vec![Whom::Id(vec![1])],
            cursor,
            next: Some(ChangeRead {
                search: Search {
                    base: String::new(),
                    attributes: vec![],
                    ..search("")
                },
                of_users: true,
                controls: vec![Control {
                    oid: "1.2.3".into(),
                    critical: false,
                    value: Some(vec![5, 0]),
                }],
                paged: true,
            }),
        })
    }

    fn follow_changes(_: Context, _: Option<Vec<u8>>, _: String, page: Page) -> Turn {
        Turn::Advance(Advance {
            changed: (0..).map(Whom::Here).take(page.entries.len()).collect(),
            gone: vec![],
            cursor: Some(b"done".to_vec()),
            next: None,
        })
    }
}

policy_sdk::export_policy!(Frozen);
