//! Who asks a registry: what the environment says, or what `docker login` left.

use super::Reference;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_model::secret::Secret;
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use std::{
    collections::HashMap,
    env, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use zeroize::Zeroizing;

const USER: &str = "POLICY_REGISTRY_USER";
const PASSWORD: &str = "POLICY_REGISTRY_PASSWORD";

/// Who asks a registry. The secret does not print.
#[derive(Clone, Debug)]
pub struct Credentials {
    known: Option<(String, Secret)>,
}

/// Why it is not known who asks.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// One of two variables is set.
    #[error("{USER} and {PASSWORD} are set together or not at all")]
    Half,
    /// The file of `docker login` cannot be used.
    #[error("{path}: {says}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        says: String,
    },
    /// The program that keeps the credentials gives none.
    #[error("{program} gives no credentials: {says}")]
    Helper {
        /// Its name.
        program: String,
        /// What happened.
        says: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DockerConfig {
    auths: HashMap<String, DockerAuth>,
    creds_store: Option<String>,
    cred_helpers: HashMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DockerAuth {
    auth: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Credentials {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self { known: None }
    }

    /// A name and a password.
    pub fn basic(user: &str, password: Secret) -> Self {
        Self {
            known: Some((user.to_owned(), password)),
        }
    }

    /// Who asks the registry of `reference`: `POLICY_REGISTRY_USER` and `POLICY_REGISTRY_PASSWORD`, else
    /// what `docker login` left for it in `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, else
    /// nobody in particular.
    ///
    /// # Errors
    ///
    /// Something is there and cannot be used.
    pub fn find(reference: &Reference) -> Result<Self, CredentialsError> {
        match (env::var(USER), env::var(PASSWORD)) {
            (Ok(user), Ok(password)) => {
                return Ok(Self::basic(&user, Secret::new(password)));
            }
            (Err(_), Err(_)) => {}
            _ => return Err(CredentialsError::Half),
        }
        let folder = env::var_os("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| Some(env::home_dir()?.join(".docker")));
        let Some(folder) = folder else {
            return Ok(Self::anonymous());
        };
        Self::of_file(&folder.join("config.json"), reference.registry())
    }

    fn of_file(path: &Path, registry: &str) -> Result<Self, CredentialsError> {
        let wrong = |says: String| CredentialsError::File {
            path: path.to_owned(),
            says,
        };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::anonymous()),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let config: DockerConfig = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("it is no configuration of docker's: {error}")))?;
        let helper = config.cred_helpers.get(registry);
        if let Some(helper) = helper.or(config.creds_store.as_ref()) {
            return helped(helper, registry);
        }
        let entry = [registry.to_owned(), format!("https://{registry}")]
            .iter()
            .find_map(|name| config.auths.get(name));
        let Some(DockerAuth { auth }) = entry.filter(|entry| !entry.auth.is_empty()) else {
            return Ok(Self::anonymous());
        };
        let decoded = STANDARD.decode(auth).ok();
        let pair = decoded.and_then(|octets| String::from_utf8(octets).ok());
        let (user, password) = pair
            .as_deref()
            .and_then(|pair| pair.split_once(':'))
            .ok_or_else(|| wrong(format!("the `auth` of {registry} is no name and password")))?;
        Ok(Self::basic(user, Secret::new(password)))
    }

    /// Who it is, without the secret.
    pub(super) fn who(&self) -> String {
        match &self.known {
            Some((user, _)) => user.clone(),
            None => "anybody without credentials".to_owned(),
        }
    }

    /// A name and a password as HTTP has them (RFC 7617 section 2).
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let (user, secret) = self.known.as_ref()?;
        let mut pair = Zeroizing::new(format!("{user}:").into_bytes());
        pair.extend_from_slice(secret.expose());
        let mut header =
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode(&*pair))).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    pub(super) fn auth(&self) -> RegistryAuth {
        match &self.known {
            Some((user, secret)) => {
                let password = String::from_utf8_lossy(secret.expose()).into_owned();
                RegistryAuth::Basic(user.clone(), password)
            }
            None => RegistryAuth::Anonymous,
        }
    }
}

/// Asks the program that keeps docker's credentials. That it knows none of this registry is no error.
fn helped(helper: &str, registry: &str) -> Result<Credentials, CredentialsError> {
    let program = format!("docker-credential-{helper}");
    let wrong = |says: String| CredentialsError::Helper {
        program: program.clone(),
        says,
    };
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| wrong(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read says so by its answer.
        let _ = input.write_all(registry.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| wrong(error.to_string()))?;
    if !output.status.success() {
        let says = String::from_utf8_lossy(&output.stdout);
        if says.contains("credentials not found") {
            return Ok(Credentials::anonymous());
        }
        return Err(wrong(format!("it ended with {}", output.status)));
    }
    let found: Helped = serde_json::from_slice(&output.stdout)
        .map_err(|_| wrong("its answer is not of the form that docker documents".to_owned()))?;
    Ok(Credentials::basic(
        &found.username,
        Secret::new(found.secret),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.json");
        fs::write(&path, config).expect("a file");
        Credentials::of_file(&path, "r.example.com:5000")
            .map(|credentials| match credentials.auth() {
                RegistryAuth::Basic(user, password) => format!("{user} {password}"),
                _ => credentials.who(),
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_docker_login_left_is_used() {
        let auth = STANDARD.encode("ada:a:b");
        for name in ["r.example.com:5000", "https://r.example.com:5000"] {
            let config = format!(r#"{{"auths":{{"{name}":{{"auth":"{auth}"}}}}}}"#);
            assert_eq!(found(&config).as_deref(), Ok("ada a:b"));
        }
        for config in ["{}", r#"{"auths":{"r.example.com":{"auth":"eDp5"}}}"#] {
            assert_eq!(found(config).as_deref(), Ok("anybody without credentials"));
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_without_the_secret() {
        let secret = STANDARD.encode("secret");
        let config = format!(r#"{{"auths":{{"r.example.com:5000":{{"auth":"{secret}"}}}}}}"#);
        let error = found(&config).expect_err("no password");
        assert!(
            error.contains("no name and password") && !error.contains("secret"),
            "{error}"
        );
        assert!(found("[").expect_err("no JSON").contains("config.json"));
        let error = found(r#"{"credsStore":"that-is-not-there"}"#).expect_err("no program");
        assert!(
            error.contains("docker-credential-that-is-not-there"),
            "{error}"
        );
    }
}
