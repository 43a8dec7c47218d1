//! The first calls of a component: with nobody behind them, and before anybody depends on it.
//!
//! What it says of the sample federation and the sample entries does not matter. That it answers, and in
//! the contract's shape, does.

use super::{Admitted, Tools};
use crate::{
    bindings::{
        exports::ldap_oidc::policy::claim_mapper::Candidate,
        ldap_oidc::policy::types::{
            AttributeParam, Context, EditMode, Entry, FederationParam, IdentityParam, MapperParam,
            Person, Reply, SearchScope, SettingParam, SubtreeParam,
        },
    },
    call::{Functions, Linked},
    contract,
    fault::Fault,
    log::Author,
    mapper,
    world::PolicyKind,
};
use bridge_model::{
    decision::Step,
    plan::{Plan, Problem},
    ports::PolicyFault,
};

/// Has a component answer: a vendor policy describes itself, translates a plain federation, and decides
/// about nobody, one person, and several; a mapper policy describes itself, checks a mapper of its kind,
/// and adjusts as many.
pub(super) fn run(tools: &Tools, admitted: &Admitted) -> Result<(), Fault> {
    match admitted.kind() {
        PolicyKind::Vendor => vendor(&link(tools, admitted)?),
        PolicyKind::Mapper => mapper(&link(tools, admitted)?),
    }
}

fn link<F: Functions>(tools: &Tools, admitted: &Admitted) -> Result<Linked<F>, Fault> {
    let linker = tools.linker(admitted.wasi());
    Linked::new(
        &tools.engine,
        linker,
        admitted,
        &tools.limits,
        Author::nameless(String::new()),
    )
    .map_err(|reason| Fault {
        kind: PolicyFault::NotAdmitted,
        detail: reason.to_string(),
    })
}

fn vendor(linked: &Linked) -> Result<(), Fault> {
    let description = linked.describe()?;
    let outcome = linked
        .translate(federation(&description.id))?
        .map(Plan::from)
        .map_err(|problems| problems.into_iter().map(Problem::from).collect());
    contract::check_translation(&outcome)
        .map_err(|breach| Fault::of_breach(&breach, "translate"))?;
    // Some vendors need a setting that no plain federation has; without a plan nothing else is asked.
    let Ok(plan) = outcome else {
        return Ok(());
    };
    (0..=PERSONS.len()).try_for_each(|count| decide(linked, &plan, &PERSONS[..count]))
}

fn decide(linked: &Linked, plan: &Plan, persons: &[Person<'_>]) -> Result<(), Fault> {
    let context = Context {
        memo: &plan.memo,
        now: NOW,
        shared: &[],
        more: &[],
    };
    let steps = linked.decide(context, persons)?;
    let steps: Vec<Step> = steps.into_iter().map(Step::from).collect();
    contract::check_steps(&steps, persons.len())
        .map_err(|breach| Fault::of_breach(&breach, "decide"))
}

fn mapper(linked: &Linked<mapper::Exports>) -> Result<(), Fault> {
    let description = linked.describe()?;
    let sample = MapperParam {
        name: "sample",
        kind: &description.id,
        ldap_attribute: None,
        settings: &[SettingParam {
            name: "claim",
            value: "sample",
        }],
    };
    // Most kinds need a setting that only they know.
    let Ok(plan) = linked.check(sample)? else {
        return Ok(());
    };
    let candidates = PERSONS.map(|person| Candidate {
        identity: IdentityParam {
            username: person.entry.dn,
            claims: &[],
            groups: &[],
            roles: &[],
            bars: &[],
            notices: &[],
            changed_at: None,
            more: &[],
        },
        entry: person.entry,
    });
    (0..=candidates.len()).try_for_each(|count| {
        linked
            .adjust(&plan.memo, NOW, &candidates[..count])
            .map(drop)
    })
}

fn federation(vendor: &str) -> FederationParam<'_> {
    FederationParam {
        name: "sample",
        vendor,
        edit_mode: EditMode::ReadOnly,
        import_enabled: false,
        sync_registration: false,
        users: &[SubtreeParam {
            base: "ou=people,dc=example,dc=com",
            scope: SearchScope::Subtree,
        }],
        readable: &[SubtreeParam {
            base: "dc=example,dc=com",
            scope: SearchScope::Subtree,
        }],
        username_attribute: None,
        rdn_attribute: None,
        uuid_attribute: None,
        user_object_classes: &[],
        custom_filter: None,
        mappers: &[],
        settings: &[],
    }
}

/// Somebody of whom nothing is known; somebody with the attributes of RFC 2798 and RFC 4519, who gave the
/// right password; and somebody with a wrong one, of whom a directory may say such things as well.
const PERSONS: [Person<'static>; 3] = [
    Person {
        entry: Entry {
            dn: "uid=nobody,ou=people,dc=example,dc=com",
            attributes: &[],
        },
        reply: None,
        findings: &[],
    },
    Person {
        entry: Entry {
            dn: "uid=ada,ou=people,dc=example,dc=com",
            attributes: &[
                text("objectClass", &[b"top", b"person", b"inetOrgPerson"]),
                text("uid", &[b"ada"]),
                text("cn", &[b"Ada Lovelace"]),
                text("givenName", &[b"Ada"]),
                text("sn", &[b"Lovelace"]),
                text("mail", &[b"ada@example.com", b"countess@example.com"]),
                text("entryUUID", &[b"5f0c3a2e-8b1d-4c6f-9e7a-000000000001"]),
                text("seeAlso", &[b"cn=engines,ou=groups,dc=example,dc=com"]),
            ],
        },
        reply: Some(Reply {
            result_code: 0,
            diagnostic: "",
            controls: &[],
        }),
        findings: &[],
    },
    Person {
        entry: Entry {
            dn: "cn=O\\2CBrien\\00 \u{202e}x,ou=people,dc=example,dc=com",
            attributes: &[
                text("uid", &[b"", b" ", b"a\0b", b"*)(objectClass=*"]),
                text("CN;lang-de", &["\u{d7ff}\u{1f600}".as_bytes()]),
                text("entryUUID", &[b"\xff\xfe\x00\x80"]),
                text("description", &[&[b'x'; 4096]]),
                text("", &[]),
            ],
        },
        reply: Some(Reply {
            // RFC 4511 section 4.1.9: invalidCredentials.
            result_code: 49,
            diagnostic: "\u{1b}[31m no: reason ffffffff",
            controls: &[],
        }),
        findings: &[],
    },
];

const fn text<'a>(name: &'a str, values: &'a [&'a [u8]]) -> AttributeParam<'a> {
    AttributeParam { name, values }
}

/// 22 November 2026.
const NOW: u64 = 1_795_305_600;
