//! The optional interface `changes`: what changed since the last run.

use crate::{
    bindings::{exports::ldap_oidc::policy::changes as wit, ldap_oidc::policy::types::Context},
    call::{Call, Linked},
    contract::{self, Checked},
    fault::Fault,
    world::{Interface, NotInWorld},
};
use bridge_model::{
    changes::{Advance, ChangeRead, Turn, Whom},
    dn::Dn,
};
use wasmtime::component::{Component, ComponentExportIndex};

type ControlsAnswer = (Vec<String>,);
type StartArguments<'a> = (Context<'a>, Option<&'a [u8]>);
type FollowArguments<'a> = (Context<'a>, Option<&'a [u8]>, &'a str, wit::Page<'a>);
type TurnAnswer = (wit::Turn,);

/// Where the functions of the interface are.
pub(crate) struct Exports {
    controls: ComponentExportIndex,
    start: ComponentExportIndex,
    follow: ComponentExportIndex,
}

impl Exports {
    /// None where the component does not export the interface.
    pub(crate) fn find(component: &Component) -> Result<Option<Self>, NotInWorld> {
        let Some(interface) = Interface::find(component, NAME) else {
            return Ok(None);
        };
        Ok(Some(Self {
            controls: interface.function::<(), ControlsAnswer>("controls")?,
            start: interface.function::<StartArguments<'_>, TurnAnswer>("start")?,
            follow: interface.function::<FollowArguments<'_>, TurnAnswer>("follow")?,
        }))
    }
}

/// What an answer to a page has to fit.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The controls that the policy announced.
    pub(crate) controls: &'a [String],
    /// How many entries the page has.
    pub(crate) entries: usize,
}

impl Linked {
    /// Which controls the reads for changes use; none where the policy knows of no changes.
    pub(crate) fn change_controls(&self) -> Result<Option<Vec<String>>, Fault> {
        let Some(exports) = &self.functions().changes else {
            return Ok(None);
        };
        let call: Call<'_, (), ControlsAnswer> = Call::new("controls", &exports.controls, 0, ());
        let (controls,) = self.run(call)?;
        check_controls(&controls).map_err(|breach| Fault::of_breach(&breach, "controls"))?;
        Ok(Some(controls))
    }

    /// Begins a run.
    pub(crate) fn start_changes(
        &self,
        arguments: StartArguments<'_>,
        asked: Asked<'_>,
    ) -> Result<Turn, Fault> {
        let call: Call<'_, StartArguments<'_>, TurnAnswer> =
            Call::new("start", &self.changes()?.start, 0, arguments);
        let (turn,) = self.run(call)?;
        take(turn, asked).map_err(|breach| Fault::of_breach(&breach, "start"))
    }

    /// Has a page taken. Its entries are persons, for the limits of the call.
    pub(crate) fn follow_changes(
        &self,
        arguments: FollowArguments<'_>,
        asked: Asked<'_>,
    ) -> Result<Turn, Fault> {
        let export = &self.changes()?.follow;
        let call: Call<'_, FollowArguments<'_>, TurnAnswer> =
            Call::new("follow", export, asked.entries, arguments);
        let (turn,) = self.run(call)?;
        take(turn, asked).map_err(|breach| Fault::of_breach(&breach, "follow"))
    }

    fn changes(&self) -> Result<&Exports, Fault> {
        let exports = self.functions().changes.as_ref();
        exports.ok_or_else(|| Fault::not_offered("changes"))
    }
}

impl From<wit::Whom> for Whom {
    fn from(whom: wit::Whom) -> Self {
        match whom {
            wit::Whom::Here(place) => Self::Here(place),
            wit::Whom::Id(id) => Self::Id(id),
            wit::Whom::Dn(dn) => Self::Dn(dn),
        }
    }
}

impl From<wit::ChangeRead> for ChangeRead {
    fn from(read: wit::ChangeRead) -> Self {
        Self {
            search: read.search.into(),
            of_users: read.of_users,
            controls: read.controls.into_iter().map(Into::into).collect(),
            paged: read.paged,
        }
    }
}

fn take(turn: wit::Turn, asked: Asked<'_>) -> Result<Turn, contract::Breach> {
    let turn = match turn {
        wit::Turn::Advance(advance) => Turn::Advance(Box::new(Advance {
            changed: advance.changed.into_iter().map(Whom::from).collect(),
            gone: advance.gone.into_iter().map(Whom::from).collect(),
            cursor: advance.cursor,
            next: advance.next.map(ChangeRead::from),
        })),
        wit::Turn::StartOver => Turn::StartOver,
        wit::Turn::Failed(problem) => Turn::Failed(problem.into()),
    };
    check(&turn, asked)?;
    Ok(turn)
}

fn check(turn: &Turn, asked: Asked<'_>) -> Checked {
    match turn {
        Turn::Advance(advance) => check_advance(advance, asked),
        Turn::StartOver => Ok(()),
        Turn::Failed(problem) => contract::check_problems("failed", std::slice::from_ref(problem)),
    }
}

fn check_advance(advance: &Advance, asked: Asked<'_>) -> Checked {
    let whom = |place: &str, whom: &Whom| check_whom(place, whom, asked.entries);
    advance
        .changed
        .iter()
        .try_for_each(|it| whom("changed", it))?;
    advance.gone.iter().try_for_each(|it| whom("gone", it))?;
    let octets = advance.cursor.as_ref().map_or(0, Vec::len);
    contract::holds(
        octets <= CURSOR_OCTETS_MAX,
        "cursor",
        "must have at most 64 KiB",
    )?;
    let next = advance.next.as_ref();
    next.map_or(Ok(()), |read| check_read(read, asked.controls))
}

fn check_whom(place: &str, whom: &Whom, entries: usize) -> Checked {
    match whom {
        Whom::Here(at) => contract::holds(
            usize::try_from(*at).is_ok_and(|at| at < entries),
            place,
            "the page has no entry at this place",
        ),
        Whom::Id(id) => contract::holds(
            (1..=ID_OCTETS_MAX).contains(&id.len()),
            place,
            "an identifier must not be empty, and have at most 1,024 octets",
        ),
        Whom::Dn(dn) => contract::holds(
            Dn::parse(dn).is_ok_and(|dn| !dn.is_root()),
            place,
            "it must be the DN of an entry",
        ),
    }
}

fn check_read(read: &ChangeRead, announced: &[String]) -> Checked {
    contract::check_search(&read.search)?;
    if read.of_users {
        let says_nothing = read.search.base.is_empty() && read.search.attributes.is_empty();
        let rule = "base and attributes must be empty where users are read: they are the plan's";
        contract::holds(says_nothing, "next", rule)?;
    } else {
        let is_dn = Dn::parse(&read.search.base).is_ok();
        contract::holds(is_dn, "search base", "must be a DN")?;
    }
    contract::count("next controls", read.controls.len(), contract::NAMES_MAX)?;
    for control in &read.controls {
        contract::check_control(control)?;
        contract::holds(
            announced.contains(&control.oid),
            "next controls",
            "`controls` has to announce it",
        )?;
    }
    Ok(())
}

fn check_controls(oids: &[String]) -> Checked {
    contract::count("controls", oids.len(), contract::NAMES_MAX)?;
    oids.iter().try_for_each(|oid| contract::check_oid(oid))
}

/// `wit/policy.wit`, `cursor`.
const CURSOR_OCTETS_MAX: usize = 64 << 10;
/// The longest stable identifiers are texts of some hundred octets.
const ID_OCTETS_MAX: usize = 1024;
/// The interface.
pub(crate) const NAME: &str = "ldap-oidc:policy/changes@0.1.0";

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
