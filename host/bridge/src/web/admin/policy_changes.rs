//! Policies that are brought, put in force, rolled back and removed.

use super::{
    AdminState,
    access::Call,
    api::Endpoint,
    body::{Body, Octets, Parameters, Segments},
    change::{Done, actor, audited, note_refused},
    policies::{CHANGE, TAG, audit_view, wanted},
    policy_view::{PolicyView, SwapView},
    problem::{Kind, Problem},
    shape::Shape,
};
use crate::{
    documents::Advice,
    policies::{PolicyChangeError, PullError},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::{SwapError, SwapReport};
use bridge_kit::registry::{Reference, ReferenceError, RegistryError};
use bridge_model::{
    audit::AuditKind,
    policy::{PolicyOrigin, PolicyPackage, PolicySignature, WasiGrant},
    ports::PolicyFault,
    realm::PolicyRef,
};
use bridge_policy::signature;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::panic;
use utoipa::ToSchema;

/// The media types of a component (RFC 9110 section 8.3 where nobody says more).
const WASM: &[&str] = &["application/wasm", "application/octet-stream"];
/// The header with a signature, as a line of a signature file; it may stand several times.
const SIGNATURE: &str = "policy-signature";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadQuery {
    #[serde(default)]
    wasi: WasiGrant,
}

/// What is fetched from where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyPull)]
struct PullBody {
    /// The reference, by tag or by digest.
    #[schema(example = "registry.example.com/team/policy:1.0")]
    reference: String,
    /// What it may reach beside the log: `none` or `minimal`. Preset: `none`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    wasi: WasiGrant,
}

/// Which digest is to be in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicySwap)]
struct SwapBody {
    /// `sha256:` and the hexadecimal digest of a component that is loaded.
    digest: String,
    /// Whether it is only told what would change. Preset: `false`.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    dry_run: bool,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/policies", CHANGE, upload)
            .about(
                TAG,
                "upload_policy",
                "Admits a component and keeps it; a swap puts it in force",
            )
            .query(
                "wasi",
                "What it may reach beside the log: none or minimal; none unless said otherwise",
                Shape::text(),
            )
            .takes_octets(WASM)
            .header(
                "Policy-Signature",
                "A signature, as a line of a signature file: the key, a space, Base64; may stand several times",
            )
            .answers(201, "It is loaded", Shape::of::<PolicyView>()),
        Endpoint::post("/policies/pull", CHANGE, pull)
            .about(
                TAG,
                "pull_policy",
                "Fetches a component from an OCI registry, admits and keeps it; a swap puts it in force",
            )
            .takes(Shape::of::<PullBody>())
            .answers(201, "It is loaded", Shape::of::<PolicyView>()),
        Endpoint::post("/policies/{policy}/swap", CHANGE, swap)
            .about(
                TAG,
                "swap_policy",
                "Puts another digest in force once every federation that uses the policy was translated anew; new problems refuse it",
            )
            .takes(Shape::of::<SwapBody>())
            .answers(200, "What changes, federation by federation", Shape::of::<SwapView>()),
        Endpoint::post("/policies/{policy}/roll-back", CHANGE, roll_back)
            .about(
                TAG,
                "roll_back_policy",
                "Puts the digest in force again that was before this one",
            )
            .answers(200, "What changed, federation by federation", Shape::of::<SwapView>()),
        Endpoint::delete("/policies/packages/{digest}", CHANGE, delete)
            .about(TAG, "delete_policy", "Removes a component that nobody uses")
            .answers_empty(204, "It is gone"),
    ]
}

async fn upload(
    State(state): State<AdminState>,
    call: Call,
    Parameters(query): Parameters<UploadQuery>,
    headers: HeaderMap,
    body: Octets,
) -> Result<Response, Problem> {
    let octets = body
        .read(WASM, state.sources.component_octets_max())
        .await?;
    let package = PolicyPackage {
        octets,
        signatures: signatures(&headers)?,
        wasi: query.wasi,
        origin: PolicyOrigin::Upload,
    };
    brought(&state, &call, package).await
}

async fn pull(
    State(state): State<AdminState>,
    call: Call,
    Body(body): Body<PullBody>,
) -> Result<Response, Problem> {
    let reference: Reference = body.reference.parse().map_err(|error: ReferenceError| {
        let message = format!("{error}; write it as registry.example.com/team/policy:1.0");
        Problem::of_member("reference", message)
    })?;
    let mut package = state.sources.pull(&reference).await?;
    package.wasi = body.wasi;
    brought(&state, &call, package).await
}

