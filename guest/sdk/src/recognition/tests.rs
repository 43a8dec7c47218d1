use super::*;
use crate::{defaults, testing::ldif};

const DEFAULTS: Defaults = Defaults {
    id: "example",
    ..defaults::RFC
};

const ROOT: &str = "dn:\nnamingContexts: dc=example,dc=test\n";

const ADA: &str = "\ndn: uid=ada,ou=a,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: ada\n\
                   mail: ada@example.test\nentryUUID: 1\n";

/// The proposal for a root DSE and the entries behind it.
fn proposal(text: &str) -> Option<Proposal> {
    let mut entries = ldif(text).expect("LDIF");
    let root = entries.remove(0);
    propose(&DEFAULTS, &root, &entries, 50, "its test")
}

fn federation(entries: &str) -> Federation {
    let proposal = proposal(&format!("{ROOT}{entries}"));
    proposal.expect("a proposal").federation
}

fn notes(entries: &str) -> Vec<String> {
    let proposal = proposal(&format!("{ROOT}{entries}")).expect("a proposal");
    proposal.notes.into_iter().map(|note| note.field).collect()
}

fn users(entries: &str) -> String {
    let mut users = federation(entries).users;
    assert_eq!(users.len(), 1);
    users.remove(0).base
}

#[test]
fn naming_contexts_are_those_with_data() {
    for (contexts, expected) in [
        (&["cn=changelog", "dc=b", "dc=a"][..], &["dc=a", "dc=b"][..]),
        (
            &["DC=x", "CN=Configuration,DC=X", "DC=DomainDnsZones,DC=x"],
            &["DC=x"],
        ),
        (&["cn=config", "cn=monitor"], &["cn=config", "cn=monitor"]),
        (&["no name", "o=x"], &["o=x"]),
        (&[], &[]),
    ] {
        let lines = contexts
            .iter()
            .map(|context| format!("namingContexts: {context}\n"));
        let root = ldif(&format!("dn:\n{}", lines.collect::<String>())).expect("LDIF");
        assert_eq!(RootDse::of(&root[0]).naming_contexts(), expected);
    }
}

#[test]
fn a_root_dse_is_read_by_any_letter_case() {
    let root = ldif("dn:\nVENDORNAME: Example\nvendorversion: Example/1\nsupportedcontrol: 1.2\n");
    let root = root.expect("LDIF").remove(0);
    let root = RootDse::of(&root);
    assert_eq!(root.product(), "example example/1");
    assert!(root.has("supportedControl", "1.2") && !root.has("supportedControl", "1.2.3"));
    assert!(root.has("vendorName", "EXAMPLE"));
    assert!(root.shows("vendorVersion") && !root.shows("namingContexts"));
}

#[test]
fn without_a_naming_context_there_is_nothing_to_propose() {
    assert_eq!(proposal("dn:\nvendorName: x\n"), None);
    assert_eq!(proposal("dn:\nnamingContexts: nonsense\n"), None);
}

#[test]
fn the_default_context_counts_else_the_one_with_most_entries() {
    let contexts = "dn:\nnamingContexts: o=a\nnamingContexts: o=b\n";
    let base = |text: &str| {
        proposal(text)
            .expect("a proposal")
            .federation
            .users
            .remove(0)
            .base
    };
    assert_eq!(base(contexts), "o=a");
    assert_eq!(base(&format!("{contexts}\ndn: ou=x,o=b\nou: x\n")), "o=b");
    assert_eq!(
        base(&format!(
            "{contexts}defaultNamingContext: o=a\n\ndn: ou=x,o=b\nou: x\n"
        )),
        "o=a"
    );
}

