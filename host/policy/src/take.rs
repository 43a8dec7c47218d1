//! From the contract to the model: answers are moved, not copied.

use crate::bindings::ldap_oidc::policy::types as wit;
use bridge_model::{
    decision::{Bar, Claim, ClaimValue, Group, Identity, Notice, Refusal, Rejection, Role, Step},
    entry::Attribute,
    filter::Slot,
    plan::{
        Description, GroupForm, IdForm, KindHelp, Mapper, OptionHelp, PasswordAttribute,
        PasswordEncoding, PasswordWrite, Plan, Problem, StableId,
    },
    search::{Control, PolicySearch, SearchScope, Setting},
    time::Timestamp,
};

fn each<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

impl From<wit::SettingResult> for Setting {
    fn from(setting: wit::SettingResult) -> Self {
        Self {
            name: setting.name,
            value: setting.value,
        }
    }
}

impl From<wit::Problem> for Problem {
    fn from(problem: wit::Problem) -> Self {
        Self {
            field: problem.field,
            message: problem.message,
        }
    }
}

impl From<wit::Slot> for Slot {
    fn from(slot: wit::Slot) -> Self {
        Self {
            name: slot.name,
            values: slot.values,
        }
    }
}

impl From<wit::SearchScope> for SearchScope {
    fn from(scope: wit::SearchScope) -> Self {
        match scope {
            wit::SearchScope::Base => Self::Base,
            wit::SearchScope::OneLevel => Self::OneLevel,
            wit::SearchScope::Subtree => Self::Subtree,
        }
    }
}

impl From<wit::Search> for PolicySearch {
    fn from(search: wit::Search) -> Self {
        Self {
            key: search.key,
            base: search.base,
            scope: search.scope.into(),
            filter: search.filter,
            slots: each(search.slots),
            attributes: search.attributes,
            size_limit: search.size_limit,
            required: search.required,
            more: each(search.more),
        }
    }
}

impl From<wit::ControlResult> for Control {
    fn from(control: wit::ControlResult) -> Self {
        Self {
            oid: control.oid,
            critical: control.critical,
            value: control.value,
        }
    }
}

impl From<wit::MapperResult> for Mapper {
    fn from(mapper: wit::MapperResult) -> Self {
        Self {
            name: mapper.name,
            kind: mapper.kind,
            ldap_attribute: mapper.ldap_attribute,
            settings: each(mapper.settings),
        }
    }
}

impl From<wit::StableId> for StableId {
    fn from(id: wit::StableId) -> Self {
        Self {
            attribute: id.attribute,
            form: match id.form {
                wit::IdForm::Octets => IdForm::Octets,
                wit::IdForm::Text => IdForm::Text,
                wit::IdForm::Uuid => IdForm::Uuid,
                wit::IdForm::Guid => IdForm::Guid,
            },
        }
    }
}

impl From<wit::PasswordAttribute> for PasswordAttribute {
    fn from(attribute: wit::PasswordAttribute) -> Self {
        Self {
            name: attribute.name,
            encoding: match attribute.encoding {
                wit::PasswordEncoding::Utf8 => PasswordEncoding::Utf8,
                wit::PasswordEncoding::QuotedUtf16le => PasswordEncoding::QuotedUtf16le,
            },
        }
    }
}

impl From<wit::PasswordWrite> for PasswordWrite {
    fn from(write: wit::PasswordWrite) -> Self {
        match write {
            wit::PasswordWrite::Refused => Self::Refused,
            wit::PasswordWrite::ExtendedOperation => Self::ExtendedOperation,
            wit::PasswordWrite::Exchange(attribute) => Self::Exchange(attribute.into()),
            wit::PasswordWrite::Replace(attribute) => Self::Replace(attribute.into()),
        }
    }
}

impl From<wit::GroupForm> for GroupForm {
    fn from(form: wit::GroupForm) -> Self {
        match form {
            wit::GroupForm::Name => Self::Name,
            wit::GroupForm::Path => Self::Path,
            wit::GroupForm::Dn => Self::Dn,
        }
    }
}

impl From<wit::Plan> for Plan {
    fn from(plan: wit::Plan) -> Self {
        Self {
            username_attribute: plan.username_attribute,
            rdn_attribute: plan.rdn_attribute,
            stable_id: plan.stable_id.into(),
            user_object_classes: plan.user_object_classes,
            login_filter: plan.login_filter,
            users_filter: plan.users_filter,
            attributes: plan.attributes,
            shared: each(plan.shared),
            bind_controls: each(plan.bind_controls),
            password_controls: each(plan.password_controls),
            password_write: plan.password_write.into(),
            writes: plan.writes,
            group_form: plan.group_form.into(),
            claims: plan.claims,
            mappers: each(plan.mappers),
            memo: plan.memo,
            notes: each(plan.notes),
            more: each(plan.more),
            chained: Vec::new(),
        }
    }
}

