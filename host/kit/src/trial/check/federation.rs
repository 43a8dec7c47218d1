//! One federation: every one has a plan that may be used, or problems that say what is wrong.

use super::{Broken, CheckError, Invariant, Violation, draw::Draw};
use crate::trial::stage::Stage;
use bridge_federation::{TranslateError, claims, reads, review};
use bridge_model::{
    dn::Dn,
    federation::{EditMode, Federation},
    plan::{Mapper, Plan},
    ports::{Policies as _, PolicyFault, VendorPolicy},
    realm::PlannedFederation,
    search::{SearchScope, Setting, Subtree},
};
use std::sync::Arc;

const WORDS: [&str; 18] = [
    "",
    " ",
    "cn",
    "mail",
    "no such attribute",
    "*",
    "x;y;z",
    "1.2.3",
    "true",
    "-1",
    "99999999999999999999",
    "(cn=*)",
    "(((",
    "ou=elsewhere,o=x",
    "{username}",
    "\u{202e}x",
    "a\0b",
    "ä",
];

/// Checks what a policy makes of federations.
pub(crate) fn check(
    stage: &Stage,
    planned: Option<&PlannedFederation>,
    seed: u64,
    cases: u32,
    count: &mut u32,
) -> Result<Option<Violation>, CheckError> {
    let policy = stage.host().vendor(stage.realm(), stage.choice())?;
    let plain = match planned {
        Some(planned) => planned.federation.clone(),
        None => stage
            .federation(Dn::parse("ou=people,dc=example,dc=test").unwrap_or_else(|_| Dn::root()))?,
    };
    for case in 0..cases {
        *count += 1;
        let mut draw = Draw::of(seed ^ 0xfede, case);
        // The first one is as it stands.
        let federation = if case == 0 {
            plain.clone()
        } else {
            odd(&plain, stage, &mut draw)
        };
        if let Some(broken) = evaluate(stage, &policy, &federation) {
            let (federation, broken) = smallest(stage, &policy, federation, broken);
            return Ok(Some(Violation {
                invariant: broken.invariant,
                detail: broken.detail,
                case,
                smallest: format!("{federation:#?}\n"),
            }));
        }
    }
    Ok(None)
}

fn evaluate(
    stage: &Stage,
    policy: &Arc<dyn VendorPolicy>,
    federation: &Federation,
) -> Option<Broken> {
    let mut told = federation.clone();
    told.read_bases = federation.readable();
    let first = match policy.translate(&told) {
        Ok(first) => first,
        Err(error) => {
            let invariant = match Broken::of(&error).invariant {
                Invariant::NeverATrap | Invariant::AnswersFitTheContract => {
                    Invariant::TranslateIsTotal
                }
                other => other,
            };
            return Some(Broken::new(invariant, error.to_string()));
        }
    };
    if policy.translate(&told).is_ok_and(|again| again != first) {
        let detail = "asked again about the same federation it answered something else";
        return Some(Broken::new(Invariant::SameInputSameOutput, detail));
    }
    let plan = match first {
        Err(problems) if problems.is_empty() => {
            let detail = "it refuses the federation and does not say why";
            return Some(Broken::new(Invariant::TranslateIsTotal, detail));
        }
        Err(_) => return None,
        Ok(plan) => plan,
    };
    match review(stage.host(), federation, None) {
        Err(TranslateError::Policy(error)) if error.fault == PolicyFault::Contract => {
            let invariant = of_plan(&plan, federation);
            Some(Broken::new(invariant, error.to_string()))
        }
        Err(TranslateError::Policy(error)) => Some(Broken::of(&error)),
        // What the host itself finds wrong is the operator's.
        Err(TranslateError::Problems(_)) | Ok(_) => None,
    }
}

/// What is wrong with a plan that the host does not take.
fn of_plan(plan: &Plan, federation: &Federation) -> Invariant {
    let readable = federation.readable();
    let bounds = reads::Bounds {
        readable: &readable,
        own: None,
        after_failure: false,
    };
    let reads = plan
        .shared
        .iter()
        .map(|search| reads::admit(search, &bounds));
    let attributes = [&plan.attributes, &plan.writes].map(|names| reads::check_attributes(names));
    let mut faults: Vec<_> = reads.filter_map(Result::err).collect();
    faults.extend(attributes.into_iter().filter_map(Result::err));
    let is_secret =
        |fault: &reads::ReadError| matches!(fault, reads::ReadError::SecretAttribute(_));
    let is_outside = |fault: &reads::ReadError| {
        matches!(
            fault,
            reads::ReadError::OutsideBases(_) | reads::ReadError::NotADn(_)
        )
    };
    let is_reserved = |name: &String| {
        matches!(
            claims::check_name(name),
            Err(claims::ClaimError::Reserved(_))
        )
    };
    if faults.iter().any(is_secret) {
        Invariant::NoSecretAttribute
    } else if faults.iter().any(is_outside) {
        Invariant::NoBaseOutside
    } else if plan.claims.iter().any(is_reserved) {
        Invariant::NoReservedClaim
    } else {
        Invariant::TranslateIsTotal
    }
}