#[test]
fn people_live_in_the_one_branch_that_has_all_of_them() {
    let other = |dn: &str| format!("{ADA}\ndn: {dn}\nobjectClass: inetOrgPerson\nmail: b@x\n");
    let service = other("uid=b,ou=services,dc=example,dc=test").replace("mail: b@x\n", "");
    let context = "dc=example,dc=test";
    for (entries, expected) in [
        (ADA.to_owned(), "ou=people,dc=example,dc=test"),
        (
            other("uid=b,OU=People, dc=Example,dc=test"),
            "ou=people,dc=example,dc=test",
        ),
        (other("uid=b,ou=staff,dc=example,dc=test"), context),
        (other("uid=b,dc=example,dc=test"), context),
        // Not of this context, and no person as people here are.
        (other("uid=b,ou=people,o=x"), "ou=people,dc=example,dc=test"),
        (
            format!("{ADA}\ndn: cn=svc,ou=services,dc=example,dc=test\nobjectClass: person\n"),
            "ou=people,dc=example,dc=test",
        ),
        (service.clone(), "ou=people,dc=example,dc=test"),
        (service.replace("mail: ", "x-mail: "), context),
        (String::new(), context),
        (
            "\ndn: ou=People,dc=example,dc=test\nou: People\n".to_owned(),
            "ou=People,dc=example,dc=test",
        ),
        (
            "\ndn: ou=people,ou=x,dc=example,dc=test\nou: people\n".to_owned(),
            context,
        ),
        (
            "\ndn: ou=groups,dc=example,dc=test\nou: groups\n".to_owned(),
            context,
        ),
    ] {
        assert_eq!(users(&entries), expected, "{entries}");
    }
    assert_eq!(notes(ADA), ["vendor", "users_dn"]);
    assert_eq!(notes(""), ["vendor", "users_dn"]);
    let proposal = proposal(&format!("{ROOT}{service}")).expect("a proposal");
    assert!(
        proposal.notes[1]
            .message
            .contains("others elsewhere; write dc=example,dc=test")
    );
    assert_eq!(notes(&ADA.replace(",ou=a,ou=people", "")), ["vendor"]);
}

#[test]
fn groups_outside_of_the_people_become_readable() {
    let group = |dn: &str| format!("{ADA}\ndn: {dn}\nobjectClass: groupOfNames\n");
    for (dn, expected) in [
        (
            "cn=g,ou=groups,dc=example,dc=test",
            &["ou=groups,dc=example,dc=test"][..],
        ),
        ("cn=g,dc=example,dc=test", &["dc=example,dc=test"]),
        ("cn=g,ou=a,ou=people,dc=example,dc=test", &[]),
    ] {
        let readable = federation(&group(dn)).readable;
        let bases: Vec<_> = readable.iter().map(|part| part.base.as_str()).collect();
        assert_eq!(bases, expected, "{dn}");
    }
    assert_eq!(federation(ADA).readable, vec![]);
}

#[test]
fn what_people_have_fits_the_federation_to_them() {
    let federation = federation(
        "\ndn: cn=ada,ou=people,dc=example,dc=test\nobjectClass: person\nobjectClass: posixAccount\ncn: ada\n\
         uid: ada\nuidNumber: 1\nnsUniqueId: x\n",
    );
    assert_eq!(federation.user_object_classes, ["person", "posixAccount"]);
    assert_eq!(federation.username_attribute.as_deref(), Some("uid"));
    assert_eq!(federation.rdn_attribute.as_deref(), Some("cn"));
    assert_eq!(federation.uuid_attribute.as_deref(), Some("nsUniqueId"));

    let bare = "\ndn: cn=ada,ou=people,dc=example,dc=test\nobjectClass: person\ncn: ada\n";
    let federation = self::federation(bare);
    assert_eq!(federation.username_attribute.as_deref(), Some("cn"));
    assert_eq!(federation.uuid_attribute.as_deref(), Some("entryUUID"));
    assert_eq!(
        notes(bare),
        [
            "vendor",
            "users_dn",
            "username_ldap_attribute",
            "uuid_ldap_attribute",
            "mapper.email"
        ]
    );
    let nameless = notes(
        "\ndn: sn=x,dc=example,dc=test\nobjectClass: person\nentryUUID: 1\nmail: a\n\
                          \ndn: uid=y,dc=example,dc=test\nobjectClass: person\nentryUUID: 2\nuid: y\n",
    );
    assert_eq!(nameless, ["vendor", "username_ldap_attribute"]);
}

#[test]
fn where_people_are_as_the_vendor_expects_its_defaults_hold() {
    let federation = federation(ADA);
    assert_eq!(federation.vendor, "example");
    let attributes = [
        federation.username_attribute,
        federation.rdn_attribute,
        federation.uuid_attribute,
    ];
    let expected = ["uid", "uid", "entryUUID"];
    assert_eq!(attributes.map(Option::unwrap_or_default), expected);
    let classes = ["inetOrgPerson", "organizationalPerson"];
    assert_eq!(federation.user_object_classes, classes);
}

#[test]
fn every_note_says_what_to_do() {
    for entries in [
        "",
        ADA,
        "\ndn: sn=x,dc=example,dc=test\nobjectClass: person\nsn: x\n",
    ] {
        let proposal = proposal(&format!("{ROOT}{entries}")).expect("a proposal");
        for note in proposal.notes {
            assert!(note.message.contains("; "), "{note:?}");
        }
    }
}
