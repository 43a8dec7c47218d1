//! Whether a component fits one of the worlds of `wit/policy.wit`, said in its author's words.

use crate::{
    call::{
        DecideAnswer, DecideArguments, DescribeAnswer, DescribeArguments, RecogniseAnswer,
        RecogniseArguments, TranslateAnswer, TranslateArguments,
    },
    changes, passwords,
    world_names::Names,
    writing,
};
use bridge_model::policy::WasiGrant;
use wasmtime::{
    Engine,
    component::{
        Component, ComponentExportIndex, ComponentNamedList, Lift, Lower, types::ComponentItem,
    },
};

/// What a policy is, by the interface that it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// It exports `vendor`.
    Vendor,
    /// It exports `claim-mapper`.
    Mapper,
}

/// Where the functions of a policy are.
pub(crate) struct Exports {
    pub(crate) describe: ComponentExportIndex,
    pub(crate) translate: ComponentExportIndex,
    pub(crate) decide: ComponentExportIndex,
    /// None where the policy does not export `recognition`.
    pub(crate) recognise: Option<ComponentExportIndex>,
    /// None where the policy does not export `passwords`.
    pub(crate) passwords: Option<passwords::Exports>,
    /// None where the policy does not export `writing`.
    pub(crate) writing: Option<writing::Exports>,
    /// None where the policy does not export `changes`.
    pub(crate) changes: Option<changes::Exports>,
}

/// How a component does not fit. The interface that is needed is the one of `wit/policy.wit`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotInWorld {
    #[error(
        "it imports `{0}`, which is not granted: a policy may import `{LOG}`, and WASI where it was granted"
    )]
    Import(String),
    #[error(
        "it imports `{0}`, which is not granted: let it have `wasi = \"minimal\"`, or build it without WASI (in Rust for wasm32-unknown-unknown, in JavaScript with all features of componentize-js disabled, in Python with --stub-wasi)"
    )]
    NeedsWasi(String),
    #[error(
        "it imports `{0}`, which no grant covers: policies reach no files, sockets or HTTP, and WASI 0.2 is the only one there is; build it without"
    )]
    NeverGranted(String),
    #[error(
        "it imports `{0}`, which this bridge does not have: its contract is that of `{LOG}`; update the bridge, or build the policy without"
    )]
    NewerImport(String),
    #[error(
        "it was built against `{wanted}`, and this bridge offers `{offered}`, which is not compatible: {advice}"
    )]
    Version {
        wanted: String,
        offered: &'static str,
        advice: &'static str,
    },
    #[error("an import has another type than the contract gives it: {0}")]
    ImportType(String),
    #[error(
        "it does not export `{VENDOR}`, which is what makes a vendor policy, nor `{CLAIM_MAPPER}`, which is what makes a mapper policy; {0}"
    )]
    Export(String),
    #[error(
        "it exports both `{VENDOR}` and `{CLAIM_MAPPER}`: a policy is one of the two, so make two components of it"
    )]
    BothExports,
    #[error("`{interface}` lacks the function `{function}`")]
    Function {
        interface: &'static str,
        function: &'static str,
    },
    #[error(
        "the function `{function}` of `{interface}` has another type than in the contract: {problem}"
    )]
    FunctionType {
        interface: &'static str,
        function: &'static str,
        problem: String,
    },
    #[error("it cannot be read: {0}")]
    Syntax(#[from] wasmparser::BinaryReaderError),
}

impl NotInWorld {
    /// Reads what the engine says of an import.
    pub(crate) fn import(error: &wasmtime::Error) -> Self {
        Self::ImportType(format!("{error:#}"))
    }
}

/// Checks the names of imports and exports, which takes no compiling. The types are checked when the
/// component is linked.
pub(crate) fn check_names(component: &[u8], wasi: WasiGrant) -> Result<PolicyKind, NotInWorld> {
    Names::of(component)?.judge(wasi)
}

