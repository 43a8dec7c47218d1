//! From an address to a whole federation: the policies say whose directory it is.

use crate::{
    aside::here,
    chain::{Fitted, admit, fit},
    connection_test::{TestReport, opened},
    member::ActiveFederation,
    person::Subjects,
    preview::{Whom, show},
    review::review_under,
    root_dse::{offers_start_tls, read_root},
    samples::samples,
    shown::PersonView,
    translate::TranslateError,
};
use bridge_model::{
    entry::Entry,
    federation::{Connection, Federation, ServiceBind},
    names::{FederationName, RealmName},
    plan::{Problem, Proposal},
    policy::{PolicyChoice, PolicyRules},
    ports::{Directories, Policies, VendorPolicy},
    realm::{PlannedFederation, PolicyRef},
    secret::Secret,
    time::Timestamp,
};
use serde::Serialize;
use std::time::Duration;

/// How many people are shown.
const PEOPLE: u32 = 5;
/// How long entries are gathered: somebody waits for what comes of it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What policies make of a directory.
#[derive(Clone, Debug, Serialize)]
pub struct Connected {
    /// What policies propose, the surest first; empty: no policy knows the directory.
    pub proposals: Vec<Proposed>,
    /// The first people of the directory, as the first proposal has them.
    pub people: Vec<PersonView>,
    /// Why there are no people, or what else is worth to know.
    pub warnings: Vec<Problem>,
}

/// A federation that a policy proposes.
#[derive(Clone, Debug, Serialize)]
pub struct Proposed {
    /// The policy.
    pub policy: PolicyRef,
    /// How sure it is, from 0 to 100.
    pub certainty: u8,
    /// The federation; its id is nil until it is saved, its name that of the host.
    pub federation: Federation,
    /// What the operator should know: the policy's own words, and what a review says.
    pub notes: Vec<Problem>,
    /// What stands in the way of saving it.
    pub problems: Vec<Problem>,
    /// The federation with its plan, where nothing stands in the way.
    #[serde(skip)]
    pub planned: Option<PlannedFederation>,
}

/// What a directory is asked with.
pub struct Address<'a> {
    /// Whose it will be.
    pub realm: &'a RealmName,
    /// Which policies may serve it: the others are not asked.
    pub rules: &'a PolicyRules,
    /// How it is reached. For `ldap://` StartTLS is added where the directory offers it.
    pub connection: Connection,
    /// What the service connections are bound with.
    pub bind_credential: Option<Secret>,
    /// The time.
    pub now: Timestamp,
}

/// Reads a directory's root DSE and a few entries below each of its naming contexts, asks every policy
/// whether it is one of its vendor's, and shows the first people as the surest one has them. Nothing
/// is saved.
///
/// # Errors
///
/// What was reached of the directory, where it did not answer.
pub async fn connect(
    directories: &dyn Directories,
    policies: &dyn Policies,
    address: Address<'_>,
) -> Result<Connected, TestReport> {
    let mut draft = draft(&address);
    let credential = address.bind_credential;
    let root = find_root(directories, &mut draft, credential.clone()).await?;
    let directory = opened(directories, &draft, credential.clone())?;
    let samples = samples(directory.as_ref(), &root, PATIENCE).await;
    let samples = samples.map_err(|error| TestReport::unanswered(&draft, &error))?;
    let mut warnings = Vec::new();
    let mut recognised = Vec::new();
    for (reference, _) in policies.vendors() {
        if admit(policies, address.rules, &reference).is_err() {
            continue;
        }
        let answer = policies
            .vendor(&draft.realm, PolicyChoice::Digest(&reference.digest))
            .and_then(|policy| {
                let recognise = || policy.recognise(&root, &samples);
                Ok((here(policy.is_slow(), recognise)?, policy))
            });
        match answer {
            Ok((Some(proposal), policy)) => recognised.push((policy, proposal)),
            Ok((None, _)) => {}
            // One policy that fails does not keep the others from knowing better.
            Err(error) => warnings.push(Problem {
                field: "vendor".to_owned(),
                message: format!("{error}; the other policies were asked"),
            }),
        }
    }
    recognised.sort_by_key(|(_, proposal)| std::cmp::Reverse(proposal.certainty));
    let mut connected = Connected {
        proposals: Vec::new(),
        people: Vec::new(),
        warnings,
    };
    for (policy, proposal) in recognised {
        let proposed = propose(policies, address.rules, policy.as_ref(), &draft, proposal);
        if connected.proposals.is_empty() {
            let planned = proposed.planned.clone();
            if let Some(planned) = planned {
                let fitted = fit(policies, address.rules, planned);
                let fitted = fitted.map_err(|error| error.to_string());
                connected
                    .look(directories, fitted, credential.clone(), address.now)
                    .await;
            }
        }
        connected.proposals.push(proposed);
    }
    Ok(connected)
}

