//! Reading a federation.

use super::{
    GROUPS_DN,
    advanced::{self, Advanced},
    connection, mapper,
};
use crate::documents::{ReadFederation, section::Section, source::Source, words::EditModeWord};
use bridge_federation::{Problems, Reviewed, TranslateError, review_under};
use bridge_model::{
    dn::Dn,
    federation::{EditMode, Federation},
    names::{FederationId, FederationName, RealmName},
    plan::Problem,
    policy::PolicyRules,
    search::Subtree,
};
use uuid::Uuid;

/// Members that are shown and cannot be set.
const SHOWN_ONLY: &[&str] = &[
    "id",
    "realm",
    "managed_by",
    "revision",
    "policy",
    "warnings",
];

/// Reads a federation and has it reviewed. Its id is made when it is saved.
///
/// Whatever is wrong with some members, the others are looked at, by the vendor's policy too: so
/// everything is said at once.
pub(crate) fn read(
    section: Section<'_>,
    realm: &RealmName,
    rules: &PolicyRules,
    source: &Source<'_>,
) -> Option<ReadFederation> {
    section.pass_over(SHOWN_ONLY);
    let advanced = advanced::read(section.section("advanced"), source);
    let bind_credential = connection::credential(&section, source);
    let subject_namespace = advanced.subject_namespace.clone();
    let federation = described(&section, advanced, realm, source);
    let path = section.path("");
    let at = |field: &str| match path.as_str() {
        "" => field.to_owned(),
        path => format!("{path}.{field}"),
    };
    let reviewed =
        federation.map(|federation| review_under(source.policies, rules, &federation, None));
    let placed = |problems: Vec<Problem>| {
        problems.into_iter().map(|problem| Problem {
            field: at(documented(&problem.field)),
            ..problem
        })
    };
    let read = match reviewed {
        None => None,
        Some(Ok(Reviewed { planned, warnings })) => {
            let warnings: Vec<_> = placed(warnings).collect();
            source.warn(warnings.clone());
            Some(ReadFederation {
                planned,
                bind_credential,
                subject_namespace,
                warnings,
            })
        }
        Some(Err(TranslateError::Problems(Problems { errors, warnings }))) => {
            source.warn(placed(warnings));
            for problem in errors {
                section.fault(documented(&problem.field), problem.message);
            }
            None
        }
        Some(Err(TranslateError::Policy(error))) => {
            section.fault(
                "vendor",
                format!("{error}; try it again, or ask its author"),
            );
            None
        }
    };
    section.finish();
    read
}

/// The member that a policy means: what documents say apart is one of the settings to it.
pub(super) fn documented(field: &str) -> &str {
    match field.strip_prefix("advanced.settings.") {
        Some(GROUPS_DN) => "advanced.groups.dn",
        _ => field,
    }
}

/// The federation as far as it can be told: what is wrong with it is noted, and something is in its
/// place. None: without a vendor there is nobody to review it.
fn described(
    section: &Section<'_>,
    advanced: Advanced,
    realm: &RealmName,
    source: &Source<'_>,
) -> Option<Federation> {
    let required = |key| {
        if source.is_request() {
            section.required_text(key)
        } else {
            section.text(key)
        }
    };
    let name = section.typed("name", section.required_text("name"), FederationName::new);
    let vendor = section.required_text("vendor");
    let users = section.required_text("users_dn");
    let users = section.typed("users_dn", users, |text| Dn::parse(&text));
    let (edit_mode, import_enabled) = keeping(section);
    let priority = section.number("priority", 0, -1_000_000..=1_000_000);
    if source.is_request() && !section.has("mapper") {
        section.fault("mapper", "is missing; give a list, which may be empty");
    }
    let classes = required("user_object_classes");
    let has_classes = classes.is_some();
    let user_object_classes = list(classes);
    if source.is_request() && has_classes && user_object_classes.is_empty() {
        section.fault("user_object_classes", "names no class; give at least one");
    }
    // What subjects are derived under is the first name, unless the document says otherwise.
    let name = name.or_else(|| FederationName::new("nameless").ok())?;
    let connection = connection::read(section, &advanced, source);
    let users = users.into_iter().chain(advanced.more_users);
    let users = users.map(|base| Subtree {
        base,
        scope: advanced.search_scope,
    });
    Some(Federation {
        id: FederationId(Uuid::nil()),
        realm: realm.clone(),
        enabled: section.flag("enabled", true),
        priority: i32::try_from(priority).unwrap_or(0),
        edit_mode,
        import_enabled,
        sync_registration: section.flag("sync_registration", false),
        users: users.collect(),
        read_bases: advanced.read_bases,
        username_attribute: required("username_ldap_attribute"),
        rdn_attribute: required("rdn_ldap_attribute"),
        uuid_attribute: required("uuid_ldap_attribute"),
        user_object_classes,
        custom_filter: advanced.custom_filter,
        mappers: mapper::read(section),
        settings: advanced.settings,
        groups_base: advanced.groups_base,
        on_error: advanced.on_error,
        synchronisation: advanced.synchronisation,
        email_verified_domains: advanced.email_verified_domains,
        subject_namespace: advanced
            .subject_namespace
            .unwrap_or_else(|| name.to_string()),
        name,
        vendor: vendor?,
        policy_digest: advanced.policy_digest,
        connection,
    })
}

/// What may be written, and whether users are kept here.
fn keeping(section: &Section<'_>) -> (EditMode, bool) {
    let edit_mode = section.word("edit_mode", EditModeWord::ALL);
    let edit_mode = edit_mode.unwrap_or_default();
    let import_enabled = section.flag("import_enabled", false);
    if edit_mode == EditMode::Unsynced && !import_enabled && !section.is_faulty("import_enabled") {
        let message = "UNSYNCED keeps changes of users here, and none of them are kept without import_enabled; set import_enabled to true, or edit_mode to \"READ_ONLY\" or \"WRITABLE\"";
        section.fault("edit_mode", message);
    }
    (edit_mode, import_enabled)
}

/// Words with commas between them.
fn list(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
