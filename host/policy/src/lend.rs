//! From the model to the contract: views that borrow, laid out in an arena that lives for one call.
//!
//! Nothing is copied but pointers; the engine then copies the octets once, into the instance.

use crate::bindings::{
    exports::ldap_oidc::policy::{changes, claim_mapper, writing},
    ldap_oidc::policy::types as wit,
};
use bridge_model::{
    decision::{
        Bar, Candidate, Claim, ClaimValue, Context, Group, Identity, Notice, Person, Refusal, Role,
    },
    entry::{Attribute, Entry},
    federation::{EditMode, Federation},
    plan::Mapper,
    search::{Control, Finding, Message, Page, PageEntry, Reply, SearchScope, Setting, Subtree},
    write::ProfileChange,
};
use bumpalo::Bump;

/// A federation, without its secrets and addresses.
pub(crate) fn federation<'a>(
    arena: &'a Bump,
    federation: &'a Federation,
) -> wit::FederationParam<'a> {
    wit::FederationParam {
        name: federation.name.as_str(),
        vendor: &federation.vendor,
        edit_mode: match federation.edit_mode {
            EditMode::ReadOnly => wit::EditMode::ReadOnly,
            EditMode::Writable => wit::EditMode::Writable,
            EditMode::Unsynced => wit::EditMode::Unsynced,
        },
        import_enabled: federation.import_enabled,
        sync_registration: federation.sync_registration,
        users: each(arena, &federation.users, |_, part| subtree(part)),
        readable: each(arena, &federation.read_bases, |_, part| subtree(part)),
        username_attribute: federation.username_attribute.as_deref(),
        rdn_attribute: federation.rdn_attribute.as_deref(),
        uuid_attribute: federation.uuid_attribute.as_deref(),
        user_object_classes: each(arena, &federation.user_object_classes, |_, class| &**class),
        custom_filter: federation.custom_filter.as_deref(),
        mappers: each(arena, &federation.mappers, mapper),
        settings: each(arena, &federation.settings, setting),
    }
}

/// What is alike for all persons of a call.
pub(crate) fn context<'a>(arena: &'a Bump, context: &'a Context) -> wit::Context<'a> {
    wit::Context {
        memo: &context.memo,
        now: context.now.0,
        shared: each(arena, &context.shared, finding),
        more: each(arena, &context.more, setting),
    }
}

/// Persons, in order.
pub(crate) fn persons<'a>(arena: &'a Bump, persons: &'a [Person]) -> &'a [wit::Person<'a>] {
    each(arena, persons, |arena, person| wit::Person {
        entry: entry(arena, &person.entry),
        reply: person.reply.as_ref().map(|answer| reply(arena, answer)),
        findings: each(arena, &person.findings, finding),
    })
}

/// Entries, in order.
pub(crate) fn entries<'a>(arena: &'a Bump, entries: &'a [Entry]) -> &'a [wit::Entry<'a>] {
    each(arena, entries, entry)
}

fn each<'a, T, U>(arena: &'a Bump, items: &'a [T], lend: impl Fn(&'a Bump, &'a T) -> U) -> &'a [U] {
    arena.alloc_slice_fill_iter(items.iter().map(|item| lend(arena, item)))
}

fn subtree(part: &Subtree) -> wit::SubtreeParam<'_> {
    wit::SubtreeParam {
        base: part.base.as_str(),
        scope: match part.scope {
            SearchScope::Base => wit::SearchScope::Base,
            SearchScope::OneLevel => wit::SearchScope::OneLevel,
            SearchScope::Subtree => wit::SearchScope::Subtree,
        },
    }
}

/// A mapper as the operator wrote it.
pub(crate) fn mapper<'a>(arena: &'a Bump, mapper: &'a Mapper) -> wit::MapperParam<'a> {
    wit::MapperParam {
        name: &mapper.name,
        kind: &mapper.kind,
        ldap_attribute: mapper.ldap_attribute.as_deref(),
        settings: each(arena, &mapper.settings, setting),
    }
}

fn setting<'a>(_: &'a Bump, setting: &'a Setting) -> wit::SettingParam<'a> {
    wit::SettingParam {
        name: &setting.name,
        value: &setting.value,
    }
}

/// An entry.
pub(crate) fn entry<'a>(arena: &'a Bump, entry: &'a Entry) -> wit::Entry<'a> {
    wit::Entry {
        dn: &entry.dn,
        attributes: each(arena, &entry.attributes, attribute),
    }
}

fn attribute<'a>(arena: &'a Bump, attribute: &'a Attribute) -> wit::AttributeParam<'a> {
    wit::AttributeParam {
        name: &attribute.name,
        values: each(arena, &attribute.values, |_, value| &**value),
    }
}

fn finding<'a>(arena: &'a Bump, finding: &'a Finding) -> wit::Finding<'a> {
    wit::Finding {
        key: &finding.key,
        result_code: finding.result_code,
        entries: each(arena, &finding.entries, entry),
    }
}

/// The directory's answer to a bind or a write.
pub(crate) fn reply<'a>(arena: &'a Bump, reply: &'a Reply) -> wit::Reply<'a> {
    wit::Reply {
        result_code: reply.result_code,
        diagnostic: &reply.diagnostic,
        controls: each(arena, &reply.controls, control),
    }
}

