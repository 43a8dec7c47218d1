//! `connect`: from an address to a whole federation.

use super::{
    AdminState,
    access::RealmCall,
    api::Endpoint,
    body::Body,
    change::{Done, Wanted, audited},
    federation_actions::ASK,
    problem::Problem,
    shape::Shape,
};
use crate::documents::{Advice, FederationDocument};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::{Address, Connected, Proposed, StageResult, TestReport, connect};
use bridge_model::{
    audit::AuditKind,
    federation::{BindName, Connection, ServiceBind},
    realm::PolicyRef,
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

/// Where a directory is, and who may read it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanting {
    /// `ldap://` or `ldaps://` URLs of servers that hold the same data, with spaces between them. For
    /// `ldap://` StartTLS is added where the directory offers it.
    #[schema(example = "ldaps://ldap.example.com")]
    connection_url: String,
    /// Who the service is bound as; none: nobody.
    bind_dn: Option<String>,
    /// What it is bound with.
    bind_credential: Option<String>,
    /// `none`: nobody is bound. Preset: `simple` with a `bind_dn`, else `none`.
    bind_type: Option<BindType>,
    /// What most directories can leave out.
    #[serde(default)]
    #[schema(value_type = Option<AdvancedWanting>)]
    advanced: AdvancedWanting,
}

/// What most directories can leave out.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = ConnectAdvanced)]
#[serde(deny_unknown_fields)]
struct AdvancedWanting {
    /// Certificates (PEM) that vouch for the servers; none: the machine's own.
    ca_bundle: Option<String>,
    /// Whether `ldap://` connections are turned to TLS, whatever the directory offers.
    #[serde(default)]
    start_tls: bool,
    /// Whether the credential may travel without TLS.
    #[serde(default)]
    allow_plaintext: bool,
}

/// Whether anybody is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BindType {
    Simple,
    None,
}

/// What policies make of a directory.
#[derive(Serialize, ToSchema)]
#[schema(as = Connected)]
struct ConnectedView {
    /// What policies propose, the surest first; empty: no policy knows the directory.
    proposals: Vec<ProposalView>,
    /// The first people of the directory, as the first proposal has them.
    #[schema(value_type = Vec<Object>)]
    people: Value,
    /// Why there are no people, or what else is worth to know.
    warnings: Vec<Advice>,
}

/// A federation that a policy proposes.
#[derive(Serialize, ToSchema)]
#[schema(as = Proposal)]
struct ProposalView {
    /// The policy: id, version and digest.
    #[schema(value_type = Object)]
    policy: PolicyRef,
    /// How sure it is, from 0 to 100.
    certainty: u8,
    /// The federation, to be sent with its bind credential to be saved.
    federation: FederationDocument,
    /// What is not wrong but worth a look.
    notes: Vec<Advice>,
    /// What stands in the way of saving it.
    problems: Vec<Advice>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about = "Asks a directory who it is, and proposes the whole federation; nothing is saved";
    vec![
        Endpoint::post("/user-federations/connect", ASK, post)
            .about("questions to directories", "connect", about)
            .takes(Shape::of::<Wanting>())
            .answers(200, "What is proposed", Shape::of::<ConnectedView>()),
    ]
}

async fn post(
    State(state): State<AdminState>,
    call: RealmCall,
    Body(wanting): Body<Wanting>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, "federation");
    let view = audited(&state, &caller, wanted, async {
        let secret = wanting.bind_credential.clone().map(Secret::new);
        let address = Address {
            realm: &realm.name,
            rules: &realm.policies,
            connection: connection(wanting)?,
            bind_credential: secret,
            now: state.web.clock.now(),
        };
        let connected = connect(state.directories.as_ref(), state.policies.as_ref(), address);
        match connected.await {
            Ok(connected) => Ok(Done::new(ConnectedView::of(connected))),
            Err(report) => Err(unreached(&report)),
        }
    });
    // It is large: a whole conversation with a directory.
    Ok(Json(Box::pin(view).await?).into_response())
}

