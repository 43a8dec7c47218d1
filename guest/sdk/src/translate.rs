//! From a federation and a vendor's defaults to a plan.

use crate::{
    attributes,
    defaults::{DefaultMapper, Defaults, GROUPS, Known},
    dn,
    id::{self, Stability},
    login,
    mapper::{Findings, MapperSet, Scope},
    memo::{self, Memo},
    reads,
    types::{
        Control, Description, Federation, GroupForm, IdForm, Mapper, PasswordWrite, Plan, Problem,
        Search, StableId, problem,
    },
};

const UUID_FORM: &str = "uuid_form";

/// Where groups live, which hosts say apart.
const GROUPS_BASE: &str = "groups.dn";

/// The settings of a federation that every policy here knows.
const SETTINGS: &[Known] = &[
    Known {
        name: UUID_FORM,
        about: "How the octets of uuid_ldap_attribute are read; what is known of the attribute where it is not \
                set, else text.",
        preset: None,
        choices: &["octets", "text", "uuid", "guid"],
    },
    GROUP_FORM,
    login::ATTRIBUTES,
];

const GROUP_FORM: Known = Known {
    name: "group_form",
    about: "What stands in the claim groups: the name of a group; path, the names of the groups above it and its \
            own, each after a /; or its DN.",
    preset: Some("name"),
    choices: &["name", "path", "dn"],
};

const UUID_FORMS: [(&str, IdForm); 4] = [
    ("octets", IdForm::Octets),
    ("text", IdForm::Text),
    ("uuid", IdForm::Uuid),
    ("guid", IdForm::Guid),
];

/// What a policy with these defaults says of itself.
pub(crate) fn describe(defaults: &Defaults) -> Description {
    Description {
        id: defaults.id.to_owned(),
        aliases: owned(defaults.aliases),
        title: defaults.title.to_owned(),
        version: defaults.version.to_owned(),
        settings: SETTINGS
            .iter()
            .chain(defaults.settings)
            .map(Known::help)
            .collect(),
        kinds: crate::mapper::kinds(defaults),
    }
}

/// What a vendor reads to judge accounts of a federation.
pub(crate) struct AccountReads {
    /// Reads that are alike for everyone.
    pub(crate) shared: Vec<Search>,
    /// Attributes of a person, beside the vendor's [`Defaults::state_attributes`].
    pub(crate) attributes: &'static [&'static str],
}

/// The plan of a federation, or everything that is wrong with it.
pub(crate) fn translate(
    defaults: &Defaults,
    federation: Federation,
    account: AccountReads,
    mut findings: Findings,
) -> Result<Plan, Vec<Problem>> {
    check(defaults, &federation, &mut findings);
    let stable_id = stable_id(defaults, &federation, &mut findings);
    let mappers = overlay(defaults, &federation.mappers, &mut findings);
    let scope = Scope {
        defaults,
        groups_base: reads::set(&federation.settings, GROUPS_BASE),
        readable: &federation.readable,
    };
    let set = MapperSet::parse(&mappers, scope, &mut findings);

    let own = federation.username_attribute.clone();
    let username_attribute = or_default(own, defaults.username_attribute);
    let claims = owned(&set.claims());
    let attributes = wanted(
        [username_attribute.as_str(), &stable_id.attribute]
            .into_iter()
            .chain(set.attributes())
            .chain(defaults.state_attributes.iter().copied())
            .chain(account.attributes.iter().copied())
            .chain([defaults.changed_attribute]),
    );
    let memo = memo(&username_attribute, set, &mut findings);
    let login = login::filter(defaults, &federation, &username_attribute, &mut findings);
    let more = login::domains(defaults, &federation, &mut findings);
    let group_form = group_form(&federation, &mut findings);
    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    Ok(Plan {
        login_filter: limited(defaults, login),
        users_filter: limited(defaults, format!("({username_attribute}=*)")),
        username_attribute,
        rdn_attribute: or_default(federation.rdn_attribute, defaults.rdn_attribute),
        stable_id,
        user_object_classes: if federation.user_object_classes.is_empty() {
            owned(defaults.user_object_classes)
        } else {
            federation.user_object_classes
        },
        attributes,
        shared: account.shared,
        bind_controls: defaults
            .bind_controls
            .iter()
            .map(|oid| control(oid))
            .collect(),
        password_controls: Vec::new(),
        password_write: PasswordWrite::Refused,
        writes: Vec::new(),
        group_form,
        claims,
        mappers,
        memo,
        notes: findings.notes,
        more,
    })
}

/// The memo of a federation with these mappers.
fn memo(username_attribute: &str, mappers: MapperSet<'_>, findings: &mut Findings) -> Vec<u8> {
    let memo = Memo {
        username_attribute,
        mappers,
    }
    .encode();
    if memo.len() > memo::OCTETS_MAX {
        findings.problems.push(problem(
            "mapper",
            "the mappers are too many, or their settings too long; remove some",
        ));
    }
    memo
}