fn control<'a>(_: &'a Bump, control: &'a Control) -> wit::ControlParam<'a> {
    wit::ControlParam {
        oid: &control.oid,
        critical: control.critical,
        value: control.value.as_deref(),
    }
}

/// Changes of a profile.
pub(crate) fn profile_changes<'a>(
    arena: &'a Bump,
    changes: &'a [ProfileChange],
) -> &'a [writing::ProfileChange<'a>] {
    each(arena, changes, |arena, change| writing::ProfileChange {
        name: &change.name,
        value: change.value.as_ref().map(|value| claim_value(arena, value)),
    })
}

/// A profile.
pub(crate) fn claims<'a>(arena: &'a Bump, claims: &'a [Claim]) -> &'a [wit::ClaimParam<'a>] {
    each(arena, claims, |arena, claim| wit::ClaimParam {
        name: &claim.name,
        value: claim_value(arena, &claim.value),
    })
}

fn claim_value<'a>(arena: &'a Bump, value: &'a ClaimValue) -> wit::ClaimValueParam<'a> {
    match value {
        ClaimValue::Text(text) => wit::ClaimValueParam::Text(text),
        ClaimValue::Texts(texts) => {
            wit::ClaimValueParam::Texts(each(arena, texts, |_, text| &**text))
        }
        ClaimValue::Integer(number) => wit::ClaimValueParam::Integer(*number),
        ClaimValue::Boolean(truth) => wit::ClaimValueParam::Boolean(*truth),
        ClaimValue::Json(json) => wit::ClaimValueParam::Json(json),
    }
}

/// A page of a read.
pub(crate) fn page<'a>(arena: &'a Bump, page: &'a Page) -> changes::Page<'a> {
    let page_entry = |arena: &'a Bump, it: &'a PageEntry| changes::PageEntry {
        entry: entry(arena, &it.entry),
        controls: each(arena, &it.controls, control),
    };
    let message = |_: &'a Bump, message: &'a Message| changes::Message {
        oid: &message.oid,
        value: message.value.as_deref(),
    };
    changes::Page {
        entries: each(arena, &page.entries, page_entry),
        messages: each(arena, &page.messages, message),
        reply: reply(arena, &page.reply),
        last: page.is_last,
    }
}

/// Persons as far as they have come, in order.
pub(crate) fn candidates<'a>(
    arena: &'a Bump,
    candidates: &'a [Candidate],
) -> &'a [claim_mapper::Candidate<'a>] {
    each(arena, candidates, |arena, candidate| {
        claim_mapper::Candidate {
            entry: entry(arena, &candidate.entry),
            identity: identity(arena, &candidate.identity),
        }
    })
}

fn identity<'a>(arena: &'a Bump, identity: &'a Identity) -> wit::IdentityParam<'a> {
    wit::IdentityParam {
        username: &identity.username,
        claims: claims(arena, &identity.claims),
        groups: each(arena, &identity.groups, group),
        roles: each(arena, &identity.roles, role),
        bars: each(arena, &identity.bars, bar),
        notices: each(arena, &identity.notices, notice),
        changed_at: identity.changed_at.map(|at| at.0),
        more: each(arena, &identity.more, setting),
    }
}

fn group<'a>(arena: &'a Bump, group: &'a Group) -> wit::GroupParam<'a> {
    wit::GroupParam {
        dn: &group.dn,
        name: &group.name,
        id: group.id.as_deref(),
        parents: each(arena, &group.parents, |_, parent| &**parent),
    }
}

fn role<'a>(_: &'a Bump, role: &'a Role) -> wit::RoleParam<'a> {
    wit::RoleParam {
        name: &role.name,
        client: role.client.as_deref(),
        source: role.source.as_deref(),
    }
}

fn bar<'a>(_: &'a Bump, bar: &'a Bar) -> wit::BarParam<'a> {
    wit::BarParam {
        reason: refusal(&bar.reason),
        since: bar.since.map(|at| at.0),
        until: bar.until.map(|at| at.0),
    }
}

fn refusal(refusal: &Refusal) -> wit::RefusalParam<'_> {
    match refusal {
        Refusal::BadCredentials => wit::RefusalParam::BadCredentials,
        Refusal::Disabled => wit::RefusalParam::Disabled,
        Refusal::Locked => wit::RefusalParam::Locked,
        Refusal::AccountExpired => wit::RefusalParam::AccountExpired,
        Refusal::PasswordExpired => wit::RefusalParam::PasswordExpired,
        Refusal::MustChangePassword => wit::RefusalParam::MustChangePassword,
        Refusal::OutsidePermittedHours => wit::RefusalParam::OutsidePermittedHours,
        Refusal::NotPermittedHere => wit::RefusalParam::NotPermittedHere,
        Refusal::DirectoryUnavailable => wit::RefusalParam::DirectoryUnavailable,
        Refusal::Other(reason) => wit::RefusalParam::Other(reason),
    }
}

fn notice<'a>(_: &'a Bump, notice: &'a Notice) -> wit::NoticeParam<'a> {
    match notice {
        Notice::GraceSignIns(left) => wit::NoticeParam::GraceSignIns(*left),
        Notice::Other(words) => wit::NoticeParam::Other(words),
    }
}