/// A federation as somebody may write it who does not know better.
fn odd(plain: &Federation, stage: &Stage, draw: &mut Draw) -> Federation {
    let mut odd = plain.clone();
    let word = |draw: &mut Draw| draw.pick(&WORDS).copied().unwrap_or_default().to_owned();
    for _ in 0..=draw.below(4) {
        match draw.below(10) {
            0 => odd.username_attribute = Some(word(draw)),
            1 => odd.rdn_attribute = Some(word(draw)),
            2 => odd.uuid_attribute = Some(word(draw)),
            3 => odd.user_object_classes = (0..draw.below(4)).map(|_| word(draw)).collect(),
            4 => odd.custom_filter = Some(word(draw)),
            5 => {
                let modes = [EditMode::ReadOnly, EditMode::Writable, EditMode::Unsynced];
                odd.edit_mode = draw.pick(&modes).copied().unwrap_or_default();
                odd.sync_registration = draw.happens(50);
                odd.import_enabled = draw.happens(50);
            }
            6 => odd.settings.push(setting(
                stage.description().settings.iter().map(|known| &known.name),
                draw,
            )),
            7 => {
                let place = Dn::parse("ou=more,o=elsewhere").unwrap_or_else(|_| Dn::root());
                odd.users.push(Subtree {
                    base: place,
                    scope: SearchScope::OneLevel,
                });
            }
            8 => odd.read_bases.clear(),
            _ => odd.mappers.push(mapper(stage, draw)),
        }
    }
    odd
}

/// A mapper as somebody may write it who does not know better.
pub(super) fn mapper(stage: &Stage, draw: &mut Draw) -> Mapper {
    let kinds = &stage.description().kinds;
    let known = draw.pick(kinds).filter(|_| draw.happens(85));
    let word = |draw: &mut Draw| draw.pick(&WORDS).copied().unwrap_or_default().to_owned();
    let names = known
        .map(|kind| kind.settings.as_slice())
        .unwrap_or_default();
    Mapper {
        name: format!("mapper{}", draw.below(1_000)),
        kind: known.map_or_else(|| word(draw), |kind| kind.kind.clone()),
        ldap_attribute: draw.happens(60).then(|| word(draw)),
        settings: (0..draw.below(4))
            .map(|_| setting(names.iter().map(|known| &known.name), draw))
            .collect(),
    }
}

fn setting<'a>(known: impl Iterator<Item = &'a String>, draw: &mut Draw) -> Setting {
    let known: Vec<_> = known.collect();
    let name = match draw.pick(&known) {
        Some(name) if draw.happens(85) => (*name).clone(),
        _ => "unknown.setting".to_owned(),
    };
    let value = draw.pick(&WORDS).copied().unwrap_or_default().to_owned();
    Setting { name, value }
}

/// Takes out mappers and settings, as long as the same does not hold.
fn smallest(
    stage: &Stage,
    policy: &Arc<dyn VendorPolicy>,
    mut federation: Federation,
    mut broken: Broken,
) -> (Federation, Broken) {
    let mut try_smaller = |federation: &mut Federation, smaller: Federation| {
        let still = evaluate(stage, policy, &smaller);
        let is_same = still.as_ref().map(|still| still.invariant) == Some(broken.invariant);
        if let Some(still) = still.filter(|_| is_same) {
            broken = still;
            *federation = smaller;
        }
        is_same
    };
    let mut at = 0;
    while at < federation.mappers.len() {
        let mut smaller = federation.clone();
        smaller.mappers.remove(at);
        if !try_smaller(&mut federation, smaller) {
            at += 1;
        }
    }
    at = 0;
    while at < federation.settings.len() {
        let mut smaller = federation.clone();
        smaller.settings.remove(at);
        if !try_smaller(&mut federation, smaller) {
            at += 1;
        }
    }
    let resets: [fn(&mut Federation); 5] = [
        |it| it.username_attribute = None,
        |it| it.rdn_attribute = None,
        |it| it.uuid_attribute = None,
        |it| it.custom_filter = None,
        |it| it.user_object_classes.clear(),
    ];
    for reset in resets {
        let mut smaller = federation.clone();
        reset(&mut smaller);
        try_smaller(&mut federation, smaller);
    }
    (federation, broken)
}
