//! What the lines of a file that begin with `#:` say.

use crate::{ldif::LdifError, trial::time::timestamp};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_model::{
    search::{Control, Reply},
    time::Timestamp,
};

/// The time of a case that says none: 2026-11-22T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_348_800);
/// What is said of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directives {
    /// The time.
    pub now: Timestamp,
    /// What everybody's bind is answered with; none: nobody signs in.
    pub reply: Option<Reply>,
    /// How many values the directory gives at once; none: all.
    pub values_max: Option<usize>,
}

impl Default for Directives {
    fn default() -> Self {
        Self {
            now: NOW,
            reply: Some(Reply::default()),
            values_max: None,
        }
    }
}

impl Directives {
    /// What the lines of a file that begin with `#:` say.
    pub(super) fn read(text: &str, preset: &Self) -> Result<Self, LdifError> {
        let mut said = preset.clone();
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(directive) = text.strip_prefix("#:") {
                let directive = directive.trim();
                let (name, value) = directive.split_once(' ').unwrap_or((directive, ""));
                said.take(name, value.trim())
                    .map_err(|problem| LdifError::new(line, problem))?;
            }
        }
        Ok(said)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "now" => {
                self.now = timestamp(value)
                    .ok_or("a time is expected after now, such as 2026-11-22T12:00:00Z")?;
            }
            "bind" if value == "none" => self.reply = None,
            "bind" => {
                let (code, diagnostic) = value.split_once(' ').unwrap_or((value, ""));
                let reply = self.reply.get_or_insert_default();
                reply.result_code = code
                    .parse()
                    .map_err(|_| "a result code of LDAP is expected after bind, or none")?;
                diagnostic.trim().clone_into(&mut reply.diagnostic);
            }
            "control" => {
                let (oid, encoded) = value.split_once(' ').unwrap_or((value, ""));
                let octets = STANDARD.decode(encoded.trim());
                let is_oid =
                    !oid.is_empty() && oid.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                let (true, Ok(octets)) = (is_oid, octets) else {
                    return Err("an OID, a space and base64 are expected after control");
                };
                self.reply.get_or_insert_default().controls.push(Control {
                    oid: oid.to_owned(),
                    critical: false,
                    value: (!octets.is_empty()).then_some(octets),
                });
            }
            "values_max" => {
                let number = value.parse().ok().filter(|number| *number > 0);
                self.values_max = Some(number.ok_or("a number is expected after values_max")?);
            }
            _ => {
                return Err(
                    "a line that begins with #: says now, bind, control or values_max; without the colon it is a comment",
                );
            }
        }
        Ok(())
    }

    /// Puts another answer to the bind in the place of the one that is said.
    ///
    /// # Errors
    ///
    /// What is expected instead.
    pub fn answer(&mut self, text: &str) -> Result<(), &'static str> {
        let (code, diagnostic) = text.split_once(':').unwrap_or((text, ""));
        self.take("bind", format!("{} {diagnostic}", code.trim()).trim())
    }
}
