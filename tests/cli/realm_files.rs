//! Files that declare realms: each mistake has one line with the file, the line, the member, and what
//! to do; nothing of a file that is wrong comes into force.

use crate::setup::Setup;
use suites::bridge::free_address;

const FILE: &str = "realms/staff.toml";

#[track_caller]
fn assert_wrong(setup: &Setup, at: &str, field: &str, words: &[&str]) {
    let place = format!("staff.toml:{}", setup.line(FILE, at));
    let words: Vec<_> = [place.as_str(), field]
        .iter()
        .chain(words)
        .copied()
        .collect();
    setup.check().assert_says(&words);
}

/// One line of the file replaced; then the whole of it is refused for this line.
#[track_caller]
fn assert_line_wrong(begin: &str, line: &str, field: &str, words: &[&str]) {
    let setup = Setup::new();
    let text = setup.read(FILE);
    let old = text
        .lines()
        .find(|line| line.starts_with(begin))
        .expect("a line to replace");
    setup.write(FILE, &text.replacen(old, line, 1));
    let at = line.lines().last().expect("a line");
    assert_wrong(&setup, at, field, words);
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
    assert_line_wrong(
        "vendor",
        "vendor = \"novell\"",
        "federations[0].vendor",
        &known,
    );
    assert_line_wrong(
        "vendor",
        "vendor = \"\"",
        "federations[0].vendor",
        &["empty"],
    );
}

#[test]
fn a_bad_url_is_refused() {
    for url in [
        "ldap.example.com",
        "http://ldap.example.com",
        "ldap://",
        "ldap://a b",
        "ldap://user@ldap.example.com",
        "ldap://ldap.example.com/dc=example?x",
        "ldaps://ldap.example.com:99999",
    ] {
        let line = format!("connection_url = \"{url}\"");
        assert_line_wrong(
            "connection_url",
            &line,
            "federations[0].connection_url",
            &["ldaps://"],
        );
    }
}

#[test]
fn names_of_entries_and_filters_are_checked() {
    assert_line_wrong(
        "users_dn",
        "users_dn = \"people\"",
        "federations[0].users_dn",
        &[],
    );
    assert_line_wrong(
        "users_dn",
        "users_dn = \"ou=people,,dc=x\"",
        "federations[0].users_dn",
        &[],
    );
    let filter = "[federations.advanced]\ncustom_user_search_filter = \"(objectClass=person\"";
    assert_line_wrong(
        "# [federations.advanced]",
        filter,
        "custom_user_search_filter",
        &[],
    );
    let bases = "[federations.advanced]\nread_bases = [\"nonsense\"]";
    assert_line_wrong(
        "# [federations.advanced]",
        bases,
        "federations[0].advanced.read_bases[0]",
        &[],
    );
}

#[test]
fn a_secret_that_is_not_there_is_named_and_not_shown() {
    let field = "federations[0].bind_credential";
    let variable = "bind_credential = \"env:SURELY_NOT_SET_7F3A\"";
    assert_line_wrong(
        "bind_credential",
        variable,
        field,
        &["SURELY_NOT_SET_7F3A", "file:"],
    );
    assert_line_wrong(
        "bind_credential",
        "bind_credential = \"file:no-such\"",
        field,
        &["no-such"],
    );
    assert_line_wrong(
        "bind_credential",
        "bind_credential = \"\"",
        field,
        &["empty"],
    );
    assert_line_wrong("bind_credential", "bind_credential = 5", field, &["string"]);
}

#[test]
fn members_of_a_federation_are_of_their_type() {
    for (line, field) in [
        ("priority = \"high\"", "federations[0].priority"),
        ("enabled = \"yes\"", "federations[0].enabled"),
        ("edit_mode = \"SOMETIMES\"", "federations[0].edit_mode"),
        ("bind_type = \"kerberos\"", "federations[0].bind_type"),
        ("mapper = 5", "federations[0].mapper"),
        ("colour = \"blue\"", "federations[0].colour"),
        (
            "advanced = { read_timeout = \"1h\" }",
            "federations[0].advanced.read_timeout",
        ),
        (
            "advanced = { pool_connections_max = 0 }",
            "federations[0].advanced.pool_connections_max",
        ),
        (
            "advanced = { ca_bundle = \"no-such.pem\" }",
            "federations[0].advanced.ca_bundle",
        ),
    ] {
        assert_line_wrong(
            "vendor",
            &format!("vendor = \"generic\"\n{line}"),
            field,
            &[],
        );
    }
}

