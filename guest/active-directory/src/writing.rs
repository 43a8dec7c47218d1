//! Profile changes and new users.
//!
//! An entry keeps its name: `cn` is a name for administrators, and a person's claims are read from other
//! attributes.

use crate::{
    ActiveDirectory,
    passwords::error,
    state::{CONTROL, DISABLED},
};
use policy_sdk::{
    Attributes, Writing, dn,
    types::{Modification, Problem, Reply, problem},
    writing::{ENABLED, NewUser, USERNAME, set},
};

impl Writing for ActiveDirectory {
    const SWITCH: &'static [&'static str] = &[CONTROL];
    const OF_NEW_USERS: &'static [&'static str] = &[ACCOUNT, PRINCIPAL, CONTROL];
    const RENAMES: bool = false;

    fn check_username(username: &str) -> Option<&'static str> {
        // With an @ it is a user principal name, of which the account name is made.
        let account = username.split('@').next().unwrap_or_default();
        if account.contains(FORBIDDEN) {
            Some(
                "the directory takes no name with any of \" / \\ [ ] : ; | = , + * ? < >; write another",
            )
        } else if account.chars().count() > ACCOUNT_CHARACTERS_MAX {
            Some("the directory takes no name of more than 20 characters; write a shorter one")
        } else if account.is_empty() || account.ends_with('.') {
            Some("the directory takes no name that ends in a full stop; write another")
        } else {
            None
        }
    }

    /// The other bits stay as they are; what is not there is never made up.
    fn switch(user: Attributes<'_>, on: bool) -> Result<Vec<Modification>, Problem> {
        let Some(flags) = user.integer(CONTROL)? else {
            let message =
                format!("the entry does not show {CONTROL}; let the service account read it");
            return Err(problem(ENABLED, message));
        };
        let wanted = if on {
            flags & !DISABLED
        } else {
            flags | DISABLED
        };
        let change = (wanted != flags).then(|| set(CONTROL, wanted.to_string()));
        Ok(change.into_iter().collect())
    }

    /// The account is made switched off: one that is on has to have a password.
    fn complete(user: &mut NewUser<'_>) {
        let (name, parent) = (user.username, user.parent);
        let account = name.split('@').next().unwrap_or(name);
        user.fill_in(ACCOUNT, account);
        if name.contains('@') {
            user.fill_in(PRINCIPAL, name);
        } else if let Some(domain) = domain(parent) {
            user.fill_in(PRINCIPAL, &format!("{name}@{domain}"));
        }
        user.fill_in(CONTROL, &NEW.to_string());
    }

    fn meaning(reply: &Reply) -> Option<Problem> {
        let is_taken = match error(&reply.diagnostic) {
            // The user principal name is not unique in the forest.
            Some(NOT_UNIQUE) => true,
            Some(CONSTRAINT) => reply.diagnostic.contains("already in use"),
            _ => false,
        };
        is_taken.then(|| {
            problem(
                USERNAME,
                "there is a user of this name already; write another",
            )
        })
    }
}

const ACCOUNT: &str = "sAMAccountName";
const PRINCIPAL: &str = "userPrincipalName";
/// A normal account, switched off.
const NEW: i64 = 0x200 | DISABLED;

/// What an account name must not have, and its length (MS-SAMR section 3.1.1.6).
const FORBIDDEN: &[char] = &[
    '"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>',
];
const ACCOUNT_CHARACTERS_MAX: usize = 20;

/// Windows error codes.
const NOT_UNIQUE: u32 = 0x21c8;
const CONSTRAINT: u32 = 0x202f;

