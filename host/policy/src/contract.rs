//! What every answer of a policy has to keep to, whatever it says.
//!
//! The shape of an answer is checked here: how many steps there are, how long names are, what may not
//! be blank. What an answer may *mean* (which reads are allowed, which claims are reserved, which
//! groups a person has) is for those who act on it.

use bridge_model::{
    decision::{Bar, Claim, ClaimValue, Identity, Notice, Refusal, Step},
    dn::Dn,
    plan::{Description, KindHelp, Mapper, OptionHelp, PasswordWrite, Plan, Problem},
    search::{Control, PolicySearch, Setting},
};

/// How an answer breaks the contract: where, and what the rule is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {rule}")]
pub(crate) struct Breach {
    place: String,
    rule: &'static str,
}

impl Breach {
    pub(crate) fn new(place: &str, rule: &'static str) -> Self {
        Self {
            place: place.to_owned(),
            rule,
        }
    }

    /// The same, further out.
    pub(crate) fn within(self, place: &str) -> Self {
        Self {
            place: format!("{place}: {}", self.place),
            ..self
        }
    }
}

pub(crate) type Checked = Result<(), Breach>;

/// A policy's description.
pub(crate) fn check_description(description: &Description) -> Checked {
    name("id", &description.id)?;
    let id_follows = description.id.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    holds(id_follows, "id", "must be lower-case words joined by -")?;
    count("aliases", description.aliases.len(), NAMES_MAX)?;
    description
        .aliases
        .iter()
        .try_for_each(|alias| name("alias", alias))?;
    name("title", &description.title)?;
    let version = semver::Version::parse(&description.version);
    holds(
        version.is_ok(),
        "version",
        "must be a version such as 1.2.0 (semantic versioning)",
    )?;
    count("settings", description.settings.len(), NAMES_MAX)?;
    description.settings.iter().try_for_each(check_option)?;
    count("kinds", description.kinds.len(), NAMES_MAX)?;
    description.kinds.iter().try_for_each(check_kind)
}

/// A mapper policy's description, beside what [`check_description`] says.
pub(crate) fn check_mapper_description(description: &Description) -> Checked {
    let is_one_kind = description.kinds.is_empty();
    holds(is_one_kind, "kinds", "must be empty: the id is the kind")
}

/// What became of a federation.
pub(crate) fn check_translation(outcome: &Result<Plan, Vec<Problem>>) -> Checked {
    match outcome {
        Ok(plan) => check_plan(plan),
        Err(problems) => check_refused(problems),
    }
}

/// What stands in the place of a plan.
pub(crate) fn check_refused(problems: &[Problem]) -> Checked {
    let says_why = !problems.is_empty();
    holds(
        says_why,
        "problems",
        "must not be empty where there is no plan",
    )?;
    check_problems("problem", problems)
}

/// The steps of a call for so many persons.
pub(crate) fn check_steps(steps: &[Step], persons: usize) -> Checked {
    if steps.len() != persons {
        return Err(Breach {
            place: format!("{} steps for {persons} persons", steps.len()),
            rule: "there must be one step for each person, in order",
        });
    }
    steps.iter().enumerate().try_for_each(|(index, step)| {
        check_step(step).map_err(|breach| breach.within(&format!("step {}", index + 1)))
    })
}

fn check_option(option: &OptionHelp) -> Checked {
    name("setting", &option.name)?;
    text("setting", &option.about)?;
    option
        .preset
        .iter()
        .chain(&option.choices)
        .try_for_each(|value| text("setting", value))
}

fn check_kind(kind: &KindHelp) -> Checked {
    name("kind", &kind.kind)?;
    text("kind", &kind.about)?;
    kind.settings.iter().try_for_each(check_option)
}

fn check_plan(plan: &Plan) -> Checked {
    name("username-attribute", &plan.username_attribute)?;
    name("rdn-attribute", &plan.rdn_attribute)?;
    name("stable-id", &plan.stable_id.attribute)?;
    names("user-object-classes", &plan.user_object_classes)?;
    filter("login-filter", &plan.login_filter)?;
    filter("users-filter", &plan.users_filter)?;
    names("attributes", &plan.attributes)?;
    plan.shared.iter().try_for_each(check_search)?;
    let controls = || plan.bind_controls.iter().chain(&plan.password_controls);
    count("controls", controls().count(), NAMES_MAX)?;
    controls().try_for_each(check_control)?;
    check_password_write(&plan.password_write)?;
    names("writes", &plan.writes)?;
    count("claims", plan.claims.len(), ITEMS_MAX)?;
    plan.claims.iter().try_for_each(|claim| claim_name(claim))?;
    count("mappers", plan.mappers.len(), ITEMS_MAX)?;
    plan.mappers.iter().try_for_each(check_mapper)?;
    memo(&plan.memo)?;
    check_problems("note", &plan.notes)?;
    holds(
        plan.more.is_empty(),
        "more",
        "this host knows no name in it, and must not pass over one",
    )
}