/// What compiled code is; the same questions as in [`check_names`].
pub(crate) fn kind(
    engine: &Engine,
    component: &Component,
    wasi: WasiGrant,
) -> Result<PolicyKind, NotInWorld> {
    let kind = component.component_type();
    let names = Names {
        imports: kind
            .imports(engine)
            .map(|(name, _)| name.to_owned())
            .collect(),
        exports: kind
            .exports(engine)
            .map(|(name, _)| name.to_owned())
            .collect(),
    };
    names.judge(wasi)
}

/// Finds the functions of a policy and checks their types.
pub(crate) fn exports(component: &Component) -> Result<Exports, NotInWorld> {
    let vendor =
        Interface::find(component, VENDOR).ok_or_else(|| NotInWorld::Export(String::new()))?;
    let recognition = Interface::find(component, RECOGNITION);
    Ok(Exports {
        describe: vendor.function::<DescribeArguments, DescribeAnswer>("describe")?,
        translate: vendor.function::<TranslateArguments<'_>, TranslateAnswer>("translate")?,
        decide: vendor.function::<DecideArguments<'_>, DecideAnswer>("decide")?,
        recognise: recognition
            .map(|it| it.function::<RecogniseArguments<'_>, RecogniseAnswer>("recognise"))
            .transpose()?,
        passwords: passwords::Exports::find(component)?,
        writing: writing::Exports::find(component)?,
        changes: changes::Exports::find(component)?,
    })
}

/// An interface that a component exports.
pub(crate) struct Interface<'a> {
    component: &'a Component,
    name: &'static str,
    index: ComponentExportIndex,
}

impl<'a> Interface<'a> {
    pub(crate) fn find(component: &'a Component, name: &'static str) -> Option<Self> {
        let index = component.get_export_index(None, name)?;
        Some(Self {
            component,
            name,
            index,
        })
    }

    pub(crate) fn function<Arguments, Answer>(
        &self,
        function: &'static str,
    ) -> Result<ComponentExportIndex, NotInWorld>
    where
        Arguments: ComponentNamedList + Lower,
        Answer: ComponentNamedList + Lift,
    {
        let lacks = || NotInWorld::Function {
            interface: self.name,
            function,
        };
        let (item, index) = self
            .component
            .get_export(Some(&self.index), function)
            .ok_or_else(lacks)?;
        let ComponentItem::ComponentFunc(found) = item else {
            return Err(lacks());
        };
        found
            .typecheck::<Arguments, Answer>(&self.component.component_type().instance_type())
            .map_err(|error| NotInWorld::FunctionType {
                interface: self.name,
                function,
                problem: format!("{error:#}"),
            })?;
        Ok(index)
    }
}

/// What a vendor policy exports.
pub(crate) const VENDOR: &str = "ldap-oidc:policy/vendor@0.1.0";
/// What a mapper policy exports.
pub(crate) const CLAIM_MAPPER: &str = "ldap-oidc:policy/claim-mapper@0.1.0";
/// What it may export beside that, to be asked whose a directory is.
const RECOGNITION: &str = "ldap-oidc:policy/recognition@0.1.0";
/// What it may call.
pub(crate) const LOG: &str = "ldap-oidc:policy/log@0.1.0";
/// The types of both, which a component imports to name them. There is nothing in it to call.
pub(crate) const TYPES: &str = "ldap-oidc:policy/types@0.1.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_contract() {
        for name in [
            VENDOR,
            CLAIM_MAPPER,
            RECOGNITION,
            passwords::NAME,
            writing::NAME,
            changes::NAME,
        ] {
            assert!(name.starts_with("ldap-oidc:policy/"), "{name}");
            assert!(name.ends_with("@0.1.0"), "{name}");
        }
        let contract = include_str!("../../../wit/policy.wit");
        assert!(contract.contains("package ldap-oidc:policy@0.1.0;"));
        for part in [
            "interface log {",
            "interface vendor {",
            "interface recognition {",
            "interface claim-mapper {",
            "export claim-mapper;",
            "import log;",
            "export vendor;",
            "export recognition;",
            "interface passwords {",
            "interface writing {",
            "interface changes {",
            "export passwords;",
            "export writing;",
            "export changes;",
        ] {
            assert!(contract.contains(part), "{part}");
        }
    }
}
