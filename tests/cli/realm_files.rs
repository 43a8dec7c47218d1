//! Files that declare realms: each mistake has one line with the file, the line, the member, and what
//! to do; nothing of a file that is wrong comes into force.

use crate::setup::{Ended, Setup};
use suites::{bridge::free_address, served::OUTBOUND};

/// The realm that `init` makes.
const FILE: &str = "realms/staff.toml";

/// A mistake: the line of [`FILE`] that is replaced and what stands there instead, of which the last
/// line is the one to be told; the member; what is said of it.
struct Mistake<'a>(&'a str, &'a str, &'a str, &'a [&'a str]);

/// Makes each mistake in a file of its own, and has all of them checked in one run.
#[track_caller]
fn assert_told(mistakes: &[Mistake<'_>]) {
    let setup = Setup::new();
    let right = setup.read(FILE);
    let mut names = Vec::new();
    for (i, Mistake(begin, instead, ..)) in mistakes.iter().enumerate() {
        let old = right.lines().find(|line| line.starts_with(begin));
        let text = right.replacen(old.expect("a line to replace"), instead, 1);
        let name = format!("realms/mistake-{i}.toml");
        let realm = format!("name = \"mistake-{i}\"");
        setup.write(&name, &text.replacen("name = \"staff\"", &realm, 1));
        names.push(format!("{name:?}"));
    }
    let apply = format!("apply = [{}]", names.join(", "));
    setup.change("bridge.toml", &format!("apply = [{FILE:?}]"), &apply);
    let checked = setup.check();
    assert_eq!(checked.code, 1, "{checked:#?}");
    for (i, Mistake(_, instead, field, words)) in mistakes.iter().enumerate() {
        let name = format!("realms/mistake-{i}.toml");
        let line = setup.line(&name, instead.lines().last().expect("a line"));
        assert_one(&checked, &format!("{name}:{line}: {field}: "), words);
    }
    assert_eq!(
        checked.errors.len(),
        mistakes.len(),
        "more than one line: {checked:#?}"
    );
}

/// One line says this of that place.
#[track_caller]
fn assert_one(checked: &Ended, place: &str, words: &[&str]) {
    let told = checked.errors.iter().filter(|error| error.contains(place));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "lines for {place}: {checked:#?}");
    for word in words {
        assert!(told[0].contains(word), "no {word:?} in {:?}", told[0]);
    }
}

#[test]
fn serve_refuses_what_check_refuses_and_leaves_nothing_behind() {
    for (from, to) in [
        ("vendor = \"generic\"", "vendor = \"novell\""),
        ("http://127.0.0.1/callback", "javascript:alert(1)"),
        ("name = \"staff\"", "name = 5"),
    ] {
        let setup = Setup::new();
        setup.change(FILE, from, to);
        let (checked, served) = (setup.check(), setup.serve());
        assert_eq!(served.errors, checked.errors, "{to}");
        assert_eq!(served.errors.len(), 1, "{to}: {served:?}");
    }
}

#[test]
fn an_unknown_vendor_is_told_which_there_are() {
    let known = ["active-directory", "generic", "openldap", "rhds"];
    let field = "federations[0].vendor";
    assert_told(&[
        Mistake("vendor", "vendor = \"novell\"", field, &known),
        Mistake("vendor", "vendor = \"\"", field, &["empty"]),
    ]);
}

#[test]
fn a_bad_url_is_refused() {
    let lines = [
        "ldap.example.com",
        "http://ldap.example.com",
        "ldap://",
        "ldap://a b",
        "ldap://user@ldap.example.com",
        "ldap://ldap.example.com/dc=example?x",
        "ldaps://ldap.example.com:99999",
    ]
    .map(|url| format!("connection_url = {url:?}"));
    let field = "federations[0].connection_url";
    assert_told(
        &lines
            .each_ref()
            .map(|line| Mistake("connection_url", line, field, &["ldaps://"])),
    );
}

