//! What writes and synchronisation want to know of a federation: a part of the memo of its own, before
//! the one for sign-ins, which pass over it by its length.

use crate::{
    memo::{Reader, Writer},
    types::Plan,
    writing::rules::Rule,
};

/// What is known of a federation beside what decides about sign-ins.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Terms<'a> {
    /// The attribute that identifies a person for good.
    pub stable_attribute: &'a str,
    /// Where people live, by their DNs, in the operator's order.
    pub places: Vec<&'a str>,
    /// What is written; none where the federation is not writable.
    pub(crate) writable: Option<Writable<'a>>,
}

/// What is known of a federation that is written to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Writable<'a> {
    pub(crate) username_attribute: &'a str,
    pub(crate) rdn_attribute: &'a str,
    pub(crate) object_classes: Vec<&'a str>,
    /// Whether new users are made there.
    pub(crate) registers: bool,
    pub(crate) rules: Vec<Rule<'a>>,
}

impl<'a> Terms<'a> {
    /// Reads them from a plan's memo. None where `Terms::put` did not write them.
    pub fn of(memo: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(Reader::new(memo).octets()?);
        let terms = Self {
            stable_attribute: reader.text()?,
            places: texts(&mut reader)?,
            writable: match reader.octet()? {
                0 => None,
                flags => Some(Writable::decode(&mut reader, flags)?),
            },
        };
        reader.rest().is_empty().then_some(terms)
    }

    /// Writes them into the memo of a plan that holds what sign-ins need.
    pub(crate) fn put(&self, plan: &mut Plan) {
        let mut own = Writer::default();
        own.text(self.stable_attribute);
        put_texts(&mut own, &self.places);
        match &self.writable {
            None => own.octet(0),
            Some(writable) => writable.encode(&mut own),
        }
        let mut writer = Writer::default();
        writer.octets(&own.finish());
        let mut memo = writer.finish();
        memo.append(&mut plan.memo);
        plan.memo = memo;
    }
}

/// The part of a memo that sign-ins need.
pub(crate) fn of_sign_ins(memo: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(memo);
    reader.octets()?;
    Some(reader.rest())
}

const WRITABLE: u8 = 1;
const REGISTERS: u8 = 2;

impl<'a> Writable<'a> {
    fn encode(&self, writer: &mut Writer) {
        writer.octet(WRITABLE | if self.registers { REGISTERS } else { 0 });
        writer.text(self.username_attribute);
        writer.text(self.rdn_attribute);
        put_texts(writer, &self.object_classes);
        writer.number(self.rules.len());
        for rule in &self.rules {
            rule.encode(writer);
        }
    }

    fn decode(reader: &mut Reader<'a>, flags: u8) -> Option<Self> {
        let mut writable = Self {
            username_attribute: reader.text()?,
            rdn_attribute: reader.text()?,
            object_classes: texts(reader)?,
            registers: flags & REGISTERS != 0,
            rules: Vec::new(),
        };
        for _ in 0..reader.number()? {
            writable.rules.push(Rule::decode(reader)?);
        }
        Some(writable)
    }
}

fn put_texts(writer: &mut Writer, texts: &[&str]) {
    writer.number(texts.len());
    for text in texts {
        writer.text(text);
    }
}

fn texts<'a>(reader: &mut Reader<'a>) -> Option<Vec<&'a str>> {
    let count = reader.number()?;
    (0..count).map(|_| reader.text()).collect()
}