/// A federation of which nothing but the address is known.
fn draft(address: &Address<'_>) -> Federation {
    let name = proposed_name(&address.connection);
    Federation::new(address.realm.clone(), name, address.connection.clone())
}

/// The name of the first host.
fn proposed_name(connection: &Connection) -> FederationName {
    let host = connection.urls.first().and_then(|url| url.host_str());
    let host: String = host.unwrap_or_default().chars().take(128).collect();
    FederationName::new(host)
        .or_else(|_| FederationName::new("directory"))
        .expect("a word is a federation's name")
}

/// Reads the root DSE as nobody, so that no credential is sent before it is known whether there can be
/// TLS, and as the service where nobody may read it.
async fn find_root(
    directories: &dyn Directories,
    draft: &mut Federation,
    credential: Option<Secret>,
) -> Result<Entry, TestReport> {
    let unbound = crate::connection_test::unbound(draft);
    let directory = opened(directories, &unbound, None)?;
    let found = read_root(directory.as_ref()).await;
    let found = found.map_err(|error| TestReport::unanswered(&unbound, &error))?;
    let root = found.entries.into_iter().next();
    let is_plain = draft
        .connection
        .urls
        .iter()
        .all(|url| url.scheme() == "ldap");
    // Not every directory that can says so, and without TLS the credential would not be sent at all.
    let is_needed = match draft.connection.bind {
        ServiceBind::None => false,
        ServiceBind::Simple(_) => !draft.connection.allow_plaintext,
        // Nobody is who they say without a channel that says so.
        ServiceBind::External(_) => true,
    };
    if is_plain && (is_needed || root.as_ref().is_some_and(offers_start_tls)) {
        draft.connection.start_tls = true;
    }
    match root {
        Some(root) if !root.values("namingContexts").is_empty() => Ok(root),
        _ => {
            let directory = opened(directories, draft, credential)?;
            let found = read_root(directory.as_ref()).await;
            let found = found.map_err(|error| TestReport::unanswered(draft, &error))?;
            Ok(found.entries.into_iter().next().unwrap_or_default())
        }
    }
}

fn propose(
    policies: &dyn Policies,
    rules: &PolicyRules,
    policy: &dyn VendorPolicy,
    draft: &Federation,
    proposal: Proposal,
) -> Proposed {
    let reference = policy.reference().clone();
    let federation = Federation {
        vendor: reference.id.clone(),
        users: proposal.users,
        read_bases: proposal.readable,
        username_attribute: proposal.username_attribute,
        rdn_attribute: proposal.rdn_attribute,
        uuid_attribute: proposal.uuid_attribute,
        user_object_classes: proposal.user_object_classes,
        custom_filter: proposal.custom_filter,
        mappers: proposal.mappers,
        settings: proposal.settings,
        ..draft.clone()
    };
    let mut proposed = Proposed {
        policy: reference,
        certainty: proposal.certainty,
        notes: proposal.notes,
        problems: Vec::new(),
        planned: None,
        federation,
    };
    match review_under(policies, rules, &proposed.federation, None) {
        Ok(reviewed) => {
            proposed.notes.extend(reviewed.warnings);
            proposed.planned = Some(reviewed.planned);
        }
        Err(TranslateError::Problems(problems)) => {
            proposed.notes.extend(problems.warnings);
            proposed.problems = problems.errors;
        }
        Err(TranslateError::Policy(error)) => proposed.problems.push(Problem {
            field: "vendor".to_owned(),
            message: format!("{error}; name another vendor"),
        }),
    }
    proposed
}

impl Connected {
    /// Looks at the first people through a proposal.
    async fn look(
        &mut self,
        directories: &dyn Directories,
        fitted: Result<Fitted, String>,
        credential: Option<Secret>,
        now: Timestamp,
    ) {
        let opened = fitted.and_then(|it| {
            ActiveFederation::open(it.planned, it.policy, directories, credential)
                .map(|active| active.with_links(it.links))
                .map_err(|error| error.to_string())
        });
        let shown = match opened {
            Ok(active) => show(&active, Subjects::none(), Whom::First(PEOPLE), now)
                .await
                .map_err(|error| error.to_string()),
            Err(reason) => Err(reason),
        };
        let message = match shown {
            Ok(shown) if shown.people.is_empty() => {
                "nobody is there whom the service account may read; check users_dn, user_object_classes, and what the account may read".to_owned()
            }
            Ok(shown) => {
                self.people = shown.people;
                return;
            }
            Err(reason) => format!(
                "no people can be shown: {}; look at what is proposed",
                reason.replace("; ", ", ")
            ),
        };
        self.warnings.push(Problem {
            field: "users_dn".to_owned(),
            message,
        });
    }
}

#[cfg(test)]
mod tests;
