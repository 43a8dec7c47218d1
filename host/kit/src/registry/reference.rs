//! `registry.example.com/team/policy:1.2` and `…@sha256:…`.

use std::{fmt, net::IpAddr, str::FromStr};

/// Where a policy is in a registry: the registry is always named, a tag or a digest too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(Box<oci_client::Reference>);

/// A text that names no policy in a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` names nothing in a registry: {says}; write registry.example.com/team/policy:1.0, or @sha256:… in the place of the tag"
)]
pub struct ReferenceError {
    text: String,
    says: String,
}

impl Reference {
    /// The registry: its host, and its port where one is named.
    pub fn registry(&self) -> &str {
        self.0.resolve_registry()
    }

    /// The digest of the manifest, where that is what it names.
    pub fn digest(&self) -> Option<&str> {
        self.0.digest()
    }

    /// Whether the registry is this machine, by an address or the name that RFC 6761 keeps for it.
    pub fn is_on_loopback(&self) -> bool {
        let registry = self.registry();
        let host = registry
            .rsplit_once(':')
            .map_or(registry, |(host, _)| host)
            .trim_matches(['[', ']']);
        host == "localhost"
            || host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The last part of the repository's name.
    pub fn short_name(&self) -> &str {
        let repository = self.0.repository();
        repository.rsplit('/').next().unwrap_or(repository)
    }

    /// The same name, by digest alone.
    pub(super) fn pinned(&self, digest: &str) -> Self {
        Self(Box::new(oci_client::Reference::with_digest(
            self.0.registry().to_owned(),
            self.0.repository().to_owned(),
            digest.to_owned(),
        )))
    }

    pub(super) fn inner(&self) -> &oci_client::Reference {
        &self.0
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |says: &str| ReferenceError {
            text: text.chars().take(200).collect(),
            says: says.to_owned(),
        };
        // Without one, other tools mean a registry of theirs.
        let (registry, name) = text
            .split_once('/')
            .ok_or_else(|| wrong("no registry is named"))?;
        if !registry.contains(['.', ':']) && registry != "localhost" {
            return Err(wrong("no registry is named"));
        }
        if !name.contains([':', '@']) {
            return Err(wrong("no tag and no digest is named"));
        }
        let parsed: oci_client::Reference = text
            .parse()
            .map_err(|error: oci_client::ParseError| wrong(&error.to_string()))?;
        Ok(Self(Box::new(parsed)))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_the_registry_and_what_is_meant() {
        let digest = format!("r.example.com/a@sha256:{}", "a".repeat(64));
        for text in [
            "r.example.com/a:1",
            "localhost:5000/team/a:1.0",
            "127.0.0.1:5000/a:x",
            &digest,
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(reference.to_string(), text);
        }
        for (text, says) in [
            ("a:1", "no registry"),
            ("team/a:1", "no registry"),
            ("r.example.com/a", "no tag"),
            ("r.example.com/A:1", "names nothing in a registry"),
            ("r.example.com/a@sha256:12", "names nothing in a registry"),
            ("https://r.example.com/a:1", ""),
        ] {
            let error = text.parse::<Reference>().expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn only_this_machine_is_on_loopback() {
        for (text, is) in [
            ("localhost/a:1", true),
            ("localhost:5000/a:1", true),
            ("127.0.0.9:5000/a:1", true),
            ("localhost.example.com/a:1", false),
            ("10.0.0.1:5000/a:1", false),
            ("127.0.0.1.example.com/a:1", false),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(reference.is_on_loopback(), is, "{text}");
        }
    }
}
