//! The policy as a crate: its types from the model's, and its functions.

use bridge_model::{decision as model, entry, federation, search};
use policy_active_directory::ActiveDirectory;
use policy_sdk::{
    VendorPolicy as _,
    types::{
        Attribute, Context, Control, EditMode, Entry, Federation, Finding, Mapper, Person, Plan,
        Problem, Reply, SearchScope, Setting, Step, Subtree,
    },
};

pub(crate) fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
    ActiveDirectory::translate(federation)
}

pub(crate) fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
    ActiveDirectory::decide(context, persons)
}

pub(crate) fn context(context: &model::Context) -> Context {
    Context {
        memo: context.memo.clone(),
        now: context.now.0,
        shared: context.shared.iter().map(finding).collect(),
        more: context.more.iter().map(setting).collect(),
    }
}

pub(crate) fn persons(persons: &[model::Person]) -> Vec<Person> {
    persons
        .iter()
        .map(|person| Person {
            entry: entry(&person.entry),
            reply: person.reply.as_ref().map(reply),
            findings: person.findings.iter().map(finding).collect(),
        })
        .collect()
}

pub(crate) fn federation(federation: &federation::Federation) -> Federation {
    Federation {
        name: federation.name.to_string(),
        vendor: federation.vendor.clone(),
        edit_mode: match federation.edit_mode {
            federation::EditMode::ReadOnly => EditMode::ReadOnly,
            federation::EditMode::Writable => EditMode::Writable,
            federation::EditMode::Unsynced => EditMode::Unsynced,
        },
        import_enabled: federation.import_enabled,
        sync_registration: federation.sync_registration,
        users: federation.users.iter().map(subtree).collect(),
        readable: federation.read_bases.iter().map(subtree).collect(),
        username_attribute: federation.username_attribute.clone(),
        rdn_attribute: federation.rdn_attribute.clone(),
        uuid_attribute: federation.uuid_attribute.clone(),
        user_object_classes: federation.user_object_classes.clone(),
        custom_filter: federation.custom_filter.clone(),
        mappers: federation
            .mappers
            .iter()
            .map(|mapper| Mapper {
                name: mapper.name.clone(),
                kind: mapper.kind.clone(),
                ldap_attribute: mapper.ldap_attribute.clone(),
                settings: mapper.settings.iter().map(setting).collect(),
            })
            .collect(),
        settings: federation.settings.iter().map(setting).collect(),
    }
}

fn subtree(part: &search::Subtree) -> Subtree {
    Subtree {
        base: part.base.as_str().to_owned(),
        scope: match part.scope {
            search::SearchScope::Base => SearchScope::Base,
            search::SearchScope::OneLevel => SearchScope::OneLevel,
            search::SearchScope::Subtree => SearchScope::Subtree,
        },
    }
}

fn setting(setting: &search::Setting) -> Setting {
    Setting {
        name: setting.name.clone(),
        value: setting.value.clone(),
    }
}

fn entry(entry: &entry::Entry) -> Entry {
    Entry {
        dn: entry.dn.clone(),
        attributes: entry
            .attributes
            .iter()
            .map(|attribute| Attribute {
                name: attribute.name.clone(),
                values: attribute.values.clone(),
            })
            .collect(),
    }
}

fn finding(finding: &search::Finding) -> Finding {
    Finding {
        key: finding.key.clone(),
        result_code: finding.result_code,
        entries: finding.entries.iter().map(entry).collect(),
    }
}

fn reply(reply: &search::Reply) -> Reply {
    Reply {
        result_code: reply.result_code,
        diagnostic: reply.diagnostic.clone(),
        controls: reply
            .controls
            .iter()
            .map(|control| Control {
                oid: control.oid.clone(),
                critical: control.critical,
                value: control.value.clone(),
            })
            .collect(),
    }
}
