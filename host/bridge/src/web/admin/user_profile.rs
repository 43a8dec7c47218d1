//! What was imported of a user, and what is kept over it.

use super::users::UserView;
use bridge_model::{decision::Bar, user::StoredUser};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A user with what is known of them.
#[derive(Serialize, ToSchema)]
pub(super) struct UserDetail {
    /// Who.
    #[serde(flatten)]
    pub(super) user: UserView,
    /// Their profile; none: their federation imports nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<ProfileView>,
}

/// What was imported of a user, and what is kept over it.
#[derive(Serialize, ToSchema)]
#[schema(as = UserProfile)]
pub(super) struct ProfileView {
    /// When what was imported last changed, in seconds since 1970-01-01T00:00:00Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_at: Option<u64>,
    /// The claims as they were imported.
    #[schema(value_type = Object)]
    claims: Map<String, Value>,
    /// The DNs of their groups.
    group_dns: Vec<String>,
    /// What the directory has against a sign-in.
    bars: Vec<BarView>,
    /// Claims that take the place of those that were imported; a null takes one away.
    #[schema(value_type = Object)]
    local_claims: Map<String, Value>,
    /// Whether the password that counts is kept here.
    has_local_password: bool,
    /// Whether the user is switched off here.
    locally_disabled: bool,
}

/// A reason not to let a user in.
#[derive(Serialize, ToSchema)]
#[schema(as = UserBar)]
struct BarView {
    /// In a word, or in the words of a vendor.
    reason: String,
    /// From when on; none: already.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    /// Until when; none: until the directory says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

impl ProfileView {
    /// The profile of a user who was imported.
    pub(super) fn of(user: &StoredUser) -> Option<Self> {
        let imported = user.imported.as_ref()?;
        Some(Self {
            imported_at: user.imported_at.map(|time| time.0),
            claims: imported.claims.clone(),
            group_dns: imported.group_dns.clone(),
            bars: imported.bars.iter().map(BarView::from).collect(),
            local_claims: user.local.claims.clone(),
            has_local_password: user.local.password_hash.is_some(),
            locally_disabled: user.local.disabled,
        })
    }
}

impl From<&Bar> for BarView {
    fn from(bar: &Bar) -> Self {
        Self {
            reason: bar.reason.reason().to_owned(),
            since: bar.since.map(|time| time.0),
            until: bar.until.map(|time| time.0),
        }
    }
}