/// What is wrong, or worth a note, beside identifier and mappers.
fn check(defaults: &Defaults, federation: &Federation, findings: &mut Findings) {
    let vendor = federation.vendor.trim();
    let is_own = [defaults.id]
        .iter()
        .chain(defaults.aliases)
        .any(|name| vendor.eq_ignore_ascii_case(name));
    if !is_own {
        findings.problems.push(problem(
            "vendor",
            format!(
                "this policy is for {:?}; write that instead of {vendor:?}",
                defaults.id
            ),
        ));
    }
    for subtree in &federation.users {
        if dn::Name::parse(&subtree.base).is_none() {
            findings.problems.push(problem(
                "users_dn",
                format!(
                    "{:?} is not a DN; write one such as ou=people,dc=example,dc=org",
                    subtree.base
                ),
            ));
        }
    }
    for (field, attribute) in [
        ("username_ldap_attribute", &federation.username_attribute),
        ("rdn_ldap_attribute", &federation.rdn_attribute),
        ("uuid_ldap_attribute", &federation.uuid_attribute),
    ] {
        if let Some(attribute) = attribute
            && !attributes::is_type(attribute)
        {
            findings.problems.push(problem(
                field,
                format!(
                    "{attribute:?} is not the name of an attribute; leave it out for the default"
                ),
            ));
        }
    }
    for class in &federation.user_object_classes {
        if !attributes::is_type(class) {
            findings.problems.push(problem(
                "user_object_classes",
                format!(
                    "{class:?} is not the name of an object class; write one such as inetOrgPerson"
                ),
            ));
        }
    }
    for setting in &federation.settings {
        let mut known = SETTINGS.iter().chain(defaults.settings);
        if setting.name != GROUPS_BASE && !known.any(|known| known.name == setting.name) {
            findings.notes.push(problem(
                format!("advanced.settings.{}", setting.name),
                "this policy does not know the setting, which has no effect; remove it",
            ));
        }
    }
}

fn stable_id(defaults: &Defaults, federation: &Federation, findings: &mut Findings) -> StableId {
    let attribute = or_default(federation.uuid_attribute.clone(), defaults.uuid_attribute);
    let stability = id::stability(&attribute);
    let message = match stability {
        Stability::Stable(_) => None,
        Stability::Reusable => Some(format!(
            "{attribute} CAN CHANGE OR BE GIVEN TO ANOTHER PERSON, who then gets the first one's accounts in \
             every application; use {} unless the directory has nothing better",
            defaults.uuid_attribute
        )),
        Stability::Unknown => Some(format!(
            "nothing is known of {attribute}; make sure that the directory never changes a value of it and never \
             gives one to another person, who would get the first one's accounts"
        )),
    };
    if let Some(message) = message {
        findings.notes.push(problem("uuid_ldap_attribute", message));
    }
    let set = federation
        .settings
        .iter()
        .find(|setting| setting.name == UUID_FORM);
    let form = match (set, stability) {
        (Some(set), _) => {
            let form = UUID_FORMS
                .iter()
                .find(|(name, _)| *name == set.value.trim());
            if form.is_none() {
                findings.problems.push(problem(
                    format!("advanced.settings.{UUID_FORM}"),
                    format!(
                        "{:?} is none of octets, text, uuid and guid; write one of these",
                        set.value
                    ),
                ));
            }
            form.map_or(IdForm::Text, |(_, form)| *form)
        }
        (None, Stability::Stable(form)) => form,
        (None, Stability::Reusable | Stability::Unknown) => IdForm::Text,
    };
    StableId { attribute, form }
}

/// The vendor's mappers with the operator's laid over them: one of the same name takes the vendor's
/// place, the others follow.
fn overlay(defaults: &Defaults, own: &[Mapper], findings: &mut Findings) -> Vec<Mapper> {
    let mut mappers: Vec<_> = defaults.mappers.iter().map(DefaultMapper::mapper).collect();
    let is_vendors = |name: &str| defaults.mappers.iter().any(|mapper| mapper.name == name);
    for mapper in own {
        let place = mappers
            .iter_mut()
            .take(defaults.mappers.len())
            .find(|vendors| vendors.name == mapper.name);
        match place {
            // A second one of the operator's with this name is no replacement but a repetition.
            Some(place) if own.iter().find(|first| first.name == mapper.name) == Some(mapper) => {
                *place = mapper.clone();
            }
            _ => mappers.push(mapper.clone()),
        }
    }
    let is_replaced = own.iter().any(|mapper| mapper.name == GROUPS);
    if let Some(note) = defaults.groups_note
        && is_vendors(GROUPS)
        && !is_replaced
    {
        findings.notes.push(problem("mapper.groups", note));
    }
    mappers
}

fn group_form(federation: &Federation, findings: &mut Findings) -> GroupForm {
    match reads::setting(federation, GROUP_FORM.name) {
        None | Some("name") => GroupForm::Name,
        Some("path") => GroupForm::Path,
        Some("dn") => GroupForm::Dn,
        Some(other) => {
            findings.problems.push(problem(
                format!("advanced.settings.{}", GROUP_FORM.name),
                format!("{other:?} is none of name, path and dn; write one of these"),
            ));
            GroupForm::Name
        }
    }
}

fn limited(defaults: &Defaults, filter: String) -> String {
    match defaults.users_only {
        Some(only) => format!("(&{filter}{only})"),
        None => filter,
    }
}

/// Each attribute once, whatever its letter case.
fn wanted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for name in names {
        if !wanted.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            wanted.push(name.to_owned());
        }
    }
    wanted
}

fn control(oid: &str) -> Control {
    Control {
        oid: oid.to_owned(),
        critical: false,
        value: None,
    }
}

fn or_default(set: Option<String>, default: &str) -> String {
    set.unwrap_or_else(|| default.to_owned())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
