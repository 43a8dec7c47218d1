//! The memo of a mapper that needs no more than names and texts.

use crate::{
    memo::{Reader, Writer},
    types::{MapperPlan, Problem, problem},
};

/// A mapper that reads one attribute for one claim, with whatever else it wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapperRule {
    /// The attribute it reads; empty: none.
    pub attribute: String,
    /// The claim it sets.
    pub claim: String,
    /// What else, in an order of the policy's own.
    pub more: Vec<String>,
}

impl MapperRule {
    /// A rule without more.
    pub fn new(attribute: &str, claim: &str) -> Self {
        Self {
            attribute: attribute.to_owned(),
            claim: claim.to_owned(),
            more: Vec::new(),
        }
    }

    /// The rule with one more text.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.more.push(text.to_owned());
        self
    }

    /// A plan that reads the rule's attribute, sets its claim, and has the rule as its memo.
    pub fn plan(&self) -> MapperPlan {
        let attribute = Some(&self.attribute).filter(|name| !name.is_empty());
        MapperPlan {
            attributes: attribute.cloned().into_iter().collect(),
            claims: vec![self.claim.clone()],
            memo: self.encode(),
            notes: Vec::new(),
        }
    }

    /// The rule as octets.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.text(&self.attribute);
        writer.text(&self.claim);
        writer.number(self.more.len());
        for text in &self.more {
            writer.text(text);
        }
        writer.finish()
    }

    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// [`Self::encode`] did not make it.
    pub fn decode(memo: &[u8]) -> Result<Self, Problem> {
        let mut reader = Reader::new(memo);
        Self::read(&mut reader)
            .filter(|_| reader.rest().is_empty())
            .ok_or_else(|| {
                let message =
                    "the memo is not one that this policy wrote; save the federation anew";
                problem("memo", message)
            })
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut rule = Self {
            attribute: reader.text()?.to_owned(),
            claim: reader.text()?.to_owned(),
            more: Vec::new(),
        };
        for _ in 0..reader.number()? {
            rule.more.push(reader.text()?.to_owned());
        }
        Some(rule)
    }
}
