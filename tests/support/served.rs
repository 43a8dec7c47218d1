//! A bridge set up as an operator would: with one realm of one directory in a file, or with none.

use crate::{
    admin::Admin,
    application::Application,
    bridge::{self, Bridge, free_address, run},
    samba,
    slapd::{SERVICE_DN, SERVICE_PASSWORD, SUFFIX},
};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};
use tempfile::TempDir;

/// A federation's part of a realm file, to be changed before it is served.
#[derive(Clone, Debug)]
pub struct Directory {
    /// `vendor`.
    pub vendor: &'static str,
    /// `connection_url`.
    pub url: String,
    /// `users_dn`.
    pub users_dn: &'static str,
    /// `bind_dn`.
    pub bind_dn: &'static str,
    /// `bind_credential`.
    pub credential: String,
    /// `advanced.ca_bundle`, as PEM.
    pub ca: Option<String>,
    /// Further lines of the federation itself.
    pub lines: Vec<&'static str>,
    /// Further lines of `[federations.advanced]`.
    pub advanced: Vec<&'static str>,
}

/// A bridge with the realm `staff`, or with none but the platform's. It ends with this value.
pub struct Served {
    /// The process.
    pub bridge: Bridge,
    base: String,
    admin: String,
    folder: TempDir,
}

/// What the suites' directories need: they are on this machine.
pub const OUTBOUND: &str = "[[outbound]]\nnetworks = [\"127.0.0.0/8\", \"::1/128\"]\n";

impl Directory {
    /// The suites' slapd behind an address.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            vendor: "openldap",
            url: url.into(),
            users_dn: SUFFIX,
            bind_dn: SERVICE_DN,
            credential: SERVICE_PASSWORD.to_owned(),
            ca: None,
            lines: Vec::new(),
            advanced: Vec::new(),
        }
    }

    /// The suites' Samba behind an address.
    pub fn of_samba(url: impl Into<String>) -> Self {
        Self {
            vendor: "active-directory",
            users_dn: samba::PEOPLE,
            bind_dn: samba::SERVICE_DN,
            credential: samba::SERVICE_PASSWORD.to_owned(),
            ..Self::at(url)
        }
    }

    /// Trusting this authority.
    #[must_use]
    pub fn trusting(mut self, ca: &str) -> Self {
        self.ca = Some(ca.to_owned());
        self
    }

    /// With a line of `[federations.advanced]`.
    #[must_use]
    pub fn with(mut self, line: &'static str) -> Self {
        self.advanced.push(line);
        self
    }

    /// Where people may change what stands in it, their passwords among that; for the suites' slapd.
    #[must_use]
    pub fn writable(mut self) -> Self {
        self.bind_dn = "cn=writer,ou=services,dc=example,dc=test";
        "writerpw".clone_into(&mut self.credential);
        self.lines.push(r#"edit_mode = "WRITABLE""#);
        self
    }

    fn realm_file(&self) -> String {
        let mut text = format!(
            r#"[realm]
name = "staff"
display_name = "Staff"

[[federations]]
name = "directory"
vendor = "{}"
connection_url = "{}"
users_dn = "{}"
bind_dn = "{}"
bind_credential = "{}"
"#,
            self.vendor, self.url, self.users_dn, self.bind_dn, self.credential
        );
        let lines = self.lines.iter().chain(["\n[federations.advanced]"].iter());
        for line in lines.chain(&self.advanced) {
            writeln!(text, "{line}").expect("a string");
        }
        if self.ca.is_some() {
            text += "ca_bundle = \"../ca.pem\"\n";
        }
        for (client, algorithm) in [("wiki", "RS256"), ("chat", "ES256")] {
            write!(
                text,
                r#"
[[clients]]
client_id = "{client}"
public = true
redirect_uris = ["http://127.0.0.1/callback"]
signing_algorithm = "{algorithm}"
"#
            )
            .expect("a string");
        }
        text
    }
}

impl Served {
    /// Makes a folder with `init`, describes the directory in it, and serves it.
    pub fn start(program: &str, directory: &Directory) -> Self {
        Self::set_up(program, OUTBOUND, Some(directory))
    }

    /// Serves what `init` made without any realm file: everything comes over the admin API.
    pub fn bare(program: &str) -> Self {
        Self::bare_with(program, OUTBOUND)
    }

    /// The same, with these lines after the address of `[admin]`, in the place of those that let realms
    /// reach this machine.
    pub fn bare_with(program: &str, lines: &str) -> Self {
        Self::set_up(program, lines, None)
    }

    /// The same, for a test that asks more often than administrators do.
    pub fn bare_and_unhurried(program: &str) -> Self {
        let rates = "requests_per_second = 100000\ndirectory_requests_per_second = 100000\nfailures_per_second = 100000";
        Self::set_up(program, &format!("{rates}\n\n{OUTBOUND}"), None)
    }

