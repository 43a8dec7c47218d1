//! The settings of the kinds `group` and `role`.

use super::{IN_CHAIN, TOKEN_GROUPS};
use crate::mapper::settings::{DENIED_ON_ERROR, Known};

pub(super) const STRATEGY: Known = Known {
    name: "strategy",
    about: "Where memberships stand: member-of, in an attribute of the person; search, in an attribute of the \
            groups that has DNs of members; search-uid, in one that has user names.",
    preset: Some("member-of"),
    choices: &["member-of", "search", "search-uid"],
};
const STRATEGY_WITH_SIDS: Known = Known {
    about: "Where memberships stand: member-of, in an attribute of the person; search, in an attribute of the \
            groups that has DNs of members; search-uid, in one that has user names; in-chain, as search, with \
            all groups of groups, by the directory's own rule, which takes long in large domains; token-groups, \
            all security groups with the primary one, by their security identifiers.",
    choices: &["member-of", "search", "search-uid", IN_CHAIN, TOKEN_GROUPS],
    ..STRATEGY
};
pub(super) const BASE: Known = Known {
    name: "base",
    about: "Only groups at or below this DN count; where groups are read, advanced.groups.dn where it is not \
            set.",
    preset: None,
    choices: &[],
};
pub(super) const NESTED: Known = Known {
    name: "nested",
    about: "How many levels of groups of groups are followed upwards; 0 for the person's own groups alone. \
            Groups that the filter leaves out are not followed.",
    preset: Some("0"),
    choices: &["0", "1", "2", "3", "4", "5"],
};
pub(super) const FILTER: Known = Known {
    name: "filter",
    about: "Only groups that this filter (RFC 4515) fits count.",
    preset: None,
    choices: &[],
};
pub(super) const NAME: Known = Known {
    name: "name_attribute",
    about: "The attribute of a group that has its name; the first part of its DN where it is not set.",
    preset: None,
    choices: &[],
};
pub(super) const USER: Known = Known {
    name: "user_attribute",
    about: "With search-uid: the attribute of the person that groups name members by; the user name where it is \
            not set.",
    preset: None,
    choices: &[],
};
pub(super) const PRIMARY: Known = Known {
    name: "primary_group",
    about: "Whether the primary group counts too, which memberships leave out.",
    preset: Some("false"),
    choices: &["true", "false"],
};
pub(super) const PREFIX: Known = Known {
    name: "prefix",
    about: "What the role's name has before the group's.",
    preset: None,
    choices: &[],
};
pub(super) const CLIENT: Known = Known {
    name: "client",
    about: "The client whose roles these are; the realm's where it is not set.",
    preset: None,
    choices: &[],
};

pub(in crate::mapper) const SETTINGS: &[Known] = &[
    DENIED_ON_ERROR,
    STRATEGY,
    BASE,
    NESTED,
    FILTER,
    NAME,
    USER,
    PRIMARY,
];
pub(in crate::mapper) const SETTINGS_WITH_SIDS: &[Known] = &[
    DENIED_ON_ERROR,
    STRATEGY_WITH_SIDS,
    BASE,
    NESTED,
    FILTER,
    NAME,
    USER,
    PRIMARY,
];
pub(in crate::mapper) const ROLE_SETTINGS: &[Known] = &[
    DENIED_ON_ERROR,
    PREFIX,
    CLIENT,
    STRATEGY,
    BASE,
    NESTED,
    FILTER,
    NAME,
    USER,
    PRIMARY,
];
pub(in crate::mapper) const ROLE_SETTINGS_WITH_SIDS: &[Known] = &[
    DENIED_ON_ERROR,
    PREFIX,
    CLIENT,
    STRATEGY_WITH_SIDS,
    BASE,
    NESTED,
    FILTER,
    NAME,
    USER,
    PRIMARY,
];
