//! A registry of policies: Debian's `docker-registry`.

use crate::{bridge::free_port, keeper};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::PathBuf,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// It is there within a second, but where the machine is busy.
const START_MAX: Duration = Duration::from_secs(30);
/// `ada` with `correct horse`, as bcrypt.
const PEOPLE: &str = "ada:$2b$04$D3BOLaeF21ayFF7ouI1ojeGneDMVVkT1NYmDQwsOR0SwTol.GboK.\n";

/// A registry on a port of its own, stopped with this value.
pub struct Registry {
    /// Where it listens, as `127.0.0.1:port`.
    pub host: String,
    folder: TempDir,
    child: std::process::Child,
}

impl Registry {
    /// Starts one: closed to all but ada, or open.
    pub fn start(is_closed: bool) -> Self {
        let folder = TempDir::new().expect("a folder");
        let host = format!("127.0.0.1:{}", free_port());
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("people"), PEOPLE).expect("a file");
        let door = if is_closed {
            format!(
                "auth:\n  htpasswd:\n    realm: policies\n    path: {}\n",
                path("people")
            )
        } else {
            String::new()
        };
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: {host}\n{door}",
            path("storage")
        );
        fs::write(path("config.yml"), config).expect("a file");
        let log = File::create(path("log")).expect("a file");
        let child = keeper::spawn("docker-registry", |command| {
            command
                .args(["serve", &path("config.yml")])
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("a second handle"))
                .stderr(log);
        });
        let registry = Self {
            child: child
                .expect("docker-registry and setpriv: apt-get install docker-registry util-linux"),
            host,
            folder,
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(&registry.host).is_err() {
            let log = || fs::read_to_string(registry.folder.path().join("log"));
            assert!(
                began.elapsed() < START_MAX,
                "it does not start: {:?}",
                log()
            );
            thread::sleep(Duration::from_millis(50));
        }
        registry
    }

    /// What the registry itself answers.
    pub fn get(&self, path: &str, accept: &str) -> Value {
        let client = reqwest::blocking::Client::builder().no_proxy().build();
        let url = format!("http://{}/v2/{path}", self.host);
        let request = client.expect("a client").get(url).header("accept", accept);
        let answer = request
            .send()
            .expect("an answer")
            .bytes()
            .expect("its octets");
        serde_json::from_slice(&answer).expect("JSON")
    }

    /// The file with a blob.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a digest");
        self.folder.path().join(format!(
            "storage/docker/registry/v2/blobs/sha256/{}/{hex}/data",
            &hex[..2]
        ))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
