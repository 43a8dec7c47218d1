//! Writes, password changes and changes, without a host.

use crate::{
    VendorPolicy,
    types::{
        Advance, Claim, ClaimValue, Complaint, Context, Control, Entry, Finding, ModifyWay,
        NewEntry, Page, PageEntry, Plan, Problem, ProfileChange, Reply, Turn,
    },
};

fn context(plan: &Plan, now: u64, shared: Vec<Finding>) -> Context {
    Context {
        memo: plan.memo.clone(),
        now,
        shared,
        more: Vec::new(),
    }
}

/// A control that is not critical.
pub fn control(oid: &str, value: &[u8]) -> Control {
    Control {
        oid: oid.to_owned(),
        critical: false,
        value: Some(value.to_vec()),
    }
}

/// A reply with one control.
pub fn with_control(reply: Reply, oid: &str, value: &[u8]) -> Reply {
    Reply {
        controls: vec![control(oid, value)],
        ..reply
    }
}

/// What a policy says of a refused password change, at this time and after these shared reads.
pub fn complaints<P: VendorPolicy>(
    plan: &Plan,
    user: Entry,
    reply: Reply,
    now: u64,
    shared: Vec<Finding>,
) -> Vec<Complaint> {
    P::explain_password(context(plan, now, shared), user, reply)
}

/// What a policy writes for a change of one name in a profile: attributes with their values; none: the
/// attribute goes.
///
/// # Errors
///
/// The problems, or that the change is none of these.
pub fn modifications<P: VendorPolicy>(
    plan: &Plan,
    user: Entry,
    name: &str,
    value: Option<ClaimValue>,
) -> Result<Vec<(String, Vec<String>)>, Vec<Problem>> {
    let change = ProfileChange {
        name: name.to_owned(),
        value,
    };
    let change = P::modify(context(plan, 0, Vec::new()), user, vec![change])?;
    let modifications = change.modifications.into_iter();
    let replaced = modifications.filter(|it| it.way == ModifyWay::Replace);
    let texts = |values: Vec<Vec<u8>>| {
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        values.into_iter().map(text).collect()
    };
    Ok(replaced
        .map(|it| (it.attribute.name, texts(it.attribute.values)))
        .collect())
}

/// The entry that a policy makes of a new user with claims that are texts.
///
/// # Errors
///
/// The problems.
pub fn registered<P: VendorPolicy>(
    plan: &Plan,
    profile: &[(&str, &str)],
) -> Result<NewEntry, Vec<Problem>> {
    let claims = profile.iter().map(|(name, value)| Claim {
        name: (*name).to_owned(),
        value: ClaimValue::Text((*value).to_owned()),
    });
    P::register(context(plan, 0, Vec::new()), claims.collect())
}

/// A page that is the last, with these entries and controls of theirs.
pub fn page(entries: Vec<(Entry, Vec<Control>)>, reply: Reply) -> Page {
    let entry = |(entry, controls)| PageEntry { entry, controls };
    Page {
        entries: entries.into_iter().map(entry).collect(),
        messages: Vec::new(),
        reply,
        last: true,
    }
}

/// How a run for changes goes on, at this time: it begins where there is no page.
///
/// # Errors
///
/// What the policy said instead.
pub fn advance<P: VendorPolicy>(
    plan: &Plan,
    cursor: Option<&[u8]>,
    answer: Option<(&str, Page)>,
    now: u64,
) -> Result<Advance, Box<Turn>> {
    let context = context(plan, now, Vec::new());
    let cursor = cursor.map(<[u8]>::to_vec);
    let turn = match answer {
        None => P::start_changes(context, cursor),
        Some((asked, page)) => P::follow_changes(context, cursor, asked.to_owned(), page),
    };
    match turn {
        Turn::Advance(advance) => Ok(advance),
        other => Err(Box::new(other)),
    }
}
