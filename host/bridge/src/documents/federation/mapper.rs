//! Mappers: what of an entry becomes which claim.

use super::{SettingValue, Settings, settings, shown_settings};
use crate::documents::section::Section;
use bridge_model::{names::FederationId, plan::Mapper, search::Setting};
use serde::Serialize;
use std::collections::HashSet;
use utoipa::ToSchema;
use uuid::Uuid;

/// Settings of a mapper that documents say apart.
const CLAIM: &str = "claim";
const ON_ERROR: &str = "on_error";
/// The kind of a mapper that does not say.
const ATTRIBUTE: &str = "attribute";

/// What of an entry becomes which claim. A name that a mapper of the vendor's bears takes its place;
/// any other is a new mapper, whose claim has its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Mapper)]
#[serde(deny_unknown_fields)]
pub(crate) struct MapperDocument {
    /// Follows from the federation's id and the mapper's name.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Uuid>,
    /// Unique in its federation.
    #[schema(min_length = 1, example = "email")]
    pub(crate) name: String,
    /// The attribute that it reads, where it reads one.
    #[schema(example = "mail")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ldap_attribute: Option<String>,
    /// How it works: a kind that the vendor's policy knows. Preset: `attribute`.
    #[schema(value_type = Option<String>, example = "attribute")]
    pub(crate) kind: String,
    /// The claim, where it has another name than the mapper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claim: Option<String>,
    /// What is done where it fails, as the policy knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_error: Option<String>,
    /// What is particular to the kind.
    #[schema(value_type = Option<std::collections::BTreeMap<String, SettingValue>>)]
    #[serde(skip_serializing_if = "Settings::is_empty")]
    pub(crate) settings: Settings,
}

impl MapperDocument {
    /// A mapper as it is shown.
    pub(super) fn of(mapper: &Mapper, federation: FederationId) -> Self {
        let setting = |name: &str| {
            let found = mapper.settings.iter().find(|setting| setting.name == name);
            found.map(|setting| setting.value.clone())
        };
        Self {
            id: Some(mapper_id(federation, &mapper.name)),
            name: mapper.name.clone(),
            ldap_attribute: mapper.ldap_attribute.clone(),
            kind: mapper.kind.clone(),
            claim: setting(CLAIM),
            on_error: setting(ON_ERROR),
            settings: shown_settings(&mapper.settings, &[CLAIM, ON_ERROR]),
        }
    }
}

/// The id of a mapper: it follows from the federation's and the mapper's name (RFC 9562 section 5.5).
fn mapper_id(federation: FederationId, name: &str) -> Uuid {
    Uuid::new_v5(&federation.0, name.as_bytes())
}

pub(crate) fn read(section: &Section<'_>) -> Vec<Mapper> {
    let mut mappers: Vec<Mapper> = Vec::new();
    let mut names = HashSet::new();
    for (place, section) in section.sections("mapper").into_iter().enumerate() {
        section.pass_over(&["id"]);
        let name = section.required_text("name");
        let kind = section.filled_text("kind");
        let ldap_attribute = section.filled_text("ldap_attribute");
        let mut settings = section
            .section("settings")
            .map(settings)
            .unwrap_or_default();
        for apart in [CLAIM, ON_ERROR] {
            let said = settings.iter().any(|setting| setting.name == apart);
            match section.filled_text(apart) {
                Some(_) if said => {
                    let message = format!("is said in settings too; remove settings.{apart}");
                    section.fault(apart, message);
                }
                Some(value) => settings.push(Setting {
                    name: apart.to_owned(),
                    value,
                }),
                None => {}
            }
        }
        if let Some(name) = name {
            if !names.insert(name.clone()) {
                let message = format!("{name:?} is the name of another mapper too; take another");
                section.fault("name", message);
            }
            mappers.push(Mapper {
                name,
                kind: kind.unwrap_or_else(|| ATTRIBUTE.to_owned()),
                ldap_attribute,
                settings,
            });
        } else {
            // Something stands in its place, so that problems of the others name the right one.
            mappers.push(Mapper {
                name: format!("nameless_{place}"),
                kind: ATTRIBUTE.to_owned(),
                ldap_attribute: Some("cn".to_owned()),
                settings: Vec::new(),
            });
        }
        section.finish();
    }
    mappers
}
