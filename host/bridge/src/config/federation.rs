//! Federations in a realm's file, in the members of the TCSA user-federation API.

use super::{
    document::Document,
    reader::Section,
    secret_ref::{self, Watched},
};
use bridge_federation::{TranslateError, translate};
use bridge_model::{
    dn::Dn,
    federation::{BindName, Connection, EditMode, Federation, ServiceBind},
    names::{FederationId, FederationName, RealmName},
    plan::Mapper,
    ports::Policies,
    realm::FederationDeclaration,
    search::{SearchScope, Setting, Subtree},
    secret::Secret,
};
use std::{path::Path, time::Duration};
use url::Url;
use uuid::Uuid;

/// The longest that connecting or an operation may be allowed to take.
const TIMEOUT_MAX: Duration = Duration::from_mins(2);

/// What a federation is understood with.
pub(super) struct Surroundings<'a> {
    pub(super) document: &'a Document,
    pub(super) folder: &'a Path,
    pub(super) realm: &'a RealmName,
    pub(super) policies: &'a dyn Policies,
}

/// Reads a federation and translates it. Its id is made when it is applied.
pub(super) fn read(
    section: Section<'_>,
    around: &Surroundings<'_>,
    watched: &mut Watched,
) -> Option<FederationDeclaration> {
    let path = section.path("");
    let advanced = section.section("advanced");
    let bind_credential = credential(&section, around.folder, watched);
    let connection = connection(&section, advanced.as_ref(), around.folder, watched);
    let federation = described(&section, advanced.as_ref(), around.realm, connection);
    if let Some(advanced) = advanced {
        advanced.finish();
    }
    section.finish();
    translated(&path, &federation?, around).map(|planned| FederationDeclaration {
        planned,
        bind_credential,
    })
}

/// Everything but how the directory is reached. What has to be there is asked for last, so that all
/// members are read whatever is missing.
fn described(
    section: &Section<'_>,
    advanced: Option<&Section<'_>>,
    realm: &RealmName,
    connection: Option<Connection>,
) -> Option<Federation> {
    let name = section.typed("name", section.required_text("name"), FederationName::new);
    let vendor = section.required_text("vendor");
    let users = section.required_text("users_dn");
    let users = section.typed("users_dn", users, |text| Dn::parse(&text));
    let scope = advanced.and_then(|advanced| advanced.word("search_scope", SCOPES));
    let subtree = |base| Subtree {
        base,
        scope: scope.unwrap_or_default(),
    };
    let edit_mode = section.word("edit_mode", EDIT_MODES).unwrap_or_default();
    let sync_registration = section.flag("sync_registration", false);
    if sync_registration && edit_mode != EditMode::Writable {
        section.fault("sync_registration", "needs edit_mode = \"WRITABLE\"");
    }
    let priority = section.number("priority", 0, -1_000_000..=1_000_000);
    let settings = advanced.and_then(|advanced| advanced.section("settings"));
    Some(Federation {
        id: FederationId(Uuid::nil()),
        realm: realm.clone(),
        enabled: section.flag("enabled", true),
        priority: i32::try_from(priority).unwrap_or(0),
        edit_mode,
        import_enabled: section.flag("import_enabled", false),
        sync_registration,
        users: users.map(subtree).into_iter().collect(),
        read_bases: advanced.map(read_bases).unwrap_or_default(),
        username_attribute: section.text("username_ldap_attribute"),
        rdn_attribute: section.text("rdn_ldap_attribute"),
        uuid_attribute: section.text("uuid_ldap_attribute"),
        user_object_classes: list(section.text("user_object_classes")),
        custom_filter: advanced.and_then(|advanced| advanced.text("custom_user_search_filter")),
        mappers: mappers(section),
        settings: settings.map(self::settings).unwrap_or_default(),
        subject_namespace: name.as_ref().map(ToString::to_string).unwrap_or_default(),
        name: name?,
        vendor: vendor?,
        connection: connection?,
    })
}

const SCOPES: &[(&str, SearchScope)] = &[
    ("SUBTREE", SearchScope::Subtree),
    ("ONE_LEVEL", SearchScope::OneLevel),
];

const EDIT_MODES: &[(&str, EditMode)] = &[
    ("READ_ONLY", EditMode::ReadOnly),
    ("WRITABLE", EditMode::Writable),
    ("UNSYNCED", EditMode::Unsynced),
];

fn translated(
    path: &str,
    federation: &Federation,
    around: &Surroundings<'_>,
) -> Option<bridge_model::realm::PlannedFederation> {
    match translate(around.policies, federation, None) {
        Ok(planned) => Some(planned),
        Err(TranslateError::Problems(problems)) => {
            for problem in problems {
                let field = format!("{path}.{}", member(&problem.field, federation));
                around.document.fault(&field, problem.message);
            }
            None
        }
        Err(TranslateError::Policy(error)) => {
            around
                .document
                .fault(&format!("{path}.vendor"), error.to_string());
            None
        }
    }
}

