//! A real 389 Directory Server: Debian's, in a folder and on ports of its own.
//!
//! To make an instance takes a quarter of a minute, so one is kept, with the people of
//! `tests/directory/rhds.ldif`, and each server gets a copy.

mod instance;

use crate::{
    authority::Authority,
    bridge::free_port,
    ldap::Administrator,
    process::{Process, started},
    template::{self, finish},
};
use std::{
    fs::{self, Permissions},
    net::Ipv4Addr,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};
use tempfile::TempDir;

/// A running 389 Directory Server. It ends with this value, or with the test's process, whatever ends
/// that.
///
/// It listens on `127.0.0.1` for `ldap://` (with StartTLS) and `ldaps://`, and locks an account after
/// five wrong passwords.
pub struct Rhds {
    folder: TempDir,
    ldap_port: u16,
    ldaps_port: u16,
    process: Process,
}

/// The suffix of the tree.
pub const SUFFIX: &str = "dc=example,dc=test";
/// Where people are.
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
/// Who may read everything but passwords.
pub const SERVICE_DN: &str = "cn=svc,ou=services,dc=example,dc=test";
/// The service account's password.
pub const SERVICE_PASSWORD: &str = "svcpw";

impl Rhds {
    /// A server of one's own, with a copy of the instance.
    pub fn start() -> Self {
        for program in [NS_SLAPD, DSCREATE] {
            assert!(
                Path::new(program).exists(),
                "{program} is missing: run tests/run"
            );
        }
        started("389 Directory Server", || {
            let folder = TempDir::with_prefix("rhds-").expect("a folder of its own");
            // The server gives up root's rights.
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("its own");
            let ports = [free_port(), free_port()];
            let addresses = ports.map(|port| (Ipv4Addr::LOCALHOST, port).into());
            let mut rhds = Self {
                folder,
                ldap_port: ports[0],
                ldaps_port: ports[1],
                process: Process::new("389 Directory Server", addresses),
            };
            rhds.copy_instance();
            rhds.run().then_some(rhds)
        })
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server again after [`Self::kill`], with the same entries on the same ports.
    pub fn restart(&mut self) {
        assert!(self.run(), "389 Directory Server does not start again");
    }

    /// `ldap://` with the port.
    pub fn ldap_url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.ldap_port)
    }

    /// `ldaps://` with the port.
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.ldaps_port)
    }

    /// The process, for what the machine knows of it.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Applies change records as the directory manager; see [`Administrator::change`].
    pub fn change(&self, ldif: &str) {
        self.as_manager(|manager| manager.change(ldif, false));
    }

    /// The values of an attribute of an entry, as the directory manager sees them.
    pub fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        self.as_manager(|manager| manager.values(dn, attribute))
    }

    fn as_manager<T>(&self, work: impl FnOnce(Administrator<'_>) -> T) -> T {
        work(Administrator {
            url: &self.ldap_url(),
            dn: MANAGER,
            password: MANAGER_PASSWORD,
        })
    }

    fn copy_instance(&self) {
        // It says its version and ends as if that were a fault.
        let version = Command::new(NS_SLAPD).arg("-v").output();
        let version = String::from_utf8_lossy(&version.expect("it starts").stdout).into_owned();
        let parts = [&*version, ANSWERS, CONFIGURATION, PEOPLE_AND_GROUPS];
        let folder = self.folder.path();
        template::copy("rhds", &parts, folder, instance::make_instance);
        let origin = fs::read_to_string(folder.join("origin")).expect("what the template has");
        let instance = folder.join(INSTANCE);
        for (name, changes) in [
            (
                "dse.ldif",
                &[
                    ("nsslapd-port", self.ldap_port),
                    ("nsslapd-secureport", self.ldaps_port),
                ][..],
            ),
            ("pkcs11.txt", &[]),
        ] {
            let path = instance.join(name);
            let text = fs::read_to_string(&path).expect("a file of the instance");
            // Long lines are folded (RFC 2849), also in the middle of a path.
            let text = text.replace("\n ", "").replace(&origin, text_of(folder));
            fs::write(&path, with_ports(&text, changes)).expect("its own file");
        }
        put_certificate(folder);
        give_away(folder);
    }

    fn run(&mut self) -> bool {
        let folder = self.folder.path();
        // A server that was killed leaves its mark there.
        for entry in fs::read_dir(folder.join(LOCKS)).into_iter().flatten() {
            let _ = fs::remove_file(entry.expect("an entry").path());
        }
        let arguments = |command: &mut Command| {
            command
                .arg("-D")
                .arg(folder.join(INSTANCE))
                .arg("-i")
                .arg(folder.join("run/dirsrv/slapd-t1.pid"))
                // Its usual messages, on its output.
                .args(["-d", "266354688"]);
        };
        if !is_root() {
            return self.process.run(folder, NS_SLAPD, arguments);
        }
        self.process.run(folder, "setpriv", |command| {
            command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]);
            // A process that changes its user forgets that it is to end with its parent.
            command.args(["--pdeathsig", "KILL", NS_SLAPD]);
            arguments(command);
        })
    }
}

