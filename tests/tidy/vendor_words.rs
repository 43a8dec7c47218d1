//! The vendor-blind host: what is true of one vendor's directory stands in `guest/`.

use crate::tree::{assert_none, files};
use regex::RegexSet;

/// The one file under `host/` where vendors' attribute names may stand: what is never asked for.
const SECRET_ATTRIBUTES: &str = "host/federation/src/secret_attributes.txt";

/// Names of vendors, their products and their programs, in any letter case.
const VENDORS: &[&str] = &[
    r"active[ _-]?director(y|ies)",
    r"\bmicrosoft|\bazure\b|\bentra id\b",
    r"\bsamba\b",
    r"open[ _-]?ldap|\bslapd\b",
    r"\brhds\b|\bred ?hat\b|\bfedora\b|\b389[ _-]?(ds|directory)|\bds[ _-]?389|dirsrv",
    r"free[ _-]?ipa",
    r"\bnovell\b|\be-?directory\b|\bnetiq\b",
    r"\boracle (unified|internet|directory)|\biplanet\b|\bsun (one|java system)\b",
    r"\btivoli\b|\bopendj\b|forgerock|ping ?directory|unboundid|apache ?ds\b|apache directory",
    r"\blldap\b|kanidm|univention|zentyal|jumpcloud|\bokta\b",
];

/// Names that are ordinary words in another letter case.
const CASED_VENDORS: &[&str] = &[
    r"\b(AD|ADAM|ADFS|ADLDS|MSAD)\b",
    // `AdForest`, `ad_domain`, `is_ad`; "ad hoc" stays free.
    r"\bAd[A-Z]|\bad_|_ad\b",
    // As a method of slices it is in lower case.
    r"\bWindows\b",
    r"\bIBM\b",
];

/// Attributes of one vendor. Compared without regard to case, and with `_` or `-` where a hump is.
const ATTRIBUTES: &[&str] = &[
    // Microsoft's schema
    "accountExpires",
    "badPasswordTime",
    "badPwdCount",
    "configurationNamingContext",
    "defaultNamingContext",
    "extensionAttribute[0-9]+",
    "lastLogonTimestamp",
    "lockoutDuration",
    "lockoutThreshold",
    "lockoutTime",
    "logonHours",
    "maxPwdAge",
    "mS-DS-ConsistencyGuid",
    "msDS-[a-z-]+",
    "nTSecurityDescriptor",
    "objectGUID",
    "objectSid",
    "primaryGroupID",
    "primaryGroupToken",
    "proxyAddresses",
    "pwdLastSet",
    "rootDomainNamingContext",
    "sAM_?AccountName",
    "sAM_?AccountType",
    "sIDHistory",
    "supplementalCredentials",
    "tokenGroups(GlobalAndUniversal)?",
    "unicodePwd",
    "userAccountControl",
    "userPrincipalName",
    "userWorkstations",
    "uSNChanged",
    "uSNCreated",
    "whenChanged",
    "whenCreated",
    // 389 Directory Server and its family
    "accountUnlockTime",
    "ipaUniqueID",
    "nsAccount",
    "nsAccountLock",
    "nsRole",
    "nsRoleDN",
    "nsUniqueId",
    "nsslapd-[a-z-]+",
    "passwordExpirationTime",
    "passwordExpWarned",
    "passwordGraceUserTime",
    "passwordRetryCount",
    "retryCountResetTime",
    // The password policy that OpenLDAP keeps in entries
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdEndTime",
    "pwdFailureTime",
    "pwdGraceUseTime",
    "pwdHistory",
    "pwdPolicySubentry",
    "pwdReset",
    "pwdStartTime",
    "olc(Database|Overlay|Access|Suffix|RootDN|RootPW)",
    // Others, and the reverse membership that no RFC defines
    "groupMembership",
    "ibm-[a-z-]+",
    "isMemberOf",
    "loginDisabled",
    "loginExpirationTime",
    "memberOf",
    "orclGUID",
];