/// A policy names a mapper by its name, the file by its place.
fn member(field: &str, federation: &Federation) -> String {
    let place = field.strip_prefix("mapper.").and_then(|name| {
        let mappers = &federation.mappers;
        mappers.iter().position(|mapper| mapper.name == name)
    });
    place.map_or_else(|| field.to_owned(), |place| format!("mapper[{place}]"))
}

fn credential(section: &Section<'_>, folder: &Path, watched: &mut Watched) -> Option<Secret> {
    let text = section.text("bind_credential")?;
    match secret_ref::resolve(&text, folder) {
        Ok(resolved) => {
            watched.extend(resolved.watched);
            Some(resolved.secret)
        }
        Err(message) => {
            section.fault("bind_credential", message);
            None
        }
    }
}

fn connection(
    section: &Section<'_>,
    advanced: Option<&Section<'_>>,
    folder: &Path,
    watched: &mut Watched,
) -> Option<Connection> {
    let urls = urls(section);
    let span = |key, preset| {
        let range = Duration::from_millis(10)..=TIMEOUT_MAX;
        advanced.map_or(preset, |advanced| advanced.span(key, preset, range))
    };
    let flag = |key| advanced.is_some_and(|advanced| advanced.flag(key, false));
    let ca_bundle = advanced.and_then(|advanced| {
        let path = folder.join(advanced.text("ca_bundle")?);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                watched.push(path);
                Some(text)
            }
            Err(error) => {
                advanced.fault(
                    "ca_bundle",
                    format!("cannot read {}: {error}", path.display()),
                );
                None
            }
        }
    });
    Some(Connection {
        start_tls: flag("start_tls"),
        allow_plaintext: flag("allow_plaintext"),
        ca_bundle,
        bind: bind(section)?,
        connect_timeout: span("connection_timeout", Duration::from_secs(5)),
        operation_timeout: span("read_timeout", Duration::from_secs(10)),
        pool_connections_max: advanced
            .map(|advanced| advanced.number("pool_connections_max", 16, 1..=1_000))
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(16),
        urls: urls?,
    })
}

fn urls(section: &Section<'_>) -> Option<Vec<Url>> {
    let text = section.required_text("connection_url")?;
    let mut urls = Vec::new();
    for word in text.split_whitespace() {
        let url = Url::parse(word).ok().filter(|url| {
            matches!(url.scheme(), "ldap" | "ldaps")
                && url.host_str().is_some_and(|host| !host.is_empty())
                && matches!(url.path(), "" | "/")
                && url.query().is_none()
                && url.username().is_empty()
        });
        let Some(url) = url else {
            let message = format!(
                "{word:?} is not a URL of a directory; write it as ldaps://ldap.example.com"
            );
            section.fault("connection_url", message);
            return None;
        };
        urls.push(url);
    }
    Some(urls)
}

fn bind(section: &Section<'_>) -> Option<ServiceBind> {
    let kinds = &[("simple", true), ("none", false)];
    if !section.word("bind_type", kinds).unwrap_or(true) {
        section.text("bind_dn");
        return Some(ServiceBind::None);
    }
    let name = section.typed("bind_dn", section.required_text("bind_dn"), BindName::new);
    if section.text("bind_credential").is_none() {
        section.fault(
            "bind_credential",
            "is missing; give it, or set bind_type = \"none\"",
        );
    }
    name.map(ServiceBind::Simple)
}

fn read_bases(advanced: &Section<'_>) -> Vec<Subtree> {
    let bases = advanced.texts("read_bases").into_iter().enumerate();
    bases
        .filter_map(|(i, (_, text))| match Dn::parse(&text) {
            Ok(base) => Some(Subtree {
                base,
                scope: SearchScope::Subtree,
            }),
            Err(error) => {
                advanced.fault(&format!("read_bases[{i}]"), error.to_string());
                None
            }
        })
        .collect()
}

fn mappers(section: &Section<'_>) -> Vec<Mapper> {
    let mut mappers: Vec<Mapper> = Vec::new();
    for mapper in section.sections("mapper") {
        let name = mapper.required_text("name");
        let kind = mapper
            .text("kind")
            .unwrap_or_else(|| "attribute".to_owned());
        let ldap_attribute = mapper.text("ldap_attribute");
        let mut settings = mapper.section("settings").map(settings).unwrap_or_default();
        if let Some(value) = mapper.text("claim") {
            settings.push(Setting {
                name: "claim".to_owned(),
                value,
            });
        }
        if let Some(name) = name {
            if mappers.iter().any(|known| known.name == name) {
                mapper.fault(
                    "name",
                    format!("{name:?} is the name of another mapper too"),
                );
            }
            mappers.push(Mapper {
                name,
                kind,
                ldap_attribute,
                settings,
            });
        }
        mapper.finish();
    }
    mappers
}

fn settings(section: Section<'_>) -> Vec<Setting> {
    let members = section.free().into_iter();
    members
        .map(|(name, value)| Setting { name, value })
        .collect()
}

fn list(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
