//! What the variables stand for: a person's entry and identity, read as far as they are asked.

use cel::{
    ExecutionError,
    common::{
        traits::{Container, Indexer},
        types::{CelBool, CelInt, CelList, CelString, Type},
        value::{CowVal, Val},
    },
};
use policy_sdk::{
    Attributes,
    types::{ClaimValue, Entry, Identity},
};
use std::sync::Arc;

/// Stands before a name that is not there, and cannot be written in an expression's own keys.
const MISSING: &str = "\u{1}";

/// Whether a lookup failed because the directory, or the vendor policy, does not say it.
pub(crate) fn is_missing(key: &str) -> bool {
    key.starts_with(MISSING)
}

fn missing(name: &str) -> ExecutionError {
    ExecutionError::NoSuchKey(Arc::new(format!("{MISSING}{name}")))
}

/// The variable `entry`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryValue<'c>(Attributes<'c>);

/// The variable `identity`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentityValue<'c>(&'c Identity);

/// What `identity.claims` is.
#[derive(Clone, Copy, Debug)]
struct ClaimsValue<'c>(&'c Identity);

impl<'c> EntryValue<'c> {
    pub(crate) fn of(entry: &'c Entry) -> Self {
        Self(Attributes::of(entry))
    }
}

impl<'c> IdentityValue<'c> {
    pub(crate) fn of(identity: &'c Identity) -> Self {
        Self(identity)
    }
}

/// Something in which things are found by their names.
trait Named {
    const TYPE: &'static Type;

    /// What has this name.
    fn named<'v>(&self, name: &str) -> Option<Box<dyn Val + 'v>>
    where
        Self: 'v;
}

static ENTRY: Type = Type::new_unspecified_type("entry");
static IDENTITY: Type = Type::new_unspecified_type("identity");
static CLAIMS: Type = Type::new_unspecified_type("claims");

impl Named for EntryValue<'_> {
    const TYPE: &'static Type = &ENTRY;

    fn named<'v>(&self, name: &str) -> Option<Box<dyn Val + 'v>>
    where
        Self: 'v,
    {
        let mut values: Vec<&str> = self.0.values(name).texts().collect();
        // The directory's order means nothing, and shuffling it has to change nothing.
        values.sort_unstable();
        (!values.is_empty()).then(|| list(values))
    }
}

impl Named for IdentityValue<'_> {
    const TYPE: &'static Type = &IDENTITY;

    fn named<'v>(&self, name: &str) -> Option<Box<dyn Val + 'v>>
    where
        Self: 'v,
    {
        match name {
            "username" => Some(text(&self.0.username)),
            "claims" => Some(Box::new(ClaimsValue(self.0))),
            "groups" => Some(list(self.0.groups.iter().map(|group| group.name.as_str()))),
            "roles" => {
                let roles = self.0.roles.iter().map(|role| match &role.client {
                    Some(client) => format!("{client}/{}", role.name),
                    None => role.name.clone(),
                });
                Some(list(roles))
            }
            _ => None,
        }
    }
}

impl Named for ClaimsValue<'_> {
    const TYPE: &'static Type = &CLAIMS;

    fn named<'v>(&self, name: &str) -> Option<Box<dyn Val + 'v>>
    where
        Self: 'v,
    {
        let mut claims = self.0.claims.iter();
        Some(match &claims.find(|claim| claim.name == name)?.value {
            ClaimValue::Text(value) | ClaimValue::Json(value) => text(value),
            ClaimValue::Texts(values) => list(values.iter().map(String::as_str)),
            ClaimValue::Integer(value) => Box::new(CelInt::from(*value)),
            ClaimValue::Boolean(value) => Box::new(CelBool::from(*value)),
        })
    }
}

fn text<'v>(text: &str) -> Box<dyn Val + 'v> {
    Box::new(CelString::from(text.to_owned()))
}

fn list<'v>(texts: impl IntoIterator<Item = impl Into<String>>) -> Box<dyn Val + 'v> {
    let values: Vec<Box<dyn Val + 'v>> = texts
        .into_iter()
        .map(|text| Box::new(CelString::from(text.into())) as Box<dyn Val>)
        .collect();
    Box::new(CelList::from(values))
}

fn find<'v, T: Named + 'v>(of: &T, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError> {
    let name = index.downcast_ref::<CelString<'_>>().map(CelString::inner);
    let name = name.ok_or_else(|| ExecutionError::UnexpectedType {
        got: index.get_type().name().to_owned(),
        want: "string".to_owned(),
    })?;
    of.named(name).ok_or_else(|| missing(name))
}

/// The interpreter's face of what has names: looked up in, and asked with `has()` and `in`.
macro_rules! looked_up_in {
    ($($value:ident)*) => {$(
        impl Val for $value<'_> {
            fn get_type(&self) -> &Type {
                <Self as Named>::TYPE
            }

            fn cel_type() -> &'static Type {
                <Self as Named>::TYPE
            }

            fn as_container(&self) -> Option<&dyn Container> {
                Some(self)
            }

            fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
            where
                Self: 'v,
            {
                Some(self)
            }

            fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
            where
                Self: 'v,
            {
                Box::new(*self)
            }
        }

        impl Indexer for $value<'_> {
            fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
            where
                Self: 'v,
            {
                find(self, index).map(CowVal::Owned)
            }

            fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
            where
                Self: 'v,
            {
                find(&*self, index)
            }
        }

        impl Container for $value<'_> {
            fn contains(&self, index: &dyn Val) -> Result<bool, ExecutionError> {
                match find(self, index) {
                    Ok(_) => Ok(true),
                    Err(ExecutionError::NoSuchKey(_)) => Ok(false),
                    Err(error) => Err(error),
                }
            }
        }
    )*};
}

looked_up_in!(EntryValue IdentityValue ClaimsValue);
