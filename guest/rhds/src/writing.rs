//! Profile changes and new users.

use crate::{Rhds, state::LOCK};
use policy_sdk::{
    Attributes, Writing,
    types::{Modification, Problem},
    writing::{clear, set},
};

impl Writing for Rhds {
    const SWITCH: &'static [&'static str] = &[LOCK];

    /// A lock that comes from a role or a class of service stays: it is not the entry's own.
    fn switch(user: Attributes<'_>, on: bool) -> Result<Vec<Modification>, Problem> {
        let is_on = user.boolean(LOCK)? != Some(true);
        let change = match (is_on, on) {
            (true, false) => Some(set(LOCK, "true")),
            (false, true) => Some(clear(LOCK)),
            _ => None,
        };
        Ok(change.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy,
        testing::{federation, ldif, modifications, registered},
        types::{ClaimValue, EditMode, Federation},
    };

    #[test]
    fn an_account_is_switched_by_its_lock() {
        let federation = Federation {
            edit_mode: EditMode::Writable,
            sync_registration: true,
            ..federation("rhds", "ou=people,o=x")
        };
        let plan = Rhds::translate(federation).expect("a plan");
        assert!(plan.writes.iter().any(|name| name == LOCK));
        for (now, on, then) in [
            ("", false, Some(vec!["true".to_owned()])),
            (
                "nsAccountLock: FALSE\n",
                false,
                Some(vec!["true".to_owned()]),
            ),
            ("nsAccountLock: true\n", true, Some(vec![])),
            ("nsAccountLock: true\n", false, None),
            ("", true, None),
        ] {
            let text = format!("dn: uid=x,o=x\nuid: x\n{now}");
            let user = ldif(&text).expect("LDIF").remove(0);
            let value = Some(ClaimValue::Boolean(on));
            let written = modifications::<Rhds>(&plan, user, "enabled", value).expect("a change");
            let expected = then.map(|values| (LOCK.to_owned(), values));
            assert_eq!(written, Vec::from_iter(expected), "{now:?} {on}");
        }
        let entry = registered::<Rhds>(&plan, &[("preferred_username", "alan")]);
        let entry = entry.expect("an entry");
        assert_eq!(entry.name[0].attribute, "uid");
        for attribute in &entry.attributes {
            assert!(plan.writes.contains(&attribute.name), "{}", attribute.name);
        }
    }
}
