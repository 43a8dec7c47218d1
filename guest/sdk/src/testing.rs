//! For a policy's own tests, natively: entries from LDIF, and a sign-in without a host.

mod mappers;
mod writes;

pub use mappers::{adjust, candidate, mapper};
pub use writes::{advance, complaints, control, modifications, page, registered, with_control};

use crate::{
    VendorPolicy, base64,
    types::{
        Attribute, Bar, Context, EditMode, Entry, Federation, Finding, Identity, Person, Plan,
        Proposal, Refusal, Rejection, Reply, SearchScope, Step, Subtree,
    },
};

/// The entries of an LDIF file (RFC 2849): content records, values as text or base64. Values by URL
/// and change records are not read.
///
/// # Errors
///
/// The number of the line, counted from 1, that is no such thing.
pub fn ldif(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut is_open = false;
    for (number, line) in unfolded(text) {
        if line.is_empty() {
            is_open = false;
            continue;
        }
        let wrong = || format!("line {number} is no content record of LDIF");
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        let value = match value.strip_prefix(':') {
            Some(encoded) => base64::decode(encoded.trim()).ok_or_else(wrong)?,
            None if value.starts_with('<') => return Err(wrong()),
            None => value.trim_start_matches(' ').as_bytes().to_vec(),
        };
        if !is_open {
            is_open = name == "dn";
            match name {
                "dn" => entries.push(Entry {
                    dn: String::from_utf8(value).map_err(|_| wrong())?,
                    attributes: Vec::new(),
                }),
                "version" => {}
                _ => return Err(wrong()),
            }
        } else if let Some(entry) = entries.last_mut() {
            add(entry, name, value);
        }
    }
    Ok(entries)
}

/// Lines with what was folded put together, and without comments (RFC 2849 notes 2 and 3).
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix(' '), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines.retain(|(_, line)| !line.starts_with('#'));
    lines
}

fn add(entry: &mut Entry, name: &str, value: Vec<u8>) {
    match entry
        .attributes
        .iter_mut()
        .find(|known| known.name.eq_ignore_ascii_case(name))
    {
        Some(attribute) => attribute.values.push(value),
        None => entry.attributes.push(Attribute {
            name: name.to_owned(),
            values: vec![value],
        }),
    }
}

/// A federation in which the operator wrote nothing but what has to be written.
pub fn federation(vendor: &str, users_dn: &str) -> Federation {
    Federation {
        name: "staff".to_owned(),
        vendor: vendor.to_owned(),
        edit_mode: EditMode::ReadOnly,
        import_enabled: false,
        sync_registration: false,
        users: vec![Subtree {
            base: users_dn.to_owned(),
            scope: SearchScope::Subtree,
        }],
        readable: Vec::new(),
        username_attribute: None,
        rdn_attribute: None,
        uuid_attribute: None,
        user_object_classes: Vec::new(),
        custom_filter: None,
        mappers: Vec::new(),
        settings: Vec::new(),
    }
}

/// A reply with nothing but a result code and a diagnostic message.
pub fn reply(result_code: u32, diagnostic: &str) -> Reply {
    Reply {
        result_code,
        diagnostic: diagnostic.to_owned(),
        controls: Vec::new(),
    }
}

/// What a policy says of a person at this time; without a reply nobody signs in.
///
/// # Errors
///
/// The number of steps, where it is not one.
pub fn decide<P: VendorPolicy>(
    plan: &Plan,
    entry: Entry,
    reply: Option<Reply>,
    now: u64,
) -> Result<Step, usize> {
    let person = Person {
        entry,
        reply,
        findings: Vec::new(),
    };
    step::<P>(plan, person, Vec::new(), now)
}

/// What a policy says of a person for whom reads were done, beside those that are alike for everyone.
///
/// # Errors
///
/// The number of steps, where it is not one.
pub fn step<P: VendorPolicy>(
    plan: &Plan,
    person: Person,
    shared: Vec<Finding>,
    now: u64,
) -> Result<Step, usize> {
    let context = Context {
        memo: plan.memo.clone(),
        now,
        shared,
        more: Vec::new(),
    };
    let mut steps = P::decide(context, vec![person]);
    match (steps.pop(), steps.len()) {
        (Some(step), 0) => Ok(step),
        (last, others) => Err(others + usize::from(last.is_some())),
    }
}

/// Who a person is by a policy, at this time; without a reply nobody signs in.
///
/// # Errors
///
/// What the policy said instead.
pub fn identified<P: VendorPolicy>(
    plan: &Plan,
    entry: Entry,
    reply: Option<Reply>,
    now: u64,
) -> Result<Identity, String> {
    match decide::<P>(plan, entry, reply, now) {
        Ok(Step::Identified(identity)) => Ok(identity),
        other => Err(format!("{other:?}")),
    }
}

/// Why a policy says that a bind failed, at this time.
///
/// # Errors
///
/// What the policy said instead.
pub fn rejected<P: VendorPolicy>(
    plan: &Plan,
    entry: Entry,
    reply: Reply,
    now: u64,
) -> Result<Rejection, String> {
    match decide::<P>(plan, entry, Some(reply), now) {
        Ok(Step::Rejected(rejection)) => Ok(rejection),
        other => Err(format!("{other:?}")),
    }
}

/// The finding of a read that gave the entries of an LDIF text.
///
/// # Errors
///
/// The text is no LDIF.
pub fn found(key: &str, text: &str) -> Result<Finding, String> {
    Ok(Finding {
        key: key.to_owned(),
        result_code: 0,
        entries: ldif(text)?,
    })
}

/// The bars of an identity, each as its reason, its first second, and the first second after it.
pub fn bars(identity: Identity) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    let parts = |bar: Bar| (bar.reason, bar.since, bar.until);
    identity.bars.into_iter().map(parts).collect()
}

/// What a policy proposes for a directory: the root DSE is the first entry of an LDIF text, the others
/// are those that were found below its naming contexts.
///
/// # Errors
///
/// The text is no LDIF, or empty.
pub fn recognise<P: VendorPolicy>(text: &str) -> Result<Option<Proposal>, String> {
    let mut entries = ldif(text)?.into_iter();
    let root = entries.next().ok_or("there is no root DSE")?;
    Ok(P::recognise(root, entries.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entries() {
        let text = "version: 1\n\ndn:\nvendorName: x\n\n# a comment\n that goes on\ndn: uid=a,\n o=x\ncn: A\nCN:: QgA=\nsn:x\n";
        let entries = ldif(text).expect("LDIF");
        let values = |at: usize| -> Vec<_> {
            entries[at]
                .attributes
                .iter()
                .map(|a| (a.name.as_str(), a.values.clone()))
                .collect()
        };
        assert_eq!(
            entries
                .iter()
                .map(|entry| entry.dn.as_str())
                .collect::<Vec<_>>(),
            ["", "uid=a,o=x"]
        );
        assert_eq!(values(0), [("vendorName", vec![b"x".to_vec()])]);
        assert_eq!(
            values(1),
            [
                ("cn", vec![b"A".to_vec(), b"B\0".to_vec()]),
                ("sn", vec![b"x".to_vec()])
            ]
        );
    }

    #[test]
    fn says_which_line_is_wrong() {
        for (text, line) in [
            ("dn: o=x\nfoo\n", "line 2"),
            ("cn: x\n", "line 1"),
            ("dn: o=x\n\ncn:: ?\n", "line 3"),
            ("dn: o=x\ncn:< file:///x\n", "line 2"),
        ] {
            assert!(ldif(text).expect_err(text).starts_with(line), "{text:?}");
        }
    }
}
