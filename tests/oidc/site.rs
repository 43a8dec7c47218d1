//! The bridges that the tests of this suite share, and who there is.

use std::{fs, sync::LazyLock};
use suites::{
    application::Application,
    authority::Authority,
    bridge::{Bridge, folder, free_address, run},
    browser::Page,
    served::{Directory, OUTBOUND, Served},
    slapd::{PEOPLE, SERVICE_DN, SERVICE_PASSWORD, SUFFIX, Slapd},
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bridge-under-test");

/// Somebody who can sign in.
pub(crate) const USERNAME: &str = "ada";
/// Her password.
pub(crate) const PASSWORD: &str = "Pw-ada";
/// Somebody whose password is mistyped now and then.
pub(crate) const CLUMSY: &str = "emmy";
/// Her password.
pub(crate) const CLUMSY_PASSWORD: &str = "Pw-emmy";

/// A client of both realms.
pub(crate) struct Known {
    /// Its id.
    pub(crate) id: &'static str,
    /// Its secret, with what has to be encoded in a header (RFC 6749 section 2.3.1).
    pub(crate) secret: Option<&'static str>,
    /// What its tokens are signed with.
    pub(crate) algorithm: &'static str,
    /// Where it asks for its answers.
    redirect_uri: &'static str,
    /// Where it registered that.
    registered: &'static str,
}

const NATIVE: &str = "http://127.0.0.1:49152/callback";
const ANY_PORT: &str = "http://127.0.0.1/callback";
const WEB: &str = "https://app.example/callback";

/// The clients.
pub(crate) const CLIENTS: [Known; 4] = [
    Known {
        id: "cli",
        secret: None,
        algorithm: "RS256",
        redirect_uri: NATIVE,
        registered: ANY_PORT,
    },
    Known {
        id: "tool",
        secret: None,
        algorithm: "ES256",
        redirect_uri: NATIVE,
        registered: ANY_PORT,
    },
    Known {
        id: "wiki",
        secret: Some("plain-0123456789"),
        algorithm: "RS256",
        redirect_uri: WEB,
        registered: WEB,
    },
    Known {
        id: "portal",
        secret: Some("a:b%c+d e&f=ü/0123456789"),
        algorithm: "ES256",
        redirect_uri: WEB,
        registered: WEB,
    },
];

/// `serve` in front of a real directory server, started once for all tests.
static SITE: LazyLock<Site> = LazyLock::new(|| Site::start("http", ""));

/// The same with TLS on its listener, and with every peer of this machine as a proxy that it trusts.
static SECURE_SITE: LazyLock<Site> = LazyLock::new(|| {
    let tls = r#"tls_certificate = "server.pem", tls_key = "server.key", trusted_proxies = ["127.0.0.0/8"]"#;
    Site::start("https", tls)
});

struct Site {
    bridge: Bridge,
    _folder: TempDir,
}

impl Site {
    fn start(scheme: &str, listener: &str) -> Self {
        let folder = folder(PROGRAM);
        let made = run(PROGRAM, folder.path(), &["init", "."]);
        assert!(made.status.success(), "{made:?}");
        let address = free_address();
        let base = format!("{scheme}://{address}");
        let config = format!(
            r#"
            base_url = "{base}"
            apply = ["realms/staff.toml", "realms/guests.toml"]
            listener = {{ address = "{address}", {listener} }}
            store = {{ path = "data/bridge.db", sealing_key = "secrets/sealing.key" }}
            # All tests sign in from one address, and some of them wrongly.
            [limits]
            sign_in_failures_per_account_max = 1000
            sign_in_failures_per_address_max = 100000
            {OUTBOUND}"#,
        );
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("a file of the configuration");
        };
        let authority = Authority::shared();
        write("bridge.toml", &config);
        write("server.pem", &authority.server.certificate);
        write("server.key", &authority.server.key);
        write("realms/ca.pem", &authority.ca);
        for realm in ["staff", "guests"] {
            let file = format!("realms/{realm}.toml");
            write(&file, &realm_file(realm, Slapd::shared()));
        }
        let bridge = Bridge::serve(PROGRAM, &folder.path().join("bridge.toml"), &base);
        Self {
            bridge,
            _folder: folder,
        }
    }
}