#[test]
fn a_mapper_that_its_policy_does_not_know_is_refused() {
    let setup = Setup::new();
    let mapper = "[[federations.mapper]]\nname = \"shoe\"\nkind = \"shoe-size\"";
    setup.change(FILE, "# [[federations.mapper]]", mapper);
    let field = "federations[0].mapper[0]";
    assert_wrong(
        &setup,
        "[[federations.mapper]]",
        field,
        &["shoe-size", "attribute"],
    );
}

#[test]
fn redirect_uris_are_exact_and_safe() {
    for uri in [
        "http://app.example/callback",
        "https://app.example/*",
        "https://app.example/callback#here",
        "https://ada@app.example/callback",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "/callback",
        "",
    ] {
        let line = format!("redirect_uris = [\"{uri}\"]");
        assert_line_wrong(
            "redirect_uris",
            &line,
            "clients[0].redirect_uris[0]",
            &["redirect URI"],
        );
    }
    assert_line_wrong(
        "redirect_uris",
        "redirect_uris = []",
        "clients[0].redirect_uris",
        &["at least one"],
    );
}

#[test]
fn a_client_has_a_secret_or_is_public() {
    assert_line_wrong(
        "public",
        "public = true\nsecrets = [\"0123456789abcdef\"]",
        "clients[0].secrets",
        &["public"],
    );
    let setup = Setup::new();
    setup.change(FILE, "public = true", "public = false");
    let field = "clients[0].secrets";
    assert_wrong(&setup, "[[clients]]", field, &["public = true"]);
    assert_line_wrong("public", "public = \"yes\"", "clients[0].public", &[]);
    let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(16));
    let three = format!("public = false\nsecrets = [\"{a}\", \"{b}\", \"{c}\"]");
    assert_line_wrong("public", &three, "clients[0].secrets", &["two"]);
    let short = "public = false\nsecrets = [\"x\"]";
    assert_line_wrong("public", short, "clients[0].secrets[0]", &["16"]);
}

#[test]
fn names_are_unique() {
    let setup = Setup::new();
    let client = "\n[[clients]]\nclient_id = \"wiki\" # again\npublic = true\nredirect_uris = [\"https://a.example/\"]\n";
    setup.write(FILE, &format!("{}{client}", setup.read(FILE)));
    assert_wrong(
        &setup,
        "# again",
        "clients[1].client_id",
        &["another client"],
    );
}

#[test]
fn realms_have_names_and_bounds() {
    for name in ["", "Staff", "a b", "../x", "a/b"] {
        assert_line_wrong("name", &format!("name = \"{name}\""), "realm.name", &[]);
    }
    let code = "lifetimes = { code = \"1h\" }";
    assert_line_wrong("display_name", code, "realm.lifetimes.code", &["600s"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let setup = Setup::new();
    setup.change("bridge.toml", "realms/staff.toml", "realms/other.toml");
    setup.check().assert_says(&["other.toml"]);
    setup.serve().assert_says(&["other.toml"]);
}

#[test]
fn a_realm_is_declared_by_one_file() {
    let setup = Setup::new();
    setup.write("realms/second.toml", &setup.read(FILE));
    setup.change(
        "bridge.toml",
        "\"realms/staff.toml\"",
        "\"realms/staff.toml\", \"realms/second.toml\"",
    );
    setup.check().assert_says(&["second.toml", "staff"]);
    setup.serve().assert_says(&["second.toml", "staff"]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let setup = Setup::new();
    setup.change(
        FILE,
        "vendor = \"generic\"",
        "vendor = \"novell\"\ncolour = 1",
    );
    setup.change(
        FILE,
        "http://127.0.0.1/callback",
        "http://app.example/callback",
    );
    setup.write("realms/second.toml", "[realm]\nname = 5\n");
    setup.change(
        "bridge.toml",
        "\"realms/staff.toml\"",
        "\"realms/staff.toml\", \"realms/second.toml\"",
    );
    let ended = setup.check();
    assert_eq!(ended.code, 1);
    for field in [
        "federations[0].vendor",
        "federations[0].colour",
        "clients[0].redirect_uris[0]",
        "realm.name",
    ] {
        let told = ended
            .errors
            .iter()
            .filter(|error| error.contains(field))
            .count();
        assert_eq!(told, 1, "{field}: {ended:#?}");
    }
}

#[test]
fn a_directory_that_cannot_be_reached_is_said_by_check() {
    let setup = Setup::new();
    let address = free_address();
    setup.change(
        FILE,
        "ldaps://ldap.example.com",
        &format!("ldaps://{address}"),
    );
    let words = ["federations[0].connection_url", &*address, "check that"];
    setup.check_online().assert_says(&words);
}
