//! Starts the demonstration and keeps it running.

use super::{
    directory::DemoDirectory,
    sample::{self, BridgeOrigins, Sample, SampleRealm, SampleSettings, SampleUser},
};
use crate::{
    app::Bridge,
    audit::AuditFile,
    config::realm_file::RealmFile,
    system::{OsRandom, SystemClock},
    web::{self, ConnectionLimits},
};
use anyhow::Context as _;
use axum::Router;
use bridge_kit::tree::Tree;
use bridge_model::{
    audit::AuditEvent,
    names::ClientId,
    outbound::{OutboundRule, OutboundRules},
    ports::AuditLog,
    realm::Realm,
};
use bridge_store::{Purpose, SealingKey, SqliteStore};
use ipnet::IpNet;
use std::{
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::interval,
};
use url::Url;

/// The people that the samples have in common.
const USERS: [SampleUser; 3] = [
    SampleUser {
        username: "ada",
        password: "bridge-demo",
        about: "Is in three groups, and comes in.",
    },
    SampleUser {
        username: "grace",
        password: "bridge-demo",
        about: "Has an account that is disabled, and is refused.",
    },
    SampleUser {
        username: "alan",
        password: "bridge-demo",
        about: "Has an account that is locked, and is refused.",
    },
];
/// What the sample application is called in every realm.
const CLIENT_ID: &str = "sample";
/// How often what is over is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

/// Runs the demonstration at `listen` until the process is told to stop. Everything is in memory: a
/// store and keys of its own, that end with it.
///
/// # Errors
///
/// An address that is not loopback's, one that is taken, or a sample that is wrong.
pub(crate) async fn run(listen: SocketAddr) -> anyhow::Result<()> {
    anyhow::ensure!(
        listen.ip().is_loopback(),
        "--listen {listen} is not an address of this machine's loopback, and the demonstration has \
         passwords that everybody knows: listen at 127.0.0.1:{}",
        listen.port()
    );
    let listener = web::bind(listen).await?;
    let base_url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let demo = Demo::start(base_url).await?;
    io::stdout().write_all(demo.greeting().as_bytes())?;
    demo.audit.is_open.store(true, Ordering::Relaxed);

    let bridge = demo.bridge.clone();
    let sweep = tokio::spawn(async move {
        let mut sweeps = interval(SWEEP_EVERY);
        loop {
            sweeps.tick().await;
            bridge.sweep().await;
        }
    });
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    web::serve(
        listener,
        None,
        demo.router.clone(),
        ConnectionLimits::default(),
        stop,
    )
    .await;
    sweep.abort();
    Ok(())
}

/// The demonstration's directories are on this machine, and nothing else is reached.
fn loopback() -> OutboundRules {
    OutboundRules(vec![OutboundRule {
        networks: vec![IpNet::from(IpAddr::from(Ipv4Addr::LOCALHOST))],
        ..OutboundRule::default()
    }])
}

/// Everything that runs.
struct Demo {
    bridge: Bridge,
    /// The bridge and the sample in front of it.
    router: Router,
    settings: SampleSettings,
    audit: Arc<DemoAudit>,
    /// The directories end with it.
    _directory: DemoDirectory,
}

impl Demo {
    /// Starts everything but the listener at `base_url`.
    async fn start(base_url: Url) -> anyhow::Result<Self> {
        let samples = bridge_components::samples();
        let mut trees = Vec::new();
        for sample in samples {
            let tree = Tree::parse(sample.name, sample.directory_ldif)
                .with_context(|| format!("the sample directory {}", sample.name))?;
            trees.push(tree);
        }
        let directory = DemoDirectory::start(trees).await?;

        let random = Arc::new(OsRandom);
        let key = SealingKey::generate(&OsRandom);
        let store = SqliteStore::in_memory(&key, random.clone(), Purpose::Demo).await?;
        let audit = Arc::new(DemoAudit::new());
        let bridge = Bridge::builder(base_url.clone(), Arc::new(store))
            .audit(audit.clone())
            .outbound(loopback())
            .build()?;
        let mut realms = Vec::new();
        for sample in samples {
            let address = directory.address(sample.name);
            let address = address.with_context(|| format!("no directory {}", sample.name))?;
            let directory_url = format!("ldap://{address}");
            let text = sample
                .realm_toml
                .replace("{ldap_url}", &directory_url)
                .replace("{sample_redirect_uri}", &sample::redirect_uri(&base_url));
            let file = PathBuf::from(format!("demo/{}.toml", sample.name));
            let file = RealmFile::parse(&file, &text, bridge.policies())?;
            bridge.apply(&file).await?;
            realms.push(sample_realm(&file.declared.realm, directory_url));
        }
        bridge.ready();

        let settings = SampleSettings {
            base_url,
            client_id: ClientId::new(CLIENT_ID)?,
            realms,
            users: USERS.to_vec(),
        };
        let origins = Arc::new(BridgeOrigins {
            sign_ins: bridge.sign_ins().clone(),
            store: bridge.store().clone(),
        });
        let clock = Arc::new(SystemClock);
        let sample = Sample::new(settings.clone(), bridge.router(), origins, clock, random);
        Ok(Self {
            router: bridge.router().merge(sample::router(sample)),
            bridge,
            settings,
            audit,
            _directory: directory,
        })
    }

    /// What whoever started the demonstration reads: where everything is and who can be tried.
    fn greeting(&self) -> String {
        let SampleSettings {
            base_url,
            realms,
            users,
            ..
        } = &self.settings;
        let mut lines = vec![
            String::new(),
            format!("The demonstration is ready. Open {base_url}"),
        ];
        for realm in realms {
            let (name, title, directory) = (&realm.name, &realm.title, &realm.directory_url);
            lines.extend([
                String::new(),
                format!("  {title}"),
                format!("    issuer     {base_url}realms/{name}"),
                format!("    directory  {directory}"),
            ]);
        }
        lines.extend([String::new(), "  In every realm".to_owned()]);
        for SampleUser {
            username,
            password,
            about,
        } in users
        {
            lines.push(format!("    {username:9}  {password}  {about}"));
        }
        lines.extend([
            String::new(),
            "  For a tool of your own every realm has a public client, cli,".to_owned(),
            "  with the redirect URI http://127.0.0.1/callback on any port.".to_owned(),
            String::new(),
            "Everything is kept in memory. Ctrl-C ends it.".to_owned(),
            String::new(),
        ]);
        lines.join("\n") + "\n"
    }
}

fn sample_realm(realm: &Realm, directory_url: String) -> SampleRealm {
    SampleRealm {
        name: realm.name.clone(),
        title: realm
            .display_name
            .clone()
            .unwrap_or_else(|| realm.name.to_string()),
        directory_url,
    }
}

/// Audit lines on standard output, once the greeting stands there: that the demonstration set itself
/// up is nothing that anybody did.
struct DemoAudit {
    is_open: AtomicBool,
    output: AuditFile,
}

impl DemoAudit {
    fn new() -> Self {
        Self {
            is_open: AtomicBool::new(false),
            output: AuditFile::standard_output(),
        }
    }
}

impl AuditLog for DemoAudit {
    fn record(&self, event: &AuditEvent) {
        if self.is_open.load(Ordering::Relaxed) {
            self.output.record(event);
        }
    }
}

#[cfg(test)]
mod tests;
