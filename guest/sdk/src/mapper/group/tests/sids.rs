//! Groups by their security identifiers.

use super::*;

/// A security identifier of domain 1 with this number, in base64: 1-5-1-NUMBER.
const SID_500: &str = "AQIAAAAAAAUBAAAA9AEAAA==";
const SID_513: &str = "AQIAAAAAAAUBAAAAAQIAAA==";
const SID_600: &str = "AQIAAAAAAAUBAAAAWAIAAA==";
const SID_BUILT_IN: &str = "AQIAAAAAAAUgAAAAIQIAAA==";

fn domain() -> Directory {
    Directory::of(&format!(
        "dn: uid=ada,ou=people,o=x
uid: ada
objectSid:: {SID_500}
primaryGroupID: 513
memberOf: cn=staff,ou=groups,o=x
tokenGroups:: {SID_513}
tokenGroups:: {SID_600}
tokenGroups:: {SID_BUILT_IN}

dn: cn=users,ou=groups,o=x
objectSid:: {SID_513}
objectGUID:: AAAA
memberOf: cn=all,ou=groups,o=x

dn: cn=staff,ou=groups,o=x
objectSid:: {SID_600}
member: uid=ada,ou=people,o=x
memberOf: cn=all,ou=groups,o=x

dn: cn=all,ou=groups,o=x
member: uid=ada,ou=people,o=x
member: cn=users,ou=groups,o=x
"
    ))
}

#[test]
fn tokens_name_all_groups_by_their_security_identifiers() {
    let settings = [("strategy", "token-groups")];
    let found = domain().groups_of(&SIDS, &settings);
    assert_eq!(found, owned(&["staff", "users"]));
    let mut directory = domain();
    directory.codes = vec![("groups.tokens", 50)];
    let message = directory
        .groups_of(&SIDS, &settings)
        .expect_err("a problem");
    assert!(message.starts_with("tokenGroups: "), "{message}");
    let mut directory = domain();
    directory.entries[0]
        .attributes
        .retain(|attribute| attribute.name != "tokenGroups");
    assert!(directory.groups_of(&SIDS, &settings).is_err());
}

#[test]
fn a_chain_and_the_primary_group_give_the_rest() {
    let of = |settings: &[(&str, &str)]| domain().groups_of(&SIDS, settings);
    // This directory's chain is what the entries say, which real ones follow to the end.
    assert_eq!(
        of(&[("strategy", "in-chain")]),
        owned(&["all", "staff<all"])
    );
    let with_primary = [("strategy", "in-chain"), ("primary_group", "true")];
    assert_eq!(of(&with_primary), owned(&["all", "staff<all", "users<all"]));
    assert_eq!(of(&[("primary_group", "true")]), owned(&["staff", "users"]));
    let nested = [("primary_group", "true"), ("nested", "1")];
    assert_eq!(of(&nested), owned(&["all", "staff<all", "users<all"]));
    let mut hidden = domain();
    hidden.entries[0]
        .attributes
        .retain(|attribute| attribute.name != "objectSid");
    let message = hidden.groups_of(&SIDS, &[("primary_group", "true")]);
    assert!(message.expect_err("a problem").starts_with("objectSid: "));
}