impl From<wit::RefusalResult> for Refusal {
    fn from(refusal: wit::RefusalResult) -> Self {
        match refusal {
            wit::RefusalResult::BadCredentials => Self::BadCredentials,
            wit::RefusalResult::Disabled => Self::Disabled,
            wit::RefusalResult::Locked => Self::Locked,
            wit::RefusalResult::AccountExpired => Self::AccountExpired,
            wit::RefusalResult::PasswordExpired => Self::PasswordExpired,
            wit::RefusalResult::MustChangePassword => Self::MustChangePassword,
            wit::RefusalResult::OutsidePermittedHours => Self::OutsidePermittedHours,
            wit::RefusalResult::NotPermittedHere => Self::NotPermittedHere,
            wit::RefusalResult::DirectoryUnavailable => Self::DirectoryUnavailable,
            wit::RefusalResult::Other(reason) => Self::Other(reason),
        }
    }
}

impl From<wit::BarResult> for Bar {
    fn from(bar: wit::BarResult) -> Self {
        Self {
            reason: bar.reason.into(),
            since: bar.since.map(Timestamp),
            until: bar.until.map(Timestamp),
        }
    }
}

impl From<wit::NoticeResult> for Notice {
    fn from(notice: wit::NoticeResult) -> Self {
        match notice {
            wit::NoticeResult::GraceSignIns(left) => Self::GraceSignIns(left),
            wit::NoticeResult::Other(words) => Self::Other(words),
        }
    }
}

impl From<wit::ClaimValueResult> for ClaimValue {
    fn from(value: wit::ClaimValueResult) -> Self {
        match value {
            wit::ClaimValueResult::Text(text) => Self::Text(text),
            wit::ClaimValueResult::Texts(texts) => Self::Texts(texts),
            wit::ClaimValueResult::Integer(number) => Self::Integer(number),
            wit::ClaimValueResult::Boolean(truth) => Self::Boolean(truth),
            wit::ClaimValueResult::Json(json) => Self::Json(json),
        }
    }
}

impl From<wit::ClaimResult> for Claim {
    fn from(claim: wit::ClaimResult) -> Self {
        Self {
            name: claim.name,
            value: claim.value.into(),
        }
    }
}

impl From<wit::GroupResult> for Group {
    fn from(group: wit::GroupResult) -> Self {
        Self {
            dn: group.dn,
            name: group.name,
            id: group.id,
            parents: group.parents,
        }
    }
}

impl From<wit::RoleResult> for Role {
    fn from(role: wit::RoleResult) -> Self {
        Self {
            name: role.name,
            client: role.client,
            source: role.source,
        }
    }
}

impl From<wit::IdentityResult> for Identity {
    fn from(identity: wit::IdentityResult) -> Self {
        Self {
            username: identity.username,
            claims: each(identity.claims),
            groups: each(identity.groups),
            roles: each(identity.roles),
            bars: each(identity.bars),
            notices: each(identity.notices),
            changed_at: identity.changed_at.map(Timestamp),
            more: each(identity.more),
        }
    }
}

impl From<wit::Rejection> for Rejection {
    fn from(rejection: wit::Rejection) -> Self {
        Self {
            reason: rejection.reason.into(),
            until: rejection.until.map(Timestamp),
            password_was_right: rejection.password_was_right,
        }
    }
}

impl From<wit::AttributeResult> for Attribute {
    fn from(attribute: wit::AttributeResult) -> Self {
        Self {
            name: attribute.name,
            values: attribute.values,
        }
    }
}

impl From<wit::Step> for Step {
    fn from(step: wit::Step) -> Self {
        match step {
            wit::Step::Read(searches) => Self::Read(each(searches)),
            wit::Step::Rejected(rejection) => Self::Rejected(rejection.into()),
            wit::Step::Identified(identity) => Self::Identified(identity.into()),
            wit::Step::Failed(problem) => Self::Failed(problem.into()),
        }
    }
}

impl From<wit::OptionHelp> for OptionHelp {
    fn from(option: wit::OptionHelp) -> Self {
        Self {
            name: option.name,
            about: option.about,
            preset: option.preset,
            choices: option.choices,
        }
    }
}

impl From<wit::KindHelp> for KindHelp {
    fn from(kind: wit::KindHelp) -> Self {
        Self {
            kind: kind.kind,
            about: kind.about,
            settings: each(kind.settings),
        }
    }
}

impl From<wit::Description> for Description {
    fn from(description: wit::Description) -> Self {
        Self {
            id: description.id,
            aliases: description.aliases,
            title: description.title,
            version: description.version,
            settings: each(description.settings),
            kinds: each(description.kinds),
        }
    }
}
