//! The optional interface `passwords`: what a refused password change means.

use crate::{
    bindings::{
        exports::ldap_oidc::policy::passwords as wit,
        ldap_oidc::policy::types::{Context, Entry, Reply},
    },
    call::{Call, Linked},
    contract::{self, Checked},
    fault::Fault,
    world::{Interface, NotInWorld},
};
use bridge_model::write::Complaint;
use wasmtime::component::{Component, ComponentExportIndex};

type Arguments<'a> = (Context<'a>, Entry<'a>, Reply<'a>);
type Answer = (Vec<wit::Complaint>,);

/// Where the functions of the interface are.
pub(crate) struct Exports {
    explain: ComponentExportIndex,
}

impl Exports {
    /// None where the component does not export the interface.
    pub(crate) fn find(component: &Component) -> Result<Option<Self>, NotInWorld> {
        let Some(interface) = Interface::find(component, NAME) else {
            return Ok(None);
        };
        Ok(Some(Self {
            explain: interface.function::<Arguments<'_>, Answer>("explain")?,
        }))
    }
}

impl Linked {
    /// Asks what a refused password change means.
    pub(crate) fn explain_password(
        &self,
        arguments: Arguments<'_>,
    ) -> Result<Vec<Complaint>, Fault> {
        let exports = self.functions().passwords.as_ref();
        let exports = exports.ok_or_else(|| Fault::not_offered("passwords"))?;
        let call: Call<'_, Arguments<'_>, Answer> =
            Call::new("explain", &exports.explain, 0, arguments);
        let (complaints,) = self.run(call)?;
        let complaints: Vec<Complaint> = complaints.into_iter().map(Complaint::from).collect();
        check(&complaints).map_err(|breach| Fault::of_breach(&breach, "explain"))?;
        Ok(complaints)
    }
}

impl From<wit::Complaint> for Complaint {
    fn from(complaint: wit::Complaint) -> Self {
        match complaint {
            wit::Complaint::WrongOldPassword => Self::WrongOldPassword,
            wit::Complaint::TooShort(length) => Self::TooShort(length),
            wit::Complaint::TooLong(length) => Self::TooLong(length),
            wit::Complaint::InHistory => Self::InHistory,
            wit::Complaint::TooYoung(seconds) => Self::TooYoung(seconds),
            wit::Complaint::TooWeak => Self::TooWeak,
            wit::Complaint::NotAllowed => Self::NotAllowed,
            wit::Complaint::Other(reason) => Self::Other(reason),
        }
    }
}

fn check(complaints: &[Complaint]) -> Checked {
    let says_why = !complaints.is_empty();
    contract::holds(says_why, "complaints", "there must be at least one")?;
    contract::count("complaints", complaints.len(), contract::NAMES_MAX)?;
    complaints.iter().try_for_each(|complaint| match complaint {
        Complaint::Other(reason) => contract::name("complaint", reason),
        _ => Ok(()),
    })
}

/// The interface.
pub(crate) const NAME: &str = "ldap-oidc:policy/passwords@0.1.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_one_complaint_and_none_without_words() {
        assert_eq!(check(&[Complaint::TooShort(None)]), Ok(()));
        for complaints in [
            vec![],
            vec![Complaint::Other(" ".into())],
            vec![Complaint::Other("x".repeat(1025))],
            vec![Complaint::TooWeak; 65],
        ] {
            assert!(check(&complaints).is_err(), "{complaints:?}");
        }
    }
}