/// `corp.example` for a name that ends in `DC=corp,DC=example`.
fn domain(parent: &str) -> Option<String> {
    let mut rest = dn::domain(parent)?;
    let mut labels = Vec::new();
    while !rest.is_empty() {
        labels.push(dn::first_value(rest)?.into_owned());
        rest = dn::parent(rest)?;
    }
    Some(labels.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy,
        testing::{federation, ldif, modifications, registered, reply},
        types::{ClaimValue, Context, EditMode, Entry, Federation, Plan},
    };

    fn plan() -> Plan {
        let federation = Federation {
            edit_mode: EditMode::Writable,
            sync_registration: true,
            ..federation("ad", "OU=People,DC=ad,DC=example,DC=test")
        };
        ActiveDirectory::translate(federation).expect("a plan")
    }

    fn user(flags: &str) -> Entry {
        let text = format!("dn: CN=ada,DC=x\ncn: ada\nsAMAccountName: ada\n{flags}");
        ldif(&text).expect("LDIF").remove(0)
    }

    fn switched(flags: &str, on: bool) -> Result<Vec<(String, Vec<String>)>, Vec<Problem>> {
        let on = Some(ClaimValue::Boolean(on));
        modifications::<ActiveDirectory>(&plan(), user(flags), ENABLED, on)
    }

    #[test]
    fn an_account_is_switched_by_one_bit() {
        for (now, on, then) in [
            ("66048", false, Some("66050")),
            ("66050", true, Some("66048")),
            ("514", true, Some("512")),
            ("512", true, None),
            ("514", false, None),
        ] {
            let written = switched(&format!("userAccountControl: {now}\n"), on);
            let values = written.expect("a change");
            let expected = then.map(|then| (CONTROL.to_owned(), vec![then.to_owned()]));
            assert_eq!(values, Vec::from_iter(expected), "{now} {on}");
        }
        for flags in ["", "userAccountControl: x\n"] {
            let problems = switched(flags, true).expect_err("never made up");
            assert_eq!(problems.len(), 1);
        }
    }

    #[test]
    fn an_entry_keeps_its_name_and_gets_another_account_name() {
        let name = Some(ClaimValue::Text("augusta".to_owned()));
        let written = modifications::<ActiveDirectory>(&plan(), user(""), USERNAME, name);
        assert_eq!(
            written,
            Ok(vec![(ACCOUNT.to_owned(), vec!["augusta".to_owned()])])
        );
        for bad in ["a\"b", "a=b", "x*", "augusta.ada.king.noel", "ada."] {
            let name = Some(ClaimValue::Text(bad.to_owned()));
            let refused = modifications::<ActiveDirectory>(&plan(), user(""), USERNAME, name);
            assert_eq!(refused.expect_err(bad)[0].field, USERNAME);
        }
    }

    #[test]
    fn a_new_user_is_switched_off_and_has_the_names_of_the_domain() {
        let plan = plan();
        let profile = [
            ("preferred_username", "alan"),
            ("name", "Alan Turing"),
            ("email", "alan@example.test"),
        ];
        let entry = registered::<ActiveDirectory>(&plan, &profile).expect("an entry");
        assert_eq!(entry.parent, "OU=People,DC=ad,DC=example,DC=test");
        assert_eq!(entry.name.len(), 1);
        assert_eq!(entry.name[0].attribute, "cn");
        assert_eq!(entry.name[0].value, b"alan");
        let value = |name: &str| {
            let found = entry.attributes.iter().find(|own| own.name == name)?;
            assert!(plan.writes.contains(&found.name), "{name}");
            String::from_utf8(found.values[0].clone()).ok()
        };
        for (attribute, expected) in [
            ("sAMAccountName", "alan"),
            ("userPrincipalName", "alan@ad.example.test"),
            ("userAccountControl", "514"),
            ("displayName", "Alan Turing"),
            ("mail", "alan@example.test"),
        ] {
            assert_eq!(value(attribute).as_deref(), Some(expected), "{attribute}");
        }
        let profile = [("preferred_username", "alan@corp.example")];
        let entry = registered::<ActiveDirectory>(&plan, &profile).expect("an entry");
        let principal = entry.attributes.iter().find(|own| own.name == PRINCIPAL);
        assert_eq!(
            principal.expect("a principal name").values,
            [b"alan@corp.example"]
        );
    }

    /// As Samba 4.17 answered, and Windows by MS-ADTS section 3.1.1.5.1.2.
    #[test]
    fn a_name_that_is_taken_is_said_of_the_user_name() {
        let context = || Context {
            memo: plan().memo,
            now: 0,
            shared: Vec::new(),
            more: Vec::new(),
        };
        for (code, text) in [
            (68, "00002071: samldb: samAccountName 'ada' already in use!"),
            (
                68,
                "Entry CN=ada,CN=Users,DC=ad,DC=example,DC=test already exists",
            ),
            (
                19,
                "0000202F: samldb: userPrincipalName 'ada@ad.example.test' is already in use ",
            ),
            (
                19,
                "000021C8: AtrErr: DSID-03200C24, #1: 0: 000021C8: DSID-03200C24, problem 1005",
            ),
            (
                19,
                "0000202F: samldb: sAMAccountName contains invalid '\"' character",
            ),
        ] {
            let problems = ActiveDirectory::explain_write(context(), reply(code, text));
            assert_eq!(problems[0].field, USERNAME, "{text}");
        }
        let text = "00002098: Object CN=ada,CN=Users,DC=ad has no write property access";
        let problems = ActiveDirectory::explain_write(context(), reply(50, text));
        assert_eq!(problems[0].field, "edit_mode");
    }
}
