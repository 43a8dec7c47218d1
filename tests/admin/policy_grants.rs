//! What policies of the folder may reach, as the operator grants it.

use super::{
    BRIDGE, of_slapd,
    policies::{in_force, listed, sign_in},
    policy_folder::{refusal, wait_until},
};
use serde_json::json;
use std::fs;
use suites::{
    admin::Admin,
    policy::WASI_GUEST,
    served::{OUTBOUND, Served},
};

/// The configuration says this of grants from now on.
fn granted(served: Served, before: &str, now: &str) -> (Served, Admin) {
    let config = served.path("bridge.toml");
    let served = served.paused(BRIDGE, || {
        let text = fs::read_to_string(&config).expect("the configuration");
        assert!(text.contains(before), "{text}");
        fs::write(&config, text.replace(before, now)).expect("the configuration");
    });
    let platform = served.operator();
    (served, platform)
}

#[test]
fn a_policy_for_wasi_works_where_it_is_granted_by_file_or_by_id_and_not_otherwise() {
    let folder = "folder = \"policies\"\n";
    let served = Served::bare_with(BRIDGE, &format!("\n[policies]\n{folder}\n{OUTBOUND}"));
    let platform = served.operator();
    platform.create_realm("staff");
    let operator = platform.of("staff");
    let made = operator.create("/user-federations", &of_slapd("ldap"));
    let federation = format!("/user-federations/{}", made["id"].as_str().expect("an id"));
    operator.create_public_client("wiki");

    fs::create_dir(served.path("policies")).expect("a folder");
    fs::write(served.path("policies/own.wasm"), WASI_GUEST).expect("a file");
    wait_until("the reason is shown", || {
        refusal(&platform, "own.wasm").is_some()
    });
    let reason = refusal(&platform, "own.wasm").expect("a reason");
    assert!(
        reason.contains("not granted") && reason.contains("wasi = \"minimal\""),
        "{reason}"
    );
    assert_eq!(in_force(&platform, "wasip2"), None);

    let by_file = format!("{folder}wasi = {{ \"own.wasm\" = \"minimal\" }}\n");
    let (served, platform) = granted(served, folder, &by_file);
    assert_eq!(refusal(&platform, "own.wasm"), None);
    let digest = in_force(&platform, "wasip2").expect("it is in force");
    let shown = listed(&platform, &digest).expect("it is loaded");
    assert_eq!(shown["wasi"], "minimal");
    let vendor = json!({ "vendor": "wasip2" });
    let page = platform.of("staff").patch(&federation, &vendor);
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(sign_in(&served).as_ref(), Some(&digest));

    let by_id = format!("{folder}wasi = {{ wasip2 = \"minimal\" }}\n");
    let (served, platform) = granted(served, &by_file, &by_id);
    assert_eq!(in_force(&platform, "wasip2").as_ref(), Some(&digest));
    assert_eq!(sign_in(&served), Some(digest));

    // A grant to somebody else is none.
    let (_served, platform) = granted(served, &by_id, &by_id.replace("wasip2", "other"));
    let reason = refusal(&platform, "own.wasm").expect("a reason");
    assert!(reason.contains("not granted"), "{reason}");
}
