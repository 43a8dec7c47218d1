//! One list of scenarios, each seen on every server that can show it.
//!
//! `cargo test -p suites --test directory scenarios -- --nocapture` prints the list: which server each
//! was seen on, and why not on the others.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on ends here, and the list of what was seen where is part of the result"
)]

mod accounts;
mod connections;
mod credentials;
mod groups;
mod imports;
mod mappers;
mod names;
mod outages;
mod passwords;
mod scripted;
mod several;
mod stage;
mod writing;

use stage::Stage;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A server that scenarios are seen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    /// Debian's OpenLDAP.
    Slapd,
    /// Debian's 389 Directory Server, the upstream of Red Hat Directory Server.
    Rhds,
    /// Debian's Samba as a domain controller.
    Samba,
    /// A peer that says what a script has it say.
    Scripted,
    /// The directory of `demo`.
    Demo,
}

/// What of a scenario is seen on a server.
#[derive(Clone, Copy)]
pub(crate) enum Cell {
    /// This, or the test fails.
    Seen(fn(&Stage)),
    /// Nothing, for this reason.
    Cannot(&'static str),
}

/// A scenario: what is shown, and where.
pub(crate) struct Scenario {
    what: &'static str,
    slapd: Cell,
    rhds: Cell,
    samba: Cell,
    scripted: Cell,
    demo: Cell,
}

impl Scenario {
    /// Something that the three real servers show in the same way.
    const fn of_all(what: &'static str, seen: fn(&Stage)) -> Self {
        Self {
            what,
            slapd: Cell::Seen(seen),
            rhds: Cell::Seen(seen),
            samba: Cell::Seen(seen),
            scripted: Cell::Cannot(REAL),
            demo: Cell::Cannot(NO_DEMO),
        }
    }

    /// Something that only a script shows.
    const fn of_script(what: &'static str, seen: fn(&Stage), why: &'static str) -> Self {
        Self {
            what,
            slapd: Cell::Cannot(why),
            rhds: Cell::Cannot(why),
            samba: Cell::Cannot(why),
            scripted: Cell::Seen(seen),
            demo: Cell::Cannot(why),
        }
    }

    const fn not_slapd(mut self, why: &'static str) -> Self {
        self.slapd = Cell::Cannot(why);
        self
    }

    const fn not_rhds(mut self, why: &'static str) -> Self {
        self.rhds = Cell::Cannot(why);
        self
    }

    const fn not_samba(mut self, why: &'static str) -> Self {
        self.samba = Cell::Cannot(why);
        self
    }

    const fn on_demo(mut self, seen: fn(&Stage)) -> Self {
        self.demo = Cell::Seen(seen);
        self
    }

    fn on(&self, environment: Environment) -> Cell {
        match environment {
            Environment::Slapd => self.slapd,
            Environment::Rhds => self.rhds,
            Environment::Samba => self.samba,
            Environment::Scripted => self.scripted,
            Environment::Demo => self.demo,
        }
    }
}

const REAL: &str = "the real servers show it";
const NO_DEMO: &str = "the demonstration's directory only reads and binds";

const ENVIRONMENTS: [Environment; 5] = [
    Environment::Slapd,
    Environment::Rhds,
    Environment::Samba,
    Environment::Scripted,
    Environment::Demo,
];

fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    [
        connections::SCENARIOS,
        credentials::SCENARIOS,
        names::SCENARIOS,
        accounts::SCENARIOS,
        passwords::SCENARIOS,
        groups::SCENARIOS,
        mappers::SCENARIOS,
        several::SCENARIOS,
        imports::SCENARIOS,
        writing::SCENARIOS,
        outages::SCENARIOS,
        scripted::SCENARIOS,
    ]
    .into_iter()
    .flatten()
}

/// Shows all scenarios that a server can show, one after the other, and fails for all that failed.
fn show(environment: Environment) {
    let stage = Stage::start(environment);
    let mut failed = Vec::new();
    for scenario in scenarios() {
        let line = match scenario.on(environment) {
            Cell::Cannot(why) => format!("not here: {why}"),
            Cell::Seen(seen) => {
                let shown = catch_unwind(AssertUnwindSafe(|| seen(&stage)));
                if shown.is_ok() {
                    "seen".to_owned()
                } else {
                    failed.push(scenario.what);
                    "FAILED".to_owned()
                }
            }
        };
        println!("{environment:?}: {}: {line}", scenario.what);
    }
    assert!(failed.is_empty(), "{environment:?}: {failed:#?}");
}

#[test]
fn on_openldap() {
    show(Environment::Slapd);
}

#[test]
fn on_389_directory_server() {
    show(Environment::Rhds);
}

#[test]
fn on_samba() {
    show(Environment::Samba);
}

#[test]
fn on_a_scripted_peer() {
    show(Environment::Scripted);
}

#[test]
fn on_the_demonstration() {
    show(Environment::Demo);
}

#[test]
fn every_scenario_is_seen_somewhere_and_there_are_many() {
    let count = scenarios().count();
    let seen = |scenario: &Scenario| {
        let mut cells = ENVIRONMENTS
            .iter()
            .map(|environment| scenario.on(*environment));
        cells.any(|cell| matches!(cell, Cell::Seen(_)))
    };
    for scenario in scenarios() {
        assert!(seen(scenario), "{} is seen nowhere", scenario.what);
        let same = scenarios().filter(|other| other.what == scenario.what);
        assert_eq!(same.count(), 1, "{} stands there twice", scenario.what);
    }
    assert!(count >= 60, "{count} scenarios");
    println!("{count} scenarios");
}
