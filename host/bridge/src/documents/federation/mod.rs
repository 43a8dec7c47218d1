//! Federations, in the members of the TCSA user-federation API.

mod advanced;
mod certificates;
mod connection;
mod mapper;
mod read;
mod shown;

use mapper::MapperDocument;
pub(crate) use mapper::read as read_mappers;
pub(crate) use read::read;
pub(crate) use shown::FederationDocument;

use super::span;
use std::{borrow::Cow, collections::BTreeMap};

use bridge_model::search::Setting;
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::SchemaType, schema::Type},
};

/// The setting of a federation that says where groups live; in documents `advanced.groups.dn`.
pub(super) const GROUPS_DN: &str = "groups.dn";

/// A span of time: text such as `"5s"`, or a whole number of the unit that its member names. It is
/// always shown as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Span(String);

impl From<std::time::Duration> for Span {
    fn from(span: std::time::Duration) -> Self {
        Self(span::write(span))
    }
}

impl PartialSchema for Span {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Integer]))
            .description(Some(
                "A span of time: text such as \"5s\" (ms, s, m, h, d), or a whole number of the unit that the member names; -1 switches periods off. Shown as text.",
            ))
            .examples([serde_json::json!("5s")])
            .into()
    }
}

impl ToSchema for Span {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Span")
    }
}

/// Settings that only a vendor's policy knows.
pub(crate) type Settings = BTreeMap<String, SettingValue>;

/// A setting's value, or several in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum SettingValue {
    /// One.
    One(String),
    /// Several, in order.
    Several(Vec<String>),
}

impl PartialSchema for SettingValue {
    fn schema() -> RefOr<Schema> {
        let kinds = [Type::String, Type::Integer, Type::Boolean, Type::Array];
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter(kinds))
            .description(Some("A value, or a list of values. Shown as text."))
            .into()
    }
}

impl ToSchema for SettingValue {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("SettingValue")
    }
}

/// Settings as they are shown, without those that documents say elsewhere.
fn shown_settings(settings: &[Setting], elsewhere: &[&str]) -> Settings {
    let mut shown = Settings::new();
    for Setting { name, value } in settings {
        if elsewhere.contains(&name.as_str()) {
            continue;
        }
        let value = value.clone();
        match shown.remove(name) {
            None => shown.insert(name.clone(), SettingValue::One(value)),
            Some(SettingValue::One(first)) => {
                shown.insert(name.clone(), SettingValue::Several(vec![first, value]))
            }
            Some(SettingValue::Several(mut values)) => {
                values.push(value);
                shown.insert(name.clone(), SettingValue::Several(values))
            }
        };
    }
    shown
}

/// Settings as they are read.
fn settings(section: crate::documents::section::Section<'_>) -> Vec<Setting> {
    let members = section.free().into_iter();
    members
        .map(|(name, value)| Setting { name, value })
        .collect()
}
