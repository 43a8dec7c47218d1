use super::*;
use policy_sdk::{
    VendorPolicy,
    testing::{self, decide, federation, ldif, recognise, reply},
    types::{Attribute, ClaimValue, Entry, Federation, IdForm, Identity, Plan, Refusal, Step},
};

const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z

fn filetime(seconds: u64) -> u64 {
    (seconds + 11_644_473_600) * 10_000_000
}

fn plan() -> Plan {
    ActiveDirectory::translate(federation("AD", "OU=Staff,DC=corp,DC=example,DC=test"))
        .expect("a plan")
}

fn sample(name: &str) -> Entry {
    let entries = ldif(include_str!("../samples/directory.ldif")).expect("the sample");
    let is_of = |attribute: &Attribute| {
        attribute.name == "sAMAccountName" && attribute.values == [name.as_bytes()]
    };
    entries
        .into_iter()
        .find(|entry| entry.attributes.iter().any(is_of))
        .expect(name)
}

fn entry(text: &str) -> Entry {
    ldif(&format!("dn: CN=x\nsAMAccountName: x\n{text}"))
        .expect("LDIF")
        .pop()
        .expect("an entry")
}

fn identified(entry: Entry, reply: Option<Reply>) -> Identity {
    testing::identified::<ActiveDirectory>(&plan(), entry, reply, NOW).expect("an identity")
}

fn bars(text: &str) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    let entry = entry(&format!("userAccountControl: 512\n{text}"));
    testing::bars(identified(entry, None))
}

fn rejected(entry: Entry, result_code: u32, diagnostic: &str) -> Rejection {
    let reply = reply(result_code, diagnostic);
    testing::rejected::<ActiveDirectory>(&plan(), entry, reply, NOW).expect("a rejection")
}

fn windows(data: &str) -> String {
    format!(
        "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data {data}, v4563"
    )
}

#[test]
fn finds_people_by_either_of_their_names() {
    let plan = plan();
    assert_eq!(
        plan.login_filter,
        "(&(|(sAMAccountName={local})(userPrincipalName={username}))(!(objectClass=computer)))"
    );
    assert_eq!(
        plan.users_filter,
        "(&(sAMAccountName=*)(!(objectClass=computer)))"
    );
    assert_eq!(plan.stable_id.attribute, "objectGUID");
    assert_eq!(plan.stable_id.form, IdForm::Guid);
    assert_eq!(
        plan.user_object_classes,
        ["person", "organizationalPerson", "user"]
    );
    assert!(plan.bind_controls.is_empty());
    for attribute in [
        "whenChanged",
        CONTROL,
        COMPUTED,
        ACCOUNT_EXPIRES,
        "memberOf",
    ] {
        assert!(
            plan.attributes.iter().any(|name| name == attribute),
            "{attribute}"
        );
    }
}

#[test]
fn finds_people_by_what_the_operator_names() {
    let by = |attribute: &str| {
        let federation = Federation {
            username_attribute: Some(attribute.to_owned()),
            ..federation("samba", "DC=corp")
        };
        ActiveDirectory::translate(federation)
            .expect("a plan")
            .login_filter
    };
    assert_eq!(by("mail"), "(&(mail={username})(!(objectClass=computer)))");
    assert_eq!(by("SAMACCOUNTNAME"), plan().login_filter);
}

#[test]
fn ada_of_the_sample_is_in_three_groups() {
    let identity = identified(sample("ada"), Some(reply(0, "")));
    assert_eq!(identity.username, "ada");
    let groups: Vec<_> = identity
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(groups, ["Staff", "Engineering", "Administrators"]);
    assert_eq!(
        identity.groups[0].dn,
        "CN=Staff,OU=Groups,DC=corp,DC=example,DC=test"
    );
    let claims: Vec<_> = identity
        .claims
        .iter()
        .map(|claim| (claim.name.as_str(), &claim.value))
        .collect();
    let text = |text: &str| ClaimValue::Text(text.to_owned());
    assert_eq!(
        claims,
        [
            ("given_name", &text("Ada")),
            ("family_name", &text("Lovelace")),
            ("name", &text("Ada Lovelace")),
            ("email", &text("ada@example.test")),
        ]
    );
    assert_eq!(identity.changed_at, Some(1_795_095_727));
    assert!(
        identity.bars.iter().all(|bar| bar.since > Some(NOW)),
        "{:?}",
        identity.bars
    );
}

#[test]
fn a_name_beyond_ascii_is_kept() {
    let identity = identified(sample("jorg"), None);
    let name = identity
        .claims
        .iter()
        .find(|claim| claim.name == "name")
        .map(|claim| &claim.value);
    assert_eq!(name, Some(&ClaimValue::Text("Jörg Müller".to_owned())));
}

