//! A file that declares a realm with its federations and clients.

use super::{
    Fault, Faults,
    document::{Document, Lines, line_of},
    federation,
    process::folder_of,
    reader::Section,
    secret_ref::{self, Watched},
};
use bridge_model::{
    client::{Client, ClientAuthentication, RedirectUri},
    keys::SigningAlgorithm,
    names::{ClientId, RealmName},
    ports::Policies,
    realm::{ClientDeclaration, Lifetimes, Realm, RealmDeclaration},
    secret::Secret,
};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::Duration,
};

/// Shorter secrets can be guessed: RFC 6749 section 10.10 wants 128 bits, which random characters of
/// base64 reach with 22; those of a longer alphabet sooner.
const SECRET_OCTETS_MIN: usize = 16;

/// A file that declares a realm, understood and translated. Federations have no id yet: they get
/// theirs when the file is applied.
#[derive(Clone, Debug)]
pub struct RealmFile {
    /// The file: what its objects are marked as managed by.
    pub source: String,
    /// What it declares.
    pub declared: RealmDeclaration,
    /// The other files that it takes something from.
    pub watched: Vec<PathBuf>,
    file: PathBuf,
    lines: Lines,
}

impl RealmFile {
    /// Reads a file, its secrets, and translates its federations.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, the policies' problems included.
    pub fn read(file: &Path, policies: &dyn Policies) -> Result<Self, Faults> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Faults::of_file(file, format!("cannot be read: {error}")))?;
        Self::parse(file, &text, policies)
    }

    /// As [`RealmFile::read`], with the text at hand.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(file: &Path, text: &str, policies: &dyn Policies) -> Result<Self, Faults> {
        let folder = folder_of(file);
        let mut watched = Vec::new();
        let (declared, lines) = Document::read(file, text, |document, section| {
            let declared = declared(document, section, &folder, policies, &mut watched)?;
            Some((declared, document.lines()))
        })?;
        Ok(Self {
            source: std::path::absolute(file)
                .unwrap_or_else(|_| file.to_owned())
                .display()
                .to_string(),
            declared,
            watched,
            file: file.to_owned(),
            lines,
        })
    }

    /// A fault of a member that is found only after the file was understood.
    pub fn fault(&self, field: impl Into<String>, message: impl Into<String>) -> Fault {
        let field = field.into();
        Fault {
            file: self.file.clone(),
            line: line_of(&self.lines, &field),
            field,
            message: message.into(),
        }
    }
}

fn declared(
    document: &Document,
    root: Section<'_>,
    folder: &Path,
    policies: &dyn Policies,
    watched: &mut Watched,
) -> Option<RealmDeclaration> {
    let Some(section) = root.section("realm") else {
        root.fault(
            "realm",
            "is missing; a file declares one realm: [realm] with its name",
        );
        return None;
    };
    let realm = realm(section)?;
    let around = federation::Surroundings {
        document,
        folder,
        realm: &realm.name,
        policies,
    };
    let mut federations = Vec::new();
    let mut names = HashSet::new();
    for section in root.sections("federations") {
        let path = section.path("name");
        let Some(federation) = federation::read(section, &around, watched) else {
            continue;
        };
        if !names.insert(federation.planned.federation.name.clone()) {
            document.fault(&path, "is the name of another federation of the realm too");
        }
        federations.push(federation);
    }
    let mut clients: Vec<ClientDeclaration> = Vec::new();
    for section in root.sections("clients") {
        let path = section.path("client_id");
        let Some(client) = client(section, &realm.name, folder, watched) else {
            continue;
        };
        if clients
            .iter()
            .any(|known| known.client.id == client.client.id)
        {
            document.fault(&path, "is the id of another client of the realm too");
        }
        clients.push(client);
    }
    root.finish();
    Some(RealmDeclaration {
        realm,
        federations,
        clients,
    })
}