#[test]
fn names_of_entries_and_filters_are_checked() {
    let users = "federations[0].users_dn";
    let advanced = "# [federations.advanced]";
    assert_told(&[
        Mistake("users_dn", "users_dn = \"people\"", users, &["DN"]),
        Mistake("users_dn", "users_dn = \"ou=people,,dc=x\"", users, &["DN"]),
        Mistake(
            advanced,
            "[federations.advanced]\ncustom_user_search_filter = \"(objectClass=person\"",
            "federations[0].advanced.custom_user_search_filter",
            &[],
        ),
        Mistake(
            advanced,
            "[federations.advanced]\nread_bases = [\"nonsense\"]",
            "federations[0].advanced.read_bases[0]",
            &["DN"],
        ),
    ]);
}

#[test]
fn a_secret_that_is_not_there_is_named_and_not_shown() {
    let (begin, field) = ("bind_credential", "federations[0].bind_credential");
    assert_told(&[
        Mistake(
            begin,
            "bind_credential = \"env:NOT_SET_7F3A\"",
            field,
            &["NOT_SET_7F3A", "file:"],
        ),
        Mistake(
            begin,
            "bind_credential = \"file:no-such\"",
            field,
            &["no-such"],
        ),
        Mistake(begin, "bind_credential = \"\"", field, &["empty"]),
        Mistake(begin, "bind_credential = 5", field, &["string"]),
    ]);
}

#[test]
fn members_of_a_federation_are_of_their_type() {
    let lines = [
        ("priority = \"high\"", "priority"),
        ("enabled = \"yes\"", "enabled"),
        ("edit_mode = \"SOMETIMES\"", "edit_mode"),
        ("bind_type = \"kerberos\"", "bind_type"),
        ("mapper = 5", "mapper"),
        ("colour = \"blue\"", "colour"),
        (
            "advanced = { read_timeout = \"1h\" }",
            "advanced.read_timeout",
        ),
        (
            "advanced = { pool_connections_max = 0 }",
            "advanced.pool_connections_max",
        ),
        (
            "advanced = { ca_bundle = \"no-such.pem\" }",
            "advanced.ca_bundle",
        ),
    ]
    .map(|(line, field)| {
        (
            format!("vendor = \"generic\"\n{line}"),
            format!("federations[0].{field}"),
        )
    });
    assert_told(
        &lines
            .each_ref()
            .map(|(line, field)| Mistake("vendor", line, field, &[])),
    );
}

#[test]
fn a_mapper_that_its_policy_does_not_know_is_refused() {
    let setup = Setup::new();
    let mapper = "[[federations.mapper]]\nname = \"shoe\"\nkind = \"shoe-size\"";
    setup.change(FILE, "# [[federations.mapper]]", mapper);
    let line = setup.line(FILE, "[[federations.mapper]]");
    let place = format!("{FILE}:{line}: federations[0].mapper[0]");
    setup
        .check()
        .assert_says(&[&place, "shoe-size", "attribute"]);
}

#[test]
fn redirect_uris_are_exact_and_safe() {
    let lines = [
        "http://app.example/callback",
        "https://app.example/*",
        "https://app.example/callback#here",
        "https://ada@app.example/callback",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "/callback",
        "",
    ]
    .map(|uri| format!("redirect_uris = [{uri:?}]"));
    let begin = "redirect_uris";
    let field = "clients[0].redirect_uris[0]";
    assert_told(
        &lines
            .each_ref()
            .map(|line| Mistake(begin, line, field, &["redirect URI"])),
    );
    let none = "clients[0].redirect_uris";
    assert_told(&[Mistake(
        begin,
        "redirect_uris = []",
        none,
        &["at least one"],
    )]);
}

#[test]
fn a_client_has_a_secret_or_is_public() {
    let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(16));
    let three = format!("public = false\nsecrets = [{a:?}, {b:?}, {c:?}]");
    let both = format!("public = true\nsecrets = [{a:?}]");
    let short = "public = false\nsecrets = [\"x\"]";
    assert_told(&[
        Mistake("public", &both, "clients[0].secrets", &["public"]),
        Mistake("public", &three, "clients[0].secrets", &["two"]),
        Mistake("public", short, "clients[0].secrets[0]", &["16"]),
        Mistake("public", "public = \"yes\"", "clients[0].public", &[]),
    ]);
    let setup = Setup::new();
    setup.change(FILE, "public = true", "public = false");
    // What is not there has the line of its table.
    let place = format!(
        "{FILE}:{}: clients[0].secrets",
        setup.line(FILE, "[[clients]]")
    );
    setup.check().assert_says(&[&place, "public = true"]);
}

