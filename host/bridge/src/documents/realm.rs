//! Realms.

use super::{
    policy_rules::{self, PolicyRulesDocument},
    section::Section,
    span,
};
use bridge_model::{
    names::RealmName,
    realm::{Lifetimes, Realm, Revision},
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A tenant: one issuer, with its own federations, clients and keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Realm)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealmDocument {
    /// A segment of the issuer's path.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        example = "staff"
    )]
    pub(crate) name: String,
    /// What people read on the sign-in page; none: the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) display_name: Option<String>,
    /// Whether anybody can sign in. Preset: `true`.
    #[schema(value_type = Option<bool>)]
    pub(crate) enabled: bool,
    /// How long things live.
    #[schema(value_type = Option<LifetimesDocument>)]
    pub(crate) lifetimes: LifetimesDocument,
    /// Groups, by DN or by name, whose people may be administrators of the realm. A name is meant in
    /// every federation of the realm, a DN in one.
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) admin_groups: Vec<String>,
    /// Which policies may serve the realm, and how much of the processor they may have. Only the
    /// platform's administrators with the scope `policy:admin` change it.
    #[schema(value_type = Option<PolicyRulesDocument>)]
    pub(crate) policies: PolicyRulesDocument,
    /// The file that declares the realm; then it is read-only elsewhere.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) managed_by: Option<String>,
    /// How often it was written.
    #[schema(read_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
}

/// How long things of a realm live: spans of time such as `"10h"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Lifetimes)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifetimesDocument {
    /// A person's session, from the sign-in on: at most 30 days. Preset: `10h`.
    #[schema(value_type = Option<String>, example = "10h")]
    pub(crate) session: String,
    /// A sign-in that was begun: at most a day. Preset: `30m`.
    #[schema(value_type = Option<String>, example = "30m")]
    pub(crate) interaction: String,
    /// An authorization code: at most ten minutes. Preset: `1m`.
    #[schema(value_type = Option<String>, example = "1m")]
    pub(crate) code: String,
    /// Access and ID tokens: at most a day. Preset: `5m`.
    #[schema(value_type = Option<String>, example = "5m")]
    pub(crate) token: String,
}

impl From<&Realm> for RealmDocument {
    fn from(realm: &Realm) -> Self {
        Self {
            name: realm.name.to_string(),
            display_name: realm.display_name.clone(),
            enabled: realm.enabled,
            lifetimes: LifetimesDocument::from(&realm.lifetimes),
            admin_groups: realm.admin_groups.clone(),
            policies: PolicyRulesDocument::from(&realm.policies),
            managed_by: realm.managed_by.clone(),
            revision: Some(realm.revision.0),
        }
    }
}

impl From<&Lifetimes> for LifetimesDocument {
    fn from(lifetimes: &Lifetimes) -> Self {
        Self {
            session: span::write(lifetimes.session),
            interaction: span::write(lifetimes.interaction),
            code: span::write(lifetimes.code),
            token: span::write(lifetimes.token),
        }
    }
}

/// Reads a realm.
pub(super) fn read(section: Section<'_>) -> Option<Realm> {
    section.pass_over(&["managed_by", "revision"]);
    let name = section.typed("name", section.required_text("name"), RealmName::new);
    let display_name = section.filled_text("display_name");
    let enabled = section.flag("enabled", true);
    let lifetimes = section.section("lifetimes").map(lifetimes);
    let admin_groups = section.each("admin_groups", group);
    let policies = section.section("policies").map(policy_rules::read);
    section.finish();
    Some(Realm {
        name: name?,
        display_name,
        enabled,
        lifetimes: lifetimes.unwrap_or_default(),
        admin_groups,
        policies: policies.unwrap_or_default(),
        managed_by: None,
        revision: Revision::default(),
    })
}

/// A group, by DN or by name.
pub(super) fn group(text: String) -> Result<String, &'static str> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("is no group; name it by its DN or by its name");
    }
    Ok(text)
}

fn lifetimes(section: Section<'_>) -> Lifetimes {
    let preset = Lifetimes::default();
    let span = |key, preset, longest| section.span(key, preset, Duration::from_secs(1)..=longest);
    let lifetimes = Lifetimes {
        session: span("session", preset.session, Duration::from_hours(24 * 30)),
        interaction: span("interaction", preset.interaction, Duration::from_hours(24)),
        // RFC 6749 section 4.1.2 recommends ten minutes at the most.
        code: span("code", preset.code, Duration::from_mins(10)),
        token: span("token", preset.token, TOKEN_MAX),
    };
    section.finish();
    lifetimes
}

/// The longest that a token lives.
pub(super) const TOKEN_MAX: Duration = Duration::from_hours(24);
