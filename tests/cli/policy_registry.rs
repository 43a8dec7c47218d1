//! `policy push` and `policy pull` against a registry that is Debian's `docker-registry`.

use crate::policy::Desk;
use std::fs;
use suites::registry::Registry;

const CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// A desk with a signed policy, and its key.
fn desk() -> (Desk, String) {
    let desk = Desk::new();
    desk.well("", &["new", "acme", "--from", "mapper"]);
    desk.well("acme", &["build"]);
    let made = desk.well("", &["key", "mine.pem"]);
    desk.well("", &["sign", "acme/target/acme.wasm", "--key", "mine.pem"]);
    (desk, made.lines().last().expect("a key").to_owned())
}

#[test]
fn a_policy_goes_to_a_registry_and_comes_back_with_its_signature() {
    let registry = Registry::start(false);
    let (desk, key) = desk();
    let tag = format!("{}/team/acme:1.0", registry.host);
    let component = "acme/target/acme.wasm";
    let pushed = desk.well("", &["push", component, &tag]);
    assert!(pushed.contains("with one signature"), "{pushed}");
    let pinned = pushed.lines().last().expect("a reference").to_owned();
    assert!(
        pinned.starts_with(&format!("{}/team/acme@sha256:", registry.host)),
        "{pinned}"
    );
    // The same again is the same.
    let again = desk.well("", &["push", component, &tag]);
    assert_eq!(again.lines().last(), Some(pinned.as_str()));

    // Other tools find what they know.
    let manifest = registry.get(
        "team/acme/manifests/1.0",
        "application/vnd.oci.image.manifest.v1+json",
    );
    assert_eq!(
        manifest["mediaType"],
        "application/vnd.oci.image.manifest.v1+json"
    );
    assert_eq!(manifest["config"]["mediaType"], CONFIG);
    assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(1));
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    let config = manifest["config"]["digest"].as_str().expect("a digest");
    let config = registry.get(&format!("team/acme/blobs/{config}"), "*/*");
    assert_eq!(config["architecture"], "wasm");
    assert_eq!(config["os"], "wasip2");
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);
    assert_eq!(
        config["component"]["exports"][0],
        "ldap-oidc:policy/claim-mapper@0.1.0"
    );

    for (reference, out) in [(tag.as_str(), "acme.wasm"), (&pinned, "pinned.wasm")] {
        let arguments = ["pull", reference, "--out", out];
        let arguments = if out == "acme.wasm" {
            &arguments[..2]
        } else {
            &arguments
        };
        let pulled = desk.well("", arguments);
        assert!(pulled.contains(&pinned), "{pulled}");
        assert!(pulled.contains(&format!("signed by {key}")), "{pulled}");
        let octets = |path: &str| fs::read(desk.path(path)).expect(path);
        assert_eq!(octets(out), octets(component));
        desk.well("", &["verify", out, "--key", &key]);
        let text = desk.wrong("", arguments);
        assert!(text.contains("is there already"), "{text}");
    }
}

#[test]
fn what_is_not_there_or_is_no_policy_is_not_pulled() {
    let registry = Registry::start(false);
    let (desk, _) = desk();
    let host = &registry.host;
    let nothing = format!("{host}/acme@sha256:{}", "0".repeat(64));
    for (reference, says) in [
        (format!("{host}/acme:1.0"), "is not there"),
        (nothing, "is not there"),
        ("127.0.0.1:9/acme:1.0".to_owned(), "refused"),
        // TLS is wanted of everybody but this machine, and there is no way there.
        ("registry.invalid/acme:1.0".to_owned(), "registry.invalid"),
    ] {
        let text = desk.wrong("", &["pull", &reference]);
        assert!(text.contains(says), "{reference}: {text}");
    }
    for reference in [
        "acme:1.0",
        "registry.example.com/acme",
        "registry.example.com/ACME:1",
    ] {
        let output = desk.policy("", &["pull", reference]);
        assert_eq!(output.status.code(), Some(2), "{reference}");
    }
    let by_digest = format!("{host}/acme@sha256:{}", "0".repeat(64));
    let text = desk.wrong("", &["push", "acme/target/acme.wasm", &by_digest]);
    assert!(text.contains("a push names a tag"), "{text}");

    // An octet of the component changed behind the registry's back.
    let tag = format!("{host}/acme:1.0");
    desk.well("", &["push", "acme/target/acme.wasm", &tag]);
    let manifest = registry.get(
        "acme/manifests/1.0",
        "application/vnd.oci.image.manifest.v1+json",
    );
    let digest = manifest["layers"][0]["digest"].as_str().expect("a digest");
    let blob = registry.blob(digest);
    let mut octets = fs::read(&blob).expect("the blob");
    *octets.last_mut().expect("an octet") ^= 1;
    fs::write(&blob, octets).expect("the blob");
    let text = desk.wrong("", &["pull", &tag]);
    assert!(text.contains("nothing of it is used"), "{text}");
    assert!(!desk.path("acme.wasm").exists());
}

#[test]
fn a_registry_that_asks_who_it_is_is_told_and_nobody_else() {
    let registry = Registry::start(true);
    let (desk, _) = desk();
    let tag = format!("{}/acme:1.0", registry.host);
    let push = ["push", "acme/target/acme.wasm", &tag];
    let text = desk.wrong("", &push);
    assert!(
        text.contains("docker login") && text.contains("POLICY_REGISTRY_USER"),
        "{text}"
    );

    let with = |password: &str| {
        let mut command = desk.command(crate::BRIDGE);
        command
            .arg("policy")
            .args(push)
            .env("POLICY_REGISTRY_USER", "ada")
            .env("POLICY_REGISTRY_PASSWORD", password);
        command.output().expect("the bridge under test")
    };
    let refused = with("wrong horse");
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(
        text.contains("does not let ada in") && !text.contains("wrong horse"),
        "{text}"
    );
    assert!(with("correct horse").status.success());

    // What `docker login` leaves.
    fs::create_dir(desk.path("docker")).expect("a folder");
    let config = format!(
        r#"{{"auths":{{"{}":{{"auth":"YWRhOmNvcnJlY3QgaG9yc2U="}}}}}}"#,
        registry.host
    );
    fs::write(desk.path("docker/config.json"), config).expect("a file");
    let pulled = desk.well("", &["pull", &tag]);
    assert!(pulled.contains("pulled acme.wasm"), "{pulled}");
}