#[test]
fn names_are_unique() {
    let setup = Setup::new();
    let client = "\n[[clients]]\nclient_id = \"wiki\" # again\npublic = true\nredirect_uris = [\"https://a.example/\"]\n";
    setup.write(FILE, &format!("{}{client}", setup.read(FILE)));
    let place = format!(
        "{FILE}:{}: clients[1].client_id",
        setup.line(FILE, "# again")
    );
    setup.check().assert_says(&[&place, "another client"]);
}

#[test]
fn realms_have_names_and_bounds() {
    let lines = ["", "Staff", "a b", "../x", "a/b"].map(|name| format!("name = {name:?}"));
    assert_told(
        &lines
            .each_ref()
            .map(|line| Mistake("name", line, "realm.name", &[])),
    );
    let code = "lifetimes = { code = \"1h\" }";
    assert_told(&[Mistake(
        "display_name",
        code,
        "realm.lifetimes.code",
        &["600s"],
    )]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let setup = Setup::new();
    setup.change("bridge.toml", FILE, "realms/other.toml");
    setup.check().assert_says(&["other.toml"]);
    setup.serve().assert_says(&["other.toml"]);
}

#[test]
fn a_realm_is_declared_by_one_file() {
    let setup = Setup::new();
    setup.write("realms/second.toml", &setup.read(FILE));
    let both = format!("{FILE:?}, \"realms/second.toml\"");
    setup.change("bridge.toml", &format!("{FILE:?}"), &both);
    setup.check().assert_says(&["second.toml", "staff"]);
    setup.serve().assert_says(&["second.toml", "staff"]);
}

#[test]
fn a_directory_that_cannot_be_reached_is_said_by_check() {
    let setup = Setup::new();
    let address = free_address();
    let url = format!("ldaps://{address}");
    setup.change(FILE, "ldaps://ldap.example.com", &url);
    // This machine is out of reach until the operator says otherwise.
    let words = ["federations[0].connection_url", "127.0.0.1", "outbound"];
    setup.check_online().assert_says(&words);
    setup.append("bridge.toml", OUTBOUND);
    let words = ["federations[0].connection_url", &*address, "check that"];
    setup.check_online().assert_says(&words);
}

#[test]
fn a_realm_may_be_written_in_yaml_or_json() {
    let setup = Setup::new();
    let yaml = "realm:\n  name: staff\nfederations:\n  - name: directory\n    vendor: generic\n    connection_url: ldaps://ldap.example.com\n    users_dn: ou=people,dc=example,dc=com\n    bind_type: none\n";
    let json = r#"{
  "realm": {"name": "guests"},
  "clients": [
    {"client_id": "wiki", "public": true, "redirect_uris": ["https://wiki.example.com/cb"]}
  ]
}"#;
    setup.write("realms/staff.yaml", yaml);
    setup.write("realms/guests.json", json);
    let both = "\"realms/staff.yaml\", \"realms/guests.json\"";
    setup.change("bridge.toml", &format!("{FILE:?}"), both);
    let checked = setup.check();
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.printed.contains("declared: 2"), "{checked:?}");

    setup.change("realms/staff.yaml", "vendor: generic", "vendor: nobody");
    let at = ["staff.yaml:5: federations[0].vendor", "generic"];
    setup.check().assert_says(&at);
    setup.change("realms/staff.yaml", "vendor: nobody", "vendor: &v generic");
    setup.check().assert_says(&["staff.yaml:5: ", "anchors"]);
    setup.write("realms/staff.yaml", yaml);
    setup.change("realms/guests.json", "\"public\"", "\"client_id\"");
    setup.check().assert_says(&["guests.json:4: ", "twice"]);
}
