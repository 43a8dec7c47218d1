//! Identifiers as text.

use crate::types::IdForm;

/// The octets of a UUID in text (RFC 9562 section 4), lower case, in the order they stand in.
pub fn uuid(octets: &[u8]) -> Option<String> {
    let octets: [u8; 16] = octets.try_into().ok()?;
    let mut text = String::with_capacity(36);
    for (at, octet) in octets.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [octet >> 4, octet & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    Some(text)
}

/// The text of a GUID: 16 octets of which the first three fields are little-endian.
pub fn guid(octets: &[u8]) -> Option<String> {
    let mut octets: [u8; 16] = octets.try_into().ok()?;
    octets[..4].reverse();
    octets[4..6].reverse();
    octets[6..8].reverse();
    uuid(&octets)
}

/// What is known of an attribute that may identify a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// The directory makes it and never gives it to another.
    Stable(IdForm),
    /// It changes, or is given to another when it is free again.
    Reusable,
    /// Nothing is known.
    Unknown,
}

/// What is known of this attribute, by name.
pub fn stability(attribute: &str) -> Stability {
    let is_one_of = |names: &[&str]| {
        names
            .iter()
            .any(|name| attribute.eq_ignore_ascii_case(name))
    };
    if is_one_of(&[
        "entryUUID",
        "ibm-entryUuid",
        "ipaUniqueID",
        "apple-generateduid",
    ]) {
        Stability::Stable(IdForm::Uuid)
    } else if is_one_of(&["objectGUID", "mS-DS-ConsistencyGuid"]) {
        Stability::Stable(IdForm::Guid)
    } else if is_one_of(&["nsUniqueId"]) {
        Stability::Stable(IdForm::Text)
    } else if is_one_of(&["GUID"]) {
        Stability::Stable(IdForm::Octets)
    } else if is_one_of(REUSABLE) {
        Stability::Reusable
    } else {
        Stability::Unknown
    }
}

const REUSABLE: &[&str] = &[
    "cn",
    "displayName",
    "distinguishedName",
    "employeeID",
    "employeeNumber",
    "entryDN",
    "gidNumber",
    "krbPrincipalName",
    "mail",
    "mailNickname",
    "name",
    "objectSid",
    "proxyAddresses",
    "sAMAccountName",
    "sn",
    "telephoneNumber",
    "uid",
    "uidNumber",
    "userPrincipalName",
];

#[cfg(test)]
mod tests {
    use super::*;

    const OCTETS: [u8; 16] = [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
        0xff,
    ];

    #[test]
    fn writes_identifiers_as_text() {
        assert_eq!(
            uuid(&OCTETS).as_deref(),
            Some("00112233-4455-6677-8899-aabbccddeeff")
        );
        assert_eq!(
            guid(&OCTETS).as_deref(),
            Some("33221100-5544-7766-8899-aabbccddeeff")
        );
        for wrong in [&OCTETS[..15], &[], &[0; 17]] {
            assert_eq!(uuid(wrong), None);
            assert_eq!(guid(wrong), None);
        }
    }

    #[test]
    fn knows_which_attributes_come_back() {
        assert_eq!(stability("ENTRYUUID"), Stability::Stable(IdForm::Uuid));
        assert_eq!(stability("objectguid"), Stability::Stable(IdForm::Guid));
        assert_eq!(stability("nsuniqueid"), Stability::Stable(IdForm::Text));
        assert_eq!(stability("UID"), Stability::Reusable);
        for attribute in REUSABLE {
            assert_eq!(stability(attribute), Stability::Reusable, "{attribute}");
        }
        assert_eq!(stability("employeenumber"), Stability::Reusable);
        assert_eq!(stability("badgeNumber"), Stability::Unknown);
    }
}
