//! How an instance is made that servers are copies of.

use super::{
    ANSWERS, CONFIGURATION, DSCREATE, INSTANCE, LOCKS, MANAGER, MANAGER_PASSWORD, NS_SLAPD,
    PEOPLE_AND_GROUPS, USER, give_away, is_root, text_of,
};
use crate::{bridge::free_port, ldap::Administrator, process::START_MAX, template::finish};
use std::{
    fs::{self, Permissions},
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Makes an instance with everything switched on that the suites look at.
pub(super) fn make_instance(made: &Path) {
    fs::write(made.join("origin"), text_of(made)).expect("a file in a folder of one's own");
    fs::set_permissions(made, Permissions::from_mode(0o755)).expect("one's own folder");
    for folder in [
        "share/dirsrv/inf",
        "etc/dirsrv",
        "etc/default",
        LOCKS,
        "run/dirsrv",
        "tmp",
        "var/log/dirsrv",
        "var/lib/dirsrv",
    ] {
        fs::create_dir_all(made.join(folder)).expect("a folder in one's own");
    }
    finish(
        Command::new("cp")
            .args(["-r", "/etc/dirsrv/config", "/etc/dirsrv/schema"])
            .arg(made.join("etc/dirsrv")),
    );
    let defaults = fs::read_to_string(DEFAULTS).expect("a file of Debian's package");
    let defaults = relocated(&defaults, text_of(made));
    fs::write(made.join("share/dirsrv/inf/defaults.inf"), defaults).expect("one's own file");
    give_away(made);
    let port = free_port();
    let answers = ANSWERS.replace("@PORT@", &port.to_string());
    let answers = answers.replace("@PASSWORD@", MANAGER_PASSWORD);
    fs::write(made.join("t1.inf"), answers).expect("a file in one's own folder");
    finish(
        Command::new("timeout")
            .args(["--kill-after=5", "180", "/usr/bin/python3", DSCREATE])
            .arg("from-file")
            .arg(made.join("t1.inf"))
            .env("PREFIX", made),
    );
    let url = format!("ldap://127.0.0.1:{port}");
    Administrator {
        url: &url,
        dn: MANAGER,
        password: MANAGER_PASSWORD,
    }
    .change(CONFIGURATION, false);
    stop(made, port);
    put_caches(made);
    put_people(made);
    give_away(made);
}

/// Debian's paths, all below a folder.
fn relocated(defaults: &str, place: &str) -> String {
    let user = if is_root() { USER.to_owned() } else { user() };
    let lines = defaults.lines().map(|line| {
        let Some((name, value)) = line.split_once(" =") else {
            return format!("{line}\n");
        };
        let value = value.trim();
        match name {
            "with_systemd" | "with_selinux" | "enable_rust" => format!("{name} = 0\n"),
            "prefix" => format!("{name} = {place}\n"),
            "user" | "group" => format!("{name} = {user}\n"),
            "db_home_dir" => format!("{name} = {place}/var/dbhome-{{instance_name}}\n"),
            _ if RELOCATED.contains(&name) => format!("{name} = {place}{value}\n"),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

/// Stops the server that was started to be configured.
fn stop(made: &Path, port: u16) {
    let pid = fs::read_to_string(made.join("run/dirsrv/slapd-t1.pid")).expect("the server's mark");
    finish(Command::new("kill").arg(pid.trim()));
    let begin = Instant::now();
    let gone = || !Path::new("/proc").join(pid.trim()).join("exe").exists();
    while !gone() || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
        assert!(begin.elapsed() < START_MAX, "the server does not stop");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Without this it takes a share of the machine's memory.
fn put_caches(made: &Path) {
    let path = made.join(INSTANCE).join("dse.ldif");
    let text = fs::read_to_string(&path).expect("the server's configuration");
    let lines = text.lines().map(|line| {
        let name = line.split_once(": ").map_or("", |(name, _)| name);
        match CACHES.iter().find(|(cache, _)| *cache == name) {
            Some((_, size)) => format!("{name}: {size}\n"),
            None => format!("{line}\n"),
        }
    });
    let text: String = lines.collect();
    fs::write(path, text).expect("one's own file");
}

fn put_people(made: &Path) {
    let seed = made.join("seed.ldif");
    fs::write(&seed, PEOPLE_AND_GROUPS).expect("one's own file");
    fs::set_permissions(&seed, Permissions::from_mode(0o644)).expect("one's own file");
    finish(
        Command::new(NS_SLAPD)
            .args(["ldif2db", "-n", "userroot", "-D"])
            .arg(made.join(INSTANCE))
            .arg("-i")
            .arg(&seed),
    );
    fs::remove_file(seed).expect("one's own file");
}

fn user() -> String {
    finish(Command::new("id").arg("-un")).trim().to_owned()
}

const DEFAULTS: &str = "/usr/share/dirsrv/inf/defaults.inf";
/// The settings of `defaults.inf` that are paths of an instance.
const RELOCATED: &[&str] = &[
    "tmp_dir",
    "sysconf_dir",
    "initconfig_dir",
    "config_dir",
    "local_state_dir",
    "run_dir",
    "ldapi",
    "pid_file",
    "tmpfiles_d",
    "schema_dir",
    "cert_dir",
    "lock_dir",
    "log_dir",
    "access_log",
    "audit_log",
    "error_log",
    "security_log",
    "db_dir",
    "backup_dir",
    "ldif_dir",
    "inst_dir",
];
const CACHES: &[(&str, &str)] = &[
    ("nsslapd-cache-autosize", "0"),
    ("nsslapd-dbcachesize", "33554432"),
    ("nsslapd-cachememsize", "134217728"),
    ("nsslapd-dncachememsize", "33554432"),
    ("nsslapd-db-durable-transaction", "off"),
];
