//! A real directory server: Debian's slapd, in a folder and on ports of its own.

use crate::{
    authority::{Authority, Leaf},
    bridge::free_port,
    process::{Process, started},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{
    fmt::Write as _,
    fs,
    net::{Ipv4Addr, Ipv6Addr, TcpListener},
    path::Path,
    process::Command,
    sync::LazyLock,
};
use tempfile::TempDir;

/// A running slapd with the people of `tests/directory/seed.ldif`. It ends with this value, or with
/// the test's process, whatever ends that.
///
/// It listens on `127.0.0.1` for `ldap://` (with StartTLS) and on `127.0.0.1` and, where the machine
/// has it, `[::1]` for `ldaps://`.
pub struct Slapd {
    folder: TempDir,
    ldap_port: u16,
    ldaps_port: u16,
    is_telling: bool,
    process: Process,
}

/// What is particular to a server.
#[derive(Clone, Debug, Default)]
pub struct Particulars {
    /// Its certificate; none: the one that the suites trust.
    pub certificate: Option<Leaf>,
    /// So many people more, `u000000` and so on, in `ou=many`.
    pub people: usize,
    /// Whether it writes each operation down; see [`Slapd::operations`].
    pub is_telling: bool,
}

/// The suffix of the tree.
pub const SUFFIX: &str = "dc=example,dc=test";
/// Where most people are.
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
/// Who may read everything but passwords.
pub const SERVICE_DN: &str = "cn=svc,ou=services,dc=example,dc=test";
/// The service account's password.
pub const SERVICE_PASSWORD: &str = "svcpw";
/// Where the people are that [`Particulars::people`] adds.
pub const MANY: &str = "ou=many,dc=example,dc=test";
/// How many groups `uid=many` is in: `cn=many-0` and so on.
pub const MANY_GROUPS: usize = 200;

impl Slapd {
    /// The server of this test binary, for tests that leave no trace in it.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Slapd> = LazyLock::new(|| {
            let slapd = Slapd::start();
            // A static value is never dropped, so nobody would remove the folder later. The server
            // has every file that it needs open by now.
            fs::remove_dir_all(slapd.folder.path()).expect("a folder of its own");
            slapd
        });
        &SHARED
    }

    /// A server of one's own.
    pub fn start() -> Self {
        Self::start_as(&Particulars::default())
    }

    /// A server of one's own with this certificate.
    pub fn start_with(certificate: &Leaf) -> Self {
        Self::start_as(&Particulars {
            certificate: Some(certificate.clone()),
            ..Particulars::default()
        })
    }

    /// A server of one's own.
    pub fn start_as(particulars: &Particulars) -> Self {
        assert!(
            Path::new(SLAPD).exists() && Path::new(SLAPADD).exists(),
            "slapd is missing: run tests/run"
        );
        started("slapd", || {
            let ports = [free_port(), free_port()];
            let mut slapd = Self {
                folder: TempDir::with_prefix("slapd-").expect("a folder of its own"),
                ldap_port: ports[0],
                ldaps_port: ports[1],
                is_telling: particulars.is_telling,
                process: Process::new(
                    "slapd",
                    ports.map(|port| (Ipv4Addr::LOCALHOST, port).into()),
                ),
            };
            seed(slapd.folder.path(), particulars);
            slapd.run().then_some(slapd)
        })
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server again after [`Self::kill`], with the same entries on the same ports.
    pub fn restart(&mut self) {
        assert!(self.run(), "slapd does not start again");
    }

    /// The address for `ldap://`, as `127.0.0.1:port`.
    pub fn ldap_address(&self) -> String {
        format!("127.0.0.1:{}", self.ldap_port)
    }

    /// The address for `ldaps://`, as `127.0.0.1:port`.
    pub fn ldaps_address(&self) -> String {
        format!("127.0.0.1:{}", self.ldaps_port)
    }

    /// The URL of its Unix socket. Who runs the tests is `cn=writer` there.
    pub fn ldapi_url(&self) -> String {
        let folder = self.folder.path().to_str().expect("a path of a test");
        format!("ldapi://{}%2Fldapi", folder.replace('/', "%2F"))
    }

    /// The address for `ldaps://` as an IPv6 literal.
    pub fn ldaps_address_v6(&self) -> String {
        assert!(has_ipv6(), "this machine has no IPv6 loopback address ::1");
        format!("[::1]:{}", self.ldaps_port)
    }

    /// The operations so far, each with its name and what it was about, such as `BIND dn="cn=svc,…"`.
    pub fn operations(&self) -> Vec<String> {
        assert!(self.is_telling, "it writes nothing down");
        let log = fs::read_to_string(self.folder.path().join("output")).expect("the log");
        let words = [" SRCH base=", " BIND dn=", " ACCEPT from "];
        let operations = log.lines().filter_map(|line| {
            // The answer to a bind is written down as one.
            let word = words.iter().find(|word| line.contains(*word))?;
            let (_, rest) = line.split_once(word.trim_end_matches('='))?;
            let is_outcome = line.contains(" mech=") && line.contains("bind_ssf");
            (!is_outcome).then(|| format!("{}{rest}", word.trim().trim_end_matches('=')))
        });
        operations.collect()
    }

    /// The process, for what the machine knows of it.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    fn run(&mut self) -> bool {
        let folder = self.folder.path();
        let level = if self.is_telling { "stats" } else { "0" };
        let mut addresses = format!(
            "ldap://127.0.0.1:{} ldaps://127.0.0.1:{} {}",
            self.ldap_port,
            self.ldaps_port,
            self.ldapi_url()
        );
        if has_ipv6() {
            write!(addresses, " ldaps://[::1]:{}", self.ldaps_port).expect("a string");
        }
        let configuration = folder.join("slapd.conf");
        self.process.run(folder, SLAPD, |command| {
            // A debug level keeps it in the foreground, so that its pid is the child's.
            command.args(["-d", level, "-h", &addresses, "-f"]);
            command.arg(configuration);
        })
    }
}

