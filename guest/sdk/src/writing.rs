//! Profile changes and new users, in a vendor's attributes.
//!
//! A claim is written where a mapper reads it plainly: the kinds `attribute` and `full-name`, without
//! settings that make something else of the value. What is written is read again before it leaves the
//! policy: a value that would come back as another is refused.
//!
//! An attribute that a mapper reads one value of has that one value after a change.

mod draft;
mod explain;
mod modify;
mod register;
pub(crate) mod rules;

use crate::{
    Attributes, Vendor,
    memo::OCTETS_MAX,
    terms::{Terms, Writable},
    types::{
        Attribute, Control, EditMode, Federation, Mapper, Modification, ModifyWay, PasswordWrite,
        Plan, Problem, Reply, problem,
    },
};
pub(crate) use explain::explain;
pub(crate) use modify::modify;
pub use register::NewUser;
pub(crate) use register::register;

/// What differs between a vendor and a directory that follows the RFCs alone.
pub trait Writing {
    /// Attributes that [`Writing::switch`] writes.
    const SWITCH: &'static [&'static str] = &[];

    /// Attributes that [`Writing::complete`] writes, beside those of the name and `objectClass`.
    const OF_NEW_USERS: &'static [&'static str] = PERSON;

    /// Whether an entry gets another name when the attribute in its name changes. Else it keeps the
    /// one it has, and such a change is refused.
    const RENAMES: bool = true;

    /// What is wrong with a user name; none: nothing.
    fn check_username(username: &str) -> Option<&'static str> {
        let _ = username;
        None
    }

    /// Switches an account on or off; nothing to modify where it is so already.
    ///
    /// # Errors
    ///
    /// Why that cannot be done.
    fn switch(user: Attributes<'_>, on: bool) -> Result<Vec<Modification>, Problem> {
        let _ = (user, on);
        Err(problem(
            ENABLED,
            "nothing is known of how this directory switches accounts off; do it there",
        ))
    }

    /// Fills in what the directory wants of a new user beside the profile.
    fn complete(user: &mut NewUser<'_>) {
        user.fill_in_names();
    }

    /// What a refused write means where the vendor says more than the result code does.
    fn meaning(reply: &Reply) -> Option<Problem> {
        let _ = reply;
        None
    }
}

/// What entries of persons have to have (RFC 4519 section 3.12).
pub const PERSON: &[&str] = &["cn", "sn"];

/// The change of a user name.
pub const USERNAME: &str = "username";
/// The change that switches an account on or off.
pub const ENABLED: &str = "enabled";

/// A modification after which an attribute has this one value.
pub fn set(attribute: &str, value: impl Into<Vec<u8>>) -> Modification {
    replace(attribute, vec![value.into()])
}

/// A modification after which an attribute is not there.
pub fn clear(attribute: &str) -> Modification {
    replace(attribute, Vec::new())
}

fn replace(attribute: &str, values: Vec<Vec<u8>>) -> Modification {
    Modification {
        way: ModifyWay::Replace,
        attribute: Attribute {
            name: attribute.to_owned(),
            values,
        },
    }
}

/// What a federation says of writes, beside what its plan says.
pub(crate) struct Wishes {
    is_writable: bool,
    registers: bool,
    places: Vec<String>,
    controls: Vec<Control>,
}

impl Wishes {
    pub(crate) fn of<T: Vendor>(federation: &Federation) -> Self {
        let places = federation.users.iter().map(|part| part.base.clone());
        Self {
            is_writable: federation.edit_mode == EditMode::Writable,
            registers: federation.sync_registration,
            places: places.collect(),
            controls: T::password_controls(federation),
        }
    }

    /// Completes a plan: how passwords are written, what may be written, and what later calls of
    /// writing and of changes want to know.
    ///
    /// # Errors
    ///
    /// The memo is over the contract's limit.
    pub(crate) fn complete<T: Vendor>(self, mut plan: Plan) -> Result<Plan, Vec<Problem>> {
        plan.password_write = T::password_write();
        if !matches!(plan.password_write, PasswordWrite::Refused) {
            plan.password_controls = self.controls;
        }
        let parts = Parts {
            stable_attribute: plan.stable_id.attribute.clone(),
            username_attribute: plan.username_attribute.clone(),
            rdn_attribute: plan.rdn_attribute.clone(),
            object_classes: plan.user_object_classes.clone(),
            mappers: plan.mappers.clone(),
        };
        let writable = self.is_writable.then(|| Writable {
            username_attribute: &parts.username_attribute,
            rdn_attribute: &parts.rdn_attribute,
            object_classes: parts.object_classes.iter().map(String::as_str).collect(),
            registers: self.registers,
            rules: rules::of(&parts.mappers),
        });
        if let Some(writable) = &writable {
            plan.writes = writes::<T>(writable);
        }
        let terms = Terms {
            stable_attribute: &parts.stable_attribute,
            places: self.places.iter().map(String::as_str).collect(),
            writable,
        };
        terms.put(&mut plan);
        if plan.memo.len() > OCTETS_MAX {
            let message = "the mappers are too many, or their settings too long; remove some";
            return Err(vec![problem("mapper", message)]);
        }
        Ok(plan)
    }
}

/// What [`Terms`] borrow from a plan while they are written into it.
struct Parts {
    stable_attribute: String,
    username_attribute: String,
    rdn_attribute: String,
    object_classes: Vec<String>,
    mappers: Vec<Mapper>,
}

/// Each attribute once, whatever its letter case.
fn writes<T: Vendor>(writable: &Writable<'_>) -> Vec<String> {
    let mut names: Vec<&str> = vec![writable.username_attribute];
    names.extend(writable.rules.iter().map(|rule| rule.attribute));
    names.extend(T::SWITCH);
    if writable.registers {
        names.extend(["objectClass", writable.rdn_attribute]);
        names.extend(T::OF_NEW_USERS);
    }
    let mut writes: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        if !writes.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            writes.push(name.to_owned());
        }
    }
    writes
}

fn not_writable() -> Vec<Problem> {
    vec![problem(
        "edit_mode",
        "the federation is not writable; set WRITABLE, and save it again",
    )]
}

#[cfg(test)]
mod tests;
