//! Documents: how realms, federations and clients are written, in files and on the admin API.
//!
//! The members are the same everywhere, whatever a document is written in ([`Format`]). Unknown members
//! are refused, and everything that is wrong is said at once, with the member and what to do. What is
//! shown ([`FederationDocument`], [`ClientDocument`], [`RealmDocument`]) can be given back as it is:
//! members that cannot be set are passed over.

pub(crate) mod document;
pub(crate) mod format;
pub(crate) mod section;
pub(crate) mod tree;

mod client;
mod declaration;
mod difference;
mod federation;
mod policy_rules;
mod realm;
mod source;
mod span;
mod words;

pub(crate) use client::ClientDocument;
pub(crate) use declaration::{ReadDeclaration, declared};
pub(crate) use difference::{Difference, ObjectChange};
pub(crate) use document::{Document, Wrong};
pub(crate) use federation::{FederationDocument, read as read_federation_in};
pub(crate) use format::Format;
pub(crate) use policy_rules::digest;
pub(crate) use realm::RealmDocument;
pub(crate) use source::{Origin, Source, is_pem, resolve};
pub(crate) use tree::Node;

use bridge_model::{
    client::Client,
    names::RealmName,
    plan::{Mapper, Problem},
    policy::PolicyRules,
    ports::Policies,
    realm::{PlannedFederation, Realm},
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a document on the admin API is understood with.
pub(crate) struct Around<'a> {
    /// Whose it is.
    pub(crate) realm: &'a RealmName,
    /// Which policies may serve the realm.
    pub(crate) rules: &'a PolicyRules,
    /// The policies that translate it.
    pub(crate) policies: &'a dyn Policies,
    /// Whether a bind credential is kept, which stays where none is given.
    pub(crate) has_credential: bool,
}

/// A federation that may be saved.
#[derive(Debug)]
pub(crate) struct ReadFederation {
    /// With its plan. Its id is nil, `managed_by` and `revision` are the store's.
    pub(crate) planned: PlannedFederation,
    /// What the service connections are bound with; none: as kept.
    pub(crate) bind_credential: Option<Secret>,
    /// What the document says that subjects are derived under; none: nothing, and the planned
    /// federation has its own name there.
    pub(crate) subject_namespace: Option<String>,
    /// What the operator should know although nothing is wrong.
    pub(crate) warnings: Vec<Problem>,
}

/// A document that is not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Everything that is wrong.
    pub(crate) errors: Vec<Problem>,
    /// What the operator should know beside that.
    pub(crate) warnings: Vec<Problem>,
}

/// Something that is wrong, or worth to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Advice {
    /// The member by its path, as `mapper[1].name`; empty where it is about the whole.
    #[schema(example = "connection_url")]
    pub(crate) member: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl From<&Problem> for Advice {
    fn from(problem: &Problem) -> Self {
        let (message, remedy) = match problem.message.split_once("; ") {
            Some((message, remedy)) => (message, remedy),
            None => (problem.message.as_str(), "correct it"),
        };
        Self {
            member: problem.field.clone(),
            message: message.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
}

/// Reads the body of a request: JSON whose names stand once in their object.
///
/// # Errors
///
/// Why it is no JSON.
pub(crate) fn read_body(body: &[u8]) -> Result<serde_json::Value, Problem> {
    let refused = |message: String| Problem {
        field: String::new(),
        message,
    };
    let text = str::from_utf8(body)
        .map_err(|error| refused(format!("not UTF-8: {error}; send JSON in UTF-8")))?;
    let node = Format::Json.read(text).map_err(|malformed| {
        let (line, message) = (malformed.line, malformed.message);
        refused(if message.contains("; ") {
            format!("line {line}: {message}")
        } else {
            format!("line {line}: {message}; send JSON (RFC 8259)")
        })
    })?;
    Ok(node.to_json_with_null())
}

/// Reads a federation.
///
/// # Errors
///
/// Everything that is wrong with it, whatever the first thing is, with the warnings.
pub(crate) fn read_federation(
    value: &serde_json::Value,
    around: &Around<'_>,
) -> Result<ReadFederation, Refused> {
    let source = Source::new(
        Origin::Request {
            has_credential: around.has_credential,
        },
        around.policies,
    );
    understood(value, &source, |_, section| {
        federation::read(section, around.realm, around.rules, &source)
    })
}

/// Reads a list of mappers, as a federation has it; a policy looks at them later.
///
/// # Errors
///
/// Everything that is wrong with them.
pub(crate) fn read_mappers(
    list: &serde_json::Value,
    policies: &dyn Policies,
) -> Result<Vec<Mapper>, Refused> {
    let origin = Origin::Request {
        has_credential: true,
    };
    let source = Source::new(origin, policies);
    let document = serde_json::json!({ "mapper": list });
    understood(&document, &source, |_, section| {
        let mappers = federation::read_mappers(&section);
        section.finish();
        Some(mappers)
    })
}

/// Reads a client. Its secrets are made apart from it.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(crate) fn read_client(
    value: &serde_json::Value,
    around: &Around<'_>,
) -> Result<Client, Refused> {
    let origin = Origin::Request {
        has_credential: true,
    };
    let source = Source::new(origin, around.policies);
    understood(value, &source, |_, section| {
        client::read(section, around.realm, &source).map(|declared| declared.client)
    })
}

/// Reads a realm.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(crate) fn read_realm(
    value: &serde_json::Value,
    policies: &dyn Policies,
) -> Result<Realm, Refused> {
    let origin = Origin::Request {
        has_credential: true,
    };
    let source = Source::new(origin, policies);
    understood(value, &source, |_, section| realm::read(section))
}

/// Reads a declaration: a realm with its federations and clients, which has to be of this name.
///
/// # Errors
///
/// Everything that is wrong with it, with the warnings.
pub(crate) fn read_declaration(
    value: &serde_json::Value,
    around: &Around<'_>,
) -> Result<ReadDeclaration, Refused> {
    let source = Source::new(Origin::Declaration, around.policies);
    understood(value, &source, |document, section| {
        let read = declared(document, section, &source)?;
        let (named, wanted) = (&read.declared.realm.name, around.realm);
        if named != wanted {
            let message =
                format!("the request is for the realm {wanted}; write that, or ask there");
            document.fault("realm.name", message);
        }
        Some(read)
    })
}

fn understood<T>(
    value: &serde_json::Value,
    source: &Source<'_>,
    understand: impl FnOnce(&Document<'_>, section::Section<'_>) -> Option<T>,
) -> Result<T, Refused> {
    let root = Node::from(value);
    Document::read(&root, understand).map_err(|wrong| Refused {
        errors: wrong.into_iter().map(Problem::from).collect(),
        warnings: source.take_warnings(),
    })
}

#[cfg(test)]
mod tests;