pub(crate) fn memo(memo: &[u8]) -> Checked {
    let fits = memo.len() <= MEMO_OCTETS_MAX;
    holds(fits, "memo", "must have at most 64 KiB")
}

fn check_password_write(write: &PasswordWrite) -> Checked {
    match write {
        PasswordWrite::Exchange(attribute) | PasswordWrite::Replace(attribute) => {
            name("password-write", &attribute.name)
        }
        PasswordWrite::Refused | PasswordWrite::ExtendedOperation => Ok(()),
    }
}

pub(crate) fn check_problems(what: &str, problems: &[Problem]) -> Checked {
    count(what, problems.len(), ITEMS_MAX)?;
    problems
        .iter()
        .try_for_each(|problem| check_problem(what, problem))
}

fn check_problem(what: &str, problem: &Problem) -> Checked {
    text(what, &problem.field)?;
    text(what, &problem.message)
}

pub(crate) fn check_mapper(mapper: &Mapper) -> Checked {
    name("mapper", &mapper.name)?;
    name("mapper kind", &mapper.kind)?;
    if let Some(attribute) = &mapper.ldap_attribute {
        name("mapper attribute", attribute)?;
    }
    settings("mapper setting", &mapper.settings)
}

pub(crate) fn check_control(control: &Control) -> Checked {
    check_oid(&control.oid)
}

pub(crate) fn check_oid(oid: &str) -> Checked {
    let arcs = oid.split('.');
    let is_oid = arcs.clone().count() > 1
        && arcs
            .clone()
            .all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()));
    holds(
        is_oid,
        "control",
        "its oid must be dotted decimal (RFC 4512 section 1.4)",
    )?;
    holds(oid.len() <= NAME_OCTETS_MAX, "control", NAME_RULE)
}

pub(crate) fn check_search(search: &PolicySearch) -> Checked {
    name("search key", &search.key)?;
    holds(search.base.len() <= Dn::OCTETS_MAX, "search base", DN_RULE)?;
    filter("search filter", &search.filter)?;
    count("search slots", search.slots.len(), NAMES_MAX)?;
    search
        .slots
        .iter()
        .try_for_each(|slot| name("search slot", &slot.name))?;
    names("search attributes", &search.attributes)?;
    holds(
        search.size_limit > 0,
        "search size-limit",
        "must be at least 1",
    )?;
    settings("search", &search.more)
}

fn check_step(step: &Step) -> Checked {
    match step {
        Step::Read(searches) => {
            holds(
                !searches.is_empty(),
                "read",
                "must ask for at least one read",
            )?;
            count("read", searches.len(), NAMES_MAX)?;
            searches.iter().try_for_each(check_search)
        }
        Step::Rejected(rejection) => check_refusal("rejected", &rejection.reason),
        Step::Identified(identity) => check_identity(identity),
        Step::Failed(problem) => check_problem("failed", problem),
    }
}

pub(crate) fn check_refusal(place: &str, refusal: &Refusal) -> Checked {
    match refusal {
        Refusal::Other(reason) => name(place, reason),
        _ => Ok(()),
    }
}

fn check_identity(identity: &Identity) -> Checked {
    name("username", &identity.username)?;
    count("claims", identity.claims.len(), ITEMS_MAX)?;
    identity.claims.iter().try_for_each(check_claim)?;
    for group in &identity.groups {
        // A group that the operator gives to everyone has none.
        if !group.dn.is_empty() {
            dn("group", &group.dn)?;
        }
        name("group", &group.name)?;
        group
            .parents
            .iter()
            .try_for_each(|parent| dn("group parent", parent))?;
    }
    for role in &identity.roles {
        name("role", &role.name)?;
        role.client
            .iter()
            .try_for_each(|client| name("role client", client))?;
        role.source
            .iter()
            .try_for_each(|source| dn("role source", source))?;
    }
    count("bars", identity.bars.len(), NAMES_MAX)?;
    for Bar { reason, .. } in &identity.bars {
        check_refusal("bar", reason)?;
    }
    count("notices", identity.notices.len(), NAMES_MAX)?;
    for notice in &identity.notices {
        if let Notice::Other(words) = notice {
            name("notice", words)?;
        }
    }
    settings("identity", &identity.more)
}

