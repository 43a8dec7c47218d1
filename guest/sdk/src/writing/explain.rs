//! What a refused write means, by its result code (RFC 4511 appendix A).

use super::USERNAME;
use crate::{
    Vendor,
    terms::Terms,
    types::{Context, Problem, Reply, problem},
};

/// What a refused write means, in the fields of the profile: at least one problem.
pub(crate) fn explain<T: Vendor>(context: &Context, reply: &Reply) -> Vec<Problem> {
    if let Some(problem) = T::meaning(reply) {
        return vec![problem];
    }
    let (about, message) = by_code(reply.result_code);
    let field = match about {
        About::Value => named(context, &reply.diagnostic).unwrap_or_else(|| PROFILE.to_owned()),
        About::Name => USERNAME.to_owned(),
        About::Federation => "edit_mode".to_owned(),
    };
    vec![problem(field, message)]
}

/// What a result code speaks of.
enum About {
    Value,
    Name,
    Federation,
}

fn by_code(code: u32) -> (About, String) {
    let (about, message) = match code {
        10 => (
            About::Federation,
            "the server takes no writes and refers to another; name that one in the federation's addresses",
        ),
        16 => (
            About::Value,
            "the entry or the directory's schema lacks what would be changed; read the entry again, or check the mapper",
        ),
        17 => (
            About::Value,
            "the directory's schema has no such attribute; map the claim to another, or add the attribute",
        ),
        18 | 21 => (
            About::Value,
            "the directory does not take a value of this form; write another",
        ),
        19 => (
            About::Value,
            "a rule of the directory for its values is broken, such as a length or that a value is unique; \
             write another",
        ),
        20 => (
            About::Value,
            "the value is there already; read the entry again",
        ),
        32 => (
            About::Name,
            "the entry, or the one that new users are made below, is not there; check users_dn",
        ),
        34 | 64 => (
            About::Name,
            "the directory does not take an entry of this name; write another user name, or check \
             rdn_ldap_attribute",
        ),
        50 => (
            About::Federation,
            "the service account may not write this; let it in the directory",
        ),
        53 => (
            About::Federation,
            "the directory is not willing to write this; its log says why",
        ),
        65 => (
            About::Value,
            "the object classes of the entry want an attribute that it lacks, or do not allow one that it would \
             have; fill in what is missing, or check user_object_classes",
        ),
        67 => (
            About::Value,
            "the value is in the name of the entry; map the claim to another attribute",
        ),
        68 => (
            About::Name,
            "there is an entry of this name already; write another",
        ),
        code => {
            let message =
                format!("the directory answered the write with result {code}; its log says why");
            return (About::Federation, message);
        }
    };
    (about, message.to_owned())
}

/// The claim whose attribute the diagnostic message names; directories write the names of attributes
/// as they are in the schema.
fn named(context: &Context, diagnostic: &str) -> Option<String> {
    let writable = Terms::of(&context.memo)?.writable?;
    let is_part = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let names = |attribute: &str| {
        diagnostic
            .split(is_part)
            .any(|word| word.eq_ignore_ascii_case(attribute))
    };
    if names(writable.username_attribute) {
        return Some(USERNAME.to_owned());
    }
    let rule = writable.rules.iter().find(|rule| names(rule.attribute))?;
    Some(rule.claim.to_owned())
}

/// Where the directory does not say which attribute it means.
const PROFILE: &str = "profile";