/// Texts and formats of one vendor, in any letter case.
const TEXTS: &[&str] = &[
    r"\bdata (52[0-9a-f]|53[0-9a-f]|70[0-9a-f]|77[0-9a-f])\b",
    r"AcceptSecurityContext|\bDSID-|\bLdapErr\b|\b8009030[0-9A-F]\b|\bNT_STATUS_",
    r"\bFILETIME\b",
    r"account inactivated|contact system administrator",
    r"\bNDS error\b|exceed password retry limit",
];

fn vendor_words() -> RegexSet {
    let any_case = VENDORS
        .iter()
        .chain(TEXTS)
        .map(|pattern| format!("(?i){pattern}"));
    let exact = CASED_VENDORS.iter().map(|&pattern| pattern.to_owned());
    let attributes = ATTRIBUTES.iter().map(|name| attribute_pattern(name));
    RegexSet::new(any_case.chain(exact).chain(attributes)).expect("the word list")
}

/// `nsUniqueId` also finds `ns_unique_id` and `NS_UNIQUE_ID`.
fn attribute_pattern(name: &str) -> String {
    let mut pattern = String::from(r"(?i)(\b|_)");
    let mut last = '-';
    for letter in name.chars() {
        // Between a small letter and a capital is a hump; in `msDS-[a-z-]+` there is a class instead.
        if letter.is_uppercase() && last.is_lowercase() {
            pattern.push_str("[_-]?");
        }
        pattern.push(letter);
        last = letter;
    }
    pattern + r"(\b|_)"
}

#[test]
fn no_vendor_is_named_under_host() {
    let words = vendor_words();
    let mut findings = Vec::new();
    for file in files("host")
        .into_iter()
        .filter(|file| file.path != SECRET_ATTRIBUTES)
    {
        for (number, line) in file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| words.is_match(line))
        {
            findings.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
        }
        if words.is_match(&file.path) {
            findings.push(format!("{}: the file's name", file.path));
        }
    }
    assert_none(
        &findings,
        "what one vendor does stands in guest/, never under host/:",
    );
}

#[test]
fn the_file_of_secret_attributes_is_where_the_exception_says() {
    assert!(
        files("host")
            .iter()
            .any(|file| file.path == SECRET_ATTRIBUTES),
        "{SECRET_ATTRIBUTES} is gone"
    );
}

#[test]
fn the_word_list_finds_vendors_where_they_belong() {
    let words = vendor_words();
    for policy in ["active-directory", "rhds", "openldap"] {
        let sources = files(&format!("guest/{policy}/src"));
        assert!(
            sources.iter().any(|file| words.is_match(&file.text)),
            "nothing found in {policy}"
        );
    }
}

#[test]
fn the_word_list_knows_words_from_ordinary_language() {
    let words = vendor_words();
    for vendor in [
        "as AD does it",
        "struct AdForest",
        "let sam_account_name = 1;",
        "NS_ACCOUNT_LOCK",
        "the attribute `objectguid`",
        "(memberOf=cn=x)",
        "a 389 Directory Server",
        "389-ds",
        "active_directory",
        "open-ldap",
        "msDS-UserPasswordExpiryTimeComputed",
        "error 49, data 775, v4563",
        "olcDatabase",
    ] {
        assert!(words.is_match(vendor), "not found: {vendor}");
    }
    for ordinary in [
        "ldap://127.0.0.1:389",
        "an ad hoc choice, added and read",
        "additional data (AAD) of the AEAD",
        "values.windows(2)",
        "no oracle for guesses",
        "entryUUID, createTimestamp, inetOrgPerson, userPassword",
        "1.2.840.113556.1.4.319",
        "OpenID and LDAP",
        "Id::Guid, 16 octets little-endian",
        "a member of the realm",
        "the first data 64 octets",
    ] {
        assert!(!words.is_match(ordinary), "found: {ordinary}");
    }
}
