//! A real domain controller: Debian's Samba, in a folder and on an address of its own.
//!
//! To make a domain takes ten seconds, so one is kept, with the people of
//! `tests/directory/samba.ldif`, below Cargo's `target` folder, and each server gets a copy.

use crate::{
    authority::Authority,
    ldap::Administrator,
    process::{Process, started},
    template::{self, finish},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{
    fs::{self, Permissions},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicU8, Ordering},
};
use tempfile::TempDir;

/// A running domain controller. It ends with this value, or with the test's process, whatever ends
/// that.
///
/// It listens on an address of its own, one of 127.0.0.0/8, at port 389 (`ldap://`, where passwords
/// need StartTLS) and port 636 (`ldaps://`), with a certificate of [`Authority::shared`] for that
/// address. The domain locks an account for half an hour after five wrong passwords.
pub struct Samba {
    folder: TempDir,
    address: Ipv4Addr,
    process: Process,
}

/// The entry of the domain.
pub const DOMAIN: &str = "DC=ad,DC=example,DC=test";
/// Where people are.
pub const PEOPLE: &str = "OU=People,DC=ad,DC=example,DC=test";
/// Who may read everything but passwords, as all accounts of a domain may.
pub const SERVICE_DN: &str = "CN=svc,OU=Services,DC=ad,DC=example,DC=test";
/// The service account's password.
pub const SERVICE_PASSWORD: &str = "svcpw";

impl Samba {
    /// A server of one's own, with a copy of the domain.
    pub fn start() -> Self {
        let uid = fs::metadata("/proc/self").expect("Linux has it").uid();
        assert!(
            uid == 0,
            "Samba makes a domain and listens on port 389 as root only: run the tests as root"
        );
        for program in [SAMBA, SAMBA_TOOL, LDBADD, LDBMODIFY] {
            assert!(
                Path::new(program).exists(),
                "{program} is missing: run tests/run"
            );
        }
        started("samba", || {
            let address = free_address();
            let ports = [389, 636].map(|port| (address, port).into());
            let mut samba = Self {
                folder: TempDir::with_prefix("samba-").expect("a folder of its own"),
                address,
                process: Process::new("samba", ports),
            };
            copy_domain(samba.folder.path());
            configure(samba.folder.path(), samba.address);
            samba.run().then_some(samba)
        })
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server again after [`Self::kill`], with the same entries at the same address.
    pub fn restart(&mut self) {
        assert!(self.run(), "samba does not start again");
    }

    fn run(&mut self) -> bool {
        let folder = self.folder.path();
        self.process.run(folder, SAMBA, |command| {
            // In the foreground, so that its pid is the child's, and in no group of its own: when it
            // stops it ends its whole group, which would be the test's.
            command.args(["-F", "--no-process-group", "-M", "single", "-s"]);
            command.arg(folder.join("smb.conf"));
        })
    }

    /// The process, for what the machine knows of it.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Its address, which its certificate is for.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// `ldap://` and its address, at the port that goes without saying.
    pub fn ldap_url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// `ldaps://` and its address, at the port that goes without saying.
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// Adds entries (LDIF with `password: …` for a password), also while the server runs.
    pub fn add(&self, ldif: &str) {
        change(self.folder.path(), LDBADD, ldif);
    }

    /// Changes entries (LDIF change records), also while the server runs.
    pub fn modify(&self, ldif: &str) {
        change(self.folder.path(), LDBMODIFY, ldif);
    }

    /// As [`Self::modify`], past the rules for passwords, so that a password can be old.
    pub fn modify_freely(&self, ldif: &str) {
        let control = ["--controls=local_oid:1.3.6.1.4.1.7165.4.3.12:0"];
        run_tool(self.folder.path(), LDBMODIFY, &control, ldif);
    }

    /// The values of an attribute of an entry, as the domain's administrator sees them.
    pub fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        let administrator = Administrator {
            url: &self.ldaps_url(),
            dn: "Administrator@ad.example.test",
            password: "Admin-Passw0rd!",
        };
        administrator.values(dn, attribute)
    }
}

/// Copies the domain that is kept, and makes it first where there is none, or one of another version.
fn copy_domain(folder: &Path) {
    let output = Command::new(SAMBA)
        .arg("--version")
        .output()
        .expect("it starts");
    let version = String::from_utf8_lossy(&output.stdout);
    let provision = PROVISION.join(" ");
    let parts = [
        &*version,
        CONFIGURATION,
        RULES,
        PEOPLE_AND_GROUPS,
        &provision,
    ];
    template::copy("samba", &parts, folder, make_domain);
}