/// Writes configuration, certificates and entries.
fn seed(folder: &Path, particulars: &Particulars) {
    let shared = Authority::shared();
    let certificate = particulars.certificate.as_ref().unwrap_or(&shared.server);
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("a file in a folder of its own");
    };
    let place = folder.to_str().expect("a path of a test");
    write("slapd.conf", &CONFIGURATION.replace("@FOLDER@", place));
    write("ca.pem", &shared.ca);
    write("server.pem", &certificate.certificate);
    write("server.key", &certificate.key);
    let people = many_people(particulars.people);
    write("seed.ldif", &format!("{SEED}\n{}{people}", more_entries()));
    fs::create_dir(folder.join("db")).expect("a folder for the database");
    let output = Command::new(SLAPADD)
        .args(["-q", "-b", SUFFIX, "-f"])
        .arg(folder.join("slapd.conf"))
        .arg("-l")
        .arg(folder.join("seed.ldif"))
        .output()
        .expect("slapadd starts");
    assert!(
        output.status.success(),
        "slapadd: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// People of whom nothing is particular, each with a password that is the user name after `Pw-`.
fn many_people(count: usize) -> String {
    let mut ldif = String::new();
    if count > 0 {
        write!(
            ldif,
            "dn: {MANY}\nobjectClass: organizationalUnit\nou: many\n\n"
        )
        .expect("a string");
    }
    for i in 0..count {
        let uid = format!("u{i:06}");
        write!(
            ldif,
            "dn: uid={uid},{MANY}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: First{i} Last{i}\n\
             displayName: First{i} Last{i}\nsn: Last{i}\ngivenName: First{i}\nmail: {uid}@example.test\n\
             employeeNumber: {i}\nuserPassword: Pw-{uid}\n\n"
        )
        .expect("a string");
    }
    ldif
}

/// What is too much to be written by hand: somebody in many groups, and for each octet an entry
/// `cn=octet-00` below `ou=octets` whose `anyOctets` is `x`, that octet and `y`.
fn more_entries() -> String {
    let mut ldif = String::new();
    let mut add = |dn: &str, lines: &[String]| {
        write!(ldif, "dn: {dn},{SUFFIX}\n{}\n\n", lines.join("\n")).expect("a string");
    };
    let many = "uid=many,ou=people";
    let mut person: Vec<_> = ["objectClass: inetOrgPerson", "uid: many", "cn: Many Groups"]
        .into_iter()
        .chain([
            "sn: Groups",
            "mail: many@example.test",
            "userPassword: Pw-many",
        ])
        .map(str::to_owned)
        .collect();
    for i in 0..MANY_GROUPS {
        let group = format!("cn=many-{i},ou=groups");
        person.push(format!("memberOf: {group},{SUFFIX}"));
        add(
            &group,
            &[
                "objectClass: groupOfNames".to_owned(),
                format!("cn: many-{i}"),
                format!("member: {many},{SUFFIX}"),
            ],
        );
    }
    add(many, &person);
    add(
        "ou=octets",
        &[
            "objectClass: organizationalUnit".to_owned(),
            "ou: octets".to_owned(),
        ],
    );
    for octet in 0..=u8::MAX {
        let value = BASE64_STANDARD.encode([b'x', octet, b'y']);
        add(
            &format!("cn=octet-{octet:02x},ou=octets"),
            &[
                "objectClass: device".to_owned(),
                "objectClass: extensibleObject".to_owned(),
                format!("cn: octet-{octet:02x}"),
                format!("anyOctets:: {value}"),
            ],
        );
    }
    ldif
}

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

const SLAPD: &str = "/usr/sbin/slapd";
const SLAPADD: &str = "/usr/sbin/slapadd";
const CONFIGURATION: &str = include_str!("../directory/slapd.conf");
const SEED: &str = include_str!("../directory/seed.ldif");
