//! The kind `account-control`: whether the account is switched on, as a claim. Accounts are judged with
//! and without such a mapper.

use super::settings::{self, Fields, Known};
use crate::memo::{self, Reader};

pub(super) const KIND: &str = "account-control";

const CLAIM: &str = "claim";

pub(super) const SETTINGS: &[Known] = &[
    settings::LEFT_OUT_ON_ERROR,
    Known {
        name: CLAIM,
        about: "The claim that is true while the directory has the account switched on; none where it is not \
                set.",
        preset: None,
        choices: &[],
    },
];

#[derive(Debug)]
pub(super) struct AccountControl<'a> {
    pub(super) claim: Option<&'a str>,
}

impl<'a> AccountControl<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let is_set = fields.setting(CLAIM).is_some();
        let claim = is_set.then(|| fields.claim_in(CLAIM));
        fields.finish(Self { claim })
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            claim: memo::option(reader.text()?),
        })
    }
}
