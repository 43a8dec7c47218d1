//! Profile changes and new users.
//!
//! slapd has no switch for accounts of its own. Its password policy overlay has a lock that does not
//! end, which is one: it holds where the overlay is on the database.

use crate::{
    OpenLdap,
    state::{FOR_GOOD, LOCKED},
};
use policy_sdk::{
    Attributes, Writing,
    types::{Modification, Problem, Reply, problem},
    writing::{ENABLED, clear, set},
};

impl Writing for OpenLdap {
    const SWITCH: &'static [&'static str] = &[LOCKED];

    /// A lock after too many failures is another thing, and stays.
    fn switch(user: Attributes<'_>, on: bool) -> Result<Vec<Modification>, Problem> {
        let is_off = user.time(LOCKED)?.is_some_and(|since| since <= FOR_GOOD);
        let change = match (is_off, on) {
            (false, false) => Some(set(LOCKED, LOCKED_FOR_GOOD)),
            (true, true) => Some(clear(LOCKED)),
            _ => None,
        };
        Ok(change.into_iter().collect())
    }

    fn meaning(reply: &Reply) -> Option<Problem> {
        let has_no_overlay =
            reply.result_code == UNDEFINED_ATTRIBUTE && reply.diagnostic.starts_with(LOCKED);
        has_no_overlay.then(|| {
            problem(
                ENABLED,
                "this directory has no password policy overlay, and so no way to switch an account off; add \
                 slapo-ppolicy",
            )
        })
    }
}

/// draft-behera-ldap-password-policy section 5.3.3.
const LOCKED_FOR_GOOD: &str = "000001010000Z";
const UNDEFINED_ATTRIBUTE: u32 = 17;

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy,
        testing::{federation, ldif, modifications, reply},
        types::{ClaimValue, Context, EditMode, Federation, Plan},
    };

    fn plan() -> Plan {
        let federation = Federation {
            edit_mode: EditMode::Writable,
            ..federation("openldap", "ou=people,o=x")
        };
        OpenLdap::translate(federation).expect("a plan")
    }

    #[test]
    fn an_account_is_switched_off_by_a_lock_that_does_not_end() {
        let for_good = vec![LOCKED_FOR_GOOD.to_owned()];
        for (now, on, then) in [
            ("", false, Some(for_good.clone())),
            (
                "pwdAccountLockedTime: 20261121120000Z\n",
                false,
                Some(for_good),
            ),
            ("pwdAccountLockedTime: 000001010000Z\n", true, Some(vec![])),
            ("pwdAccountLockedTime: 000001010000Z\n", false, None),
            ("pwdAccountLockedTime: 20261121120000Z\n", true, None),
            ("", true, None),
        ] {
            let text = format!("dn: uid=x,o=x\nuid: x\n{now}");
            let user = ldif(&text).expect("LDIF").remove(0);
            let value = Some(ClaimValue::Boolean(on));
            let written = modifications::<OpenLdap>(&plan(), user, ENABLED, value);
            let expected = then.map(|values| (LOCKED.to_owned(), values));
            assert_eq!(written, Ok(Vec::from_iter(expected)), "{now:?} {on}");
        }
    }

    /// As slapd 2.5 answered.
    #[test]
    fn refused_writes_are_said_of_what_they_are_about() {
        for (code, text, field) in [
            (
                17,
                "pwdAccountLockedTime: attribute type undefined",
                ENABLED,
            ),
            (
                65,
                "object class 'inetOrgPerson' requires attribute 'sn'",
                "family_name",
            ),
            (21, "mail: value #0 invalid per syntax", "email"),
            (68, "", "username"),
        ] {
            let context = Context {
                memo: plan().memo,
                now: 0,
                shared: Vec::new(),
                more: Vec::new(),
            };
            let problems = OpenLdap::explain_write(context, reply(code, text));
            assert_eq!(problems[0].field, field, "{text}");
        }
    }
}
