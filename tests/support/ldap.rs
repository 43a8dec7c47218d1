//! Changes in a directory as its administrator makes them: OpenLDAP's own command-line programs.

use crate::template::finish;
use std::{fs, process::Command};

/// Who changes what is there.
#[derive(Clone, Copy, Debug)]
pub struct Administrator<'a> {
    /// `ldap://host:port` or `ldaps://host:port`; nothing of the suites listens elsewhere than on loopback.
    pub url: &'a str,
    /// The name to bind with.
    pub dn: &'a str,
    /// The password.
    pub password: &'a str,
}

impl Administrator<'_> {
    /// Applies change records (RFC 2849); a record without `changetype` adds its entry. `relax` sets
    /// what only the server itself sets otherwise, where the server has that control.
    pub fn change(&self, ldif: &str, relax: bool) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), ldif).expect("one's own file");
        let mut command = self.command("ldapmodify");
        command.arg("-a").arg("-f").arg(file.path());
        if relax {
            command.args(["-e", "relax"]);
        }
        finish(&mut command);
    }

    /// The values of an attribute of an entry, as text.
    pub fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        let mut command = self.command("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", dn]);
        let text = finish(command.args(["(objectClass=*)", attribute]));
        let prefix = format!("{}: ", attribute.to_lowercase());
        let values = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_wanted = format!("{}: ", name.to_lowercase()) == prefix;
            is_wanted.then(|| value.to_owned())
        });
        values.collect()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", "60", program, "-x", "-H", self.url])
            .args(["-D", self.dn, "-w", self.password])
            // The suites' authority is nobody's that the programs know.
            .env("LDAPTLS_REQCERT", "never");
        command
    }
}