fn realm(section: Section<'_>) -> Option<Realm> {
    let name = section.typed("name", section.required_text("name"), RealmName::new);
    let display_name = section.text("display_name");
    let enabled = section.flag("enabled", true);
    let lifetimes = section.section("lifetimes").map(lifetimes);
    section.finish();
    Some(Realm {
        name: name?,
        display_name,
        enabled,
        lifetimes: lifetimes.unwrap_or_default(),
        managed_by: None,
    })
}

fn lifetimes(section: Section<'_>) -> Lifetimes {
    let preset = Lifetimes::default();
    let span = |key, preset, longest| section.span(key, preset, Duration::from_secs(1)..=longest);
    let lifetimes = Lifetimes {
        session: span("session", preset.session, Duration::from_hours(24 * 30)),
        interaction: span("interaction", preset.interaction, Duration::from_hours(24)),
        // RFC 6749 section 4.1.2 recommends ten minutes at the most.
        code: span("code", preset.code, Duration::from_mins(10)),
        token: span("token", preset.token, Duration::from_hours(24)),
    };
    section.finish();
    lifetimes
}

fn client(
    section: Section<'_>,
    realm: &RealmName,
    folder: &Path,
    watched: &mut Watched,
) -> Option<ClientDeclaration> {
    let id = section.required_text("client_id");
    let id = section.typed("client_id", id, ClientId::new);
    let is_public = section.flag("public", false);
    let secrets = secrets(&section, is_public, folder, watched);
    let redirect_uris = redirect_uris(&section);
    let algorithms = &[
        ("RS256", SigningAlgorithm::RS256),
        ("ES256", SigningAlgorithm::ES256),
    ];
    let name = section.text("name");
    let enabled = section.flag("enabled", true);
    let signing_algorithm = section.word("signing_algorithm", algorithms);
    section.finish();
    let client = Client {
        realm: realm.clone(),
        id: id?,
        name,
        enabled,
        authentication: if is_public {
            ClientAuthentication::Public
        } else {
            ClientAuthentication::Secret
        },
        redirect_uris,
        signing_algorithm: signing_algorithm.unwrap_or_default(),
        managed_by: None,
    };
    Some(ClientDeclaration { client, secrets })
}

fn secrets(
    section: &Section<'_>,
    is_public: bool,
    folder: &Path,
    watched: &mut Watched,
) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let texts = section.texts("secrets");
    let wrong = match (is_public, texts.len()) {
        _ if section.is_faulty("public") => None,
        (true, 1..) => Some("a public client has none; remove them, or remove public = true"),
        (false, 0) => Some(
            "is missing; give one, or set public = true for a client that cannot keep a secret",
        ),
        (false, 3..) => Some("two are valid at once, for rotation; remove the older ones"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        section.fault("secrets", wrong);
    }
    for (i, (_, text)) in texts.into_iter().enumerate() {
        let key = format!("secrets[{i}]");
        match secret_ref::resolve(&text, folder) {
            Ok(resolved) if resolved.secret.expose().len() < SECRET_OCTETS_MIN => {
                let message = format!(
                    "is too short to be safe: give {SECRET_OCTETS_MIN} random characters or more, such as those of `openssl rand -base64 32`"
                );
                section.fault(&key, message);
            }
            Ok(resolved) => {
                watched.extend(resolved.watched);
                secrets.push(resolved.secret);
            }
            Err(message) => section.fault(&key, message),
        }
    }
    secrets
}

fn redirect_uris(section: &Section<'_>) -> Vec<RedirectUri> {
    let texts = section.texts("redirect_uris");
    if texts.is_empty() {
        section.fault(
            "redirect_uris",
            "is missing; name at least one address that answers may be sent to",
        );
    }
    let mut uris = Vec::new();
    for (i, (_, text)) in texts.into_iter().enumerate() {
        match RedirectUri::new(text) {
            Ok(uri) => uris.push(uri),
            Err(error) => section.fault(&format!("redirect_uris[{i}]"), error.to_string()),
        }
    }
    uris
}
