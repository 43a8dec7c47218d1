//! A pull: who asks is told where a registry wants to know it, and no more is read than was announced.

use super::{
    Credentials, Reference, RegistryError,
    way::{Answer, Question, Way, WayError},
};
use oci_client::{
    errors::OciEnvelope,
    manifest::{
        IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
        OCI_IMAGE_MEDIA_TYPE, OciImageManifest, OciManifest,
    },
};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use url::Url;

/// A manifest of ours has some hundred octets, and as many signatures as a signature file.
const MANIFEST_OCTETS_MAX: usize = 256 << 10;
/// The answer of whoever gives out tokens.
const TOKEN_OCTETS_MAX: usize = 64 << 10;
/// What is told of a reason.
const REASON_CHARS_MAX: usize = 300;

/// Somebody who asks a registry.
pub(super) struct Session<'a> {
    reference: &'a Reference,
    credentials: &'a Credentials,
    way: Way<'a>,
    /// Whatever the registry wants to see, once it said so.
    authorization: Option<HeaderValue>,
}

/// A token (the distribution project's "Token Authentication Specification").
/// Some say both, which are alike then.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        reference: &'a Reference,
        credentials: &'a Credentials,
        way: Way<'a>,
    ) -> Self {
        Self {
            reference,
            credentials,
            way,
            authorization: None,
        }
    }

    /// The manifest that the reference means, with its digest.
    pub(super) async fn manifest(&mut self) -> Result<(OciImageManifest, String), RegistryError> {
        let inner = self.reference.inner();
        let named = inner.digest().or(inner.tag()).unwrap_or("latest");
        let accept = [
            OCI_IMAGE_MEDIA_TYPE,
            IMAGE_MANIFEST_MEDIA_TYPE,
            OCI_IMAGE_INDEX_MEDIA_TYPE,
            IMAGE_MANIFEST_LIST_MEDIA_TYPE,
        ];
        let resource = format!("manifests/{named}");
        let read = self
            .read(&resource, &accept.join(", "), MANIFEST_OCTETS_MAX)
            .await?;
        let octets = read.ok_or_else(|| {
            self.no_policy(format!(
                "its manifest has more than {MANIFEST_OCTETS_MAX} octets"
            ))
        })?;
        let digest = sha256(&octets);
        if let Some(named) = inner.digest().filter(|named| *named != digest) {
            return Err(self.other(format!("what came for {named} is {digest}")));
        }
        match serde_json::from_slice(&octets) {
            Ok(OciManifest::Image(manifest)) => Ok((manifest, digest)),
            Ok(OciManifest::ImageIndex(_)) => Err(self.no_policy(
                "it is an index of several images; name one of them by its digest".to_owned(),
            )),
            Err(error) => Err(self.no_policy(format!("its manifest cannot be read: {error}"))),
        }
    }

    /// The blob with this digest, which has so many octets.
    pub(super) async fn blob(
        &mut self,
        digest: &str,
        octets: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let resource = format!("blobs/{digest}");
        let read = self.read(&resource, "*/*", octets).await?;
        let blob = read.ok_or_else(|| {
            self.other(format!(
                "the registry sends more than the {octets} octets that the manifest says"
            ))
        })?;
        let is = sha256(&blob);
        if is == digest {
            return Ok(blob);
        }
        Err(self.other(format!("what came for {digest} is {is}")))
    }

    /// Reads something of the repository; none: it has more octets than it may.
    async fn read(
        &mut self,
        resource: &str,
        accept: &str,
        octets_max: usize,
    ) -> Result<Option<Vec<u8>>, RegistryError> {
        let registry = self.reference.registry();
        // Without TLS only where nobody is in between.
        let scheme = if self.reference.is_on_loopback() {
            "http"
        } else {
            "https"
        };
        let repository = self.reference.inner().repository();
        let text = format!("{scheme}://{registry}/v2/{repository}/{resource}");
        let url = Url::parse(&text).map_err(|error| self.unreachable(error.to_string()))?;
        let mut answer = self.ask(&url, accept, octets_max).await?;
        if answer.status() == Some(StatusCode::UNAUTHORIZED) && self.authorization.is_none() {
            self.authorization = self.authorize(&answer).await?;
            if self.authorization.is_some() {
                answer = self.ask(&url, accept, octets_max).await?;
            }
        }
        match answer {
            Got::TooMuch => Ok(None),
            Got::Answer(answer) if answer.status == StatusCode::OK => Ok(Some(answer.body)),
            Got::Answer(answer) => Err(self.refused(&answer)),
        }
    }

    async fn ask(&self, url: &Url, accept: &str, octets_max: usize) -> Result<Got, RegistryError> {
        let question = Question {
            url,
            accept,
            authorization: self.authorization.as_ref(),
            octets_max,
        };
        match self.way.get(&question).await {
            Ok(answer) => Ok(Got::Answer(answer)),
            Err(WayError::TooLong) => Ok(Got::TooMuch),
            Err(error) => Err(self.not_there(error)),
        }
    }

    /// What a registry wants to see that asks who it is; none: nothing that is known here.
    async fn authorize(&self, answer: &Got) -> Result<Option<HeaderValue>, RegistryError> {
        let Got::Answer(Answer { headers, .. }) = answer else {
            return Ok(None);
        };
        match self.token_place(headers) {
            None => Ok(self.credentials.header()),
            Some(place) => self.token(&place).await.map(Some),
        }
    }

    /// Where tokens are given out; none: the registry wants a name and a password itself.
    fn token_place(&self, headers: &HeaderMap) -> Option<Url> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter();
        let texts = texts.filter_map(|text| text.to_str().ok());
        let mut challenges =
            texts.flat_map(|text| http_auth::parse_challenges(text).unwrap_or_default());
        let bearer = challenges.find(|it| it.scheme.eq_ignore_ascii_case("bearer"))?;
        let told = |name: &str| {
            let mut params = bearer.params.iter();
            let found = params.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let mut place = Url::parse(&told("realm")?).ok()?;
        let repository = self.reference.inner().repository();
        let scope = told("scope").unwrap_or_else(|| format!("repository:{repository}:pull"));
        place.query_pairs_mut().append_pair("scope", &scope);
        if let Some(service) = told("service") {
            place.query_pairs_mut().append_pair("service", &service);
        }
        Some(place)
    }

    async fn token(&self, place: &Url) -> Result<HeaderValue, RegistryError> {
        let known = self.credentials.header();
        let question = Question {
            url: place,
            accept: "application/json",
            authorization: known.as_ref(),
            octets_max: TOKEN_OCTETS_MAX,
        };
        let asked = self.way.get(&question).await;
        let answer = asked.map_err(|error| self.not_there(error))?;
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer));
        }
        let told = serde_json::from_slice::<Token>(&answer.body).ok();
        let token = told.and_then(|told| told.token.or(told.access_token));
        let header = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        let mut header = header.ok_or_else(|| {
            let host = place.host_str().unwrap_or_default();
            self.unreachable(format!("{host} gives no token where it should"))
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    fn refused(&self, answer: &Answer) -> RegistryError {
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RegistryError::Denied {
                registry: self.reference.registry().to_owned(),
                who: self.credentials.who(),
            },
            StatusCode::NOT_FOUND => RegistryError::NotFound(self.reference.clone()),
            status => {
                let told = serde_json::from_slice::<OciEnvelope>(&answer.body);
                let told = told.map_or_else(|_| String::new(), |told| format!(": {told}"));
                let told = told.chars().filter(|c| !c.is_control());
                let told: String = told.take(REASON_CHARS_MAX).collect();
                self.unreachable(format!("it answers {}{told}", status.as_u16()))
            }
        }
    }

    fn not_there(&self, error: WayError) -> RegistryError {
        match error {
            WayError::OutOfReach(says) => RegistryError::OutOfReach {
                reference: self.reference.clone(),
                says,
            },
            WayError::Silent => RegistryError::Silent(self.reference.registry().to_owned()),
            WayError::Broken(says) => self.unreachable(says),
            WayError::TooLong => self.unreachable("it says more than it should".to_owned()),
        }
    }

    fn unreachable(&self, says: String) -> RegistryError {
        RegistryError::Unreachable {
            registry: self.reference.registry().to_owned(),
            says,
        }
    }

    fn no_policy(&self, says: String) -> RegistryError {
        RegistryError::NoPolicy {
            reference: self.reference.clone(),
            says,
        }
    }

    fn other(&self, says: String) -> RegistryError {
        RegistryError::Digest {
            reference: self.reference.clone(),
            says,
        }
    }
}

/// What came of a question.
enum Got {
    Answer(Answer),
    TooMuch,
}

impl Got {
    fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(answer) => Some(answer.status),
            Self::TooMuch => None,
        }
    }
}

/// As it stands in references and manifests.
fn sha256(octets: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for octet in Sha256::digest(octets) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}
