//! Policies in OCI registries (OCI distribution specification 1.1).
//!
//! A policy is an artifact of the layout that other tools for WebAssembly use: an image manifest whose
//! config is `application/vnd.wasm.config.v0+json` and whose only layer, `application/wasm`, is the
//! component. Signatures are the manifest's annotation [`SIGNATURES`], with the lines of a signature file
//! and `;` between them: one layer stays one layer, and whoever knows nothing of signatures sees a plain
//! component. Signing again makes another manifest of the same component.
//!
//! The same component with the same signatures always gives the same manifest, so it can be pushed again
//! and is named by the same digest.

mod credentials;
mod layout;
mod reference;
mod session;
mod way;

pub use credentials::{Credentials, CredentialsError};
pub use layout::SIGNATURES;
pub use reference::{Reference, ReferenceError};

use bridge_model::{
    outbound::OutboundRules,
    policy::{PolicyOrigin, PolicyPackage, PolicySignature, WasiGrant},
};
use bridge_policy::{Limits, inspect};
use layout::Taken;
use oci_client::{
    Client,
    client::{ClientConfig, ClientProtocol},
    errors::{OciDistributionError, OciErrorCode},
};
use session::Session;
use std::time::Duration;
use way::Way;

/// How long a registry has to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Who it says that it is.
const USER_AGENT: &str = concat!("ldap-oidc-bridge/", env!("CARGO_PKG_VERSION"));
/// How long a pull or a push may take in all.
const WHOLE_TIMEOUT: Duration = Duration::from_mins(10);

/// What a registry has from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The manifest's digest.
    pub digest: String,
    /// The reference by that digest, which always means this very policy.
    pub pinned: Reference,
}

/// Why nothing was pushed or pulled.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Neither of the two: something else is under that name.
    #[error("{reference} is no policy: {says}")]
    NoPolicy {
        /// What was asked for.
        reference: Reference,
        /// What it is.
        says: String,
    },
    /// The registry does not have it.
    #[error("{0} is not there: the registry knows no such name, tag or digest")]
    NotFound(Reference),
    /// The registry wants somebody it knows, or more of them.
    #[error(
        "{registry} does not let {who} in; log in with `docker login {registry}` or set POLICY_REGISTRY_USER and POLICY_REGISTRY_PASSWORD"
    )]
    Denied {
        /// Which.
        registry: String,
        /// Who asked.
        who: String,
    },
    /// What came is not what was named.
    #[error("{reference}: {says}; nothing of it is used")]
    Digest {
        /// What was asked for.
        reference: Reference,
        /// What does not fit.
        says: String,
    },
    /// It did not answer in time.
    #[error("{0} does not answer in time")]
    Silent(String),
    /// There is no way there, or what answers is no registry.
    #[error("{registry}: {says}")]
    Unreachable {
        /// Which.
        registry: String,
        /// What happened.
        says: String,
    },
    /// The operator's rules do not let the bridge go there.
    #[error("{reference} is not fetched: {says}")]
    OutOfReach {
        /// What was asked for.
        reference: Reference,
        /// What keeps the bridge from where, and what would let it.
        says: String,
    },
    /// What was to be pushed is no policy.
    #[error("only policies are pushed: {0}")]
    NotPushed(String),
    /// A reference by digest names what is there already.
    #[error("{0} names a digest; a push names a tag, and the registry says the digest")]
    PushByDigest(Reference),
}

/// Writes a component and its signatures to a registry.
///
/// # Errors
///
/// [`RegistryError`].
pub async fn push(
    component: &[u8],
    signatures: &[PolicySignature],
    reference: &Reference,
    credentials: &Credentials,
) -> Result<Pushed, RegistryError> {
    if reference.digest().is_some() {
        return Err(RegistryError::PushByDigest(reference.clone()));
    }
    let inspection =
        inspect(component).map_err(|error| RegistryError::NotPushed(error.to_string()))?;
    if let Err(reason) = inspection.kind {
        return Err(RegistryError::NotPushed(reason));
    }
    if inspection.is_core_module {
        let says = "it is a core module; push the component that `policy build` makes of it";
        return Err(RegistryError::NotPushed(says.to_owned()));
    }
    let artifact = layout::Artifact::new(
        component,
        signatures,
        &inspection.imports,
        &inspection.exports,
    );
    let client = client(reference);
    let push = async {
        let manifest = Some(artifact.manifest);
        let auth = credentials.auth();
        client
            .push(
                reference.inner(),
                &artifact.layers,
                artifact.config,
                &auth,
                manifest,
            )
            .await?;
        client.fetch_manifest_digest(reference.inner(), &auth).await
    };
    let digest = within(reference, credentials, push).await?;
    let pinned = reference.pinned(&digest);
    Ok(Pushed { digest, pinned })
}