/// Admits a component, and shows it.
async fn brought(
    state: &AdminState,
    call: &Call,
    package: PolicyPackage,
) -> Result<Response, Problem> {
    let mut wanted = wanted(AuditKind::Created, "");
    "policy".clone_into(&mut wanted.object);
    let policy = audited(state, &call.caller, wanted, async {
        let sources = state.sources.clone();
        let policy = to_its_end(async move { sources.bring(package).await }).await?;
        Ok(Done {
            object: Some(super::policies::name_of(&policy.id)),
            after: Some(audit_view(&policy)),
            policy: Some(policy.clone()),
            ..Done::new(policy)
        })
    })
    .await?;
    let off = state.web.store.policies_off().await?.contains(&policy.id);
    let view = shown(state, &policy, off).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

async fn shown(state: &AdminState, policy: &PolicyRef, off: bool) -> Result<PolicyView, Problem> {
    let mut listed = state.sources.list(None).await?.into_iter();
    let found = listed.find(|known| known.reference.digest == policy.digest);
    let found = found.ok_or_else(|| Problem::missing("policy"))?;
    Ok(PolicyView::of(found, off))
}

fn signatures(headers: &HeaderMap) -> Result<Vec<PolicySignature>, Problem> {
    let lines = headers.get_all(SIGNATURE).iter();
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
        .collect();
    signature::read(&lines.join("\n")).map_err(|error| {
        let message = format!("{error}; send the lines of the signature file as they are");
        Problem::of_member("Policy-Signature", message)
    })
}

async fn swap(
    State(state): State<AdminState>,
    call: Call,
    segments: Segments,
    Body(body): Body<SwapBody>,
) -> Result<Response, Problem> {
    let id = segments.text("policy")?;
    if body.dry_run {
        let report = state.sources.consider(id, &body.digest).await?;
        return Ok(Json(SwapView::from(report)).into_response());
    }
    let actor = actor(&call.caller.administrator, None);
    let (sources, of, digest) = (state.sources.clone(), id.to_owned(), body.digest);
    let swapped = to_its_end(async move { sources.swap(&of, &digest, &actor).await }).await;
    answer(&state, &call, id, swapped)
}

async fn roll_back(
    State(state): State<AdminState>,
    call: Call,
    segments: Segments,
) -> Result<Response, Problem> {
    let id = segments.text("policy")?;
    let actor = actor(&call.caller.administrator, None);
    let (sources, of) = (state.sources.clone(), id.to_owned());
    let rolled_back = to_its_end(async move { sources.roll_back(&of, &actor).await }).await;
    answer(&state, &call, id, rolled_back)
}

/// Does work that is not broken off where whoever asked for it goes away, or the answer takes too long.
async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => panic::resume_unwind(payload),
            // The runtime is going down, and whoever waits here with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// What became of a swap. One that was done, or that federations refused, stands in the audit trail
/// already.
fn answer(
    state: &AdminState,
    call: &Call,
    id: &str,
    swapped: Result<SwapReport, PolicyChangeError>,
) -> Result<Response, Problem> {
    let report = swapped.map_err(|error| {
        let is_noted = matches!(error, PolicyChangeError::Swap(SwapError::Refused(_)));
        let problem = Problem::from(error);
        if !is_noted {
            let wanted = wanted(AuditKind::PolicySwapped, id);
            note_refused(state, &call.caller, wanted, &problem);
        }
        problem
    })?;
    Ok(Json(SwapView::from(report)).into_response())
}

async fn delete(
    State(state): State<AdminState>,
    call: Call,
    segments: Segments,
) -> Result<Response, Problem> {
    let digest = segments.text("digest")?;
    audited(
        &state,
        &call.caller,
        wanted(AuditKind::Removed, digest),
        async {
            let policy = state.sources.remove(digest).await?;
            Ok(Done {
                object: Some(super::policies::name_of(&policy.id)),
                before: Some(audit_view(&policy)),
                policy: Some(policy),
                ..Done::new(())
            })
        },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<PullError> for Problem {
    fn from(error: PullError) -> Self {
        let says = error.to_string();
        match error {
            PullError::Registry(RegistryError::NotFound(_) | RegistryError::OutOfReach { .. }) => {
                Self::of_member("reference", says)
            }
            PullError::Registry(RegistryError::NoPolicy { .. }) => Self::new(Kind::Invalid, says),
            PullError::Registry(_) | PullError::Credentials(_) => {
                Self::new(Kind::Unavailable, says)
            }
        }
    }
}

impl From<PolicyChangeError> for Problem {
    fn from(error: PolicyChangeError) -> Self {
        match error {
            PolicyChangeError::Policy(error) => {
                let kind = match error.fault {
                    PolicyFault::Busy => Kind::Unavailable,
                    _ => Kind::Invalid,
                };
                Self::new(kind, error.to_string())
            }
            PolicyChangeError::Swap(error) => of_swap(error),
            PolicyChangeError::Missing => Self::missing("policy"),
            PolicyChangeError::OtherId { .. } => Self::of_member("digest", error.to_string()),
            PolicyChangeError::InUse(message) => Self::new(Kind::Conflict, message),
            PolicyChangeError::Store(error) => error.into(),
        }
    }
}

/// Why a swap was not done: each problem with the federation that has it.
fn of_swap(error: SwapError) -> Problem {
    let detail = error.to_string();
    match error {
        SwapError::Refused(report) => {
            let refusing = report.federations.iter().filter(|one| one.refuses);
            let errors = refusing.flat_map(|one| {
                one.problems.iter().map(|problem| {
                    let advice = Advice::from(problem);
                    Advice {
                        member: format!("{}/{}: {}", one.realm, one.name, advice.member),
                        ..advice
                    }
                })
            });
            Problem {
                errors: errors.collect(),
                ..Problem::new(Kind::Conflict, detail)
            }
        }
        SwapError::Policy(error) if error.fault == PolicyFault::Unknown => {
            Problem::new(Kind::NotFound, detail)
        }
        SwapError::NothingBefore(_) | SwapError::Policy(_) => Problem::new(Kind::Conflict, detail),
        SwapError::Store(error) => error.into(),
    }
}