/// Puts the suites' certificate into the server's own kind of database.
fn put_certificate(folder: &Path) {
    let authority = Authority::shared();
    let instance = folder.join(INSTANCE);
    let pin = instance.join("pwdfile.txt");
    for (name, text) in [
        ("ca.pem", &authority.ca),
        ("server.pem", &authority.server.certificate),
        ("server.key", &authority.server.key),
    ] {
        fs::write(folder.join(name), text).expect("its own file");
    }
    finish(
        Command::new("openssl")
            .args([
                "pkcs12",
                "-export",
                "-name",
                "Server-Cert",
                "-passout",
                "pass:x",
            ])
            .arg("-inkey")
            .arg(folder.join("server.key"))
            .arg("-in")
            .arg(folder.join("server.pem"))
            .arg("-out")
            .arg(folder.join("server.p12")),
    );
    finish(
        Command::new("certutil")
            .args(["-A", "-n", "suites-ca", "-t", "CT,,", "-a", "-d"])
            .arg(&instance)
            .arg("-i")
            .arg(folder.join("ca.pem"))
            .arg("-f")
            .arg(&pin),
    );
    finish(
        Command::new("pk12util")
            .args(["-W", "x", "-d"])
            .arg(&instance)
            .arg("-k")
            .arg(&pin)
            .arg("-i")
            .arg(folder.join("server.p12")),
    );
}

/// As root everything belongs to the user that the server becomes.
fn give_away(folder: &Path) {
    if is_root() {
        finish(
            Command::new("chown")
                .args(["-R", "dirsrv:dirsrv"])
                .arg(folder),
        );
    }
}

fn with_ports(text: &str, ports: &[(&str, u16)]) -> String {
    let lines = text.lines().map(|line| {
        let name = line.split_once(": ").map(|(name, _)| name.to_lowercase());
        let port = ports
            .iter()
            .find(|(attribute, _)| name.as_deref() == Some(*attribute));
        match (port, name) {
            (Some((_, port)), Some(name)) => format!("{name}: {port}\n"),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("Linux has it").uid() == 0
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("a path of a test")
}

const NS_SLAPD: &str = "/usr/sbin/ns-slapd";
const DSCREATE: &str = "/usr/sbin/dscreate";
/// Of Debian's package.
const USER: &str = "dirsrv";
const MANAGER: &str = "cn=Directory Manager";
const MANAGER_PASSWORD: &str = "dmpassword";
const INSTANCE: &str = "etc/dirsrv/slapd-t1";
const LOCKS: &str = "run/lock/dirsrv/slapd-t1/server";
const ANSWERS: &str = include_str!("../directory/rhds.inf");
const CONFIGURATION: &str = include_str!("../directory/rhds-config.ldif");
const PEOPLE_AND_GROUPS: &str = include_str!("../directory/rhds.ldif");