/// Reads a policy from a registry. Its origin is the reference pinned to the digest of the manifest; its
/// signatures are as they were written, and whoever loads it sees which of them fit.
///
/// # Errors
///
/// [`RegistryError`]; a component over the size that the host takes is not fetched.
pub async fn pull(
    reference: &Reference,
    credentials: &Credentials,
) -> Result<PolicyPackage, RegistryError> {
    pulled(reference, Session::new(reference, credentials, Way::Free)).await
}

/// The same, from where these rules let the bridge go and from nowhere else: the registry, whoever gives out
/// its tokens, and where it redirects. No proxy is asked.
///
/// # Errors
///
/// As [`pull`], and [`RegistryError::OutOfReach`].
pub async fn pull_by(
    rules: &OutboundRules,
    reference: &Reference,
    credentials: &Credentials,
) -> Result<PolicyPackage, RegistryError> {
    let session = Session::new(reference, credentials, Way::By(rules));
    pulled(reference, session).await
}

async fn pulled(
    reference: &Reference,
    mut session: Session<'_>,
) -> Result<PolicyPackage, RegistryError> {
    let no_policy = |says: String| RegistryError::NoPolicy {
        reference: reference.clone(),
        says,
    };
    let whole = async {
        let (manifest, digest) = session.manifest().await?;
        let octets_max = Limits::default().component_octets_max;
        let Taken { layer, octets } = layout::take(&manifest, octets_max).map_err(no_policy)?;
        let signatures = layout::signatures(&manifest).map_err(no_policy)?;
        Ok(PolicyPackage {
            octets: session.blob(&layer.digest, octets).await?,
            signatures,
            wasi: WasiGrant::None,
            origin: PolicyOrigin::Registry(reference.pinned(&digest).to_string()),
        })
    };
    let silent = || RegistryError::Silent(reference.registry().to_owned());
    let done = tokio::time::timeout(WHOLE_TIMEOUT, whole).await;
    done.unwrap_or_else(|_| Err(silent()))
}

/// Without TLS only where nobody is in between.
fn client(reference: &Reference) -> Client {
    let protocol = if reference.is_on_loopback() {
        ClientProtocol::HttpsExcept(vec![reference.registry().to_owned()])
    } else {
        ClientProtocol::Https
    };
    Client::new(ClientConfig {
        protocol,
        read_timeout: Some(READ_TIMEOUT),
        connect_timeout: Some(CONNECT_TIMEOUT),
        user_agent: USER_AGENT,
        ..ClientConfig::default()
    })
}

async fn within<T>(
    reference: &Reference,
    credentials: &Credentials,
    work: impl Future<Output = Result<T, OciDistributionError>>,
) -> Result<T, RegistryError> {
    let registry = || reference.registry().to_owned();
    match tokio::time::timeout(WHOLE_TIMEOUT, work).await {
        Err(_) => Err(RegistryError::Silent(registry())),
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(told(&error, reference, credentials)),
    }
}

fn told(
    error: &OciDistributionError,
    reference: &Reference,
    credentials: &Credentials,
) -> RegistryError {
    use OciDistributionError as Oci;
    let registry = reference.registry().to_owned();
    let denied = || RegistryError::Denied {
        registry: reference.registry().to_owned(),
        who: credentials.who(),
    };
    match error {
        Oci::AuthenticationFailure(_)
        | Oci::UnauthorizedError { .. }
        | Oci::ServerError {
            code: 401 | 403, ..
        } => denied(),
        Oci::ServerError { code: 404, .. } => RegistryError::NotFound(reference.clone()),
        Oci::RegistryError { envelope, .. } => {
            let has = |codes: &[OciErrorCode]| {
                envelope
                    .errors
                    .iter()
                    .any(|error| codes.contains(&error.code))
            };
            if has(&[
                OciErrorCode::ManifestUnknown,
                OciErrorCode::NameUnknown,
                OciErrorCode::NotFound,
                OciErrorCode::BlobUnknown,
            ]) {
                return RegistryError::NotFound(reference.clone());
            }
            if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                return denied();
            }
            RegistryError::Unreachable {
                registry,
                says: envelope.to_string(),
            }
        }
        Oci::DigestError(error) => RegistryError::Digest {
            reference: reference.clone(),
            says: error.to_string(),
        },
        Oci::RequestError(error) if error.is_timeout() => RegistryError::Silent(registry),
        Oci::RequestError(error) => RegistryError::Unreachable {
            registry,
            says: chain(error),
        },
        other => RegistryError::Unreachable {
            registry,
            says: other.to_string(),
        },
    }
}

/// The innermost cause says most.
fn chain(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