#[test]
fn the_diagnostic_message_says_why_a_bind_failed() {
    for (data, reason, password_was_right) in [
        ("525", Refusal::BadCredentials, false),
        ("52e", Refusal::BadCredentials, false),
        ("52E", Refusal::BadCredentials, false),
        ("52f", Refusal::NotPermittedHere, false),
        ("530", Refusal::OutsidePermittedHours, false),
        ("531", Refusal::NotPermittedHere, false),
        ("532", Refusal::PasswordExpired, true),
        ("533", Refusal::Disabled, false),
        ("568", Refusal::DirectoryUnavailable, false),
        ("701", Refusal::AccountExpired, false),
        ("773", Refusal::MustChangePassword, true),
        ("775", Refusal::Locked, false),
        (
            "57",
            Refusal::Other("the directory refused the bind with data 57".to_owned()),
            false,
        ),
    ] {
        let rejection = rejected(sample("ada"), 49, &windows(data));
        assert_eq!(rejection.reason, reason, "{data}");
        assert_eq!(rejection.password_was_right, password_was_right, "{data}");
        assert_eq!(rejection.until, None);
    }
}

#[test]
fn a_message_without_a_number_leaves_it_to_the_entry() {
    for diagnostic in [
        "",
        "data",
        " data ",
        " data xyz",
        " data fffffffffffff",
        "error, data, 533",
    ] {
        for (name, reason) in [
            ("ada", Refusal::BadCredentials),
            ("grace", Refusal::Disabled),
            ("alan", Refusal::Locked),
        ] {
            assert_eq!(
                rejected(sample(name), 49, diagnostic).reason,
                reason,
                "{diagnostic:?}"
            );
        }
    }
    let unreadable = entry("userAccountControl: x\n");
    assert_eq!(rejected(unreadable, 49, "").reason, Refusal::BadCredentials);
}

#[test]
fn only_a_refused_bind_is_read_so() {
    assert_eq!(
        rejected(sample("ada"), 52, &windows("533")).reason,
        Refusal::DirectoryUnavailable
    );
    assert_eq!(
        rejected(sample("ada"), 8, "Transport encryption required").reason,
        Refusal::DirectoryUnavailable
    );
}

#[test]
fn an_account_that_is_switched_off_is_barred() {
    for signs_in in [None, Some(reply(0, ""))] {
        let bars = identified(sample("grace"), signs_in).bars;
        assert!(
            bars.iter()
                .any(|bar| bar.reason == Refusal::Disabled && bar.since.is_none()),
            "{bars:?}"
        );
    }
}

#[test]
fn the_computed_bits_bar_and_the_stored_ones_do_not() {
    assert_eq!(bars(""), []);
    assert_eq!(bars("msDS-User-Account-Control-Computed: 0\n"), []);
    assert_eq!(
        bars("msDS-User-Account-Control-Computed: 16\n"),
        [(Refusal::Locked, None, None)]
    );
    assert_eq!(
        bars("msDS-User-Account-Control-Computed: 8388608\npwdLastSet: 134344736000000000\n"),
        [(Refusal::PasswordExpired, None, None)]
    );
    assert_eq!(
        bars("msDS-User-Account-Control-Computed: 8388608\npwdLastSet: 0\n"),
        [(Refusal::MustChangePassword, None, None)]
    );
    // 512 with the bits for locked and expired, which the directory does not keep in this attribute.
    let stored = identified(entry("userAccountControl: 8389136\n"), None);
    assert_eq!(stored.bars, vec![]);
}

#[test]
fn accounts_and_passwords_end_at_their_time() {
    let end = filetime(NOW + 10);
    assert_eq!(
        bars(&format!("accountExpires: {end}\n")),
        [(Refusal::AccountExpired, Some(NOW + 10), None)]
    );
    assert_eq!(
        bars(&format!("msDS-UserPasswordExpiryTimeComputed: {end}\n")),
        [(Refusal::PasswordExpired, Some(NOW + 10), None)]
    );
    for never in ["0", "9223372036854775807"] {
        assert_eq!(
            bars(&format!(
                "accountExpires: {never}\nmsDS-UserPasswordExpiryTimeComputed: {never}\n"
            )),
            []
        );
    }
    // The first tick of 1601, long before any account.
    assert_eq!(
        bars("accountExpires: 1\n"),
        [(Refusal::AccountExpired, Some(0), None)]
    );
}