fn realm_file(realm: &str, slapd: &Slapd) -> String {
    let clients = CLIENTS.map(|client| {
        let Known { id, algorithm, registered, .. } = client;
        let secret = client.secret.map_or("public = true".to_owned(), |secret| format!("secrets = [{secret:?}]"));
        format!(
            "[[clients]]\nclient_id = \"{id}\"\nsigning_algorithm = \"{algorithm}\"\nredirect_uris = [\"{registered}\"]\n{secret}\n"
        )
    });
    format!(
        r#"realm = {{ name = "{realm}" }}
        [[federations]]
        name = "directory"
        vendor = "openldap"
        connection_url = "ldap://{}"
        users_dn = "{PEOPLE}"
        bind_dn = "{SERVICE_DN}"
        bind_credential = "{SERVICE_PASSWORD}"
        advanced = {{ start_tls = true, ca_bundle = "ca.pem", read_bases = ["ou=groups,{SUFFIX}"] }}
        {}"#,
        slapd.ldap_address(),
        clients.concat(),
    )
}

/// The bridge in front of a real directory server.
pub(crate) fn bridge() -> &'static Bridge {
    &SITE.bridge
}

/// The bridge with TLS on its listener.
pub(crate) fn secure_bridge() -> &'static Bridge {
    &SECURE_SITE.bridge
}

/// A client as an application of the realm `staff`.
pub(crate) fn application(client: &Known) -> Application {
    Application {
        issuer: bridge().issuer("staff"),
        client_id: client.id.to_owned(),
        secret: client.secret.map(str::to_owned),
        redirect_uri: client.redirect_uri.to_owned(),
    }
}

/// A public client.
pub(crate) fn public() -> Application {
    application(&CLIENTS[0])
}

/// The same client of another realm.
pub(crate) fn elsewhere() -> Application {
    Application {
        issuer: bridge().issuer("guests"),
        ..public()
    }
}

/// The same client of the same realm, over TLS.
pub(crate) fn public_over_tls() -> Application {
    Application {
        issuer: secure_bridge().issuer("staff"),
        ..public()
    }
}

/// A client with a secret.
pub(crate) fn confidential() -> Application {
    application(&CLIENTS[3])
}

/// The demo, started once for all tests.
static DEMO: LazyLock<Bridge> = LazyLock::new(|| Bridge::demo(PROGRAM));

/// The realms of the demo.
pub(crate) const DEMO_REALMS: [&str; 3] = ["active-directory", "rhds", "openldap"];
/// The password of everybody in the demo.
pub(crate) const DEMO_PASSWORD: &str = "bridge-demo";

/// The public client of a realm of the demo.
pub(crate) fn demo_client(realm: &str) -> Application {
    Application::public(&DEMO.issuer(realm), "cli", NATIVE)
}

/// A bridge in front of a directory server of its own, where people can change their passwords.
pub(crate) struct Writable {
    pub(crate) served: Served,
    _slapd: Slapd,
}

impl Writable {
    pub(crate) fn start() -> Self {
        let slapd = Slapd::start();
        let url = format!("ldaps://{}", slapd.ldaps_address());
        let directory = Directory::at(url).trusting(&Authority::shared().ca);
        Self {
            served: Served::start(PROGRAM, &directory.writable()),
            _slapd: slapd,
        }
    }

    /// A public client.
    pub(crate) fn client(&self) -> Application {
        self.served.wiki()
    }
}

/// What a page shows to somebody who cannot read the audit trail: everything but the values that are
/// new each time.
pub(crate) fn seen(page: &Page) -> (u16, Vec<(String, String)>, String) {
    let fresh = ["date", "x-request-id"];
    let headers = page
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), format!("{value:?}")));
    let headers = headers
        .filter(|(name, _)| !fresh.contains(&name.as_str()))
        .collect();
    let form = page.form();
    let body = page
        .body
        .replace(form.value("csrf"), "CSRF")
        .replace(form.action.path(), "ACTION");
    (page.status, headers, body)
}