    fn set_up(program: &str, lines: &str, directory: Option<&Directory>) -> Self {
        let folder = TempDir::with_prefix("bridge-").expect("a folder of its own");
        let code = copy_of_init(program, folder.path());
        let (address, admin) = (free_address(), free_address());
        let config = folder.path().join("bridge/bridge.toml");
        let preset = fs::read_to_string(&config).expect("what init made");
        let mut text = preset.replace("127.0.0.1:8080", &address);
        if let Some(directory) = directory {
            if let Some(ca) = &directory.ca {
                fs::write(folder.path().join("bridge/ca.pem"), ca).expect("the CA bundle");
            }
            let realm = folder.path().join("bridge/realms/staff.toml");
            fs::write(realm, directory.realm_file()).expect("the realm");
        } else {
            text = text.replace("apply = [\"realms/staff.toml\"]", "apply = []");
        }
        let lines = with_cache(lines, &code);
        let tables = format!(
            "{text}\n[audit]\nfile = \"audit.jsonl\"\n\n[admin]\naddress = \"{admin}\"\n{lines}"
        );
        fs::write(&config, tables).expect("the configuration");
        let base = format!("http://{address}");
        Self::serve(program, base, format!("http://{admin}"), folder)
    }

    /// Stops the bridge and starts it again, with the configuration as it is now.
    #[must_use]
    pub fn restarted(self, program: &str) -> Self {
        self.paused(program, || {})
    }

    /// The same, with more arguments of `serve`.
    #[must_use]
    pub fn restarted_with(self, program: &str, more: &[&str]) -> Self {
        assert_eq!(self.bridge.stop(), Some(0), "the bridge stops by itself");
        let config = self.folder.path().join("bridge/bridge.toml");
        Self {
            bridge: Bridge::serve_with(program, &config, &self.base, more),
            ..self
        }
    }

    /// The same, with something done while it stands still.
    #[must_use]
    pub fn paused(self, program: &str, work: impl FnOnce()) -> Self {
        assert_eq!(self.bridge.stop(), Some(0), "the bridge stops by itself");
        work();
        Self::serve(program, self.base, self.admin, self.folder)
    }

    /// Starts a bridge again that was killed, or kills it first (SIGKILL).
    #[must_use]
    pub fn killed(self, program: &str) -> Self {
        drop(self.bridge);
        Self::serve(program, self.base, self.admin, self.folder)
    }

    fn serve(program: &str, base: String, admin: String, folder: TempDir) -> Self {
        let config = folder.path().join("bridge/bridge.toml");
        Self {
            bridge: Bridge::serve(program, &config, &base),
            base,
            admin,
            folder,
        }
    }

    /// Whoever runs the bridge, at its socket.
    pub fn operator(&self) -> Admin {
        Admin::at_socket(&self.path("data/admin.sock"))
    }

    /// The admin API's listener, without a slash at the end.
    pub fn admin_url(&self) -> &str {
        &self.admin
    }

    /// Somebody with a token at the admin API's listener.
    pub fn administrator(&self, token: &str) -> Admin {
        Admin::at(&self.admin, Some(token))
    }

    /// A file below the bridge's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("bridge").join(name)
    }

    /// The realm file.
    pub fn realm_file(&self) -> PathBuf {
        self.path("realms/staff.toml")
    }

    /// The client that gets RS256.
    pub fn wiki(&self) -> Application {
        self.client("wiki")
    }

    /// One of the clients `wiki` and `chat`.
    pub fn client(&self, id: &str) -> Application {
        let issuer = self.bridge.issuer("staff");
        Application::public(&issuer, id, "http://127.0.0.1:49152/callback")
    }

    /// The sign-ins of the audit trail, in order.
    pub fn audited_sign_ins(&self) -> Vec<Value> {
        let events = self.audited().into_iter();
        events.filter(|event| event["event"] == "sign_in").collect()
    }

    /// The whole audit trail, in order.
    pub fn audited(&self) -> Vec<Value> {
        audit_events(&self.path("audit.jsonl"))
    }
}

/// Puts what `init` makes into a folder, as `bridge`; where compiled policies are kept. It was made once for
/// all bridges of a test's process: policies that one of them compiled, which takes seconds, are tied to
/// its sealing key.
fn copy_of_init(program: &str, folder: &Path) -> PathBuf {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let place = bridge::folder(program);
        let made = run(program, place.path(), &["init", "bridge"]);
        assert!(made.status.success(), "{made:?}");
        place
    });
    let mut copy = Command::new("cp");
    let copied = copy.arg("-a").arg(made.path().join("bridge")).arg(folder);
    let copied = copied.status().expect("cp");
    assert!(copied.success(), "to {}: {copied}", folder.display());
    made.path().join("policy-cache")
}

/// Lines of a configuration with this cache in the table of policies, theirs or one more.
fn with_cache(lines: &str, cache: &Path) -> String {
    let table = "[policies]\n";
    let lines = if lines.contains(table) {
        lines.to_owned()
    } else {
        format!("{lines}\n\n{table}")
    };
    lines.replace(table, &format!("{table}cache = \"{}\"\n", cache.display()))
}

fn audit_events(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the audit trail");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}