#[test]
fn what_cannot_be_judged_serves_nobody() {
    for (text, field) in [
        ("", CONTROL),
        ("userAccountControl: on\n", CONTROL),
        (
            "userAccountControl: 512\nuserAccountControl: 514\n",
            CONTROL,
        ),
        ("userAccountControl:: /w==\n", CONTROL),
        (
            "userAccountControl: 512\naccountExpires: -1\n",
            ACCOUNT_EXPIRES,
        ),
        (
            "userAccountControl: 512\nmsDS-User-Account-Control-Computed: 0x10\n",
            COMPUTED,
        ),
        (
            "userAccountControl: 512\nmemberOf;range=5-6: CN=a\nmemberOf;range=5-6: CN=b\n",
            "memberOf",
        ),
    ] {
        match decide::<ActiveDirectory>(&plan(), entry(text), None, NOW) {
            Ok(Step::Failed(problem)) => assert_eq!(problem.field, field, "{text}"),
            other => unreachable!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_bind_that_succeeded_has_looked_at_the_account() {
    assert_eq!(identified(entry(""), Some(reply(0, ""))).bars, vec![]);
}

const RECORDED: &str = include_str!("../recorded/samba-4.17.ldif");

#[test]
fn recognises_its_root_dse() {
    // What a new domain has, and people in a unit of their own.
    let built_in = "\ndn: CN=Guest,CN=Users,DC=ad,DC=example,DC=test\nobjectClass: person\n\
                    objectClass: organizationalPerson\nobjectClass: user\nisCriticalSystemObject: TRUE\n\
                    \ndn: CN=DC1,OU=Domain Controllers,DC=ad,DC=example,DC=test\nobjectClass: person\n\
                    objectClass: organizationalPerson\nobjectClass: user\nobjectClass: computer\n\
                    \ndn: CN=Guests,CN=Builtin,DC=ad,DC=example,DC=test\nobjectClass: group\n\
                    isCriticalSystemObject: TRUE\n";
    let people = "\ndn: CN=Ada,OU=Staff,DC=ad,DC=example,DC=test\nobjectClass: person\n\
                  objectClass: organizationalPerson\nobjectClass: user\nsAMAccountName: ada\n\
                  objectGUID:: AAECAwQFBgcICQoLDA0ODw==\nmail: ada@example.test\n\
                  \ndn: CN=Engineers,OU=Groups,DC=ad,DC=example,DC=test\nobjectClass: group\n";
    let found = |entries: &str| {
        let text = format!("{RECORDED}{entries}");
        let proposal = recognise::<ActiveDirectory>(&text)
            .expect("LDIF")
            .expect("a proposal");
        assert_eq!(proposal.certainty, 95);
        proposal.federation
    };
    let federation = found(&format!("{built_in}{people}"));
    assert_eq!(
        federation.users[0].base,
        "OU=Staff,DC=ad,DC=example,DC=test"
    );
    assert_eq!(
        federation.readable[0].base,
        "OU=Groups,DC=ad,DC=example,DC=test"
    );
    let attributes = [federation.username_attribute, federation.uuid_attribute];
    let expected = ["sAMAccountName", "objectGUID"];
    assert_eq!(attributes.map(Option::unwrap_or_default), expected);
    let federation = found(&people.replace("OU=Staff", "CN=Users"));
    assert_eq!(
        federation.users[0].base,
        "CN=Users,DC=ad,DC=example,DC=test"
    );
    for entries in ["", built_in] {
        assert_eq!(found(entries).users[0].base, "DC=ad,DC=example,DC=test");
    }
}

#[test]
fn recognises_no_server_without_domain_accounts() {
    let certainty = |text: &str| {
        let proposal = recognise::<ActiveDirectory>(text).expect("LDIF");
        proposal.map(|proposal| proposal.certainty)
    };
    let lightweight = RECORDED.replace("1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1851");
    assert_eq!(certainty(&lightweight), None);
    assert_eq!(
        certainty(&RECORDED.replace("supportedCapabilities", "x-hidden")),
        Some(70)
    );
    assert_eq!(
        certainty("dn:\nnamingContexts: dc=x\nvendorName: Another\n"),
        None
    );
}

#[test]
fn identifiers_that_are_given_to_others_are_warned_of_loudly() {
    for attribute in [
        "sAMAccountName",
        "userPrincipalName",
        "mail",
        "cn",
        "employeeID",
    ] {
        let plan = ActiveDirectory::translate(Federation {
            uuid_attribute: Some(attribute.to_owned()),
            ..federation("AD", "DC=corp")
        })
        .expect("a plan");
        let note = plan
            .notes
            .iter()
            .find(|note| note.field == "uuid_ldap_attribute");
        let message = &note.expect(attribute).message;
        assert!(
            message.contains("CAN CHANGE") && message.contains("; use objectGUID"),
            "{message}"
        );
    }
}