fn make_domain(made: &Path) {
    fs::write(made.join("empty.conf"), "").expect("a file in a folder of one's own");
    let mut provision = Command::new("timeout");
    provision
        .args(["--kill-after=5", "180", SAMBA_TOOL, "domain", "provision"])
        .args(PROVISION)
        // Not Debian's own configuration.
        .arg(format!(
            "--configfile={}",
            made.join("empty.conf").display()
        ))
        .arg(format!("--targetdir={}", made.display()));
    finish(&mut provision);
    configure(made, Ipv4Addr::LOCALHOST);
    change(made, LDBMODIFY, RULES);
    change(made, LDBADD, PEOPLE_AND_GROUPS);
}

/// Writes what is particular to one server: folder, address, certificate.
fn configure(folder: &Path, address: Ipv4Addr) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file in a folder of its own");
        fs::set_permissions(path, Permissions::from_mode(0o600)).expect("its own file");
    };
    let place = folder.to_str().expect("a path of a test");
    let address = address.to_string();
    let text = CONFIGURATION.replace("@FOLDER@", place);
    write("smb.conf", &text.replace("@ADDRESS@", &address));
    let authority = Authority::shared();
    // Also for whatever stands before it.
    let certificate = authority.leaf(&[&address, "127.0.0.1"]);
    write("ca.pem", &authority.ca);
    write("server.pem", &certificate.certificate);
    write("server.key", &certificate.key);
    for name in ["cache", "run"] {
        fs::create_dir_all(folder.join(name)).expect("a folder in its own");
    }
}

/// Has one of Samba's own programs change a domain's database, as the system itself.
fn change(folder: &Path, program: &str, ldif: &str) {
    run_tool(folder, program, &[], ldif);
}

fn run_tool(folder: &Path, program: &str, arguments: &[&str], ldif: &str) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), with_passwords(ldif)).expect("one's own file");
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", "60", program])
        .args(arguments)
        .arg("-H")
        .arg(folder.join("private/sam.ldb"))
        .arg(file.path())
        .env("SMB_CONF_PATH", folder.join("smb.conf"));
    finish(&mut command);
}

/// `password: x` as the directory wants it: quoted, in UTF-16 (MS-ADTS section 3.1.1.3.1.5).
fn with_passwords(ldif: &str) -> String {
    let lines = ldif
        .lines()
        .map(|line| match line.strip_prefix("password: ") {
            Some(password) => {
                let quoted = format!("\"{password}\"");
                let octets: Vec<u8> = quoted.encode_utf16().flat_map(u16::to_le_bytes).collect();
                format!("unicodePwd:: {}\n", BASE64_STANDARD.encode(octets))
            }
            None => format!("{line}\n"),
        });
    lines.collect()
}

/// An address on which nobody listens: one of this process's own among those of the loopback network.
fn free_address() -> Ipv4Addr {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = process::id().to_be_bytes();
    for _ in 0..ADDRESSES_MAX {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::new(127, 64 | (high & 63), low, 1 + count % ADDRESSES_MAX);
        if PORTS
            .iter()
            .all(|port| TcpListener::bind((address, *port)).is_ok())
        {
            return address;
        }
    }
    panic!(
        "no address of 127.0.0.0/8 has the ports {PORTS:?} free: does a server listen on all addresses?"
    );
}

const SAMBA: &str = "/usr/sbin/samba";
const SAMBA_TOOL: &str = "/usr/bin/samba-tool";
const LDBADD: &str = "/usr/bin/ldbadd";
const LDBMODIFY: &str = "/usr/bin/ldbmodify";
const CONFIGURATION: &str = include_str!("../directory/samba.conf");
const RULES: &str = include_str!("../directory/samba-domain.ldif");
const PEOPLE_AND_GROUPS: &str = include_str!("../directory/samba.ldif");
const PROVISION: &[&str] = &[
    "--realm=AD.EXAMPLE.TEST",
    "--domain=EXAMPLE",
    "--host-name=dc1",
    "--host-ip=127.0.0.1",
    "--server-role=dc",
    "--dns-backend=NONE",
    "--adminpass=Admin-Passw0rd!",
    "--use-rfc2307",
    "--function-level=2008_R2",
    "--backend-store=tdb",
];
/// LDAP, and the global catalogue, without and with TLS.
const PORTS: [u16; 4] = [389, 636, 3268, 3269];
/// The last part of an address, without network and broadcast.
const ADDRESSES_MAX: u8 = 254;