/// How far it was to the directory.
fn unreached(report: &TestReport) -> Problem {
    let failed = report
        .stages
        .iter()
        .find(|stage| stage.result == StageResult::Failed);
    let problem = Problem::of_members(report.problems.iter().map(Advice::from).collect());
    let Some(failed) = failed else {
        return problem;
    };
    // The stage's name as the tests of connections have it.
    let stage = serde_json::to_value(failed.stage).unwrap_or_default();
    let stage = stage.as_str().unwrap_or_default();
    Problem {
        detail: format!("{} at {}: {}", stage, failed.server, failed.text),
        ..problem
    }
}

fn connection(wanting: Wanting) -> Result<Connection, Problem> {
    let urls = wanting.connection_url.split_whitespace().map(|word| {
        let url = Url::parse(word).ok();
        let url = url.filter(|url| {
            matches!(url.scheme(), "ldap" | "ldaps")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        url.ok_or_else(|| {
            Problem::of_member(
                "connection_url",
                "is no URL of a directory; write it as ldaps://ldap.example.com",
            )
        })
    });
    let urls = urls.collect::<Result<Vec<_>, _>>()?;
    if urls.is_empty() {
        let message = "is empty; write it as ldaps://ldap.example.com";
        return Err(Problem::of_member("connection_url", message));
    }
    let bind = match wanting.bind_dn {
        _ if wanting.bind_type == Some(BindType::None) => ServiceBind::None,
        None if wanting.bind_type == Some(BindType::Simple) => {
            let message = "is missing; give it, or set bind_type to \"none\"";
            return Err(Problem::of_member("bind_dn", message));
        }
        None => ServiceBind::None,
        Some(_)
            if wanting
                .bind_credential
                .is_none_or(|credential| credential.is_empty()) =>
        {
            let message = "is missing; give it with bind_dn, or leave bind_dn out";
            return Err(Problem::of_member("bind_credential", message));
        }
        Some(name) => ServiceBind::Simple(
            BindName::new(name)
                .map_err(|error| Problem::of_member("bind_dn", error.to_string()))?,
        ),
    };
    Ok(Connection {
        start_tls: wanting.advanced.start_tls,
        allow_plaintext: wanting.advanced.allow_plaintext,
        ca_bundle: wanting.advanced.ca_bundle,
        bind,
        ..Connection::to(urls)
    })
}

impl ConnectedView {
    fn of(connected: Connected) -> Self {
        Self {
            people: serde_json::to_value(&connected.people).unwrap_or_default(),
            warnings: connected.warnings.iter().map(Advice::from).collect(),
            proposals: connected
                .proposals
                .into_iter()
                .map(ProposalView::of)
                .collect(),
        }
    }
}

impl ProposalView {
    fn of(proposed: Proposed) -> Self {
        let mut federation = FederationDocument::from(&proposed.federation);
        federation.id = None;
        if let Some(planned) = &proposed.planned {
            // What the policy leaves to its own presets is written out: a document says it.
            let plan = &planned.plan;
            let said = |member: &mut Option<String>, text: String| {
                member.get_or_insert(text);
            };
            said(
                &mut federation.username_ldap_attribute,
                plan.username_attribute.clone(),
            );
            said(
                &mut federation.rdn_ldap_attribute,
                plan.rdn_attribute.clone(),
            );
            said(
                &mut federation.uuid_ldap_attribute,
                plan.stable_id.attribute.clone(),
            );
            said(
                &mut federation.user_object_classes,
                plan.user_object_classes.join(", "),
            );
        }
        Self {
            policy: proposed.policy,
            certainty: proposed.certainty,
            federation,
            notes: proposed.notes.iter().map(Advice::from).collect(),
            problems: proposed.problems.iter().map(Advice::from).collect(),
        }
    }
}