pub(crate) fn check_claim(claim: &Claim) -> Checked {
    claim_name(&claim.name)?;
    let blank = match &claim.value {
        ClaimValue::Text(text) | ClaimValue::Json(text) => is_blank(text),
        ClaimValue::Texts(texts) => texts.iter().any(|text| is_blank(text)),
        ClaimValue::Integer(_) | ClaimValue::Boolean(_) => false,
    };
    if blank {
        return Err(Breach {
            place: format!("claim {}", claim.name),
            rule: "must not be blank: what the directory does not say is left out",
        });
    }
    Ok(())
}

/// ASCII letters, digits and `_-.:/`, then a language tag after `#`, maybe.
pub(crate) fn claim_name(claim: &str) -> Checked {
    name("claim", claim)?;
    let (base, tag) = claim.split_once('#').unwrap_or((claim, "x"));
    let base_follows = base
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b));
    let tag_follows = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    holds(
        base_follows && tag_follows && !base.is_empty() && !tag.is_empty(),
        "claim",
        "its name must be of ASCII letters, digits, _ - . : and /, with a language tag after # at most",
    )
}

pub(crate) fn settings(place: &str, settings: &[Setting]) -> Checked {
    count(place, settings.len(), NAMES_MAX)?;
    settings.iter().try_for_each(|setting| {
        let words = setting.name.split(['_', '.']);
        let name_follows = setting.name.len() <= SETTING_NAME_OCTETS_MAX
            && words.clone().all(|word| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            });
        holds(name_follows, place, SETTING_NAME_RULE)?;
        text(place, &setting.value)
    })
}

/// Not blank, of a name's length.
pub(crate) fn name(place: &str, name: &str) -> Checked {
    holds(
        !is_blank(name) && name.len() <= NAME_OCTETS_MAX,
        place,
        NAME_RULE,
    )
}

pub(crate) fn names(place: &str, names: &[String]) -> Checked {
    count(place, names.len(), ITEMS_MAX)?;
    names.iter().try_for_each(|item| name(place, item))
}

pub(crate) fn dn(place: &str, dn: &str) -> Checked {
    holds(!dn.is_empty() && dn.len() <= Dn::OCTETS_MAX, place, DN_RULE)
}

fn text(place: &str, text: &str) -> Checked {
    holds(
        text.len() <= TEXT_OCTETS_MAX,
        place,
        "a text must have at most 4,096 octets",
    )
}

pub(crate) fn filter(place: &str, filter: &str) -> Checked {
    let fits = !is_blank(filter) && filter.len() <= FILTER_OCTETS_MAX;
    holds(
        fits,
        place,
        "must not be blank, and have at most 8,192 octets",
    )
}

pub(crate) fn count(place: &str, items: usize, items_max: usize) -> Checked {
    holds(items <= items_max, place, "there are too many of them")
}

pub(crate) fn holds(condition: bool, place: &str, rule: &'static str) -> Checked {
    if condition {
        return Ok(());
    }
    Err(Breach::new(place, rule))
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// `wit/types.wit`, `setting.name`.
const SETTING_NAME_OCTETS_MAX: usize = 64;
const SETTING_NAME_RULE: &str =
    "a setting's name must be lower-case words joined by _ or ., with at most 64 octets";
/// `wit/types.wit`, `setting.value`; the same for every other text for people.
const TEXT_OCTETS_MAX: usize = 4096;
/// `wit/types.wit`, `plan.memo`.
const MEMO_OCTETS_MAX: usize = 64 << 10;
/// The longest user names that directories allow.
const NAME_OCTETS_MAX: usize = 1024;
const NAME_RULE: &str = "a name must not be blank, and have at most 1,024 octets";
const DN_RULE: &str = "a DN must have at most 4,096 octets, and name an entry where one is meant";
/// A filter that ORs two hundred DNs; values go in as slots and do not count.
const FILTER_OCTETS_MAX: usize = 8192;
/// Nothing that people write comes in larger numbers.
pub(crate) const ITEMS_MAX: usize = 1000;
/// Names that belong to one thing.
pub(crate) const NAMES_MAX: usize = 64;

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
