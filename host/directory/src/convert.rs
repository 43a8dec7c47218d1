//! Between ldap3's types and those of the model.

use bridge_model::{
    entry::{Attribute, Entry},
    search::{Control, Message, Reply, SearchScope},
};
use ldap3::{LdapResult, Scope, asn1::StructureTag, controls::RawControl};
use std::collections::HashMap;

/// An entry of a search result (RFC 4511 section 4.5.2), values as octets. ldap3's own reading of
/// one panics on a bad entry and splits text from binary values.
///
/// Descriptions that differ in letter case only are one attribute; an attribute without a value is
/// left out.
///
/// # Errors
///
/// What is wrong with the entry.
pub(crate) fn entry(tag: StructureTag) -> Result<Entry, &'static str> {
    let mut parts = constructed(tag)?.into_iter();
    let dn = text(parts.next())?;
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for attribute in constructed(parts.next().ok_or(SHAPE)?)? {
        let mut parts = constructed(attribute)?.into_iter();
        let name = text(parts.next())?;
        let values = constructed(parts.next().ok_or(SHAPE)?)?
            .into_iter()
            .map(|value| value.expect_primitive().ok_or(SHAPE))
            .collect::<Result<Vec<_>, _>>()?;
        if values.is_empty() {
            continue;
        }
        let place = *places
            .entry(name.to_ascii_lowercase())
            .or_insert(attributes.len());
        match attributes.get_mut(place) {
            Some(known) => known.values.extend(values),
            None => attributes.push(Attribute { name, values }),
        }
    }
    Ok(Entry { dn, attributes })
}

fn constructed(tag: StructureTag) -> Result<Vec<StructureTag>, &'static str> {
    tag.expect_constructed().ok_or(SHAPE)
}

fn text(tag: Option<StructureTag>) -> Result<String, &'static str> {
    let octets = tag.and_then(StructureTag::expect_primitive).ok_or(SHAPE)?;
    String::from_utf8(octets).map_err(|_| "a name that is not UTF-8")
}

/// An intermediate response (RFC 4511 section 4.13).
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn message(tag: StructureTag) -> Result<Message, &'static str> {
    const SHAPE: &str = "an intermediate response that is not shaped as one";
    let mut message = Message::default();
    for part in tag.expect_constructed().ok_or(SHAPE)? {
        let place = part.id;
        let octets = part.expect_primitive().ok_or(SHAPE)?;
        match place {
            0 => message.oid = String::from_utf8(octets).map_err(|_| SHAPE)?,
            1 => message.value = Some(octets),
            _ => return Err(SHAPE),
        }
    }
    Ok(message)
}

/// The URIs of a continuation reference (RFC 4511 section 4.5.3); any of them may be used.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn reference(tag: StructureTag) -> Result<Vec<String>, &'static str> {
    const SHAPE: &str = "a reference that is not shaped as one";
    let uri = |part: StructureTag| String::from_utf8(part.expect_primitive()?).ok();
    let parts = tag.expect_constructed().ok_or(SHAPE)?;
    parts
        .into_iter()
        .map(|part| uri(part).ok_or(SHAPE))
        .collect()
}

/// What an entry takes in memory, about.
pub(crate) fn octets(entry: &Entry) -> usize {
    let attributes = entry.attributes.iter().map(|attribute| {
        let values = attribute.values.iter();
        attribute.name.len()
            + values
                .map(|value| value.len() + VALUE_OCTETS)
                .sum::<usize>()
    });
    entry.dn.len() + attributes.sum::<usize>()
}

/// What was answered, whatever its result code.
pub(crate) fn reply(result: LdapResult) -> Reply {
    Reply {
        result_code: result.rc,
        diagnostic: result.text,
        controls: controls(result.ctrls),
    }
}

pub(crate) fn controls(controls: Vec<ldap3::controls::Control>) -> Vec<Control> {
    controls
        .into_iter()
        .map(|ldap3::controls::Control(_, raw)| Control {
            oid: raw.ctype,
            critical: raw.crit,
            value: raw.val,
        })
        .collect()
}

pub(crate) fn request_controls(controls: &[Control]) -> Vec<RawControl> {
    controls
        .iter()
        .map(|control| RawControl {
            ctype: control.oid.clone(),
            crit: control.critical,
            val: control.value.clone(),
        })
        .collect()
}

pub(crate) fn scope(scope: SearchScope) -> Scope {
    match scope {
        SearchScope::Base => Scope::Base,
        SearchScope::OneLevel => Scope::OneLevel,
        SearchScope::Subtree => Scope::Subtree,
    }
}

/// What a value takes beside its octets.
const VALUE_OCTETS: usize = 32;
const SHAPE: &str = "an entry that is not shaped as one";

#[cfg(test)]
mod tests;
